"""Laws F1-F5 and F7: which child of a `first` follows which, and what a run that fails says; and of the order laws M1."""

import re
from collections.abc import Callable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.laws.cases import Case, above, cases, plan_of, planned, spec_of
from tests.laws.simulation import simulate
from tests.laws.worlds import EMPTY, REPETITIVE, Call, Trace, World
from tests.strategies import CATALOG, DEPLOYMENTS, worlds
from voxplan.engine.checking import check
from voxplan.engine.failure import KINDS, FailureKind, worst
from voxplan.engine.plan import Attempt, First, Node, attempts
from voxplan.engine.quantity import Span
from voxplan.engine.run import Denied, Finish, Send
from voxplan.engine.spec import Accept, Backoff, Retry, RouteNode


def use(name: str) -> RouteNode:
    """A node that uses `name`."""
    return RouteNode(use=name)


def first(*children: RouteNode) -> RouteNode:
    """Ordered fallback."""
    return RouteNode(first=children)


@given(cases(), worlds())
def test_f1_a_child_starts_only_after_a_kind_that_is_listed_or_an_absence(case: Case, world: World) -> None:
    """F1: when a call is made, every earlier child of every `first` around it failed in a kind ∈ `on`, or was absent."""
    made = planned(case)
    trace = simulate(made, world, case.moment).trace
    for place, call in enumerate(trace.calls):
        path = above(made.root, call.node)
        for around, inside in pairwise(path):
            assert isinstance(around, First)
            for earlier in around.children[: around.children.index(inside)]:
                _assert_leads_on(earlier, around, trace, place)


def _assert_leads_on(child: Node, around: First, trace: Trace, place: int) -> None:
    """`child` ended before the call at `place`: in a listed kind, or absent with all its attempts noted as missed."""
    nodes = {attempt.node for attempt in attempts(child)}
    endings = [call.ending for call in trace.calls[:place] if call.node in nodes]
    if endings:
        assert endings[-1] in around.on
    else:
        assert nodes <= {each.node for each in trace.missed}


@given(cases(), worlds())
def test_f1_a_run_ends_only_where_nothing_may_follow(case: Case, world: World) -> None:
    """F1, the other way round: a run fails only when its last kind is not listed, or all that follows was absent."""
    made = planned(case)
    trace = simulate(made, world, case.moment).trace
    if trace.kind == "cancelled" or (trace.served is not None and not trace.poor):
        return
    last = next((call for call in reversed(trace.calls)), None)
    missed = {each.node for each in trace.missed}
    if last is None:
        assert {attempt.node for attempt in attempts(made.root)} <= missed
        return
    path = above(made.root, last.node)
    for around, inside in pairwise(path):
        assert isinstance(around, First)
        if last.ending in around.on:
            later = around.children[around.children.index(inside) + 1 :]
            assert {attempt.node for child in later for attempt in attempts(child)} <= missed


@given(cases(), worlds())
def test_f2_nothing_is_attempted_after_an_accepted_answer(case: Case, world: World) -> None:
    """F2: an accepted answer is the last call, and it is served."""
    trace = simulate(planned(case), world, case.moment).trace
    assert all(call.ending != "accepted" for call in trace.calls[:-1])
    accepted = bool(trace.calls) and trace.calls[-1].ending == "accepted"
    assert (trace.served == len(trace.calls) - 1 and not trace.poor) == accepted


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
    """F5: the trail is exactly the calls that were granted, in their order; the run's kind follows the order of blame."""
    done = simulate(planned(case), world, case.moment)
    denied = {event.attempt for _, event in done.events if isinstance(event, Denied)}
    granted = [command.attempt for _, command in done.commands if isinstance(command, Send) and command.attempt not in denied]
    assert [entry.attempt for entry in done.run.trail] == granted == sorted(granted)
    assert all((entry.failure is None) == (entry.ending == "accepted") for entry in done.run.trail)
    kinds: tuple[FailureKind, ...] = tuple(entry.failure.kind for entry in done.run.trail if entry.failure is not None)
    finish = done.run.finished
    assert finish is not None
    if finish.served is None:
        assert finish == Finish(kind=worst(kinds) if kinds else None)


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
    elif poor and trace.kind not in {None, "cancelled"}:
        assert made.when_all_poor == "fail"


@given(st.permutations(tuple(KINDS)))
def test_f5_the_order_of_blame_does_not_depend_on_the_order_of_attempts(kinds: list[FailureKind]) -> None:
    """F5: the worst of some kinds is the first of them in the table."""
    assert worst(tuple(kinds)) == "cancelled"
    some = tuple(kinds[:5])
    assert worst(some) == next(kind for kind in KINDS if kind in some)


