"""The calls of one run in a scripted world, one attempt after another. Part of `tests.reference`: see `tests.reference_run`."""

import heapq
import itertools
import zlib
from collections.abc import Generator
from typing import Literal, NamedTuple, TypeVar

from tests.laws.worlds import Made, Missed, World, simulated
from tests.reference import Planned
from tests.reference_rules import Kinds, Leaf, kinds, least
from voxplan.engine.language.spec import Accept, Retry
from voxplan.engine.terms.failure import KINDS, FailureKind

__all__ = ("Answer", "Calls", "Event", "Life", "Outcome", "Over", "Purse", "wait_for")

Outcome = Literal["accepted"] | FailureKind | None
"""How a node ends; None: nothing in it could start."""

Rank = Literal["0 denied", "1 caller left", "2 delta", "3 answered", "4 failed", "5 judged", "6 woke"]
T = TypeVar("T")


class Event(NamedTuple):
    """Something that happens; at one instant by its `rank`, then by its `number`."""

    at_ms: int
    rank: Rank
    number: int


Life = Generator[None, Event | None, T]


class Out(NamedTuple):
    """A call that is out."""

    leaf: Leaf
    number: int
    start_ms: int
    cause: str


class Answer(NamedTuple):
    """An answer that came: how many gates it failed, its call, and until when there is time to check it if it is accepted."""

    failed_gates: int
    attempt: int
    text: str
    leaf: Leaf
    end_ms: int | None


class Over(Exception):
    """Unwinds the recursion: the run ends in `kind`."""

    def __init__(self, kind: FailureKind, guardrail: str | None = None) -> None:
        self.kind, self.guardrail = kind, guardrail


class Purse:
    """What is left of the budget of one node."""

    def __init__(self, nano: int) -> None:
        self.nano = nano


