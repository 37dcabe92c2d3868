"""Laws C1-C5: nobody is asked for what it cannot do, and nobody gets the audio who may not have it."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.laws.cases import Case, cases, compiled, first, plan_of, planned, reference, result_of, spec_of, use
from tests.laws.simulation import simulate
from tests.laws.worlds import World
from tests.reference_rules import leaves
from tests.strategies import CATALOG, DEPLOYMENTS, ROUTES, requests, routing_nodes, routing_specs, seeds, views, worlds
from voxplan.engine.capability import Capabilities, ProviderFacts, lacks
from voxplan.engine.compiling import compile_checked
from voxplan.engine.plan import Attempt, Plan, Refusal, attempts
from voxplan.engine.planning import plan
from voxplan.engine.quantity import Money
from voxplan.engine.request import AudioFacts, Option, Options, Request
from voxplan.engine.spec import OptionRules, RouteNode, Selector, Spec
from voxplan.engine.view import EMPTY_VIEW, View

DROPPED = Options()


def without(options: Options, option: Option) -> Options:
    """The options when one of them is dropped."""
    match option:
        case "language":
            return replace(options, language=DROPPED.language)
        case "prompt":
            return replace(options, prompt=DROPPED.prompt)
        case "temperature":
            return replace(options, temperature=DROPPED.temperature)
        case "timestamps":
            return replace(options, timestamps=DROPPED.timestamps)
        case "diarize":
            return replace(options, diarize=DROPPED.diarize)
        case "stream":
            return replace(options, stream=DROPPED.stream)


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
    """C2: without any `options` rule nothing is degraded; with them each degrade is of an option that the deployment lacks, in the
    way that its rules say, and stands in every call that is commanded.
    """
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
    return replace(spec, routes={**spec.routes, route: replace(first(root), name=None, require=EU, when_all_poor=root.when_all_poor)})


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
    able = {name: replace(facts, otherwise=ABLE, models=()) for name, facts in CATALOG.items()}
    spec = spec_of(first(replace(node, when_all_poor=None), RouteNode(use="a", name="last")))
    asked = replace(request, route="main", fallbacks=(), allowed=None, simulate=None)
    made = plan(compile_checked(spec, able, compiled(spec).zones), asked, EMPTY_VIEW, 0, seed).unwrap()
    assert "main/last" in {attempt.node for attempt in attempts(made.root)}


ABLE = Capabilities(languages="any", segments=True, words=True, diarization=True, prompt=True, temperature=True, streaming=True)


@given(requests(), seeds())
def test_c5_what_is_not_known_of_a_model_counts_as_absent(request: Request, seed: int) -> None:
    """C5: a model of which nothing is known serves exactly the requests that ask for nothing special."""
    asked = replace(request, route="main", fallbacks=(), allowed=None, simulate=None)
    unknown = {"openai": ProviderFacts(provider="openai")}
    result = result_of(compile_checked(spec_of(use("a")), unknown), asked, EMPTY_VIEW, 0, seed)
    options = asked.options
    plain = replace(options, response_format="json") == Options() and options.response_format not in {"srt", "vtt"}
    assert isinstance(result, Plan) == plain


@given(st.integers(0, 10**12), st.none() | st.floats(0, 1e5))
def test_c5_an_unknown_price_is_infinite_under_a_budget(budget: int, seconds: float | None) -> None:
    """C5: no budget is large enough for a deployment whose price nobody knows; without a budget it is used."""
    unpriced = {"openai": ProviderFacts(provider="openai", otherwise=ABLE)}
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
    spec = spec_of(first(replace(use("a"), require=EU), replace(use("b"), require=Selector(capability=("diarization",))), use("c")))
    assert [attempt.deployment for attempt in attempts(plan_of(spec).root)] == ["c"]


UNKNOWN: Final = {name: replace(facts, otherwise=Capabilities(), models=()) for name, facts in CATALOG.items()}
ABSENT: Final = {name: replace(facts, otherwise=Capabilities(languages=())) for name, facts in UNKNOWN.items()}


def told(case: Case, catalog: Mapping[str, ProviderFacts]) -> Case:
    """The case with other facts about the providers."""
    return case._replace(router=compile_checked(case.spec, catalog, case.router.zones))


@given(EVERY_CASE)
def test_c5_what_is_unknown_counts_as_absent(case: Case) -> None:
    """C5: of models nobody knows anything about, none satisfies a required capability, and every option asked for is a degrade."""
    unknown = told(case, UNKNOWN)
    result, reading = unknown.result(), Reading(unknown)
    assert result == told(case, ABSENT).result()
    for attempt in attempts(result.root) if isinstance(result, Plan) else ():
        leaf = reading.leaves[attempt.node]
        assert not [rules for rules in leaf.around if rules.require and rules.require.capability]
        assert {RULED.get(each) for each in asked(case.request.options)} == {degrade.option for degrade in attempt.degrades}


@given(EVERY_CASE)
def test_c5_an_unknown_price_under_a_budget_is_as_an_infinite_one(case: Case) -> None:
    """C5: a price that nobody knows excludes wherever one above every budget would, and nowhere else; it is ranked the same."""
    plain = _unpriced(case)
    unknown, dear = (told(plain, _with_price(price)).result() for price in (None, PriceFacts(per_request=HUGE)))
    assert isinstance(unknown, Plan) == isinstance(dear, Plan)
    reading = Reading(told(plain, _with_price(None)))
    if isinstance(unknown, Plan) and isinstance(dear, Plan):
        assert [node.node for node in nodes(unknown.root)] == [node.node for node in nodes(dear.root)]
        for attempt in attempts(unknown.root):
            assert attempt.worst_cost is not None or reading.leaves[attempt.node].budget() is None
    codes = [[(each.node, [reason.code for reason in each.reasons]) for each in result.left_out] for result in (unknown, dear)]
    assert codes[0] == [(node, ["price_unknown" if code == "over_budget" else code for code in found]) for node, found in codes[1]]


def _unpriced(case: Case) -> Case:
    deployments = {name: replace(each, price=None) for name, each in case.spec.deployments.items()}
    return case._replace(spec=replace(case.spec, deployments=deployments))


def _with_price(price: PriceFacts | None) -> dict[str, ProviderFacts]:
    """The catalog where everything has this price."""
    return changed(CATALOG, lambda can: replace(can, price=price))


def changed(catalog: Mapping[str, ProviderFacts], change: Callable[[Capabilities], Capabilities]) -> dict[str, ProviderFacts]:
    """The catalog with `change` made to every model."""
    return {
        name: replace(
            facts, otherwise=change(facts.otherwise), models=tuple((model, change(can)) for model, can in facts.models)
        )
        for name, facts in catalog.items()
    }


@given(EVERY_CASE)
def test_q1_every_reason_in_a_refusal_is_true(case: Case) -> None:
    """Q1: a refusal names each leaf with exactly the reasons that hold, as often as they hold."""
    result, reading = case.result(), Reading(case)
    if isinstance(result, Refusal) and result.code == "nothing_eligible":
        assert {each.node: counted(each) for each in result.left_out} == {
            leaf.node: reading.every_reason(leaf) for leaf in reading.leaves.values()
        }
        assert all(each.deployments == (reading.leaves[each.node].known.name,) for each in result.left_out)
        _assert_coolings_are_told(result.left_out, reading)


def _assert_coolings_are_told(left_out: tuple[LeftOut, ...], reading: Reading) -> None:
    for each in left_out:
        for reason in each.reasons:
            if reason.code == "cooling":
                left_ms = reading.cools_until(reading.leaves[each.node].known) - reading.case.moment
                assert reason.detail.startswith(f"cools off for {left_ms} ms more after ")


@given(EVERY_CASE)
def test_q1_every_reason_in_a_plan_is_true(case: Case) -> None:
    """Q1: a leaf that was looked at is left out for exactly what speaks against it; all else is one true line for many."""
    made, reading = planned(case), Reading(case)
    for each in made.left_out:
        code = each.reasons[0].code
        below = [leaf for leaf in reading.leaves.values() if f"{leaf.node}/".startswith(f"{each.node}/")]
        if code == "not_spilled":
            spread = next(node for node in nodes(made.root) if node.node == each.node)
            assert isinstance(spread, First)
            assert len(spread.children) == 1 + (reading.spills[each.node] or 0)
            assert {*each.deployments} <= {leaf.known.name for leaf in below}
        elif code in {"not_chosen", "weight_zero"}:
            assert len(each.reasons) == 1
            assert {*each.deployments} == {leaf.known.name for leaf in below}
            assert all((each.node, code) in leaf.closed for leaf in below)
        else:
            assert [leaf.node for leaf in below] == [each.node]
            assert counted(each) == reading.against(below[0])
    _assert_coolings_are_told(made.left_out, reading)


@given(pressed_cases(), st.data())
def test_q1_without_the_causes_of_all_its_reasons_a_leaf_is_in(case: Case, data: st.DataObject) -> None:
    """Q1: what is mended is what the reasons of one leaf name and nothing else; then the leaf is in the plan."""
    result = case.result()
    leaves = [each for each in result.left_out if each.node in Reading(case).leaves]
    if not leaves or all(reason.code == "not_spilled" for each in leaves for reason in each.reasons):
        return
    left = data.draw(st.sampled_from(leaves))
    now = mended(case, left).result()
    if isinstance(now, Plan):
        assert left.node in {attempt.node for attempt in attempts(now.root)}
    else:
        assert now.code == "too_many_attempts"


def mended(case: Case, left: LeftOut) -> Case:
    """The case without the causes of these reasons; `spill` is lifted too, since others that get in would take the room."""
    codes, reading = {reason.code for reason in left.reasons}, Reading(case)
    known = reading.leaves[left.node].known
    routes = reading.routes_to(left.node) if "not_chosen" in codes else case.spec.routes
    catalog, view = _able(case.router.facts) if "incapable" in codes else case.router.facts, case.view

    def mend(node: Rules) -> Rules:
        require = None if "requirement_unmet" in codes else node.require
        return replace(node, require=require, budget=Money(HUGE) if node.budget and "over_budget" in codes else node.budget)

    def spread(node: RouteNode) -> RouteNode:
        node = mend(node)
        if node.balance is None:
            return node
        weights = {0: 1} if "weight_zero" in codes else {}
        among = tuple(replace(arm, weight=weights.get(arm.weight, arm.weight)) for arm in node.balance.among)
        return replace(node, balance=replace(node.balance, among=among, spill=None))

    own = case.spec.deployments[known.name]
    own = replace(own, shortest=None) if "timeout_below_shortest" in codes else own
    own = replace(own, price=Price()) if "price_unknown" in codes else own
    if "cooling" in codes:
        view = replace(
            view,
            deployments={name: seen for name, seen in view.deployments.items() if name != known.name},
            accounts={name: seen for name, seen in view.accounts.items() if name != known.credential},
        )
    spec = replace(
        case.spec,
        deployments={**case.spec.deployments, known.name: own},
        routes={name: rewritten(node, spread) for name, node in routes.items()},
        defaults=mend(case.spec.defaults),
    )
    return told(case._replace(spec=spec, view=view), catalog)


def _able(catalog: Mapping[str, ProviderFacts]) -> dict[str, ProviderFacts]:
    """The catalog where every model can do everything, at its own price."""
    everything = Capabilities(
        languages="any", segments=True, words=True, diarization=True, prompt=True, temperature=True, streaming=True
    )
    return changed(catalog, lambda can: replace(everything, price=can.price))


WEIGHTS: Final = st.dictionaries(st.sampled_from(DEPLOYMENTS), st.integers(1, 100), min_size=2)
KEYS: Final = tuple(f"key {number}" for number in range(20))
STICKY_KEYS: Final = ("user", "key", "metadata.plan")


def sticky(weights: Mapping[str, float], key: str = "user", salt: str | None = None) -> RouteNode:
    """A balance called `kept` that keeps what has one key on one arm."""
    among = tuple(Arm(route=use(name), weight=weight) for name, weight in weights.items())
    return RouteNode(name="kept", balance=Balance(by="sticky", key=key, salt=salt, among=among))


def order(spec: Spec, key: str, value: str, view: View = View(), moment: int = 0, seed: int = 0) -> list[str]:
    """The arms of the balance `kept` in the order of the plan for a request with this key."""
    request = Request(
        route="main",
        user=value if key == "user" else None,
        key=value if key == "key" else None,
        metadata=(("plan", value),) if key.startswith("metadata") else (),
    )
    result = Case(spec, compiled(spec), request, view, moment, seed).result()
    assert isinstance(result, Plan)
    kept = next(node for node in nodes(result.root) if node.node.endswith("/kept"))
    return [attempt.deployment for attempt in attempts(kept)]


def cooling(*names: str, latency: int = 0) -> View:
    """A view in which these cool off, and all others take so long."""
    seen = DeploymentView(latency=Latency(us_per_second=latency, at_ms=0), load=Load(in_flight=latency % 3))
    return View(deployments={name: COOLING if name in names else seen for name in DEPLOYMENTS})


@given(
    WEIGHTS,
    st.sampled_from(STICKY_KEYS),
    st.none() | st.text(max_size=3),
    st.tuples(routing_nodes(DEPLOYMENTS, depth=2), routing_nodes(DEPLOYMENTS, depth=2)),
    st.tuples(seeds(), seeds(), moments(), st.integers(0, 5)),
    st.data(),
)
def test_w8_no_other_part_of_the_spec_nor_chance_nor_time_moves_a_key(
    weights: dict[str, int],
    key: str,
    salt: str | None,
    others: tuple[RouteNode, RouteNode],
    chances: tuple[int, int, int, int],
    data: st.DataObject,
) -> None:
    """W8: with the same key and the same eligible arms the order is the same, whatever stands beside it, and whenever it is asked."""
    out = data.draw(st.sets(st.sampled_from(sorted(weights)), max_size=len(weights) - 1))
    alone, among = spec_of(first(sticky(weights, key, salt))), spec_of(first(others[0], sticky(weights, key, salt), others[1]))
    seed, other_seed, moment, latency = chances
    for value in KEYS[:3]:
        kept = order(alone, key, value, cooling(*out), 0, seed)
        assert {*kept} == {*weights} - out
        assert order(among, key, value, cooling(*out, latency=latency), moment, other_seed) == kept


Losing = Literal["removed", "cooling", "weightless", "unfit", "dear"]


def lose(weights: Mapping[str, int], lost: set[str], how: Losing) -> tuple[Spec, View]:
    """The spec and view in which these arms cannot be used any more."""
    fewer = {name: weight for name, weight in weights.items() if name not in lost}
    spec = spec_of(first(sticky(fewer if how == "removed" else {**weights, **dict.fromkeys(lost if how == "weightless" else (), 0)})))
    changes = {"unfit": {"tags": ()}, "dear": {"price": Price(per_request=Money(HUGE))}}
    rules = {"unfit": {"require": Selector(tags=("all",))}, "dear": {"budget": Money(10)}}
    deployments = {name: replace(each, **changes.get(how, {})) if name in lost else each for name, each in spec.deployments.items()}
    return replace(spec, deployments=deployments, defaults=Rules(**rules.get(how, {}))), cooling(*(lost if how == "cooling" else ()))


@given(WEIGHTS, st.sampled_from(("removed", "cooling", "weightless", "unfit", "dear")), seeds(), st.data())
def test_w8_losing_arms_moves_only_their_own_keys(weights: dict[str, int], how: Losing, seed: int, data: st.DataObject) -> None:
    """W8: however arms are lost, what had another choice keeps it, and what was theirs goes to its own next choice."""
    lost = data.draw(st.sets(st.sampled_from(sorted(weights)), min_size=1, max_size=len(weights) - 1))
    whole = spec_of(first(sticky(weights)))
    spec, view = lose(weights, lost, how)
    for value in KEYS:
        before, after = order(whole, "user", value), order(spec, "user", value, view, 0, seed)
        assert after == [name for name in before if name not in lost]
        assert (after[0] == before[0]) == (before[0] not in lost)


def test_w8_is_false_for_a_balance_without_a_salt_that_gets_another_name() -> None:
    """W8, a near miss: without a `salt` the draws belong to the place, so that a new name moves keys; with one they stay."""
    weights: dict[str, float] = dict.fromkeys(DEPLOYMENTS, 1)
    plain, salted = sticky(weights), sticky(weights, salt="x")
    moved = [
        [order(spec_of(first(node)), "user", value) == order(spec_of(first(first(node))), "user", value) for value in KEYS]
        for node in (plain, salted)
    ]
    assert all(moved[1])
    assert not any(moved[0])
