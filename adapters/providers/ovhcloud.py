"""OVHcloud AI Endpoints: Whisper behind OpenAI's shape, with speakers; a key is optional.

Without one, audio of at most a minute is taken, twice a minute. Subtitles are in its list of formats and not yet there. What the
documentation says is [D]; nothing was recorded.
"""

from typing import Final

from voxplan.adapters.openai_shape import models
from voxplan.adapters.openai_shape.dialect import Dialect, Form
from voxplan.adapters.openai_shape.exchange import speaking
from voxplan.adapters.refusals.failures import Rule
from voxplan.engine.terms.capability import Capabilities, ProviderFacts

__all__ = ("DIALECT", "FACTS", "FAILURES", "exchange")

FAILURES: Final[tuple[Rule, ...]] = (
    # `10800 seconds, max 10800 allowed` [reported of the live service].
    Rule("too_large", statuses=(400, 413, 422), markers=("max 10800 allowed", "max 60 allowed")),
)

DIALECT: Final = Dialect(
    base_url="https://oai.endpoints.kepler.ai.cloud.ovh.net/v1",
    otherwise=Form(timed="verbose_json", words=True, diarize=(("diarize", "true"),), chunking="asked"),
    # By the name's ending the audio is read: without a known one it is refused as too long.
    extensions=("mp3", "mp4", "aac", "m4a", "wav", "flac", "ogg", "opus", "webm", "mpeg", "mpga"),
    failures=FAILURES,
)

exchange: Final = speaking(DIALECT)

FACTS: Final = ProviderFacts(
    provider="ovhcloud",
    vendor="ovhcloud",
    needs_key=False,
    # With a key: 2048 MB or three hours.
    otherwise=Capabilities(
        languages="any",
        segments=True,
        words=True,
        diarization=True,
        prompt=True,
        temperature=True,
        chunking_strategy=True,
        containers=(*models.CONTAINERS, "aac"),
        max_bytes=2_048_000_000,
        max_seconds=10_800.0,
        source="docs.ovhcloud.com, AI Endpoints - Speech to Text, May 2026",
    ),
    owned=(*models.OWNED, "diarize"),
)
