"""Laws B5-B7 and R6 by the books of an onlooker, who believes only the commands that went out and the events that came back.

The plans are small and dense: budgets and prices of a few billionths, few deployments that many nodes share, every replay rule.
"""

from collections.abc import Iterator
from itertools import cycle
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.laws.cases import Case, above, cases, first, plan_of, planned, rewritten, spec_of, use
from tests.laws.simulation import Simulated, simulate
from tests.laws.worlds import Call, World, scripted_world
from tests.plan_strategies import plans
from tests.plans import attempt as attempt_at
from tests.plans import first as first_of
from tests.plans import plan_of as plan_with
from tests.strategies import DEPLOYMENTS, GUARDRAILS, routing_nodes, seeds, worlds
from voxplan.engine.language.spec import Backoff, Retry, RouteNode
from voxplan.engine.plans.bounds import bounds
from voxplan.engine.plans.plan import Attempt, First, Node, Plan, Race, attempts
from voxplan.engine.runs.ledger import Replay
from voxplan.engine.runs.run import Answered, Cancel, Denied, Failed, Finish, Observation, Observe, Send
from voxplan.engine.terms.failure import RETRIED, Certainty, FailureKind
from voxplan.engine.terms.quantity import Span
from voxplan.engine.terms.request import Request, Simulation

NAMES = ("a", "b", "c", "d", "e")
"""The deployments of `plans`."""
RULES: tuple[Replay, ...] = ("always", "if_uncharged", "if_unsent", "if_unsent", "never")


class Line(NamedTuple):
    """One call that may have left: its worst cost, and what is known of it; while it is under way the worst is."""

    send: Send
    worst: int | None
    sent: Certainty = "maybe"
    charged: Certainty = "maybe"
    over: bool = False

    @property
    def cost(self) -> int:
        """What it costs at most; what nobody knows is not counted."""
        return 0 if self.charged == "no" else self.worst or 0


class Page(NamedTuple):
    """The books just before `send` goes out, or when the run is over; `denied` are the calls that did not go out after all."""

    send: Send | None
    lines: tuple[Line, ...]
    denied: tuple[Line, ...]


def pages(done: Simulated) -> Iterator[Page]:
    """The books at every call and at the end. Simulated calls are in none."""
    worst = {attempt.node: attempt.worst_cost for attempt in attempts(done.run.plan.root)}
    lines, denied = dict[int, Line](), list[Line]()
    for _, each in done.moments:
        match each:
            case Send():
                yield Page(each, tuple(lines.values()), tuple(denied))
                if each.simulated is None:
                    lines[each.attempt] = Line(each, worst[each.node])
            case Denied(attempt=attempt):
                denied.append(lines.pop(attempt))
            case Answered(attempt=attempt):
                _close(lines, attempt, "yes", "yes")
            case Failed(attempt=attempt, failure=failure):
                _close(lines, attempt, failure.sent, failure.charged)
            case Cancel(attempt=attempt):
                _close(lines, attempt, "maybe", "maybe")
            case _:
                pass
    yield Page(None, tuple(lines.values()), tuple(denied))


def _close(lines: dict[int, Line], attempt: int, sent: Certainty, charged: Certainty) -> None:
    line = lines.get(attempt)
    if line is not None and not line.over:
        lines[attempt] = line._replace(sent=sent, charged=charged, over=True)


def assert_affordable(done: Simulated) -> None:
    """B5, for every call of the run and every node around it."""
    for page in pages(done):
        if page.send is None or page.send.simulated is not None:
            continue
        path = above(done.run.plan.root, page.send.node)
        (own,) = attempts(path[-1])
        for node in path:
            if node.budget is not None:
                below = _below(node, page.lines)
                assert own.worst_cost is not None
                assert all(line.worst is not None for line in below)
                assert sum(line.cost for line in below) + own.worst_cost <= node.budget


def _below(node: Node, lines: tuple[Line, ...]) -> list[Line]:
    names = {attempt.node for attempt in attempts(node)}
    return [line for line in lines if line.send.node in names]


@given(plans(), st.integers(0, 2**32))
def test_b5_every_call_is_affordable_when_it_goes_out(plan: Plan, first_world: int) -> None:
    """B5: by an onlooker's books, spent + reserved + own worst ≤ budget for each node around a call, denied calls among them."""
    for done in runs(plan, first_world):
        assert_affordable(done)


def runs(plan: Plan, first_world: int) -> Iterator[Simulated]:
    """Runs of the plan in some worlds."""
    for seed in range(first_world, first_world + 8):
        yield simulate(plan, scripted_world(seed, NAMES, ("g", "h", "i")))


@given(cases(), worlds())
def test_b5_every_call_of_a_planned_run_is_affordable(case: Case, world: World) -> None:
    """B5: the same for what planning makes of specs."""
    assert_affordable(simulate(planned(case), world, case.moment))


