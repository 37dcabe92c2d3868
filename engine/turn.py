"""One step of a run in the making: the run so far, the moment, and the commands so far.

A Turn lives within one call of `begin` or `advance`; it is where that step writes. Outside it, runs are values.
"""

from msgspec.structs import replace

from voxplan.engine.failure import AttemptFailure
from voxplan.engine.plan import Attempt
from voxplan.engine.progress import Calling, Pausing, Run
from voxplan.engine.run import AbsenceReason, Cancel, Command, Observation, Observe, Send, Skipped, TrailEntry, Wake

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

    def call(self, node: Attempt, end_ms: int | None) -> Calling:
        """Send the first call of `node`."""
        self.run = replace(self.run, tried=(*self.run.tried, node.deployment))
        return self._send(node, 1, end_ms, None)

    def retry(self, state: Pausing) -> Calling:
        """Send the call that `state` waited for."""
        return self._send(state.node, state.number, state.end_ms, state.before)

    def pause(self, state: Calling, failure: AttemptFailure, at_ms: int) -> Pausing:
        """Wait until `at_ms` before the next call to the same deployment."""
        timer = self.run.next_timer
        self.run = replace(self.run, next_timer=timer + 1)
        self.commands.append(Wake(timer=timer, at_ms=at_ms))
        return Pausing(node=state.node, timer=timer, number=state.number + 1, end_ms=state.end_ms, before=failure)

    def undo(self, state: Calling) -> None:
        """The call was denied admission: its deployment has not been tried."""
        tried = tuple(name for name in self.run.tried if name != state.node.deployment)
        self.run = replace(self.run, tried=tried)

    def end(self, state: Calling, failure: AttemptFailure | None) -> None:
        """The call of `state` ended: write the trail, let health see it, remember a refused credential."""
        began, ended_ms = self.run.started_ms, min(self.now, state.until_ms)
        entry = TrailEntry(
            attempt=state.attempt,
            node=state.node.node,
            deployment=state.node.deployment,
            number=state.number,
            started_ms=state.started_ms - began,
            ended_ms=ended_ms - began,
            ending="accepted" if failure is None else "failed",
            failure=failure,
        )
        self.run = replace(self.run, trail=(*self.run.trail, entry))
        if failure is not None and failure.kind == "unauthorized":
            self.run = replace(self.run, refused=(*self.run.refused, state.node.credential))
        self.commands.append(Observe(attempt=state.attempt, observation=_observation(state, failure, ended_ms)))

    def keep_poor(self, attempt: int, failed_gates: int) -> None:
        """Remember an answer that failed its gates: it may be the best there will be."""
        self.run = replace(self.run, poor=(*self.run.poor, (failed_gates, attempt)))

    def cancel(self, state: Calling) -> None:
        """Stop a call that is out."""
        self.commands.append(Cancel(attempt=state.attempt))
        self.end(state, AttemptFailure(kind="cancelled", reason="the caller went away"))

    def _send(self, node: Attempt, number: int, end_ms: int | None, before: AttemptFailure | None) -> Calling:
        attempt = self.run.next_attempt
        self.run = replace(self.run, next_attempt=attempt + 1)
        own_ms = self.now + node.timeout_ms
        until_ms = own_ms if end_ms is None else min(own_ms, end_ms)
        self.commands.append(
            Send(
                attempt=attempt,
                node=node.node,
                deployment=node.deployment,
                credential=node.credential,
                number=number,
                at_ms=self.now,
                until_ms=until_ms,
                whole=until_ms == own_ms,
                despite_cooling=self.run.plan.cooling_try == node.deployment,
            )
        )
        return Calling(
            node=node,
            attempt=attempt,
            number=number,
            started_ms=self.now,
            until_ms=until_ms,
            whole=until_ms == own_ms,
            end_ms=end_ms,
            before=before,
        )


def _observation(state: Calling, failure: AttemptFailure | None, ended_ms: int) -> Observation:
    return Observation(
        deployment=state.node.deployment,
        credential=state.node.credential,
        started_ms=state.started_ms,
        ended_ms=ended_ms,
        kind=None if failure is None else failure.kind,
        whole=state.whole,
        retry_after_ms=None if failure is None else failure.retry_after_ms,
    )
