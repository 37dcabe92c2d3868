"""One step of a run in the making: the run so far, the moment, and the commands so far.

A Turn lives within one call of `begin` or `advance`; it is where that step writes. Outside it, runs are values.
"""

from msgspec.structs import replace

from voxplan.engine.plans.plan import Attempt, GuardrailStep
from voxplan.engine.runs.ledger import cost, release, reserve, settle
from voxplan.engine.runs.progress import Answer, Calling, Frame, Judging, Pausing, Run
from voxplan.engine.runs.run import (
    AbsenceReason,
    Cancel,
    Cause,
    Check,
    Command,
    Observation,
    Observe,
    Release,
    Send,
    Skipped,
    TrailEntry,
    Wake,
)
from voxplan.engine.terms.failure import AttemptFailure

__all__ = ("Turn",)


class Turn:
    """The run as this step has changed it, and what it commands."""

    def __init__(self, run: Run, moment_ms: int) -> None:
        self.run = run
        self.now = moment_ms
        self.commands: list[Command] = []

    def skip(self, node: Attempt, reason: AbsenceReason, detail: str = "") -> None:
        """Note that `node` did not start."""
        at_ms = self.now - self.run.started_ms
        entry = Skipped(node=node.node, deployment=node.deployment, at_ms=at_ms, reason=reason, detail=detail)
        self.run = replace(self.run, skipped=(*self.run.skipped, entry))

    def call(self, node: Attempt, frame: Frame) -> Calling:
        """Send the first call of `node`."""
        cause: Cause = "hedge" if frame.hedge else "fallback" if self.run.trail or self.run.out else "first"
        self.run = replace(self.run, tried=(*self.run.tried, node.deployment))
        return self._out(Calling(node=node, frame=frame, send=self._send(node, frame, 1, cause)))

    def retry(self, state: Pausing) -> Calling:
        """Send the call that `state` waited for."""
        send = self._send(state.node, state.frame, state.number, "retry")
        return self._out(Calling(node=state.node, frame=state.frame, send=send, before=state.before))

    def wake(self, at_ms: int) -> int:
        """Ask to be woken at `at_ms`; the timer that will do it."""
        timer = self.run.next_timer
        self.run = replace(self.run, next_timer=timer + 1)
        self.commands.append(Wake(timer=timer, at_ms=at_ms))
        return timer

    def judge(self, steps: tuple[GuardrailStep, ...], answer: Answer | None, until_ms: int, end_ms: int | None) -> Judging:
        """Let the first of `steps` judge `answer`, or the prompt when there is none, by `until_ms`."""
        check, prompt, transcript = self.run.next_check, self.run.prompt, None
        self.run = replace(self.run, next_check=check + 1)
        if answer is not None:
            prompt, transcript = None, answer.transcript
        self.commands.append(Check(check=check, guardrail=steps[0], until_ms=until_ms, prompt=prompt, transcript=transcript))
        return Judging(check=check, steps=steps, until_ms=until_ms, end_ms=end_ms, answer=answer)

    def use_prompt(self, prompt: str | None) -> None:
        """Send this prompt from now on; None leaves it as it is."""
        if prompt is not None:
            self.run = replace(self.run, prompt=prompt)

    def leave_unchecked(self, guardrail: str) -> None:
        """Remember that `guardrail` could not judge, and allows that."""
        if guardrail not in self.run.unchecked:
            self.run = replace(self.run, unchecked=(*self.run.unchecked, guardrail))

    def commit(self, calling: Calling) -> None:
        """Let the caller have the text of this call: the run has no other answer from now on."""
        self.run = replace(self.run, committed=calling.send.attempt)
        self.commands.append(Release(attempt=calling.send.attempt))
        self.lose(*(other for other in self.run.out if other is not calling))

    def undo(self, state: Calling) -> None:
        """The call was denied admission: it never went out, and if it was the first, its deployment has not been tried."""
        run, attempt = self.run, state.send.attempt
        out = tuple(calling for calling in run.out if calling is not state)
        tried = run.tried if state.before else tuple(name for name in run.tried if name != state.node.deployment)
        self.run = replace(run, out=out, tried=tried, ledger=release(run.ledger, attempt))

    def end(self, state: Calling, failure: AttemptFailure | None) -> None:
        """The call of `state` ended by itself, accepted when it has no failure."""
        self._end(state, failure, lost=False)
        if failure is not None and failure.kind == "unauthorized":
            self.run = replace(self.run, refused=(*self.run.refused, state.node.credential))

    def lose(self, *losers: Calling) -> None:
        """Stop calls that are out because another one has won."""
        for calling in losers:
            self.commands.append(Cancel(attempt=calling.send.attempt))
            self._end(calling, None, lost=True)

    def cancel(self) -> None:
        """Stop all calls that are out because the caller went away."""
        for calling in self.run.out:
            self.commands.append(Cancel(attempt=calling.send.attempt))
            self._end(calling, AttemptFailure(kind="cancelled", reason="the caller went away"), lost=False)

    def keep_poor(self, answer: Answer) -> None:
        """Remember an answer that failed its gates: it may be the best there will be."""
        self.run = replace(self.run, poor=(*self.run.poor, answer))

    def _send(self, node: Attempt, frame: Frame, number: int, cause: Cause) -> Send:
        attempt = self.run.next_attempt
        own_ms = self.now + node.timeout_ms
        until_ms = own_ms if frame.end_ms is None else min(own_ms, frame.end_ms)
        return Send(
            attempt=attempt,
            node=node.node,
            deployment=node.deployment,
            credential=node.credential,
            number=number,
            at_ms=self.now,
            until_ms=until_ms,
            whole=until_ms == own_ms,
            cause=cause,
            despite_cooling=self.run.plan.cooling_try == node.deployment,
            prompt=self.run.prompt,
            degrades=node.degrades,
            simulated=node.simulated,
        )

    def _out(self, calling: Calling) -> Calling:
        """Send the call; unless it is only simulated, its worst cost is reserved."""
        run, node, attempt = self.run, calling.node, calling.send.attempt
        ledger = run.ledger if node.simulated else reserve(run.ledger, attempt, node.node, node.worst_cost)
        self.run = replace(run, next_attempt=attempt + 1, out=(*run.out, calling), ledger=ledger)
        self.commands.append(calling.send)
        return calling

    def _end(self, state: Calling, failure: AttemptFailure | None, *, lost: bool) -> None:
        """The call is over: settle it, write the trail, let health see it."""
        run, ended_ms = self.run, min(self.now, state.send.until_ms)
        ledger = settle(run.ledger, state.send.attempt, failure)
        entry = _entry(state, failure, run.started_ms, ended_ms, cost(ledger, state.send.attempt), lost=lost)
        out = tuple(calling for calling in run.out if calling is not state)
        self.run = replace(run, out=out, ledger=ledger, trail=(*run.trail, entry))
        self.commands.append(Observe(attempt=state.send.attempt, observation=_observation(state, failure, ended_ms, lost=lost)))


def _entry(
    state: Calling, failure: AttemptFailure | None, began_ms: int, ended_ms: int, most: int | None, *, lost: bool
) -> TrailEntry:
    send = state.send
    return TrailEntry(
        attempt=send.attempt,
        node=send.node,
        deployment=send.deployment,
        number=send.number,
        started_ms=send.at_ms - began_ms,
        ended_ms=ended_ms - began_ms,
        ending="lost" if lost else "accepted" if failure is None else "failed",
        cause=send.cause,
        failure=failure,
        cost=most,
    )


def _observation(state: Calling, failure: AttemptFailure | None, ended_ms: int, *, lost: bool) -> Observation:
    return Observation(
        deployment=state.send.deployment,
        credential=state.send.credential,
        started_ms=state.send.at_ms,
        ended_ms=ended_ms,
        kind=None if failure is None else failure.kind,
        lost=lost,
        whole=state.send.whole,
        retry_after_ms=None if failure is None else failure.retry_after_ms,
        simulated=state.node.simulated is not None,
    )
