"""What most laws are about: a spec that has been compiled and all else that planning takes, as one value."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from random import Random
from typing import Final, NamedTuple

from hypothesis import assume
from hypothesis import strategies as st
from msgspec.structs import replace
from returns.result import Success

from tests.random_specs import ZONES, random_spec
from tests.reference import Planned
from tests.strategies import CATALOG, DEPLOYMENTS, GUARDRAILS, MOMENTS, depths, random_request, random_view
from voxplan.engine.language.spec import Deployment, Guardrail, Race, RouteNode, Spec
from voxplan.engine.observed.view import EMPTY_VIEW, View
from voxplan.engine.plans.compiling import compile_checked
from voxplan.engine.plans.plan import Node, Plan, Refusal, children
from voxplan.engine.plans.planning import plan
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.quantity import Span
from voxplan.engine.terms.request import Request
from voxplan.engine.terms.zone import Zone
from voxplan.io_shell.zones import resolve_zones

__all__ = (
    "NO_OTHERS",
    "Case",
    "above",
    "case_of",
    "cases",
    "compiled",
    "first",
    "nodes",
    "plan_of",
    "planned",
    "race",
    "reference",
    "result_of",
    "rewritten",
    "spec_of",
    "use",
)

NO_OTHERS: Mapping[str, RouteNode] = {}
PLAIN_GUARDRAILS: Mapping[str, Guardrail] = {name: Guardrail(kind="custom") for name in GUARDRAILS}
_RESOLVED: Final[Mapping[str, Zone]] = resolve_zones(ZONES).unwrap()


class Case(NamedTuple):
    """All that planning takes. `made_by` says how to make it again."""

    spec: Spec
    router: Router
    request: Request
    view: View
    moment: int
    seed: int
    made_by: str = "a case"

    def __repr__(self) -> str:
        """How to make it again: all of it would be pages."""
        return self.made_by

    def result(self) -> Plan | Refusal:
        """What planning makes of it."""
        return result_of(self.router, self.request, self.view, self.moment, self.seed)


def result_of(router: Router, request: Request, view: View, moment: int, seed: int) -> Plan | Refusal:
    """What planning makes of these, out of its wrapping."""
    made = plan(router, request, view, moment, seed)
    return made.unwrap() if isinstance(made, Success) else made.failure()


def compiled(spec: Spec) -> Router:
    """The router of a spec over `CATALOG`."""
    return compile_checked(spec, CATALOG, _RESOLVED)


def case_of(seed: int, depth: int = 5) -> Case:
    """The case that belongs to a seed."""
    chance = Random(seed)
    spec, moment = random_spec(chance, depth=depth), chance.choice(MOMENTS)
    request, view, again = random_request(chance), random_view(chance, moment), f"case_of({seed}, {depth})"
    return Case(spec, compiled(spec), request, view, moment, chance.getrandbits(64), again)


@cache
def cases() -> st.SearchStrategy[Case]:
    """Cases of every kind."""
    return st.builds(case_of, st.integers(0, 2**32 - 1), depths())


def reference(case: Case) -> Planned:
    """What the naive interpreter makes of the case."""
    return Planned(case.spec, CATALOG, case.request, case.view, case.moment, case.seed)


def planned(case: Case) -> Plan:
    """The plan of the case; those that are refused are no examples of the law under test."""
    result = case.result()
    assume(isinstance(result, Plan))
    assert isinstance(result, Plan)
    return result


def spec_of(
    main: RouteNode, others: Mapping[str, RouteNode] = NO_OTHERS, guardrails: Mapping[str, Guardrail] = PLAIN_GUARDRAILS
) -> Spec:
    """A spec whose routes use plain deployments with a key each, so that nothing but the routes matters."""
    plain = {
        name: Deployment(provider="openai", model="whisper-1", api_key=f"${{KEY_{name}}}", tags=("all",)) for name in DEPLOYMENTS
    }
    return Spec(voxplan=1, deployments=plain, routes={"main": main, **others}, guardrails=dict(guardrails))


def use(name: str) -> RouteNode:
    """A node that uses `name`."""
    return RouteNode(use=name)


def first(*children: RouteNode) -> RouteNode:
    """Ordered fallback."""
    return RouteNode(first=children)


def race(*arms: RouteNode, stagger_ms: int = 0) -> RouteNode:
    """Overlapping arms."""
    return RouteNode(race=Race(among=arms, stagger=Span(stagger_ms)))


def plan_of(spec: Spec, *, seed: int = 0, view: View = EMPTY_VIEW, request: Request | None = None) -> Plan:
    """The plan for a request, by default for one to `main` of which nothing is known."""
    return plan(compiled(spec), request or Request(route="main"), view, 0, seed).unwrap()


def nodes(root: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield root
    for child in children(root):
        yield from nodes(child)


def rewritten(node: RouteNode, change: Callable[[RouteNode], RouteNode]) -> RouteNode:
    """The node with `change` made to it and, before that, to everything written below it."""
    inside = replace(
        node,
        first=None if node.first is None else tuple(rewritten(child, change) for child in node.first),
        balance=node.balance
        and replace(node.balance, among=tuple(replace(arm, route=rewritten(arm.route, change)) for arm in node.balance.among)),
        race=node.race and replace(node.race, among=tuple(rewritten(arm, change) for arm in node.race.among)),
        when=node.when and tuple(replace(branch, then=rewritten(branch.then, change)) for branch in node.when),
        otherwise=node.otherwise and rewritten(node.otherwise, change),
    )
    return change(inside)


def above(root: Node, node: str) -> tuple[Node, ...]:
    """The nodes from the root down to the one called `node`."""
    if root.node == node:
        return (root,)
    return next(((root, *path) for child in children(root) if (path := above(child, node))), ())
