"""The real shell loop in a scripted world: a performer and a judge that do what the world says, and a record of all done."""

from collections import Counter
from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Generic, TypeVar

import anyio
import anyio.lowlevel
from returns.result import Failure, Success

from tests.laws.simulation import Admission, trace_of
from tests.laws.worlds import Trace, World, failure_of, verdict_of
from voxplan.engine.plans.plan import Plan
from voxplan.engine.runs.run import Check, Observation, Send, Verdict
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.transcript import Transcript
from voxplan.io_shell.clock import LoopClock
from voxplan.io_shell.running import Happened, Observer, Ran, Tell, run_plan

__all__ = ("Scripted", "Watched", "run_in")

Outcome = Success[Transcript] | Failure[AttemptFailure]
T = TypeVar("T")


class Watched(Generic[T]):
    """An awaitable that calls `look` at every point where it waits, just before it does."""

    def __init__(self, inner: Awaitable[T], look: Callable[[], None]) -> None:
        """Watch `inner`."""
        self._inner = inner
        self._look = look

    def __await__(self) -> Generator[object, object, T]:
        """Run `inner` step by step: what it waits for is handed on, what comes back is handed in."""
        steps = self._inner.__await__()
        try:
            waiting: object = next(steps)
            while True:
                self._look()
                try:
                    back = yield waiting
                except BaseException as error:  # noqa: BLE001 - whatever comes is for `inner` to judge
                    waiting = steps.throw(error)
                else:
                    waiting = steps.send(back)
        except StopIteration as stop:
            result: T = stop.value
            return result


class Scripted:
    """Performer, judge and admission of one run, and what they saw: calls granted, begun, under way, observed; checks begun."""

    def __init__(
        self, world: World, *, turns: int = 0, admission: Admission | None = None, look: Callable[[], None] = lambda: None
    ) -> None:
        """Play `world`.

        `turns`: how many turns of the event loop a call needs between the end of its waiting and its answer. `admission` may
        deny what the world does not. `look` is called wherever a call waits.
        """
        self.world = world
        self.turns = turns
        self.granted: list[Send] = []
        self.begun: list[Send] = []
        self.under_way: list[Send] = []
        self.observed: list[Observation] = []
        self.judging: list[Check] = []
        self.clock: LoopClock
        self._admission = admission
        self._look = look
        self._asked: Counter[str] = Counter()

    def admit(self, send: Send, moment_ms: int) -> str | None:
        """Deny what the world denies, and what the admission behind it does."""
        assert moment_ms == send.at_ms
        self._asked[send.deployment] += 1
        if (send.deployment, self._asked[send.deployment]) in self.world.denied:
            return "scripted"
        denied = None if self._admission is None else self._admission.admit(send, moment_ms)
        self.granted += [] if denied else [send]
        return denied

    def observe(self, observation: Observation) -> None:
        """Remember it."""
        self.observed.append(observation)
        if self._admission is not None:
            self._admission.observe(observation)

    async def perform(self, send: Send, tell: Tell) -> Outcome:
        """One call, as the world has it."""
        self.begun.append(send)
        self.under_way.append(send)
        try:
            return await Watched(self._perform(send, tell), self._look)
        finally:
            self.under_way.remove(send)

    async def judge(self, check: Check) -> Verdict:
        """One check, as the world has it."""
        self.judging.append(check)
        return await Watched(self._judge(check, self.clock.now_ms()), self._look)

    async def _perform(self, send: Send, tell: Tell) -> Outcome:
        call = self.world.call(send.deployment, send.number)
        if call.delta_ms is not None and (call.takes_ms is None or call.delta_ms <= call.takes_ms):
            await self._sleep_until(send.at_ms + call.delta_ms)
            tell()
        await self._sleep_until(None if call.takes_ms is None else send.at_ms + call.takes_ms)
        await self._turn()
        if call.kind is None:
            return Success(Transcript(text=call.text))
        return Failure(failure_of(call.kind, call))

    async def _judge(self, check: Check, now_ms: int) -> Verdict:
        takes_ms, says = self.world.judgement(check.guardrail.name)
        await self._sleep_until(None if takes_ms is None else now_ms + takes_ms)
        await self._turn()
        return verdict_of(check, says)

    async def _sleep_until(self, moment_ms: int | None) -> None:
        if moment_ms is None:
            await anyio.sleep_forever()
        else:
            await anyio.sleep_until(self.clock.loop_time(moment_ms))

    async def _turn(self) -> None:
        for _ in range(self.turns):
            await anyio.lowlevel.checkpoint()


async def run_in(plan: Plan, scripted: Scripted, observers: Sequence[Observer] = (), epoch_ms: int = 0) -> tuple[Ran, Trace]:
    """Run `plan` with the real loop. Call it under virtual time."""
    told: list[Happened] = []
    scripted.clock = LoopClock(epoch_ms)
    ran = await run_plan(plan, scripted.perform, scripted, scripted.clock, (*observers, told.append), scripted.judge)
    moments = tuple((each.moment_ms, each.what) for each in told)
    return ran, trace_of(ran.run, moments, scripted.clock.now_ms())
