"""Law Q1: every reason given for leaving a deployment out is true, and removing all of them lets it in.

To remove a reason is to take away what it names, wherever it stands in the spec or the view. What is left out without having been
looked at (arms for which there was no room, branches beside the one taken) stands in one line with one reason; a refusal looks at
all.
"""

from collections.abc import Callable, Iterable
from typing import Final

from hypothesis import given
from msgspec.structs import replace

from tests.laws.cases import Case, cases, compiled, result_of, rewritten
from tests.making import ABLE_TO_ALL
from tests.random_specs import CATALOG
from voxplan.engine.language.spec import RouteNode, Spec
from voxplan.engine.observed.view import DeploymentView, View
from voxplan.engine.plans.compiling import compile_checked
from voxplan.engine.plans.plan import LeftOut, Plan, ReasonCode, Refusal, attempts
from voxplan.engine.terms.capability import Capabilities, ProviderFacts

Named = tuple[tuple[str, Capabilities], ...]


def _everywhere(change: Callable[[RouteNode], RouteNode]) -> Callable[[Spec], Spec]:
    """A change to every node of every route."""
    return lambda spec: replace(spec, routes={name: rewritten(node, change) for name, node in spec.routes.items()})


def _without_requires(spec: Spec) -> Spec:
    spec = replace(spec, defaults=replace(spec.defaults, require=None))
    return _everywhere(lambda node: replace(node, require=None))(spec)


def _without_budgets(spec: Spec) -> Spec:
    spec = replace(spec, defaults=replace(spec.defaults, budget=None))
    return _everywhere(lambda node: replace(node, budget=None))(spec)


def _weighed(node: RouteNode) -> RouteNode:
    if node.balance is None:
        return node
    return replace(node, balance=replace(node.balance, among=tuple(replace(arm, weight=1) for arm in node.balance.among)))


def _unlimited(node: RouteNode) -> RouteNode:
    return node if node.balance is None else replace(node, balance=replace(node.balance, spill=None))


def _unconditional(node: RouteNode) -> RouteNode:
    """Every branch in turn, under the names that they have as branches."""
    if node.when is None:
        return node
    branches = (*(branch.then for branch in node.when), *((node.otherwise,) if node.otherwise else ()))
    return replace(node, name=node.name or "when", when=None, otherwise=None, first=branches)


def _timely(spec: Spec) -> Spec:
    return replace(spec, deployments={name: replace(each, shortest=None) for name, each in spec.deployments.items()})


REMOVED: Final[dict[ReasonCode, Callable[[Spec], Spec]]] = {
    "weight_zero": _everywhere(_weighed),
    "not_chosen": _everywhere(_unconditional),
    "requirement_unmet": _without_requires,
    "over_budget": _without_budgets,
    "price_unknown": _without_budgets,
    "timeout_below_shortest": _timely,
}
"""What takes a reason away from a spec. `cooling` is of the view, `incapable` of the catalogue."""


def _removed(case: Case, codes: Iterable[ReasonCode]) -> Plan | Refusal:
    """What planning makes of the case without these reasons. Room is made for all arms: more of them may be eligible now."""
    codes = frozenset(codes)
    spec = _everywhere(_unlimited)(case.spec)
    for code in sorted(codes):
        spec = REMOVED[code](spec) if code in REMOVED else spec
    view = _warm(case.view) if "cooling" in codes else case.view
    catalog = {name: _able(facts) for name, facts in CATALOG.items()} if "incapable" in codes else CATALOG
    return result_of(compile_checked(spec, catalog, case.router.zones), case.request, view, case.moment, case.seed)


def _warm(view: View) -> View:
    calm = {name: DeploymentView(load=seen.load, latency=seen.latency) for name, seen in view.deployments.items()}
    return View(deployments=calm)


def _able(facts: ProviderFacts) -> ProviderFacts:
    """The provider with everything that a request may ask for, at the same prices."""

    def all_of(named: Named) -> Named:
        return tuple((name, replace(ABLE_TO_ALL, price=can.price)) for name, can in named)

    return replace(
        facts,
        otherwise=replace(ABLE_TO_ALL, price=facts.otherwise.price),
        models=all_of(facts.models),
        families=all_of(facts.families),
    )


def _named(node: RouteNode) -> RouteNode:
    """The node with a name for every arm: nameless arms of one form are told apart by their content, which is changed here."""
    if node.balance is None:
        return node
    arms = (replace(arm, route=replace(arm.route, name=f"arm{place}")) for place, arm in enumerate(node.balance.among))
    return replace(node, balance=replace(node.balance, among=tuple(arms)))


def with_names(case: Case) -> Case:
    """The case with a name for every arm of a `balance`."""
    spec = _everywhere(_named)(case.spec)
    return case._replace(spec=spec, router=compiled(spec))


def _looked_at(case: Case) -> list[LeftOut]:
    """The single attempts that are left out, with every reason."""
    result = case.result()
    if isinstance(result, Refusal):
        return list(result.left_out)
    grouped = {"not_chosen", "not_spilled", "weight_zero"}
    return [each for each in result.left_out if not grouped & {reason.code for reason in each.reasons}]


@given(cases().map(with_names))
def test_q1_removing_all_reasons_lets_a_deployment_in(case: Case) -> None:
    """Q1: where what is said against a deployment is taken away, it is in the plan, at the very node at which it was missed."""
    for left_out in _looked_at(case):
        result = _removed(case, {reason.code for reason in left_out.reasons})
        assert isinstance(result, Plan)
        assert left_out.node in {attempt.node for attempt in attempts(result.root)}


@given(cases().map(with_names))
def test_q1_every_reason_is_true(case: Case) -> None:
    """Q1: where all that is said against a deployment is taken away but one thing, that one keeps it out."""
    for left_out in _looked_at(case):
        codes: set[ReasonCode] = {reason.code for reason in left_out.reasons}
        for kept in sorted(codes):
            # To make a model able is to let it satisfy a `require` of capabilities as well; a budget is one for both its reasons.
            if not (kept == "requirement_unmet" and "incapable" in codes):
                result = _removed(case, codes - {kept})
                made = {attempt.node for attempt in attempts(result.root)} if isinstance(result, Plan) else set[str]()
                assert left_out.node not in made or (kept == "cooling" and isinstance(result, Plan) and result.cooling_try)


@given(cases())
def test_q1_what_is_planned_has_no_reason_against_it(case: Case) -> None:
    """Q1: no attempt of a plan is named as left out."""
    result = case.result()
    if isinstance(result, Plan):
        made = {attempt.node for attempt in attempts(result.root)}
        assert not made & {each.node for each in result.left_out if {reason.code for reason in each.reasons} != {"not_spilled"}}
