"""Laws R1-R4, R6 and K5: how often, how long, when and whether a deployment, or any other one, is tried again."""

from collections import Counter
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.laws.cases import Case, above, cases, nodes, plan_of, planned, spec_of
from tests.laws.simulation import simulate
from tests.laws.worlds import KINDS_SEEN, Call, World
from tests.strategies import DEPLOYMENTS, seeds, worlds
from voxplan.engine.language.spec import Backoff, Replay, Retry, RouteNode
from voxplan.engine.plans.draws import delay_ms, draw, label_bits
from voxplan.engine.plans.plan import Attempt, First, Node, Race, attempts
from voxplan.engine.runs.run import Observe, Send, TrailEntry
from voxplan.engine.terms.failure import KINDS, FailureKind
from voxplan.engine.terms.quantity import Span

AT_ONCE = Backoff(base=Span(0), cap=Span(0))


@given(cases(), worlds())
def test_r1_a_deployment_gets_at_most_one_call_and_its_retries_per_run(case: Case, world: World) -> None:
    """R1: all calls to a deployment are those of one node, numbered from 1, and no more than 1 + times."""
    made = planned(case)
    trace = simulate(made, world, case.moment).trace
    for deployment in {call.deployment for call in trace.calls}:
        calls = [call for call in trace.calls if call.deployment == deployment]
        attempt = above(made.root, calls[0].node)[-1]
        assert isinstance(attempt, Attempt)
        assert {call.node for call in calls} == {attempt.node}
        assert [call.number for call in calls] == list(range(1, len(calls) + 1))
        assert len(calls) <= 1 + len(attempt.delays_ms)


@given(st.integers(0, 5), seeds(), st.sampled_from(KINDS_SEEN))
def test_r1_a_deployment_that_always_fails_is_called_exactly_1_and_times(times: int, seed: int, kind: FailureKind) -> None:
    """R1: with time enough, every retry there is is made."""
    root = RouteNode(use="a", retry=Retry(times=times, on=(kind,), backoff=AT_ONCE))
    always = World({("a", number): Call(kind=kind) for number in range(1, 8)})
    made = plan_of(spec_of(main=root), seed=seed)
    # A key that was refused once is not tried again, whatever `on` says.
    assert len(simulate(made, always).trace.calls) == (1 if kind == "unauthorized" else 1 + times)


@given(cases(), st.integers(0, 3))
def test_r1_a_request_bounds_the_retries_and_changes_nothing_else(case: Case, most: int) -> None:
    """R1: with `retries` each attempt has the first of its drawn waits, at most so many; all else is as without."""
    free = planned(case._replace(request=replace(case.request, retries=None)))
    bound = planned(case._replace(request=replace(case.request, retries=most)))
    assert bound == replace(free, root=narrowed(free.root, most), bounds=bound.bounds)
    assert bound.bounds.attempts <= free.bounds.attempts
    assert all(len(attempt.delays_ms) <= most for attempt in attempts(bound.root))


def narrowed(node: Node, most: int) -> Node:
    """The same with at most so many retries of each deployment."""
    match node:
        case First(children=children):
            return replace(node, children=tuple(narrowed(child, most) for child in children))
        case Race(arms=arms):
            return replace(node, arms=tuple(narrowed(arm, most) for arm in arms))
        case Attempt(delays_ms=delays) if most and delays:
            return replace(node, delays_ms=delays[:most])
        case Attempt():
            return replace(node, delays_ms=(), retry_on=(), retry_on_hint=(), patience_ms=0)


@given(seeds(), st.integers(0, 8), st.integers(0, 10_000), st.integers(0, 60_000))
def test_r2_delays_are_drawn_from_0_to_the_smaller_of_cap_and_doubled_base(
    seed: int, times: int, base_ms: int, cap_ms: int
) -> None:
    """R2: 0 ≤ delay_k ≤ min(cap, base · 2^k)."""
    root = RouteNode(use="a", retry=Retry(times=times, backoff=Backoff(base=Span(base_ms), cap=Span(cap_ms))))
    (attempt,) = attempts(plan_of(spec_of(main=root), seed=seed).root)
    assert len(attempt.delays_ms) == times
    assert all(0 <= delay <= min(cap_ms, base_ms * 2**k) for k, delay in enumerate(attempt.delays_ms))


def drawn(seed: int, k: int, base_ms: int, cap_ms: int = 100) -> int:
    """The drawn wait before the k-th retry at some node."""
    return delay_ms(draw(seed), label_bits("main/a", f"retry {k}"), k, base_ms, cap_ms)


