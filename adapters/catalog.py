"""What voxplan knows of every provider, as data: which keys its deployments need, what its models can do and what they cost.

Each number has its source beside it. [R] was recorded from the live service, [D] is documented, [S] was read in a server's
source. What nobody has verified is no capability and no limit: unknown counts as absent (law C5), and a limit that may not
exist keeps nobody out. A price is known only where it follows from the length of the audio or from the call alone: what is
billed by the token nobody can bound before the answer is there.

`streaming` says what can be had through voxplan: no adapter here streams, whatever its service may do, so no model does.
"""

from typing import Final

from msgspec.structs import replace

from voxplan.adapters.providers import local
from voxplan.engine.terms.capability import Capabilities, PriceFacts, ProviderFacts

__all__ = ("CATALOG",)

_ENDPOINT: Final = "platform.openai.com/docs/api-reference/audio/createTranscription, answers recorded from the service"

# What OpenAI's endpoint takes for every model, those included that are not named below.
# `language` is a field of the endpoint, not of a model [D]: a model that does not know the code answers 400, which is
# `unsupported`, and routing goes on. Without the field every model of the endpoint detects the language.
# The file's extension decides: flac mp3 mp4 mpeg mpga m4a ogg wav webm [D], anything else is 400 `unsupported_value` [R].
# More than 26,214,400 bytes are refused, counted over the whole multipart body. A file of 26,148,864 bytes passed, which leaves
# 64 KiB for the fields around it [R].
_OPENAI_ANY: Final = Capabilities(
    languages="any",
    containers=("wav", "flac", "ogg", "mp3", "m4a", "mp4", "webm", "mpeg"),
    max_bytes=26_148_864,
    source=_ENDPOINT,
)

# Any language, text alone. temperature is documented for every model of the endpoint; prompt for all but diarize [D].
_OPENAI_TEXT: Final = replace(_OPENAI_ANY, prompt=True, temperature=True)

# `audio duration … is longer than 1400 seconds which is the maximum for this model` [D, from live answers]. Billed by tokens of
# audio and text [D]; the prices by the minute that one finds are estimates.
_GPT_4O: Final = replace(_OPENAI_TEXT, max_seconds=1400.0)

# $0.006 a minute [D]; 3.7 s were billed as 4 [R].
_WHISPER_1_PRICE: Final = PriceFacts(
    per_minute=6_000_000, step_ms=1000, source="developers.openai.com/api/docs/models/whisper-1, November 2026"
)

# $0.0045 a minute [D]; usage comes in whole seconds [R].
_GPT_TRANSCRIBE_PRICE: Final = PriceFacts(
    per_minute=4_500_000, step_ms=1000, source="developers.openai.com/api/docs/models/gpt-transcribe, November 2026"
)

_OPENAI: Final = ProviderFacts(
    provider="openai",
    vendor="openai",
    default_key="${OPENAI_API_KEY}",
    models=(
        # The only model of the endpoint with times; no limit on length was found [D].
        ("whisper-1", replace(_OPENAI_TEXT, segments=True, words=True, price=_WHISPER_1_PRICE)),
        # Took 1800 s [R]; where it ends is not known. Text alone [R].
        ("gpt-transcribe", replace(_OPENAI_TEXT, price=_GPT_TRANSCRIBE_PRICE)),
        ("gpt-4o-transcribe", _GPT_4O),
        ("gpt-4o-mini-transcribe", _GPT_4O),
        ("gpt-4o-mini-transcribe-2025-03-20", _GPT_4O),
        ("gpt-4o-mini-transcribe-2025-12-15", _GPT_4O),
        # Segments by speaker, no words; refuses a prompt [R, D].
        ("gpt-4o-transcribe-diarize", replace(_GPT_4O, segments=True, diarization=True, prompt=False)),
    ),
    otherwise=_OPENAI_ANY,
)

# vLLM, speaches, whisper.cpp and LocalAI all take language, prompt and temperature and answer verbose_json with segments [S]:
# without that norm no subtitles could ever be asked of them, and no audio sent whose language is known. Word times are not the
# norm (vLLM has none), and no limit is: what a server takes is its owner's affair. A server that breaks the norm answers 400,
# which is `unsupported`, and routing goes on. What it costs only its owner knows.
_WHISPER_LIKE: Final = Capabilities(
    languages="any",
    segments=True,
    prompt=True,
    temperature=True,
    source="the norm of vLLM, speaches, whisper.cpp and LocalAI, read in their sources",
)

# vLLM refuses verbose_json for Voxtral, and these are the languages it declares for it [S: `ISO639_1_SUPPORTED_LANGS`].
_VOXTRAL: Final = Capabilities(
    languages=("ar", "de", "en", "es", "fr", "hi", "it", "nl", "pt"),
    prompt=True,
    temperature=True,
    source="vLLM, vllm/model_executor/models/voxtral.py",
)

_OPENAI_COMPATIBLE: Final = ProviderFacts(
    provider="openai_compatible",
    needs_key=False,
    needs_base_url=True,
    models=(
        ("mistralai/Voxtral-Mini-3B-2507", _VOXTRAL),
        ("mistralai/Voxtral-Small-24B-2507", _VOXTRAL),
    ),
    otherwise=_WHISPER_LIKE,
)

CATALOG: Final[dict[str, ProviderFacts]] = {
    facts.provider: facts
    for facts in (
        _OPENAI,
        _OPENAI_COMPATIBLE,
        local.FACTS,
    )
}
