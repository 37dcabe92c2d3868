"""The vocabulary of a run: what the driver commands, what the shell reports, and the trail that remains.

Moments are whole milliseconds on one clock that never jumps. An attempt id counts the calls of one run
from 1; one that was denied leaves a gap in the trail.
"""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from voxplan.engine.plans.plan import Degrade, GuardrailStep
from voxplan.engine.terms.failure import AttemptFailure, FailureKind
from voxplan.engine.terms.transcript import Transcript

__all__ = (
    "AbsenceReason",
    "Answered",
    "Blocked",
    "Broke",
    "Cancel",
    "Cancelled",
    "Cause",
    "Check",
    "Checked",
    "Command",
    "Delta",
    "Denied",
    "Ended",
    "Ending",
    "Event",
    "Failed",
    "Finish",
    "Observation",
    "Observe",
    "Passed",
    "Release",
    "Send",
    "Served",
    "Skipped",
    "TrailEntry",
    "Unserved",
    "Verdict",
    "Wake",
    "Woke",
    "precedence",
)

AbsenceReason = Literal["tried", "credential_refused", "too_little_time", "replay", "budget", "denied"]
"""Why an attempt in the plan did not start.

`tried`: its deployment has had its calls. `credential_refused`: its key was refused before. `replay`: the audio may not be sent
again. `budget`: the money left does not cover its worst cost. `denied`: admission said no (rate window, concurrency, probe slot,
retry budget). Once text has been released to the caller the run ends with that attempt, so nothing is left to be absent.
"""

Ending = Literal["accepted", "failed", "lost"]
"""How a call ended. `lost`: another arm of its race won, so it was stopped; that is no failure."""

Cause = Literal["first", "fallback", "retry", "hedge"]
"""Why a call is made: the first of a run, the next child after a failure, the same deployment again, one arm beside another."""


class Send(msgspec.Struct, frozen=True, kw_only=True, tag="send"):
    """Start call `attempt` at `at_ms`, which is now, and give it until `until_ms`, decoding included.

    `number` counts the calls to this deployment from 1. `whole` says that `until_ms` is the attempt's own whole timeout, not
    cut short by a deadline. `despite_cooling`: the plan has only this deployment, although it cools off. `prompt` is the prompt
    that the input guardrails approved, None when they changed nothing. `simulated`: fail in this kind, send nothing.
    """

    attempt: int
    node: str
    deployment: str
    credential: str
    number: int
    at_ms: int
    until_ms: int
    whole: bool
    cause: Cause = "first"
    despite_cooling: bool = False
    prompt: str | None = None
    degrades: tuple[Degrade, ...] = ()
    simulated: FailureKind | None = None


class Wake(msgspec.Struct, frozen=True, kw_only=True, tag="wake"):
    """Report `Woke(timer)` at `at_ms`."""

    timer: int
    at_ms: int


class Cancel(msgspec.Struct, frozen=True, kw_only=True, tag="cancel"):
    """Stop call `attempt` now; nothing it reports later counts."""

    attempt: int


class Check(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="check"):
    """Let `guardrail` judge, by `until_ms`: the prompt, or the transcript of an attempt as the guardrail before left it.

    Exactly one of `prompt` and `transcript` is given; a `prompt` of None with no transcript is the request's own prompt. Report
    `Checked(check)`.
    """

    check: int
    guardrail: GuardrailStep
    until_ms: int
    prompt: str | None = None
    transcript: Transcript | None = None


class Release(msgspec.Struct, frozen=True, kw_only=True, tag="release"):
    """Let the caller have the text of call `attempt` as it comes, from its first delta on. The run has committed to it."""

    attempt: int


class Observation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One finished call, as the health of its deployment sees it; `kind` None is a success, or with `lost` a lost race.

    `whole`: a `timed_out` call had its whole own timeout. `audio_ms` is the length of the audio, where known. `simulated` calls
    took no slot and change nothing.
    """

    deployment: str
    credential: str
    started_ms: int
    ended_ms: int
    kind: FailureKind | None = None
    lost: bool = False
    whole: bool = True
    retry_after_ms: int | None = None
    audio_ms: int | None = None
    simulated: bool = False


class Observe(msgspec.Struct, frozen=True, kw_only=True, tag="observe"):
    """Fold this observation into the view. Every call that started is observed exactly once."""

    attempt: int
    observation: Observation


class Served(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="served"):
    """The run ends with an answer: `transcript`, of call `attempt`, exactly as the last guardrail approved it.

    `poor`: it failed its gates. `unchecked`: guardrails that could not judge it and allow that (`on_error: allow`).
    """

    attempt: int
    transcript: Transcript
    poor: bool = False
    unchecked: tuple[str, ...] = ()


class Unserved(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="unserved"):
    """The run ends without an answer. `kind` None: no attempt could start at all.

    `guardrail` blocked, `why` says why; `broke`: not because it said no, but because it could not judge.
    """

    kind: FailureKind | None = None
    guardrail: str | None = None
    why: str = ""
    broke: bool = False


Ended = Served | Unserved


class Finish(msgspec.Struct, frozen=True, kw_only=True, tag="finish"):
    """The run is over."""

    ended: Ended


Command = Send | Wake | Cancel | Check | Release | Observe | Finish


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


class Delta(msgspec.Struct, frozen=True, kw_only=True, tag="delta"):
    """Text of call `attempt` has come while it is still under way."""

    attempt: int


class Passed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="passed"):
    """The guardrail approves; with `prompt` or `transcript` it approves this instead of what it was given."""

    prompt: str | None = None
    transcript: Transcript | None = None


class Blocked(msgspec.Struct, frozen=True, tag="blocked"):
    """The guardrail says no."""

    why: str


class Broke(msgspec.Struct, frozen=True, kw_only=True, tag="broke"):
    """The guardrail could not judge, or not in time."""

    why: str


Verdict = Passed | Blocked | Broke


class Checked(msgspec.Struct, frozen=True, kw_only=True, tag="checked"):
    """Check `check` has ended."""

    check: int
    verdict: Verdict


class Woke(msgspec.Struct, frozen=True, kw_only=True, tag="woke"):
    """The moment of `Wake(timer)` has come."""

    timer: int


class Cancelled(msgspec.Struct, frozen=True, kw_only=True, tag="cancelled"):
    """The caller went away."""


Event = Answered | Delta | Failed | Denied | Checked | Woke | Cancelled


_RANKS: Final[Mapping[type[Event], int]] = {
    Cancelled: 0,
    Denied: 1,
    Delta: 2,
    Answered: 3,
    Failed: 4,
    Checked: 5,
    Woke: 6,
}


def precedence(event: Event) -> tuple[int, int]:
    """The order of events at one instant: a caller who left, denials, deltas, answers, failures, verdicts, wakes; each by id."""
    return _RANKS[type(event)], _number(event)


def _number(event: Event) -> int:
    match event:
        case Cancelled():
            return 0
        case Checked():
            return event.check
        case Woke():
            return event.timer
        case _:
            return event.attempt


class TrailEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call that was made: where, why, when (milliseconds since the run began), how it ended and what it may have cost.

    `cost` is in billionths of a dollar, at its worst; None when the price is unknown.
    """

    attempt: int
    node: str
    deployment: str
    number: int
    started_ms: int
    ended_ms: int
    ending: Ending
    cause: Cause = "first"
    failure: AttemptFailure | None = None
    cost: int | None = None


class Skipped(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One planned attempt that did not start, when (milliseconds since the run began), and why."""

    node: str
    deployment: str
    at_ms: int
    reason: AbsenceReason
    detail: str = ""
