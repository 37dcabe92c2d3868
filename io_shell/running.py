"""The shell's loop: it does what the driver commands and reports what happens. It owns no policy.

Every call and every check is an errand in a task of its own. The loop takes what happened, one event after another, to the
driver, and carries out what that commands; a denial is answered before anything else can happen.
"""

import logging
import traceback
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, Protocol

import anyio
import msgspec
from returns.result import Failure, Success

from voxplan.engine.plans.plan import Plan
from voxplan.engine.runs.driving import advance, begin
from voxplan.engine.runs.progress import Run
from voxplan.engine.runs.run import (
    Answered,
    Broke,
    Cancel,
    Cancelled,
    Check,
    Checked,
    Command,
    Delta,
    Denied,
    Ended,
    Event,
    Failed,
    Finish,
    Observation,
    Observe,
    Release,
    Send,
    Verdict,
    Wake,
    Woke,
)
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.transcript import Transcript
from voxplan.io_shell.clock import Clock
from voxplan.io_shell.errands import Errands

__all__ = (
    "Admission",
    "CallOutcome",
    "Happened",
    "Judge",
    "Observer",
    "Performer",
    "Ran",
    "Tell",
    "run_plan",
)

_LOG: Final = logging.getLogger("voxplan")

CallOutcome = Success[Transcript] | Failure[AttemptFailure]
Tell = Callable[[], None]
Performer = Callable[[Send, Tell], Awaitable[CallOutcome]]
"""Carries out one call, and tells when text comes before the end. It is cancelled when the call's time is over."""

Judge = Callable[[Check], Awaitable[Verdict]]
"""Carries out one check. It is cancelled when the check's time is over."""


class Admission(Protocol):
    """Who grants slots and hears how calls ended; see `keeper`."""

    def admit(self, send: Send, moment_ms: int) -> str | None:
        """Take a slot for `send`, or say in one line why not."""
        ...

    def observe(self, observation: Observation) -> None:
        """A call ended."""
        ...


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened in a run: a command that was carried out, or an event that was reported."""

    moment_ms: int
    what: Command | Event


Observer = Callable[[Happened], None]


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is over, and how: with the transcript that it serves, or without one."""

    run: Run
    ended: Ended


async def _no_judge(check: Check) -> Verdict:
    return Broke(why=f"nobody here carries out `{check.guardrail.name}`")


async def run_plan(
    plan: Plan,
    perform: Performer,
    admission: Admission,
    clock: Clock,
    observers: Sequence[Observer] = (),
    judge: Judge = _no_judge,
) -> Ran:
    """Carry out `plan` and return how it ended. Cancelled from outside, it stops every call and observes them as cancelled."""
    errands = Errands(clock)
    loop = _Loop(_Performing(perform, judge), admission, errands, observers)
    async with anyio.create_task_group() as tasks:
        errands.enter(tasks)
        moment_ms = clock.now_ms()
        loop.take(begin(plan, moment_ms), moment_ms)
        try:
            await loop.finish()
        except anyio.get_cancelled_exc_class():
            loop.hand_over(clock.now_ms(), Cancelled())
            raise
        finally:
            errands.close()
    return loop.ran()


_Step = tuple[Run, tuple[Command, ...]]


