"""An answer that comes as server-sent events: one at a time, as the adapter wants them."""

import math
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final, cast

import anyio
import httpx
from returns.result import Failure, Success

from voxplan.adapters.server_events import EventReader
from voxplan.adapters.wire import ServerEvent, StreamEnded, Streaming
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.io_shell.keyless import Keyless

__all__ = ("EventStream", "Misread")

Misread = Callable[[Exception], AttemptFailure]

# After the last event that anybody wants, a stream is as good as over: it is read to its end so that its connection serves again.
_CLOSING_S: Final = 0.5


class EventStream:
    """The events of one open answer. Whoever opened it closes it."""

    def __init__(self, response: httpx.Response, head: Streaming, keyless: Keyless, most: int, misread: Misread) -> None:
        """`most` bytes are read at most; `misread` is the failure that an exception of httpx stands for."""
        self.head = head
        self._pieces = cast("AsyncGenerator[bytes]", response.aiter_raw())
        self._reader = EventReader()
        self._waiting: list[ServerEvent] = []
        self._left = most
        self._over = False
        self._keyless = keyless
        self._misread = misread

    async def next(self) -> Success[ServerEvent | StreamEnded] | Failure[AttemptFailure]:
        """The next event, the end, or why there is neither."""
        while not self._waiting and not self._over:
            try:
                piece = await anext(self._pieces, None)
            except (httpx.HTTPError, httpx.StreamError, OSError) as problem:
                self._over = True
                return Failure(self._misread(problem))
            self._left -= len(piece or b"")
            if self._left < 0:
                self._over = True
                return Failure(self._too_long())
            self._over = piece is None
            self._waiting.extend(self._reader.end() if piece is None else self._reader.read(piece))
        if not self._waiting:
            return Success(StreamEnded())
        event = self._waiting.pop(0)
        return Success(ServerEvent(data=self._keyless.text(event.data), event=event.event))

    async def close(self) -> None:
        """Let go of the answer.

        What is still to come is read, for a moment. Generators of httpx that are left half-way would be closed by chance, so
        the reading is ended from within.
        """
        left = anyio.current_effective_deadline() == -math.inf  # the call was cancelled: somebody waits for it to be gone
        with anyio.move_on_after(0 if left else _CLOSING_S, shield=True) as closing:
            async with aclosing(self._pieces):
                try:
                    async for piece in self._pieces:
                        self._left -= len(piece)
                        if self._left < 0:
                            closing.cancel()
                except (httpx.HTTPError, httpx.StreamError, OSError):
                    pass  # nobody wants to know any more

    def _too_long(self) -> AttemptFailure:
        reason = f"http {self.head.status}: a stream that does not end"
        return AttemptFailure(kind="bad_answer", reason=reason, sent="yes", charged="maybe", status=self.head.status)
