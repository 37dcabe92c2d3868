"""Laws H1-H3, exactly: an onlooker follows a race event by event and says which arm starts, which wins, and who has to stop."""

from collections.abc import Iterator
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.laws.cases import Case, cases, first, plan_of, planned, race, rewritten, spec_of, use
from tests.laws.outcomes import calls_below, outcomes
from tests.laws.simulation import Simulated, simulate
from tests.laws.worlds import World, scripted_world
from tests.plan_strategies import KINDS_IN_PLAY, plans
from tests.plans import attempt
from tests.plans import plan_of as plan_with
from tests.plans import race as race_of
from tests.strategies import DEPLOYMENTS, routing_nodes, seeds, worlds
from voxplan.engine.language.spec import RouteNode
from voxplan.engine.plans.plan import Attempt, Gates, Node, Plan, Race, attempts, children
from voxplan.engine.runs.gates import failed_gates
from voxplan.engine.runs.run import (
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
from voxplan.engine.terms.failure import STAR, FailureKind


class Step(NamedTuple):
    """One step of a run: when, what happened (None: it began), and what was commanded."""

    at_ms: int
    event: Event | None
    commands: tuple[Command, ...]

    @property
    def sent(self) -> tuple[Send, ...]:
        """The calls that it started."""
        return tuple(command for command in self.commands if isinstance(command, Send))


def steps(done: Simulated) -> Iterator[Step]:
    """The steps of a run, in order."""
    at_ms, event, commands = done.moments[0][0], None, list[Command]()
    for moment_ms, each in done.moments:
        if isinstance(each, Command):
            commands.append(each)
        else:
            yield Step(at_ms, event, tuple(commands))
            at_ms, event, commands = moment_ms, each, []
    yield Step(at_ms, event, tuple(commands))


class Onlooker:
    """Follows a race whose arms are single calls, and says by the words of H1 alone which arm each step has to start."""

    def __init__(self, node: Race) -> None:
        self._node = node
        self._ahead = list(attempts(node))
        self._out = dict[int, Attempt]()
        self._tried = set[str]()
        self._refused = set[str]()
        self._timer: int | None = None

    def expected(self, step: Step) -> str | None:
        """The node that has to be called now; None for nobody."""
        match step.event:
            case None:
                return self._next(step.at_ms)
            case Woke(timer=timer):
                return self._next(step.at_ms) if timer == self._timer else None
            case Denied(attempt=attempt):
                self._tried.discard(self._out.pop(attempt).deployment)
                return self._next(step.at_ms)
            case Failed(attempt=attempt, failure=failure) if attempt in self._out:
                return self._fell(attempt, failure.kind, step.at_ms)
            case Answered(attempt=attempt, transcript=transcript) if attempt in self._out:
                poor = failed_gates(self._out[attempt].gates, transcript)
                return self._fell(attempt, "poor_quality", step.at_ms) if poor else None
            case _:
                return None

    def note(self, step: Step) -> None:
        """Remember whom the step called, and the stagger that runs from then on, which must be asked for while an arm is left."""
        for send in step.sent:
            self._out[send.attempt] = next(arm for arm in attempts(self._node) if arm.node == send.node)
            self._tried.add(send.deployment)
            wakes = [command for command in step.commands if isinstance(command, Wake)]
            assert [wake.at_ms for wake in wakes] == [step.at_ms + self._node.stagger_ms] * bool(self._ahead)
            self._timer = wakes[0].timer if wakes else None

    def _fell(self, call: int, kind: FailureKind, at_ms: int) -> str | None:
        arm = self._out.pop(call)
        if kind == "unauthorized":
            self._refused.add(arm.credential)
        if kind not in self._node.on:
            self._ahead.clear()
        return self._next(at_ms)

    def _next(self, at_ms: int) -> str | None:
        """The next arm that can start; those that cannot take no turn."""
        while self._ahead:
            arm = self._ahead.pop(0)
            over = self._node.deadline_ms is not None and self._node.deadline_ms - at_ms < max(1, arm.shortest_ms)
            if arm.deployment not in self._tried and arm.credential not in self._refused and not over:
                return arm.node
        return None


FIRST_WORLDS = st.integers(0, 2**32)


def runs(plan: Plan, first_world: int) -> Iterator[Simulated]:
    """Runs of the plan in some worlds, in which most calls take their time and most fail."""
    for seed in range(first_world, first_world + 12):
        yield simulate(plan, scripted_world(seed, DEPLOYMENTS, ("g", "h", "i")))


LISTS: tuple[tuple[FailureKind, ...], ...] = (STAR, STAR, KINDS_IN_PLAY, ("timed_out", "poor_quality", "overloaded"))


@st.composite
def races_of_calls(draw: st.DrawFn) -> Plan:
    """Races of up to six arms, each a single call; some of them share a deployment or a key."""
    arms = [
        attempt(
            draw(st.sampled_from("abcdef")),
            node=f"r/{place}",
            credential=draw(st.none() | st.sampled_from("kl")),
            timeout_ms=draw(st.integers(1, 30)),
            shortest_ms=draw(st.sampled_from((0, 0, 5))),
            gates=draw(st.none() | st.just(Gates(not_empty=True))),
        )
        for place in range(draw(st.integers(1, 6)))
    ]
    on = draw(st.sampled_from(LISTS))
    deadline_ms = draw(st.none() | st.none() | st.integers(1, 40))
    return plan_with(race_of(*arms, stagger_ms=draw(st.integers(0, 8)), on=on, deadline_ms=deadline_ms))


@given(races_of_calls(), FIRST_WORLDS)
def test_h1_each_arm_starts_exactly_when_it_has_to(plan: Plan, first_world: int) -> None:
    """H1: at the event that ends a stagger, ends an arm or denies one, the next arm that can start does; else none."""
    assert isinstance(plan.root, Race)
    for done in runs(plan, first_world):
        onlooker = Onlooker(plan.root)
        for step in steps(done):
            expected = onlooker.expected(step)
            assert [send.node for send in step.sent] == ([] if expected is None else [expected])
            onlooker.note(step)


@given(races_of_calls() | plans(), FIRST_WORLDS, st.booleans())
def test_h2_the_first_accepted_answer_stops_all_other_calls_at_once(plan: Plan, first_world: int, streams: bool) -> None:
    """H2: in every tree, in the very step that takes an answer, and in no other but that of a release or of a leaving caller."""
    for done in runs(replace(plan, streams=streams), first_world):
        assert_won(done)


@given(cases(), worlds(), st.booleans())
def test_h2_the_first_accepted_answer_stops_all_others_in_planned_runs(case: Case, world: World, stream: bool) -> None:
    """H2: the same for what planning makes of specs, with streams that commit before they answer."""
    options = replace(case.request.options, stream=stream)
    made = planned(case._replace(request=replace(case.request, options=options)))
    assert_won(simulate(made, world, case.moment))


def assert_won(done: Simulated) -> None:
    """H2: losers are stopped and observed, as lost and once, in the step that decides; after it, only the winner is heard of."""
    by_node = {each.node: each for each in attempts(done.run.plan.root)}
    out, winner = dict[int, Send](), None
    for step in steps(done):
        took = _taken(step, out, by_node)
        assert winner is None or not step.sent
        assert took is None or winner in {None, took}
        others = [number for number in out if number != took] if took is not None or isinstance(step.event, Cancelled) else []
        stopped = [command.attempt for command in step.commands if isinstance(command, Cancel)]
        seen = {each.attempt: each.observation for each in step.commands if isinstance(each, Observe)}
        assert sorted(stopped) == sorted(others)
        assert {number for number, observation in seen.items() if observation.lost} == ({*others} if took is not None else set())
        assert all(observation.ended_ms == step.at_ms for observation in seen.values() if observation.lost)
        winner = took or winner
        out = {number: send for number, send in out.items() if number not in seen and number != _denied(step)}
        out |= {send.attempt: send for send in step.sent}
        for ended in (command.ended for command in step.commands if isinstance(command, Finish)):
            assert not out
            assert not isinstance(ended, Served) or ended.poor == (winner is None)
            assert not isinstance(ended, Served) or winner in {None, ended.attempt}


def _taken(step: Step, out: dict[int, Send], by_node: dict[str, Attempt]) -> int | None:
    """The call whose answer this step takes, or whose text it releases."""
    for command in step.commands:
        if isinstance(command, Release):
            return command.attempt
    if isinstance(step.event, Answered) and step.event.attempt in out:
        gates = by_node[out[step.event.attempt].node].gates
        return None if failed_gates(gates, step.event.transcript) else step.event.attempt
    return None


def _denied(step: Step) -> int | None:
    return step.event.attempt if isinstance(step.event, Denied) else None


def slack(node: RouteNode) -> RouteNode:
    """The node without limits of time and money, and with nothing that makes another run of a race."""
    return replace(node, deadline=None, budget=None, replay=None, guardrails=None, require=None)


@given(
    st.tuples(routing_nodes(("a", "b"), depth=2), routing_nodes(("c", "d"), depth=2), routing_nodes(("e", "f"), depth=2)),
    st.integers(0, 8),
    st.sampled_from((None, ("timed_out", "rate_limited", "poor_quality"))),
    FIRST_WORLDS,
    seeds(),
)
def test_h3_a_race_succeeds_iff_a_started_arm_would_by_itself(
    arms: tuple[RouteNode, ...], stagger_ms: int, on: tuple[FailureKind, ...] | None, first_world: int, seed: int
) -> None:
    """H3: with slack, arms that share nothing run as they would alone; the earliest success wins; without one no arm is left."""
    root = replace(race(*(rewritten(arm, slack) for arm in (first(arms[0], use("a")), *arms[1:])), stagger_ms=stagger_ms), on=on)
    made = plan_of(spec_of(root), seed=seed)
    if not isinstance(made.root, Race) or shares(made.root):
        return
    for number in range(first_world, first_world + 6):
        assert_earliest(made, made.root, scripted_world(number, DEPLOYMENTS)._replace(cancel_ms=None))


def assert_earliest(made: Plan, root: Race, world: World) -> None:
    """H3, in this world, where `root` is the race."""
    trace = simulate(made, world).trace
    alone = [simulate(replace(made, root=arm), world).trace for arm in root.arms]
    starts = [min((call.start_ms for call in calls_below(arm, trace.calls)), default=None) for arm in root.arms]
    wins = [
        start + each.end_ms
        for start, each in zip(starts, alone, strict=True)
        if start is not None and each.served is not None and not each.poor
    ]
    assert (trace.served is not None and not trace.poor) == bool(wins)
    if wins:
        assert trace.end_ms == min(wins)
    else:
        left = [each for start, each in zip(starts, alone, strict=True) if start is None and each.calls]
        closed = any(outcomes(arm, calls_below(arm, trace.calls)) - {*root.on} for arm in root.arms)
        assert closed or not left


def shares(root: Node) -> bool:
    """Whether a deployment stands in more than one arm, as those that `where` finds may."""
    names = [name for arm in children(root) for name in {each.deployment for each in attempts(arm)}]
    return len(names) > len({*names})
