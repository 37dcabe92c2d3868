"""Laws H1-H3: when the arms of a race start, which answer wins, and that hedging loses no success."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.laws.cases import Case, cases, first, nodes, plan_of, planned, race, spec_of, use
from tests.laws.outcomes import calls_below, entered_ms, outcomes
from tests.laws.simulation import simulate
from tests.laws.worlds import BLANK, Call, Trace, World, call_of
from tests.strategies import DEPLOYMENTS, worlds
from voxplan.engine.language.spec import Accept, Backoff, Retry, RouteNode
from voxplan.engine.plans.plan import Race
from voxplan.engine.runs.run import Cancel, Observe, Send
from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.quantity import Span

AT_ONCE = Backoff(base=Span(0), cap=Span(0))


@given(cases(), worlds())
def test_h1_an_arm_starts_a_stagger_after_the_one_before_or_when_one_fails(case: Case, world: World) -> None:
    """H1: arms start in order, no later than a stagger after the one before, sooner only when one failed or was absent."""
    made = planned(case)
    trace = simulate(made, world, case.moment).trace
    for node in nodes(made.root):
        if isinstance(node, Race):
            entered = [entered_ms(arm, trace) for arm in node.arms]
            reached = [at_ms for at_ms in entered if at_ms is not None]
            assert entered == [*reached, *(None for _ in entered[len(reached) :])]
            for arm, (before_ms, at_ms) in enumerate(pairwise(reached), start=1):
                assert before_ms <= at_ms <= before_ms + node.stagger_ms
                assert at_ms == before_ms + node.stagger_ms or _makes_room(node, arm, at_ms, trace)


def _makes_room(node: Race, arm: int, at_ms: int, trace: Trace) -> bool:
    """Whether arm number `arm` had a reason to start before its stagger: the one before was absent, or one has just failed."""
    earlier = [calls_below(each, trace.calls) for each in node.arms[:arm]]
    return not earlier[-1] or any(calls and max(call.end_ms for call in calls) == at_ms for calls in earlier)


@given(cases(), worlds())
def test_h1_no_arm_is_forgotten(case: Case, world: World) -> None:
    """H1: while a race goes on, and no arm failed in a kind that is not listed, the next arm starts a stagger after the last."""
    made = planned(case)
    trace = simulate(made, world, case.moment).trace
    for node in nodes(made.root):
        if isinstance(node, Race):
            entered = [at_ms for arm in node.arms if (at_ms := entered_ms(arm, trace)) is not None]
            if entered and len(entered) < len(node.arms):
                closed = any(outcomes(arm, calls_below(arm, trace.calls)) - {*node.on} for arm in node.arms)
                assert (
                    closed
                    or trace.end_ms <= entered[-1] + node.stagger_ms
                    or _tree_ended_ms(trace) <= entered[-1] + node.stagger_ms
                )


def _tree_ended_ms(trace: Trace) -> int:
    """When the last call of the run ended: after that only answers are checked."""
    return max([*(call.end_ms for call in trace.calls), *(each.at_ms for each in trace.missed)], default=0)


@given(st.integers(0, 9), st.integers(0, 9), st.sampled_from(("server_error", "invalid_request")))
def test_h1_a_failed_arm_is_followed_at_once(stagger_ms: int, fails_ms: int, kind: FailureKind) -> None:
    """H1: a failure in a listed kind starts the next arm and restarts the stagger; any other kind starts no further arm.

    What fails at the instant at which the stagger ends is heard before it.
    """
    calls = {("a", 1): Call(fails_ms, kind=kind), ("b", 1): Call(50), ("c", 1): Call(50)}
    made = plan_of(spec_of(race(use("a"), use("b"), use("c"), stagger_ms=stagger_ms)))
    starts = [call.start_ms for call in simulate(made, World(calls)).trace.calls]
    if kind == "invalid_request":
        staggered = [stagger_ms, 2 * stagger_ms]
        assert starts == [0, *(at_ms for at_ms in staggered if at_ms < fails_ms)]
    elif fails_ms <= stagger_ms:
        assert starts == [0, fails_ms, fails_ms + stagger_ms]
    else:
        assert starts == [0, stagger_ms, min(fails_ms, 2 * stagger_ms)]


@given(cases(), worlds())
def test_h2_the_first_accepted_answer_wins_and_the_rest_is_cancelled(case: Case, world: World) -> None:
    """H2: whoever lost had not answered by then; each is stopped and observed once, at that moment, and nothing starts later."""
    made = planned(case)
    done = simulate(made, world, case.moment)
    winners = [call for call in done.trace.calls if call.ending == "accepted"]
    if not winners or done.trace.released is not None:
        return
    won_ms = winners[0].end_ms + case.moment
    lost = [entry for entry in done.run.trail if entry.ending == "lost"]
    assert [cancel.attempt for _, cancel in done.commands if isinstance(cancel, Cancel)] == [entry.attempt for entry in lost]
    by_id = {send.attempt: send for send in done.sent}
    for entry in lost:
        takes_ms = call_of(world, by_id[entry.attempt]).takes_ms
        assert takes_ms is None or by_id[entry.attempt].at_ms + takes_ms >= won_ms
    ends = {each.attempt: at_ms for at_ms, each in done.commands if isinstance(each, Observe)}
    assert all(ends[entry.attempt] == won_ms for entry in lost)
    assert all(at_ms <= won_ms for at_ms, each in done.commands if isinstance(each, Send))


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 3), st.sampled_from((BLANK, "hello")))
def test_h2_an_answer_that_fails_its_gates_does_not_win(first_ms: int, second_ms: int, stagger_ms: int, text: str) -> None:
    """H2: a poor answer is a failure of its arm, however early it comes; only an accepted one ends the race."""
    arms = (replace(use("a"), accept=Accept(not_empty=True)), use("b"))
    world = World({("a", 1): Call(first_ms, text), ("b", 1): Call(second_ms)})
    trace = simulate(plan_of(spec_of(race(*arms, stagger_ms=stagger_ms))), world).trace
    b_starts = min(first_ms, stagger_ms) if text == BLANK else stagger_ms
    b_wins = text == BLANK or b_starts + second_ms < first_ms
    assert trace.served is not None
    assert trace.calls[trace.served].deployment == ("b" if b_wins else "a")
    assert trace.end_ms == (b_starts + second_ms if b_wins else first_ms)


RETRIES = st.none() | st.just(Retry(times=1, on=("server_error", "overloaded"), backoff=AT_ONCE))
LISTS: st.SearchStrategy[tuple[FailureKind, ...] | None] = st.sampled_from(
    (None, ("timed_out", "rate_limited"), ("poor_quality", "overloaded"))
)


@st.composite
def slack_races(draw: st.DrawFn) -> RouteNode:
    """Races of up to four arms without deadlines; no deployment is in two of them."""
    names = draw(st.permutations(DEPLOYMENTS))
    arms: list[RouteNode] = []
    for place in range(draw(st.integers(1, 4))):
        leaf = RouteNode(use=names[place], retry=draw(RETRIES), accept=draw(st.none() | st.just(Accept(not_empty=True))))
        arms.append(replace(first(leaf, use(names[5])), on=draw(LISTS)) if place == 3 else leaf)
    return replace(race(*arms, stagger_ms=draw(st.integers(0, 9))), on=draw(LISTS))


@given(slack_races(), worlds())
def test_h3_with_slack_deadlines_a_race_succeeds_iff_one_of_its_started_arms_does(root: RouteNode, world: World) -> None:
    """H3: an arm that was started and would have succeeded by itself is never lost to the others."""
    world = world._replace(cancel_ms=None, denied=frozenset())
    made = plan_of(spec_of(root))
    assert isinstance(made.root, Race)
    trace = simulate(made, world).trace
    succeeds = trace.served is not None and not trace.poor
    assert root.race is not None
    started = [
        arm for arm, planned_arm in zip(root.race.among, made.root.arms, strict=True) if calls_below(planned_arm, trace.calls)
    ]
    assert succeeds == any(_succeeds(arm, world) for arm in started)


def _succeeds(arm: RouteNode, world: World) -> bool:
    trace = simulate(plan_of(spec_of(arm)), world).trace
    return trace.served is not None and not trace.poor


def test_h3_is_false_under_a_deadline() -> None:
    """H3 (!): under a deadline that has room for the second arm alone, the first arm may take so long that nothing is left."""
    arms = (use("a"), use("b"))
    root = replace(race(*arms, stagger_ms=8), deadline=Span(10))
    world = World({("a", 1): Call(takes_ms=None), ("b", 1): Call(takes_ms=5)})
    assert simulate(plan_of(spec_of(root)), world).trace.served is None
    assert _succeeds(replace(use("b"), deadline=Span(10)), world)


def test_h1_arms_of_composite_routes_go_on_while_others_run() -> None:
    """H1: an arm fails only when its whole route has; its own fallbacks are its own matter."""
    made = plan_of(spec_of(race(first(use("a"), use("b")), use("c"), stagger_ms=10)))
    calls = {("a", 1): Call(2, kind="server_error"), ("b", 1): Call(3, kind="overloaded"), ("c", 1): Call(1)}
    trace = simulate(made, World(calls)).trace
    assert [(call.deployment, call.start_ms, call.cause) for call in trace.calls] == [
        ("a", 0, "first"),
        ("b", 2, "fallback"),
        ("c", 5, "fallback"),
    ]


def test_h2_two_answers_at_one_instant_are_taken_in_the_order_of_their_calls() -> None:
    """H2: at one instant answers come before failures and wakes, and among themselves by the number of the call."""
    made = plan_of(spec_of(race(use("a"), use("b"), stagger_ms=2)))
    trace = simulate(made, World({("a", 1): Call(5), ("b", 1): Call(3)})).trace
    assert [(call.deployment, call.ending) for call in trace.calls] == [("a", "accepted"), ("b", "lost")]
