"""What a caller may have to do with: the routes that its key names, and what those reach. All else is nobody's business."""

from msgspec.structs import replace

from voxplan.engine.plans.expanding import leaves
from voxplan.engine.plans.router import Router
from voxplan.io_shell.gateway.callers import Caller

__all__ = ("in_reach", "reached")


def reached(router: Router, caller: Caller) -> tuple[str, ...]:
    """The deployments that the caller may have to do with, in the order of the router."""
    if caller.allowed is None:
        return tuple(router.deployments)
    routes = [route for name, route in router.routes.items() if caller.may_name(name)]
    below = {leaf.deployment.name for route in routes for leaf in leaves(route.root)}
    return tuple(name for name in router.deployments if name in below or caller.may_name(name))


def in_reach(router: Router, caller: Caller) -> Router:
    """The router as if there were no other deployments: by which things are called that the caller is told of."""
    return replace(router, deployments={name: router.deployments[name] for name in reached(router, caller)})
