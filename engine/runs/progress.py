"""What a run is while it runs: the state of each node under way, the outcomes of those that ended, and the Run itself.

A run has three phases: input guardrails judge the prompt, the tree of the plan is walked, output guardrails judge the answer. The
state of the tree mirrors it: each node under way holds where it is and the state of its children under way.
"""

import msgspec

from voxplan.engine.plans.plan import Attempt, First, GuardrailStep, Plan, Race
from voxplan.engine.runs.ledger import Budget, Ledger
from voxplan.engine.runs.run import Finish, Send, Skipped, TrailEntry
from voxplan.engine.terms.failure import AttemptFailure, FailureKind
from voxplan.engine.terms.transcript import Transcript

__all__ = (
    "Absent",
    "Accepted",
    "Answer",
    "Calling",
    "Fell",
    "Frame",
    "Judging",
    "Outcome",
    "Pausing",
    "Racing",
    "Run",
    "State",
    "Trying",
)


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What holds inside a node under way: the moment by which it must be over, its own budget and those around it.

    `hedge`: the next first call inside runs beside another arm of a race, and none inside has been made yet.
    """

    end_ms: int | None = None
    budgets: tuple[Budget, ...] = ()
    hedge: bool = False


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What call `attempt` of `node` answered, as the guardrails so far have left it.

    `end_ms` is when its node must be over; `failed_gates` counts the gates that it failed: over 0, it is poor.
    """

    attempt: int
    node: Attempt
    transcript: Transcript
    end_ms: int | None
    failed_gates: int = 0


class Accepted(msgspec.Struct, frozen=True):
    """The node is done: it has an answer."""

    answer: Answer


class Fell(msgspec.Struct, frozen=True):
    """The node failed with `kind`."""

    kind: FailureKind


class Absent(msgspec.Struct, frozen=True):
    """The node could not start."""


Outcome = Accepted | Fell | Absent


class Calling(msgspec.Struct, frozen=True, kw_only=True):
    """A call is out, as `send` commanded. `before` is how the call before it failed, if this is a retry."""

    node: Attempt
    frame: Frame
    send: Send
    before: AttemptFailure | None = None


class Pausing(msgspec.Struct, frozen=True, kw_only=True):
    """A retry, the `number`-th call, waits for `timer` after `before`."""

    node: Attempt
    frame: Frame
    timer: int
    number: int
    before: AttemptFailure


class Trying(msgspec.Struct, frozen=True, kw_only=True):
    """A `first` is at child `index`; `last` is the last failure among the children before it, if any of them was not absent."""

    node: First
    frame: Frame
    index: int
    child: "State"
    last: Fell | Absent


class Racing(msgspec.Struct, frozen=True, kw_only=True):
    """A `race`: `arms` are those under way in the order in which they started, `following` is the place of the next one to start.

    `timer` is the stagger that is waited for, None when no arm follows. `last` is the last failure of an arm, if any was not
    absent; `closed` the first failure in a kind that is not in `on`: no arm starts after it.
    """

    node: Race
    frame: Frame
    arms: tuple["State", ...] = ()
    following: int = 0
    timer: int | None = None
    last: Fell | Absent = Absent()
    closed: Fell | None = None


State = Calling | Pausing | Trying | Racing


class Judging(msgspec.Struct, frozen=True, kw_only=True):
    """The first of `steps` judges `answer`, or the prompt when there is none, in check `check`; the other steps follow.

    This check has until `until_ms`, all of them until `end_ms`.
    """

    check: int
    steps: tuple[GuardrailStep, ...]
    until_ms: int
    end_ms: int | None
    answer: Answer | None


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run of a plan, as a value: what is under way, what has been done, and what may no longer be done.

    `out` are the calls that are out, wherever in `state`. `tried` are the deployments that have had their calls, `refused` the
    credentials that were refused, `poor` the answers that failed their gates, `committed` the call whose text has been released.
    `prompt` is what the input guardrails made of the request's own, None when they left it; `unchecked` names the guardrails that
    could not judge and allow that.
    """

    plan: Plan
    started_ms: int
    state: State | Judging | None = None
    out: tuple[Calling, ...] = ()
    next_attempt: int = 1
    next_timer: int = 1
    next_check: int = 1
    prompt: str | None = None
    unchecked: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    poor: tuple[Answer, ...] = ()
    committed: int | None = None
    ledger: Ledger = ()
    trail: tuple[TrailEntry, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    finished: Finish | None = None
