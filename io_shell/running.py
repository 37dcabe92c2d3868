"""The shell's loop: it does what the driver commands and reports what happens. It owns no policy.

Every call runs in its own task under its own cancel scope. The loop waits for the next thing to happen, which is a call that
ended or a moment that came (a call's `until`, a wake), and hands it to the driver. What happens at one instant is handed over
in the engine's order.
"""

import heapq
import itertools
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final, Protocol

import anyio
import anyio.lowlevel
import msgspec
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectReceiveStream
from returns.result import Failure, Success

from voxplan.engine.driving import advance, begin
from voxplan.engine.failure import AttemptFailure
from voxplan.engine.plan import Plan
from voxplan.engine.progress import Run
from voxplan.engine.run import (
    Answered,
    Cancel,
    Cancelled,
    Command,
    Denied,
    Event,
    Failed,
    Finish,
    Observation,
    Observe,
    Send,
    Wake,
    Woke,
    precedence,
)
from voxplan.engine.transcript import Transcript
from voxplan.io_shell.clock import Clock

__all__ = (
    "Admission",
    "Happened",
    "Observer",
    "Outcome",
    "Performer",
    "Ran",
    "run_plan",
)

_LOG: Final = logging.getLogger("voxplan")

# How many turns of the event loop a call that ends at an instant may need to say so, when a timer fires at that same instant.
_SETTLE: Final = 4
_INBOX: Final = 512  # more than the calls a plan may have (256), so that a call that ends never waits to say so

Outcome = Success[Transcript] | Failure[AttemptFailure]
Performer = Callable[[Send], Awaitable[Outcome]]
"""Carries out one call. It is cancelled when the call's time is over."""


class Admission(Protocol):
    """Who grants slots and hears how calls ended; see `keeper`."""

    def admit(self, send: Send, moment_ms: int) -> str | None:
        """Take a slot for `send`, or say in one line why not."""
        ...

    def observe(self, observation: Observation) -> None:
        """A call ended."""
        ...


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened in a run: a command that was carried out, or an event that was reported."""

    moment_ms: int
    what: Command | Event


Observer = Callable[[Happened], None]


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is over, and the transcript it serves, if any."""

    run: Run
    finish: Finish
    transcript: Transcript | None


async def run_plan(plan: Plan, perform: Performer, admission: Admission, clock: Clock, observers: Sequence[Observer] = ()) -> Ran:
    """Carry out `plan` and return how it ended. Cancelled from outside, it stops every call and observes them as cancelled."""
    loop = _Loop(perform, admission, clock, observers)
    async with anyio.create_task_group() as tasks:
        try:
            await loop.carry_out(plan, tasks)
        except anyio.get_cancelled_exc_class():
            loop.cancel()
            raise
        finally:
            loop.close()
    return loop.ran()


