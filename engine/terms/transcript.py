"""One transcript for every provider: what was said, when, by whom, and what the provider measured.

All times are seconds from the start of the audio, as floats, because that is what every provider and every subtitle format
speaks. Absent means "the provider did not say": never 0, never an empty string.
"""

from typing import Literal

import msgspec

__all__ = ("Segment", "TokenLogprob", "Transcript", "Usage", "Word")


class Word(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One word with its times in seconds; `confidence` from 0 to 1."""

    word: str
    start: float
    end: float
    speaker: str | None = None
    confidence: float | None = None


class Segment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One stretch of speech with its times in seconds; text is trimmed."""

    text: str
    start: float
    end: float
    speaker: str | None = None
    confidence: float | None = None
    avg_logprob: float | None = None
    compression_ratio: float | None = None
    no_speech_prob: float | None = None
    temperature: float | None = None
    tokens: tuple[int, ...] = ()


class TokenLogprob(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One token of the text, its log probability, and the bytes that it stands for."""

    token: str
    logprob: float
    bytes: tuple[int, ...] = ()


class Usage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the provider says it counted: billed seconds, or tokens by modality. Some count both."""

    kind: Literal["duration", "tokens"]
    seconds: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    audio_tokens: int | None = None
    text_tokens: int | None = None


class Transcript(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The whole answer of a provider, in our words.

    `language` is an ISO 639-1 code where one exists. `confidence`, from 0 to 1, is the provider's for the whole text. `segments`
    `translated`: the text is a translation into English, and `language` says so. `segments`
    and `words` are None when the provider gave no times, and empty when it gave times but nothing was said.
    """

    text: str
    language: str | None = None
    translated: bool = False
    seconds: float | None = None
    segments: tuple[Segment, ...] | None = None
    words: tuple[Word, ...] | None = None
    confidence: float | None = None
    logprobs: tuple[TokenLogprob, ...] | None = None
    usage: Usage | None = None
    request_id: str | None = None
