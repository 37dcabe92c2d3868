"""How large a route grows when its named routes are written out: counted, never expanded.

A route that uses another twice, which uses a third twice, grows exponentially; the count of each route is therefore taken once
for each number of retries that may reach it from outside.
"""

from typing import Final

import msgspec

from voxplan.engine.spec import Balance, RouteNode, Rules, Spec

__all__ = ("LARGEST_EXPANSION", "LARGEST_ROUTE", "Size", "route_sizes")

LARGEST_ROUTE: Final = 256  # calls that one plan may make; beyond that no person can read it
LARGEST_EXPANSION: Final = 10_000  # nodes a compiled route may hold, so that loading stays fast


class Size(msgspec.Struct, frozen=True):
    """The most calls that a plan of the route can make, and the uses of deployments in the whole route."""

    calls: int
    leaves: int


def route_sizes(spec: Spec) -> dict[str, Size]:
    """The size of every route of a spec whose names resolve and whose routes have no cycle."""
    counted: dict[tuple[str, int], Size] = {}
    times = _times(spec.defaults, 0)
    return {name: _route(spec, name, times, counted) for name in spec.routes}


def _times(rules: Rules, outer: int) -> int:
    return outer if rules.retry is None else rules.retry.times


def _route(spec: Spec, name: str, times: int, counted: dict[tuple[str, int], Size]) -> Size:
    if (name, times) not in counted:
        counted[name, times] = _node(spec, spec.routes[name], times, counted)
    return counted[name, times]


def _node(spec: Spec, node: RouteNode, outer: int, counted: dict[tuple[str, int], Size]) -> Size:
    times = _times(node, outer)
    if node.use is not None:
        return _route(spec, node.use, times, counted) if node.use in spec.routes else Size(1 + times, 1)
    if node.balance is not None:
        return _balance(spec, node.balance, times, counted)
    sizes = [_node(spec, child, times, counted) for child in node.first or ()]
    return Size(sum(size.calls for size in sizes), sum(size.leaves for size in sizes))


def _balance(spec: Spec, balance: Balance, times: int, counted: dict[tuple[str, int], Size]) -> Size:
    sizes = [_node(spec, arm.route, times, counted) for arm in balance.among]
    calls = sorted((size.calls for size, arm in zip(sizes, balance.among, strict=True) if arm.weight > 0), reverse=True)
    taken = calls if balance.spill is None else calls[: 1 + balance.spill]
    return Size(sum(taken), sum(size.leaves for size in sizes))
