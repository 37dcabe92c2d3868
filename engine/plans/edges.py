"""What may follow what: for every attempt of a plan and every failure kind, the attempts that may start next.

Derived from the plan alone, for `explain` and for drawing. A candidate later in the list starts only when all before it are
absent (no time left, tried, denied, …) or, in a race, already under way.
"""

from collections.abc import Iterator

import msgspec

from voxplan.engine.plans.plan import Attempt, First, Node, Plan, Race, attempts, children
from voxplan.engine.terms.failure import KINDS, FailureKind

__all__ = ("Edge", "edges")


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """What follows when a call of `source` ended in `kind`: again `source` if `retry`, then `targets` in order.

    With neither, the run ends.
    """

    source: str
    kind: FailureKind
    targets: tuple[str, ...]
    retry: bool

    @property
    def end(self) -> bool:
        """Whether the run always ends here."""
        return not (self.retry or self.targets)


def edges(plan: Plan) -> tuple[Edge, ...]:
    """One edge for every attempt and kind, in the order of the plan and of the kinds."""
    return tuple(_edges(plan.root, ()))


def _edges(node: Node, after: tuple[tuple[First | Race, int], ...]) -> Iterator[Edge]:
    """The edges below `node`; `after` are the nodes around it, innermost first, with the position of the child."""
    if not isinstance(node, Attempt):
        for index, child in enumerate(children(node)):
            yield from _edges(child, ((node, index), *after))
        return
    for kind in KINDS:
        retry = bool(node.delays_ms) and (kind in node.retry_on or kind in node.retry_on_hint)
        yield Edge(source=node.node, kind=kind, targets=tuple(_next(node, kind, after)), retry=retry)


def _next(source: Attempt, kind: FailureKind, after: tuple[tuple[First | Race, int], ...]) -> Iterator[str]:
    for around, index in after:
        if kind not in around.on:
            # The node ends in this kind at once (a race as soon as its other arms have); what is around it decides.
            continue
        for child in children(around)[index + 1 :]:
            yield from (later.node for later in attempts(child) if _may_follow(later, source, kind))


def _may_follow(later: Attempt, source: Attempt, kind: FailureKind) -> bool:
    """Whether `later` can ever start after `source` failed in `kind`: a deployment has one turn, a refused key none."""
    refused = kind == "unauthorized" and later.credential == source.credential
    return later.deployment != source.deployment and not refused
