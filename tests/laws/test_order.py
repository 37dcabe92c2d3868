"""Laws M1-M4: what more of something may and may not change; with the counterexamples of their stronger forms (!)."""

import itertools
from collections.abc import Callable, Mapping
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.laws.cases import compiled, first, plan_of, result_of, rewritten, spec_of, use
from tests.laws.simulation import simulate
from tests.laws.worlds import Call, Trace, World
from tests.strategies import DEPLOYMENTS, GUARDRAILS, random_view, requests, routing_nodes, routing_specs, seeds, worlds
from voxplan.engine.language.spec import Arm, Backoff, Balance, Guardrail, Price, Retry, RouteNode, Selector, Spec
from voxplan.engine.observed.view import EMPTY_VIEW, DeploymentView, View
from voxplan.engine.plans.compiling import compile_checked
from voxplan.engine.plans.plan import Plan, attempts, children
from voxplan.engine.plans.planning import plan
from voxplan.engine.terms.capability import Capabilities, ProviderFacts
from voxplan.engine.terms.quantity import Money, Span
from voxplan.engine.terms.request import AudioFacts, Request

AT_ONCE = Backoff(base=Span(0), cap=Span(0))


@given(
    st.lists(routing_nodes(DEPLOYMENTS, depth=2), min_size=1, max_size=3).map(tuple),
    routing_nodes(DEPLOYMENTS, depth=1),
    worlds(),
    seeds(),
)
def test_m1_appending_at_the_end_of_the_route_keeps_every_success(
    children: tuple[RouteNode, ...], appended: RouteNode, world: World, seed: int
) -> None:
    """M1: with one more child at the end of the outermost `first`, nothing cooling, a run that succeeded has the same trace."""

    def run(*given_children: RouteNode) -> Trace | None:
        result = result_of(compiled(spec_of(first(*given_children))), Request(route="main"), EMPTY_VIEW, 0, seed)
        return simulate(result, world).trace if isinstance(result, Plan) else None

    before = run(*children)
    if before is not None and before.served is not None and not before.poor:
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


@given(routing_nodes(DEPLOYMENTS, depth=3), worlds(), seeds(), st.integers(1, 30), st.integers(1, 30))
def test_m2_a_longer_deadline_of_the_route_keeps_every_success(
    node: RouteNode, world: World, seed: int, deadline_ms: int, more_ms: int
) -> None:
    """M2: a run that succeeds under a deadline, and skipped nothing for want of time, has the same trace under a longer one.

    Where waits are none a retry is left undone for want of time only when there is none at all.
    """
    calls = {key: call._replace(retry_after_ms=None) for key, call in world.calls.items()}
    at_once = rewritten(node, lambda each: replace(each, retry=each.retry and replace(each.retry, backoff=AT_ONCE)))

    def run(ms: int) -> Trace:
        root = first(at_once, use("a"))
        return simulate(plan_of(spec_of(replace(root, deadline=Span(ms))), seed=seed), world._replace(calls=calls)).trace

    before = run(deadline_ms)
    hurried = any(each.reason == "too_little_time" for each in before.missed)
    if before.served is not None and not before.poor and not hurried and not before.unchecked:
        assert run(deadline_ms + more_ms) == before


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


REQUIRES = (Selector(region=("eu",)), Selector(tags=("fast",)), Selector(provider=("openai",)), Selector(capability=("words",)))


@given(routing_specs(), requests(), seeds(), st.integers(0, 2**16), st.sampled_from(REQUIRES), st.integers(0, 20))
def test_m3_adding_a_require_only_shrinks_what_can_be_reached(
    spec: Spec, request: Request, seed: int, view_seed: int, require: Selector, where: int
) -> None:
    """M3: whatever a route reaches with one more `require` in it, it reaches without as well, in some view.

    The witness is the view in which everything else cools off: what may be attempted at all is then attempted.
    """
    request = replace(request, simulate=None, allowed=None)
    narrowed = replace(spec, routes={name: _at_node(node, where, require) for name, node in spec.routes.items()})
    result = result_of(compiled(narrowed), request, random_view(Random(view_seed)), 0, seed)
    if not isinstance(result, Plan) or result.cooling_try is not None:
        return
    router = compiled(spec)
    for reached in {attempt.deployment for attempt in attempts(result.root)}:
        others = {name: DeploymentView(circuit="open", openings=1, until_ms=1) for name in DEPLOYMENTS if name != reached}
        made = plan(router, request, View(deployments=others), 0, seed).unwrap()
        assert made.cooling_try is None
        assert {attempt.deployment for attempt in attempts(made.root)} == {reached}


def _at_node(root: RouteNode, where: int, require: Selector) -> RouteNode:
    """The route with `require` at node number `where` that has none yet, from the leaves up; at its root if it has fewer."""
    numbers = itertools.count()
    added = rewritten(root, lambda node: replace(node, require=node.require or require) if next(numbers) == where else node)
    return added if next(numbers) > where else replace(added, require=added.require or require)


