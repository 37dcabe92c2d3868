"""The health fold: what each finished call does to the view of its deployment.

closed → open → half-open → {closed, open}, and nothing else (law K2). Opening is by failure kind, as the table in `failure`
says; a deployment is never excluded for ever (law K3), and what is the caller's own fault, deadline or choice changes nothing
(law K4).
"""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from voxplan.engine.failure import KINDS, HealthEffect
from voxplan.engine.run import Observation
from voxplan.engine.view import DeploymentView, Load, View

__all__ = (
    "FIRST_COOLING_MS",
    "LONGEST_COOLING_MS",
    "LONGEST_HINT_MS",
    "LONG_MS",
    "LOUD_MS",
    "OPEN_AFTER",
    "RATE_MS",
    "observe",
)

OPEN_AFTER: Final = 3  # failures in a row; one or two happen to every provider
FIRST_COOLING_MS: Final = 15_000
LONGEST_COOLING_MS: Final = 300_000  # doubling ends here, so that a healed provider is back within five minutes
RATE_MS: Final = 1_000  # when a 429 does not say how long: doubled each time, since most windows slide within a minute
LONG_MS: Final = 600_000  # money does not come back in seconds
LONGEST_HINT_MS: Final = 3_600_000  # no provider takes itself out of rotation for longer by one header
LOUD_MS: Final = 120_000  # a wrong key or model wants a person, who should see the repair work soon


def observe(view: View, observation: Observation) -> View:
    """The view after one finished call. Total; the call's slot is released whatever happened."""
    before = view.of(observation.deployment)
    after = replace(_judged(before, observation), load=_released(before.load))
    deployments = {**view.deployments, observation.deployment: after}
    shared = view.accounts.get(observation.credential)
    accounts = view.accounts if shared is None else {**view.accounts, observation.credential: _released(shared)}
    return View(deployments=deployments, accounts=accounts)


def _released(load: Load) -> Load:
    return replace(load, in_flight=max(0, load.in_flight - 1))


def _judged(before: DeploymentView, seen: Observation) -> DeploymentView:
    if before.circuit == "half_open" and seen.started_ms < before.probe_ms:
        return before  # a call from before the probe says nothing about now
    if seen.kind is None:
        return _succeeded(before)
    return _EFFECTS[KINDS[seen.kind].health](before, seen)


def _succeeded(before: DeploymentView) -> DeploymentView:
    if before.circuit == "open":
        return before  # it started before the circuit opened; only a probe closes it
    return DeploymentView(load=before.load)


def _counted(before: DeploymentView, seen: Observation) -> DeploymentView:
    if before.circuit == "open":
        return before
    if before.circuit == "closed" and before.failures + 1 < OPEN_AFTER:
        return replace(before, failures=before.failures + 1)
    return _opened(before, seen, _doubled(FIRST_COOLING_MS, before.openings))


def _doubled(first_ms: int, openings: int) -> int:
    return min(LONGEST_COOLING_MS, first_ms << min(openings, 10))


def _counted_if_whole(before: DeploymentView, seen: Observation) -> DeploymentView:
    # A call that a deadline cut short was judged by the caller's clock, not by the deployment's.
    return _counted(before, seen) if seen.whole else _unchanged(before, seen)


def _unchanged(before: DeploymentView, _: Observation) -> DeploymentView:
    if before.circuit == "half_open":
        return replace(before, circuit="open")  # the probe told nothing: the next call is one again
    return before


def _cooled_until(before: DeploymentView, seen: Observation) -> DeploymentView:
    wanted_ms = seen.retry_after_ms
    return _opened(before, seen, _doubled(RATE_MS, before.openings) if wanted_ms is None else min(wanted_ms, LONGEST_HINT_MS))


def _opened(before: DeploymentView, seen: Observation, cooling_ms: int) -> DeploymentView:
    until_ms = seen.ended_ms + cooling_ms
    openings = before.openings if before.circuit == "open" else before.openings + 1
    if until_ms <= before.until_ms:  # a milder cause that comes later does not shorten, and does not explain, the cooling
        return replace(before, circuit="open", failures=0, openings=openings)
    return replace(before, circuit="open", failures=0, openings=openings, until_ms=until_ms, cause=seen.kind)


_EFFECTS: Final[dict[HealthEffect, Callable[[DeploymentView, Observation], DeploymentView]]] = {
    "counts": _counted,
    "counts_if_whole": _counted_if_whole,
    "cools_until": _cooled_until,
    "cools_long": lambda before, seen: _opened(before, seen, LONG_MS),
    "cools_loudly": lambda before, seen: _opened(before, seen, LOUD_MS),
    "none": _unchanged,
}
