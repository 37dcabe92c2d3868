"""`plan`: from a router, a request, a view, a moment and a seed to a plan, or to the reasons why there is none.

Pure and total. One walk over the route decides for each use of a deployment whether it may be attempted, orders the arms of
each `balance`, and draws the waits before retries. What is left out is collected with all its reasons.
"""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace
from returns.result import Failure, Success

from voxplan.engine.capability import incapable
from voxplan.engine.draws import delay_ms, order
from voxplan.engine.plan import Attempt, Bounds, First, LeftOut, Node, Plan, Reason, Refusal, attempts
from voxplan.engine.quantity import Span, milliseconds
from voxplan.engine.request import Request
from voxplan.engine.router import Chain, Leaf, Router, RouterDeployment, RouterNode, RouterRoute, Spread, SpreadArm
from voxplan.engine.view import View

__all__ = ("DEFAULT_TIMEOUT", "plan")

DEFAULT_TIMEOUT: Final = Span(600_000, (1000, 1))
"""For an attempt that no `timeout` rule bounds: ten minutes and the length of the audio. Nothing hangs for ever."""

_WEIGHT_ZERO: Final = Reason(code="weight_zero", detail="weight is 0")
_NOT_SPILLED: Final = Reason(code="not_spilled", detail="other arms were drawn first and `spill` ends before it")


def plan(router: Router, request: Request, view: View, moment_ms: int, seed: int) -> Success[Plan] | Failure[Refusal]:
    """What to attempt for `request`, given what `view` has seen by `moment_ms`; chance comes from `seed` alone."""
    route = router.routes.get(request.route)
    if route is None:
        return Failure(Refusal(code="unknown_route", route=request.route, routes=tuple(router.routes)))
    walk = _Walk(router, request, view, moment_ms, seed)
    root = walk.node(route.root)
    if root is not None:
        return Success(_plan(router, route, root, tuple(walk.left_out), None))
    coolest = walk.soonest()
    if coolest is None:
        return Failure(_refusal(route, walk, moment_ms))
    again = _Walk(router, request, view, moment_ms, seed, despite_cooling=coolest.node)
    root = again.node(route.root)
    # INVARIANT: the leaf's only reason was that it cools off, so with that lifted the tree holds exactly this leaf.
    return Success(_plan(router, route, root or walk.attempt(coolest), tuple(again.left_out), coolest.deployment))


def _plan(router: Router, route: RouterRoute, root: Node, left_out: tuple[LeftOut, ...], cooling_try: str | None) -> Plan:
    return Plan(
        route=route.name,
        spec_digest=router.digest,
        root=root,
        bounds=Bounds(attempts=_most_calls(root), longest_ms=_longest_ms(root)),
        left_out=left_out,
        cooling_try=cooling_try,
        when_all_poor=route.when_all_poor,
    )


def _refusal(route: RouterRoute, walk: "_Walk", moment_ms: int) -> Refusal:
    cooling = [walk.view.of(leaf.deployment).until_ms for leaf in walk.only_cooling]
    return Refusal(
        code="nothing_eligible",
        route=route.name,
        left_out=tuple(walk.left_out),
        retry_after_ms=min(cooling) - moment_ms if cooling else None,
    )


