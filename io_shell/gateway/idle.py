"""Clients that hold a connection without using it: one that sends no faster than a drip, one that reads nothing.

What a client may keep us waiting is kept as credit: it begins at the spec's `idle` and is never more. Waiting uses it up second
by second, and each KiB that comes earns a second back. So silence for `idle` is over it at once, and so is, some time later, a
client that sends a byte now and then. Only time in which we wait for the client counts, not the other way round.
"""

from collections.abc import Iterator
from typing import Final

import anyio
from msgspec.structs import replace
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Send

from voxplan.engine.terms.quantity import Span, print_span
from voxplan.io_shell.gateway.envelopes import Problem, Refused, stated

__all__ = ("LEAST_BYTES_PER_S", "attended")

LEAST_BYTES_PER_S: Final = 1024
"""A client that sends less on average is given up: speech in the most frugal codec in use has as much (8 kbit/s)."""

_PIECE_BYTES: Final = 1 << 16  # of a long answer, so that progress in its middle is seen


def attended(receive: Receive, send: Send, idle: Span) -> tuple[Receive, Send]:
    """The two ends of a connection whose client is not waited for beyond `idle`."""
    connection = _Attended(receive, send, idle.base_ms)
    return connection.receive, connection.send


class _Attended:
    """A connection whose client is not waited for beyond its credit."""

    def __init__(self, receive: Receive, send: Send, idle_ms: int) -> None:
        """All the credit there may be."""
        self._receive = receive
        self._send = send
        self._idle_ms = idle_ms
        self._credit_s = idle_ms / 1000
        self._sent_all = False  # by the client: from then on there is nothing to wait for but its leaving
        self._gone = False

    async def receive(self) -> Message:
        """The next message of the client. Raises Refused with 408 when it does not come in time."""
        if self._sent_all:
            return await self._receive()
        begun = anyio.current_time()
        with anyio.move_on_after(self._credit_s):
            message = await self._receive()
            self._earn(message, anyio.current_time() - begun)
            return message
        raise Refused(self._too_slow())

    async def send(self, message: Message) -> None:
        """Send a message. Raises ClientDisconnect when nothing of it is read for `idle`: that client is as good as gone."""
        for piece in _pieces(message):
            if self._gone:
                raise ClientDisconnect
            with anyio.move_on_after(self._idle_ms / 1000) as waiting:
                await self._send(piece)
            self._gone = waiting.cancelled_caught
        if self._gone:
            raise ClientDisconnect

    def _earn(self, message: Message, waited_s: float) -> None:
        body: bytes = message.get("body", b"")
        earned_s = len(body) / LEAST_BYTES_PER_S
        self._credit_s = min(self._idle_ms / 1000, self._credit_s - waited_s + earned_s)
        self._sent_all = not message.get("more_body", False)

    def _too_slow(self) -> Problem:
        patience = print_span(Span(self._idle_ms))
        message = f"the upload came too slowly: nothing for {patience}, or for longer less than {LEAST_BYTES_PER_S} bytes/s"
        return replace(stated(408, message, code="upload_too_slow"), headers=(("connection", "close"),))


def _pieces(message: Message) -> Iterator[Message]:
    """A message whose body is long, as several."""
    body: bytes = message.get("body", b"")
    if len(body) <= _PIECE_BYTES:
        yield message
        return
    for offset in range(0, len(body), _PIECE_BYTES):
        more = offset + _PIECE_BYTES < len(body) or message.get("more_body", False)
        yield {**message, "body": body[offset : offset + _PIECE_BYTES], "more_body": more}
