"""ElevenLabs (Scribe): one form with the audio, one JSON answer of words."""

from voxplan.adapters.providers.elevenlabs.asking import FAILURES, exchange
from voxplan.adapters.providers.elevenlabs.facts import FACTS

__all__ = ("FACTS", "FAILURES", "exchange")
