"""`plan`: from a router, a request, a view, a moment and a seed to a plan, or to the reasons why there is none.

Pure and total. The walk itself is in `choosing`; here stands what is asked of the whole: names that exist, what the caller may
use, the panic rule, pretended failures, bounds.
"""

from collections.abc import Iterable

from msgspec.structs import replace
from returns.result import Failure, Success

from voxplan.engine.checks.sizing import LARGEST_ROUTE
from voxplan.engine.observed.view import View
from voxplan.engine.plans.bounds import bounds
from voxplan.engine.plans.choosing import Choosing
from voxplan.engine.plans.compiling import with_fallbacks
from voxplan.engine.plans.explaining import left_out
from voxplan.engine.plans.plan import Attempt, First, Node, Plan, Race, Refusal
from voxplan.engine.plans.router import Leaf, Router, RouterRoute
from voxplan.engine.plans.situation import Situation
from voxplan.engine.terms.request import Request

__all__ = ("plan",)


def plan(router: Router, request: Request, view: View, moment_ms: int, seed: int) -> Success[Plan] | Failure[Refusal]:
    """What to attempt for `request`, given what `view` has seen by `moment_ms`; chance comes from `seed` alone."""
    route = router.routes.get(request.route)
    if route is None:
        return Failure(Refusal(code="unknown_route", route=request.route, names=(request.route,), routes=tuple(router.routes)))
    if refusal := _named_wrongly(router, request):
        return Failure(refusal)
    now = Situation(router, request, view, moment_ms, seed)
    if request.fallbacks:
        route = with_fallbacks(router, request.route, request.fallbacks, now.holds)
        if route.attempts > LARGEST_ROUTE:
            return Failure(Refusal(code="too_many_attempts", route=route.name, names=request.fallbacks))
    walk = Choosing(now)
    root = walk.node(route.root)
    if root is not None:
        return Success(_plan(route, now, root, walk, None))
    return _despite_cooling(route, now, walk)


def _named_wrongly(router: Router, request: Request) -> Refusal | None:
    """The refusal of a request that names what does not exist, or what its caller may not use."""
    if not (request.fallbacks or request.simulate or request.allowed is not None):
        return None
    providers = {deployment.provider for deployment in router.deployments.values()}
    simulated = () if request.simulate is None else (name for name, _ in request.simulate.failures)
    known = (*router.routes, *router.deployments)
    if names := _strangers(request.fallbacks, known):
        return Refusal(code="unknown_fallback", route=request.route, names=names, routes=known)
    if names := _strangers(simulated, (*router.deployments, *providers)):
        return Refusal(
            code="unknown_simulation", route=request.route, names=names, routes=(*router.deployments, *sorted(providers))
        )
    if request.allowed is not None and (names := _strangers((request.route, *request.fallbacks), request.allowed)):
        return Refusal(code="not_allowed", route=request.route, names=names, routes=request.allowed)
    return None


def _strangers(names: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    among = frozenset(known)
    return tuple(name for name in names if name not in among)


def _despite_cooling(route: RouterRoute, now: Situation, walk: Choosing) -> Success[Plan] | Failure[Refusal]:
    """Nothing may be attempted: plan the one leaf that is first to be done with cooling, if the spec allows (the panic rule)."""
    tried = [leaf for leaf in walk.only_cooling if leaf.when_all_cooling == "try"]
    if not tried:
        return Failure(_refusal(route, now, walk))
    coolest = min(tried, key=lambda leaf: (_until_ms(now, leaf), leaf.deployment.name, leaf.node))
    again = Choosing(now.trying(coolest))
    root = again.node(route.root)
    if root is None:  # the leaf had no other reason, so now the tree holds it: never seen
        return Failure(_refusal(route, now, walk))
    return Success(_plan(route, now, root, again, coolest.deployment.name))


def _until_ms(now: Situation, leaf: Leaf) -> int:
    cooling = now.cooling(leaf)
    return now.moment_ms if cooling is None else cooling[0]


def _refusal(route: RouterRoute, now: Situation, walk: Choosing) -> Refusal:
    cooling = [_until_ms(now, leaf) - now.moment_ms for leaf in walk.only_cooling]
    return Refusal(
        code="nothing_eligible",
        route=route.name,
        left_out=left_out(now, route.root),
        retry_after_ms=min(cooling, default=None),
    )


def _plan(route: RouterRoute, now: Situation, root: Node, walk: Choosing, cooling_try: str | None) -> Plan:
    root = _as_requested(root, now.request)
    checks = walk.input_guardrails(root)
    return Plan(
        route=route.name,
        spec_digest=now.router.digest,
        root=root,
        bounds=bounds(root, checks),
        input_guardrails=checks,
        streams=now.request.options.stream,
        left_out=tuple(walk.left_out),
        cooling_try=cooling_try,
        when_all_poor=route.when_all_poor,
    )


def _as_requested(root: Node, request: Request) -> Node:
    """The tree inside the request's own deadline, with its first child failing where that is to be pretended."""
    if request.simulate is not None and request.simulate.first_child:
        root = _first_child_failing(root)
    if request.deadline_ms is None:
        return root
    own_ms = root.deadline_ms
    return replace(root, deadline_ms=request.deadline_ms if own_ms is None else min(own_ms, request.deadline_ms))


def _first_child_failing(root: Node) -> Node:
    match root:
        case Attempt():
            return _failing(root)
        case First(children=(child, *others)):
            return replace(root, children=(_failing(child), *others))
        case Race(arms=(arm, *others)):
            return replace(root, arms=(_failing(arm), *others))
        case _:
            return root


def _failing(node: Node) -> Node:
    match node:
        case Attempt():
            return replace(node, simulated="server_error")
        case First():
            return replace(node, children=tuple(map(_failing, node.children)))
        case Race():
            return replace(node, arms=tuple(map(_failing, node.arms)))
