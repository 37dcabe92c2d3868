"""What is known of AssemblyAI's models for recorded audio.

[S] is its API description (openapi.yml 1.3.4, March 2026), [D] its documentation. Words always have times, speakers are told
apart on demand, the language is detected, out of a list where one is given. Nothing streams, and no log probabilities are given.
"""

from typing import Final

from msgspec.structs import replace

from voxplan.engine.terms.capability import Capabilities, PriceFacts, ProviderFacts, Setting

__all__ = ("FACTS",)

_PRICES: Final = "assemblyai.com/pricing, by way of a survey, November 2026"

# [S: `TranscriptLanguageCode`], in our codes: it writes `jw` for Javanese.
_UNIVERSAL_2_KNOWS: Final = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu hy id is it "
    "ja jv ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn "
    "so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo zh"
)
_UNIVERSAL_3_KNOWS: Final = ("de", "en", "es", "fr", "it", "pt")

# 10 h; 2.2 GB by upload [D].
_ANY: Final = Capabilities(
    languages=tuple(_UNIVERSAL_2_KNOWS.split()),
    segments=True,
    words=True,
    diarization=True,
    languages_hint=True,
    keywords=True,
    max_bytes=2_200_000_000,
    max_seconds=36_000.0,
    source="AssemblyAI/assemblyai-api-spec, openapi.yml, and assemblyai.com/docs/pre-recorded-audio",
)

# What a feature adds to the price of its model is not in these figures.
_UNIVERSAL_2: Final = replace(_ANY, price=PriceFacts(per_minute=2_500_000, estimated=True, source=_PRICES))

# A prompt is for the third generation alone, and so is a temperature, which is described for 3 Pro only [S].
_UNIVERSAL_3: Final = replace(_ANY, languages=_UNIVERSAL_3_KNOWS, prompt=True, temperature=True)

# Eighteen languages, of which the documentation at hand names these [D].
_UNIVERSAL_3_5: Final = replace(
    _ANY,
    languages=(*_UNIVERSAL_3_KNOWS, "hi", "zh"),
    prompt=True,
    price=PriceFacts(per_minute=3_500_000, estimated=True, source=_PRICES),
)

FACTS: Final = ProviderFacts(
    provider="assemblyai",
    vendor="assemblyai",
    default_key="${ASSEMBLYAI_API_KEY}",
    models=(
        ("universal-2", _UNIVERSAL_2),
        ("universal-3-pro", _UNIVERSAL_3),
        ("universal-3-5-pro", _UNIVERSAL_3_5),
    ),
    families=(
        # Several models in order, `universal-3-5-pro,universal-2`: the second takes the languages that the first does not know.
        (",universal-2", replace(_ANY, prompt=True)),
        ("universal-3-5", replace(_UNIVERSAL_3_5, price=None)),
        ("universal-3", _UNIVERSAL_3),
    ),
    otherwise=replace(_ANY, languages="any", keywords=False),
    settings=(
        Setting(
            name="delete",
            meaning="`true`: the transcript and the audio are deleted there as soon as the transcript has been read",
            default="false",
        ),
    ),
    owned=(
        "audio_url",
        "language_code",
        "language_codes",
        "language_detection",
        "prompt",
        "speaker_labels",
        "speech_model",
        "speech_models",
        "temperature",
    ),
    channels_option="multichannel",
)
