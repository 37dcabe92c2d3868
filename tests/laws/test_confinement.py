"""Laws C1-C5: nobody is asked for what it cannot do, and nobody gets the audio who may not have it."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.laws.cases import Case, cases, compiled, first, plan_of, planned, reference, result_of, spec_of, use
from tests.laws.simulation import simulate
from tests.laws.worlds import World
from tests.making import ABLE_TO_ALL
from tests.reference_rules import leaves
from tests.strategies import CATALOG, DEPLOYMENTS, ROUTES, requests, routing_nodes, routing_specs, seeds, views, worlds
from voxplan.engine.language.condition import Condition
from voxplan.engine.language.spec import Branch, OptionRules, RouteNode, Selector, Spec
from voxplan.engine.observed.view import EMPTY_VIEW, View
from voxplan.engine.plans.compiling import compile_checked
from voxplan.engine.plans.plan import Attempt, Plan, Refusal, attempts
from voxplan.engine.plans.planning import plan
from voxplan.engine.terms.capability import Capabilities, ProviderFacts, lacks
from voxplan.engine.terms.quantity import Money
from voxplan.engine.terms.request import AudioFacts, Option, Options, Request

DROPPED = Options()


def without(options: Options, option: Option) -> Options:
    """The options when one of them is dropped."""
    return replace(options, **{option: getattr(DROPPED, option)})


def _can(spec: Spec, attempt: Attempt) -> Capabilities:
    own = spec.deployments[attempt.deployment]
    provider = own.provider or spec.accounts[own.account or ""].provider
    return CATALOG[provider].capabilities(own.model)


@given(cases())
def test_c1_every_attempt_can_do_all_that_is_left_of_the_request(case: Case) -> None:
    """C1: with the dropped options taken out, a deployment lacks nothing but what is emulated, and that it can emulate."""
    for attempt in attempts(planned(case).root):
        options = case.request.options
        for degrade in attempt.degrades:
            options = without(options, degrade.option) if degrade.how == "dropped" else options
        emulated = {degrade.option for degrade in attempt.degrades if degrade.how == "emulated"}
        for lack in lacks(_can(case.spec, attempt), replace(case.request, options=options)):
            assert lack.emulable
            assert lack.option in emulated


@given(cases(), worlds())
def test_c2_options_are_degraded_only_as_the_spec_allows_and_the_call_says_so(case: Case, world: World) -> None:
    """C2: each degrade is of an option that the deployment lacks, as its `options` rules say, and stands in every call."""
    made = planned(case)
    held = {leaf.node: leaf.held.options for leaf in leaves(root)} if (root := reference(case).root) else {}
    for attempt in attempts(made.root):
        lacking = {lack.option for lack in lacks(_can(case.spec, attempt), case.request)}
        for degrade in attempt.degrades:
            assert degrade.option in lacking
            assert held[attempt.node][degrade.option] == {"dropped": "drop", "emulated": "emulate"}[degrade.how]
    by_node = {attempt.node: attempt.degrades for attempt in attempts(made.root)}
    assert all(send.degrades == by_node[send.node] for send in simulate(made, world, case.moment).sent)


@given(st.sampled_from((None, "refuse", "drop")), st.sampled_from((None, "refuse", "drop")))
def test_c2_the_innermost_rule_for_an_option_holds(outer: str | None, inner: str | None) -> None:
    """C2: `options` inside replaces `options` outside, option by option; without a word the deployment is left out."""
    rules = [None if said is None else OptionRules(prompt="drop" if said == "drop" else "refuse") for said in (outer, inner)]
    spec = spec_of(replace(first(replace(use("a"), options=rules[1])), options=rules[0]))
    unable = {"openai": ProviderFacts(provider="openai", otherwise=Capabilities(languages="any"))}
    request = Request(route="main", options=Options(prompt="Aino"))
    result = result_of(compile_checked(spec, unable), request, EMPTY_VIEW, 0, 0)
    assert isinstance(result, Plan) == ((inner or outer or "refuse") == "drop")


EU = Selector(region=("eu",))


def eu_only(spec: Spec, route: str) -> Spec:
    """The spec in which nothing of one route may leave the EU."""
    root = spec.routes[route]
    # A `require` beside one that is there already would replace it, so it goes outside, where both hold.
    return replace(
        spec, routes={**spec.routes, route: replace(first(root), name=None, require=EU, when_all_poor=root.when_all_poor)}
    )


@given(routing_specs(), requests(), views(), seeds(), worlds())
def test_c3_a_require_at_the_root_holds_for_every_call(spec: Spec, request: Request, view: View, seed: int, world: World) -> None:
    """C3: residency holds for first calls, retries, races, probes, the panic rule and the fallbacks that a request names."""
    root = spec.routes[request.route]
    without_poor = replace(spec, routes={**spec.routes, request.route: replace(root, when_all_poor=None)})
    router = compiled(eu_only(without_poor, request.route))
    result = result_of(router, replace(request, fallbacks=(*request.fallbacks, *DEPLOYMENTS), allowed=None), view, 0, seed)
    if isinstance(result, Plan):
        assert all(attempt.region == "eu" for attempt in attempts(result.root))
        assert all(router.deployments[send.deployment].region == "eu" for send in simulate(result, world).sent)


@given(routing_specs(), requests(), seeds())
def test_c3_a_require_holds_down_an_alias(spec: Spec, request: Request, seed: int) -> None:
    """C3: fallbacks stand inside the rules of every root down the alias: a short name is no way out of the EU."""
    strict = spec.routes[request.route]
    routes = {**spec.routes, "strict": replace(first(replace(strict, when_all_poor=None)), require=EU), "alias": use("strict")}
    asked = replace(request, route="alias", fallbacks=DEPLOYMENTS, allowed=None)
    result = result_of(compiled(replace(spec, routes=routes)), asked, EMPTY_VIEW, 0, seed)
    assert isinstance(result, Refusal) or all(attempt.region == "eu" for attempt in attempts(result.root))


@given(routing_specs(), requests(), seeds())
def test_c3_a_require_in_the_branch_taken_holds_for_fallbacks(spec: Spec, request: Request, seed: int) -> None:
    """C3: where the root is a `when`, fallbacks stand inside the rules of the branch that is taken."""
    strict = replace(first(replace(spec.routes[request.route], when_all_poor=None)), require=EU)
    root = RouteNode(when=(Branch(if_=Condition(tags=("vip",)), then=strict),), otherwise=use("a"))
    asked = replace(request, route="chosen", tags=("vip",), fallbacks=DEPLOYMENTS, allowed=None)
    result = result_of(compiled(replace(spec, routes={**spec.routes, "chosen": root})), asked, EMPTY_VIEW, 0, seed)
    assert isinstance(result, Refusal) or all(attempt.region == "eu" for attempt in attempts(result.root))


@given(cases())
def test_c3_every_require_around_an_attempt_is_met(case: Case) -> None:
    """C3: whatever `require` stands anywhere around an attempt, its deployment satisfies it."""
    root = reference(case).root
    held = {leaf.node: leaf for leaf in leaves(root)} if root else {}
    for attempt in attempts(planned(case).root):
        leaf = held[attempt.node]
        assert all(leaf.known.satisfies(require) for require in leaf.held.requires)


@given(cases(), st.sets(st.sampled_from((*DEPLOYMENTS, *ROUTES))), worlds())
def test_c3_a_caller_gets_nothing_but_what_its_allow_list_reaches(case: Case, allowed: set[str], world: World) -> None:
    """C3: a route or fallback that is not allowed is refused by name; else every call goes to what an allowed name reaches."""
    asked = replace(case.request, allowed=tuple(sorted(allowed)))
    case = case._replace(request=asked)
    result = case.result()
    wanted = (asked.route, *asked.fallbacks)
    if not allowed.issuperset(wanted):
        assert isinstance(result, Refusal)
        assert result.code in {"not_allowed", "unknown_simulation"}
        assert result.code != "not_allowed" or result.names == tuple(name for name in wanted if name not in allowed)
    elif isinstance(result, Plan):
        reached = set[str]().union(*(reference(case).below(use(name)) for name in allowed))
        assert {send.deployment for send in simulate(result, world, case.moment).sent} <= reached


@given(routing_nodes(DEPLOYMENTS, depth=4), requests(), seeds())
def test_c4_where_somebody_is_eligible_there_is_a_plan(node: RouteNode, request: Request, seed: int) -> None:
    """C4: whatever else a route holds, an able deployment at its end, with nothing against it, is in the plan."""
    able = {name: replace(facts, otherwise=ABLE_TO_ALL, models=(), families=()) for name, facts in CATALOG.items()}
    spec = spec_of(first(replace(node, when_all_poor=None), RouteNode(use="a", name="last")))
    asked = replace(request, route="main", fallbacks=(), allowed=None, simulate=None)
    made = plan(compile_checked(spec, able, compiled(spec).zones), asked, EMPTY_VIEW, 0, seed).unwrap()
    assert "main/last" in {attempt.node for attempt in attempts(made.root)}


@given(requests(), seeds())
def test_c5_what_is_not_known_of_a_model_counts_as_absent(request: Request, seed: int) -> None:
    """C5: a model of which nothing is known serves exactly the requests that ask for nothing special."""
    asked = replace(request, route="main", fallbacks=(), allowed=None, simulate=None)
    unknown = {"openai": ProviderFacts(provider="openai")}
    result = result_of(compile_checked(spec_of(use("a")), unknown), asked, EMPTY_VIEW, 0, seed)
    options = asked.options
    made_of_more = options.response_format in {"srt", "vtt", "diarized_json"}
    plain = replace(options, response_format="json") == Options() and not made_of_more
    assert isinstance(result, Plan) == plain


@given(st.integers(0, 10**12), st.none() | st.floats(0, 1e5))
def test_c5_an_unknown_price_is_infinite_under_a_budget(budget: int, seconds: float | None) -> None:
    """C5: no budget is large enough for a deployment whose price nobody knows; without a budget it is used."""
    unpriced = {"openai": ProviderFacts(provider="openai", otherwise=ABLE_TO_ALL)}
    request = Request(route="main", audio=AudioFacts(seconds=seconds))
    free, bounded = (
        result_of(compile_checked(spec_of(replace(use("a"), budget=limit)), unpriced), request, EMPTY_VIEW, 0, 0)
        for limit in (None, Money(budget))
    )
    assert isinstance(free, Plan)
    assert isinstance(bounded, Refusal)
    assert [reason.code for each in bounded.left_out for reason in each.reasons] == ["price_unknown"]


def test_c5_a_require_of_an_unknown_capability_excludes() -> None:
    """C5: `require` takes only what is known to be there; a deployment without a region is in none."""
    spec = spec_of(
        first(replace(use("a"), require=EU), replace(use("b"), require=Selector(capability=("diarization",))), use("c"))
    )
    assert [attempt.deployment for attempt in attempts(plan_of(spec).root)] == ["c"]
