import pytest

from tests.making import CATALOG, spec, use
from voxplan.engine.checks.sizing import Size, route_sizes
from voxplan.engine.language.condition import Condition
from voxplan.engine.language.spec import Arm, Balance, Branch, Race, Retry, RouteNode, Selector
from voxplan.engine.terms.quantity import Span

A, B, C = use("a"), use("b"), use("c")
EN, FI = Condition(language=("en",)), Condition(language=("fi",))
TWICE = Retry(times=2)


@pytest.mark.parametrize(
    ("root", "size"),
    [
        (A, Size(1, 1)),
        (RouteNode(use="a", retry=TWICE), Size(3, 1)),
        (RouteNode(first=(A, B, C), retry=TWICE), Size(9, 3)),
        (RouteNode(balance=Balance(among=(Arm(route=A), Arm(route=RouteNode(first=(B, C)))), spill=0)), Size(2, 3)),
        (RouteNode(balance=Balance(among=(Arm(route=A), Arm(route=B, weight=0)))), Size(1, 2)),
        (RouteNode(balance=Balance(where=Selector())), Size(3, 3)),
        (RouteNode(balance=Balance(where=Selector(), spill=1), retry=TWICE), Size(6, 3)),
        (RouteNode(race=Race(among=(A, RouteNode(first=(B, C))), stagger=Span(1))), Size(3, 3)),
        (RouteNode(race=Race(where=Selector(), stagger=Span(1))), Size(3, 3)),
        (RouteNode(when=(Branch(if_=EN, then=A), Branch(if_=FI, then=RouteNode(first=(B, C))))), Size(2, 3)),
        (RouteNode(when=(Branch(if_=EN, then=A),), otherwise=RouteNode(first=(A, B, C))), Size(3, 4)),
    ],
)
def test_each_form(root: RouteNode, size: Size) -> None:
    """Children and arms add up, of branches the largest counts; everything is written out."""
    assert route_sizes(spec({"r": root}, "a", "b", "c"), CATALOG) == {"r": size}


def test_retries_reach_into_routes() -> None:
    """A route counts anew under each number of retries that reaches it."""
    found = route_sizes(spec({"r": RouteNode(first=(use("s"), RouteNode(use="s", retry=TWICE))), "s": A}, "a"), CATALOG)
    assert found == {"r": Size(4, 2), "s": Size(1, 1)}
