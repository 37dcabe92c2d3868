"""Servers that speak OpenAI's language at an address of their own: vLLM, speaches, whisper.cpp, LocalAI, gateways.

What is promised is their norm, read in their sources [S]: without it no subtitles could ever be asked of them, and no audio sent
whose language is known. A server that breaks the norm answers 400, which is `unsupported`, and routing goes on. No limit is
known, and what it costs only its owner knows.
"""

from typing import Final

from msgspec.structs import replace

from voxplan.adapters.openai_shape import models
from voxplan.adapters.openai_shape.dialect import Dialect, Form
from voxplan.adapters.openai_shape.exchange import speaking
from voxplan.engine.terms.capability import Capabilities, ProviderFacts

__all__ = ("DIALECT", "FACTS", "exchange")

# Streams come as text alone: vLLM refuses verbose_json there [S]. A server that cannot stream (whisper.cpp) does not know the
# field and answers as a whole.
_WHISPER_FORM: Final = replace(models.WHISPER_FORM, streams=True)

# OpenAI's model, and no server's own that happens to be named so.
_DIARIZE: Final = "gpt-4o-transcribe-diarize"

DIALECT: Final = Dialect(
    base_url=None,
    forms=(
        *((_DIARIZE if marker == "-diarize" else marker, form) for marker, form in models.FORMS if marker != "whisper"),
        # vLLM answers 400 to verbose_json for Voxtral [S].
        ("voxtral", Form(streams=True)),
    ),
    otherwise=_WHISPER_FORM,
    objects="json",
)

exchange: Final = speaking(DIALECT)

_NORM: Final = "the norm of vLLM, speaches, whisper.cpp and LocalAI, read in their sources"

# All take language, prompt and temperature and answer verbose_json with segments. Word times are not the norm (vLLM has none).
_WHISPER_LIKE: Final = Capabilities(languages="any", segments=True, prompt=True, temperature=True, streaming=True, source=_NORM)

# vLLM and speaches have an endpoint for it, whisper.cpp a field [S]. What the weights can do only their names tell: those of
# large-v3-turbo were tuned without the data for translation (its model card), the distilled ones to transcribe; `.en` is English.
_TRANSLATING: Final = replace(_WHISPER_LIKE, translate=True, translate_without=models.TRANSLATION_LACKS)
_ONLY_TRANSCRIBING: Final = ("turbo", "distil", ".en")

# Weights that are called so are for faster-whisper, and a server that runs it gives times for words when it is asked [S:
# speaches, src/speaches/routers/stt.py, `word_timestamps`]. These are the ones that do not translate, as above.
_FASTER_ONLY_TRANSCRIBING: Final = (
    *(f"faster-whisper-{size}.en" for size in ("tiny", "base", "small", "medium")),
    "faster-whisper-large-v3-turbo",
    "faster-distil-whisper",
)

# The languages that vLLM declares for it [S: `ISO639_1_SUPPORTED_LANGS`].
_VOXTRAL: Final = Capabilities(
    languages=("ar", "de", "en", "es", "fr", "hi", "it", "nl", "pt"),
    prompt=True,
    temperature=True,
    streaming=True,
    source="vLLM, vllm/model_executor/models/voxtral.py",
)


def _elsewhere(can: Capabilities) -> Capabilities:
    """An OpenAI model behind somebody's gateway: it can do what it can do, and limits are the gateway's affair."""
    return replace(can, containers=None, max_bytes=None, max_seconds=None)


FACTS: Final = ProviderFacts(
    provider="openai_compatible",
    needs_key=False,
    needs_base_url=True,
    families=(
        (_DIARIZE, _elsewhere(models.GPT_4O_DIARIZE)),
        ("gpt-4o", _elsewhere(models.GPT_4O)),
        ("gpt-transcribe", _elsewhere(models.GPT_TRANSCRIBE)),
        ("voxtral", _VOXTRAL),
        *((marker, replace(_WHISPER_LIKE, words=True)) for marker in _FASTER_ONLY_TRANSCRIBING),
        *((marker, _WHISPER_LIKE) for marker in _ONLY_TRANSCRIBING),
        ("faster-whisper", replace(_TRANSLATING, words=True)),
        ("whisper", _TRANSLATING),
        ("large-v", _TRANSLATING),
    ),
    otherwise=_WHISPER_LIKE,
    owned=models.OWNED,
)
