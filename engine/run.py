"""The vocabulary of a run: what the driver commands, what the shell reports, and the trail that remains.

Moments are whole milliseconds on one clock that never jumps. An attempt id counts the calls of one run
from 1; one that was denied leaves a gap in the trail.
"""

from typing import Literal, assert_never

import msgspec

from voxplan.engine.failure import AttemptFailure, FailureKind
from voxplan.engine.transcript import Transcript

__all__ = (
    "AbsenceReason",
    "Answered",
    "Cancel",
    "Cancelled",
    "Command",
    "Denied",
    "Ending",
    "Event",
    "Failed",
    "Finish",
    "Observation",
    "Observe",
    "Send",
    "Skipped",
    "TrailEntry",
    "Wake",
    "Woke",
    "precedence",
)

AbsenceReason = Literal["tried", "credential_refused", "too_little_time", "denied"]
"""Why an attempt in the plan did not start. `denied`: admission said no (rate window, concurrency, probe slot)."""

Ending = Literal["accepted", "failed"]


class Send(msgspec.Struct, frozen=True, kw_only=True, tag="send"):
    """Start call `attempt` at `at_ms`, which is now, and give it until `until_ms`, decoding included.

    `number` counts the calls to this deployment from 1. `whole` says that `until_ms` is the attempt's own whole timeout, not cut
    short by a deadline. `despite_cooling`: the plan has only this deployment, although it cools off.
    """

    attempt: int
    node: str
    deployment: str
    credential: str
    number: int
    at_ms: int
    until_ms: int
    whole: bool
    despite_cooling: bool = False


class Wake(msgspec.Struct, frozen=True, kw_only=True, tag="wake"):
    """Report `Woke(timer)` at `at_ms`."""

    timer: int
    at_ms: int


class Cancel(msgspec.Struct, frozen=True, kw_only=True, tag="cancel"):
    """Stop call `attempt` now; nothing it reports later counts."""

    attempt: int


class Observation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One finished call, as the health of its deployment sees it; `kind` None is a success.

    `whole`: a `timed_out` call had its whole own timeout.
    """

    deployment: str
    credential: str
    started_ms: int
    ended_ms: int
    kind: FailureKind | None = None
    whole: bool = True
    retry_after_ms: int | None = None


class Observe(msgspec.Struct, frozen=True, kw_only=True, tag="observe"):
    """Fold this observation into the view. Every call that started is observed exactly once."""

    attempt: int
    observation: Observation


class Finish(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="finish"):
    """The run is over. `served` is the call whose transcript is the answer, `poor` that it failed its gates.

    When nothing serves, `kind` is the run's failure kind, or None when no attempt could start at all.
    """

    served: int | None = None
    poor: bool = False
    kind: FailureKind | None = None


Command = Send | Wake | Cancel | Observe | Finish


class Answered(msgspec.Struct, frozen=True, kw_only=True, tag="answered"):
    """Call `attempt` ended with a whole, decoded transcript."""

    attempt: int
    transcript: Transcript


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """Call `attempt` ended badly."""

    attempt: int
    failure: AttemptFailure


class Denied(msgspec.Struct, frozen=True, kw_only=True, tag="denied"):
    """Admission refused call `attempt`; it never started."""

    attempt: int
    why: str


class Woke(msgspec.Struct, frozen=True, kw_only=True, tag="woke"):
    """The moment of `Wake(timer)` has come."""

    timer: int


class Cancelled(msgspec.Struct, frozen=True, kw_only=True, tag="cancelled"):
    """The caller went away."""


Event = Answered | Failed | Denied | Woke | Cancelled


def precedence(event: Event) -> tuple[int, int]:
    """The order of events at one instant: a caller who left, answers, failures, denials, wakes; each by id."""
    match event:
        case Cancelled():
            return 0, 0
        case Answered(attempt=attempt):
            return 1, attempt
        case Failed(attempt=attempt):
            return 2, attempt
        case Denied(attempt=attempt):
            return 3, attempt
        case Woke(timer=timer):
            return 4, timer
        case _:
            assert_never(event)


class TrailEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call that was made: where, when (milliseconds since the run began), and how it ended."""

    attempt: int
    node: str
    deployment: str
    number: int
    started_ms: int
    ended_ms: int
    ending: Ending
    failure: AttemptFailure | None = None


class Skipped(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One planned attempt that did not start, when (milliseconds since the run began), and why."""

    node: str
    deployment: str
    at_ms: int
    reason: AbsenceReason
    detail: str = ""
