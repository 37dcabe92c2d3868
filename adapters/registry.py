"""Which adapter translates for which provider: one row for each provider of the catalogue."""

from typing import Final

from voxplan.adapters.providers import (
    assemblyai,
    azure,
    deepgram,
    elevenlabs,
    fireworks_ai,
    gemini,
    groq,
    local,
    mistral,
    openai,
    openai_compatible,
    ovhcloud,
    vertex_ai,
)
from voxplan.adapters.wire import Adapter

__all__ = ("ADAPTERS",)

ADAPTERS: Final[dict[str, Adapter]] = {
    "openai": openai.exchange,
    "azure": azure.exchange,
    "groq": groq.exchange,
    "fireworks_ai": fireworks_ai.exchange,
    "ovhcloud": ovhcloud.exchange,
    "openai_compatible": openai_compatible.exchange,
    "deepgram": deepgram.exchange,
    "elevenlabs": elevenlabs.exchange,
    "assemblyai": assemblyai.exchange,
    "mistral": mistral.exchange,
    "gemini": gemini.exchange,
    "vertex_ai": vertex_ai.exchange,
    "local": local.exchange,
}
