"""The success bodies of OpenAI's transcription endpoint and its imitators, as they stand on the wire.

One shape for json, verbose_json and diarized_json: what a format or a server leaves out is None. Types are checked while
decoding; unknown fields are passed over. What the fields mean is `answer`'s to say.
"""

from typing import Final

import msgspec

__all__ = (
    "Body",
    "ChoiceRow",
    "DeltaRow",
    "GroqRow",
    "LanguageRow",
    "LogprobRow",
    "SegmentRow",
    "StreamEvent",
    "TokenDetails",
    "TurnRow",
    "UsageTable",
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
    start: float | None = None
    end: float | None = None
    speaker: str | int | None = None
    speaker_id: str | int | None = None
    probability: float | None = None
    t_dtw: float | None = None


class SegmentRow(msgspec.Struct, frozen=True):
    """One row of `segments`; whisper.cpp and speaches put the words inside, whisper.cpp can leave the times out."""

    text: str
    start: float | None = None
    end: float | None = None
    speaker: str | int | None = None
    speaker_id: str | int | None = None
    tokens: list[int] | None = None
    temperature: float | None = None
    avg_logprob: float | None = None
    compression_ratio: float | None = None
    no_speech_prob: float | None = None
    words: list[WordRow] | None = None


class LanguageRow(msgspec.Struct, frozen=True):
    """One row of gpt-transcribe's `languages`."""

    code: str | None = None


class TokenDetails(msgspec.Struct, frozen=True):
    """Input tokens by modality."""

    text_tokens: int | None = None
    audio_tokens: int | None = None


class UsageTable(msgspec.Struct, frozen=True):
    """Billed seconds or tokens; `duration` is what OVHcloud called `seconds` until May 2026.

    vLLM counts streams as it counts chats: `prompt_tokens` and `completion_tokens`.
    """

    seconds: float | None = None
    duration: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    input_token_details: TokenDetails | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class LogprobRow(msgspec.Struct, frozen=True):
    """One token; the log probability is a hair above 0 at times."""

    token: str
    logprob: float
    bytes: list[int] | None = None


class TurnRow(msgspec.Struct, frozen=True):
    """One row of OVHcloud's `diarization`: what one speaker says in one go."""

    text: str
    start: float | None = None
    end: float | None = None
    speaker: str | int | None = None


class GroqRow(msgspec.Struct, frozen=True):
    """`x_groq`."""

    id: str | None = None


class Body(msgspec.Struct, frozen=True):
    """json, verbose_json and diarized_json in one; vLLM writes `duration` as a string."""

    text: str
    language: str | None = None
    detected_language: str | None = None
    languages: list[LanguageRow] | None = None
    duration: float | str | None = None
    segments: list[SegmentRow] | None = None
    words: list[WordRow] | None = None
    usage: msgspec.Raw = _NOTHING
    logprobs: msgspec.Raw = _NOTHING
    diarization: list[TurnRow] | None = None
    x_groq: GroqRow | None = None


class DeltaRow(msgspec.Struct, frozen=True):
    """The text in one of vLLM's chunks."""

    content: str | None = None


class ChoiceRow(msgspec.Struct, frozen=True):
    """What vLLM streams, as it streams chats."""

    delta: DeltaRow | None = None
    finish_reason: str | None = None


class StreamEvent(msgspec.Struct, frozen=True):
    """One event of a stream: OpenAI's by their `type`, vLLM's chunks by their `choices`, an `error` from either."""

    type: str | None = None
    delta: str | None = None
    text: str | None = None
    start: float | None = None
    end: float | None = None
    speaker: str | int | None = None
    choices: list[ChoiceRow] | None = None
    logprobs: msgspec.Raw = _NOTHING
    usage: msgspec.Raw = _NOTHING
    error: msgspec.Raw = _NOTHING
