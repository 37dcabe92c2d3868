"""The conformance kit: a stand for each provider, by its name."""

from typing import Final

from tests.conformance import (
    assemblyai_wire,
    azure_wire,
    compatible_wire,
    deepgram_wire,
    elevenlabs_wire,
    fireworks_wire,
    gemini_wire,
    groq_wire,
    mistral_wire,
    openai_wire,
    ovhcloud_wire,
    vertex_wire,
)
from tests.conformance.stands import Stand

__all__ = ("STANDS",)

_WIRES: Final = (
    openai_wire,
    azure_wire,
    vertex_wire,
    gemini_wire,
    deepgram_wire,
    groq_wire,
    fireworks_wire,
    ovhcloud_wire,
    compatible_wire,
    mistral_wire,
    elevenlabs_wire,
    assemblyai_wire,
)

STANDS: Final[dict[str, Stand]] = {wire.STAND.provider: wire.STAND for wire in _WIRES}
