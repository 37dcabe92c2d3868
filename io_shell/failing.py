"""How a request that gave no transcript is told: which exception, and its one line."""

from typing import Final, NamedTuple

from voxplan.engine.checks.sizing import LARGEST_ROUTE
from voxplan.engine.plans.plan import LeftOut, ReasonCode, Refusal
from voxplan.engine.runs.run import Skipped, TrailEntry, Unserved
from voxplan.engine.terms.capability import NO_STREAM, TAKES_AT_MOST
from voxplan.engine.terms.spelling import listed, suggestion
from voxplan.io_shell.errors import AdapterBug, ProviderError, RequestError, VoxplanError
from voxplan.io_shell.running import Ran

__all__ = ("Limited", "refused", "unserved")

_CALLERS: Final = frozenset[ReasonCode]({"incapable", "not_allowed"})

# The route itself passed these over, whatever was asked: they say nothing about whose fault it is.
_PASSED_OVER: Final = frozenset[ReasonCode]({"not_chosen", "not_spilled", "weight_zero"})

_EMULATE: Final = " (with `options: {stream: emulate}` in the route its text would come at its end)"


def refused(refusal: Refusal) -> VoxplanError:
    """The exception for a request without a plan: the caller's fault when no deployment could ever take it."""
    if refusal.code != "nothing_eligible":
        return RequestError(_misnamed(refusal), code=refusal.code)
    why = "; ".join(_left_out(entry) for entry in refusal.left_out)
    hint = _EMULATE if any(map(_only_streams, refusal.left_out)) else ""
    message = f"no deployment of route `{refusal.route}` can take this request: {why}{hint}"
    looked_at = [entry for entry in refusal.left_out if not {reason.code for reason in entry.reasons} <= _PASSED_OVER]
    if looked_at and all(any(reason.code in _CALLERS for reason in entry.reasons) for entry in looked_at):
        if all(map(_too_large, looked_at)):
            return RequestError(message, code="too_large")
        return RequestError(message, code="incapable", about=_in_the_way(looked_at))
    return ProviderError(message, retry_after_ms=refusal.retry_after_ms)


def _misnamed(refusal: Refusal) -> str:
    """One line about names that are wrong, or not the caller's to use."""
    close = suggestion(refusal.names[0], refusal.routes) if len(refusal.names) == 1 else ""
    match refusal.code:
        case "unknown_route":
            return f"unknown route `{refusal.route}`{suggestion(refusal.route, refusal.routes)}"
        case "unknown_fallback":
            return f"no deployment or route for the fallback {listed(refusal.names)}{close}"
        case "unknown_simulation":
            return f"no deployment or provider to simulate failures of: {listed(refusal.names)}{close}"
        case "not_allowed":
            return f"this caller may not use {listed(refusal.names)}"
        case _:
            return (
                f"with the fallbacks {listed(refusal.names)} route `{refusal.route}` may take more than {LARGEST_ROUTE} attempts"
            )


class Limited(NamedTuple):
    """Limits of the spec let none of the attempts start: for so long, or nobody knows how long."""

    wait_ms: int | None


def unserved(ran: Ran, seed: int, moment_ms: int, limited: Limited | None = None) -> VoxplanError:
    """The exception for a run in which nothing served; with seed and moment it can be planned again."""
    run, ended = ran.run, ran.ended
    over = ended if isinstance(ended, Unserved) else Unserved()
    kind = over.kind
    asked = [entry.failure.retry_after_ms for entry in run.trail if entry.failure is not None]
    if kind is None and limited is not None:
        asked.append(limited.wait_ms)
    waits = [wait for wait in asked if wait is not None]
    if kind == "invalid_request":
        return RequestError(_told(ran))
    error = AdapterBug if kind == "adapter_bug" else ProviderError
    return error(
        _told(ran),
        kind=kind,
        attempts=run.trail,
        skipped=run.skipped,
        plan=run.plan,
        guardrail=over.guardrail,
        guardrail_broke=over.broke,
        limited=kind is None and limited is not None,
        seed=seed,
        moment_ms=moment_ms,
        retry_after_ms=min(waits, default=None),
    )


def _told(ran: Ran) -> str:
    """What came of every attempt; or that a guardrail said no, which ends all."""
    run, ended = ran.run, ran.ended
    if isinstance(ended, Unserved) and ended.guardrail is not None:
        return f"guardrail `{ended.guardrail}` {'could not judge' if ended.broke else 'did not approve'}: {ended.why}"
    told = "; ".join((*map(_attempt, run.trail), *map(_skipped, run.skipped)))
    return f"every attempt failed: {told}" if run.trail else f"no attempt could start: {told}"


def _only_streams(entry: LeftOut) -> bool:
    """Whether it could take the request if nobody asked for a stream."""
    return all(reason.detail == NO_STREAM for reason in entry.reasons)


def _too_large(entry: LeftOut) -> bool:
    """Whether it could not take this audio, whatever is asked of it."""
    return any(reason.detail.startswith(TAKES_AT_MOST) for reason in entry.reasons)


def _in_the_way(entries: list[LeftOut]) -> str | None:
    """The one option that each of them cannot do; None where there are several, or another reason."""
    options = {reason.about for entry in entries for reason in entry.reasons if reason.code in _CALLERS}
    return options.pop() if len(options) == 1 else None


def _left_out(entry: LeftOut) -> str:
    return f"{listed(entry.deployments)} {', '.join(reason.detail for reason in entry.reasons)}"


def _attempt(entry: TrailEntry) -> str:
    failure = entry.failure
    ended = "answered" if entry.ending == "accepted" else "was stopped, because another was first"
    return f"`{entry.deployment}` {ended}" if failure is None else f"`{entry.deployment}` {failure.kind} ({failure.reason})"


def _skipped(entry: Skipped) -> str:
    detail = f" ({entry.detail})" if entry.detail else ""
    return f"`{entry.deployment}` not started: {entry.reason.replace('_', ' ')}{detail}"
