"""Meeting the wants of one call: what an adapter asks for, one thing after another.

A call has one secret, its deployment's key or a token that was granted on the way, and at most one stream open at a time.
"""

import math
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self, assert_never

import msgspec
from anyio import move_on_after, sleep
from returns.result import Failure, Success

from voxplan.adapters.wire import (
    UNANSWERED,
    Done,
    Got,
    Granted,
    HttpRequest,
    HttpResponse,
    NextEvent,
    Pause,
    Recognise,
    Tell,
    Token,
    Want,
)
from voxplan.engine.plans.router import RouterDeployment
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.io_shell.audio.source import AudioSource
from voxplan.io_shell.credentials.store import CredentialStore
from voxplan.io_shell.local.pool import LocalRecogniser
from voxplan.io_shell.streaming import EventStream
from voxplan.io_shell.transport import Transport

__all__ = ("Meeting", "Met", "Telling", "Tools")

_TIDYING_S: Final = 5.0

Telling = Callable[[Tell], None]
"""Takes text that comes before the end of the call."""

Met = Success[Got] | Failure[AttemptFailure]


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """What wants are met with, shared by all calls."""

    transport: Transport
    recogniser: LocalRecogniser
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
            self._tools.credentials.forget(self._granted.kind, self._deployment, self._secret)

    async def _exchange(self, request: HttpRequest) -> Met:
        await self._close_stream()
        if request.method != "POST":
            return Success(await self._asked(request))
        return await (self._opened(request) if request.stream else self._tools.transport.send(request, self._audio, self._secret))

    async def _opened(self, request: HttpRequest) -> Met:
        opened = await self._open.enter_async_context(self._tools.transport.open(request, self._audio, self._secret))
        if isinstance(opened, Failure):
            return opened
        answer = opened.unwrap()
        if isinstance(answer, EventStream):
            self._stream = answer
            return Success(answer.head)
        return Success(answer)

    async def _asked(self, request: HttpRequest) -> HttpResponse:
        """The answer, or one that says why there is none: what only asks or tidies up does not end the call by itself."""
        with move_on_after(_TIDYING_S if request.method == "DELETE" else math.inf):
            sent = await self._tools.transport.send(request, self._audio, self._secret)
            return sent.unwrap() if isinstance(sent, Success) else _unanswered(sent.failure().reason)
        return _unanswered("not within the time that tidying up is given")

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


def _unanswered(why: str) -> HttpResponse:
    return HttpResponse(status=UNANSWERED, headers=(), body=msgspec.json.encode({"error": {"message": why}}))
