"""AssemblyAI: the audio is left with it, a job is submitted, and one asks for it until it is done."""

from voxplan.adapters.providers.assemblyai.facts import FACTS
from voxplan.adapters.providers.assemblyai.working import FAILURES, exchange

__all__ = ("FACTS", "FAILURES", "exchange")
