"""Load against limits: how much of what may be asked of a deployment is still free.

A limit is full or not for admission; for ranking it has a free share. Both count alike, over the same sliding minute. Knows no
plan and no failure.
"""

from typing import Final, NamedTuple

from voxplan.engine.language.spec import Limits
from voxplan.engine.observed.view import Load, View
from voxplan.engine.plans.router import RouterDeployment

__all__ = ("ALL_FREE", "NO_LIMITS", "WINDOW_MS", "Full", "full", "full_until", "headroom", "taken")

WINDOW_MS: Final = 60_000
NO_LIMITS: Final = Limits()
ALL_FREE: Final = 1_000_000


class Full(NamedTuple):
    """A limit is reached: until a moment that is known, or, with None, until some call that is under way has ended."""

    until_ms: int | None


def full(load: Load, limits: Limits, moment_ms: int) -> str | None:
    """Which limit is reached, in one line; None when one more call may start."""
    if limits.concurrent is not None and load.in_flight >= limits.concurrent:
        return f"{limits.concurrent} calls are under way"
    if limits.requests_per_minute is not None and len(_recent(load, moment_ms)) >= limits.requests_per_minute:
        return f"{limits.requests_per_minute} calls started within a minute"
    return None


def full_until(view: View, deployment: RouterDeployment, moment_ms: int) -> Full | None:
    """How long no call may start for the deployment's own limits and those of its account; None when one may."""
    both = (
        (view.of(deployment.name).load, deployment.limits),
        (view.account(deployment.credential).load, deployment.shared_limits),
    )
    reached = [(load, limits) for load, limits in both if full(load, limits, moment_ms)]
    if not reached:
        return None
    if any(limits.concurrent is not None and load.in_flight >= limits.concurrent for load, limits in reached):
        return Full(None)
    return Full(max(_slot_at(load, limits.requests_per_minute or 1, moment_ms) for load, limits in reached))


def _slot_at(load: Load, most: int, moment_ms: int) -> int:
    """When so many of the last minute's calls are out of it that fewer than `most` are left."""
    return _recent(load, moment_ms)[-most] + WINDOW_MS


def taken(load: Load, limits: Limits, moment_ms: int) -> Load:
    """The load with one more call that starts at `moment_ms`."""
    starts = () if limits.requests_per_minute is None else (*_recent(load, moment_ms), moment_ms)
    return Load(in_flight=load.in_flight + 1, starts_ms=starts)


def headroom(view: View, deployment: RouterDeployment, moment_ms: int) -> int:
    """The free share of the tightest limit, in millionths: of the deployment's own and of its account's. Without limits, all."""
    if deployment.limits == NO_LIMITS == deployment.shared_limits:
        return ALL_FREE
    own = _free(view.of(deployment.name).load, deployment.limits, moment_ms)
    shared = _free(view.account(deployment.credential).load, deployment.shared_limits, moment_ms)
    return min(own, shared)


def _free(load: Load, limits: Limits, moment_ms: int) -> int:
    used = ((load.in_flight, limits.concurrent), (len(_recent(load, moment_ms)), limits.requests_per_minute))
    return min((max(0, most - count) * ALL_FREE // most for count, most in used if most is not None), default=ALL_FREE)


def _recent(load: Load, moment_ms: int) -> tuple[int, ...]:
    return tuple(start for start in load.starts_ms if start > moment_ms - WINDOW_MS)
