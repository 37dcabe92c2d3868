"""Groq: Whisper behind OpenAI's shape, at `api.groq.com/openai/v1`.

No subtitles, no streams, no speakers; audio is billed for at least ten seconds. [D] is documented, [R] recorded.
"""

from typing import Final

from msgspec.structs import replace

from voxplan.adapters.openai_shape import models
from voxplan.adapters.openai_shape.dialect import Dialect, Form
from voxplan.adapters.openai_shape.exchange import speaking
from voxplan.adapters.refusals.failures import Rule
from voxplan.engine.terms.capability import Capabilities, PriceFacts, ProviderFacts

__all__ = ("DIALECT", "FACTS", "FAILURES", "exchange")

FAILURES: Final[tuple[Rule, ...]] = (
    # The hourly quota of audio under a status of size [R]: it is the account's limit, not the model's.
    Rule("rate_limited", statuses=(413,), codes=("rate_limit_exceeded",)),
    Rule("overloaded", statuses=(498,), codes=("capacity_exceeded",)),
)

# `prompt length must be 896 characters or fewer` [R].
_LONGEST_PROMPT: Final = 896

DIALECT: Final = Dialect(
    base_url="https://api.groq.com/openai/v1",
    version="/openai/v1",
    forms=(("turbo", Form(timed="verbose_json", words=True)),),
    otherwise=models.WHISPER_FORM,
    extensions=models.EXTENSIONS,
    longest_prompt=_LONGEST_PROMPT,
    failures=FAILURES,
)

exchange: Final = speaking(DIALECT)

# 25 MB in the free tier, 100 MB in the developer's [D]: what a key may send only its owner knows, so the larger holds.
_ANY: Final = Capabilities(
    languages="any",
    segments=True,
    words=True,
    prompt=True,
    temperature=True,
    containers=models.CONTAINERS,
    max_bytes=100_000_000,
    source="console.groq.com/docs/speech-to-text, groq-python 1.7.0",
)


# The model that translates [D: console.groq.com/docs/speech-to-text].
_TRANSLATING: Final = replace(_ANY, translate=True, translate_without=models.TRANSLATION_LACKS)


def _priced(can: Capabilities, per_minute: int) -> Capabilities:
    """Billed for at least ten seconds [D]."""
    price = PriceFacts(per_minute=per_minute, minimum_ms=10_000, source="groq.com/pricing as of LiteLLM 1.106.2, November 2026")
    return replace(can, price=price)


FACTS: Final = ProviderFacts(
    provider="groq",
    vendor="groq",
    default_key="${GROQ_API_KEY}",
    models=(
        ("whisper-large-v3", _priced(_TRANSLATING, 1_850_000)),  # $0.111 an hour
        ("whisper-large-v3-turbo", _priced(_ANY, 666_667)),  # $0.04 an hour
    ),
    otherwise=_ANY,
    owned=(*models.OWNED, "url"),  # in place of the file
)