class _Loop:
    """What is under way in one run: calls with their scopes, moments to come, and what has happened but is not handed over."""

    def __init__(self, perform: Performer, admission: Admission, clock: Clock, observers: Sequence[Observer]) -> None:
        self._perform = perform
        self._admission = admission
        self._clock = clock
        self._observers = observers
        self._scopes: dict[int, anyio.CancelScope] = {}
        self._timers: list[tuple[int, int, Event]] = []
        self._timers_set = itertools.count()
        self._denied: list[tuple[int, Event]] = []
        self._ended, self._inbox = anyio.create_memory_object_stream[tuple[int, Event]](_INBOX)
        self._tasks: TaskGroup
        self._run: Run
        self._transcripts: dict[int, Transcript] = {}

    async def carry_out(self, plan: Plan, tasks: TaskGroup) -> None:
        """From the first command to the last; calls run in `tasks`."""
        self._tasks = tasks
        moment_ms = self._clock.now_ms()
        self._take(begin(plan, moment_ms), moment_ms)
        while self._run.finished is None:
            for moment_ms, event in await self._happened():
                self._tell(moment_ms, event)
                self._take(advance(self._run, event, moment_ms), moment_ms)

    def ran(self) -> Ran:
        """The run that is over."""
        finish = self._run.finished
        if finish is None:
            raise RuntimeError("the run is not over")
        served = finish.served
        return Ran(run=self._run, finish=finish, transcript=None if served is None else self._transcripts[served])

    def cancel(self) -> None:
        """The caller went away."""
        moment_ms = self._clock.now_ms()
        self._take(advance(self._run, Cancelled(), moment_ms), moment_ms)

    def close(self) -> None:
        """Take nothing more in, and stop what is still out."""
        for attempt in tuple(self._scopes):
            self._stop(attempt)
        self._ended.close()
        self._inbox.close()

    def _take(self, step: tuple[Run, tuple[Command, ...]], moment_ms: int) -> None:
        """Carry out what the driver commands, in order and without waiting."""
        self._run, commands = step
        for command in commands:
            self._tell(moment_ms, command)
            match command:
                case Send():
                    self._send(command, moment_ms)
                case Wake(timer=timer, at_ms=at_ms):
                    self._set_timer(at_ms, Woke(timer=timer))
                case Cancel(attempt=attempt):
                    self._stop(attempt)
                case Observe(observation=observation):
                    self._admission.observe(observation)
                case Finish():
                    pass

    def _tell(self, moment_ms: int, what: Command | Event) -> None:
        """Let the observers see it; one that raises is logged and changes nothing (law X4)."""
        for observer in self._observers:
            try:
                observer(Happened(moment_ms=moment_ms, what=what))
            except Exception:  # noqa: BLE001 - whatever an embedding service's observer does wrong stays its own
                _LOG.exception("an observer of the run raised")

    async def _happened(self) -> list[tuple[int, Event]]:
        """Wait until something has happened, and return all that has, in the order of moments and of the engine."""
        happened, self._denied = self._denied, []
        if not happened:
            happened = await self._wait()
        return sorted(happened, key=lambda entry: (entry[0], precedence(entry[1])))

    async def _wait(self) -> list[tuple[int, Event]]:
        happened: list[tuple[int, Event]] = []
        deadline = self._clock.loop_time(self._timers[0][0]) if self._timers else float("inf")
        with anyio.CancelScope(deadline=deadline):
            happened.append(await self._inbox.receive())
        if not happened:
            for _ in range(_SETTLE):
                await anyio.lowlevel.checkpoint()
        happened.extend(_drained(self._inbox))
        happened.extend(self._due())
        return happened

    def _due(self) -> Iterator[tuple[int, Event]]:
        """The moments that have come. A call whose time is over is stopped; one that has ended needs no timer any more."""
        now_ms = self._clock.now_ms()
        while self._timers and self._timers[0][0] <= now_ms:
            at_ms, _, event = heapq.heappop(self._timers)
            if isinstance(event, Failed):
                scope = self._scopes.pop(event.attempt, None)
                if scope is None:
                    continue
                scope.cancel()
            yield at_ms, event

    def _set_timer(self, at_ms: int, event: Event) -> None:
        # The count keeps the heap from comparing events; their order at one instant is the engine's.
        heapq.heappush(self._timers, (at_ms, next(self._timers_set), event))

    def _stop(self, attempt: int) -> None:
        """Stop a call; one that ended at this instant, and has not been heard yet, has no scope any more."""
        scope = self._scopes.pop(attempt, None)
        if scope is not None:
            scope.cancel()

    def _send(self, send: Send, moment_ms: int) -> None:
        denied = self._admission.admit(send, moment_ms)
        if denied is not None:
            self._denied.append((moment_ms, Denied(attempt=send.attempt, why=denied)))
            return
        scope = self._scopes[send.attempt] = anyio.CancelScope()
        failure = AttemptFailure(kind="timed_out", reason=f"no whole answer within {send.until_ms - send.at_ms} ms")
        self._set_timer(send.until_ms, Failed(attempt=send.attempt, failure=failure))
        self._tasks.start_soon(self._call, send, scope)

    async def _call(self, send: Send, scope: anyio.CancelScope) -> None:
        with scope:
            event = await self._outcome(send)
            if self._scopes.pop(send.attempt, None) is not None:
                self._ended.send_nowait((self._clock.now_ms(), event))

    async def _outcome(self, send: Send) -> Event:
        try:
            outcome = await self._perform(send)
        except Exception as bug:  # noqa: BLE001 - the one boundary where our own faults become the failure `adapter_bug`
            _LOG.exception("the adapter of deployment `%s` raised", send.deployment)
            reason = f"{type(bug).__name__} in the adapter of `{send.deployment}`"
            return Failed(attempt=send.attempt, failure=AttemptFailure(kind="adapter_bug", reason=reason))
        if isinstance(outcome, Failure):
            return Failed(attempt=send.attempt, failure=outcome.failure())
        self._transcripts[send.attempt] = outcome.unwrap()
        return Answered(attempt=send.attempt, transcript=outcome.unwrap())


def _drained(inbox: MemoryObjectReceiveStream[tuple[int, Event]]) -> list[tuple[int, Event]]:
    waiting = inbox.statistics().current_buffer_used
    return [inbox.receive_nowait() for _ in range(waiting)]
