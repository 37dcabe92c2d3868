"""Every provider that voxplan knows: one row for each, and the facts of all.

A provider is a module of two names: `FACTS`, what is known of it, and `exchange`, its adapter.

Each number has its source beside it. [R] was recorded from the live service, [D] is documented, [S] was read in a server's
source. What nobody has verified is no capability and no limit: unknown counts as absent (law C5), and a limit that may not
exist keeps nobody out. A price that is not certain is marked as an estimate, and so is one by the token: how many there will be
nobody can bound before the answer is there. `streaming` says what can be had through voxplan.
"""

from typing import Final, Protocol

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
from voxplan.adapters.wire import Call, Exchange
from voxplan.engine.terms.capability import ProviderFacts

__all__ = ("CATALOG", "PROVIDERS", "Provider")


class Provider(Protocol):
    """What a module of `adapters/providers` offers."""

    @property
    def FACTS(self) -> ProviderFacts:  # noqa: N802 - a constant of the module
        """What is known of it."""
        ...

    def exchange(self, call: Call, /) -> Exchange:
        """Carry out one call."""
        ...


PROVIDERS: Final[tuple[Provider, ...]] = (
    openai,
    azure,
    groq,
    fireworks_ai,
    ovhcloud,
    openai_compatible,
    deepgram,
    elevenlabs,
    assemblyai,
    mistral,
    gemini,
    vertex_ai,
    local,
)

CATALOG: Final[dict[str, ProviderFacts]] = {provider.FACTS.provider: provider.FACTS for provider in PROVIDERS}
