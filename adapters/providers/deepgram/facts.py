"""What is known of Deepgram's models for recorded audio.

[D] is Deepgram's documentation (developers.deepgram.com), [R] was recorded from the live service, [S] is its API description.
The endpoint takes no prompt, no temperature and no chunking strategy, gives confidences and no log probabilities, and streams
over WebSockets only [S]; flux models are heard there alone.
"""

from typing import Final

from msgspec.structs import replace

from voxplan.engine.terms.capability import Capabilities, PriceFacts, ProviderFacts

__all__ = ("FACTS", "is_nova_3")

_DOCS: Final = "developers.deepgram.com/docs/models-languages-overview and its changelog until August 2026"

# The table of LiteLLM 1.106 has 0.0043 a minute; a survey of August 2026 says 0.0077 and more. Neither is Deepgram's own word.
_SOURCE: Final = "litellm 1.106, model_prices_and_context_window.json, November 2026; other figures are in circulation"


def _price(per_minute: int) -> PriceFacts:
    return PriceFacts(per_minute=per_minute, estimated=True, source=_SOURCE)


# Any model: words always have times, `utterances` gives segments, `diarize_model` speakers [R], repeated `detect_language` codes
# are the languages that may be spoken [D]. `language` is a field of the endpoint: a model that does not know the code answers
# 400, which is `unsupported`. 2 GB a file [D]. More than a hundred formats are taken, and told apart by their bytes [D].
_ANY: Final = Capabilities(
    languages="any",
    segments=True,
    words=True,
    diarization=True,
    languages_hint=True,
    max_bytes=2_000_000_000,
    source=_DOCS,
)

# Nova-3 takes `keyterm`, all before it `keywords`, Whisper neither [D].
_BOOSTED: Final = replace(_ANY, keywords=True)

_NOVA_3_KNOWS: Final = (
    "be bg bn bs ca cs da de el en es et fa fi fr gu he hi hr hu id it ja kn ko lt lv mk mr ms ne nl no pa pl pt ro ru sk "
    "sl sr sv ta te th tl tr uk ur vi yue zh"
)
_NOVA_2_KNOWS: Final = "bg ca cs da de el en es et fi fr hi hu id it ja ko lt lv ms nl no pl pt ro ru sk sv th tr uk vi yue zh"

_NOVA_3: Final = replace(
    _BOOSTED,
    languages=tuple(_NOVA_3_KNOWS.split()),
    price=_price(4_300_000),
)

_NOVA_2: Final = replace(
    _BOOSTED,
    languages=tuple(_NOVA_2_KNOWS.split()),
    price=_price(4_300_000),
)

_NOVA_1: Final = replace(_BOOSTED, languages=("en", "es"), price=_price(4_300_000))

_ENHANCED: Final = replace(
    _BOOSTED,
    languages=("da", "de", "en", "es", "fr", "hi", "it", "ja", "ko", "nl", "no", "pl", "pt", "sv", "ta"),
    price=_price(14_500_000),
)

_BASE: Final = replace(
    _BOOSTED,
    languages=("da", "de", "en", "es", "fr", "hi", "id", "it", "ja", "ko", "nl", "no", "pt", "ru", "sv", "tr", "uk", "zh"),
    price=_price(12_500_000),
)

_WHISPER: Final = replace(_ANY, price=_price(6_000_000), source="developers.deepgram.com/docs/deepgram-whisper-cloud")

# Variants for one trade know English alone [D]; a model trained for one customer, `nova-2-<name>`, knows all of its family.
_ENGLISH: Final = ("en",)
_NOVA_2_TRADES: Final = "atc automotive conversationalai drivethru finance medical meeting phonecall video voicemail"
_WHISPERS: Final = "whisper whisper-tiny whisper-base whisper-small whisper-medium whisper-large"
_ENHANCED_TRADES: Final = ("finance", "meeting", "phonecall")
_BASE_TRADES: Final = ("conversationalai", "finance", "meeting", "phonecall", "video", "voicemail")

FACTS: Final = ProviderFacts(
    provider="deepgram",
    vendor="deepgram",
    default_key="${DEEPGRAM_API_KEY}",
    models=(
        ("nova-3-medical", replace(_NOVA_3, languages=_ENGLISH, price=_price(5_200_000))),
        *((f"nova-2-{trade}", replace(_NOVA_2, languages=_ENGLISH)) for trade in _NOVA_2_TRADES.split()),
        ("nova-phonecall", replace(_NOVA_1, languages=_ENGLISH)),
        ("nova-medical", replace(_NOVA_1, languages=_ENGLISH)),
        *((f"enhanced-{trade}", replace(_ENHANCED, languages=_ENGLISH)) for trade in _ENHANCED_TRADES),
        *((f"base-{trade}", replace(_BASE, languages=_ENGLISH)) for trade in _BASE_TRADES),
        ("nova-3", _NOVA_3),
        ("nova-3-general", _NOVA_3),
        ("nova-2", _NOVA_2),
        ("nova-2-general", _NOVA_2),
        ("nova", _NOVA_1),
        ("nova-general", _NOVA_1),
        ("enhanced", _ENHANCED),
        ("enhanced-general", _ENHANCED),
        ("base", _BASE),
        ("base-general", _BASE),
        *((name, _WHISPER) for name in _WHISPERS.split()),
    ),
    families=(
        ("nova-3", _NOVA_3),
        ("nova-2", _NOVA_2),
        ("whisper", _WHISPER),
        ("nova", _NOVA_1),
        ("enhanced", _ENHANCED),
        ("base", _BASE),
    ),
    # A custom model goes by its UUID.
    otherwise=_ANY,
    # A callback would take the answer elsewhere. `diarize` is what `diarize_model` has replaced.
    owned=(
        "callback",
        "callback_method",
        "detect_language",
        "diarize",
        "diarize_model",
        "language",
        "model",
    ),
    channels_option="multichannel",
)


def is_nova_3(model: str) -> bool:
    """Whether the model is of the family that takes `keyterm`."""
    return "nova-3" in model.lower()
