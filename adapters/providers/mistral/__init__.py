"""Mistral (Voxtral): one form with the audio, one JSON answer or a stream of Mistral's own events."""

from voxplan.adapters.providers.mistral.facts import BASE_URL, FACTS, FAILURES
from voxplan.adapters.providers.mistral.working import exchange

__all__ = ("BASE_URL", "FACTS", "FAILURES", "exchange")
