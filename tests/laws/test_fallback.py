"""Laws F1-F7: which child of a `first` follows which, what ends a run, and what a run that fails says."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.laws.cases import Case, above, cases, first, nodes, plan_of, planned, race, spec_of, use
from tests.laws.outcomes import calls_below, outcomes
from tests.laws.simulation import simulate
from tests.laws.worlds import BLANK, EMPTY, REPETITIVE, Call, Trace, World, call_of
from tests.strategies import CATALOG, DEPLOYMENTS, worlds
from voxplan.engine.checks.checking import check
from voxplan.engine.language.spec import Accept, Backoff, Retry, RouteNode
from voxplan.engine.plans.plan import Attempt, First, Node, attempts
from voxplan.engine.runs.run import Cancel, Release, Send, Served, Unserved
from voxplan.engine.terms.failure import KINDS, FailureKind, worst
from voxplan.engine.terms.quantity import Span
from voxplan.engine.terms.request import Options, Request


@given(cases(), worlds())
def test_f1_a_child_starts_only_after_a_kind_that_is_listed_or_an_absence(case: Case, world: World) -> None:
    """F1: when a call is made, every earlier child of every `first` around it failed in a kind ∈ `on`, or was absent."""
    made = planned(case)
    trace = simulate(made, world, case.moment).trace
    for call in trace.calls:
        for around, inside in pairwise(above(made.root, call.node)):
            if isinstance(around, First):
                for earlier in around.children[: around.children.index(inside)]:
                    _assert_leads_on(earlier, around, trace, call.start_ms)


def _assert_leads_on(child: Node, around: First, trace: Trace, start_ms: int) -> None:
    """`child` ended before: in a listed kind, or absent with all its attempts noted as missed."""
    calls = calls_below(child, trace.calls)
    assert all(call.end_ms <= start_ms for call in calls)
    if calls:
        assert outcomes(child, calls) & {*around.on}
    else:
        assert {attempt.node for attempt in attempts(child)} <= {each.node for each in trace.missed}


@given(cases(), worlds())
def test_f1_a_run_ends_only_where_nothing_may_follow(case: Case, world: World) -> None:
    """F1, the other way round: when a run fails, no `first` that was entered had a child left that its last kind leads to."""
    made = planned(case)
    trace = simulate(made, world, case.moment).trace
    if trace.kind in {"cancelled", "blocked"} or trace.released is not None or (trace.served is not None and not trace.poor):
        return
    seen = {each.node for each in trace.missed} | {call.node for call in trace.calls}
    for node in nodes(made.root):
        if isinstance(node, First) and seen & {attempt.node for attempt in attempts(node)}:
            _assert_exhausted(node, trace, seen)


def _assert_exhausted(node: First, trace: Trace, seen: set[str]) -> None:
    reached = [child for child in node.children if seen & {attempt.node for attempt in attempts(child)}]
    if len(reached) < len(node.children):
        assert outcomes(reached[-1], calls_below(reached[-1], trace.calls)) - {*node.on}


@given(cases(), worlds())
def test_f2_nothing_is_attempted_after_an_accepted_answer(case: Case, world: World) -> None:
    """F2: at most one answer is accepted, and it is served or blocked; whatever else was out ends at that moment, as lost."""
    trace = simulate(planned(case), world, case.moment).trace
    accepted = [call for call in trace.calls if call.ending == "accepted"]
    assert len(accepted) == (trace.served is not None and not trace.poor) or trace.kind in {"blocked", "cancelled"}
    for answer in accepted:
        assert trace.served is None or trace.calls[trace.served] == answer
        assert all(call.end_ms <= answer.end_ms for call in trace.calls)
        lost = [call for call in trace.calls if call.ending == "lost"]
        assert trace.released is not None or all(call.end_ms == answer.end_ms for call in lost)
    assert accepted or trace.released is not None or all(call.ending != "lost" for call in trace.calls)


LEAVES = st.builds(
    RouteNode,
    use=st.sampled_from(DEPLOYMENTS),
    timeout=st.none() | st.builds(Span, st.integers(1, 10)),
    deadline=st.none() | st.builds(Span, st.integers(1, 10)),
    retry=st.none() | st.builds(Retry, times=st.integers(0, 2), backoff=st.just(Backoff(base=Span(0), cap=Span(5)))),
    accept=st.none() | st.just(Accept(not_empty=True)),
)
CHILDREN = st.lists(LEAVES, min_size=1, max_size=2).map(tuple)
KIND_LISTS: st.SearchStrategy[tuple[FailureKind, ...] | None] = st.none() | st.just(("timed_out", "rate_limited", "overloaded"))


@given(CHILDREN, CHILDREN, CHILDREN, KIND_LISTS, worlds())
def test_f3_first_is_associative(
    one: tuple[RouteNode, ...],
    two: tuple[RouteNode, ...],
    three: tuple[RouteNode, ...],
    on: tuple[FailureKind, ...] | None,
    world: World,
) -> None:
    """F3: with equal `on` and no rules between, how a `first` is nested changes no run; `first [r]` is r."""

    def nest(*children: RouteNode) -> RouteNode:
        return RouteNode(first=children, on=on)

    shapes = (
        nest(*one, *two, *three),
        nest(nest(*one, *two), nest(*three)),
        nest(nest(*one), nest(nest(*two), *three)),
        nest(nest(nest(nest(*one), *two), *three)),
    )
    traces = [_nameless(simulate(plan_of(spec_of(main=shape)), world).trace) for shape in shapes]
    assert all(trace == traces[0] for trace in traces)


def _nameless(trace: Trace) -> Trace:
    calls = tuple(call._replace(node="") for call in trace.calls)
    return trace._replace(calls=calls, missed=tuple(each._replace(node="") for each in trace.missed))


AT_ONCE = Backoff(base=Span(0), cap=Span(0))
ROUTE_NAMES = ("r0", "r1", "r2", "r3")


@given(st.dictionaries(st.sampled_from(ROUTE_NAMES), st.lists(st.sampled_from((*ROUTE_NAMES, "a")), min_size=1, max_size=2)))
def test_f4_a_cycle_of_routes_is_an_error_that_shows_it(uses: dict[str, list[str]]) -> None:
    """F4: there is an error exactly when routes use one another in a circle, and what it shows is such a circle."""
    uses = {name: [each for each in used if each in uses or each == "a"] or ["a"] for name, used in uses.items()}
    spec = spec_of(use("a"), {name: first(*(use(each) for each in used)) for name, used in uses.items()})
    cycles = [finding for finding in check(spec, CATALOG) if finding.severity == "error"]
    assert bool(cycles) == any(name in _reached(name, uses) for name in uses)
    for finding in cycles:
        shown = re.findall(r"`(\w+)`", finding.message)
        assert shown[0] == shown[-1]
        assert all(after in uses[before] for before, after in pairwise(shown))


def _reached(start: str, uses: dict[str, list[str]]) -> set[str]:
    reached: set[str] = set()
    ahead = list(uses.get(start, ()))
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += uses.get(name, ())
    return reached


@given(cases(), worlds())
def test_f5_a_run_that_fails_lists_every_attempt_once_in_order_with_its_kind(case: Case, world: World) -> None:
    """F5: the trail is exactly the calls that were granted, each once, by their ends; its worst kind is the run's."""
    done = simulate(planned(case), world, case.moment)
    trail = done.run.trail
    assert sorted(entry.attempt for entry in trail) == [send.attempt for send in done.sent]
    assert [entry.ended_ms for entry in trail] == sorted(entry.ended_ms for entry in trail)
    assert all((entry.failure is not None) == (entry.ending == "failed") for entry in trail)
    kinds: tuple[FailureKind, ...] = tuple(entry.failure.kind for entry in trail if entry.failure is not None)
    assert done.run.finished is not None
    ended = done.run.finished.ended
    if isinstance(ended, Unserved) and ended.kind not in {"blocked", "cancelled"} and done.trace.released is None:
        assert ended == Unserved(kind=worst(kinds) if kinds else None)


