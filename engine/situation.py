"""What a plan is made in: a router, a request, what has been seen by now. And what that means for one use of a deployment.

Asks and answers about single leaves; knows nothing of the tree they stand in.
"""

from typing import Final

import msgspec

from voxplan.engine.capability import incapable
from voxplan.engine.draws import delay_ms
from voxplan.engine.plan import Attempt, Reason
from voxplan.engine.quantity import Span, milliseconds
from voxplan.engine.request import Request
from voxplan.engine.router import Leaf, Router
from voxplan.engine.view import View

__all__ = ("DEFAULT_TIMEOUT", "Situation")

DEFAULT_TIMEOUT: Final = Span(600_000, (1000, 1))
"""For an attempt that no `timeout` rule bounds: ten minutes and the length of the audio. Nothing hangs for ever."""


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """The five inputs of `plan`; `despite_cooling` is the one leaf that is planned although it cools off."""

    router: Router
    request: Request
    view: View
    moment_ms: int
    seed: int
    despite_cooling: str | None = None

    def reasons(self, leaf: Leaf) -> tuple[Reason, ...]:
        """Every reason for not attempting `leaf`; empty when it may be attempted."""
        deployment = self.router.deployments[leaf.deployment]
        reasons = [Reason(code="incapable", detail=detail) for detail in incapable(deployment.capabilities, self.request)]
        timeout_ms, shortest_ms = self.timeout_ms(leaf), self.shortest_ms(leaf)
        if timeout_ms < shortest_ms:
            detail = f"its timeout of {timeout_ms} ms is under its shortest of {shortest_ms} ms"
            reasons.append(Reason(code="timeout_below_shortest", detail=detail))
        seen = self.view.of(leaf.deployment)
        if seen.cooling(self.moment_ms) and leaf.node != self.despite_cooling:
            detail = f"cools off for {seen.until_ms - self.moment_ms} ms more after {seen.cause}"
            reasons.append(Reason(code="cooling", detail=detail))
        return tuple(reasons)

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
            shortest_ms=self.shortest_ms(leaf),
            deadline_ms=self.deadline_ms(leaf.deadlines),
            delays_ms=tuple(delay_ms(self.seed, leaf.draw, k, retry.base_ms, retry.cap_ms) for k in range(retry.times)),
            retry_on=retry.on if retry.times else (),
            retry_on_hint=retry.on_hint if retry.times else (),
            patience_ms=retry.patience_ms if retry.times else 0,
            gates=leaf.gates,
        )

    def timeout_ms(self, leaf: Leaf) -> int:
        """The whole time of one call. A rule that needs the unknown length of the audio is as if it were not there."""
        ruled_ms = None if leaf.timeout is None else self._span_ms(leaf.timeout)
        if ruled_ms is not None:
            return ruled_ms
        default_ms = self._span_ms(DEFAULT_TIMEOUT)
        return DEFAULT_TIMEOUT.base_ms if default_ms is None else default_ms

    def shortest_ms(self, leaf: Leaf) -> int:
        """The least time worth starting with; 0 when that depends on the unknown length of the audio."""
        return self._span_ms(self.router.deployments[leaf.deployment].shortest) or 0

    def deadline_ms(self, deadlines: tuple[Span, ...]) -> int | None:
        """The earliest of the deadlines that can be told; None when none can."""
        told = [ms for span in deadlines if (ms := self._span_ms(span)) is not None]
        return min(told, default=None)

    def _span_ms(self, span: Span) -> int | None:
        return milliseconds(span, self.request.audio.seconds)
