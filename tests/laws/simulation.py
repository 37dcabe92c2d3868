"""The driver in a scripted world, without a shell: commands go into a queue of events, and events come out in order.

It is what a shell must do at least, with no time passing: a call that was sent ends when the world says so, or at its `until`;
so does a check; a wake comes when it is due; a denial comes at once. What a simulated call is, is known without asking anybody.
"""

import heapq
import itertools
from collections import Counter
from typing import NamedTuple, Protocol

from tests.laws.worlds import Judged, Made, Missed, Says, Trace, World, call_of, event_of, verdict_of
from voxplan.engine.plans.plan import Plan
from voxplan.engine.runs.driving import advance, begin
from voxplan.engine.runs.progress import Run
from voxplan.engine.runs.run import (
    Broke,
    Cancelled,
    Check,
    Checked,
    Command,
    Delta,
    Denied,
    Event,
    Failed,
    Observation,
    Observe,
    Passed,
    Release,
    Send,
    Served,
    Unserved,
    Verdict,
    Wake,
    Woke,
    precedence,
)
from voxplan.engine.terms.failure import AttemptFailure

__all__ = ("Admission", "Moments", "Simulated", "simulate", "trace_of")

TIME_IS_UP = AttemptFailure(kind="timed_out", reason="time is up")

Moments = tuple[tuple[int, Command | Event], ...]


class Admission(Protocol):
    """Who else may deny a call, and hears how calls ended."""

    def admit(self, send: Send, moment_ms: int) -> str | None:
        """Why not; None: granted."""
        ...

    def observe(self, observation: Observation) -> None:
        """A call ended."""
        ...


class Simulated(NamedTuple):
    """A finished run, all its events and commands with their moments as they came, and what an onlooker saw."""

    run: Run
    moments: Moments
    trace: Trace

    @property
    def commands(self) -> tuple[tuple[int, Command], ...]:
        """What was commanded."""
        return tuple((at_ms, each) for at_ms, each in self.moments if isinstance(each, Command))

    @property
    def events(self) -> tuple[tuple[int, Event], ...]:
        """What happened."""
        return tuple((at_ms, each) for at_ms, each in self.moments if isinstance(each, Event))

    @property
    def denied(self) -> frozenset[int]:
        """The calls that were denied."""
        return frozenset(event.attempt for _, event in self.events if isinstance(event, Denied))

    @property
    def sent(self) -> tuple[Send, ...]:
        """The calls that were commanded and granted, simulated ones among them, in order."""
        return tuple(command for _, command in self.commands if isinstance(command, Send) and command.attempt not in self.denied)


