"""The success bodies of OpenAI's transcription endpoint and its imitators, as they stand on the wire.

One shape for json, verbose_json and diarized_json: what a format or a server leaves out is None. The types of what was said are
checked while decoding; what stands beside it is an `object`, of which `values` reads what can be read. Unknown fields are passed
over. What the fields mean is `answer`'s to say.
"""

from typing import Final

import msgspec

__all__ = (
    "Body",
    "ChoiceRow",
    "DeltaRow",
    "LogprobRow",
    "SegmentRow",
    "StreamEvent",
    "WordRow",
)

# `Raw | None` is not a type msgspec can tell apart.
_NOTHING: Final = msgspec.Raw(b"null")


class WordRow(msgspec.Struct, frozen=True):
    """`text` is LocalAI's name for `word`, `speaker_id` Fireworks' for `speaker`.

    whisper.cpp gives no times where it measured none, and `t_dtw` only it gives.
    """

    word: str | None = None
    text: str | None = None
    start: object = None
    end: object = None
    speaker: object = None
    speaker_id: object = None
    probability: object = None
    t_dtw: object = None


class SegmentRow(msgspec.Struct, frozen=True):
    """One row of `segments`; whisper.cpp and speaches put the words inside, whisper.cpp can leave the times out."""

    text: str | None
    start: object = None
    end: object = None
    speaker: object = None
    speaker_id: object = None
    tokens: object = None
    temperature: object = None
    avg_logprob: object = None
    compression_ratio: object = None
    no_speech_prob: object = None
    words: list[WordRow | None] | None = None


class LogprobRow(msgspec.Struct, frozen=True):
    """One token; the log probability is a hair above 0 at times. All of it is optional to OpenAI's own clients."""

    token: str | None = None
    logprob: float | None = None
    bytes: list[float] | None = None


class Body(msgspec.Struct, frozen=True):
    """json, verbose_json and diarized_json in one; vLLM writes `duration` as a string.

    `languages` are rows with a `code` (gpt-transcribe), `diarization` what each speaker says in one go (OVHcloud).
    """

    text: str
    language: object = None
    detected_language: object = None
    languages: object = None
    duration: object = None
    segments: list[SegmentRow | None] | None = None
    words: list[WordRow | None] | None = None
    usage: msgspec.Raw = _NOTHING
    logprobs: msgspec.Raw = _NOTHING
    diarization: msgspec.Raw = _NOTHING
    x_groq: object = None


class DeltaRow(msgspec.Struct, frozen=True):
    """The text in one of vLLM's chunks."""

    content: str | None = None


class ChoiceRow(msgspec.Struct, frozen=True):
    """What vLLM streams, as it streams chats; of several choices the first is the transcript."""

    delta: DeltaRow | None = None
    index: object = None


class StreamEvent(msgspec.Struct, frozen=True):
    """One event of a stream: OpenAI's by their `type`, vLLM's chunks by their `choices`, an `error` from either.

    Older vLLM servers mark an error with an `object` of that name, and put it at the top.
    """

    type: str | None = None
    kind: str | None = msgspec.field(name="object", default=None)
    delta: str | None = None
    text: str | None = None
    start: object = None
    end: object = None
    speaker: object = None
    choices: list[ChoiceRow | None] | None = None
    logprobs: msgspec.Raw = _NOTHING
    usage: msgspec.Raw = _NOTHING
    error: object = None
