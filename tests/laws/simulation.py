"""The driver in a scripted world, without a shell: commands go into a queue of events, and events come out in order.

It is what a shell must do at least, in a dozen lines and with no time passing: a call that was sent ends when the world says so,
or at its `until`; a wake comes when it is due; a denial comes at once.
"""

import heapq
from typing import NamedTuple, Protocol

from tests.laws.worlds import Made, Missed, Trace, World, event_of
from voxplan.engine.driving import advance, begin
from voxplan.engine.failure import AttemptFailure
from voxplan.engine.plan import Plan
from voxplan.engine.progress import Run
from voxplan.engine.run import Cancelled, Command, Denied, Event, Failed, Observation, Observe, Send, Wake, Woke, precedence

__all__ = ("Admission", "Simulated", "simulate", "trace_of")

TIME_IS_UP = AttemptFailure(kind="timed_out", reason="time is up")


class Simulated(NamedTuple):
    """A finished run, all its commands and events with their moments, and what an onlooker saw."""

    run: Run
    commands: tuple[tuple[int, Command], ...]
    events: tuple[tuple[int, Event], ...]
    trace: Trace


class Admission(Protocol):
    """Who else may deny a call, and hears how calls ended."""

    def admit(self, send: Send, moment_ms: int) -> str | None:
        """Why not; None: granted."""
        ...

    def observe(self, observation: Observation) -> None:
        """A call ended."""
        ...


def simulate(plan: Plan, world: World, began_ms: int = 0, admission: Admission | None = None) -> Simulated:
    """Run `plan` in `world` from `began_ms` on; what the world does not deny, `admission` may."""
    queue: list[tuple[int, tuple[int, int], int, Event]] = []
    commands: list[tuple[int, Command]] = []
    events: list[tuple[int, Event]] = []
    asked: list[str] = []

    def later(moment_ms: int, event: Event) -> None:
        heapq.heappush(queue, (moment_ms, precedence(event), len(asked) + len(queue), event))

    def obey(given: tuple[Command, ...], moment_ms: int) -> Event | None:
        """Carry out `given`; the denial, if the last thing asked for was denied."""
        commands.extend((moment_ms, command) for command in given)
        for command in given:
            if isinstance(command, Observe) and admission is not None:
                admission.observe(command.observation)
            elif isinstance(command, Wake):
                later(command.at_ms, Woke(timer=command.timer))
            elif isinstance(command, Send):
                asked.append(command.deployment)
                if (command.deployment, asked.count(command.deployment)) in world.denied:
                    return Denied(attempt=command.attempt, why="scripted")
                if admission is not None and (why := admission.admit(command, moment_ms)) is not None:
                    return Denied(attempt=command.attempt, why=why)
                later(*_ending(command, world, moment_ms))
        return None

    if world.cancel_ms is not None:
        later(began_ms + world.cancel_ms, Cancelled())
    run, given = begin(plan, began_ms)
    moment_ms, event = began_ms, obey(given, began_ms)
    while run.finished is None:
        if event is None:
            moment_ms, _, _, event = heapq.heappop(queue)
        events.append((moment_ms, event))
        run, given = advance(run, event, moment_ms)
        event = obey(given, moment_ms)
    return Simulated(run, tuple(commands), tuple(events), trace_of(run, moment_ms))


def _ending(send: Send, world: World, moment_ms: int) -> tuple[int, Event]:
    call = world.call(send.deployment, send.number)
    if call.takes_ms is None or moment_ms + call.takes_ms > send.until_ms:
        return send.until_ms, Failed(attempt=send.attempt, failure=TIME_IS_UP)
    return moment_ms + call.takes_ms, event_of(call, send.attempt)


def trace_of(run: Run, moment_ms: int) -> Trace:
    """What an onlooker saw of a run that finished at `moment_ms`."""
    assert run.finished is not None
    calls = tuple(
        Made(each.node, each.deployment, each.number, each.started_ms, each.ended_ms, each.failure.kind if each.failure else each.ending)
        for each in run.trail
    )
    missed = tuple(Missed(each.node, each.deployment, each.at_ms, each.reason) for each in run.skipped)
    places = {each.attempt: place for place, each in enumerate(run.trail)}
    served = None if run.finished.served is None else places[run.finished.served]
    return Trace(calls, missed, served, run.finished.poor, run.finished.kind, moment_ms - run.started_ms)
