"""What adapters say to the shell and hear from it: HTTP exchanges and recognitions as data.

An adapter is a generator: it yields a `Want`, is sent the matching `Got`, and returns a Transcript or an AttemptFailure. It
never sees the audio (the body has a hole where the shell streams it in) and never sees a secret (headers have a hole where
the shell puts it in).
"""

from collections.abc import Callable, Generator
from typing import Literal

import msgspec
from returns.result import Failure, Success

from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import AudioFacts, Options
from voxplan.engine.terms.transcript import Segment, Transcript, Word

__all__ = (
    "Adapter",
    "Call",
    "Exchange",
    "Got",
    "Header",
    "HttpRequest",
    "HttpResponse",
    "Multipart",
    "Recognise",
    "Recognised",
    "Secret",
    "Want",
)


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt as an adapter sees it. `base_url` has been resolved; `has_key` says whether the deployment has a key.

    `filename` is the audio's name with an extension that fits its container.
    """

    provider: str
    model: str
    options: Options
    audio: AudioFacts
    filename: str
    base_url: str | None = None
    has_key: bool = True


class Secret(msgspec.Struct, frozen=True):
    """The place in a header where the shell puts the deployment's key, after `prefix`."""

    prefix: str = ""


class Header(msgspec.Struct, frozen=True):
    """One header; names are lower-case."""

    name: str
    value: str | Secret


class Multipart(msgspec.Struct, frozen=True, kw_only=True):
    """A `multipart/form-data` body: the text fields in order, then the audio as `file_field`."""

    fields: tuple[tuple[str, str], ...]
    file_field: str
    filename: str
    content_type: str


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request as data."""

    method: Literal["GET", "POST", "DELETE"]
    url: str
    headers: tuple[Header, ...]
    body: Multipart | bytes = b""


class HttpResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One whole HTTP answer; header names are lower-case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first value of header `name` (lower-case), or None."""
        return next((value for key, value in self.headers if key == name), None)


class Recognise(msgspec.Struct, frozen=True, kw_only=True):
    """Recognise the audio on this machine with `model`: `default`, or the path of a faster-whisper model."""

    model: str
    language: str | None
    prompt: str | None
    temperature: float | None
    words: bool


class Recognised(msgspec.Struct, frozen=True, kw_only=True):
    """What the local recogniser heard."""

    segments: tuple[Segment, ...]
    words: tuple[Word, ...] | None
    language: str | None
    seconds: float


Want = HttpRequest | Recognise
Got = HttpResponse | Recognised
Exchange = Generator[Want, Got, Success[Transcript] | Failure[AttemptFailure]]
Adapter = Callable[[Call], Exchange]