@given(plans(), st.integers(0, 2**32))
def test_b6_the_bounds_of_any_tree_hold_in_every_world(plan: Plan, first_world: int) -> None:
    """B6: calls, time, money and duplicate charges, counted from what was seen, for trees that no spec would be written for."""
    plan = replace(plan, bounds=bounds(plan.root, plan.input_guardrails))
    for done in runs(plan, first_world):
        assert_bounded(done)


@given(cases(), st.integers(0, 2**32))
def test_b6_the_bounds_of_a_planned_run_hold_in_every_world(case: Case, first_world: int) -> None:
    """B6: the same for what planning makes of specs, when nobody leaves before the end."""
    made = planned(case)
    for seed in range(first_world, first_world + 8):
        world = scripted_world(seed, DEPLOYMENTS, GUARDRAILS)._replace(cancel_ms=None)
        assert_bounded(simulate(made, world, case.moment), case.moment)


def assert_bounded(done: Simulated, began_ms: int = 0) -> None:
    """B6, with all that was seen of the run against what its plan says."""
    most, (*_, last) = done.run.plan.bounds, pages(done)
    assert len(done.sent) <= most.attempts
    assert done.moments[-1][0] - began_ms <= most.longest_ms
    if most.cost is not None:
        assert all(line.worst is not None for line in last.lines)
        assert sum(line.cost for line in last.lines) <= most.cost
    assert sum(line.charged != "no" and line.worst != 0 for line in last.lines) <= 1 + most.duplicate_charges
    assert {send.deployment for send in done.sent} <= {*most.deployments}
    assert _hearers(done) <= {*most.vendors, *most.regions}


def _hearers(done: Simulated) -> set[str]:
    """The vendors and regions that were called."""
    called = {send.node for send in done.sent}
    by_call = [attempt for attempt in attempts(done.run.plan.root) if attempt.node in called]
    return {name for attempt in by_call for name in (attempt.vendor, attempt.region) if name is not None}


class Only:
    """An admission that grants the calls of these nodes, and no others."""

    def __init__(self, nodes: frozenset[str]) -> None:
        self._nodes = nodes

    def admit(self, send: Send, moment_ms: int) -> str | None:
        """Full, for all other nodes at any moment."""
        return None if send.node in self._nodes else f"full at {moment_ms}"

    def observe(self, observation: Observation) -> None:
        """Nothing to learn."""


def persistent(plan: Plan) -> Only:
    """Admission of each deployment's calls at that one of its nodes that retries most."""
    most: dict[str, Attempt] = {}
    for attempt in attempts(plan.root):
        if attempt.deployment not in most or len(attempt.delays_ms) > len(most[attempt.deployment].delays_ms):
            most[attempt.deployment] = attempt
    return Only(frozenset(attempt.node for attempt in most.values()))


def slack(node: RouteNode) -> RouteNode:
    """The node with nothing on it that keeps a call from being made."""
    retry = node.retry and replace(node.retry, on=None)
    return replace(node, deadline=None, budget=None, replay=None, on=None, retry=retry, timeout=None, require=None)


@given(routing_nodes(DEPLOYMENTS, depth=4), seeds(), st.sampled_from(RETRIED), st.integers(0, 5))
def test_b6_the_bound_on_calls_is_reached_with_slack(node: RouteNode, seed: int, kind: FailureKind, takes_ms: int) -> None:
    """B6: with slack, exactly so many calls are made where all fail and each name is granted its most retried node alone."""
    made = plan_of(spec_of(rewritten(first(node, use("a")), slack)), seed=seed)
    done = simulate(made, failing(kind, takes_ms), admission=persistent(made))
    assert len(done.trace.calls) == made.bounds.attempts


@given(st.lists(st.tuples(*[st.integers(0, 9)] * 4), min_size=1, max_size=5), st.none() | st.integers(0, 120))
def test_b6_the_bound_on_time_is_reached_by_the_slowest_world(
    waits: list[tuple[int, int, int, int]], deadline_ms: int | None
) -> None:
    """B6: where every call fails at its last moment and every retry waits as long as it may, it is reached."""
    children = [
        attempt_at(name, timeout_ms=1 + timeout_ms, delays_ms=delays, patience_ms=patience_ms, retry_on=("rate_limited",))
        for name, (timeout_ms, patience_ms, *delays_of) in zip(NAMES, waits, strict=False)
        for delays in [tuple(delays_of)]
    ]
    root = first_of(*children, deadline_ms=None if deadline_ms is None else 1 + deadline_ms)
    calls = {
        (each.deployment, number): Call(each.timeout_ms, kind="rate_limited", retry_after_ms=each.patience_ms)
        for each in children
        for number in (1, 2, 3)
    }
    trace = simulate(plan_with(root), World(calls)).trace
    longest_ms = bounds(root).longest_ms
    # A deadline that falls into a wait leaves no time for the retry: then nothing follows, and the run is over before.
    assert trace.end_ms == longest_ms if deadline_ms is None else trace.end_ms <= longest_ms


