"""The naive second interpreter, second half: one run of what was planned, in a scripted world, by plain recursion.

Every node is a generator: it runs until something must happen first, is sent each event that happens, whoever it is about, and ends
with its outcome. A race holds one generator for each arm that is under way. `Lived.trace` is what happened. All moments count from
the run's start. Part of `tests.reference`.
"""

import heapq
import itertools
from collections.abc import Generator
from typing import Literal, NamedTuple

import zlib

from tests.laws.worlds import Call, Judged, Made, Missed, Trace, World, marked, simulated
from tests.reference import Planned
from tests.reference_rules import REPLAYS, Chain, Kinds, Leaf, Step, kinds, least
from voxplan.engine import draws
from voxplan.engine.failure import KINDS, FailureKind
from voxplan.engine.spec import Accept, Retry

__all__ = ("Lived",)

Outcome = Literal["accepted"] | FailureKind | None
"""How a node ends; None: nothing in it could start."""


class Event(NamedTuple):
    """Something that happens; at one instant by its `rank` and then by its `number`."""

    at_ms: int
    rank: Literal["0 caller left", "1 delta", "2 answered", "3 failed", "4 checked", "5 woke"]
    number: int


Process = Generator[None, Event, Outcome]


class Out(NamedTuple):
    """A call that is out."""

    leaf: Leaf
    number: int
    start_ms: int
    cause: str


class Purse:
    """What is left of the budget of a node."""

    def __init__(self, nano: int) -> None:
        self.nano = nano


class Answer(NamedTuple):
    """An answer that came: how many gates it failed, whose it is, and until when there is time to check it."""

    failed_gates: int
    attempt: int
    text: str
    leaf: Leaf
    end_ms: int | None


class Over(Exception):  # noqa: N818 - no error: the end of the run
    """Unwinds the recursion: the run ends in `kind`."""

    def __init__(self, kind: FailureKind, guardrail: str | None = None) -> None:
        self.kind, self.guardrail = kind, guardrail


class Lived:
    """One run; see the module."""

    def __init__(self, planned: Planned, world: World) -> None:
        self.planned, self.world, self.now = planned, world, 0
        self.ahead: list[Event] = []
        self.calls, self.out = dict[int, Made](), dict[int, Out]()
        self.missed, self.judged = list[Missed](), list[Judged]()
        self.poor, self.accepted = list[Answer](), None
        self.asked, self.tried = list[str](), set[str]()
        self.refused = set[str]()
        self.certain: dict[int, tuple[str, str]] = {}
        self.attempts, self.timers, self.checks = itertools.count(1), itertools.count(1), itertools.count(1)
        self.cause, self.released = "fallback", None
        self.prompt: str | None = None
        self.unchecked: list[str] = []
        self.trace = self._live()

    def _live(self) -> Trace:
        if self.world.cancel_ms is not None:
            heapq.heappush(self.ahead, Event(self.world.cancel_ms, "0 caller left", 0))
        kind = guardrail = text = None
        answer: Answer | None = None
        try:
            answer, text = self._drive()
        except Over as over:
            kind, guardrail = over.kind, over.guardrail
            for attempt in sorted(self.out):
                self._end(attempt, "cancelled", "maybe", "maybe")
        if answer is None and kind is None:
            kind = next((each for each in KINDS if each in [call.ending for call in self.calls.values()]), None)
        places = {attempt: place for place, attempt in enumerate(sorted(self.calls))}
        return Trace(
            calls=tuple(self.calls[attempt] for attempt in sorted(self.calls)),
            missed=tuple(self.missed),
            served=places[answer.attempt] if answer else None,
            poor=answer is not None and answer.failed_gates > 0,
            kind=kind,
            end_ms=self.now,
            judged=tuple(self.judged),
            text=text,
            prompt=self.prompt,
            unchecked=tuple(self.unchecked) if answer else (),
            guardrail=guardrail,
            released=None if self.released is None else places[self.released],
        )