@given(cases(), worlds())
def test_f5_a_poor_answer_is_returned_only_when_there_is_no_better(case: Case, world: World) -> None:
    """F5: what is returned as poor failed its gates, nothing was accepted, and the plan allows it."""
    made = planned(case)
    trace = simulate(made, world, case.moment).trace
    poor = [place for place, call in enumerate(trace.calls) if call.ending == "poor_quality"]
    if trace.poor:
        assert trace.served in poor
        assert made.when_all_poor == "return"
        assert all(call.ending != "accepted" for call in trace.calls)
    elif poor and trace.kind not in {None, "cancelled", "blocked"} and trace.released is None:
        assert made.when_all_poor == "fail"


@given(st.permutations(tuple(KINDS)))
def test_f5_the_order_of_blame_does_not_depend_on_the_order_of_attempts(kinds: list[FailureKind]) -> None:
    """F5: the worst of some kinds is the first of them in the table."""
    assert worst(tuple(kinds)) == "cancelled"
    some = tuple(kinds[:5])
    assert worst(some) == next(kind for kind in KINDS if kind in some)


@given(cases(), worlds())
def test_f6_after_the_commit_nothing_is_attempted(case: Case, world: World) -> None:
    """F6: once text is released nothing more is sent, all other calls are lost at once, and the run ends with that call."""
    made = planned(case._replace(request=replace(case.request, options=replace(case.request.options, stream=True))))
    done = simulate(made, world, case.moment)
    commands = [command for _, command in done.commands]
    released = [place for place, command in enumerate(commands) if isinstance(command, Release)]
    assert len(released) <= 1
    for place in released:
        assert not any(isinstance(command, Send) for command in commands[place:])
        assert done.run.finished is not None
        _assert_ends_with_it(done.trace, done.run.finished.ended)
        cancelled = {command.attempt for command in commands[place:] if isinstance(command, Cancel)}
        if done.trace.kind != "cancelled":
            assert cancelled == {entry.attempt for entry in done.run.trail if entry.ending == "lost"}


