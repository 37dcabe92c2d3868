"""A world: everything outside the router that decides how a run goes, as a table; and the trace of a run in it.

For every (deployment, number of the call) it says how long the call takes, what comes of it and when its first text comes; for
every guardrail what it says of the one text that it is shown; which askings for admission are denied; and when, if ever, the
caller goes away. What the table does not name is a good answer, or a pass, at once. Times are small whole milliseconds, so that
several things often happen at the same instant.
"""

import random
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from msgspec.structs import replace

from voxplan.engine.runs.run import Answered, Blocked, Broke, Check, Event, Failed, Passed, Send, Verdict
from voxplan.engine.terms.failure import AttemptFailure, Certainty, FailureKind
from voxplan.engine.terms.transcript import Transcript

__all__ = (
    "BLANK",
    "EMPTY",
    "GOOD",
    "KINDS_SEEN",
    "REPETITIVE",
    "Call",
    "Judged",
    "Judgement",
    "Made",
    "Missed",
    "Says",
    "Trace",
    "World",
    "call_of",
    "event_of",
    "failure_of",
    "marked",
    "scripted_world",
    "simulated",
    "verdict_of",
)

GOOD = "the quick brown fox"
REPETITIVE = "la " * 100
"""A text that compresses to well under a tenth, as the loops of a failing recogniser do."""
EMPTY = "  \n"
BLANK = " " * 100
"""A text that is empty and compresses well: it fails every gate there is."""

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

Says = Literal["passes", "redacts", "blocks", "breaks"]
"""What a guardrail makes of a text; `redacts` passes it with its mark."""


class Call(NamedTuple):
    """One call: after `takes_ms` (None: never) it answers with `text`, or fails with `kind` if that is set.

    Its first text comes after `delta_ms`, if that is set and it has not ended by then.
    """

    takes_ms: int | None = 0
    text: str = GOOD
    kind: FailureKind | None = None
    retry_after_ms: int | None = None
    sent: Certainty = "maybe"
    charged: Certainty = "maybe"
    delta_ms: int | None = None


class Judgement(NamedTuple):
    """What a guardrail says, and after how long (None: never)."""

    takes_ms: int | None = 0
    says: Says = "passes"


class World(NamedTuple):
    """See the module. `denied` holds (deployment, how many times it asked, from 1); `cancel_ms` counts from the run's start."""

    calls: Mapping[tuple[str, int], Call] = {}
    denied: frozenset[tuple[str, int]] = frozenset()
    cancel_ms: int | None = None
    judgements: Mapping[str, Judgement] = {}

    def call(self, deployment: str, number: int) -> Call:
        """What comes of the `number`-th call to `deployment`."""
        return self.calls.get((deployment, number), Call())

    def judgement(self, guardrail: str) -> Judgement:
        """What `guardrail` says."""
        return self.judgements.get(guardrail, Judgement())


class Made(NamedTuple):
    """One call that was made; moments count from the run's start, `ending` is `accepted`, `lost` or a failure kind.

    `cost` is what it may have cost; None when the price is unknown.
    """

    node: str
    deployment: str
    number: int
    start_ms: int
    end_ms: int
    ending: str
    cause: str
    cost: int | None


class Missed(NamedTuple):
    """One attempt, or retry, that did not start."""

    node: str
    deployment: str
    at_ms: int
    reason: str


class Judged(NamedTuple):
    """One guardrail that was asked, and what it said; `breaks` if it said nothing in time."""

    guardrail: str
    start_ms: int
    end_ms: int
    says: str


class Trace(NamedTuple):
    """What an onlooker sees of a run: the `calls` in the order in which they started, and how it ended.

    `served` and `released` are places in `calls` (from 0): whose answer is returned, whose text was let out as it came. `text` is
    what is returned, `prompt` the one that all calls were given, `unchecked` names guardrails that could not judge; `kind` and
    `guardrail` say why nothing is returned.
    """

    calls: tuple[Made, ...]
    missed: tuple[Missed, ...]
    served: int | None
    poor: bool
    kind: str | None
    end_ms: int
    judged: tuple[Judged, ...] = ()
    text: str | None = None
    prompt: str | None = None
    unchecked: tuple[str, ...] = ()
    guardrail: str | None = None
    released: int | None = None


