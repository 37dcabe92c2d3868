"""Laws B1, B2 and B4: deadlines end runs, what remains never grows inwards, no call starts with less than its shortest left."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.laws.cases import Case, above, cases, nodes, plan_of, planned, race, spec_of, use
from tests.laws.outcomes import entered_ms
from tests.laws.simulation import Simulated, simulate
from tests.laws.worlds import Call, World
from tests.strategies import DEPLOYMENTS, worlds
from voxplan.engine.language.spec import Backoff, Retry, RouteNode
from voxplan.engine.plans.plan import Attempt, First, Race
from voxplan.engine.runs.run import Check, Send, Wake
from voxplan.engine.terms.quantity import Span

HANGS = World({(name, number): Call(takes_ms=None) for name in DEPLOYMENTS for number in range(1, 9)})


def ends(done: Simulated, node: str) -> list[tuple[int, int]]:
    """For each node with a deadline from the root down to `node`: when it was entered and must end, counted from the start.

    The root is entered when the run begins, any other node when the first thing below it is called or missed.
    """
    found: list[tuple[int, int]] = []
    for around in above(done.run.plan.root, node):
        if around.deadline_ms is not None:
            entered = 0 if around is done.run.plan.root else entered_ms(around, done.trace)
            assert entered is not None
            found.append((entered, entered + around.deadline_ms))
    return found


@given(cases(), worlds())
def test_b1_a_run_ends_by_its_deadline(case: Case, world: World) -> None:
    """B1: nothing is called, waited for or finished after the deadline of the root, or of any node, has passed."""
    made = planned(case)
    done = simulate(made, world, case.moment)
    if made.root.deadline_ms is not None:
        assert done.trace.end_ms <= made.root.deadline_ms
        assert all(
            check.until_ms - case.moment <= made.root.deadline_ms for _, check in done.commands if isinstance(check, Check)
        )
    for call in done.trace.calls:
        assert all(call.end_ms <= end for _, end in ends(done, call.node))


@given(cases())
def test_b1_when_everything_hangs_a_run_still_ends(case: Case) -> None:
    """B1: with providers that never answer, a run is over within the longest time that its plan says."""
    done = simulate(planned(case._replace(request=replace(case.request, simulate=None))), HANGS, case.moment)
    assert done.trace.end_ms <= done.run.plan.bounds.longest_ms
    assert done.trace.kind in {None, "timed_out"}


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 30))
def test_b1_a_hanging_run_ends_exactly_at_its_deadline(deadline_ms: int, timeout_ms: int, other_ms: int) -> None:
    """B1: under a virtual clock the deadline is met to the millisecond, unless timeouts end the run before."""
    children = (RouteNode(use="a", timeout=Span(timeout_ms)), RouteNode(use="b", timeout=Span(other_ms)))
    made = plan_of(spec_of(main=RouteNode(first=children, deadline=Span(deadline_ms))))
    assert simulate(made, HANGS).trace.end_ms == min(deadline_ms, timeout_ms + other_ms)


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 30), st.integers(0, 30))
def test_b1_a_hanging_race_ends_exactly_at_its_deadline(
    deadline_ms: int, timeout_ms: int, other_ms: int, stagger_ms: int
) -> None:
    """B1: arms that overlap end together at the deadline, unless the timeout of each has ended it before."""
    arms = (RouteNode(use="a", timeout=Span(timeout_ms)), RouteNode(use="b", timeout=Span(other_ms)))
    made = plan_of(spec_of(replace(race(*arms, stagger_ms=stagger_ms), deadline=Span(deadline_ms))))
    second_ms = min(stagger_ms, timeout_ms)
    assert simulate(made, HANGS).trace.end_ms == min(deadline_ms, max(timeout_ms, second_ms + other_ms))


@given(cases(), worlds(), st.integers(1, 20))
def test_b1_the_deadline_of_a_request_only_narrows(case: Case, world: World, deadline_ms: int) -> None:
    """B1: a request may bring a deadline of its own; the run ends by it, and by that of the route."""
    without = case._replace(request=replace(case.request, deadline_ms=None))
    own = planned(without).root.deadline_ms
    made = planned(case._replace(request=replace(case.request, deadline_ms=deadline_ms)))
    assert made.root.deadline_ms == (deadline_ms if own is None else min(own, deadline_ms))
    assert simulate(made, world, case.moment).trace.end_ms <= deadline_ms


@given(cases(), worlds())
def test_b2_a_call_has_the_smaller_of_its_timeout_and_of_what_remains(case: Case, world: World) -> None:
    """B2: `until` is exactly the earliest of the call's own timeout and the ends of all nodes around it; `whole` says which."""
    made = planned(case)
    done = simulate(made, world, case.moment)
    for moment_ms, command in done.commands:
        if isinstance(command, Send):
            attempt = above(made.root, command.node)[-1]
            assert isinstance(attempt, Attempt)
            own = moment_ms + attempt.timeout_ms
            assert command.until_ms == min([own, *(case.moment + end for _, end in ends(done, command.node))])
            assert command.whole == (command.until_ms == own)


