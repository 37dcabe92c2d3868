"""Everything about everything: each leaf of a route that may not be attempted, with every true reason (law T2).

For refusals, where a person has to see what to mend. Plans say less, because they are made for every request.
"""

from collections.abc import Iterator

from voxplan.engine.plans.choosing import WEIGHT_ZERO, taken, why_not_taken
from voxplan.engine.plans.plan import LeftOut, Reason
from voxplan.engine.plans.router import Chain, Choice, Contest, Leaf, RouterNode, Spread
from voxplan.engine.plans.situation import Situation

__all__ = ("left_out",)


def left_out(now: Situation, root: RouterNode) -> tuple[LeftOut, ...]:
    """All leaves below `root` that may not be attempted, in the order of the document; arms by label."""
    return tuple(_left_out(now, root, ()))


def _left_out(now: Situation, node: RouterNode, around: tuple[Reason, ...]) -> Iterator[LeftOut]:
    """`around` are the reasons that hold for everything below `node`."""
    match node:
        case Leaf():
            reasons = (*dict.fromkeys((*around, *now.reasons(node))),)
            if reasons:
                yield LeftOut(node=node.node, deployments=(node.deployment.name,), reasons=reasons)
        case Chain(children=below) | Contest(arms=below):
            for child in below:
                yield from _left_out(now, child, around)
        case Spread():
            for arm in node.arms:
                yield from _left_out(now, arm.route, around)
            for arm in node.idle:
                yield from _left_out(now, arm.route, (*around, WEIGHT_ZERO))
        case Choice():
            chosen = taken(now, node)
            for branch in node.branches:
                reasons = around if branch is chosen else (*around, why_not_taken(now, node, branch, chosen))
                yield from _left_out(now, branch.route, reasons)
