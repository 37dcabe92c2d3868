"""Meeting the wants of one call: what an adapter asks for, one thing after another.

A call has one secret, its deployment's key or a token that was granted on the way, and at most one stream open at a time.
"""

from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Protocol, Self, assert_never

import msgspec
from anyio import move_on_after, sleep
from returns.result import Failure, Success

from voxplan.adapters.wire import (
    NOT_TIDIED,
    Done,
    Got,
    Granted,
    HttpRequest,
    HttpResponse,
    NextEvent,
    Pause,
    Recognise,
    Recognised,
    Tell,
    Token,
    Want,
)
from voxplan.engine.plans.router import RouterDeployment
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.io_shell.bodies import AudioSource
from voxplan.io_shell.credentials.store import CredentialStore
from voxplan.io_shell.streaming import EventStream
from voxplan.io_shell.transport import Transport

__all__ = ("Meeting", "Met", "Recogniser", "Telling", "Tools")

_TIDYING_S: Final = 5.0

Telling = Callable[[Tell], None]
"""Takes text that comes before the end of the call."""

Met = Success[Got] | Failure[AttemptFailure]


class Recogniser(Protocol):
    """Recognises on this machine."""

    async def recognise(
        self, want: Recognise, audio: AudioSource, patience_s: float = ...
    ) -> Success[Recognised] | Failure[AttemptFailure]:
        """What `audio` says; a recogniser that is busy is waited for `patience_s`."""
        ...


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """What wants are met with, shared by all calls."""

    transport: Transport
    recogniser: Recogniser
    credentials: CredentialStore


class Meeting:
    """`async with Meeting(…) as meeting`: the wants of one call are met until its end, which closes what is still open."""

    def __init__(
        self,
        tools: Tools,
        deployment: RouterDeployment,
        audio: AudioSource,
        key: str | None,
        telling: Telling,
        patience_s: float,
    ) -> None:
        """`patience_s` is how long the recogniser of this machine is waited for."""
        self._tools = tools
        self._deployment = deployment
        self._audio = audio
        self._secret = key
        self._telling = telling
        self._patience_s = patience_s
        self._granted: Token | None = None
        self._open = AsyncExitStack()
        self._stream: EventStream | None = None

    async def __aenter__(self) -> Self:
        """Nothing is open yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the stream that is open."""
        await self._open.aclose()

    async def meet(self, want: Want) -> Met:
        """What is wanted, or the failure in which the call ends."""
        match want:
            case HttpRequest():
                return await self._exchange(want)
            case NextEvent():
                return await self._next()
            case Tell():
                self._telling(want)
                return Success(Done())
            case Pause(ms=ms):
                await sleep(ms / 1000)
                return Success(Done())
            case Token():
                return await self._token(want)
            case Recognise():
                return await self._tools.recogniser.recognise(want, self._audio, self._patience_s)
            case _:
                assert_never(want)

    def ended(self, failure: AttemptFailure) -> None:
        """The call ended in `failure`: a token that was refused is not used again."""
        if failure.kind == "unauthorized" and self._granted is not None:
            self._tools.credentials.forget(self._granted.kind, self._deployment)

    async def _exchange(self, request: HttpRequest) -> Met:
        await self._close_stream()
        if request.method == "DELETE":
            return Success(await self._tidy(request))
        if not request.stream:
            return await self._tools.transport.send(request, self._audio, self._secret)
        opening = self._tools.transport.open(request, self._audio, self._secret)
        opened = await self._open.enter_async_context(opening)
        match opened:
            case Success(EventStream() as stream):
                self._stream = stream
                return Success(stream.head)
            case Success(whole):
                return Success(whole)
            case _:
                return opened

    async def _tidy(self, request: HttpRequest) -> HttpResponse:
        """What is left behind elsewhere is removed if that can be done soon; it never costs the transcript."""
        with move_on_after(_TIDYING_S):
            sent = await self._tools.transport.send(request, self._audio, self._secret)
            if isinstance(sent, Success):
                return sent.unwrap()
        return HttpResponse(status=NOT_TIDIED, headers=(), body=b"")

    async def _next(self) -> Met:
        if self._stream is None:
            raise RuntimeError("the adapter wants an event, and no stream is open")
        return await self._stream.next()

    async def _token(self, want: Token) -> Met:
        found = await self._tools.credentials.token(want.kind, self._deployment)
        if isinstance(found, Failure):
            return found
        held = found.unwrap()
        self._secret, self._granted = held.token, want
        granted: Granted = held.granted
        return Success(granted)

    async def _close_stream(self) -> None:
        """One exchange at a time."""
        self._stream = None
        await self._open.aclose()
        self._open = AsyncExitStack()
