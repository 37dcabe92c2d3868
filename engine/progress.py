"""What a run is while it runs: the state of each node under way, the outcomes of those that ended, and the Run itself."""

import msgspec

from voxplan.engine.failure import AttemptFailure, FailureKind
from voxplan.engine.plan import Attempt, First, Plan
from voxplan.engine.run import Finish, Skipped, TrailEntry

__all__ = ("Absent", "Accepted", "Calling", "Fell", "Outcome", "Pausing", "Run", "State", "Trying")


class Calling(msgspec.Struct, frozen=True, kw_only=True):
    """A call is out. `before` is how the call before it failed, if this is a retry; `end_ms` the end of its node."""

    node: Attempt
    attempt: int
    number: int
    started_ms: int
    until_ms: int
    whole: bool
    end_ms: int | None
    before: AttemptFailure | None


class Pausing(msgspec.Struct, frozen=True, kw_only=True):
    """A retry, the `number`-th call, waits for `timer` after `before`."""

    node: Attempt
    timer: int
    number: int
    end_ms: int | None
    before: AttemptFailure


class Trying(msgspec.Struct, frozen=True, kw_only=True):
    """A `first` is at child `index`; `last` is the kind in which the child before it failed."""

    node: First
    index: int
    child: "State"
    end_ms: int | None
    last: FailureKind | None


State = Calling | Pausing | Trying


class Accepted(msgspec.Struct, frozen=True):
    """The node is done: call `attempt` holds the answer."""

    attempt: int


class Fell(msgspec.Struct, frozen=True):
    """The node failed with `kind`."""

    kind: FailureKind


class Absent(msgspec.Struct, frozen=True):
    """The node could not start."""


Outcome = Accepted | Fell | Absent


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run of a plan, as a value: what is under way, what has been done, and what may no longer be done.

    `tried` are the deployments that have had their calls, `refused` the credentials that were refused, `poor` the answers that
    failed their gates as (failed gates, attempt): the least of them is the best.
    """

    plan: Plan
    started_ms: int
    state: State | None = None
    next_attempt: int = 1
    next_timer: int = 1
    tried: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    poor: tuple[tuple[int, int], ...] = ()
    trail: tuple[TrailEntry, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    finished: Finish | None = None
