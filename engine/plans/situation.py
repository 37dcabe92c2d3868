"""What a plan is made in: a router, a request, what has been seen by now. And what that means for one use of a deployment.

Asks and answers about single leaves; knows nothing of the tree they stand in.
"""

from collections.abc import Iterator
from typing import Final

from voxplan.engine.language.condition import Condition
from voxplan.engine.observed.view import Cooling, View
from voxplan.engine.plans.deciding import decide
from voxplan.engine.plans.draws import delay_ms, draw
from voxplan.engine.plans.plan import Attempt, Degrade, Reason
from voxplan.engine.plans.pricing import worst_cost
from voxplan.engine.plans.router import Leaf, RetryRule, Router, RouterDeployment
from voxplan.engine.terms.capability import Lack, PriceFacts, asks, audio_lacks, lacks
from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.quantity import Span, milliseconds
from voxplan.engine.terms.request import AudioFacts, Request, Simulation

__all__ = ("DEFAULT_TIMEOUT", "Situation")

DEFAULT_TIMEOUT: Final = Span(600_000, (1000, 1))
"""For an attempt that no `timeout` rule bounds: ten minutes and the length of the audio. Nothing hangs for ever."""


class Situation:
    """The five inputs of `plan`, and `root`, the draw of its seed.

    `planned_despite` is the node of the one leaf that is planned although it cools off.
    """

    def __init__(
        self, router: Router, request: Request, view: View, moment_ms: int, seed: int, planned_despite: str | None = None
    ) -> None:
        """Draw once from `seed`; everything else is drawn from that."""
        self.router = router
        self.request = request
        self.view = view
        self.moment_ms = moment_ms
        self.seed = seed
        self.planned_despite = planned_despite
        self.root = draw(seed)
        self._seconds = request.audio.seconds
        self._channels = request.audio.channels
        self._asks = asks(request.options)
        self._retries = request.retries
        self._default_ms = milliseconds(DEFAULT_TIMEOUT, self._seconds) or DEFAULT_TIMEOUT.base_ms
        self._nothing_seen = not (view.deployments or view.accounts)
        self._costs: dict[PriceFacts, int | None] = {}

    def trying(self, leaf: Leaf) -> "Situation":
        """The same, but `leaf` may be attempted although it cools off."""
        return Situation(self.router, self.request, self.view, self.moment_ms, self.seed, leaf.node)

    def holds(self, condition: Condition) -> bool:
        """Whether a condition holds; one that is unknown does not."""
        return decide(condition, self.request, self.moment_ms, self.seed, self.router.zones) is True

    def judged(self, leaf: Leaf) -> Attempt | tuple[Reason, ...]:
        """The attempt at `leaf`, or every reason for not attempting it."""
        lacking = self._lacks(leaf)
        timeout_ms, shortest_ms = self._timeout_ms(leaf), milliseconds(leaf.deployment.shortest, self._seconds) or 0
        cooling = self.cooling(leaf)
        # Most leaves may be attempted: nothing is put into words before something speaks against it.
        if lacking or leaf.unmet or timeout_ms < shortest_ms or leaf.least_budget is not None or cooling is not None:
            reasons = (
                *(Reason(code="requirement_unmet", detail=line) for line in leaf.unmet),
                *(
                    Reason(code="incapable", detail=lack.detail, about=lack.about)
                    for lack in lacking
                    if _degrade(leaf, lack) is None
                ),
                *_too_short(timeout_ms, shortest_ms),
                *self._unaffordable(leaf),
                *self._cools(leaf, cooling),
            )
            if reasons:
                return reasons
        return self._attempt(leaf, timeout_ms, shortest_ms, lacking)

    def reasons(self, leaf: Leaf) -> tuple[Reason, ...]:
        """Every reason for not attempting `leaf`; empty when it may be attempted."""
        judged = self.judged(leaf)
        return () if isinstance(judged, Attempt) else judged

    def _lacks(self, leaf: Leaf) -> tuple[Lack, ...]:
        capabilities = leaf.deployment.capabilities
        return lacks(capabilities, self.request) if self._asks else audio_lacks(capabilities, self.request.audio)

    def _cools(self, leaf: Leaf, cooling: tuple[int, FailureKind | None] | None) -> Iterator[Reason]:
        if cooling is not None and leaf.node != self.planned_despite:
            until_ms, cause = cooling
            yield Reason(code="cooling", detail=f"cools off for {until_ms - self.moment_ms} ms more after {cause}")

    def _unaffordable(self, leaf: Leaf) -> Iterator[Reason]:
        budget, cost = leaf.least_budget, self._worst_cost(leaf.deployment)
        if budget is None:
            return
        if cost is None:
            why = _why_unknown(leaf.deployment.price, self.request.audio)
            yield Reason(code="price_unknown", detail=f"{why}, and the budget is {_dollars(budget)}")
        elif cost > budget:
            yield Reason(code="over_budget", detail=f"a call may cost {_dollars(cost)}, and the budget is {_dollars(budget)}")

    def cooling(self, leaf: Leaf) -> Cooling | None:
        """Until when the deployment or its credential cools off, and why; None when it does not."""
        if self._nothing_seen:
            return None
        return self.view.cooling_until(leaf.deployment.name, leaf.deployment.credential, self.moment_ms)

    def _attempt(self, leaf: Leaf, timeout_ms: int, shortest_ms: int, lacking: tuple[Lack, ...]) -> Attempt:
        deployment, retry = leaf.deployment, leaf.retry
        times = retry.times if self._retries is None else min(retry.times, self._retries)
        return Attempt(
            node=leaf.node,
            deployment=deployment.name,
            credential=deployment.credential,
            vendor=deployment.vendor,
            region=deployment.region,
            timeout_ms=timeout_ms,
            shortest_ms=shortest_ms,
            deadline_ms=self.deadline_ms(leaf.deadlines),
            delays_ms=self._delays_ms(retry, times),
            retry_on=retry.on if times else (),
            retry_on_hint=retry.on_hint if times else (),
            patience_ms=retry.patience_ms if times else 0,
            replay=leaf.replay,
            worst_cost=self._worst_cost(deployment),
            budget=leaf.budget,
            gates=leaf.gates,
            guardrails=leaf.guardrails,
            degrades=_degrades(leaf, lacking) if lacking else (),
            simulated=None if self.request.simulate is None else _simulated(self.request.simulate, deployment),
        )

    def _delays_ms(self, retry: RetryRule, times: int) -> tuple[int, ...]:
        """The drawn waits before so many retries: those of fewer retries are the first of those of more."""
        if not times:
            return ()
        return tuple([delay_ms(self.root, wait, k, retry.base_ms, retry.cap_ms) for k, wait in enumerate(retry.waits[:times])])

    def _worst_cost(self, deployment: RouterDeployment) -> int | None:
        """What one call costs at most; None when nobody knows. Many deployments share one price."""
        price = deployment.price
        if price is None:
            return None
        if price not in self._costs:
            self._costs[price] = worst_cost(price, self._seconds, self._channels)
        return self._costs[price]

    def _timeout_ms(self, leaf: Leaf) -> int:
        """The whole time of one call. A rule that needs the unknown length of the audio is as if it were not there."""
        ruled_ms = None if leaf.timeout is None else milliseconds(leaf.timeout, self._seconds)
        if ruled_ms is not None:
            return ruled_ms
        return self._default_ms

    def deadline_ms(self, deadlines: tuple[Span, ...]) -> int | None:
        """The earliest of the deadlines that can be told; None when none can."""
        if not deadlines:
            return None
        told = [ms for span in deadlines if (ms := self.span_ms(span)) is not None]
        return min(told, default=None)

    def span_ms(self, span: Span) -> int | None:
        """The span for this audio; None when it needs the unknown length."""
        return milliseconds(span, self._seconds)