class _Loop:
    """Between the driver, whose run it holds, and everybody who carries out its commands."""

    def __init__(self, performing: "_Performing", admission: Admission, errands: Errands, observers: Sequence[Observer]) -> None:
        self._performing = performing
        self._admission = admission
        self._errands = errands
        self._observers = observers
        self._denied: deque[Denied] = deque()
        self._told: set[int] = set()
        self._run: Run

    def take(self, step: _Step, moment_ms: int) -> None:
        """Carry out what the driver commands; then answer it for what was denied, before anything else can happen."""
        self._carry_out(step, moment_ms)
        while self._denied:
            denied = self._denied.popleft()
            self._tell(moment_ms, denied)
            self._carry_out(advance(self._run, denied, moment_ms), moment_ms)

    def hand_over(self, moment_ms: int, event: Event) -> None:
        """Report what happened, and do what follows."""
        self._tell(moment_ms, event)
        self.take(advance(self._run, event, moment_ms), moment_ms)

    async def finish(self) -> None:
        """Go on until the run is over."""
        while self._run.finished is None:
            self.hand_over(*await self._errands.next())

    def ran(self) -> Ran:
        """The run that is over."""
        finish = self._run.finished
        if finish is None:
            raise RuntimeError("the run is not over")
        return Ran(run=self._run, ended=finish.ended)

    def _carry_out(self, step: _Step, moment_ms: int) -> None:
        """The driver's commands, in order and without waiting."""
        self._run, commands = step
        for command in commands:
            self._tell(moment_ms, command)
            self._obey(command, moment_ms)

    def _tell(self, moment_ms: int, what: Command | Event) -> None:
        """Let the observers see it; one that raises is logged and changes nothing (law X4)."""
        for observer in self._observers:
            try:
                observer(Happened(moment_ms=moment_ms, what=what))
            except Exception:  # noqa: BLE001 - whatever an embedding service's observer does wrong stays its own
                _LOG.exception("an observer of the run raised")

    def _obey(self, command: Command, moment_ms: int) -> None:
        match command:
            case Send():
                self._send(command, moment_ms)
            case Check():
                self._check(command, moment_ms)
            case Wake(timer=timer, at_ms=at_ms):
                self._errands.remind(at_ms, Woke(timer=timer))
            case Cancel(attempt=attempt):
                self._errands.stop(("call", attempt))
            case Observe(observation=observation):
                self._admission.observe(observation)
            case Release() | Finish():
                pass  # for the observers: whoever streams text listens for the first, and the last is in the run

    def _send(self, send: Send, moment_ms: int) -> None:
        if send.simulated is not None:
            failure = AttemptFailure(kind=send.simulated, reason="simulated", sent="no", charged="no")
            self._errands.put(moment_ms, Failed(attempt=send.attempt, failure=failure))
            return
        denied = self._admission.admit(send, moment_ms)
        if denied is not None:
            self._denied.append(Denied(attempt=send.attempt, why=denied))
            return
        failure = AttemptFailure(kind="timed_out", reason=f"no whole answer within {send.until_ms - send.at_ms} ms")
        late = Failed(attempt=send.attempt, failure=failure)
        call = partial(self._performing.call, send, partial(self._text_came, send.attempt))
        self._errands.start(("call", send.attempt), call, send.until_ms, late)

    def _text_came(self, attempt: int) -> None:
        """Only the first text of a call is an event: that is the one that commits the run."""
        if attempt not in self._told:
            self._told.add(attempt)
            self._errands.say(("call", attempt), Delta(attempt=attempt))

    def _check(self, check: Check, moment_ms: int) -> None:
        late = Checked(check=check.check, verdict=Broke(why=f"no verdict within {check.until_ms - moment_ms} ms"))
        self._errands.start(("check", check.check), partial(self._performing.check, check), check.until_ms, late)


class _Performing:
    """The boundary to those who carry out calls and checks: whatever they raise becomes an event."""

    def __init__(self, perform: Performer, judge: Judge) -> None:
        self._perform = perform
        self._judge = judge

    async def call(self, send: Send, tell: Tell) -> Event:
        """How a call ended."""
        try:
            outcome = await self._perform(send, tell)
        except Exception as bug:  # noqa: BLE001 - the one boundary where our own faults become the failure `adapter_bug`
            _LOG.exception("the adapter of deployment `%s` raised", send.deployment)
            reason = f"{type(bug).__name__} in the adapter of `{send.deployment}`"
            return Failed(attempt=send.attempt, failure=AttemptFailure(kind="adapter_bug", reason=reason))
        if isinstance(outcome, Failure):
            return Failed(attempt=send.attempt, failure=outcome.failure())
        return Answered(attempt=send.attempt, transcript=outcome.unwrap())

    async def check(self, check: Check) -> Event:
        """How a check ended."""
        try:
            verdict = await self._judge(check)
        except Exception as fault:  # noqa: BLE001 - whatever a guardrail does wrong, nothing passes it (law G4)
            # Where it went wrong, without the fault's own text: that may hold what was said.
            trace = "".join(traceback.format_tb(fault.__traceback__))
            _LOG.error("the guardrail `%s` raised %s\n%s", check.guardrail.name, type(fault).__name__, trace)
            verdict = Broke(why=f"{type(fault).__name__} in the guardrail")
        return Checked(check=check.check, verdict=verdict)
