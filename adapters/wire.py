"""What adapters say to the shell and hear from it: HTTP exchanges and recognitions as data.

An adapter is a generator: it yields a `Want`, is sent the matching `Got`, and returns a Transcript or an AttemptFailure. It
never sees the audio (a body has a hole where the shell streams it in), never sees a secret (headers have a hole where the
shell puts it in), and never sees a clock (a pause is wanted like everything else).

| want | got |
|---|---|
| `HttpRequest` | `HttpResponse`; with `stream`, where the server streams indeed, `Streaming` instead |
| `NextEvent` | `ServerEvent`, or `StreamEnded` when the stream is over |
| `Tell` | `Done` |
| `Pause` | `Done` |
| `Token` | `Granted` |
| `Recognise` | `Recognised` |

A want that cannot be met ends the call in its failure, and the generator is closed. Not so a GET, which asks how a job is getting
on, and a DELETE, which tidies up: one that is not answered by anybody is answered with the status `UNANSWERED`, and the reason.
"""

from collections.abc import Callable, Generator
from typing import Final, Literal

import msgspec
from returns.result import Failure, Success

from voxplan.engine.language.spec import PassedOption
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import AudioFacts, Options
from voxplan.engine.terms.transcript import Segment, TokenLogprob, Transcript, Word

__all__ = (
    "UNANSWERED",
    "Adapter",
    "Base64Body",
    "Body",
    "Call",
    "Done",
    "Exchange",
    "Got",
    "Granted",
    "Header",
    "HttpRequest",
    "HttpResponse",
    "Multipart",
    "NextEvent",
    "Pause",
    "RawBody",
    "Recognise",
    "Recognised",
    "Secret",
    "ServerEvent",
    "StreamEnded",
    "Streaming",
    "Tell",
    "Token",
    "Want",
)


UNANSWERED: Final = 599
"""The status of a GET or DELETE that nobody answered."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt as an adapter sees it. `base_url` has been resolved; `has_key` says whether the deployment has a key.

    `filename` is the audio's name with an extension that fits its container; `size` its bytes. `settings` are those of the
    provider's table that are not secret, resolved. `extra` are the deployment's own request fields, to be passed on as they are.
    """

    provider: str
    model: str
    options: Options
    audio: AudioFacts
    filename: str
    size: int = 0
    base_url: str | None = None
    has_key: bool = True
    settings: tuple[tuple[str, str], ...] = ()
    extra: tuple[tuple[str, PassedOption], ...] = ()

    def setting(self, name: str) -> str | None:
        """What the deployment says about `name`, or None."""
        return dict(self.settings).get(name)


class Secret(msgspec.Struct, frozen=True):
    """The place in a header where the shell puts the deployment's secret, after `prefix`.

    That is its key, or once a `Token` has been granted in this call, that token.
    """

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


class RawBody(msgspec.Struct, frozen=True, kw_only=True):
    """The audio as it is."""

    content_type: str


class Base64Body(msgspec.Struct, frozen=True, kw_only=True):
    """A JSON body with the audio in base64 between `before` and `after`."""

    before: bytes
    after: bytes
    content_type: str = "application/json"


Body = Multipart | RawBody | Base64Body | bytes


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request as data. With `stream`, a success that is a stream of server-sent events comes event by event."""

    method: Literal["GET", "POST", "DELETE"]
    url: str
    headers: tuple[Header, ...]
    body: Body = b""
    stream: bool = False


class HttpResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One whole HTTP answer; header names are lower-case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first value of header `name` (lower-case), or None."""
        return next((value for key, value in self.headers if key == name), None)


class Streaming(HttpResponse, frozen=True, kw_only=True):
    """A success whose events follow, one for each `NextEvent`; its body is empty."""


class NextEvent(msgspec.Struct, frozen=True):
    """Wait for the next event of the stream that was opened last."""


class ServerEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One server-sent event: its data, several lines joined, and its name where it has one."""

    data: str
    event: str | None = None


class StreamEnded(msgspec.Struct, frozen=True):
    """The stream is over, as its server meant it; one that breaks off is a failure."""


class Tell(msgspec.Struct, frozen=True, kw_only=True):
    """Text that is there already: let whoever waits for it have it. `segment` is a finished one, with times."""

    delta: str = ""
    logprobs: tuple[TokenLogprob, ...] = ()
    segment: Segment | None = None


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """Wait for so long: a job is under way elsewhere."""

    ms: int


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """Have an access token of this kind ready: from here on it fills the holes for the secret."""

    kind: Literal["google", "entra"]


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """There is a token. `project` is the one that its credentials belong to; `quota_project` the one that is to be billed."""

    project: str | None = None
    quota_project: str | None = None


class Done(msgspec.Struct, frozen=True):
    """It has been done."""


class Recognise(msgspec.Struct, frozen=True, kw_only=True):
    """Recognise the audio on this machine with `model`: `default`, or the path of a faster-whisper model.

    `translate`: put into English what is said.
    """

    model: str
    language: str | None
    prompt: str | None
    temperature: float | None
    words: bool
    translate: bool = False


class Recognised(msgspec.Struct, frozen=True, kw_only=True):
    """What the local recogniser heard."""

    segments: tuple[Segment, ...]
    words: tuple[Word, ...] | None
    language: str | None
    seconds: float


Want = HttpRequest | NextEvent | Tell | Pause | Token | Recognise
Got = HttpResponse | ServerEvent | StreamEnded | Done | Granted | Recognised
Exchange = Generator[Want, Got, Success[Transcript] | Failure[AttemptFailure]]
Adapter = Callable[[Call], Exchange]
