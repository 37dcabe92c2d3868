"""Languages as Google's recognisers want them: BCP-47 tags with a region, where we have ISO codes.

One tag for each code: the region that Google's own tables list first, or the largest. Whoever needs another one names it in the
deployment's `options`. A code that is not here goes out as it is.
"""

from typing import Final

__all__ = ("TAGS", "tag_of")

# docs.cloud.google.com/speech-to-text, supported languages of v2; ai.google.dev, gemini-3.5-transcribe.
TAGS: Final[dict[str, str]] = {
    "af": "af-ZA",
    "am": "am-ET",
    "ar": "ar-EG",
    "as": "as-IN",
    "az": "az-AZ",
    "be": "be-BY",
    "bg": "bg-BG",
    "bn": "bn-BD",
    "bs": "bs-BA",
    "ca": "ca-ES",
    "cs": "cs-CZ",
    "cy": "cy-GB",
    "da": "da-DK",
    "de": "de-DE",
    "el": "el-GR",
    "en": "en-US",
    "es": "es-ES",
    "et": "et-EE",
    "eu": "eu-ES",
    "fa": "fa-IR",
    "fi": "fi-FI",
    "fr": "fr-FR",
    "gl": "gl-ES",
    "gu": "gu-IN",
    "ha": "ha-NG",
    "he": "iw-IL",
    "hi": "hi-IN",
    "hr": "hr-HR",
    "hu": "hu-HU",
    "hy": "hy-AM",
    "id": "id-ID",
    "is": "is-IS",
    "it": "it-IT",
    "ja": "ja-JP",
    "jv": "jv-ID",
    "ka": "ka-GE",
    "kk": "kk-KZ",
    "km": "km-KH",
    "kn": "kn-IN",
    "ko": "ko-KR",
    "ky": "ky-KG",
    "lb": "lb-LU",
    "lo": "lo-LA",
    "lt": "lt-LT",
    "lv": "lv-LV",
    "mi": "mi-NZ",
    "mk": "mk-MK",
    "ml": "ml-IN",
    "mn": "mn-MN",
    "mr": "mr-IN",
    "ms": "ms-MY",
    "mt": "mt-MT",
    "my": "my-MM",
    "ne": "ne-NP",
    "nl": "nl-NL",
    "no": "no-NO",
    "oc": "oc-FR",
    "pa": "pa-Guru-IN",
    "pl": "pl-PL",
    "ps": "ps-AF",
    "pt": "pt-BR",
    "ro": "ro-RO",
    "ru": "ru-RU",
    "sd": "sd-IN",
    "si": "si-LK",
    "sk": "sk-SK",
    "sl": "sl-SI",
    "sn": "sn-ZW",
    "so": "so-SO",
    "sq": "sq-AL",
    "sr": "sr-RS",
    "su": "su-ID",
    "sv": "sv-SE",
    "sw": "sw-KE",
    "ta": "ta-IN",
    "te": "te-IN",
    "tg": "tg-TJ",
    "th": "th-TH",
    "tr": "tr-TR",
    "uk": "uk-UA",
    "ur": "ur-PK",
    "uz": "uz-UZ",
    "vi": "vi-VN",
    "yo": "yo-NG",
    "yue": "yue-Hant-HK",
    "zh": "cmn-Hans-CN",
}


def tag_of(language: str) -> str:
    """The tag for an ISO code; anything else as it is.

    >>> tag_of("en"), tag_of("en-GB"), tag_of("zh")
    ('en-US', 'en-GB', 'cmn-Hans-CN')
    """
    return TAGS.get(language.lower(), language)
