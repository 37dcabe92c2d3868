"""From a checked spec to a Router: accounts filled in, routes written out, rules met, weights reduced."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace
from returns.result import Failure, Success

from voxplan.engine.checks.checking import Finding, check
from voxplan.engine.checks.sizing import Size, route_sizes
from voxplan.engine.documents.printing import spec_digest
from voxplan.engine.language.condition import Condition
from voxplan.engine.language.labels import label, unique
from voxplan.engine.language.spec import RouteNode, Spec, WhenAllPoor
from voxplan.engine.plans.accounts import filled_in
from voxplan.engine.plans.expanding import Expanding, Spot
from voxplan.engine.plans.inheriting import Carried, carry
from voxplan.engine.plans.router import Chain, Choice, Contest, Leaf, Router, RouterNode, RouterRoute, Spread
from voxplan.engine.terms.capability import ProviderFacts
from voxplan.engine.terms.failure import STAR
from voxplan.engine.terms.zone import Zone

__all__ = ("compile_checked", "compile_spec", "with_fallbacks")

_NO_ZONES: Final[Mapping[str, Zone]] = {}


def compile_spec(
    spec: Spec, catalog: Mapping[str, ProviderFacts], zones: Mapping[str, Zone] = _NO_ZONES
) -> Success[Router] | Failure[tuple[Finding, ...]]:
    """The Router of `spec`, or every error that `check` finds in it. `zones` are the time zones that its conditions name."""
    errors = tuple(finding for finding in check(spec, catalog) if finding.severity == "error")
    return Failure(errors) if errors else Success(compile_checked(spec, catalog, zones))


def compile_checked(spec: Spec, catalog: Mapping[str, ProviderFacts], zones: Mapping[str, Zone] = _NO_ZONES) -> Router:
    """The Router of a spec in which `check` finds no error."""
    sizes = route_sizes(spec, catalog)
    deployments = {name: filled_in(name, spec, catalog) for name in sorted(spec.deployments)}
    expanding = Expanding(spec, deployments)
    return Router(
        digest=_digest(spec, zones),
        deployments=deployments,
        routes={name: _route(spec, name, sizes[name], expanding) for name in sorted(spec.routes)},
        spec=spec,
        facts=dict(catalog),
        zones=dict(zones),
    )


def _digest(spec: Spec, zones: Mapping[str, Zone]) -> str:
    """What the spec says; when its zones' clocks change is a part of what it says."""
    if not zones:
        return spec_digest(spec)
    resolved = msgspec.json.encode((spec_digest(spec), dict(zones)), order="deterministic")
    return hashlib.blake2b(resolved, digest_size=12).hexdigest()


def _route(spec: Spec, name: str, size: Size, expanding: Expanding) -> RouterRoute:
    root, defaults = spec.routes[name], spec.defaults
    spot = Spot(node=name, draw=name).under(defaults)
    return RouterRoute(
        name=name,
        root=expanding.node(root, spot, carry(Carried(), defaults)),
        attempts=size.calls,
        when_all_poor=_when_all_poor(spec, root, defaults.when_all_poor or "return"),
    )


def _when_all_poor(spec: Spec, root: RouteNode, outer: WhenAllPoor) -> WhenAllPoor:
    """The rule at the root: where that only uses another route, both roots are one node, and the inner rule replaces."""
    own = root.when_all_poor or outer
    return _when_all_poor(spec, spec.routes[root.use], own) if root.use in spec.routes else own


def with_fallbacks(router: Router, route: str, fallbacks: tuple[str, ...], holds: Callable[[Condition], bool]) -> RouterRoute:
    """The route with the fallbacks that a request names after it, inside all rules of its root; every name is known.

    The root of a route that only uses another is also that one's root, and so is the branch that its `when` takes: whatever the
    caller adds, it cannot leave the region that the branch for its request requires. The route itself is what it is without
    fallbacks, so that naming them changes no choice in it.
    """
    spec = router.spec
    expanding = Expanding(spec, router.deployments)
    defaults, at_root = carry(Carried(), spec.defaults), Spot(node=route, draw=route).under(spec.defaults)
    rules, spot = _inmost(spec, RouteNode(use=route), defaults, at_root, holds)
    names = unique((route, *fallbacks))
    own = expanding.node(RouteNode(use=route), spot.below(route), defaults)
    others = [expanding.node(RouteNode(use=use), spot.below(name), rules) for name, use in zip(names[1:], fallbacks, strict=True)]
    chain = Chain(node=spot.node, children=(own, *others), on=STAR, deadlines=spot.deadlines, budget=spot.budget)
    return replace(router.routes[route], root=chain, attempts=_calls(chain))


def _inmost(spec: Spec, node: RouteNode, rules: Carried, spot: Spot, holds: Callable[[Condition], bool]) -> tuple[Carried, Spot]:
    """The rules and the place of what the root comes to for this request: past routes that only use another, and branches."""
    rules, spot = carry(rules, node), spot.under(node)
    if node.use in spec.routes:
        return _inmost(spec, spec.routes[node.use], rules, spot, holds)
    taken = _taken(node, holds)
    if taken is None:
        return rules, spot
    name, then = taken
    below = replace(spot.below(name), deadlines=spot.deadlines, budget=spot.budget)
    return _inmost(spec, then, rules, below, holds)


def _taken(node: RouteNode, holds: Callable[[Condition], bool]) -> tuple[str, RouteNode] | None:
    """The branch that a `when` takes, with its label; None where none is taken, or there is no `when`."""
    branches = node.when or ()
    thens = [branch.then for branch in branches] + ([node.otherwise] if node.otherwise is not None else [])
    place = next((place for place, branch in enumerate(branches) if holds(branch.if_)), len(branches))
    return (unique(map(label, thens))[place], thens[place]) if place < len(thens) else None


def _calls(node: RouterNode) -> int:
    """The most calls that a plan of `node` can make."""
    match node:
        case Leaf():
            return 1 + node.retry.times
        case Chain(children=below) | Contest(arms=below):
            return sum(map(_calls, below))
        case Choice():
            return max(_calls(branch.route) for branch in node.branches)
        case Spread():
            calls = sorted((_calls(arm.route) for arm in node.arms), reverse=True)
            return sum(calls if node.spill is None else calls[: 1 + node.spill])