def failing(kind: FailureKind, takes_ms: int = 0) -> World:
    """A world in which every call fails in this kind."""
    return World({(name, number): Call(takes_ms, kind=kind) for name in DEPLOYMENTS for number in range(1, 9)})


def test_b6_the_bound_on_calls_is_false_as_an_exact_one_under_a_deadline() -> None:
    """B6 (!): after a wait that the deadline never leaves time for there is no retry, and the bound counts it."""
    waiting = replace(use("a"), retry=Retry(times=1, backoff=Backoff(base=Span(1000), cap=Span(1000))), deadline=Span(1))
    made = next(plan for plan in (plan_of(spec_of(waiting), seed=seed) for seed in range(9)) if _delay_ms(plan) > 1)
    assert (made.bounds.attempts, len(simulate(made, failing("server_error")).trace.calls)) == (2, 1)


def _delay_ms(plan: Plan) -> int:
    return next(attempts(plan.root)).delays_ms[0]


@given(plans(), worlds(), st.none() | st.integers(0, 20))
def test_b7_what_was_reserved_is_settled_or_released(plan: Plan, world: World, leaves_ms: int | None) -> None:
    """B7: at the end, whoever ended it, each call that was sent has been denied, or observed once; and both sums agree."""
    assert_settled(simulate(plan, world._replace(cancel_ms=leaves_ms)))


@given(cases(), worlds(), st.none() | st.integers(0, 20))
def test_b7_the_books_of_a_planned_run_are_closed(case: Case, world: World, leaves_ms: int | None) -> None:
    """B7: the same for what planning makes of specs."""
    assert_settled(simulate(planned(case), world._replace(cancel_ms=leaves_ms), case.moment))


def assert_settled(done: Simulated) -> None:
    """B7: nothing is open, every call has one end, and the trail tells what the books tell."""
    *_, last = pages(done)
    assert all(line.over for line in last.lines)
    reserved = [send for _, send in done.commands if isinstance(send, Send) and send.simulated is None]
    ended = [line.send.attempt for line in (*last.lines, *last.denied)]
    assert sorted(ended) == [send.attempt for send in reserved]
    observed = [each.attempt for _, each in done.commands if isinstance(each, Observe)]
    assert sorted(observed) == [send.attempt for send in done.sent]
    told = {entry.attempt: entry.cost for entry in done.run.trail}
    free = {send.attempt: 0 for send in done.sent if send.simulated is not None}
    assert told == free | {line.send.attempt: 0 if line.charged == "no" else line.worst for line in last.lines}
    assert not done.run.out
    assert all(line.settled for line in done.run.ledger)
    assert isinstance(done.commands[-1][1], Finish)


@given(plans(), st.lists(st.sampled_from(RULES), min_size=1, max_size=4), st.integers(0, 2**32))
def test_r6_the_audio_goes_out_again_only_where_the_rule_allows(plan: Plan, rules: list[Replay], first_world: int) -> None:
    """R6: by an onlooker's books, in every tree; what is under way may have left and may be charged, and an answer surely did."""
    plan = replace(plan, root=_ruled(plan.root, cycle(rules)))
    for done in runs(plan, first_world):
        assert_replayed(done)


def _ruled(node: Node, rules: Iterator[Replay]) -> Node:
    """The tree with these rules for its attempts, in turn, and no budgets."""
    match node:
        case Attempt():
            return replace(node, replay=next(rules), budget=None)
        case First():
            return replace(node, children=tuple(_ruled(child, rules) for child in node.children), budget=None)
        case Race():
            return replace(node, arms=tuple(_ruled(arm, rules) for arm in node.arms), budget=None)


@given(cases(), worlds())
def test_r6_the_audio_goes_out_again_in_a_planned_run_only_where_the_rule_allows(case: Case, world: World) -> None:
    """R6: the same for what planning makes of specs."""
    assert_replayed(simulate(planned(case), world, case.moment))


def assert_replayed(done: Simulated) -> None:
    """R6, for every call of the run, retries among them."""
    rules = {attempt.node: attempt.replay for attempt in attempts(done.run.plan.root)}
    for page in pages(done):
        if page.send is not None:
            rule = rules[page.send.node]
            assert rule != "never" or not page.lines
            assert rule != "if_unsent" or all(line.sent == "no" for line in page.lines)
            assert rule != "if_uncharged" or all(line.charged == "no" for line in page.lines)


def test_b6_the_bound_on_calls_is_false_as_an_exact_one_where_a_call_is_simulated() -> None:
    """B6 (!): a deployment whose first node is simulated gets its calls there, and never those of the node that retries."""
    retrying = replace(use("a"), retry=Retry(times=2, backoff=Backoff(base=Span(0), cap=Span(0))))
    request = Request(route="main", simulate=Simulation(first_child=True))
    made = plan_of(spec_of(first(use("a"), retrying)), request=request)
    assert (made.bounds.attempts, len(simulate(made, failing("server_error")).trace.calls)) == (3, 1)
