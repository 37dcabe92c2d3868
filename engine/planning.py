"""`plan`: from a router, a request, a view, a moment and a seed to a plan, or to the reasons why there is none.

Pure and total. One walk over the route keeps the leaves that may be attempted, puts the arms of each `balance` in the order
drawn, and collects what is left out with all its reasons.
"""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace
from returns.result import Failure, Success

from voxplan.engine.draws import order
from voxplan.engine.plan import Attempt, Bounds, First, LeftOut, Node, Plan, Reason, Refusal, attempts
from voxplan.engine.request import Request
from voxplan.engine.router import Chain, Leaf, Router, RouterNode, RouterRoute, Spread, SpreadArm
from voxplan.engine.situation import Situation
from voxplan.engine.view import View

__all__ = ("plan",)

_WEIGHT_ZERO: Final = Reason(code="weight_zero", detail="weight is 0")
_NOT_SPILLED: Final = Reason(code="not_spilled", detail="other arms were drawn first and `spill` ends before it")


def plan(router: Router, request: Request, view: View, moment_ms: int, seed: int) -> Success[Plan] | Failure[Refusal]:
    """What to attempt for `request`, given what `view` has seen by `moment_ms`; chance comes from `seed` alone."""
    route = router.routes.get(request.route)
    if route is None:
        return Failure(Refusal(code="unknown_route", route=request.route, routes=tuple(router.routes)))
    now = Situation(router=router, request=request, view=view, moment_ms=moment_ms, seed=seed)
    walk = _Walk(now)
    root = walk.node(route.root)
    if root is not None:
        return Success(_plan(route, now, root, walk, None))
    return _despite_cooling(route, now, walk)


def _despite_cooling(route: RouterRoute, now: Situation, walk: "_Walk") -> Success[Plan] | Failure[Refusal]:
    """Nothing may be attempted: plan the one leaf that is first to be done with cooling, if the spec allows."""
    tried = [leaf for leaf in walk.only_cooling if leaf.when_all_cooling == "try"]
    if not tried:
        return Failure(_refusal(route, now, walk))
    coolest = min(tried, key=lambda leaf: (now.view.of(leaf.deployment).until_ms, leaf.deployment, leaf.node))
    again = _Walk(replace(now, despite_cooling=coolest.node))
    root = again.node(route.root)
    # INVARIANT: the leaf had no other reason, so now the tree holds it; `or` only tells the type checker.
    return Success(_plan(route, now, root or now.attempt(coolest), again, coolest.deployment))


def _plan(route: RouterRoute, now: Situation, root: Node, walk: "_Walk", cooling_try: str | None) -> Plan:
    return Plan(
        route=route.name,
        spec_digest=now.router.digest,
        root=root,
        bounds=Bounds(attempts=_most_calls(root), longest_ms=_longest_ms(root)),
        left_out=tuple(walk.left_out),
        cooling_try=cooling_try,
        when_all_poor=route.when_all_poor,
    )


def _refusal(route: RouterRoute, now: Situation, walk: "_Walk") -> Refusal:
    cooling = [now.view.of(leaf.deployment).until_ms - now.moment_ms for leaf in walk.only_cooling]
    return Refusal(
        code="nothing_eligible",
        route=route.name,
        left_out=tuple(walk.left_out),
        retry_after_ms=min(cooling, default=None),
    )


class _Walk:
    """One walk over a route. Lives within one call of `plan`; gathers what is left out, and what only cools off."""

    def __init__(self, now: Situation) -> None:
        self.now = now
        self.left_out: list[LeftOut] = []
        self.only_cooling: list[Leaf] = []

    def node(self, node: RouterNode) -> Node | None:
        """The plan of `node`; None when nothing below it may be attempted."""
        if isinstance(node, Leaf):
            return self._leaf(node)
        children = tuple(self._children(node) if isinstance(node, Chain) else self._arms(node))
        if not children:
            return None
        return First(node=node.node, children=children, on=node.on, deadline_ms=self.now.deadline_ms(node.deadlines))

    def _leaf(self, leaf: Leaf) -> Attempt | None:
        reasons = self.now.reasons(leaf)
        if not reasons:
            return self.now.attempt(leaf)
        if all(reason.code == "cooling" for reason in reasons):
            self.only_cooling.append(leaf)
        self._leave_out(leaf, reasons)
        return None

    def _children(self, chain: Chain) -> Iterator[Node]:
        for child in chain.children:
            planned = self.node(child)
            if planned is not None:
                yield planned

    def _arms(self, spread: Spread) -> Iterator[Node]:
        """The arms that may be attempted, in the order drawn, as many as `spill` allows."""
        room = len(spread.arms) if spread.spill is None else 1 + spread.spill
        for arm in self._drawn(spread):
            if not room:
                self._leave_out_all(arm.route, (_NOT_SPILLED,))
                continue
            planned = self.node(arm.route)
            if planned is not None:
                room -= 1
                yield planned

    def _drawn(self, spread: Spread) -> Iterator[SpreadArm]:
        """The arms with weight, in the order of the draw; those without are left out."""
        by_label = {arm.label: arm for arm in spread.arms}
        for arm in spread.arms:
            if not arm.weight:
                self._leave_out_all(arm.route, (_WEIGHT_ZERO,))
        weighed = tuple((arm.label, arm.weight) for arm in spread.arms if arm.weight)
        return (by_label[label] for label in order(self.now.seed, spread.draw, weighed))

    def _leave_out(self, leaf: Leaf, reasons: tuple[Reason, ...]) -> None:
        self.left_out.append(LeftOut(node=leaf.node, deployment=leaf.deployment, reasons=reasons))

    def _leave_out_all(self, node: RouterNode, reasons: tuple[Reason, ...]) -> None:
        """Leave out everything below `node`, for `reasons` and whatever else is true of each leaf."""
        match node:
            case Leaf():
                self._leave_out(node, (*reasons, *self.now.reasons(node)))
            case Chain(children=children):
                for child in children:
                    self._leave_out_all(child, reasons)
            case Spread(arms=arms):
                for arm in arms:
                    weighs = arm.weight or _WEIGHT_ZERO in reasons
                    self._leave_out_all(arm.route, reasons if weighs else (*reasons, _WEIGHT_ZERO))


def _most_calls(root: Node) -> int:
    """The calls of a run at most: each deployment gets those of one of its attempts, once."""
    calls: dict[str, int] = {}
    for attempt in attempts(root):
        calls[attempt.deployment] = max(calls.get(attempt.deployment, 0), 1 + len(attempt.delays_ms))
    return sum(calls.values())


def _longest_ms(node: Node) -> int:
    """How long `node` takes at most: every call to its timeout, every wait to its end."""
    if isinstance(node, First):
        longest_ms = sum(_longest_ms(child) for child in node.children)
    else:
        waits_ms = sum(max(delay, node.patience_ms) for delay in node.delays_ms)
        longest_ms = node.timeout_ms * (1 + len(node.delays_ms)) + waits_ms
    return longest_ms if node.deadline_ms is None else min(longest_ms, node.deadline_ms)