class Calls:
    """What is under way in a run, what was called and what that came to, and what happens next."""

    def __init__(self, planned: Planned, world: World) -> None:
        self.planned, self.world, self.now = planned, world, 0
        self.queue: list[Event] = []
        self.out: dict[int, Out] = {}
        self.calls: dict[int, Made] = {}
        self.certain: dict[int, tuple[str, str]] = {}
        self.missed: list[Missed] = []
        self.answers: list[Answer] = []
        self.asked: list[str] = []
        self.refused: set[str] = set()
        self.released: int | None = None
        self.count = itertools.count(1)

    def ahead(self, at_ms: int, rank: Rank, number: int | None = None) -> Event:
        """Let something happen."""
        event = Event(at_ms, rank, next(self.count) if number is None else number)
        heapq.heappush(self.queue, event)
        return event

    def happens(self) -> Event:
        """What happens next; the run is over when it is that the caller left."""
        event = heapq.heappop(self.queue)
        self.now = event.at_ms
        if event.rank == "1 caller left":
            raise Over("cancelled")
        return event

    def attempt(self, leaf: Leaf, end: int | None, purses: tuple[Purse, ...], *, hedged: bool) -> Life[Outcome]:
        """The first call and its retries."""
        retry: Retry = leaf.held.retry
        outcome: Outcome = None
        for k in range(1 + retry.times):
            why = self._hindrance(leaf, end, purses, k, self.now)
            if why is None and self._denies(leaf):
                why, denied = "denied", self.ahead(self.now, "0 denied")
                yield from wait_for(denied)
            if why:
                self.missed.append(Missed(leaf.node, leaf.known.name, self.now, why))
                break
            cause = "retry" if k else "first" if not self._tried() else "hedge" if hedged else "fallback"
            outcome, after = yield from self._call(leaf, k + 1, cause, end, purses)
            patience = (retry.patience or retry.backoff.cap).base_ms
            if k == retry.times or outcome not in _retried(retry, hinted=after is not None) or (after or 0) > patience:
                break
            at = self.now + max(self.planned.delay_ms(leaf, k), after or 0)
            if self._hindrance(leaf, end, purses, k + 1, at):
                break
            yield from wait_for(self.ahead(at, "6 woke"))
        return outcome

    def _hindrance(self, leaf: Leaf, end: int | None, purses: tuple[Purse, ...], k: int, at: int) -> str | None:
        """Why call `k` (from 0) of the leaf cannot start at that moment."""
        sent, charged = {each for each, _ in self.certain.values()}, {each for _, each in self.certain.values()}
        harm = {"always": False, "if_uncharged": charged - {"no"}, "if_unsent": sent - {"no"}, "never": sent}
        against = {
            "tried": k == 0 and leaf.known.name in self._tried(),
            "credential_refused": leaf.known.credential in self.refused,
            "too_little_time": end is not None and end - at < max(1, leaf.shortest_ms),
            "replay": harm[leaf.replay],
            "budget": any(_worst(leaf) > purse.nano for purse in purses),
        }
        return next((why for why, holds in against.items() if holds), None)

    def _tried(self) -> set[str]:
        return {out.leaf.known.name for out in self.out.values()} | {made.deployment for made in self.calls.values()}

    def _denies(self, leaf: Leaf) -> bool:
        """Whether admission, which is asked last and never for simulated calls, says no."""
        self.asked += [] if leaf.simulated else [leaf.known.name]
        return not leaf.simulated and (leaf.known.name, self.asked.count(leaf.known.name)) in self.world.denied

    def _call(
        self, leaf: Leaf, number: int, cause: str, end: int | None, purses: tuple[Purse, ...]
    ) -> Life[tuple[Outcome, int | None]]:
        """Make one call; how it ended, and the Retry-After of its failure."""
        attempt, start, until = next(self.count), self.now, least(self.now + leaf.timeout_ms, end) or 0
        scripted = simulated(leaf.simulated) if leaf.simulated else self.world.call(leaf.known.name, number)
        in_time = scripted.takes_ms is not None and start + scripted.takes_ms <= until
        self.out[attempt] = Out(leaf, number, start, cause)
        self.certain |= {} if leaf.simulated else {attempt: ("maybe", "maybe")}
        for purse in purses:
            purse.nano -= _worst(leaf)
        rank: Rank = "3 answered" if in_time and scripted.kind is None else "4 failed"
        ends = self.ahead(start + (scripted.takes_ms or 0) if in_time else until, rank, attempt)
        delta = None if scripted.delta_ms is None else Event(start + scripted.delta_ms, "2 delta", attempt)
        if delta is not None and delta <= ends:
            heapq.heappush(self.queue, delta)
        while (event := (yield)) != ends:
            if event == delta and self._commits(leaf):
                self.released = attempt
                self.end_all("lost", but=attempt)
                while self.happens() != ends:
                    pass
                break
        failed_gates = 0 if rank == "4 failed" else _failed_gates(leaf.held.accept, scripted.text)
        ending: Literal["accepted"] | FailureKind = (
            "timed_out" if not in_time else scripted.kind or ("poor_quality" if failed_gates else "accepted")
        )
        sent, charged = (scripted.sent, scripted.charged) if in_time and scripted.kind else ("maybe", "maybe")
        self._end(attempt, ending, sent, charged)
        for purse in purses:
            purse.nano += _worst(leaf) if charged == "no" else 0
        if rank == "3 answered":
            self.answers.append(Answer(failed_gates, attempt, scripted.text, leaf, end))
        elif self.released is not None and ending != "accepted":
            raise Over(ending)
        self.refused |= {leaf.known.credential} if ending == "unauthorized" else set()
        return ending, scripted.retry_after_ms if rank == "4 failed" and in_time else None

    def _commits(self, leaf: Leaf) -> bool:
        """Whether text may be let out before the end."""
        whole = any(self.planned.spec.guardrails[name].stage == "output" for name in leaf.held.guardrails)
        return self.planned.request.options.stream and leaf.held.accept == Accept() and not whole

    def _end(self, attempt: int, ending: str, sent: str, charged: str) -> None:
        leaf, number, start, cause = self.out.pop(attempt)
        cost = 0 if charged == "no" or leaf.simulated else leaf.cost
        self.calls[attempt] = Made(leaf.node, leaf.known.name, number, start, self.now, ending, cause, cost)
        self.certain |= {attempt: (sent, charged)} if attempt in self.certain else {}

    def end_all(self, ending: str, but: int | None = None) -> None:
        """End whatever is out."""
        for attempt in [each for each in self.out if each != but]:
            self._end(attempt, ending, "maybe", "maybe")


def _worst(leaf: Leaf) -> int:
    """What a call reserves. Where nobody knows its price there is no budget; a simulated one costs nothing."""
    return 0 if leaf.simulated else leaf.cost or 0


def wait_for(awaited: Event) -> Life[None]:
    """Let everything happen up to that event."""
    while (yield) != awaited:
        pass


def _retried(retry: Retry, *, hinted: bool) -> Kinds:
    if retry.on is not None:
        return kinds(retry.on)
    return frozenset(kind for kind, rule in KINDS.items() if rule.retrying == "yes" or (rule.retrying == "hint" and hinted))


def _failed_gates(accept: Accept, text: str) -> int:
    most, data = accept.max_compression_ratio, text.encode()
    loops = most is not None and len(data) / len(zlib.compress(data)) > most
    return int(accept.not_empty and not text.strip()) + int(loops)
