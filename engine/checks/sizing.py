"""How large a route grows when its named routes are written out: counted, never expanded.

A route that uses another twice, which uses a third twice, grows exponentially; the count of each route is therefore taken once
for each number of retries that may reach it from outside.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from voxplan.engine.checks.selecting import selected
from voxplan.engine.language.spec import Balance, Race, RouteNode, Rules, Spec
from voxplan.engine.terms.capability import ProviderFacts

__all__ = ("LARGEST_EXPANSION", "LARGEST_ROUTE", "Size", "route_sizes")

LARGEST_ROUTE: Final = 256  # calls that one plan may make; beyond that no person can read it
LARGEST_EXPANSION: Final = 10_000  # nodes a compiled route may hold, so that loading stays fast


class Size(msgspec.Struct, frozen=True):
    """The most calls that a plan of the route can make, and the uses of deployments in the whole route."""

    calls: int
    leaves: int


def route_sizes(spec: Spec, catalog: Mapping[str, ProviderFacts]) -> dict[str, Size]:
    """The size of every route of a spec whose names resolve and whose routes have no cycle."""
    counting = _Counting(spec, catalog)
    times = _times(spec.defaults, 0)
    return {name: counting.route(name, times) for name in spec.routes}


def _times(rules: Rules, outer: int) -> int:
    return outer if rules.retry is None else rules.retry.times


class _Counting:
    """The sizes found so far, by route and by the retries that reach it."""

    def __init__(self, spec: Spec, catalog: Mapping[str, ProviderFacts]) -> None:
        self._spec = spec
        self._catalog = catalog
        self._counted: dict[tuple[str, int], Size] = {}

    def route(self, name: str, times: int) -> Size:
        if (name, times) not in self._counted:
            self._counted[name, times] = self._node(self._spec.routes[name], times)
        return self._counted[name, times]

    def _node(self, node: RouteNode, outer: int) -> Size:
        times = _times(node, outer)
        if node.use is not None:
            return self.route(node.use, times) if node.use in self._spec.routes else Size(1 + times, 1)
        if node.balance is not None:
            return self._balance(node.balance, times)
        if node.race is not None:
            return _sum((*self._each(node.race.among, times), *self._selected(node.race, times)))
        if node.when is not None:
            otherwise = () if node.otherwise is None else (node.otherwise,)
            # One of them is taken; all of them are written out.
            sizes = self._each((*(branch.then for branch in node.when), *otherwise), times)
            return Size(max(size.calls for size in sizes), sum(size.leaves for size in sizes))
        return _sum(self._each(node.first or (), times))

    def _balance(self, balance: Balance, times: int) -> Size:
        sizes = [*self._each((arm.route for arm in balance.among), times), *self._selected(balance, times)]
        weights = [arm.weight for arm in balance.among] or [1] * len(sizes)
        calls = sorted((size.calls for size, weight in zip(sizes, weights, strict=True) if weight > 0), reverse=True)
        taken = calls if balance.spill is None else calls[: 1 + balance.spill]
        return Size(sum(taken), sum(size.leaves for size in sizes))

    def _each(self, nodes: Iterable[RouteNode], times: int) -> list[Size]:
        return [self._node(node, times) for node in nodes]

    def _selected(self, form: Balance | Race, times: int) -> list[Size]:
        """Those of the deployments that `where` takes."""
        chosen = () if form.where is None else selected(self._spec, form.where, self._catalog)
        return [Size(1 + times, 1)] * len(chosen)


def _sum(sizes: Iterable[Size]) -> Size:
    counted = tuple(sizes)
    return Size(sum(size.calls for size in counted), sum(size.leaves for size in counted))
