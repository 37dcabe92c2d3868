"""A world: everything outside the router that decides how a run goes, as a table; and the trace of a run in it.

For every (deployment, number of the call) it says how long the call takes and what comes of it; which askings for admission
are denied; and when, if ever, the caller goes away. What the table does not name is a good answer at once. Times are small whole
milliseconds, so that several things often happen at the same instant.
"""

import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from voxplan.engine.failure import AttemptFailure, FailureKind
from voxplan.engine.run import Answered, Event, Failed
from voxplan.engine.transcript import Transcript

__all__ = ("EMPTY", "GOOD", "KINDS_SEEN", "REPETITIVE", "Call", "Made", "Missed", "Trace", "World", "event_of", "scripted_world")

GOOD = "the quick brown fox"
REPETITIVE = "la " * 100
"""A text that compresses to well under a tenth, as the loops of a failing recogniser do."""
EMPTY = "  \n"

KINDS_SEEN: tuple[FailureKind, ...] = (
    "not_connected",
    "timed_out",
    "rate_limited",
    "out_of_quota",
    "overloaded",
    "server_error",
    "bad_answer",
    "unauthorized",
    "not_found",
    "unsupported",
    "too_large",
    "adapter_bug",
    "invalid_request",
    "content_filtered",
)
"""What a provider can make of a call. The driver alone says `poor_quality`, `blocked` and `cancelled`."""


class Call(NamedTuple):
    """One call: after `takes_ms` (None: never) it answers with `text`, or fails with `kind` if that is set."""

    takes_ms: int | None = 0
    text: str = GOOD
    kind: FailureKind | None = None
    retry_after_ms: int | None = None


class World(NamedTuple):
    """See the module. `denied` holds (deployment, how many times it asked, from 1); `cancel_ms` counts from the run's start."""

    calls: Mapping[tuple[str, int], Call] = {}
    denied: frozenset[tuple[str, int]] = frozenset()
    cancel_ms: int | None = None

    def call(self, deployment: str, number: int) -> Call:
        """What comes of the `number`-th call to `deployment`."""
        return self.calls.get((deployment, number), Call())


class Made(NamedTuple):
    """One call that was made; moments count from the run's start, `ending` is `accepted` or a failure kind."""

    node: str
    deployment: str
    number: int
    start_ms: int
    end_ms: int
    ending: str


class Missed(NamedTuple):
    """One attempt, or retry, that did not start."""

    node: str
    deployment: str
    at_ms: int
    reason: str


class Trace(NamedTuple):
    """What an onlooker sees of a run. `served` is the place in `calls` (from 0) of the answer's call."""

    calls: tuple[Made, ...]
    missed: tuple[Missed, ...]
    served: int | None
    poor: bool
    kind: str | None
    end_ms: int


def event_of(call: Call, attempt: int) -> Event:
    """What the shell reports when `call` ends by itself."""
    if call.kind is None:
        return Answered(attempt=attempt, transcript=Transcript(text=call.text))
    failure = AttemptFailure(kind=call.kind, reason="scripted", retry_after_ms=call.retry_after_ms)
    return Failed(attempt=attempt, failure=failure)


def scripted_world(seed: int, deployments: Sequence[str], horizon_ms: int = 40) -> World:
    """A world drawn from `seed`, much faster than hypothesis draws one: for tests that want many worlds for each spec."""
    chance = random.Random(seed)
    calls = {(name, number): _call(chance, horizon_ms) for name in deployments for number in range(1, 4)}
    denied = frozenset((name, asking) for name in deployments for asking in range(1, 4) if chance.random() < 0.1)
    cancel_ms = chance.randrange(horizon_ms) if chance.random() < 0.1 else None
    return World(calls, denied, cancel_ms)


def _call(chance: random.Random, horizon_ms: int) -> Call:
    takes_ms = None if chance.random() < 0.1 else chance.choice((0, 1, 2, 3, 5, chance.randrange(horizon_ms)))
    if chance.random() < 0.2:
        return Call(takes_ms, chance.choice((GOOD, EMPTY, REPETITIVE)))
    retry_after_ms = chance.choice((None, 0, 1, 3, chance.randrange(horizon_ms)))
    return Call(takes_ms, GOOD, chance.choice(KINDS_SEEN), retry_after_ms)
