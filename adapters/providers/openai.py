"""OpenAI: `api.openai.com/v1/audio/transcriptions`.

[R] was recorded from the live service, [D] is documented. What OpenAI's models can do stands with the shape that they gave
its name; here is what they cost, and until when they are there.
"""

from typing import Final

from msgspec.structs import replace

from voxplan.adapters.openai_shape import models
from voxplan.adapters.openai_shape.dialect import Dialect
from voxplan.adapters.openai_shape.exchange import speaking
from voxplan.engine.terms.capability import PriceFacts, ProviderFacts, Retirement, Setting, TokenPrices

__all__ = ("DIALECT", "FACTS", "exchange")

DIALECT: Final = Dialect(
    base_url="https://api.openai.com/v1",
    headers=(("organization", "openai-organization"), ("project", "openai-project")),
    forms=models.FORMS,
    extensions=models.EXTENSIONS,
    largest_body=models.LARGEST_BODY,
)

exchange: Final = speaking(DIALECT)

# $0.006 a minute [D]; 3.7 s were billed as 4 [R].
_WHISPER_1_PRICE: Final = PriceFacts(
    per_minute=6_000_000, step_ms=1000, source="developers.openai.com/api/docs/models/whisper-1, November 2026"
)

# $0.0045 a minute [D]; usage comes in whole seconds [R].
_GPT_TRANSCRIBE_PRICE: Final = PriceFacts(
    per_minute=4_500_000, step_ms=1000, source="developers.openai.com/api/docs/models/gpt-transcribe, November 2026"
)

# $2.50 a million tokens of audio and of text, $10 of what is written; OpenAI's own estimate is $0.006 a minute [D].
_GPT_4O_PRICE: Final = PriceFacts(
    per_minute=6_000_000,
    tokens=TokenPrices(audio_in=2_500_000_000, text_in=2_500_000_000, out=10_000_000_000),
    source="developers.openai.com/api/docs/models/gpt-4o-transcribe, November 2026",
)

# $1.25 and $5; the estimate is $0.003 a minute [D].
_GPT_4O_MINI_PRICE: Final = PriceFacts(
    per_minute=3_000_000,
    tokens=TokenPrices(audio_in=1_250_000_000, text_in=1_250_000_000, out=5_000_000_000),
    source="developers.openai.com/api/docs/models/gpt-4o-mini-transcribe, November 2026",
)

# The notice of 26 August 2026 [D].
_RETIREMENT: Final = Retirement(
    on="2027-02-26", successor="gpt-transcribe", source="developers.openai.com/api/docs/deprecations, notice of 26 August 2026"
)
# A snapshot goes earlier; the date is not in the notice.
_SNAPSHOT_RETIREMENT: Final = Retirement(
    on="2027-01-20", successor="gpt-transcribe", source="model_prices_and_context_window.json of LiteLLM, November 2026"
)

_MINI: Final = replace(models.GPT_4O, price=_GPT_4O_MINI_PRICE, retirement=_RETIREMENT)

FACTS: Final = ProviderFacts(
    provider="openai",
    vendor="openai",
    default_key="${OPENAI_API_KEY}",
    models=(
        ("whisper-1", replace(models.WHISPER, price=_WHISPER_1_PRICE, retirement=_RETIREMENT)),
        ("gpt-transcribe", replace(models.GPT_TRANSCRIBE, price=_GPT_TRANSCRIBE_PRICE)),
        ("gpt-4o-transcribe", replace(models.GPT_4O, price=_GPT_4O_PRICE, retirement=_RETIREMENT)),
        ("gpt-4o-mini-transcribe", _MINI),
        ("gpt-4o-mini-transcribe-2025-03-20", replace(_MINI, retirement=_SNAPSHOT_RETIREMENT)),
        ("gpt-4o-mini-transcribe-2025-12-15", _MINI),
        ("gpt-4o-transcribe-diarize", replace(models.GPT_4O_DIARIZE, price=_GPT_4O_PRICE, retirement=_RETIREMENT)),
    ),
    # A dated snapshot can do what its model can, and goes with its family at the latest; what it costs is not known.
    families=(
        ("gpt-4o-transcribe-diarize", replace(models.GPT_4O_DIARIZE, retirement=_RETIREMENT)),
        ("gpt-4o-transcribe", replace(models.GPT_4O, retirement=_RETIREMENT)),
        ("gpt-4o-mini-transcribe", replace(models.GPT_4O, retirement=_RETIREMENT)),
        ("gpt-transcribe", models.GPT_TRANSCRIBE),
    ),
    otherwise=models.ANY,
    settings=(
        Setting(name="organization", meaning="the organization that is billed", default="${OPENAI_ORG_ID}"),
        Setting(name="project", meaning="the project that is billed", default="${OPENAI_PROJECT_ID}"),
    ),
    owned=models.OWNED,
)
