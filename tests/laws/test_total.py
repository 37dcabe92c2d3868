"""Laws T1-T4 and T7: planning is total, refusals say everything, edges are complete, plans are finite."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from tests.laws.cases import Case, cases, plan_of, planned, spec_of
from tests.laws.simulation import simulate
from tests.laws.worlds import World
from tests.reference import Planned
from tests.spec_strategies import specs
from tests.strategies import CATALOG, moments, requests, seeds, views, worlds
from voxplan.engine.checking import check
from voxplan.engine.compiling import compile_checked, compile_spec
from voxplan.engine.edges import edges
from voxplan.engine.failure import KINDS
from voxplan.engine.plan import LeftOut, Refusal, attempts
from voxplan.engine.planning import plan
from voxplan.engine.request import AudioFacts, Options, Request
from voxplan.engine.spec import Arm, Balance, Retry, RouteNode, Spec
from voxplan.engine.view import EMPTY_VIEW, View


def use(name: str) -> RouteNode:
    """A node that uses `name`."""
    return RouteNode(use=name)


@given(specs(), st.data())
def test_t1_any_valid_document_and_request_give_a_plan_or_a_refusal(spec: Spec, data: st.DataObject) -> None:
    """T1: `plan` never raises."""
    router = compile_checked(spec, CATALOG)
    seconds = st.none() | st.floats(min_value=0, allow_nan=False, allow_infinity=False)
    request = Request(
        route=data.draw(st.sampled_from((*spec.routes, "no such route", ""))),
        audio=AudioFacts(seconds=data.draw(seconds), bytes=data.draw(st.none() | st.integers(0))),
        options=data.draw(st.builds(Options, language=st.none() | st.text(max_size=3), temperature=st.none() | st.floats())),
    )
    result = plan(router, request, EMPTY_VIEW, data.draw(st.integers()), data.draw(st.integers()))
    assert isinstance(result, Success | Failure)


@given(cases())
def test_t1_any_view_gives_a_plan_or_a_refusal(case: Case) -> None:
    """T1: `plan` never raises, whatever has been observed; a plan has an attempt."""
    result = case.result()
    assert result.route == case.request.route
    assert isinstance(result, Refusal) or list(attempts(result.root))


@pytest.mark.parametrize("weights", [(1e308, 0.001), (10**400, 1), (5e-324, 1e308)])
def test_t1_extreme_weights_are_weights_or_errors(weights: tuple[float, float]) -> None:
    """T1: weights at the ends of what a number can be do not make planning raise."""
    arms = (Arm(route=use("a"), weight=weights[0]), Arm(route=use("b"), weight=weights[1]))
    compiled = compile_spec(spec_of(main=RouteNode(balance=Balance(among=arms))), CATALOG)
    if isinstance(compiled, Success):
        plan(compiled.unwrap(), Request(route="main"), EMPTY_VIEW, 0, 0).unwrap()


@pytest.mark.parametrize("length", [900, 5000])
def test_t1_a_long_chain_of_routes_compiles_or_is_an_error(length: int) -> None:
    """T1: a spec in which thousands of routes use one another in a row does not exhaust the stack."""
    routes = {f"r{n}": use(f"r{n + 1}") for n in range(length)} | {f"r{length}": use("a")}
    assert isinstance(compile_spec(spec_of(use("r0"), routes), CATALOG), Success | Failure)


@given(cases())
def test_t2_what_is_left_out_is_named_with_all_true_reasons(case: Case) -> None:
    """T2: a refusal, and a plan as well, names every use of a deployment that is not planned, with every true reason."""
    left_out = case.result().left_out
    reference = Planned(case.spec, CATALOG, case.request, case.view, case.moment, case.seed)
    assert sorted(_codes(each) for each in left_out) == sorted(
        (leaf.node, leaf.deployment, tuple(sorted(reasons))) for leaf, reasons in reference.excluded
    )
    assert all(reason.detail for each in left_out for reason in each.reasons)


def _codes(left_out: LeftOut) -> tuple[str, str, tuple[str, ...]]:
    return left_out.node, left_out.deployment, tuple(sorted({reason.code for reason in left_out.reasons}))


@given(cases())
def test_t2_a_refusal_leaves_no_deployment_of_the_route_unnamed(case: Case) -> None:
    """T2: whatever deployment the route leads to stands in the refusal."""
    result = case.result()
    if isinstance(result, Refusal):
        named = {each.deployment for each in result.left_out}
        assert named == _deployments(case.spec, case.spec.routes[case.request.route])


def _deployments(spec: Spec, node: RouteNode) -> set[str]:
    if node.use is not None:
        return _deployments(spec, spec.routes[node.use]) if node.use in spec.routes else {node.use}
    children = [*(node.first or ()), *((arm.route for arm in node.balance.among) if node.balance else ())]
    return {name for child in children for name in _deployments(spec, child)}


@given(cases())
def test_t3_every_attempt_and_kind_leads_on_or_ends(case: Case) -> None:
    """T3: there is exactly one edge for each attempt and kind; it leads to attempts of the plan, or says that the run ends."""
    made = planned(case)
    nodes = [attempt.node for attempt in attempts(made.root)]
    found = edges(made)
    assert [(edge.source, edge.kind) for edge in found] == [(node, kind) for node in nodes for kind in KINDS]
    assert all(set(edge.targets) <= set(nodes) for edge in found)
    assert all(edge.end == (not edge.targets and not edge.retry) for edge in found)


@given(cases(), worlds())
def test_t3_every_run_follows_the_edges(case: Case, world: World) -> None:
    """T3: what follows a failed call is its retry or the first target of its edge that is not absent; else the run is over."""
    made = planned(case)
    trace = simulate(made, world, case.moment).trace
    edge_of = {(edge.source, edge.kind): edge for edge in edges(made)}
    missed = {each.node for each in trace.missed}
    failed = [call for call in trace.calls if call.ending not in {"accepted", "cancelled"}]
    for place, call in enumerate(failed):
        edge = next(edge for key, edge in edge_of.items() if key == (call.node, call.ending))
        after = trace.calls[place + 1] if place + 1 < len(trace.calls) else None
        if after is not None and after.node == call.node:
            assert edge.retry
        elif after is not None:
            assert after.node in edge.targets
            assert set(edge.targets[: edge.targets.index(after.node)]) <= missed
        elif trace.kind != "cancelled":
            assert set(edge.targets) <= missed


@given(cases())
def test_t4_edges_lead_only_forward(case: Case) -> None:
    """T4: no cycle: a target stands later in the plan than its source, so that every path ends."""
    made = planned(case)
    place = {attempt.node: index for index, attempt in enumerate(attempts(made.root))}
    assert len(place) == len(list(attempts(made.root)))  # names are unique
    assert all(place[target] > place[edge.source] for edge in edges(made) for target in edge.targets)


@given(cases())
def test_t4_every_attempt_is_reached(case: Case) -> None:
    """T4: from the first attempt, edges lead to every deployment of the plan."""
    made = planned(case)
    first, *others = attempts(made.root)
    by_node = {attempt.node: attempt.deployment for attempt in attempts(made.root)}
    reached = {first.node} | {target for edge in edges(made) for target in edge.targets}
    assert {by_node[node] for node in reached} == {attempt.deployment for attempt in (first, *others)}


@given(specs(), requests(), seeds())
def test_t7_a_plan_is_no_larger_than_was_found_at_load(spec: Spec, request: Request, seed: int) -> None:
    """T7: calls of a plan ≤ the size of its route ≤ 256."""
    router = compile_checked(spec, CATALOG)
    for name, route in router.routes.items():
        result = plan(router, Request(route=name, options=request.options), EMPTY_VIEW, 0, seed)
        if isinstance(result, Success):
            calls = sum(1 + len(attempt.delays_ms) for attempt in attempts(result.unwrap().root))
            assert result.unwrap().bounds.attempts <= calls <= route.attempts <= 256


@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 3))
def test_t7_a_route_of_more_than_256_attempts_is_an_error_that_shows_the_count(outer: int, inner: int, times: int) -> None:
    """T7: the size is counted through named routes, with retries."""
    main = RouteNode(first=tuple(use("part") for _ in range(outer)), retry=Retry(times=times))
    spec = spec_of(main, {"part": RouteNode(first=tuple(use("a") for _ in range(inner)))})
    errors = [finding.message for finding in check(spec, CATALOG) if finding.severity == "error"]
    count = outer * inner * (1 + times)
    assert [re.findall(r"\d+", message) for message in errors] == ([[str(count), "256"]] if count > 256 else [])


@given(cases(), worlds(), moments())
def test_t7_no_run_makes_more_calls_or_takes_longer_than_the_bounds_say(case: Case, world: World, began_ms: int) -> None:
    """T7, and the bounds of B6: what a plan says at most is at most what any run does."""
    made = planned(case)
    trace = simulate(made, world, began_ms).trace
    assert len(trace.calls) <= made.bounds.attempts
    assert trace.end_ms <= made.bounds.longest_ms


def test_t4_the_second_use_of_a_deployment_waits_for_the_first_to_be_absent() -> None:
    """T4, a near miss: a deployment that is used twice is in no edge from itself, because it gets its calls once per run."""
    made = plan_of(spec_of(main=RouteNode(first=(use("a"), use("a"), use("b")))))
    after_a = {edge.targets for edge in edges(made) if edge.source == "main/a" and edge.kind == "timed_out"}
    assert after_a == {("main/b",)}
    assert [call.node for call in simulate(made, World(denied=frozenset({("a", 1)}))).trace.calls] == ["main/a~2"]


@given(cases(), views())
def test_t1_planning_changes_no_input(case: Case, view: View) -> None:
    """T1: the same inputs can be planned again: nothing remembers."""
    before = case.result()
    plan(case.router, case.request, view, case.moment, case.seed)
    assert case.result() == before
