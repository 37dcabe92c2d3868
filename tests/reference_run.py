"""The naive second interpreter, second half: one run of what was planned, in a scripted world, by plain recursion.

Every node is a generator. It runs until something must happen first, is sent each event that happens, whomever it is about, and
ends with its outcome. A race holds one generator for each arm under way. `Lived.trace` is what happened; all moments count from
the run's start. Part of `tests.reference`.
"""

import heapq
import itertools
import zlib
from collections.abc import Generator, Sequence
from typing import Literal, NamedTuple, TypeVar

from tests.laws.worlds import Judged, Made, Missed, Trace, World, marked, simulated
from tests.reference import Planned
from tests.reference_rules import Chain, Kinds, Leaf, Step, kinds, least, leaves
from voxplan.engine.language.spec import Accept, Retry
from voxplan.engine.terms.failure import KINDS, FailureKind

__all__ = ("Lived",)

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


class Lived:
    """One run; see the module."""

    def __init__(self, planned: Planned, world: World) -> None:
        self.planned, self.world, self.now = planned, world, 0
        self.ahead: list[Event] = []
        self.out: dict[int, Out] = {}
        self.calls: dict[int, Made] = {}
        self.certain: dict[int, tuple[str, str]] = {}
        self.missed: list[Missed] = []
        self.judged: list[Judged] = []
        self.answers: list[Answer] = []
        self.asked: list[str] = []
        self.refused: set[str] = set()
        self.unchecked: list[str] = []
        self.prompt: str | None = None
        self.released: int | None = None
        self.count = itertools.count(1)
        self.trace = self._live()

    def _live(self) -> Trace:
        answer, text, kind, guardrail = None, None, None, None
        try:
            answer, text = self._drive(self._whole())
        except Over as over:
            kind, guardrail = over.kind, over.guardrail
            self._end_all("cancelled")
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
            prompt=self.prompt if self.calls else None,
            unchecked=tuple(self.unchecked) if answer else (),
            guardrail=guardrail,
            released=None if self.released is None else places[self.released],
        )

    def _drive(self, life: Life[T]) -> T:
        if self.world.cancel_ms is not None:
            self._ahead(self.world.cancel_ms, "1 caller left")
        event = None
        while True:
            try:
                life.send(event)
            except StopIteration as stop:
                result: T = stop.value
                return result
            event = self._happens()

    def _ahead(self, at_ms: int, rank: Rank, number: int | None = None) -> Event:
        event = Event(at_ms, rank, next(self.count) if number is None else number)
        heapq.heappush(self.ahead, event)
        return event

    def _happens(self) -> Event:
        event = heapq.heappop(self.ahead)
        self.now = event.at_ms
        if event.rank == "1 caller left":
            raise Over("cancelled")
        return event

    def _whole(self) -> Life[tuple[Answer | None, str | None]]:
        """The prompt is checked, then the tree is lived through, then its answer is checked."""
        root = self.planned.root
        assert root is not None
        if self.planned.request.options.prompt is not None:
            names = dict.fromkeys(name for leaf in leaves(root) for name in leaf.held.guardrails)
            self.prompt = yield from self._checked("input", names, self.prompt, root.deadline_ms)
        outcome = yield from self._step(root, root.deadline_ms, (), hedged=False)
        self._end_all("lost")
        best = min(self.answers, default=None, key=lambda answer: (answer.failed_gates, answer.attempt))
        if best is None or (outcome != "accepted" and not self.planned.returns_poor()):
            return None, None
        end = best.end_ms if outcome == "accepted" else root.deadline_ms
        return best, (yield from self._checked("output", best.leaf.held.guardrails, best.text, end))

    def _checked(self, stage: str, names: Sequence[str] | dict[str, None], text: str | None, end: int | None) -> Life[str | None]:
        """The text as the guardrails of the stage leave it."""
        for name in names:
            rail = self.planned.spec.guardrails[name]
            if rail.stage == stage:
                says = yield from self._asked_of(name, least(end, self.now + rail.timeout.base_ms) or 0)
                if says == "breaks" and rail.on_error == "allow":
                    self.unchecked.append(name)
                elif says in {"breaks", "blocks"}:
                    raise Over("blocked", name)
                text = marked(text or "", name) if says == "redacts" else text
        return text

    def _asked_of(self, name: str, until: int) -> Life[str]:
        """What the guardrail says by then."""
        (takes_ms, says), start = self.world.judgement(name), self.now
        if until <= start:
            return "breaks"
        in_time = takes_ms is not None and start + takes_ms <= until
        yield from _until(self._ahead(start + takes_ms if takes_ms is not None and in_time else until, "5 judged"))
        self.judged.append(Judged(name, start, self.now, says if in_time else "breaks"))
        return self.judged[-1].says

    def _step(self, step: Step, end: int | None, purses: tuple[Purse, ...], *, hedged: bool) -> Life[Outcome]:
        """One node, entered now: how it ends. `hedged`: beside something that is under way, and nothing was called in it yet."""
        end = least(end, None if step.deadline_ms is None else self.now + step.deadline_ms)
        purses = purses if step.budget is None else (*purses, Purse(step.budget))
        if isinstance(step, Leaf):
            return (yield from self._attempt(step, end, purses, hedged=hedged))
        if step.stagger_ms is not None:
            return (yield from self._race(step, step.stagger_ms, end, purses, hedged=hedged))
        last = None
        for child in step.children:
            outcome = yield from self._step(child, end, purses, hedged=hedged and last is None)
            last = outcome or last
            if outcome is not None and outcome not in step.on:  # where `accepted` never is
                break
        return last

    def _race(self, race: Chain, stagger: int, end: int | None, purses: tuple[Purse, ...], *, hedged: bool) -> Life[Outcome]:
        waiting, due, timer = [*race.children], True, None
        running: list[Life[Outcome]] = []
        fallen: list[FailureKind] = []
        while True:
            while due and waiting:
                arm = self._step(waiting.pop(0), end, purses, hedged=bool(running) or (hedged and not fallen))
                if not _sent(arm, None):  # an absent arm takes no turn
                    running, due = [*running, arm], False
                    timer = self._ahead(self.now + stagger, "6 woke") if waiting else None
            if not running:
                final: list[FailureKind] = [kind for kind in fallen if kind not in race.on]
                return final[0] if final else fallen[-1] if fallen else None
            event = yield
            due = event == timer
            for arm in running:
                for outcome in _sent(arm, event):
                    if outcome == "accepted":
                        return outcome
                    running = [each for each in running if each is not arm]
                    if outcome is not None:
                        fallen.append(outcome)
                    due = outcome is None or outcome in race.on
                    waiting = waiting if due else []

    def _attempt(self, leaf: Leaf, end: int | None, purses: tuple[Purse, ...], *, hedged: bool) -> Life[Outcome]:
        """The first call and its retries."""
        retry: Retry = leaf.held.retry
        outcome: Outcome = None
        for k in range(1 + retry.times):
            why = self._hindrance(leaf, end, purses, k, self.now)
            if why is None and self._denies(leaf):
                why, denied = "denied", self._ahead(self.now, "0 denied")
                yield from _until(denied)
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
            yield from _until(self._ahead(at, "6 woke"))
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
        ends = self._ahead(start + (scripted.takes_ms or 0) if in_time else until, rank, attempt)
        delta = None if scripted.delta_ms is None else Event(start + scripted.delta_ms, "2 delta", attempt)
        if delta is not None and delta <= ends:
            heapq.heappush(self.ahead, delta)
        while (event := (yield)) != ends:
            if event == delta and self._commits(leaf):
                self.released = attempt
                self._end_all("lost", but=attempt)
                while self._happens() != ends:
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

    def _end_all(self, ending: str, but: int | None = None) -> None:
        for attempt in [each for each in self.out if each != but]:
            self._end(attempt, ending, "maybe", "maybe")


def _sent(life: Life[T], event: Event | None) -> list[T]:
    """Let the life go on with the event: the list of its outcome if that ends it, else an empty one."""
    try:
        life.send(event)
    except StopIteration as stop:
        outcome: T = stop.value
        return [outcome]
    return []


def _worst(leaf: Leaf) -> int:
    """What a call reserves. Where nobody knows its price there is no budget; a simulated one costs nothing."""
    return 0 if leaf.simulated else leaf.cost or 0


def _until(awaited: Event) -> Life[None]:
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
