"""Admission: may this call start now? Asked when a call starts, because two plans may have seen the same last slot.

Pure; the shell applies it atomically to the one view it holds.
"""

from typing import Final

from msgspec.structs import replace

from voxplan.engine.run import Send
from voxplan.engine.spec import Limits
from voxplan.engine.view import IDLE, DeploymentView, Load, View

__all__ = (
    "LOST_AFTER_MS",
    "NO_LIMITS",
    "WINDOW_MS",
    "admit",
)

WINDOW_MS: Final = 60_000
LOST_AFTER_MS: Final = 10_000  # time to clean up and to be observed, after a call's last moment
NO_LIMITS: Final = Limits()


def admit(view: View, limits: Limits, send: Send, moment_ms: int, shared: Limits = NO_LIMITS) -> tuple[View, str | None]:
    """Take a slot for `send`: the view with it taken and None, or the same view and one line that says what is full.

    `limits` are the deployment's own, `shared` those of its account, counted over all deployments with its credential.
    """
    seen = view.of(send.deployment)
    account = view.accounts.get(send.credential, IDLE)
    denied = _circuit_denies(seen, send, moment_ms) or _full(seen.load, limits, moment_ms) or _full(account, shared, moment_ms)
    if denied:
        return view, denied
    taken = replace(_probing(seen, send), load=_taken(seen.load, limits, moment_ms))
    deployments = {**view.deployments, send.deployment: taken}
    if shared == NO_LIMITS:
        return View(deployments=deployments, accounts=view.accounts), None
    accounts = {**view.accounts, send.credential: _taken(account, shared, moment_ms)}
    return View(deployments=deployments, accounts=accounts), None


def _circuit_denies(seen: DeploymentView, send: Send, moment_ms: int) -> str | None:
    # A probe whose end was never observed (its process died) must not hold the slot for ever (law K3).
    if seen.circuit == "half_open" and moment_ms <= seen.probe_until_ms + LOST_AFTER_MS:
        return "a probe is under way"
    if seen.cooling(moment_ms) and not send.despite_cooling:
        return "it cools off"
    return None


def _probing(seen: DeploymentView, send: Send) -> DeploymentView:
    if seen.circuit == "closed":
        return seen
    return replace(seen, circuit="half_open", probe_ms=send.at_ms, probe_until_ms=send.until_ms)


def _full(load: Load, limits: Limits, moment_ms: int) -> str | None:
    if limits.concurrent is not None and load.in_flight >= limits.concurrent:
        return f"{limits.concurrent} calls are under way"
    if limits.requests_per_minute is not None and len(_recent(load, moment_ms)) >= limits.requests_per_minute:
        return f"{limits.requests_per_minute} calls started within a minute"
    return None


def _recent(load: Load, moment_ms: int) -> tuple[int, ...]:
    return tuple(start for start in load.starts_ms if start > moment_ms - WINDOW_MS)


def _taken(load: Load, limits: Limits, moment_ms: int) -> Load:
    starts = () if limits.requests_per_minute is None else (*_recent(load, moment_ms), moment_ms)
    return Load(in_flight=load.in_flight + 1, starts_ms=starts)
