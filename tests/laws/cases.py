"""What most laws are about: a spec that has been compiled and all else that planning takes, as one value."""

from collections.abc import Iterator, Mapping
from functools import cache
from random import Random
from typing import Final, NamedTuple

from hypothesis import assume
from hypothesis import strategies as st
from returns.result import Success

from tests.random_specs import ZONES, random_spec
from tests.reference import Planned
from tests.strategies import CATALOG, DEPLOYMENTS, MOMENTS, depths, random_request, random_view
from voxplan.engine.compiling import compile_checked
from voxplan.engine.plan import Node, Plan, Refusal, children
from voxplan.engine.planning import plan
from voxplan.engine.request import Request
from voxplan.engine.router import Router
from voxplan.engine.spec import Deployment, Guardrail, RouteNode, Spec
from voxplan.engine.view import EMPTY_VIEW, View
from voxplan.engine.zone import Zone
from voxplan.io_shell.zones import resolve_zones

__all__ = (
    "NO_OTHERS",
    "Case",
    "above",
    "case_of",
    "cases",
    "compiled",
    "nodes",
    "plan_of",
    "planned",
    "reference",
    "result_of",
    "spec_of",
)

NO_OTHERS: Mapping[str, RouteNode] = {}
NO_GUARDRAILS: Mapping[str, Guardrail] = {}
_RESOLVED: Final[Mapping[str, Zone]] = resolve_zones(ZONES).unwrap()


class Case(NamedTuple):
    """All that planning takes."""

    spec: Spec
    router: Router
    request: Request
    view: View
    moment: int
    seed: int

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
    return Case(spec, compiled(spec), random_request(chance), random_view(chance, moment), moment, chance.getrandbits(64))


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
    main: RouteNode, others: Mapping[str, RouteNode] = NO_OTHERS, guardrails: Mapping[str, Guardrail] = NO_GUARDRAILS
) -> Spec:
    """A spec whose routes use plain deployments with a key each, so that nothing but the routes matters."""
    plain = {name: Deployment(provider="openai", model="whisper-1", api_key=f"${{KEY_{name}}}") for name in DEPLOYMENTS}
    return Spec(voxplan=1, deployments=plain, routes={"main": main, **others}, guardrails=dict(guardrails))


def plan_of(spec: Spec, *, seed: int = 0, view: View = EMPTY_VIEW, request: Request | None = None) -> Plan:
    """The plan for a request, by default for one to `main` of which nothing is known."""
    return plan(compiled(spec), request or Request(route="main"), view, 0, seed).unwrap()


def nodes(root: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield root
    for child in children(root):
        yield from nodes(child)


def above(root: Node, node: str) -> tuple[Node, ...]:
    """The nodes from the root down to the one called `node`."""
    if root.node == node:
        return (root,)
    return next(((root, *path) for child in children(root) if (path := above(child, node))), ())