def test_r2_delays_are_even_over_their_whole_range() -> None:
    """R2: full jitter: over many seeds every value of a small range comes equally often (chi-square at 1e-9, fixed seeds)."""
    seen = Counter(drawn(seed, 2, 1) for seed in range(5000))
    assert set(seen) == {0, 1, 2, 3, 4}
    assert sum((seen[value] - 1000) ** 2 / 1000 for value in range(5)) < 47.90


def test_r2_the_delays_of_one_node_are_independent() -> None:
    """R2: the second delay says nothing about the first."""
    pairs = Counter((drawn(seed, 0, 1, 1), drawn(seed, 1, 1, 1)) for seed in range(4000))
    assert sum((pairs[one, two] - 1000) ** 2 / 1000 for one in (0, 1) for two in (0, 1)) < 44.84


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 30), st.integers(0, 10), st.integers(0, 5))
def test_r3_retry_after_is_waited_for_exactly_within_patience_and_time(
    wanted_ms: int, patience_ms: int, deadline_ms: int, shortest_ms: int, takes_ms: int
) -> None:
    """R3: a retry starts when the provider said, iff that is within patience and leaves time; else the next child, at once."""
    retrying = RouteNode(use="a", retry=Retry(times=1, backoff=AT_ONCE, patience=Span(patience_ms)))
    root = RouteNode(first=(retrying, RouteNode(use="b")), deadline=Span(deadline_ms))
    world = World({("a", 1): Call(takes_ms=takes_ms, kind="rate_limited", retry_after_ms=wanted_ms)})
    spec = spec_of(root)
    picky = replace(spec.deployments["a"], shortest=Span(shortest_ms))
    trace = simulate(plan_of(replace(spec, deployments=spec.deployments | {"a": picky})), world).trace
    if deadline_ms < max(1, shortest_ms):
        assert [call.deployment for call in trace.calls] == ["b"]
    elif takes_ms >= deadline_ms:
        assert [call.deployment for call in trace.calls] == ["a"]
    else:
        waited = wanted_ms <= patience_ms and deadline_ms - takes_ms - wanted_ms >= max(1, shortest_ms)
        then = ("a", takes_ms + wanted_ms) if waited else ("b", takes_ms)
        assert [(call.deployment, call.start_ms) for call in trace.calls] == [("a", 0), then]


@given(seeds(), st.integers(0, 20))
def test_r3_the_wait_is_the_longer_of_the_drawn_one_and_of_retry_after(seed: int, wanted_ms: int) -> None:
    """R3: Retry-After is a least time; the drawn delay is not shortened by it."""
    retry = Retry(times=1, backoff=Backoff(base=Span(10), cap=Span(10)), patience=Span(50))
    made = plan_of(spec_of(main=RouteNode(use="a", retry=retry)), seed=seed)
    (attempt,) = attempts(made.root)
    trace = simulate(made, World({("a", 1): Call(kind="overloaded", retry_after_ms=wanted_ms)})).trace
    assert trace.calls[1].start_ms == max(attempt.delays_ms[0], wanted_ms)


@given(st.sampled_from(KINDS_SEEN), st.booleans())
def test_r3_by_default_only_the_kinds_of_the_table_are_retried(kind: FailureKind, hinted: bool) -> None:
    """R3: a bare `retry` covers what the table says; `rate_limited` only when the provider said how long."""
    made = plan_of(spec_of(main=RouteNode(use="a", retry=Retry(times=1, backoff=Backoff(base=Span(0), cap=Span(5))))))
    trace = simulate(made, World({("a", 1): Call(kind=kind, retry_after_ms=5 if hinted else None)})).trace
    covered = KINDS[kind].retrying == "yes" or (KINDS[kind].retrying == "hint" and hinted)
    assert len(trace.calls) == 1 + covered


@given(cases(), worlds())
def test_r4_attempts_performed_are_the_calls_in_the_trail(case: Case, world: World) -> None:
    """R4: every call that was sent and not denied is in the trail, and nothing else is. On the wire: see the shell."""
    done = simulate(planned(case), world, case.moment)
    assert [(send.attempt, send.node, send.deployment, send.number, send.cause) for send in done.sent] == [
        (entry.attempt, entry.node, entry.deployment, entry.number, entry.cause)
        for entry in sorted(done.run.trail, key=lambda entry: entry.attempt)
    ]


