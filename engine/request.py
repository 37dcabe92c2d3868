"""The facts about one transcription that are known before any call is made. Never the audio bytes.

Absent audio facts and language are *unknown*; absent user, key, tags and metadata are a *known none*.
"""

from typing import Literal

import msgspec

__all__ = ("AudioFacts", "Options", "Request", "ResponseFormat", "Timestamps")

ResponseFormat = Literal["json", "text", "srt", "vtt", "verbose_json"]
Timestamps = Literal["segment", "word"]


class AudioFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of the audio: size in bytes, seconds, container name (`wav`, `mp3`, …), channels."""

    bytes: int | None = None
    seconds: float | None = None
    format: str | None = None
    channels: int | None = None


class Options(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the caller wants of the transcription. Every attempt gets exactly these (law F7)."""

    language: str | None = None
    prompt: str | None = None
    temperature: float | None = None
    response_format: ResponseFormat = "json"
    timestamps: tuple[Timestamps, ...] = ()


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One transcription as the planner sees it."""

    route: str
    audio: AudioFacts = AudioFacts()
    options: Options = Options()
    user: str | None = None
    key: str | None = None
    tags: tuple[str, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()