@given(cases(), worlds())
def test_b2_what_remains_never_grows_inwards(case: Case, world: World) -> None:
    """B2: no call inside a node lasts beyond the node's end, however long its own rules are."""
    done = simulate(planned(case), world, case.moment)
    for moment_ms, command in done.commands:
        if isinstance(command, Send):
            outermost_first = [end - (moment_ms - case.moment) for _, end in ends(done, command.node)]
            remaining = [min(outermost_first[: depth + 1]) for depth in range(len(outermost_first))]
            assert remaining == sorted(remaining, reverse=True)
            assert all(command.until_ms - moment_ms <= left for left in remaining)


@given(cases(), worlds())
def test_b4_no_call_starts_with_less_than_its_shortest_left(case: Case, world: World) -> None:
    """B4: first calls and retries alike have their shortest time, and more than none, until every end around them."""
    made = planned(case)
    done = simulate(made, world, case.moment)
    for call in done.trace.calls:
        attempt = above(made.root, call.node)[-1]
        assert isinstance(attempt, Attempt)
        assert attempt.timeout_ms >= attempt.shortest_ms
        assert all(end - call.start_ms >= max(1, attempt.shortest_ms) for _, end in ends(done, call.node))


@given(cases(), worlds())
def test_b4_too_little_time_is_true_where_it_is_said(case: Case, world: World) -> None:
    """B4: whoever was skipped for want of time really had less than its shortest, or none."""
    made = planned(case)
    done = simulate(made, world, case.moment)
    for missed in done.trace.missed:
        attempt = above(made.root, missed.node)[-1]
        assert isinstance(attempt, Attempt)
        if missed.reason == "too_little_time":
            left = min(end for _, end in ends(done, missed.node)) - missed.at_ms
            assert left < max(1, attempt.shortest_ms)


@given(cases(), worlds())
def test_b4_no_wait_is_begun_that_no_call_can_follow(case: Case, world: World) -> None:
    """B4: a retry that would come too late is not waited for. The stagger of a race is, even if nobody starts then."""
    made = planned(case)
    if any(isinstance(node, Race) for node in nodes(made.root)):
        return
    done = simulate(made, world, case.moment)
    sent = {moment_ms for moment_ms, command in done.commands if isinstance(command, Send)}
    cancelled = done.trace.kind == "cancelled"
    assert all(cancelled or command.at_ms in sent for _, command in done.commands if isinstance(command, Wake))


def test_b2_an_inner_deadline_counts_from_its_own_entry() -> None:
    """B2: the second child's deadline starts when it is entered, not when the route is."""
    inner = RouteNode(first=(use("b"),), deadline=Span(5))
    made = plan_of(spec_of(main=RouteNode(first=(RouteNode(use="a", timeout=Span(7)), inner), deadline=Span(10))))
    trace = simulate(made, HANGS).trace
    assert [(call.deployment, call.start_ms, call.end_ms) for call in trace.calls] == [("a", 0, 7), ("b", 7, 10)]
    assert isinstance(made.root, First)


def test_b2_a_retry_shares_the_deadline_of_its_node() -> None:
    """B2: the deadline of one use bounds all its calls together."""
    retry = Retry(times=3, on=("timed_out",), backoff=Backoff(base=Span(0), cap=Span(0)))
    made = plan_of(spec_of(main=RouteNode(use="a", timeout=Span(4), deadline=Span(10), retry=retry)))
    assert [(call.start_ms, call.end_ms) for call in simulate(made, HANGS).trace.calls] == [(0, 4), (4, 8), (8, 10)]
