"""Retries that all routes share stand once, under `defaults`."""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from voxplan.engine.language.spec import Retry, RouteNode

__all__ = ("shared_retry", "without_retry")


def shared_retry(routes: Mapping[str, RouteNode]) -> Retry | None:
    """The retry of every deployment in every route; None when they differ or there is none."""
    found = [retry for node in routes.values() for retry in _retries(node, None, routes)]
    return found[0] if found and all(retry == found[0] for retry in found) else None


def without_retry(node: RouteNode) -> RouteNode:
    """The node, and everything below it, without its retries."""
    balance = node.balance and replace(
        node.balance, among=tuple(replace(arm, route=without_retry(arm.route)) for arm in node.balance.among)
    )
    return replace(
        node,
        retry=None,
        first=node.first and tuple(map(without_retry, node.first)),
        balance=balance,
        when=node.when and tuple(replace(branch, then=without_retry(branch.then)) for branch in node.when),
        otherwise=node.otherwise and without_retry(node.otherwise),
    )


def _retries(node: RouteNode, outer: Retry | None, routes: Mapping[str, RouteNode]) -> Iterator[Retry | None]:
    """What holds for each deployment below the node, but for those of other routes."""
    held = node.retry or outer
    if node.use is not None and node.use not in routes:
        yield held
    inner = (*(node.first or ()), *(arm.route for arm in (node.balance.among if node.balance else ())))
    branches = (*(branch.then for branch in node.when or ()), *((node.otherwise,) if node.otherwise else ()))
    for each in (*inner, *branches):
        yield from _retries(each, held, routes)
