"""The nodes of a spec's routes and the conditions in them, each with its path, in document order."""

from collections.abc import Iterator

from voxplan.engine.documents.tree import Path
from voxplan.engine.language.condition import Condition
from voxplan.engine.language.spec import RouteNode, Rules, Selector, Spec


def walk(path: Path, node: RouteNode) -> Iterator[tuple[Path, RouteNode]]:
    """The node and all nodes below it."""
    yield path, node
    for below, child in _children(path, node):
        yield from walk(below, child)


def nodes(spec: Spec) -> Iterator[tuple[Path, RouteNode]]:
    """All nodes of all routes."""
    for name, root in spec.routes.items():
        yield from walk(("routes", name), root)


def all_rules(spec: Spec) -> Iterator[tuple[Path, Rules]]:
    """All places where rules stand: `defaults`, then all nodes."""
    yield ("defaults",), spec.defaults
    yield from nodes(spec)


def selections(spec: Spec) -> Iterator[tuple[Path, Selector]]:
    """The `where` of every `balance` and `race` that has one."""
    for path, node in nodes(spec):
        if node.balance is not None and node.balance.where is not None:
            yield (*path, "balance", "where"), node.balance.where
        if node.race is not None and node.race.where is not None:
            yield (*path, "race", "where"), node.race.where


def conditions(spec: Spec) -> Iterator[tuple[Path, Condition]]:
    """All conditions of all routes, those inside of others too."""
    for path, node in nodes(spec):
        for index, branch in enumerate(node.when or ()):
            yield from _within((*path, "when", index, "if"), branch.if_)


def _children(path: Path, node: RouteNode) -> Iterator[tuple[Path, RouteNode]]:
    for index, child in enumerate(node.first or ()):
        yield (*path, "first", index), child
    for index, arm in enumerate(node.balance.among if node.balance is not None else ()):
        yield (*path, "balance", "among", index, "route"), arm.route
    for index, child in enumerate(node.race.among if node.race is not None else ()):
        yield (*path, "race", "among", index), child
    for index, branch in enumerate(node.when or ()):
        yield (*path, "when", index, "then"), branch.then
    if node.otherwise is not None:
        yield (*path, "otherwise"), node.otherwise


def _within(path: Path, condition: Condition) -> Iterator[tuple[Path, Condition]]:
    yield path, condition
    for index, part in enumerate(condition.all or ()):
        yield from _within((*path, "all", index), part)
    for index, part in enumerate(condition.any or ()):
        yield from _within((*path, "any", index), part)
    if condition.not_ is not None:
        yield from _within((*path, "not"), condition.not_)