def _too_short(timeout_ms: int, shortest_ms: int) -> Iterator[Reason]:
    if timeout_ms < shortest_ms:
        detail = f"its timeout of {timeout_ms} ms is under its shortest of {shortest_ms} ms"
        yield Reason(code="timeout_below_shortest", detail=detail)


def _why_unknown(price: PriceFacts | None, audio: AudioFacts) -> str:
    """Why nobody can say what a call costs at most."""
    if price is None:
        return "what a call costs is not known"
    if price.estimated or price.tokens is not None:
        return "its price is only an estimate"
    missing = "number of channels" if price.by_channel and audio.channels is None else "length"
    return f"what a call costs is not known without the {missing} of the audio"


def _degrades(leaf: Leaf, lacking: tuple[Lack, ...]) -> tuple[Degrade, ...]:
    return (*dict.fromkeys(degrade for lack in lacking if (degrade := _degrade(leaf, lack)) is not None),)


def _degrade(leaf: Leaf, lack: Lack) -> Degrade | None:
    """What the leaf's rules allow instead of refusing."""
    if lack.option is not None and lack.option in leaf.drops:
        return Degrade(option=lack.option, how="dropped")
    if lack.option is not None and lack.option in leaf.emulates and lack.emulable:
        return Degrade(option=lack.option, how="emulated")
    return None


def _simulated(asked: Simulation, deployment: RouterDeployment) -> FailureKind | None:
    failures = dict(asked.failures)
    return failures[deployment.name] if deployment.name in failures else failures.get(deployment.provider)


def _dollars(nano: int) -> str:
    whole, rest = divmod(nano, 1_000_000_000)  # exact, however much it is
    return f"${whole}.{rest:09d}".rstrip("0").rstrip(".")
