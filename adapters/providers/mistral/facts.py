"""What is known of Mistral: its models, what the endpoint takes, its way of failing, and its prices.

[R] was recorded, [D] is documented, [S] was read in the official client (mistralai 3.7.0).
"""

from typing import Final

from msgspec.structs import replace

from voxplan.adapters.refusals.failures import Rule
from voxplan.engine.terms.capability import Capabilities, PriceFacts, ProviderFacts

__all__ = ("BASE_URL", "FACTS", "FAILURES")

BASE_URL: Final = "https://api.mistral.ai"

FAILURES: Final[tuple[Rule, ...]] = (
    # Under 429, but it is the model that has no room, not the account.
    Rule("overloaded", statuses=(429,), codes=("service_tier_capacity_exceeded",), markers=("capacity exceeded",)),
    Rule("out_of_quota", statuses=(401, 403), markers=("usage limit reached", "inactive subscription")),
    Rule("too_large", statuses=(400, 422), markers=("too long", "too large", "exceeds the maximum")),
)

# The endpoint's own fields [S]. What a model is not known to do is no capability: words, speakers and keywords came with 2602.
# `language` is a field of the endpoint, and without it every model detects the language.
_ANY: Final = Capabilities(
    languages="any",
    segments=True,
    temperature=True,
    streaming=True,
    source="mistralai 3.7.0, audiotranscriptionrequest.py and transcriptionstreamevents.py",
)

# The thirteen languages of Voxtral Mini Transcribe V2 [D].
_2602: Final = replace(
    _ANY,
    languages=("ar", "de", "en", "es", "fr", "hi", "it", "ja", "ko", "nl", "pt", "ru", "zh"),
    words=True,
    diarization=True,
    keywords=True,
    price=PriceFacts(
        per_minute=3_000_000, source="docs.mistral.ai/models/model-cards/voxtral-mini-transcribe-26-02, November 2026"
    ),
    source="docs.mistral.ai/studio-api/audio/speech_to_text, answers recorded from the service",
)

_THIRD: Final = replace(_ANY, diarization=True, keywords=True, source="vercel.com/ai-gateway/models, November 2026")


def _priced(per_minute: int) -> Capabilities:
    price = PriceFacts(per_minute=per_minute, estimated=True, source="vercel.com/ai-gateway/models, November 2026")
    return replace(_THIRD, price=price)


FACTS: Final = ProviderFacts(
    provider="mistral",
    vendor="mistral",
    default_key="${MISTRAL_API_KEY}",
    models=(
        # `latest` is 2602 on this endpoint, and 2507 in chats [D].
        ("voxtral-mini-latest", _2602),
        ("voxtral-mini-2602", _2602),
    ),
    families=(
        ("voxtral-mini-transcribe-3", _priced(3_500_000)),
        ("voxtral-small-transcribe-3", _priced(4_000_000)),
    ),
    otherwise=_ANY,
    owned=(
        "model",
        "file",
        "file_url",
        "file_id",
        "language",
        "temperature",
        "stream",
        "diarize",
        "timestamp_granularities",
        "timestamp_granularities[]",
    ),
)
