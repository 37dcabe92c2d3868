"""The driver in a scripted world, without a shell: commands go into a queue of events, and events come out in order.

It is what a shell must do at least, with no time passing: a call that was sent ends when the world says so, or at its `until`;
a wake comes when it is due; a denial comes at once.
"""

import heapq
import itertools
from collections import Counter
from typing import NamedTuple, Protocol

from tests.laws.worlds import Made, Missed, Trace, World, event_of
from voxplan.engine.driving import advance, begin
from voxplan.engine.failure import AttemptFailure
from voxplan.engine.plan import Plan
from voxplan.engine.progress import Run
from voxplan.engine.run import Cancelled, Command, Denied, Event, Failed, Observation, Observe, Send, Wake, Woke, precedence

__all__ = ("Admission", "Simulated", "simulate", "trace_of")

TIME_IS_UP = AttemptFailure(kind="timed_out", reason="time is up")


class Admission(Protocol):
    """Who else may deny a call, and hears how calls ended."""

    def admit(self, send: Send, moment_ms: int) -> str | None:
        """Why not; None: granted."""
        ...

    def observe(self, observation: Observation) -> None:
        """A call ended."""
        ...


class Simulated(NamedTuple):
    """A finished run, all its commands and events with their moments, and what an onlooker saw."""

    run: Run
    commands: tuple[tuple[int, Command], ...]
    events: tuple[tuple[int, Event], ...]
    trace: Trace


def simulate(plan: Plan, world: World, began_ms: int = 0, admission: Admission | None = None) -> Simulated:
    """Run `plan` in `world` from `began_ms` on; what the world does not deny, `admission` may."""
    ahead = _Ahead(world, admission)
    if world.cancel_ms is not None:
        ahead.put(began_ms + world.cancel_ms, Cancelled())
    run, commands = begin(plan, began_ms)
    given, events, moment_ms = [(began_ms, command) for command in commands], list[tuple[int, Event]](), began_ms
    ahead.obey(commands, began_ms)
    while run.finished is None:
        moment_ms, event = ahead.take()
        events.append((moment_ms, event))
        run, commands = advance(run, event, moment_ms)
        given += [(moment_ms, command) for command in commands]
        ahead.obey(commands, moment_ms)
    return Simulated(run, tuple(given), tuple(events), trace_of(run, moment_ms))


class _Ahead:
    """The events to come, in order."""

    def __init__(self, world: World, admission: Admission | None) -> None:
        self._world = world
        self._admission = admission
        self._asked: Counter[str] = Counter()
        self._denied: list[tuple[int, Event]] = []
        self._queue: list[tuple[int, tuple[int, int], int, Event]] = []
        self._count = itertools.count()

    def put(self, moment_ms: int, event: Event) -> None:
        """Let `event` happen at `moment_ms`."""
        heapq.heappush(self._queue, (moment_ms, precedence(event), next(self._count), event))

    def take(self) -> tuple[int, Event]:
        """The next event. A denial is said before anything else can happen."""
        if self._denied:
            return self._denied.pop()
        moment_ms, _, _, event = heapq.heappop(self._queue)
        return moment_ms, event

    def obey(self, commands: tuple[Command, ...], moment_ms: int) -> None:
        """Plan ahead what follows from `commands`."""
        for command in commands:
            match command:
                case Send():
                    self._send(command, moment_ms)
                case Wake(timer=timer, at_ms=at_ms):
                    self.put(at_ms, Woke(timer=timer))
                case Observe(observation=observation) if self._admission is not None:
                    self._admission.observe(observation)
                case _:
                    pass

    def _send(self, send: Send, moment_ms: int) -> None:
        self._asked[send.deployment] += 1
        denied = "scripted" if (send.deployment, self._asked[send.deployment]) in self._world.denied else None
        if denied is None and self._admission is not None:
            denied = self._admission.admit(send, moment_ms)
        if denied is not None:
            self._denied.append((moment_ms, Denied(attempt=send.attempt, why=denied)))
            return
        call = self._world.call(send.deployment, send.number)
        if call.takes_ms is None or moment_ms + call.takes_ms > send.until_ms:
            self.put(send.until_ms, Failed(attempt=send.attempt, failure=TIME_IS_UP))
        else:
            self.put(moment_ms + call.takes_ms, event_of(call, send.attempt))


def trace_of(run: Run, moment_ms: int) -> Trace:
    """What an onlooker saw of a run that finished at `moment_ms`."""
    assert run.finished is not None
    calls = tuple(
        Made(
            node=each.node,
            deployment=each.deployment,
            number=each.number,
            start_ms=each.started_ms,
            end_ms=each.ended_ms,
            ending=each.ending if each.failure is None else each.failure.kind,
        )
        for each in run.trail
    )
    missed = tuple(Missed(each.node, each.deployment, each.at_ms, each.reason) for each in run.skipped)
    places = {each.attempt: place for place, each in enumerate(run.trail)}
    served = None if run.finished.served is None else places[run.finished.served]
    return Trace(calls, missed, served, run.finished.poor, run.finished.kind, moment_ms - run.started_ms)
