"""Admission: may this call start now? Asked when a call starts, because two plans may have seen the same last slot.

Pure; the shell applies it atomically to the one view it holds. A call is denied by a circuit or a credential that cools off, by a
limit that is full (`load`), and, if it is a retry or a hedge, by a retry budget that is spent.
"""

from typing import Final

from msgspec.structs import replace

from voxplan.engine.language.spec import Limits, RetryBudget
from voxplan.engine.observed.load import NO_LIMITS, WINDOW_MS, full, taken
from voxplan.engine.observed.view import DeploymentView, Tally, View
from voxplan.engine.runs.run import Cause, Send

__all__ = (
    "DEFAULT_BUDGET",
    "EXTRAS",
    "LOST_AFTER_MS",
    "TALLY_MS",
    "admit",
)

LOST_AFTER_MS: Final = 10_000  # time to clean up and to be observed, after a call's last moment
TALLY_MS: Final = 10_000
DEFAULT_BUDGET: Final = RetryBudget()
EXTRAS: Final[frozenset[Cause]] = frozenset({"retry", "hedge"})
"""The causes that the retry budget pays for. A fallback goes to another deployment, so it makes no retry storm."""


def admit(
    view: View,
    limits: Limits,
    send: Send,
    moment_ms: int,
    shared: Limits = NO_LIMITS,
    budget: RetryBudget = DEFAULT_BUDGET,
) -> tuple[View, str | None]:
    """Take a slot for `send`: the view with it taken and None, or the same view and one line that says what stands against it.

    `limits` are the deployment's own, `shared` those of its account, counted over all deployments with its credential; `budget`
    is shared by all requests.
    """
    seen, account = view.of(send.deployment), view.account(send.credential)
    denied = (
        _cooling_denies(view, send, moment_ms)
        or full(seen.load, limits, moment_ms)
        or full(account.load, shared, moment_ms)
        or _budget_denies(view, budget, send, moment_ms)
    )
    if denied:
        return view, denied
    own = replace(_probing(seen, send), load=taken(seen.load, limits, moment_ms))
    after = replace(view, deployments={**view.deployments, send.deployment: own}, tallies=_tallied(view, send, moment_ms))
    if shared == NO_LIMITS:
        return after, None
    common = replace(account, load=taken(account.load, shared, moment_ms))
    return replace(after, accounts={**view.accounts, send.credential: common}), None


def _cooling_denies(view: View, send: Send, moment_ms: int) -> str | None:
    seen = view.of(send.deployment)
    # A probe whose end was never observed (its process died) must not hold the slot for ever (law K3).
    if seen.circuit == "half_open" and moment_ms <= seen.probe_until_ms + LOST_AFTER_MS:
        return "a probe is under way"
    if send.despite_cooling:
        return None
    if seen.cooling(moment_ms):
        return "it cools off"
    return "its key cools off" if view.account(send.credential).cooling(moment_ms) else None


def _probing(seen: DeploymentView, send: Send) -> DeploymentView:
    if seen.circuit == "closed":
        return seen
    return replace(seen, circuit="half_open", probe_ms=send.at_ms, probe_until_ms=send.until_ms)


def _budget_denies(view: View, budget: RetryBudget, send: Send, moment_ms: int) -> str | None:
    """The budget is kept in every 60 seconds that end with a retry or hedge (law R5).

    For that, extras count for as long as any of their tally may be in the window, first attempts only while all of it must be.
    """
    if send.cause not in EXTRAS:
        return None
    tallies = _recent(view.tallies, moment_ms)
    firsts = sum(each.first for each in tallies if each.from_ms > moment_ms - WINDOW_MS)
    made = sum(each.extra for each in tallies)
    most = budget.least + budget.share.millionths * firsts // 1_000_000
    if made < most:
        return None
    return f"the retry budget is spent: {made} of {most} retries and hedges in the last minute"


def _recent(tallies: tuple[Tally, ...], moment_ms: int) -> tuple[Tally, ...]:
    return tuple(each for each in tallies if each.from_ms + TALLY_MS > moment_ms - WINDOW_MS)


def _tallied(view: View, send: Send, moment_ms: int) -> tuple[Tally, ...]:
    """The tallies with one more call counted; a fallback counts as neither, so it only lets old ones go."""
    recent, from_ms = _recent(view.tallies, moment_ms), moment_ms - moment_ms % TALLY_MS
    if send.cause == "fallback":
        return recent
    if not recent or recent[-1].from_ms != from_ms:
        recent = (*recent, Tally(from_ms=from_ms))
    *earlier, last = recent
    extra = send.cause in EXTRAS
    return (*earlier, replace(last, first=last.first + (not extra), extra=last.extra + extra))
