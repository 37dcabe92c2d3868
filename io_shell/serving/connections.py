"""Connections of clients that do not say what they want: closed, unless the whole head of a request comes in time, and is short.

uvicorn waits for a head as long as it takes, and httptools takes one of any length. Once it is there, the gateway minds the
client's pace itself; of what was answered and is not fetched, the system lets go.
"""

import asyncio
import contextlib
import re
import socket
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ("PatientConfig", "fastest")

_MOST_UNUSED_BYTES: Final = 1 << 16  # as much as h11 takes for a head
_TOO_LONG: Final = "The head of the request is too long."
_HEAD_END: Final = b"\r\n\r\n"
_OFFER: Final = re.compile(rb"(?<=\r\n)upgrade(?=[ \t]*:)", re.IGNORECASE)
_DECLINED: Final = b"declined"


class PatientConfig(uvicorn.Config):
    """uvicorn's configuration, and how long a client may take for the head of a request."""

    head_s: Callable[[], float]


class _HeadTime:
    """How long a client has been waited for."""

    def __init__(self, transport: asyncio.BaseTransport, config: PatientConfig) -> None:
        self._transport = transport
        self._config = config
        self._end: asyncio.TimerHandle | None = None

    def look(self, *, is_waiting: bool) -> None:
        """Whether a head is waited for now; how long it has been waited for is not forgotten."""
        if not is_waiting:
            self.stop()
        elif self._end is None:
            self._end = asyncio.get_running_loop().call_later(self._config.head_s(), self._transport.close)

    def stop(self) -> None:
        """Nothing is waited for."""
        if self._end is not None:
            self._end.cancel()
            self._end = None


class _Patient(asyncio.Protocol):
    """What is added to uvicorn's protocols."""

    config: Any  # a PatientConfig
    cycle: Any  # the request under way, or the last one

    _head: _HeadTime

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        super().connection_made(transport)
        _let_go(transport, self.config.head_s())
        self._head = _HeadTime(transport, self.config)
        self._head.look(is_waiting=True)

    def data_received(self, data: bytes) -> None:
        """It says something."""
        super().data_received(data)
        self._head.look(is_waiting=not self.is_answering)

    @property
    def is_answering(self) -> bool:
        """Whether a request is under way."""
        return self.cycle is not None and not self.cycle.response_complete

    def connection_lost(self, exc: Exception | None) -> None:
        """It has left."""
        self._head.stop()
        super().connection_lost(exc)


class _PatientH11(_Patient, H11Protocol):
    """In Python."""


def fastest() -> type[asyncio.Protocol]:
    """The protocol to serve with: httptools, which costs about half of the CPU time, where it is installed."""
    if find_spec("httptools") is None:
        return _PatientH11
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol  # noqa: PLC0415 - not everywhere there is one

    class PatientHttpTools(_Patient, HttpToolsProtocol):
        """In C; what its parser would do wrong, `_Heads` sees to."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            """A client has come."""
            super().connection_made(transport)
            self._heads = _Heads()

        def data_received(self, data: bytes) -> None:
            """It says something."""
            super().data_received(self._heads.legible(data))
            if self._heads.are_too_long and not self.transport.is_closing():
                end = self.transport.close if self.is_answering else partial(self.send_400_response, _TOO_LONG)
                end()

        def on_message_begin(self) -> None:
            """A head begins: a whole one, or a part of one that came with the request before."""
            self._heads.begun()
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            """A head is over."""
            self._heads.of_use()
            super().on_headers_complete()
            if self.parser.should_upgrade():  # pyright: ignore[reportOptionalMemberAccess]
                self.transport.close()  # it came with the request before: nobody knows what follows

        def on_body(self, body: bytes) -> None:
            """A part of a body has come."""
            self._heads.of_use()
            super().on_body(body)

        def on_message_complete(self) -> None:
            """A request is over."""
            self._heads.ended()
            super().on_message_complete()

    return PatientHttpTools


class _Heads:
    """The heads of requests on one connection, before httptools gets them.

    Of whatever is no body (heads, what stands around chunks, trailers) it keeps any amount. And it takes what follows an offer
    of another protocol, as Java's clients make it of HTTP/2, for that protocol, so that the body would be lost and could be taken
    for a request: the offer is made illegible, which declines it.
    """

    def __init__(self) -> None:
        self._unused_bytes = 0  # that have come since the last that were of use
        self._is_between = True  # one request and the next
        self._held = b""  # what has come of a head

    @property
    def are_too_long(self) -> bool:
        """Whether too much has come that was of no use."""
        return self._unused_bytes > _MOST_UNUSED_BYTES

    def legible(self, data: bytes) -> bytes:
        """What the parser may have of what has come; a head when it is whole."""
        self._unused_bytes += len(data)
        if not self._is_between:
            return data
        head, end, rest = (self._held + data).partition(_HEAD_END)
        if end or self.are_too_long:
            self._held = b""
            return _OFFER.sub(_DECLINED, head) + end + rest
        self._held = head
        return b""

    def of_use(self) -> None:
        """A head is over, or something of a body has come."""
        self._unused_bytes = 0

    def begun(self) -> None:
        """The parser has the beginning of a head."""
        self._is_between = False

    def ended(self) -> None:
        """A request is over."""
        self._unused_bytes, self._is_between = 0, True


def _let_go(transport: asyncio.BaseTransport, idle_s: float) -> None:
    """Let the system end the connection when nothing of what was sent is fetched for so long, where it can.

    Closing alone does not: what is still to be sent would be kept for as long as the client likes.
    """
    option: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)
    connection: socket.socket | None = transport.get_extra_info("socket")
    if option is not None and connection is not None:
        with contextlib.suppress(OSError):  # it is no TCP, or has left already
            connection.setsockopt(socket.IPPROTO_TCP, option, max(1, round(1000 * idle_s)))
