"""The real shell loop in a scripted world: a performer that does what the world says, and a record of everything done."""

from collections import Counter
from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Generic, TypeVar

import anyio
import anyio.lowlevel
from returns.result import Failure, Success

from tests.laws.simulation import Admission, trace_of
from tests.laws.worlds import Trace, World
from voxplan.engine.failure import AttemptFailure
from voxplan.engine.plan import Plan
from voxplan.engine.run import Observation, Send
from voxplan.engine.transcript import Transcript
from voxplan.io_shell.clock import LoopClock
from voxplan.io_shell.running import Observer, Ran, run_plan

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
    """Performer and admission of one run, and what they saw: calls granted, begun, under way, observed."""

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

    async def perform(self, send: Send) -> Outcome:
        """One call, as the world has it."""
        self.begun.append(send)
        self.under_way.append(send)
        try:
            return await Watched(self._perform(send), self._look)
        finally:
            self.under_way.remove(send)

    async def _perform(self, send: Send) -> Outcome:
        call = self.world.call(send.deployment, send.number)
        if call.takes_ms is None:
            await anyio.sleep_forever()
        else:
            await anyio.sleep_until(self.clock.loop_time(send.at_ms + call.takes_ms))
        for _ in range(self.turns):
            await anyio.lowlevel.checkpoint()
        if call.kind is None:
            return Success(Transcript(text=call.text))
        return Failure(AttemptFailure(kind=call.kind, reason="scripted", retry_after_ms=call.retry_after_ms))


async def run_in(plan: Plan, scripted: Scripted, observers: Sequence[Observer] = (), epoch_ms: int = 0) -> tuple[Ran, Trace]:
    """Run `plan` with the real loop. Call it under virtual time."""
    scripted.clock = LoopClock(epoch_ms)
    ran = await run_plan(plan, scripted.perform, scripted, scripted.clock, observers)
    return ran, trace_of(ran.run, scripted.clock.now_ms())