@given(routing_specs(), requests(), seeds(), st.sampled_from(GUARDRAILS))
def test_m3_adding_a_guardrail_reaches_nobody_new(spec: Spec, request: Request, seed: int, name: str) -> None:
    """M3: with one more guardrail around a route the same attempts are planned, each with no fewer checks."""
    guarded = replace(spec, defaults=replace(spec.defaults, guardrails=(*(spec.defaults.guardrails or ()), name)))
    before, after = (result_of(compiled(each), request, EMPTY_VIEW, 0, seed) for each in (spec, guarded))
    assert isinstance(before, Plan) == isinstance(after, Plan)
    if isinstance(before, Plan) and isinstance(after, Plan):
        assert {*before.input_guardrails} <= {*after.input_guardrails}
        for fewer, more in zip(attempts(before.root), attempts(after.root), strict=True):
            assert replace(fewer, guardrails=()) == replace(more, guardrails=())
            assert {*fewer.guardrails} <= {*more.guardrails}


@given(routing_specs(), requests(), seeds(), worlds(), st.sampled_from(GUARDRAILS))
def test_m3_a_guardrail_never_makes_a_run_succeed(spec: Spec, request: Request, seed: int, world: World, name: str) -> None:
    """M3: with one more guardrail on the answers of a route, no run is served that was not served without it."""
    spec = replace(spec, guardrails={each: Guardrail(kind="custom") for each in GUARDRAILS})
    guarded = replace(spec, defaults=replace(spec.defaults, guardrails=(*(spec.defaults.guardrails or ()), name)))
    request = replace(request, options=replace(request.options, stream=False))
    before, after = (result_of(compiled(each), request, EMPTY_VIEW, 0, seed) for each in (spec, guarded))
    if isinstance(before, Plan) and isinstance(after, Plan):
        without, with_it = simulate(before, world).trace, simulate(after, world).trace
        assert with_it.served is None or without.served == with_it.served
        assert with_it.calls == without.calls or with_it.kind == "cancelled"


def test_m3_is_false_for_one_seed() -> None:
    """M3 (!): for one seed and view a `require` can let somebody in: the arm that it takes away leaves its turn to the next."""
    arms = tuple(Arm(route=use(name)) for name in ("a", "b"))
    spec = spec_of(RouteNode(balance=Balance(among=arms, spill=0)))
    spec = replace(spec, deployments=spec.deployments | {"a": replace(spec.deployments["a"], region="us")})
    eu = {"b": replace(spec.deployments["b"], region="eu")}
    spec = replace(spec, deployments=spec.deployments | eu)
    narrowed = replace(spec, defaults=replace(spec.defaults, require=Selector(region=("eu",))))
    seed = next(seed for seed in range(100) if _reached(spec, seed) == {"a"})
    assert _reached(narrowed, seed) == {"b"}


def _reached(spec: Spec, seed: int) -> set[str]:
    return {attempt.deployment for attempt in attempts(plan_of(spec, seed=seed).root)}


PRICES = st.dictionaries(st.sampled_from(DEPLOYMENTS), st.none() | st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2)


@given(PRICES, st.data(), seeds(), st.sampled_from((None, 0.0, 2.5, 90.0)))
def test_m4_lowering_a_price_never_worsens_a_rank(
    prices: dict[str, tuple[int, int] | None], data: st.DataObject, seed: int, seconds: float | None
) -> None:
    """M4: under `by: cost`, a deployment that gets cheaper, or whose price becomes known, stays at its rank or rises."""
    cheaper = data.draw(st.sampled_from(sorted(prices)))
    before = prices[cheaper] or (50, 50)
    lowered = data.draw(st.tuples(st.integers(0, before[0]), st.integers(0, before[1])))
    ranks = [_by_cost(each, seed, seconds).index(cheaper) for each in (prices, {**prices, cheaper: lowered})]
    assert ranks[1] <= ranks[0]


def _by_cost(prices: Mapping[str, tuple[int, int] | None], seed: int, seconds: float | None) -> list[str]:
    spec = spec_of(RouteNode(balance=Balance(by="cost", among=tuple(Arm(route=use(name)) for name in prices))))
    priced = {
        name: replace(
            spec.deployments[name],
            model="small",
            price=price and Price(per_request=Money(price[0]), per_minute=Money(price[1])),
        )
        for name, price in prices.items()
    }
    unpriced = {"openai": ProviderFacts(provider="openai", otherwise=Capabilities())}
    router = compile_checked(replace(spec, deployments=spec.deployments | priced), unpriced)
    made = plan(router, Request(route="main", audio=AudioFacts(seconds=seconds)), EMPTY_VIEW, 0, seed).unwrap()
    return [attempt.deployment for attempt in attempts(made.root)]


def test_m4_is_false_for_an_arm_with_a_budget() -> None:
    """M4 (!): the arm `first [a, b]` with a budget falls behind c when a becomes cheap enough to be attempted before b."""
    arm = replace(first(use("a"), use("b")), name="arm", budget=Money(5))
    spec = spec_of(RouteNode(balance=Balance(by="cost", among=(Arm(route=arm), Arm(route=use("c"))))))

    def ranked(price_of_a: int) -> list[str]:
        prices = {"a": price_of_a, "b": 1, "c": 2}
        priced = {name: replace(spec.deployments[name], price=Price(per_request=Money(nano))) for name, nano in prices.items()}
        made = plan_of(replace(spec, deployments=spec.deployments | priced))
        return [child.node for child in children(made.root)]

    assert ranked(10) == ["main/arm", "main/c"]
    assert ranked(4) == ["main/c", "main/arm"]
