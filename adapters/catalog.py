"""What voxplan knows of every provider, as data: one row for each; the facts stand beside the adapters.

Each number has its source beside it. [R] was recorded from the live service, [D] is documented, [S] was read in a server's
source. What nobody has verified is no capability and no limit: unknown counts as absent (law C5), and a limit that may not
exist keeps nobody out. A price that is not certain is marked as an estimate, and so is one by the token: how many there will be
nobody can bound before the answer is there. `streaming` says what can be had through voxplan.
"""

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
from voxplan.engine.terms.capability import ProviderFacts

__all__ = ("CATALOG",)

CATALOG: Final[dict[str, ProviderFacts]] = {
    facts.provider: facts
    for facts in (
        openai.FACTS,
        azure.FACTS,
        groq.FACTS,
        fireworks_ai.FACTS,
        ovhcloud.FACTS,
        openai_compatible.FACTS,
        deepgram.FACTS,
        elevenlabs.FACTS,
        assemblyai.FACTS,
        mistral.FACTS,
        gemini.FACTS,
        vertex_ai.FACTS,
        local.FACTS,
    )
}
