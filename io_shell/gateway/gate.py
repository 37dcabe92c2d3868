"""How many requests are served at once: as many as the policy in force says, a short queue behind them, and no more.

First come, first served. A request that waits has been read no further than a little, so that a client that leaves is noticed and
none that stays costs memory.
"""

from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final

import anyio
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from voxplan.engine.language.gateway import Gateway
from voxplan.engine.terms.quantity import print_span
from voxplan.io_shell.gateway.envelopes import Refused, stated

__all__ = ("Gate",)

_AHEAD_BYTES: Final = 1 << 16  # what a waiting client may have sent: from then on nobody reads until it is its turn
_FIRST_GUESS_S: Final = 5.0
_NEWEST: Final = 0.2  # how much the newest request says about how long requests take
_SHORTEST_MS: Final = 1_000
_LONGEST_MS: Final = 60_000


class Gate:
    """Lets requests in, one after another."""

    def __init__(self, limits: Callable[[], Gateway]) -> None:
        """`limits` are those in force."""
        self._limits = limits
        self._inside = 0
        self._waiting: deque[_Place] = deque()
        self._usual_s = _FIRST_GUESS_S

    @property
    def inside(self) -> int:
        """How many are being served."""
        return self._inside

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    @asynccontextmanager
    async def passed(self, receive: Receive) -> AsyncGenerator[Receive]:
        """Inside from when it is this request's turn; the way to go on reading it.

        Raises Refused when too many wait already, or after too long a wait; ClientDisconnect when the client left before.
        """
        ahead = await self._let_in(receive)
        begun = anyio.current_time()
        try:
            yield ahead
        finally:
            self._usual_s += _NEWEST * (anyio.current_time() - begun - self._usual_s)
            self._leave()

    def look(self) -> None:
        """Let in whoever may come in now: somebody left, or the limits are others."""
        while self._waiting and self._inside < self._limits().in_flight:
            self._inside += 1
            self._waiting.popleft().call()

    async def _let_in(self, receive: Receive) -> Receive:
        limits = self._limits()
        if self._inside < limits.in_flight and not self._waiting:
            self._inside += 1
            return receive
        if len(self._waiting) >= limits.queue:
            raise self._busy(limits)
        place, ahead = _Place(), _Ahead(receive)
        self._waiting.append(place)
        try:
            await ahead.read_until(place, limits.queue_wait.base_ms / 1000)
        except BaseException:
            if place.is_called:  # and is not there to take it
                self._leave()
            raise
        finally:
            if not place.is_called:
                self._waiting.remove(place)
        if not place.is_called:
            raise ClientDisconnect if ahead.client_left else self._busy(limits, waited=True)
        return ahead.receive

    def _leave(self) -> None:
        self._inside -= 1
        self.look()

    def _busy(self, limits: Gateway, *, waited: bool = False) -> Refused:
        rounds = (len(self._waiting) + 1) / limits.in_flight
        wait_ms = round(min(_LONGEST_MS, max(_SHORTEST_MS, 1000 * self._usual_s * rounds)))
        others = f"this one waited {print_span(limits.queue_wait)} in vain" if waited else f"{len(self._waiting)} wait"
        message = f"too many requests at once: {self._inside} are being served, {others}"
        return Refused(stated(503, message, code="overloaded", retry_after_ms=wait_ms))


class _Place:
    """One place in the queue."""

    def __init__(self) -> None:
        self.is_called = False
        self._called = anyio.Event()

    def call(self) -> None:
        """It is its turn."""
        self.is_called = True
        self._called.set()

    async def wait(self) -> None:
        """Until it is."""
        await self._called.wait()


class _Ahead:
    """A request of which a little is read while it waits; `receive` gives that first."""

    def __init__(self, receive: Receive) -> None:
        self.client_left = False
        self._receive = receive
        self._read: deque[Message | Exception] = deque()

    async def receive(self) -> Message:
        """The next message, as if nobody had read it."""
        if not self._read:
            return await self._receive()
        found = self._read.popleft()
        if isinstance(found, Exception):
            raise found
        return found

    async def read_until(self, place: _Place, wait_s: float) -> None:
        """Read a little, until it is the turn of `place`, the client left, or `wait_s` are over."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._read_on, tasks.cancel_scope)
            with anyio.move_on_after(wait_s):
                await place.wait()
            tasks.cancel_scope.cancel()

    async def _read_on(self, waiting: anyio.CancelScope) -> None:
        held = 0
        while held < _AHEAD_BYTES:
            try:
                message = await self._receive()
            except Exception as problem:  # noqa: BLE001 - it goes on in `receive`, when it is this request's turn
                self._read.append(problem)
                return
            self._read.append(message)
            held += len(message.get("body", b""))
            if message["type"] == "http.disconnect":
                self.client_left = True
                waiting.cancel()
                return
