"""Laws B5-B7: budgets are kept at every moment, the bounds of a plan hold in every world, and nothing stays reserved."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.laws.cases import Case, cases, first, nodes, plan_of, planned, race, rewritten, spec_of, use
from tests.laws.simulation import Simulated, simulate
from tests.laws.worlds import Call, World, scripted_world
from tests.strategies import DEPLOYMENTS, GUARDRAILS, routing_nodes, seeds, worlds
from voxplan.engine.language.spec import Price, RouteNode, Spec
from voxplan.engine.plans.plan import Attempt, Node, Plan, Race, attempts, children
from voxplan.engine.runs.run import Observe, Send, TrailEntry
from voxplan.engine.terms.quantity import Money, Span


def priced(spec: Spec, nano: int) -> Spec:
    """The spec with a price of so much for each call of each deployment."""
    price = Price(per_request=Money(nano))
    return replace(spec, deployments={name: replace(each, price=price) for name, each in spec.deployments.items()})


@given(cases(), worlds())
def test_b5_no_call_starts_that_could_break_a_budget(case: Case, world: World) -> None:
    """B5: spent + reserved + own worst ≤ budget, for every node with a budget around it, whenever a call starts."""
    made = planned(case)
    done = simulate(made, world, case.moment)
    trail = {entry.attempt: entry for entry in done.run.trail}
    worst = {attempt.node: attempt.worst_cost for attempt in attempts(made.root)}
    out: list[Send] = []
    ended: list[TrailEntry] = []
    for _, each in done.moments:
        if isinstance(each, Observe):
            ended.append(trail[each.attempt])
            out = [send for send in out if send.attempt != each.attempt]
        elif isinstance(each, Send) and each.attempt not in done.denied and each.simulated is None:
            out.append(each)
            costs = [(send.node, worst[send.node]) for send in out] + [(entry.node, entry.cost) for entry in ended]
            _assert_kept(made.root, each.node, costs)


@given(cases())
def test_b5_no_budget_relies_on_an_estimate(case: Case) -> None:
    """B5: below a budget stands nobody whose price is unknown, an estimate, by the token, or by channels that nobody counted."""
    made = planned(case)
    channels = case.request.audio.channels
    for node in nodes(made.root):
        for attempt in attempts(node) if node.budget is not None else ():
            price = case.router.deployments[attempt.deployment].price
            assert attempt.worst_cost is not None
            assert price is not None
            assert not price.estimated
            assert price.tokens is None
            assert not (price.by_channel and channels is None)


def _assert_kept(root: Node, called: str, costs: Iterable[tuple[str, int | None]]) -> None:
    costs = tuple(costs)
    for node in nodes(root):
        below = {attempt.node for attempt in attempts(node)}
        if node.budget is not None and called in below:
            assert sum(cost or 0 for at, cost in costs if at in below) <= node.budget
            assert all(cost is not None for at, cost in costs if at in below)


@given(cases(), worlds())
def test_b5_what_a_call_cost_is_nothing_if_uncharged_and_else_its_worst(case: Case, world: World) -> None:
    """B5: settled at 0 only when the provider is known not to charge; poor, lost and late answers cost what they may."""
    made = planned(case)
    done = simulate(made, world, case.moment)
    by_node = {attempt.node: attempt for attempt in attempts(made.root)}
    for entry in done.run.trail:
        free = by_node[entry.node].simulated is not None or (entry.failure is not None and entry.failure.charged == "no")
        assert entry.cost == (0 if free else by_node[entry.node].worst_cost)


@given(st.integers(1, 5), st.integers(0, 20), st.lists(st.sampled_from(("no", "yes")), min_size=3, max_size=3))
def test_b5_a_budget_is_spent_as_far_as_it_goes(nano: int, budget: int, charged: list[str]) -> None:
    """B5: the next child is called exactly while the budget covers its worst cost; an uncharged failure gives its share back."""
    made = _planned(replace(first(use("a"), use("b"), use("c")), budget=Money(budget)), nano)
    if made is None:
        assert budget < nano
        return
    calls = {
        (name, 1): Call(kind="server_error", charged="no" if each == "no" else "yes")
        for name, each in zip("abc", charged, strict=True)
    }
    trace = simulate(made, World(calls)).trace
    left, called = budget, list[str]()
    for name, each in zip("abc", charged, strict=True):
        if left >= nano:
            called.append(name)
            left -= 0 if each == "no" else nano
    assert [call.deployment for call in trace.calls] == called
    assert [(each.deployment, each.reason) for each in trace.missed] == [(name, "budget") for name in "abc" if name not in called]


def _planned(root: RouteNode, nano: int) -> Plan | None:
    """The plan of a spec in which each call costs so much; None when it costs more than there is."""
    budget = root.budget.nano if root.budget else nano
    return plan_of(priced(spec_of(root), nano)) if nano <= budget else None


@given(st.integers(1, 3), st.integers(3, 8))
def test_b5_arms_that_overlap_reserve_their_worst(nano: int, budget: int) -> None:
    """B5: what is under way counts in full, so that a race starts no more arms than its budget covers at once."""
    made = _planned(replace(race(*(use(name) for name in DEPLOYMENTS)), budget=Money(budget)), nano)
    assert made is not None
    slow = World({(name, 1): Call(takes_ms=5, kind="server_error", charged="no") for name in DEPLOYMENTS})
    trace = simulate(made, slow).trace
    assert sum(call.start_ms == 0 for call in trace.calls) == min(len(DEPLOYMENTS), budget // nano)


@given(cases(), st.integers(0, 2**32))
def test_b6_all_bounds_hold_in_every_world(case: Case, first_world: int) -> None:
    """B6: calls, time, money, duplicate charges, deployments, vendors and regions are never more than the plan says."""
    made = planned(case)
    for seed in range(first_world, first_world + 10):
        assert_bounded(simulate(made, scripted_world(seed, DEPLOYMENTS, GUARDRAILS), case.moment))


def assert_bounded(done: Simulated) -> None:
    """The run keeps within the bounds of its plan."""
    bounds, trail = done.run.plan.bounds, done.run.trail
    by_node = {attempt.node: attempt for attempt in attempts(done.run.plan.root)}
    assert len(trail) <= bounds.attempts
    assert done.trace.end_ms <= bounds.longest_ms
    if bounds.cost is not None:
        costs = [entry.cost for entry in trail]
        assert None not in costs
        assert sum(cost or 0 for cost in costs) <= bounds.cost
    # A call with a price of 0 is charged for nothing.
    charged = [entry for entry in trail if entry.cost != 0]
    assert len(charged) - 1 <= bounds.duplicate_charges
    sent = [by_node[entry.node] for entry in trail]
    assert {attempt.deployment for attempt in sent} <= {*bounds.deployments}
    assert {attempt.vendor for attempt in sent} <= {*bounds.vendors}
    assert {attempt.region for attempt in sent if attempt.region is not None} <= {*bounds.regions}


@given(routing_nodes(DEPLOYMENTS, depth=4), seeds())
def test_b6_the_bound_on_time_is_met_without_races(node: RouteNode, seed: int) -> None:
    """B6: hanging providers take exactly as long as is said, where nothing overlaps, is checked, repeats itself or is retried."""
    unguarded = rewritten(node, lambda each: replace(each, guardrails=None))
    made = plan_of(spec_of(first(unguarded, use("a"))), seed=seed)
    names = [attempt.deployment for attempt in attempts(made.root)]
    waits = any(attempt.delays_ms for attempt in attempts(made.root))
    if any(isinstance(each, Race) for each in nodes(made.root)) or len(names) > len({*names}) or waits:
        return
    if any("timed_out" not in each.on for each in nodes(made.root) if not isinstance(each, Attempt)):
        return
    trace = simulate(made, World({(name, 1): Call(takes_ms=None) for name in DEPLOYMENTS})).trace
    if not trace.missed:
        assert trace.end_ms == made.bounds.longest_ms


@given(cases(), worlds())
def test_b7_nothing_stays_reserved(case: Case, world: World) -> None:
    """B7: when a run ends, cancelled ones too, every call that went out is settled, and the ledger's sum is the trail's."""
    done = simulate(planned(case), world, case.moment)
    assert not done.run.out
    assert all(line.settled for line in done.run.ledger)
    assert [line.attempt for line in done.run.ledger] == [send.attempt for send in done.sent if send.simulated is None]
    settled = sum((line.worst or 0) for line in done.run.ledger if line.charged != "no")
    assert settled == sum(entry.cost or 0 for entry in done.run.trail)


def test_b6_a_race_takes_as_long_as_its_last_arm() -> None:
    """B6: the n-th arm starts n staggers after the first at the latest, so that is how long a race may take."""
    arms = tuple(RouteNode(use=name, timeout=Span(10)) for name in ("a", "b", "c"))
    made = plan_of(spec_of(race(*arms, stagger_ms=4)))
    assert made.bounds.longest_ms == 18
    assert simulate(made, World({(name, 1): Call(takes_ms=None) for name in "abc"})).trace.end_ms == 18
    assert len(children(made.root)) == made.bounds.attempts == 3
