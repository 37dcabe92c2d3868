"""What most laws are about: a spec that has been compiled and all else that planning takes, as one value."""

from collections.abc import Mapping
from typing import NamedTuple

from hypothesis import assume
from hypothesis import strategies as st
from returns.result import Success

from tests.strategies import CATALOG, DEPLOYMENTS, moments, requests, routing_specs, seeds, views
from voxplan.engine.compiling import compile_checked
from voxplan.engine.plan import First, Node, Plan, Refusal
from voxplan.engine.planning import plan
from voxplan.engine.request import Request
from voxplan.engine.router import Router
from voxplan.engine.spec import Deployment, RouteNode, Spec
from voxplan.engine.view import EMPTY_VIEW, View

NO_OTHERS: Mapping[str, RouteNode] = {}

__all__ = ("Case", "above", "cases", "plan_of", "planned", "result_of", "spec_of")


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


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Cases of every kind."""
    spec = draw(routing_specs())
    return Case(spec, compile_checked(spec, CATALOG), draw(requests()), draw(views()), draw(moments()), draw(seeds()))


def planned(case: Case) -> Plan:
    """The plan of the case; those that are refused are no examples of the law under test."""
    result = case.result()
    assume(isinstance(result, Plan))
    assert isinstance(result, Plan)
    return result


def spec_of(main: RouteNode, others: Mapping[str, RouteNode] = NO_OTHERS) -> Spec:
    """A spec whose routes use plain deployments with a key each, so that nothing but the routes matters."""
    plain = {name: Deployment(provider="openai", model="whisper-1", api_key=f"${{KEY_{name}}}") for name in DEPLOYMENTS}
    return Spec(voxplan=1, deployments=plain, routes={"main": main, **others})


def plan_of(spec: Spec, *, seed: int = 0, view: View = EMPTY_VIEW, route: str = "main") -> Plan:
    """The plan for a request of which nothing is known."""
    return plan(compile_checked(spec, CATALOG), Request(route=route), view, 0, seed).unwrap()


def above(root: Node, node: str) -> tuple[Node, ...]:
    """The nodes from the root down to the one called `node`."""
    if root.node == node:
        return (root,)
    children = root.children if isinstance(root, First) else ()
    return next(((root, *path) for child in children if (path := above(child, node))), ())
