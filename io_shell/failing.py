"""How a request that gave no transcript is told: which exception, and its one line."""

from typing import Final

from voxplan.engine.plan import LeftOut, Refusal
from voxplan.engine.run import Skipped, TrailEntry
from voxplan.engine.spelling import suggestion
from voxplan.io_shell.errors import AdapterBug, ProviderError, RequestError, VoxplanError
from voxplan.io_shell.running import Ran

__all__ = ("refused", "unserved")

_CALLERS: Final = frozenset({"incapable"})


def refused(refusal: Refusal) -> VoxplanError:
    """The exception for a request without a plan: the caller's fault when no deployment could ever take it."""
    if refusal.code == "unknown_route":
        return RequestError(f"unknown route `{refusal.route}`{suggestion(refusal.route, refusal.routes)}")
    why = "; ".join(_left_out(entry) for entry in refusal.left_out)
    message = f"no deployment of route `{refusal.route}` can take this request: {why}"
    if all(any(reason.code in _CALLERS for reason in entry.reasons) for entry in refusal.left_out):
        return RequestError(message)
    return ProviderError(message, retry_after_ms=refusal.retry_after_ms)


def unserved(ran: Ran, seed: int, moment_ms: int) -> VoxplanError:
    """The exception for a run in which nothing served; with seed and moment it can be planned again."""
    run, kind = ran.run, ran.finish.kind
    told = "; ".join((*map(_attempt, run.trail), *map(_skipped, run.skipped)))
    message = f"every attempt failed: {told}" if run.trail else f"no attempt could start: {told}"
    asked = [entry.failure.retry_after_ms for entry in run.trail if entry.failure is not None]
    waits = [wait for wait in asked if wait is not None]
    if kind == "invalid_request":
        return RequestError(message)
    error = AdapterBug if kind == "adapter_bug" else ProviderError
    return error(
        message,
        kind=kind,
        attempts=run.trail,
        skipped=run.skipped,
        plan=run.plan,
        seed=seed,
        moment_ms=moment_ms,
        retry_after_ms=min(waits, default=None),
    )


def _left_out(entry: LeftOut) -> str:
    return f"`{entry.deployment}` {', '.join(reason.detail for reason in entry.reasons)}"


def _attempt(entry: TrailEntry) -> str:
    failure = entry.failure
    return f"`{entry.deployment}` answered" if failure is None else f"`{entry.deployment}` {failure.kind} ({failure.reason})"


def _skipped(entry: Skipped) -> str:
    detail = f" ({entry.detail})" if entry.detail else ""
    return f"`{entry.deployment}` not started: {entry.reason.replace('_', ' ')}{detail}"
