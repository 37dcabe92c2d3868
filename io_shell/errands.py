"""What is under way in one run, and what happens next: errands in tasks of their own, and moments to come.

An errand is a call or a check. It has until a moment; then it is stopped, and what was written down for that case happens
instead. `next` returns what happened in the order of moments, and at one instant in the engine's order, whoever spoke first.
Nothing here knows what any of it means.
"""

import heapq
import itertools
import math
from collections.abc import Awaitable, Callable
from typing import Final, Literal

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup

from voxplan.engine.runs.run import Checked, Event, Failed, precedence
from voxplan.io_shell.clock import Clock

__all__ = ("Errand", "Errands")

Errand = tuple[Literal["call", "check"], int]
"""A call or a check, by its id."""

# How many turns of the event loop those that end at one instant may need until all of them have said so.
_SETTLE: Final = 8
_INSTANT_S: Final = 1e-6  # what is due at one moment may be some rounding of its seconds apart
_INBOX: Final = 2048  # more than 256 calls and their checks can say, so that none of them ever waits to say it


class Errands:
    """The errands of one run. Whoever made it closes it, before the task group ends."""

    def __init__(self, clock: Clock) -> None:
        """Nothing is under way, and cannot be before `enter`."""
        self._clock = clock
        self._tasks: TaskGroup
        self._scopes: dict[Errand, anyio.CancelScope] = {}
        self._timers: list[tuple[int, int, Event]] = []
        self._happened: list[tuple[int, tuple[int, int], int, Event]] = []
        self._count = itertools.count()  # keeps the heaps from comparing events
        self._said, self._inbox = anyio.create_memory_object_stream[tuple[int, Event]](_INBOX)

    def enter(self, tasks: TaskGroup) -> None:
        """From now on errands run in `tasks`."""
        self._tasks = tasks

    def start(self, errand: Errand, report: Callable[[], Awaitable[Event]], until_ms: int, late: Event) -> None:
        """Run `report`, whose event happens when it returns; at `until_ms` it is stopped, and `late` happens instead."""
        scope = self._scopes[errand] = anyio.CancelScope()
        self.remind(until_ms, late)
        self._tasks.start_soon(self._carry_out, errand, scope, report, until_ms)

    def stop(self, errand: Errand) -> bool:
        """Stop it, if it has not ended; one that has, even if nobody has heard of it yet, has no scope any more."""
        scope = self._scopes.pop(errand, None)
        if scope is not None:
            scope.cancel()
        return scope is not None

    def say(self, errand: Errand, event: Event) -> None:
        """Something of an errand that goes on."""
        if errand in self._scopes:
            self._said.send_nowait((self._clock.now_ms(), event))

    def remind(self, at_ms: int, event: Event) -> None:
        """Let `event` happen at `at_ms`."""
        heapq.heappush(self._timers, (at_ms, next(self._count), event))

    def put(self, moment_ms: int, event: Event) -> None:
        """`event` happened at `moment_ms`."""
        heapq.heappush(self._happened, (moment_ms, precedence(event), next(self._count), event))

    def close(self) -> None:
        """Take nothing more in, and stop what is still out."""
        for errand in tuple(self._scopes):
            self.stop(errand)
        self._said.close()
        self._inbox.close()

    async def next(self) -> tuple[int, Event]:
        """The next thing that happened, and when; waits for one if need be."""
        while True:
            if not self._happened:
                await self._wait()
            await self._settle()
            self._collect()
            if self._happened:
                moment_ms, _, _, event = heapq.heappop(self._happened)
                return moment_ms, event

    async def _wait(self) -> None:
        """Until something is said, or the next moment comes."""
        with anyio.CancelScope(deadline=self._after(self._timers[0][0]) if self._timers else math.inf):
            self.put(*await self._inbox.receive())

    async def _settle(self) -> None:
        """Let all that ends at this instant say so, before a moment that comes at this instant is taken in."""
        if self._timers and self._timers[0][0] <= self._clock.now_ms():
            await anyio.sleep_until(self._after(self._timers[0][0]))
        for _ in range(_SETTLE):
            await anyio.lowlevel.checkpoint()

    def _after(self, moment_ms: int) -> float:
        return self._clock.loop_time(moment_ms) + _INSTANT_S

    def _collect(self) -> None:
        """Take in what has been said, and the moments that have come."""
        for _ in range(self._inbox.statistics().current_buffer_used):
            self.put(*self._inbox.receive_nowait())
        now_ms = self._clock.now_ms()
        while self._timers and self._timers[0][0] <= now_ms:
            at_ms, _, event = heapq.heappop(self._timers)
            errand = _ended_by(event)
            if errand is None or self.stop(errand):
                self.put(at_ms, event)

    async def _carry_out(
        self, errand: Errand, scope: anyio.CancelScope, report: Callable[[], Awaitable[Event]], until_ms: int
    ) -> None:
        with scope:
            event = await report()
            now_ms = self._clock.now_ms()
            # What comes after its time is left to the timer, which knows when that was; what was stopped says nothing.
            if now_ms <= until_ms and self._scopes.pop(errand, None) is not None:
                self._said.send_nowait((now_ms, event))


def _ended_by(event: Event) -> Errand | None:
    """The errand whose time a timer ends."""
    match event:
        case Failed(attempt=attempt):
            return "call", attempt
        case Checked(check=check):
            return "check", check
        case _:
            return None