def simulate(plan: Plan, world: World, began_ms: int = 0, admission: Admission | None = None) -> Simulated:
    """Run `plan` in `world` from `began_ms` on; what the world does not deny, `admission` may."""
    ahead = _Ahead(world, admission)
    if world.cancel_ms is not None:
        ahead.put(began_ms + world.cancel_ms, Cancelled())
    run, commands = begin(plan, began_ms)
    moments: list[tuple[int, Command | Event]] = [(began_ms, command) for command in commands]
    moment_ms = began_ms
    ahead.obey(commands, began_ms)
    while run.finished is None:
        moment_ms, event = ahead.take()
        run, commands = advance(run, event, moment_ms)
        moments += [(moment_ms, event), *((moment_ms, command) for command in commands)]
        ahead.obey(commands, moment_ms)
    return Simulated(run, tuple(moments), trace_of(run, tuple(moments), moment_ms))


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
        """The next event. A denial is said before anything else; of calls that were stopped something may still be heard."""
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
                case Check():
                    self._check(command, moment_ms)
                case Wake(timer=timer, at_ms=at_ms):
                    self.put(at_ms, Woke(timer=timer))
                case Observe(observation=observation) if self._admission is not None:
                    self._admission.observe(observation)
                case _:
                    pass

    def _send(self, send: Send, moment_ms: int) -> None:
        denied = None if send.simulated else self._denies(send, moment_ms)
        if denied is not None:
            self._denied.append((moment_ms, Denied(attempt=send.attempt, why=denied)))
            return
        call = call_of(self._world, send)
        ends_ms = None if call.takes_ms is None else moment_ms + call.takes_ms
        in_time = ends_ms is not None and ends_ms <= send.until_ms
        last_ms = ends_ms if ends_ms is not None and in_time else send.until_ms
        self.put(last_ms, event_of(call, send.attempt) if in_time else Failed(attempt=send.attempt, failure=TIME_IS_UP))
        if call.delta_ms is not None and moment_ms + call.delta_ms <= last_ms:
            self.put(moment_ms + call.delta_ms, Delta(attempt=send.attempt))

    def _denies(self, send: Send, moment_ms: int) -> str | None:
        self._asked[send.deployment] += 1
        if (send.deployment, self._asked[send.deployment]) in self._world.denied:
            return "scripted"
        return None if self._admission is None else self._admission.admit(send, moment_ms)

    def _check(self, check: Check, moment_ms: int) -> None:
        takes_ms, says = self._world.judgement(check.guardrail.name)
        if takes_ms is None or moment_ms + takes_ms > check.until_ms:
            late = Broke(why=f"no verdict within {check.until_ms - moment_ms} ms")
            self.put(check.until_ms, Checked(check=check.check, verdict=late))
        else:
            self.put(moment_ms + takes_ms, Checked(check=check.check, verdict=verdict_of(check, says)))


def trace_of(run: Run, moments: Moments, moment_ms: int) -> Trace:
    """What an onlooker saw of a run that finished at `moment_ms`; `moments` are its commands and events."""
    assert run.finished is not None
    ended = run.finished.ended
    trail = sorted(run.trail, key=lambda entry: entry.attempt)
    places = {each.attempt: place for place, each in enumerate(trail)}
    calls = tuple(
        Made(
            node=each.node,
            deployment=each.deployment,
            number=each.number,
            start_ms=each.started_ms,
            end_ms=each.ended_ms,
            ending=each.ending if each.failure is None else each.failure.kind,
            cause=each.cause,
            cost=each.cost,
        )
        for each in trail
    )
    released = [command.attempt for _, command in moments if isinstance(command, Release)]
    prompts = {send.prompt for _, send in moments if isinstance(send, Send) and send.attempt in places}
    assert len(prompts) <= 1
    return Trace(
        calls=calls,
        missed=tuple(Missed(each.node, each.deployment, each.at_ms, each.reason) for each in run.skipped),
        served=places[ended.attempt] if isinstance(ended, Served) else None,
        poor=isinstance(ended, Served) and ended.poor,
        kind=ended.kind if isinstance(ended, Unserved) else None,
        end_ms=moment_ms - run.started_ms,
        judged=tuple(_judged(moments, run.started_ms)),
        text=ended.transcript.text if isinstance(ended, Served) else None,
        prompt=next(iter(prompts), None),
        unchecked=ended.unchecked if isinstance(ended, Served) else (),
        guardrail=ended.guardrail if isinstance(ended, Unserved) else None,
        released=places[released[0]] if released else None,
    )


def _judged(moments: Moments, began_ms: int) -> list[Judged]:
    """The checks that were commanded and have ended, in their order."""
    ended = {event.check: (at_ms, event.verdict) for at_ms, event in moments if isinstance(event, Checked)}
    asked = [(at_ms, command) for at_ms, command in moments if isinstance(command, Check) and command.check in ended]
    return [
        Judged(check.guardrail.name, at_ms - began_ms, ended[check.check][0] - began_ms, _says(ended[check.check][1]))
        for at_ms, check in asked
    ]


def _says(verdict: Verdict) -> Says:
    if isinstance(verdict, Passed):
        return "passes" if verdict.prompt is None and verdict.transcript is None else "redacts"
    return "breaks" if isinstance(verdict, Broke) else "blocks"
