"""Languages as providers name them: English names, codes of two and of three letters, with regions; and as we do: ISO 639-1.

Where a language has no code there, its code of ISO 639-3 is ours as well.

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

# What else they are called, and what languages are called that Whisper does not know.
_OTHER_NAMES: Final[dict[str, str]] = {
    "azeri": "az",
    "bokmal": "nb",
    "bokmål": "nb",
    "burmese": "my",
    "castilian": "es",
    "chichewa": "ny",
    "esperanto": "eo",
    "farsi": "fa",
    "filipino": "tl",
    "flemish": "nl",
    "ganda": "lg",
    "haitian": "ht",
    "igbo": "ig",
    "irish": "ga",
    "kinyarwanda": "rw",
    "kurdish": "ku",
    "kyrgyz": "ky",
    "letzeburgesch": "lb",
    "luganda": "lg",
    "mandarin": "zh",
    "moldavian": "ro",
    "moldovan": "ro",
    "norwegian bokmål": "nb",
    "norwegian nynorsk": "nn",
    "nyanja": "ny",
    "odia": "or",
    "oriya": "or",
    "oromo": "om",
    "panjabi": "pa",
    "pushto": "ps",
    "quechua": "qu",
    "scottish gaelic": "gd",
    "sinhalese": "si",
    "slovene": "sl",
    "tigrinya": "ti",
    "uyghur": "ug",
    "valencian": "ca",
    "wolof": "wo",
    "xhosa": "xh",
    "zulu": "zu",
}

# Whisper writes `jw` for Javanese, whose ISO 639-1 code is `jv`; the others are codes that ISO 639-1 has withdrawn.
_OTHER_CODES: Final[dict[str, str]] = {"jw": "jv", "iw": "he", "in": "id", "ji": "yi"}

# Codes of ISO 639-2 that say of something that it is no one language.
_NO_LANGUAGES: Final = frozenset({"mis", "mul", "und", "unk", "zxx"})

# ISO 639-2, in both its forms where there are two (`ger`, `deu`), and ISO 639-3, of which a language of 639-1 may have several:
# the standard form of one that is many (`cmn`, `arb`) stands for it. Filipino is Tagalog as it is standardised.
_THREE_LETTERS: Final = (
    "aar:aa abk:ab afr:af aka:ak alb:sq als:sq amh:am ara:ar arb:ar arg:an arm:hy asm:as ava:av ave:ae aym:ay aze:az azj:az "
    "bak:ba bam:bm baq:eu bel:be ben:bn bih:bh bis:bi bod:bo bos:bs bre:br bul:bg bur:my cat:ca ces:cs cha:ch che:ce chi:zh "
    "chu:cu chv:cv cmn:zh cor:kw cos:co cre:cr cym:cy cze:cs dan:da deu:de div:dv dut:nl dzo:dz ekk:et ell:el eng:en epo:eo "
    "est:et eus:eu ewe:ee fao:fo fas:fa fij:fj fil:tl fin:fi fra:fr fre:fr fry:fy ful:ff geo:ka ger:de gla:gd gle:ga glg:gl "
    "glv:gv gre:el grn:gn guj:gu hat:ht hau:ha heb:he her:hz hin:hi hmo:ho hrv:hr hun:hu hye:hy ibo:ig ice:is ido:io iii:ii "
    "iku:iu ile:ie ina:ia ind:id ipk:ik isl:is ita:it jav:jv jpn:ja kal:kl kan:kn kas:ks kat:ka kau:kr kaz:kk khk:mn khm:km "
    "kik:ki kin:rw kir:ky kom:kv kon:kg kor:ko kua:kj kur:ku lao:lo lat:la lav:lv lim:li lin:ln lit:lt ltz:lb lub:lu lug:lg "
    "lvs:lv mac:mk mah:mh mal:ml mao:mi mar:mr may:ms mkd:mk mlg:mg mlt:mt mon:mn mri:mi msa:ms mya:my nau:na nav:nv nbl:nr "
    "nde:nd ndo:ng nep:ne nld:nl nno:nn nob:nb nor:no npi:ne nya:ny oci:oc oji:oj ori:or orm:om ory:or oss:os pan:pa pbt:ps "
    "per:fa pes:fa pli:pi plt:mg pol:pl por:pt prs:fa pst:ps pus:ps que:qu roh:rm ron:ro rum:ro run:rn rus:ru sag:sg san:sa "
    "sin:si slk:sk slo:sk slv:sl sme:se smo:sm sna:sn snd:sd som:so sot:st spa:es sqi:sq srd:sc srp:sr ssw:ss sun:su swa:sw "
    "swe:sv swh:sw tah:ty tam:ta tat:tt tel:te tgk:tg tgl:tl tha:th tib:bo tir:ti ton:to tsn:tn tso:ts tuk:tk tur:tr twi:tw "
    "uig:ug ukr:uk urd:ur uzb:uz uzn:uz ven:ve vie:vi vol:vo wel:cy wln:wa wol:wo xho:xh ydd:yi yid:yi yor:yo zha:za zho:zh "
    "zsm:ms zul:zu"
)

_CODES: Final[dict[str, str]] = {name: code for code, name in _NAMES.items()} | _OTHER_NAMES

_SHORT: Final[dict[str, str]] = {pair[:3]: pair[4:] for pair in _THREE_LETTERS.split()} | _OTHER_CODES

_TAG: Final = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]+)*")


def code_of(language: str) -> str | None:
    """The ISO 639-1 code (639-3 where there is none) of a name, a code or a language tag; None for anything else.

    >>> code_of("English"), code_of("pt-BR"), code_of("deu"), code_of("yue"), code_of("unknown")
    ('en', 'pt', 'de', 'yue', None)
    """
    plain = language.strip().lower()
    if plain in _CODES:
        return _CODES[plain]
    tag = _TAG.fullmatch(plain)
    return None if tag is None or tag[1] in _NO_LANGUAGES else _SHORT.get(tag[1], tag[1])


def name_of(code: str) -> str:
    """The English name, lower-case, as OpenAI prints it; the code itself where no name is known.

    >>> name_of("en"), name_of("xx")
    ('english', 'xx')
    """
    return _NAMES.get(code, code)