class _Walk:
    """One walk over a route. Lives within one call of `plan`; gathers what is left out and what only cools off."""

    def __init__(
        self, router: Router, request: Request, view: View, moment_ms: int, seed: int, despite_cooling: str | None = None
    ) -> None:
        self.router = router
        self.request = request
        self.view = view
        self.moment_ms = moment_ms
        self.seed = seed
        self.despite_cooling = despite_cooling
        self.left_out: list[LeftOut] = []
        self.only_cooling: list[Leaf] = []

    def node(self, node: RouterNode) -> Node | None:
        """The plan of `node`; None when nothing below it may be attempted."""
        if isinstance(node, Leaf):
            reasons = self.reasons(node)
            return self.leave_out(node, reasons) if reasons else self.attempt(node)
        children = self.chain(node) if isinstance(node, Chain) else self.spread(node)
        planned = tuple(children)
        if not planned:
            return None
        return First(node=node.node, children=planned, on=node.on, deadline_ms=self.deadline_ms(node.deadlines))

    def chain(self, node: Chain) -> Iterator[Node]:
        """The children of a `first` that may be attempted."""
        for child in node.children:
            planned = self.node(child)
            if planned is not None:
                yield planned

    def spread(self, node: Spread) -> Iterator[Node]:
        """The arms of a `balance` in the order drawn, those that may be attempted, as many as `spill` allows."""
        weighed = {arm.label: arm for arm in node.arms if arm.weight}
        most = len(weighed) if node.spill is None else 1 + node.spill
        for arm in node.arms:
            if not arm.weight:
                self.leave_out_all(arm.route, _WEIGHT_ZERO)
        taken = 0
        for label in order(self.seed, node.draw, tuple((arm.label, arm.weight) for arm in weighed.values())):
            taken += yield from self.arm(weighed[label], taken < most)

    def arm(self, arm: SpreadArm, wanted: bool) -> Iterator[Node]:
        """The plan of one arm, if it is wanted and may be attempted; returns how many it gave."""
        if not wanted:
            self.leave_out_all(arm.route, _NOT_SPILLED)
            return 0
        planned = self.node(arm.route)
        if planned is None:
            return 0
        yield planned
        return 1

    def reasons(self, leaf: Leaf) -> tuple[Reason, ...]:
        """Every reason for not attempting `leaf`."""
        deployment = self.router.deployments[leaf.deployment]
        reasons = [Reason(code="incapable", detail=detail) for detail in incapable(deployment.capabilities, self.request)]
        timeout_ms, shortest_ms = self.timeout_ms(leaf), self.shortest_ms(deployment)
        if timeout_ms < shortest_ms:
            detail = f"its timeout of {timeout_ms} ms is under its shortest of {shortest_ms} ms"
            reasons.append(Reason(code="timeout_below_shortest", detail=detail))
        seen = self.view.of(leaf.deployment)
        if seen.cooling(self.moment_ms) and leaf.node != self.despite_cooling:
            if not reasons:
                self.only_cooling.append(leaf)
            detail = f"cools off for {seen.until_ms - self.moment_ms} ms more after {seen.cause}"
            reasons.append(Reason(code="cooling", detail=detail))
        return tuple(reasons)

    def leave_out(self, leaf: Leaf, reasons: tuple[Reason, ...]) -> None:
        """Note that `leaf` is not in the plan."""
        self.left_out.append(LeftOut(node=leaf.node, deployment=leaf.deployment, reasons=reasons))

    def leave_out_all(self, node: RouterNode, reason: Reason) -> None:
        """Note that nothing below `node` is in the plan, for `reason` and whatever else is true of each leaf."""
        if isinstance(node, Leaf):
            cooling = len(self.only_cooling)
            self.leave_out(node, (reason, *self.reasons(node)))
            del self.only_cooling[cooling:]  # it has one more reason than that
            return
        for child in node.children if isinstance(node, Chain) else tuple(arm.route for arm in node.arms):
            self.leave_out_all(child, reason)

    def soonest(self) -> Leaf | None:
        """The leaf that only cools off, may be tried all the same, and is the first to be done with it."""
        tried = [leaf for leaf in self.only_cooling if leaf.when_all_cooling == "try"]
        return min(tried, key=lambda leaf: (self.view.of(leaf.deployment).until_ms, leaf.deployment, leaf.node), default=None)

    def attempt(self, leaf: Leaf) -> Attempt:
        """The attempt at `leaf`, with its waits drawn."""
        deployment, retry = self.router.deployments[leaf.deployment], leaf.retry
        return Attempt(
            node=leaf.node,
            deployment=leaf.deployment,
            credential=deployment.credential,
            vendor=deployment.vendor,
            region=deployment.region,
            timeout_ms=self.timeout_ms(leaf),
            shortest_ms=self.shortest_ms(deployment),
            deadline_ms=self.deadline_ms(leaf.deadlines),
            delays_ms=tuple(delay_ms(self.seed, leaf.draw, k, retry.base_ms, retry.cap_ms) for k in range(retry.times)),
            retry_on=retry.on if retry.times else (),
            retry_on_hint=retry.on_hint if retry.times else (),
            patience_ms=retry.patience_ms if retry.times else 0,
            gates=leaf.gates,
        )

    def timeout_ms(self, leaf: Leaf) -> int:
        """The whole time of one call."""
        return self.span_ms(leaf.timeout) or self.span_ms(DEFAULT_TIMEOUT) or DEFAULT_TIMEOUT.base_ms

    def shortest_ms(self, deployment: RouterDeployment) -> int:
        """The least time worth starting with; 0 when that depends on the unknown length of the audio."""
        return self.span_ms(deployment.shortest) or 0

    def deadline_ms(self, deadlines: tuple[Span, ...]) -> int | None:
        """The earliest of the deadlines that can be told."""
        told = [ms for span in deadlines if (ms := self.span_ms(span)) is not None]
        return min(told, default=None)

    def span_ms(self, span: Span | None) -> int | None:
        """The span for this request's audio."""
        return None if span is None else milliseconds(span, self.request.audio.seconds)


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
