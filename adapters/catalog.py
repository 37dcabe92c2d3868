"""What voxplan knows of every provider, as data: which keys its deployments need and what its models can do.

Each number has its source beside it. [R] was recorded from the live service, [D] is documented, [S] was read in a server's
source. What nobody has verified is no capability and no limit: unknown counts as absent (law C5), and a limit that may not
exist keeps nobody out.
"""

from typing import Final

from voxplan.adapters import local
from voxplan.engine.capability import Capabilities, ProviderFacts

__all__ = ("CATALOG",)

# The endpoint refuses more than 26,214,400 bytes, counted over the whole multipart body. A file of 26,148,864 bytes passed,
# which leaves 64 KiB for the fields around it [R].
_OPENAI_FILE_BYTES: Final = 26_148_864

# `audio duration … is longer than 1400 seconds which is the maximum for this model` [D, from live answers].
_GPT_4O_SECONDS: Final = 1400.0

# Any language, text alone. temperature is documented for every model of the endpoint; prompt for all but diarize [D].
_GPT_4O: Final = Capabilities(prompt=True, temperature=True, max_bytes=_OPENAI_FILE_BYTES, max_seconds=_GPT_4O_SECONDS)

_OPENAI: Final = ProviderFacts(
    provider="openai",
    vendor="openai",
    default_key="${OPENAI_API_KEY}",
    models=(
        # The only model of the endpoint with times; no limit on length was found [D].
        ("whisper-1", Capabilities(segments=True, words=True, prompt=True, temperature=True, max_bytes=_OPENAI_FILE_BYTES)),
        # Took 1800 s [R]; where it ends is not known. Text alone, though usage is by duration [R].
        ("gpt-transcribe", Capabilities(prompt=True, temperature=True, max_bytes=_OPENAI_FILE_BYTES)),
        ("gpt-4o-transcribe", _GPT_4O),
        ("gpt-4o-mini-transcribe", _GPT_4O),
        ("gpt-4o-mini-transcribe-2025-03-20", _GPT_4O),
        ("gpt-4o-mini-transcribe-2025-12-15", _GPT_4O),
        # Segments by speaker, no words; refuses a prompt [R, D].
        (
            "gpt-4o-transcribe-diarize",
            Capabilities(segments=True, temperature=True, max_bytes=_OPENAI_FILE_BYTES, max_seconds=_GPT_4O_SECONDS),
        ),
    ),
    otherwise=Capabilities(max_bytes=_OPENAI_FILE_BYTES),
)

# vLLM, speaches, whisper.cpp and LocalAI all take prompt and temperature and answer verbose_json with segments [S]: without
# that norm no subtitles could ever be asked of them. Word times are not the norm (vLLM has none), and no limit is. A server
# that breaks the norm answers 400, which is `unsupported`, and routing goes on.
_WHISPER_LIKE: Final = Capabilities(segments=True, prompt=True, temperature=True)

# vLLM refuses verbose_json for Voxtral [S].
_VOXTRAL: Final = Capabilities(prompt=True, temperature=True)

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