@given(cases(), worlds())
def test_f7_a_call_carries_nothing_that_differs_by_attempt(case: Case, world: World) -> None:
    """F7: neither plan nor command says anything of audio or options; all attempts get those of the request."""
    done = simulate(planned(case), world, case.moment)
    said = {field for _, command in done.commands if isinstance(command, Send) for field in command.__struct_fields__}
    said |= {field for attempt in attempts(done.run.plan.root) for field in attempt.__struct_fields__}
    assert not said & {"audio", "options", "language", "prompt", "temperature", "response_format", "timestamps"}


@given(st.lists(LEAVES, min_size=1, max_size=3).map(tuple), LEAVES, worlds(), st.none() | st.integers(1, 20))
def test_m1_appending_at_the_end_of_the_route_keeps_every_success(
    children: tuple[RouteNode, ...], appended: RouteNode, world: World, deadline_ms: int | None
) -> None:
    """M1: with one more child at the end of the outermost `first`, a run that succeeded has the same trace."""

    def run(*given_children: RouteNode) -> Trace:
        root = replace(first(*given_children), deadline=None if deadline_ms is None else Span(deadline_ms))
        return _nameless(simulate(plan_of(spec_of(main=root)), world).trace)

    before = run(*children)
    if before.served is not None and not before.poor:
        assert run(*children, appended) == before


def test_m1_is_false_for_an_inner_first() -> None:
    """M1 (!): `first [first [a, +c], b]` under a deadline: c hangs, b starves, and what succeeded without c fails with it."""
    world = World({("a", 1): Call(kind="server_error"), ("c", 1): Call(takes_ms=None), ("b", 1): Call(takes_ms=2)})
    without, with_c = (_under_deadline(inner, world) for inner in (first(use("a")), first(use("a"), use("c"))))
    assert without.served is not None
    assert with_c.kind == "timed_out"
    assert [(each.deployment, each.reason) for each in with_c.missed] == [("b", "too_little_time")]


def _under_deadline(inner: RouteNode, world: World) -> Trace:
    root = replace(first(inner, use("b")), deadline=Span(10))
    return simulate(plan_of(spec_of(main=root)), world).trace


def test_m2_is_false_with_retry_after_within_a_longer_deadline() -> None:
    """M2 (!): under the longer deadline the run waits for Retry-After, and b, which served, is not reached in time."""
    retrying = replace(use("a"), retry=Retry(times=1, backoff=AT_ONCE, patience=Span(50)))
    calls = {("a", 1): Call(kind="rate_limited", retry_after_ms=20), ("a", 2): Call(takes_ms=None), ("b", 1): Call(takes_ms=5)}
    _assert_served_only_by_the_shorter(lambda ms: replace(first(retrying, use("b")), deadline=Span(ms)), calls, 10, 22)


def test_m2_is_false_with_shortest() -> None:
    """M2 (!): under the longer deadline a retry of a still has its shortest time, hangs, and b starves."""
    retrying = replace(use("a"), retry=Retry(times=1, backoff=AT_ONCE, patience=Span(50)))
    calls = {("a", 1): Call(kind="rate_limited", retry_after_ms=2), ("a", 2): Call(takes_ms=None), ("b", 1): Call(takes_ms=5)}

    def run(deadline_ms: int) -> Trace:
        spec = spec_of(replace(first(retrying, use("b")), deadline=Span(deadline_ms)))
        picky = replace(spec.deployments["a"], shortest=Span(9))
        return simulate(plan_of(replace(spec, deployments=spec.deployments | {"a": picky})), World(calls)).trace

    assert run(10).served is not None
    assert run(11).served is None


def test_m2_is_false_with_an_inner_deadline() -> None:
    """M2 (!): a longer *inner* deadline lets a hanging child eat the time of the next."""
    calls = {("a", 1): Call(takes_ms=None), ("b", 1): Call(takes_ms=5)}

    def inner(ms: int) -> RouteNode:
        return replace(first(replace(use("a"), deadline=Span(ms)), use("b")), deadline=Span(12))

    _assert_served_only_by_the_shorter(inner, calls, 5, 10)


def _assert_served_only_by_the_shorter(
    root: Callable[[int], RouteNode], calls: dict[tuple[str, int], Call], short: int, long: int
) -> None:
    traces = [simulate(plan_of(spec_of(main=root(ms))), World(calls)).trace for ms in (short, long)]
    assert traces[0].served is not None
    assert traces[1].served is None


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
    blank = " " * 100  # fails both gates of a and b
    texts = {("a", 1): blank, ("b", 1): REPETITIVE, ("c", 1): EMPTY}
    trace = simulate(plan_of(spec_of(root)), World({at: Call(text=text) for at, text in texts.items()})).trace
    assert (trace.poor, trace.served) == (True, 1)
