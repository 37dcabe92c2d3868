"""The naive second interpreter, second half: one run of what was planned, in a scripted world, by plain recursion.

Every node is a generator. It runs until something must happen first, is sent each event that happens, whomever it is about, and
ends with its outcome. A race holds one generator for each arm under way. `Lived.trace` is what happened; all moments count from
the run's start. Single attempts and their calls are in `tests.reference_calls`. Part of `tests.reference`.
"""

from collections.abc import Iterable
from typing import TypeVar

from tests.laws.worlds import Judged, Trace, World, marked
from tests.reference import Planned
from tests.reference_calls import Answer, Calls, Event, Life, Outcome, Over, Purse, wait_for
from tests.reference_rules import Chain, Leaf, Step, least, leaves
from voxplan.engine.terms.failure import KINDS, FailureKind

__all__ = ("Lived",)

T = TypeVar("T")


class Lived(Calls):
    """One run; see the module."""

    def __init__(self, planned: Planned, world: World) -> None:
        super().__init__(planned, world)
        self.judged: list[Judged] = []
        self.unchecked: list[str] = []
        self.prompt: str | None = None
        self.trace = self._live()

    def _live(self) -> Trace:
        answer, text, kind, guardrail = None, None, None, None
        try:
            answer, text = self._drive(self._whole())
        except Over as over:
            kind, guardrail = over.kind, over.guardrail
            self.end_all("cancelled")
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
            self.ahead(self.world.cancel_ms, "1 caller left")
        event = None
        while True:
            try:
                life.send(event)
            except StopIteration as stop:
                result: T = stop.value
                return result
            event = self.happens()

    def _whole(self) -> Life[tuple[Answer | None, str | None]]:
        """The prompt is checked, then the tree is lived through, then its answer is checked."""
        root = self.planned.root
        assert root is not None
        if self.planned.request.options.prompt is not None:
            names = dict.fromkeys(name for leaf in leaves(root) for name in leaf.held.guardrails)
            self.prompt = yield from self._checked("input", names, self.prompt, root.deadline_ms)
        outcome = yield from self._step(root, root.deadline_ms, (), hedged=False)
        self.end_all("lost")
        best = min(self.answers, default=None, key=lambda answer: (answer.failed_gates, answer.attempt))
        if best is None or (outcome != "accepted" and not self.planned.returns_poor()):
            return None, None
        end = best.end_ms if outcome == "accepted" else root.deadline_ms
        return best, (yield from self._checked("output", best.leaf.held.guardrails, best.text, end))

    def _checked(self, stage: str, names: Iterable[str], text: str | None, end: int | None) -> Life[str | None]:
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
        yield from wait_for(self.ahead(start + takes_ms if takes_ms is not None and in_time else until, "5 judged"))
        self.judged.append(Judged(name, start, self.now, says if in_time else "breaks"))
        return self.judged[-1].says

    def _step(self, step: Step, end: int | None, purses: tuple[Purse, ...], *, hedged: bool) -> Life[Outcome]:
        """One node, entered now: how it ends. `hedged`: beside something that is under way, and nothing was called in it yet."""
        end = least(end, None if step.deadline_ms is None else self.now + step.deadline_ms)
        purses = purses if step.budget is None else (*purses, Purse(step.budget))
        if isinstance(step, Leaf):
            return (yield from self.attempt(step, end, purses, hedged=hedged))
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
                    timer = self.ahead(self.now + stagger, "6 woke") if waiting else None
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


def _sent(life: Life[T], event: Event | None) -> list[T]:
    """Let the life go on with the event: the list of its outcome if that ends it, else an empty one."""
    try:
        life.send(event)
    except StopIteration as stop:
        outcome: T = stop.value
        return [outcome]
    return []
