"""A run driven by hand: one event after another, each at its moment, and what came of it."""

from typing import NamedTuple

from tests.plans import failure, plan_of, transcript
from voxplan.engine.plans.plan import Node, Plan
from voxplan.engine.runs.driving import advance, begin
from voxplan.engine.runs.progress import Run
from voxplan.engine.runs.run import (
    AbsenceReason,
    Answered,
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
    Send,
    Verdict,
    Wake,
    Woke,
)
from voxplan.engine.terms.failure import Certainty, FailureKind

__all__ = ("Driven", "drive")


class Driven(NamedTuple):
    """A run after a step, and what that step commanded. Every method is one event and gives the run after it."""

    run: Run
    commands: tuple[Command, ...]

    def after(self, event: Event, at_ms: int) -> "Driven":
        """Any event."""
        return Driven(*advance(self.run, event, at_ms))

    def fails(
        self,
        attempt: int,
        kind: FailureKind,
        at_ms: int,
        *,
        retry_after_ms: int | None = None,
        sent: Certainty = "maybe",
        charged: Certainty = "maybe",
    ) -> "Driven":
        """Call `attempt` fails in this kind."""
        failed = failure(kind, retry_after_ms=retry_after_ms, sent=sent, charged=charged)
        return self.after(Failed(attempt=attempt, failure=failed), at_ms)

    def answers(self, attempt: int, at_ms: int, text: str = "hello there") -> "Driven":
        """Call `attempt` answers this text."""
        return self.after(Answered(attempt=attempt, transcript=transcript(text)), at_ms)

    def hears(self, attempt: int, at_ms: int) -> "Driven":
        """Text of call `attempt` comes."""
        return self.after(Delta(attempt=attempt), at_ms)

    def denies(self, attempt: int, at_ms: int) -> "Driven":
        """Call `attempt` is denied admission."""
        return self.after(Denied(attempt=attempt, why="full"), at_ms)

    def wakes(self, timer: int, at_ms: int) -> "Driven":
        """The moment of `timer` comes."""
        return self.after(Woke(timer=timer), at_ms)

    def checks(self, check: int, verdict: Verdict, at_ms: int) -> "Driven":
        """Check `check` ends."""
        return self.after(Checked(check=check, verdict=verdict), at_ms)

    def leaves(self, at_ms: int) -> "Driven":
        """The caller goes away."""
        return self.after(Cancelled(), at_ms)

    @property
    def sends(self) -> list[Send]:
        """The calls that the step started."""
        return [command for command in self.commands if isinstance(command, Send)]

    @property
    def sent(self) -> list[str]:
        """The deployments that the step called."""
        return [send.deployment for send in self.sends]

    @property
    def checking(self) -> list[Check]:
        """The checks that the step started."""
        return [command for command in self.commands if isinstance(command, Check)]

    @property
    def timers(self) -> list[tuple[int, int]]:
        """The wakes that the step asked for: timer and moment."""
        return [(command.timer, command.at_ms) for command in self.commands if isinstance(command, Wake)]

    @property
    def stopped(self) -> list[int]:
        """The calls that the step cancelled."""
        return [command.attempt for command in self.commands if isinstance(command, Cancel)]

    @property
    def ended(self) -> Ended | None:
        """How the run ended, once it has."""
        return None if self.run.finished is None else self.run.finished.ended

    @property
    def endings(self) -> list[tuple[str, str]]:
        """The calls that have ended: deployment, and kind or ending."""
        return [(entry.deployment, entry.ending if entry.failure is None else entry.failure.kind) for entry in self.run.trail]

    @property
    def skipped(self) -> list[tuple[str, AbsenceReason]]:
        """The attempts that did not start, and why."""
        return [(entry.deployment, entry.reason) for entry in self.run.skipped]


def drive(plan: Plan | Node, moment_ms: int = 0) -> Driven:
    """Begin this plan, or one with this root."""
    return Driven(*begin(plan if isinstance(plan, Plan) else plan_of(plan), moment_ms))
