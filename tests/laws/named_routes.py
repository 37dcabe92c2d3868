"""Routes in which every node has a name of its own, so that what is said of a place in a spec can be found again in a plan.

The deployments can do everything and cost nothing: only the routes decide what may happen.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Final

from msgspec.structs import replace

from tests.making import ABLE_TO_ALL
from tests.random_specs import DEPLOYMENTS, ZONES, random_condition
from voxplan.engine.checks._nodes import walk
from voxplan.engine.documents.tree import Path
from voxplan.engine.language.spec import Arm, Balance, Branch, Deployment, Race, Retry, RouteNode, Spec
from voxplan.engine.plans.compiling import compile_checked
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.capability import ProviderFacts
from voxplan.engine.terms.quantity import Span
from voxplan.io_shell.zones import resolve_zones

__all__ = ("CATALOG", "named_route", "names_below", "router_of", "spec_of", "steps", "timed_route")
CATALOG: Final = {"able": ProviderFacts(provider="able", needs_key=False, otherwise=ABLE_TO_ALL)}
_RESOLVED: Final = resolve_zones(ZONES).unwrap()
_NONE_SHORT: Final[Mapping[str, Span]] = {}
_SPANS: Final = (None, None, None, Span(2000), Span(5000), Span(1000, (100, 1)), Span(0, (500, 1)), Span(9000))


def spec_of(root: RouteNode, shortest: Mapping[str, Span] = _NONE_SHORT) -> Spec:
    """A spec whose one route is `main`."""
    deployments = {name: Deployment(provider="able", model="m", shortest=shortest.get(name)) for name in DEPLOYMENTS}
    return Spec(voxplan=1, deployments=deployments, routes={"main": root})


def router_of(spec: Spec) -> Router:
    """The router of a spec over `CATALOG`."""
    return compile_checked(spec, CATALOG, _RESOLVED)


def names_below(root: RouteNode, path: Path) -> set[str]:
    """The names of the nodes at and below a place in the route `main`."""
    return {node.name or "" for at, node in walk(("routes", "main"), root) if at[: len(path)] == path}


def steps(node: RouteNode) -> Iterator[tuple[Path, RouteNode]]:
    """The children of a node that may be reached, each with what leads to it."""
    yield from ((("first", place), child) for place, child in enumerate(node.first or ()))
    yield from ((("when", place, "then"), branch.then) for place, branch in enumerate(node.when or ()))
    if node.otherwise is not None:
        yield ("otherwise",), node.otherwise
    if node.balance is not None:
        among = enumerate(node.balance.among)
        yield from ((("balance", "among", place, "route"), arm.route) for place, arm in among if arm.weight)
    if node.race is not None:
        yield from ((("race", "among", place), child) for place, child in enumerate(node.race.among))


def named_route(chance: Random, forms: tuple[str, ...], depth: int = 3) -> RouteNode:
    """A route of these forms, nested at most `depth` deep."""
    return _named(chance, forms, depth, itertools.count(1))


def _named(chance: Random, forms: tuple[str, ...], depth: int, numbers: Iterator[int]) -> RouteNode:
    name, form = f"n{next(numbers)}", chance.choice(forms) if depth else "use"
    below = tuple(_named(chance, forms, depth - 1, numbers) for _ in range(0 if form == "use" else chance.choice((1, 2, 2, 3))))
    match form:
        case "first":
            return RouteNode(name=name, first=below)
        case "race":
            return RouteNode(name=name, race=Race(among=below, stagger=Span(chance.choice((0, 300, 3000)))))
        case "balance":
            weights = (1, *(chance.choice((0, 1, 2)) for _ in below))
            arms = tuple(Arm(route=route, weight=weight) for route, weight in zip(below, weights, strict=False))
            return RouteNode(name=name, balance=Balance(among=arms, spill=chance.choice((None, None, 0, 1, 2))))
        case "when":
            branches = tuple(Branch(if_=random_condition(chance), then=route) for route in below[:2])
            return RouteNode(name=name, when=branches, otherwise=below[2] if len(below) > 2 else None)
        case _:
            return RouteNode(name=name, use=chance.choice(DEPLOYMENTS))


def timed_route(chance: Random, node: RouteNode) -> RouteNode:
    """The route, with rules about time on any of its nodes."""
    ruled = replace(
        node,
        deadline=chance.choice(_SPANS),
        timeout=chance.choice(_SPANS),
        retry=chance.choice((None, None, Retry(times=1), Retry(times=2, on=("timed_out",)))),
        replay=chance.choice((None, None, None, None, None, "if_uncharged", "never")),
        on=None if node.use or node.when or chance.random() < 0.8 else ("server_error",),
    )
    return _rebuilt(ruled, lambda child: timed_route(chance, child))


def _rebuilt(node: RouteNode, change: Callable[[RouteNode], RouteNode]) -> RouteNode:
    """The node with each child changed."""
    if node.first is not None:
        return replace(node, first=tuple(map(change, node.first)))
    if node.race is not None:
        return replace(node, race=replace(node.race, among=tuple(map(change, node.race.among))))
    if node.balance is not None:
        among = tuple(replace(arm, route=change(arm.route)) for arm in node.balance.among)
        return replace(node, balance=replace(node.balance, among=among))
    if node.when is not None:
        branches = tuple(replace(branch, then=change(branch.then)) for branch in node.when)
        return replace(node, when=branches, otherwise=node.otherwise and change(node.otherwise))
    return node
