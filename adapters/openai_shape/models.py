"""OpenAI's own models, wherever they are served: how each family is asked, and what can be had of it.

Facts without prices and dates, which differ from host to host. [R] was recorded from the live service, [D] is documented.
"""

from typing import Final

from msgspec.structs import replace

from voxplan.adapters.openai_shape.dialect import Form
from voxplan.engine.terms.capability import Capabilities

__all__ = (
    "ANY",
    "CONTAINERS",
    "EXTENSIONS",
    "FORMS",
    "GPT_4O",
    "GPT_4O_DIARIZE",
    "GPT_TRANSCRIBE",
    "LARGEST_BODY",
    "OWNED",
    "TRANSLATION",
    "TRANSLATION_LACKS",
    "WHISPER",
    "WHISPER_FORM",
)

_ENDPOINT: Final = "platform.openai.com/docs/api-reference/audio/createTranscription, answers recorded from the service"

EXTENSIONS: Final = ("flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm")
"""The endings of file names that the endpoint takes [D]; anything else is 400 `unsupported_value` [R]."""

CONTAINERS: Final = ("wav", "flac", "ogg", "mp3", "m4a", "mp4", "webm", "mpeg")
"""The containers of such files."""

LARGEST_BODY: Final = 26_214_400
"""More bytes than these are refused, counted over the whole multipart body: voices to be recognised count as well [R]."""

OWNED: Final = (
    "file",
    "model",
    "language",
    "languages",
    "prompt",
    "keywords",
    "temperature",
    "response_format",
    "timestamp_granularities",
    "include",
    "stream",
    "known_speaker_names",
    "known_speaker_references",
)
"""The fields that are filled from the request."""

# What the endpoint takes for every model, those included that are not named below.
# `language` is a field of the endpoint, not of a model [D]: a model that does not know the code answers 400, which is
# `unsupported`, and routing goes on. Without the field every model of the endpoint detects the language.
# A file of 26,148,864 bytes passed, which leaves 64 KiB of the whole body for the fields around it [R].
ANY: Final = Capabilities(languages="any", containers=CONTAINERS, max_bytes=26_148_864, source=_ENDPOINT)

# Any language, text alone. temperature is documented for every model of the endpoint; prompt for all but diarize [D].
_TEXT: Final = replace(ANY, prompt=True, temperature=True)

TRANSLATION_LACKS: Final = ("language", "words", "streaming", "diarization", "chunking_strategy")
"""What no model has at `/audio/translations`, which takes a prompt, a temperature and a format beside the file [D]."""

# The only model of the endpoint with times, the only one that translates; no limit on length was found; `stream` is ignored [D].
WHISPER: Final = replace(_TEXT, segments=True, words=True, translate=True, translate_without=TRANSLATION_LACKS)

# `languages[]` and `keywords[]` are this model's alone [D]; it took 1800 s, gave logprobs, and gives no times [R].
GPT_TRANSCRIBE: Final = replace(_TEXT, languages_hint=True, keywords=True, logprobs=True, streaming=True, chunking_strategy=True)

# `audio duration … is longer than 1400 seconds which is the maximum for this model` [D, from live answers].
GPT_4O: Final = replace(_TEXT, max_seconds=1400.0, logprobs=True, streaming=True, chunking_strategy=True)

# Segments by speaker, no words; refuses a prompt; `include` is not allowed [R, D].
GPT_4O_DIARIZE: Final = replace(GPT_4O, segments=True, diarization=True, prompt=False, logprobs=False, known_speakers=True)

TRANSLATION: Final = Form(timed="verbose_json", language=False)
"""How a model is asked for a translation."""

WHISPER_FORM: Final = Form(timed="verbose_json", words=True, translation=TRANSLATION)

_TRANSCRIBE_FORM: Final = Form(languages=True, keywords=True, logprobs=True, chunking="asked", streams=True)
_GPT_4O_FORM: Final = Form(logprobs=True, chunking="asked", streams=True)

# Without a chunking strategy the live service answers 400 to audio of any length; a prompt is refused; up to four known
# speakers [R, D]. Diarized in any case: the speakers are what this model is for.
_DIARIZE_FORM: Final = Form(
    plain="diarized_json",
    timed="diarized_json",
    diarize=(),
    prompt=False,
    chunking="always",
    known_speakers=4,
    streams=True,
)

FORMS: Final[tuple[tuple[str, Form], ...]] = (
    ("-diarize", _DIARIZE_FORM),
    ("gpt-4o", _GPT_4O_FORM),
    ("gpt-transcribe", _TRANSCRIBE_FORM),
    ("whisper", WHISPER_FORM),
)
"""How a model is asked, by the first marker that occurs in its name: `openai/gpt-4o-transcribe` behind somebody's gateway is
asked as the model it is."""