def _assert_ends_with_it(trace: Trace, ended: Served | Unserved) -> None:
    assert trace.released is not None
    committed = trace.calls[trace.released]
    assert trace.end_ms == max(call.end_ms for call in trace.calls) == committed.end_ms
    if isinstance(ended, Served):
        assert trace.served == trace.released
    else:
        assert ended.kind == committed.ending


@given(worlds())
def test_f6_the_first_arm_that_speaks_is_the_one(world: World) -> None:
    """F6: of arms that race, that one whose text comes first is released, unless an answer comes before."""
    made = plan_of(spec_of(race(use("a"), use("b"), use("c"))), request=STREAMED)
    done = simulate(made, world._replace(denied=frozenset(), cancel_ms=None))
    spoken: list[tuple[int, int]] = []
    for send in done.sent:
        takes_ms, *_, delta_ms = call_of(world, send)
        if delta_ms is not None and (takes_ms is None or delta_ms <= takes_ms):
            spoken.append((send.at_ms + delta_ms, send.attempt))
    answered = [call.end_ms for call in done.trace.calls if call.ending == "accepted"]
    if spoken and min(spoken)[0] <= min(answered, default=done.trace.end_ms):
        assert done.trace.released is not None
        assert done.sent[done.trace.released].attempt == min(spoken)[1]
    else:
        assert done.trace.released is None


STREAMED = Request(route="main", options=Options(stream=True))


@given(cases(), worlds())
def test_f7_every_call_gets_the_same_save_its_listed_degrades(case: Case, world: World) -> None:
    """F7: a command says nothing of audio or options but one prompt, the same for all, and the degrades of its attempt."""
    done = simulate(planned(case), world, case.moment)
    told = {field for send in done.sent for field in send.__struct_fields__}
    assert not told & {"audio", "options", "language", "temperature", "response_format", "timestamps"}
    assert len({send.prompt for send in done.sent}) <= 1
    degrades = {attempt.node: attempt.degrades for attempt in attempts(done.run.plan.root)}
    assert all(send.degrades == degrades[send.node] for send in done.sent)


def test_f1_routes_by_its_last_failure_not_by_the_worst() -> None:
    """F1: an inner `first` ends in its last failure, even if one before was worse in the order of blame."""
    inner = RouteNode(first=(use("a"), use("b")))
    root = RouteNode(first=(inner, use("c")), on=("server_error",))
    world = World({("a", 1): Call(kind="rate_limited"), ("b", 1): Call(kind="server_error")})
    trace = simulate(plan_of(spec_of(main=root)), world).trace
    assert [call.deployment for call in trace.calls] == ["a", "b", "c"]
    assert isinstance(plan_of(spec_of(main=use("a"))).root, Attempt)


def test_f1_an_absent_last_child_leaves_the_failure_before_it() -> None:
    """F1: a `first` whose last child was denied ends in the failure of the one before, and that is what the outer one goes by."""
    root = RouteNode(first=(first(use("a"), use("b")), use("c")), on=("server_error",))
    world = World({("a", 1): Call(kind="rate_limited")}, denied=frozenset({("b", 1)}))
    trace = simulate(plan_of(spec_of(root)), world).trace
    assert [call.deployment for call in trace.calls] == ["a"]
    assert trace.kind == "rate_limited"


def test_f5_the_best_poor_answer_fails_the_fewest_gates_then_came_first() -> None:
    """F5: of several poor answers the one nearest to its gates is returned; among equals the earliest."""
    gates = Accept(not_empty=True, max_compression_ratio=1.0)
    lenient = Accept(not_empty=True)
    root = first(replace(use("a"), accept=gates), replace(use("b"), accept=gates), replace(use("c"), accept=lenient))
    texts = {("a", 1): BLANK, ("b", 1): REPETITIVE, ("c", 1): EMPTY}
    trace = simulate(plan_of(spec_of(root)), World({at: Call(text=text) for at, text in texts.items()})).trace
    assert (trace.poor, trace.served) == (True, 1)
