"""Laws T1-T4 and T7: planning is total, refusals say everything, edges are complete, plans are finite."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from returns.result import Failure, Success

from tests.laws.agreement import plan_disagreements
from tests.laws.cases import Case, cases, compiled, first, nodes, plan_of, planned, reference, spec_of, use
from tests.laws.simulation import simulate
from tests.laws.worlds import Made, Trace, World
from tests.spec_strategies import specs
from tests.strategies import CATALOG, moments, requests, seeds, views, worlds
from voxplan.engine.checks.checking import check
from voxplan.engine.language.spec import Arm, Balance, Retry, RouteNode, Spec
from voxplan.engine.observed.view import EMPTY_VIEW, View
from voxplan.engine.plans.compiling import compile_checked, compile_spec
from voxplan.engine.plans.edges import Edge, edges
from voxplan.engine.plans.plan import Plan, Race, Refusal, attempts
from voxplan.engine.plans.planning import plan
from voxplan.engine.terms.failure import KINDS
from voxplan.engine.terms.request import AudioFacts, Options, Request, Simulation


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
def test_the_specs_that_laws_are_about_are_specs(case: Case) -> None:
    """Whatever `cases` makes has no error that loading would find."""
    assert not [finding for finding in check(case.spec, CATALOG) if finding.severity == "error"]


@given(cases())
def test_t2_what_is_left_out_is_named_with_all_true_reasons(case: Case) -> None:
    """T2: a refusal names every use of a deployment of the route with every true reason, as the naive interpreter finds them."""
    result = case.result()
    assert not [each for each in plan_disagreements(result, reference(case)) if each.what in {"refusal", "left out"}]
    assert all(reason.detail for each in result.left_out for reason in each.reasons)


@given(cases())
def test_t2_no_deployment_of_the_route_is_unnamed(case: Case) -> None:
    """T2: whatever deployment the route and the fallbacks lead to stands in the refusal, or in the plan, or is left out of it."""
    result = case.result()
    if isinstance(result, Refusal) and result.code != "nothing_eligible":
        assert result.names
        return
    named = {name for each in result.left_out for name in each.deployments}
    made = {attempt.deployment for attempt in attempts(result.root)} if isinstance(result, Plan) else set[str]()
    uses = (use(name) for name in (case.request.route, *case.request.fallbacks))
    assert named | made == set[str]().union(*(reference(case).below(node) for node in uses))


@given(cases(), st.sampled_from(("x", "", "main ")))
def test_t2_a_name_that_does_not_exist_is_refused_by_name(case: Case, name: str) -> None:
    """T2: an unknown route, fallback or deployment to simulate is a refusal that shows it, and what there is."""
    for request, code in (
        (replace(case.request, route=name), "unknown_route"),
        (replace(case.request, fallbacks=(name,)), "unknown_fallback"),
        (replace(case.request, fallbacks=(), simulate=Simulation(failures=((name, "timed_out"),))), "unknown_simulation"),
    ):
        result = case._replace(request=request).result()
        assert isinstance(result, Refusal)
        assert (result.code, result.names) == (code, (name,))
        assert result.routes


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
    """T3: a retry is on an edge of the call before it, and a fallback on an edge of a call that failed before it started."""
    made = planned(case)
    trace = simulate(made, world, case.moment).trace
    edge_of: dict[tuple[str, str], Edge] = {(edge.source, edge.kind): edge for edge in edges(made)}
    for place, call in enumerate(trace.calls):
        before = [
            edge_of[earlier.node, earlier.ending] for earlier in _failed(trace.calls[:place]) if earlier.end_ms <= call.start_ms
        ]
        if call.cause == "retry":
            assert any(edge.source == call.node and edge.retry for edge in before)
        elif call.cause == "fallback":
            assert any(call.node in edge.targets for edge in before)


@given(cases(), worlds())
def test_t3_without_races_the_next_call_is_on_the_edge_of_the_last(case: Case, world: World) -> None:
    """T3: what follows a failed call is its retry or the first target of its edge that is not absent; else the run is over."""
    made = planned(case)
    if any(isinstance(node, Race) for node in nodes(made.root)):
        return
    trace = simulate(made, world, case.moment).trace
    edge_of: dict[tuple[str, str], Edge] = {(edge.source, edge.kind): edge for edge in edges(made)}
    for place, call in enumerate(_failed(trace.calls)):
        _assert_next(edge_of[call.node, call.ending], trace, trace.calls[place + 1] if place + 1 < len(trace.calls) else None)


def _failed(calls: tuple[Made, ...]) -> list[Made]:
    return [call for call in calls if call.ending not in {"accepted", "lost", "cancelled"}]


def _assert_next(edge: Edge, trace: Trace, after: Made | None) -> None:
    missed = {each.node for each in trace.missed}
    if after is not None and after.node == edge.source:
        assert edge.retry
    elif after is not None:
        assert after.node in edge.targets
        assert set(edge.targets[: edge.targets.index(after.node)]) <= missed
    elif trace.kind != "cancelled" and trace.released is None:
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
    by_node = {attempt.node: attempt.deployment for attempt in attempts(made.root)}
    reached = {next(iter(by_node))} | {target for edge in edges(made) for target in edge.targets}
    assert {by_node[node] for node in reached} == {*by_node.values()}


@given(specs(), requests(), seeds())
def test_t7_a_plan_is_no_larger_than_was_found_at_load(spec: Spec, request: Request, seed: int) -> None:
    """T7: calls of a plan ≤ the size of its route ≤ 256."""
    router = compiled(spec)
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
    made = plan_of(spec_of(first(use("a"), use("a"), use("b"))))
    after_a = {edge.targets for edge in edges(made) if edge.source == "main/a" and edge.kind == "timed_out"}
    assert after_a == {("main/b",)}
    assert [call.node for call in simulate(made, World(denied=frozenset({("a", 1)}))).trace.calls] == ["main/a~2"]


@given(cases(), views())
def test_t1_planning_changes_no_input(case: Case, view: View) -> None:
    """T1: the same inputs can be planned again: nothing remembers."""
    before = case.result()
    plan(case.router, case.request, view, case.moment, case.seed)
    assert case.result() == before
