"""Laws H1-H3, exactly: an onlooker who knows how each arm ends by itself says when each arm starts and which one wins."""

from collections.abc import Iterator
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.laws.cases import Case, cases, plan_of, planned, race, rewritten, spec_of
from tests.laws.outcomes import calls_below, outcomes
from tests.laws.simulation import Moments, Simulated, simulate
from tests.laws.worlds import World
from tests.plan_strategies import plans
from tests.plans import attempt
from tests.plans import plan_of as with_root
from tests.plans import race as planned_race
from tests.strategies import routing_nodes, seeds, worlds
from voxplan.engine.failure import STAR, FailureKind
from voxplan.engine.gates import failed_gates
from voxplan.engine.plan import Attempt, Gates, Plan, Race, attempts
from voxplan.engine.run import (
    Answered,
    Cancel,
    Cancelled,
    Command,
    Denied,
    Event,
    Failed,
    Finish,
    Observe,
    Release,
    Send,
    Served,
    Wake,
    Woke,
)
from voxplan.engine.spec import RouteNode


class Step(NamedTuple):
    """One step of a run: when, what happened (None: the run began), and what was commanded."""

    at_ms: int
    event: Event | None
    commands: tuple[Command, ...]


def steps(moments: Moments) -> Iterator[Step]:
    """The steps that these events and commands belong to."""
    at_ms, event, commands = moments[0][0], None, list[Command]()
    for moment_ms, each in moments:
        if isinstance(each, Command):
            commands.append(each)
        else:
            yield Step(at_ms, event, tuple(commands))
            at_ms, event, commands = moment_ms, each, []
    yield Step(at_ms, event, tuple(commands))


class Race1:
    """A race of attempts as an onlooker follows it: which arm starts at which event, by the words of H1 alone."""

    def __init__(self, node: Race) -> None:
        self.arms = tuple(attempts(node))
        self.node = node
        self.following = 0
        self.under_way = dict[int, Attempt]()
        self.before = dict[int, FailureKind]()
        self.tried = set[str]()
        self.timer: int | None = None
        self.closed = False

    def due(self, at_ms: int) -> Attempt | None:
        """The next arm that can start now, if any is left: those that cannot take no turn."""
        while self.following < len(self.arms) and not self.closed:
            arm = self.arms[self.following]
            self.following += 1
            ended = self.node.deadline_ms is not None and at_ms >= self.node.deadline_ms
            if arm.deployment not in self.tried and not ended:
                return arm
        return None

    def starts(self, step: Step) -> Attempt | None:
        """The arm that `step` has to start, if any."""
        match step.event:
            case None:
                return self.due(step.at_ms)
            case Woke(timer=timer) if timer == self.timer:
                return self.due(step.at_ms)
            case Denied(attempt=attempt) if self.under_way[attempt].node in self.before_retry():
                return self.fell(attempt, self.before[attempt], step)
            case Denied(attempt=attempt):
                self.tried.discard(self.under_way.pop(attempt).deployment)
                return self.due(step.at_ms)
            case Failed(attempt=attempt, failure=failure) if attempt in self.under_way:
                return self.fell(attempt, failure.kind, step)
            case Answered(attempt=attempt, transcript=transcript) if attempt in self.under_way:
                poor = failed_gates(self.under_way[attempt].gates, transcript)
                return self.fell(attempt, "poor_quality", step) if poor else None
            case _:
                return None

    def before_retry(self) -> set[str]:
        """The nodes that have a retry under way."""
        return {self.under_way[attempt].node for attempt in self.before if attempt in self.under_way}

    def fell(self, attempt: int, kind: FailureKind, step: Step) -> Attempt | None:
        """What follows when the call of an arm failed: nothing if it waits for its retry, else the next arm."""
        del self.under_way[attempt]
        waits = any(isinstance(command, Wake) for command in step.commands) and not _first_calls(step)
        if waits:
            return None
        if kind not in self.node.on:
            self.closed, self.timer = True, None
        return self.due(step.at_ms)

    def note(self, step: Step) -> None:
        """Remember the calls of the step, and the timer of the stagger after the one that is an arm's first."""
        for send in (command for command in step.commands if isinstance(command, Send)):
            self.under_way[send.attempt] = next(arm for arm in self.arms if arm.node == send.node)
            self.tried.add(send.deployment)
            if send.number == 1:
                wakes = [command for command in step.commands if isinstance(command, Wake)]
                assert [wake.at_ms for wake in wakes] == [step.at_ms + self.node.stagger_ms] * (self.following < len(self.arms))
                self.timer = wakes[0].timer if wakes else None
