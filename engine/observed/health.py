"""The health fold: what each finished call does to the view of its deployment and of its credential.

closed → open → half-open → {closed, open}, and nothing else (law K2). Opening is by failure kind, as the table in `failure`
says; nothing is excluded for ever (law K3), and what is the caller's own fault, deadline or choice changes nothing (law K4).
A failure that is about the key cools the credential and leaves the deployment's circuit as it is. A credential has no probe: when
it has cooled, calls may go again.
"""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from voxplan.engine.language.spec import CoolingRules
from voxplan.engine.observed.view import IDLE, AccountView, DeploymentView, Latency, Load, View
from voxplan.engine.runs.run import Observation
from voxplan.engine.terms.failure import KINDS, HealthEffect

__all__ = ("LATENCY_TAU_MS", "LONGEST_HINT_MS", "LONG_MS", "LOUD_MS", "RATE_MS", "observe")

RATE_MS: Final = 1_000  # when a 429 does not say how long: doubled each time, since most windows slide within a minute
LONG_MS: Final = 600_000  # money does not come back in seconds
LONGEST_HINT_MS: Final = 3_600_000  # by a header or by an empty account nothing is taken out of rotation for longer
LOUD_MS: Final = 120_000  # a wrong key or model wants a person, who should see the repair work soon
LATENCY_TAU_MS: Final = 60_000  # a slow call is half forgotten after a minute


def observe(view: View, observation: Observation, cooling: CoolingRules) -> View:
    """The view after one finished call. Total; the call's slot is released whatever happened. `cooling` is the deployment's.

    A simulated call took no slot and says nothing; a call that lost its race says nothing.
    """
    if observation.simulated:
        return view
    before = view.of(observation.deployment)
    latency = _latency(before.latency, observation)
    after = replace(_judged(before, observation, cooling), load=_released(before.load), latency=latency)
    deployments = {**view.deployments, observation.deployment: after}
    account = _account(view.account(observation.credential), observation)
    if account == view.account(observation.credential):
        return replace(view, deployments=deployments)
    return replace(view, deployments=deployments, accounts={**view.accounts, observation.credential: account})


def _released(load: Load) -> Load:
    released = replace(load, in_flight=max(0, load.in_flight - 1))
    return IDLE if released == IDLE else released  # the very value that a printed view leaves out


def _judged(before: DeploymentView, seen: Observation, cooling: CoolingRules) -> DeploymentView:
    if before.circuit == "half_open" and seen.started_ms < before.probe_ms:
        return before  # a call from before the probe says nothing about now
    if seen.lost:
        return _unchanged(before)
    if seen.kind is None:
        return _succeeded(before)
    return _EFFECTS[KINDS[seen.kind].health](before, seen, cooling)


def _succeeded(before: DeploymentView) -> DeploymentView:
    if before.circuit == "open":
        return before  # it started before the circuit opened; only a probe closes it
    return DeploymentView()


def _counted(before: DeploymentView, seen: Observation, cooling: CoolingRules) -> DeploymentView:
    if before.circuit == "open":
        return before
    if before.circuit == "closed" and before.failures + 1 < cooling.failures:
        return replace(before, failures=before.failures + 1)
    return _opened(before, seen, _doubled(cooling.first.base_ms, before.openings, cooling.longest_ms))


def _doubled(first_ms: int, times: int, longest_ms: int) -> int:
    return min(longest_ms, first_ms << min(times, 20))


def _counted_if_whole(before: DeploymentView, seen: Observation, cooling: CoolingRules) -> DeploymentView:
    # A call that a deadline cut short was judged by the caller's clock, not by the deployment's.
    return _counted(before, seen, cooling) if seen.whole else _unchanged(before)


def _unchanged(before: DeploymentView, *_: object) -> DeploymentView:
    if before.circuit == "half_open":
        return replace(before, circuit="open")  # the probe told nothing: the next call is one again
    return before


def _cooled_until(before: DeploymentView, seen: Observation, cooling: CoolingRules) -> DeploymentView:
    wanted_ms = seen.retry_after_ms
    if wanted_ms is None:
        return _opened(before, seen, _doubled(RATE_MS, before.openings, cooling.longest_ms))
    return _opened(before, seen, min(wanted_ms, LONGEST_HINT_MS))


def _opened(before: DeploymentView, seen: Observation, cooling_ms: int) -> DeploymentView:
    until_ms = seen.ended_ms + cooling_ms
    openings = before.openings if before.circuit == "open" else before.openings + 1
    if until_ms <= before.until_ms:  # a milder cause that comes later does not shorten, and does not explain, the cooling
        return replace(before, circuit="open", failures=0, openings=openings)
    return replace(before, circuit="open", failures=0, openings=openings, until_ms=until_ms, cause=seen.kind)


_EFFECTS: Final[dict[HealthEffect, Callable[[DeploymentView, Observation, CoolingRules], DeploymentView]]] = {
    "counts": _counted,
    "counts_if_whole": _counted_if_whole,
    "cools_until": _cooled_until,
    "cools_loudly": lambda before, seen, _: _opened(before, seen, LOUD_MS),
    "cools_key": _unchanged,
    "cools_key_long": _unchanged,
    "none": _unchanged,
}

_KEY_COOLINGS_MS: Final[dict[HealthEffect, tuple[int, int]]] = {
    "cools_key": (LOUD_MS, LONG_MS),
    "cools_key_long": (LONG_MS, LONGEST_HINT_MS),
}
"""How long the credential cools off the first time, and at most after doubling."""


def _account(before: AccountView, seen: Observation) -> AccountView:
    released = replace(before, load=_released(before.load))
    if seen.lost:
        return released
    if seen.kind is None:  # from before the refusal it says nothing about now
        return AccountView(load=released.load) if seen.started_ms > before.since_ms else released
    cooling_ms = _KEY_COOLINGS_MS.get(KINDS[seen.kind].health)
    return released if cooling_ms is None else _refused(released, seen, *cooling_ms)


def _refused(before: AccountView, seen: Observation, first_ms: int, longest_ms: int) -> AccountView:
    # Many calls with one key may be out when it is refused: those that started before it had cooled are all one refusal.
    openings = max(1, before.openings) if seen.started_ms < before.until_ms else before.openings + 1
    until_ms = seen.ended_ms + _doubled(first_ms, openings - 1, longest_ms)
    if until_ms <= before.until_ms:
        return replace(before, openings=openings)
    return replace(before, openings=openings, since_ms=seen.ended_ms, until_ms=until_ms, cause=seen.kind)


def _latency(before: Latency | None, seen: Observation) -> Latency | None:
    """Peak EWMA: it rises at once to a slower success, and comes down over `LATENCY_TAU_MS`."""
    if seen.kind is not None or seen.lost or not seen.audio_ms:
        return before
    sample = max(0, seen.ended_ms - seen.started_ms) * 1_000_000 // seen.audio_ms
    if before is None:
        return Latency(us_per_second=sample, at_ms=seen.ended_ms)
    passed_ms = max(0, seen.ended_ms - before.at_ms)
    mixed = (before.us_per_second * LATENCY_TAU_MS + sample * passed_ms) // (LATENCY_TAU_MS + passed_ms)
    return Latency(us_per_second=max(sample, mixed), at_ms=before.at_ms + passed_ms)
