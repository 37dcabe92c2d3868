"""What a plan is made in: a router, a request, what has been seen by now. And what that means for one use of a deployment.

Asks and answers about single leaves; knows nothing of the tree they stand in.
"""

from collections.abc import Iterator
from typing import Final

from voxplan.engine.capability import lacks
from voxplan.engine.draws import delay_ms, draw
from voxplan.engine.failure import FailureKind
from voxplan.engine.plan import Attempt, Degrade, Reason
from voxplan.engine.pricing import worst_cost
from voxplan.engine.quantity import Span, milliseconds
from voxplan.engine.request import Request
from voxplan.engine.router import Leaf, RetryRule, Router, RouterDeployment
from voxplan.engine.view import Cooling, View

__all__ = ("DEFAULT_TIMEOUT", "Situation")

DEFAULT_TIMEOUT: Final = Span(600_000, (1000, 1))
"""For an attempt that no `timeout` rule bounds: ten minutes and the length of the audio. Nothing hangs for ever."""


class Situation:
    """The five inputs of `plan`, and `root`, the draw of its seed.

    `despite_cooling` is the node of the one leaf that is planned although it cools off.
    """

    def __init__(
        self, router: Router, request: Request, view: View, moment_ms: int, seed: int, despite_cooling: str | None = None
    ) -> None:
        """Draw once from `seed`; everything else is drawn from that."""
        self.router = router
        self.request = request
        self.view = view
        self.moment_ms = moment_ms
        self.seed = seed
        self.despite_cooling = despite_cooling
        self.root = draw(seed)
        self._seconds = request.audio.seconds
        self._nothing_seen = not (view.deployments or view.accounts)

    def trying(self, leaf: Leaf) -> "Situation":
        """The same, but `leaf` may be attempted although it cools off."""
        return Situation(self.router, self.request, self.view, self.moment_ms, self.seed, leaf.node)

    def reasons(self, leaf: Leaf) -> tuple[Reason, ...]:
        """Every reason for not attempting `leaf`; empty when it may be attempted."""
        return tuple(self._reasons(leaf))

    def _reasons(self, leaf: Leaf) -> Iterator[Reason]:
        for line in leaf.unmet:
            yield Reason(code="requirement_unmet", detail=line)
        for lack in lacks(leaf.deployment.capabilities, self.request):
            if _degrade(leaf, lack.option, emulable=lack.emulable) is None:
                yield Reason(code="incapable", detail=lack.detail)
        timeout_ms, shortest_ms = self.timeout_ms(leaf), self.shortest_ms(leaf)
        if timeout_ms < shortest_ms:
            detail = f"its timeout of {timeout_ms} ms is under its shortest of {shortest_ms} ms"
            yield Reason(code="timeout_below_shortest", detail=detail)
        if leaf.least_budget is not None:
            yield from self._unaffordable(leaf, leaf.least_budget)
        cooling = self.cooling(leaf)
        if cooling is not None and leaf.node != self.despite_cooling:
            until_ms, cause = cooling
            yield Reason(code="cooling", detail=f"cools off for {until_ms - self.moment_ms} ms more after {cause}")

    def _unaffordable(self, leaf: Leaf, budget: int) -> Iterator[Reason]:
        cost = self.worst_cost(leaf.deployment)
        if cost is None:
            yield Reason(code="price_unknown", detail=f"what a call costs is not known, and the budget is {_dollars(budget)}")
        elif cost > budget:
            yield Reason(code="over_budget", detail=f"a call may cost {_dollars(cost)}, and the budget is {_dollars(budget)}")

    def cooling(self, leaf: Leaf) -> Cooling | None:
        """Until when the deployment or its credential cools off, and why; None when it does not."""
        if self._nothing_seen:
            return None
        return self.view.cooling_until(leaf.deployment.name, leaf.deployment.credential, self.moment_ms)

    def attempt(self, leaf: Leaf) -> Attempt:
        """The attempt at `leaf`, with its waits drawn."""
        deployment, retry = leaf.deployment, leaf.retry
        return Attempt(
            node=leaf.node,
            deployment=deployment.name,
            credential=deployment.credential,
            vendor=deployment.vendor,
            region=deployment.region,
            timeout_ms=self.timeout_ms(leaf),
            shortest_ms=self.shortest_ms(leaf),
            deadline_ms=self.deadline_ms(leaf.deadlines),
            delays_ms=self._delays_ms(retry),
            retry_on=retry.on if retry.times else (),
            retry_on_hint=retry.on_hint if retry.times else (),
            patience_ms=retry.patience_ms if retry.times else 0,
            replay=leaf.replay,
            worst_cost=self.worst_cost(deployment),
            budget=leaf.budget,
            gates=leaf.gates,
            guardrails=leaf.guardrails,
            degrades=self._degrades(leaf),
            simulated=self._simulated(deployment),
        )

    def _delays_ms(self, retry: RetryRule) -> tuple[int, ...]:
        if not retry.times:
            return ()
        return tuple([delay_ms(self.root, wait, k, retry.base_ms, retry.cap_ms) for k, wait in enumerate(retry.waits)])

    def _degrades(self, leaf: Leaf) -> tuple[Degrade, ...]:
        if not (leaf.drops or leaf.emulates):
            return ()
        found = (
            _degrade(leaf, lack.option, emulable=lack.emulable) for lack in lacks(leaf.deployment.capabilities, self.request)
        )
        return (*dict.fromkeys(degrade for degrade in found if degrade is not None),)

    def _simulated(self, deployment: RouterDeployment) -> FailureKind | None:
        if self.request.simulate is None:
            return None
        failures = dict(self.request.simulate.failures)
        return failures[deployment.name] if deployment.name in failures else failures.get(deployment.provider)

    def worst_cost(self, deployment: RouterDeployment) -> int | None:
        """What one call costs at most; None when nobody knows."""
        if deployment.price is None:
            return None
        return worst_cost(deployment.price, self._seconds)

    def timeout_ms(self, leaf: Leaf) -> int:
        """The whole time of one call. A rule that needs the unknown length of the audio is as if it were not there."""
        ruled_ms = None if leaf.timeout is None else milliseconds(leaf.timeout, self._seconds)
        if ruled_ms is not None:
            return ruled_ms
        default_ms = milliseconds(DEFAULT_TIMEOUT, self._seconds)
        return DEFAULT_TIMEOUT.base_ms if default_ms is None else default_ms

    def shortest_ms(self, leaf: Leaf) -> int:
        """The least time worth starting with; 0 when that depends on the unknown length of the audio."""
        return milliseconds(leaf.deployment.shortest, self._seconds) or 0

    def deadline_ms(self, deadlines: tuple[Span, ...]) -> int | None:
        """The earliest of the deadlines that can be told; None when none can."""
        if not deadlines:
            return None
        told = [ms for span in deadlines if (ms := self.span_ms(span)) is not None]
        return min(told, default=None)

    def span_ms(self, span: Span) -> int | None:
        """The span for this audio; None when it needs the unknown length."""
        return milliseconds(span, self._seconds)


def _degrade(leaf: Leaf, option: str | None, *, emulable: bool) -> Degrade | None:
    """What the leaf's rules allow instead of refusing."""
    for allowed in leaf.drops:
        if allowed == option:
            return Degrade(option=allowed, how="dropped")
    for allowed in leaf.emulates:
        if allowed == option and emulable:
            return Degrade(option=allowed, how="emulated")
    return None


def _dollars(nano: int) -> str:
    return f"${nano / 1_000_000_000:.9f}".rstrip("0").rstrip(".")
