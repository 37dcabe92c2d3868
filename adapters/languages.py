"""Languages as providers name them: English names, codes with regions, codes; and as we do: ISO 639-1 where it exists.

The names are those that Whisper models answer with (openai/whisper, `whisper/tokenizer.py`, `LANGUAGES` and
`TO_LANGUAGE_CODE`); servers print them lower-case, capitalised, or print the code.
"""

import re
from typing import Final

__all__ = ("code_of", "name_of")

_NAMES: Final[dict[str, str]] = {
    "af": "afrikaans",
    "am": "amharic",
    "ar": "arabic",
    "as": "assamese",
    "az": "azerbaijani",
    "ba": "bashkir",
    "be": "belarusian",
    "bg": "bulgarian",
    "bn": "bengali",
    "bo": "tibetan",
    "br": "breton",
    "bs": "bosnian",
    "ca": "catalan",
    "cs": "czech",
    "cy": "welsh",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fo": "faroese",
    "fr": "french",
    "gl": "galician",
    "gu": "gujarati",
    "ha": "hausa",
    "haw": "hawaiian",
    "he": "hebrew",
    "hi": "hindi",
    "hr": "croatian",
    "ht": "haitian creole",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "is": "icelandic",
    "it": "italian",
    "ja": "japanese",
    "jv": "javanese",
    "ka": "georgian",
    "kk": "kazakh",
    "km": "khmer",
    "kn": "kannada",
    "ko": "korean",
    "la": "latin",
    "lb": "luxembourgish",
    "ln": "lingala",
    "lo": "lao",
    "lt": "lithuanian",
    "lv": "latvian",
    "mg": "malagasy",
    "mi": "maori",
    "mk": "macedonian",
    "ml": "malayalam",
    "mn": "mongolian",
    "mr": "marathi",
    "ms": "malay",
    "mt": "maltese",
    "my": "myanmar",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "nynorsk",
    "no": "norwegian",
    "oc": "occitan",
    "pa": "punjabi",
    "pl": "polish",
    "ps": "pashto",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sa": "sanskrit",
    "sd": "sindhi",
    "si": "sinhala",
    "sk": "slovak",
    "sl": "slovenian",
    "sn": "shona",
    "so": "somali",
    "sq": "albanian",
    "sr": "serbian",
    "su": "sundanese",
    "sv": "swedish",
    "sw": "swahili",
    "ta": "tamil",
    "te": "telugu",
    "tg": "tajik",
    "th": "thai",
    "tk": "turkmen",
    "tl": "tagalog",
    "tr": "turkish",
    "tt": "tatar",
    "uk": "ukrainian",
    "ur": "urdu",
    "uz": "uzbek",
    "vi": "vietnamese",
    "yi": "yiddish",
    "yo": "yoruba",
    "yue": "cantonese",
    "zh": "chinese",
}

_OTHER_NAMES: Final[dict[str, str]] = {
    "burmese": "my",
    "castilian": "es",
    "flemish": "nl",
    "haitian": "ht",
    "letzeburgesch": "lb",
    "mandarin": "zh",
    "moldavian": "ro",
    "moldovan": "ro",
    "panjabi": "pa",
    "pushto": "ps",
    "sinhalese": "si",
    "valencian": "ca",
}

# Whisper writes `jw` for Javanese, whose ISO 639-1 code is `jv`; the others are codes that ISO 639-1 has withdrawn.
_OTHER_CODES: Final[dict[str, str]] = {"jw": "jv", "iw": "he", "in": "id", "ji": "yi"}

_CODES: Final[dict[str, str]] = {name: code for code, name in _NAMES.items()} | _OTHER_NAMES

_TAG: Final = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]+)*")


def code_of(language: str) -> str | None:
    """The ISO 639-1 code (639-3 where there is none) of a name, a code or a language tag; None for anything else.

    >>> code_of("English"), code_of("pt-BR"), code_of("yue"), code_of("unknown")
    ('en', 'pt', 'yue', None)
    """
    plain = language.strip().lower()
    if plain in _CODES:
        return _CODES[plain]
    tag = _TAG.fullmatch(plain)
    return None if tag is None else _OTHER_CODES.get(tag[1], tag[1])


def name_of(code: str) -> str:
    """The English name, lower-case, as OpenAI prints it; the code itself where no name is known.

    >>> name_of("en"), name_of("xx")
    ('english', 'xx')
    """
    return _NAMES.get(code, code)