@given(cases(), worlds())
def test_k5_every_finished_call_is_observed_exactly_once(case: Case, world: World) -> None:
    """K5: observations and trail tell the same, call by call; lost, cancelled and simulated ones among them."""
    done = simulate(planned(case), world, case.moment)
    observed = [(each.attempt, each.observation) for _, each in done.commands if isinstance(each, Observe)]
    told = [
        (
            attempt,
            seen.deployment,
            seen.started_ms - case.moment,
            seen.ended_ms - case.moment,
            seen.kind,
            seen.lost,
            seen.simulated,
        )
        for attempt, seen in observed
    ]
    simulated = {attempt.node for attempt in attempts(done.run.plan.root) if attempt.simulated}
    assert told == [
        (e.attempt, e.deployment, e.started_ms, e.ended_ms, e.failure and e.failure.kind, e.ending == "lost", e.node in simulated)
        for e in done.run.trail
    ]


@given(cases(), worlds())
def test_r6_the_audio_is_sent_again_only_as_replay_allows(case: Case, world: World) -> None:
    """R6: when a call of an attempt with `replay` goes out, every call that went out before has ended as the rule wants it."""
    made = planned(case)
    done = simulate(made, world, case.moment)
    rules: dict[str, Replay] = {attempt.node: attempt.replay for attempt in attempts(made.root)}
    ended: dict[int, TrailEntry] = {}
    out: list[int] = []
    by_id = {entry.attempt: entry for entry in done.run.trail}
    for _, each in done.moments:
        if isinstance(each, Observe):
            ended[each.attempt] = by_id[each.attempt]
        elif isinstance(each, Send) and each.attempt not in done.denied and each.simulated is None:
            assert all(_allows(rules[each.node], ended.get(earlier)) for earlier in out)
            out.append(each.attempt)


def _allows(rule: Replay, before: TrailEntry | None) -> bool:
    """Whether the audio may be sent after this call, which is None while it is under way."""
    failure = None if before is None else before.failure
    unsent, uncharged = failure is not None and failure.sent == "no", failure is not None and failure.charged == "no"
    return {"always": True, "if_uncharged": uncharged, "if_unsent": unsent, "never": False}[rule]


@given(cases())
def test_r6_where_the_audio_may_not_always_be_sent_again_nothing_overlaps(case: Case) -> None:
    """R6: no race has an attempt in it whose `replay` is not `always`."""
    root = planned(case).root
    for node in nodes(root):
        if isinstance(node, Race):
            assert all(attempt.replay == "always" for attempt in attempts(node))


RULES: tuple[Replay, ...] = ("always", "if_uncharged", "if_unsent", "never")


@given(st.sampled_from(RULES), st.sampled_from(RULES), st.sampled_from(RULES))
def test_r6_the_strictest_of_all_enclosing_rules_holds(outer: Replay, middle: Replay, inner: Replay) -> None:
    """R6: a laxer rule inside a stricter one changes nothing."""
    leaf = RouteNode(use="a", replay=inner)
    made = plan_of(spec_of(RouteNode(first=(RouteNode(first=(leaf,), replay=middle),), replay=outer)))
    (attempt,) = attempts(made.root)
    assert attempt.replay == max(outer, middle, inner, key=RULES.index)


@given(st.sampled_from(RULES), st.sampled_from(("no", "maybe", "yes")), st.sampled_from(("no", "maybe", "yes")))
def test_r6_a_fallback_is_made_exactly_where_the_rule_allows(
    rule: Replay, sent: Literal["no", "maybe", "yes"], charged: Literal["no", "maybe", "yes"]
) -> None:
    """R6: after one failed call the next child follows iff its rule allows, and is noted as `replay` otherwise."""
    made = plan_of(spec_of(RouteNode(first=(RouteNode(use="a"), RouteNode(use="b", replay=rule)))))
    world = World({("a", 1): Call(kind="server_error", sent=sent, charged=charged)})
    trace = simulate(made, world).trace
    allowed = {"always": True, "if_uncharged": charged == "no", "if_unsent": sent == "no", "never": False}[rule]
    assert [call.deployment for call in trace.calls] == (["a", "b"] if allowed else ["a"])
    assert [each.reason for each in trace.missed] == ([] if allowed else ["replay"])


def test_r1_a_deployment_used_twice_is_tried_at_its_first_node_only() -> None:
    """R1: a second use of a deployment in one run is skipped as `tried`; if the first was denied, the second is made."""
    made = plan_of(spec_of(main=RouteNode(first=(RouteNode(use="a"), RouteNode(use="a")))))
    failing = {(name, 1): Call(kind="server_error") for name in DEPLOYMENTS}
    assert [each.reason for each in simulate(made, World(failing)).trace.missed] == ["tried"]
    denied_once = World(failing, denied=frozenset({("a", 1)}))
    assert [call.node for call in simulate(made, denied_once).trace.calls] == ["main/a~2"]
