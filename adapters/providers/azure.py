"""Azure OpenAI: OpenAI's models as deployments of one's own resource, opened by a key or by an Entra token.

A deployment has a name of its own, so what stands behind it follows from the setting `base_model`, or from that name where it
says so. [D] is documented, [I] reported by users; nothing of its transcription was recorded.
"""

from typing import Final

from msgspec.structs import replace

from voxplan.adapters.openai_shape import models
from voxplan.adapters.openai_shape.dialect import Dialect
from voxplan.adapters.openai_shape.exchange import speaking
from voxplan.adapters.refusals.failures import Rule
from voxplan.engine.terms.capability import Capabilities, PriceFacts, ProviderFacts, Retirement, Setting, TokenPrices

__all__ = ("DIALECT", "FACTS", "FAILURES", "exchange")

FAILURES: Final[tuple[Rule, ...]] = (
    # The filter's sentence, where its code stands deeper than codes are looked for [I].
    Rule("content_filtered", statuses=(400,), markers=("content management policy",)),
    # The resource's own quota under a status of access.
    Rule("out_of_quota", statuses=(403,), markers=("out of call volume quota",)),
)

DIALECT: Final = Dialect(
    base_url=None,
    routing="deployments",
    key_header="api-key",
    key_prefix="",
    token="entra",  # noqa: S106 - the kind of one, not one
    forms=models.FORMS,
    model_setting="base_model",
    extensions=models.EXTENSIONS,
    largest_body=models.LARGEST_BODY,
    failures=FAILURES,
)

exchange: Final = speaking(DIALECT)

_TABLE: Final = "model_prices_and_context_window.json of LiteLLM 1.106.2, November 2026"
_DOCS: Final = "learn.microsoft.com/azure/foundry/reference/rest/audio-create-transcription"


def _here(can: Capabilities, price: PriceFacts, on: str) -> Capabilities:
    """An OpenAI model as Azure serves it. Azure names no successors for its dates."""
    return replace(can, price=price, retirement=Retirement(on=on, source=_TABLE), source=_DOCS)


# The table and OpenAI's list differ in what a million tokens of audio cost ($6 and $2.50, $3 and $1.25): these are estimates.
_GPT_4O_PRICE: Final = PriceFacts(
    per_minute=6_000_000,
    tokens=TokenPrices(audio_in=6_000_000_000, text_in=2_500_000_000, out=10_000_000_000),
    estimated=True,
    source=_TABLE,
)
_MINI_PRICE: Final = PriceFacts(
    per_minute=3_000_000,
    tokens=TokenPrices(audio_in=3_000_000_000, text_in=1_250_000_000, out=5_000_000_000),
    estimated=True,
    source=_TABLE,
)

# $0.000075 and $0.0001 a second, in Azure's list of retail prices.
_GPT_TRANSCRIBE_PRICE: Final = PriceFacts(per_minute=4_500_000, step_ms=1000, source=f"prices.azure.com, by {_TABLE}")
_WHISPER_PRICE: Final = PriceFacts(per_minute=6_000_000, step_ms=1000, source=f"prices.azure.com, by {_TABLE}")

FACTS: Final = ProviderFacts(
    provider="azure",
    vendor="azure",
    needs_key=False,
    needs_base_url=True,
    families=(
        ("-diarize", _here(models.GPT_4O_DIARIZE, _GPT_4O_PRICE, "2027-04-15")),
        ("gpt-4o-mini", _here(models.GPT_4O, _MINI_PRICE, "2027-06-15")),
        ("gpt-4o", _here(models.GPT_4O, _GPT_4O_PRICE, "2026-10-15")),
        ("gpt-transcribe", _here(models.GPT_TRANSCRIBE, _GPT_TRANSCRIBE_PRICE, "2028-02-01")),
        ("whisper", _here(models.WHISPER, _WHISPER_PRICE, "2026-12-15")),
    ),
    otherwise=replace(models.ANY, source=_DOCS),
    settings=(
        Setting(
            name="api_version",
            meaning="the `api-version` of the address; without it, one that serves whisper and the gpt-4o family",
            default="${OPENAI_API_VERSION}",
        ),
        Setting(
            name="api",
            meaning="`deployments` (the default) for the address of the deployment, `v1` for that of the resource",
        ),
        Setting(name="base_model", meaning="the OpenAI model behind the deployment, such as `gpt-4o-transcribe`"),
        Setting(
            name="ad_token",
            meaning="an Entra token that is there already, instead of a key",
            secret=True,
            default="${AZURE_OPENAI_AD_TOKEN}",
        ),
        # Without these the machine's own Azure identity is asked, which reads the variables of its tools by itself.
        Setting(name="tenant_id", meaning="the Entra tenant of the application that gets a token, instead of a key"),
        Setting(name="client_id", meaning="the Entra application that gets a token"),
        Setting(name="client_secret", meaning="the secret of that application", secret=True),
        Setting(name="authority", meaning="the host that gives tokens, where it is not that of the public cloud"),
    ),
    owned=models.OWNED,
    model_setting="base_model",
)
