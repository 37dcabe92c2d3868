"""The keyword options of a transcription, written once for the places that only pass them on."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.request import ResponseFormat, Timestamps
from voxplan.io_shell.running import Observer

__all__ = ("ModelOptions", "TranscribeOptions")


class TranscribeOptions(TypedDict, total=False):
    """The keywords of `Vox.transcribe`, which says what they mean."""

    route: str | None
    language: str | None
    prompt: str | None
    temperature: float | None
    response_format: ResponseFormat
    timestamps: Timestamps | Sequence[Timestamps]
    translate: bool
    diarize: bool
    languages: str | Sequence[str]
    keywords: str | Sequence[str]
    known_speakers: Mapping[str, str] | None
    logprobs: bool
    chunking_strategy: str | Mapping[str, object] | None
    filename: str | None
    user: str | None
    key: str | None
    key_tags: Sequence[str]
    tags: str | Sequence[str]
    metadata: Mapping[str, str] | None
    fallbacks: str | Sequence[str]
    deadline: float | str | None
    retries: int | None
    allowed: Sequence[str] | None
    simulate: Mapping[str, FailureKind] | None
    mock_testing_fallbacks: bool
    seed: int | None
    observers: Sequence[Observer]


class ModelOptions(TypedDict, total=False):
    """The keywords of `atranscription`, which says what they mean."""

    language: str | None
    prompt: str | None
    response_format: ResponseFormat
    temperature: float | None
    timestamp_granularities: Timestamps | Sequence[Timestamps]
    translate: bool
    diarize: bool
    languages: str | Sequence[str]
    keywords: str | Sequence[str]
    known_speakers: Mapping[str, str] | None
    logprobs: bool
    chunking_strategy: str | Mapping[str, object] | None
    timeout: float | None
    api_key: str | None
    api_base: str | None
    num_retries: int
    fallbacks: str | Sequence[str]
    simulate: Mapping[str, FailureKind] | None
    mock_testing_fallbacks: bool
