"""Deepgram: the audio as it is, every option in the query, one JSON answer."""

from voxplan.adapters.providers.deepgram.asking import FAILURES, exchange
from voxplan.adapters.providers.deepgram.facts import FACTS

__all__ = ("FACTS", "FAILURES", "exchange")
