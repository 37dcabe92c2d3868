"""The success bodies of OpenAI's transcription endpoint and its imitators, as they stand on the wire.

One shape for json, verbose_json and diarized_json: what a format or a server leaves out is None. Types are checked while
decoding; unknown fields are passed over. What the fields mean is `openai_answer`'s to say.
"""

from typing import Final

import msgspec

__all__ = ("Body", "ErrorBody", "LanguageRow", "SegmentRow", "TokenDetails", "UsageTable", "WordRow")

# `Raw | None` is not a type msgspec can tell apart.
_NOTHING: Final = msgspec.Raw(b"null")


class WordRow(msgspec.Struct, frozen=True):
    """`text` is LocalAI's name for `word`. whisper.cpp gives no times where it measured none, and `t_dtw` only it gives."""

    word: str | None = None
    text: str | None = None
    start: float | None = None
    end: float | None = None
    speaker: str | int | None = None
    probability: float | None = None
    t_dtw: float | None = None


class SegmentRow(msgspec.Struct, frozen=True):
    """One row of `segments`; whisper.cpp and speaches put the words inside, whisper.cpp can leave the times out."""

    text: str
    start: float | None = None
    end: float | None = None
    speaker: str | int | None = None
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
    """Billed seconds or tokens; `duration` is what OVHcloud called `seconds` until May 2026."""

    seconds: float | None = None
    duration: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    input_token_details: TokenDetails | None = None


class ErrorBody(msgspec.Struct, frozen=True):
    """An error under a status of success."""

    error: str | dict[str, object]


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
