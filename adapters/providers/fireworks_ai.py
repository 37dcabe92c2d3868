"""Fireworks: Whisper behind OpenAI's shape, one host for each model; its audio service ended on 10 June 2026.

It stays in the table for specs that still name it: `check` says when it went, and calls fail as the service answers. [D] is
documented; no answer was ever recorded.
"""

from typing import Final

from msgspec.structs import replace

from voxplan.adapters.openai_shape import models
from voxplan.adapters.openai_shape.dialect import Dialect, Form
from voxplan.adapters.openai_shape.exchange import speaking
from voxplan.adapters.refusals.failures import Rule
from voxplan.engine.terms.capability import Capabilities, PriceFacts, ProviderFacts, Retirement

__all__ = ("DIALECT", "FACTS", "FAILURES", "exchange")

FAILURES: Final[tuple[Rule, ...]] = (
    # An account that is suspended, or out of credit: other clients read both so.
    Rule("out_of_quota", statuses=(412,), markers=("account", "suspended", "credit")),
)

# Speakers take verbose_json and word times [D].
_FORM: Final = Form(timed="verbose_json", words=True, diarize=(("diarize", "true"),), diarize_words=True)

DIALECT: Final = Dialect(
    base_url="https://audio-prod.api.fireworks.ai/v1",
    # The model picks the host [D].
    hosts=(("turbo", "https://audio-turbo.api.fireworks.ai/v1"),),
    forms=(("turbo", _FORM),),
    otherwise=replace(_FORM, translation=models.TRANSLATION),
    # `word,segment` in one field, as its cookbook has it.
    granularities="commas",
    objects="json",
    failures=FAILURES,
)

exchange: Final = speaking(DIALECT)

_SOURCE: Final = "docs.fireworks.ai/api-reference/audio-transcriptions"

_ANY: Final = Capabilities(
    languages="any",
    segments=True,
    words=True,
    diarization=True,
    prompt=True,
    temperature=True,
    max_bytes=1_000_000_000,
    retirement=Retirement(on="2026-06-10", source="pull request 30917 of BerriAI/litellm, on Fireworks' own notice"),
    source=_SOURCE,
)


# Translations had an endpoint beside that of transcriptions, on the same host [D]; the turbo weights do not translate.
_TRANSLATING: Final = replace(_ANY, translate=True, translate_without=models.TRANSLATION_LACKS)


def _priced(can: Capabilities, per_minute: int) -> Capabilities:
    """The last prices known, of which one stood in a notebook alone."""
    price = PriceFacts(per_minute=per_minute, estimated=True, source=f"{_SOURCE} and Fireworks' cookbook, before June 2026")
    return replace(can, price=price)


FACTS: Final = ProviderFacts(
    provider="fireworks_ai",
    vendor="fireworks_ai",
    default_key="${FIREWORKS_API_KEY}",
    models=(
        ("whisper-v3", _priced(_TRANSLATING, 1_500_000)),  # $0.0015 a minute
        ("whisper-v3-turbo", _priced(_ANY, 900_000)),  # $0.0009 a minute
    ),
    otherwise=_ANY,
    owned=(*models.OWNED, "diarize"),
)