def simulated(kind: FailureKind) -> Call:
    """What a simulated call comes to: it fails at once, and nothing leaves."""
    return Call(0, GOOD, kind, None, "no", "no")


def event_of(call: Call, attempt: int) -> Event:
    """What the shell reports when `call` ends by itself."""
    if call.kind is None:
        return Answered(attempt=attempt, transcript=Transcript(text=call.text))
    return Failed(attempt=attempt, failure=failure_of(call.kind, call))


def failure_of(kind: FailureKind, call: Call) -> AttemptFailure:
    """How `call` fails."""
    return AttemptFailure(kind=kind, reason="scripted", retry_after_ms=call.retry_after_ms, sent=call.sent, charged=call.charged)


def call_of(world: World, send: Send) -> Call:
    """What comes of the call that is commanded."""
    return world.call(send.deployment, send.number) if send.simulated is None else simulated(send.simulated)


def marked(text: str, guardrail: str) -> str:
    """The text as `guardrail` leaves it when it redacts."""
    return f"{text}[{guardrail}]"


def verdict_of(check: Check, says: Says) -> Verdict:
    """What the shell reports when a guardrail has judged. The prompt of a request is empty here until it is redacted."""
    if says == "blocks":
        return Blocked(why="scripted")
    if says == "breaks":
        return Broke(why="scripted")
    if says == "passes":
        return Passed()
    name, transcript = check.guardrail.name, check.transcript
    if transcript is None:
        return Passed(prompt=marked(check.prompt or "", name))
    return Passed(transcript=replace(transcript, text=marked(transcript.text, name)))


def scripted_world(seed: int, deployments: Sequence[str], guardrails: Sequence[str] = (), horizon_ms: int = 40) -> World:
    """A world drawn from `seed`, much faster than hypothesis draws one: for tests that want many worlds for each spec."""
    chance = random.Random(seed)
    good = chance.choice((0.1, 0.2, 0.5))
    calls = {(name, number): _call(chance, good, horizon_ms) for name in deployments for number in range(1, 4)}
    denied = frozenset((name, asking) for name in deployments for asking in range(1, 4) if chance.random() < 0.07)
    cancel_ms = chance.randrange(horizon_ms) if chance.random() < 0.1 else None
    return World(calls, denied, cancel_ms, {name: _judgement(chance) for name in guardrails})


_CERTAINTIES: tuple[Certainty, ...] = ("no", "maybe", "yes")
_SAYINGS: tuple[Says, ...] = ("passes", "passes", "passes", "redacts", "redacts", "redacts", "blocks", "breaks")


def _call(chance: random.Random, good: float, horizon_ms: int) -> Call:
    takes_ms = None if chance.random() < 0.1 else chance.choice((0, 1, 2, 3, 5, chance.randrange(horizon_ms)))
    delta_ms = chance.choice((None, None, 0, 1, chance.randrange(horizon_ms)))
    if chance.random() < good:
        return Call(takes_ms, chance.choice((GOOD, GOOD, EMPTY, REPETITIVE, BLANK)), delta_ms=delta_ms)
    retry_after_ms = chance.choice((None, None, 0, 1, 3, chance.randrange(horizon_ms)))
    sent = chance.choice(_CERTAINTIES)
    # What was not sent is not charged.
    charged: Certainty = "no" if sent == "no" else chance.choice(_CERTAINTIES)
    return Call(takes_ms, GOOD, chance.choice(KINDS_SEEN), retry_after_ms, sent, charged, delta_ms)


def _judgement(chance: random.Random) -> Judgement:
    takes_ms = None if chance.random() < 0.05 else chance.choice((0, 0, 1, 2, chance.randrange(10)))
    return Judgement(takes_ms, chance.choice(_SAYINGS))
