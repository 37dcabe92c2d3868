"""`rehearse`: a run of a plan in a scripted world, with nobody sending anything and no time passing.

It does what a shell must do at least: a call that was sent ends as the script says or at its `until`, a wake comes when it is
due, and what happens at one instant happens in the engine's order. The driver is the real one, so whatever holds in a rehearsal
holds in a run in which providers behave like that. Admission denies nothing, and answers come whole: there are no deltas.
"""

import heapq
import itertools
from collections.abc import Mapping
from typing import Final, Literal, Protocol, assert_never

import msgspec

from voxplan.engine.plans.plan import Plan
from voxplan.engine.runs.driving import advance, begin
from voxplan.engine.runs.progress import Run
from voxplan.engine.runs.run import (
    Answered,
    Cancel,
    Check,
    Checked,
    Command,
    Ended,
    Event,
    Failed,
    Finish,
    Observe,
    Passed,
    Release,
    Send,
    Verdict,
    Wake,
    Woke,
    precedence,
)
from voxplan.engine.terms.failure import AttemptFailure, Certainty, FailureKind
from voxplan.engine.terms.transcript import Transcript

__all__ = ("Happening", "Rehearsal", "Reply", "Script", "World", "rehearse")


class Reply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one call comes to, after `after_ms`: a transcript of `text`, a failure, or nothing ever (`hangs`)."""

    result: Literal["ok", "hangs"] | FailureKind = "ok"
    after_ms: int = 0
    text: str = "A transcript."
    retry_after_ms: int | None = None


class Script(Protocol):
    """What happens outside the router. It is asked once for each call and check, in the order in which they start."""

    def reply(self, send: Send) -> Reply:
        """What the call comes to."""
        ...

    def verdict(self, check: Check) -> Verdict:
        """What the guardrail says, at once."""
        ...


class World(msgspec.Struct, frozen=True, kw_only=True):
    """A script as a table: for each deployment what its calls come to, in order.

    When its replies are used up, the last one repeats; a deployment that is not named always replies `otherwise`. A guardrail
    without a verdict passes everything.
    """

    replies: dict[str, tuple[Reply, ...]] = {}
    verdicts: dict[str, Verdict] = {}
    otherwise: Reply = Reply()

    def reply(self, send: Send) -> Reply:
        """The reply to the `number`-th call."""
        replies = self.replies.get(send.deployment)
        return replies[min(send.number, len(replies)) - 1] if replies else self.otherwise

    def verdict(self, check: Check) -> Verdict:
        """The verdict of this guardrail."""
        return self.verdicts.get(check.guardrail.name, _PASSED)


_PASSED: Final = Passed()


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """One command that was given or one event that came of it, and when."""

    at_ms: int
    what: Command | Event


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """A finished run, when it ended, how, and everything that happened in it in order."""

    run: Run
    ended_ms: int
    ended: Ended
    happenings: tuple[Happening, ...]


def rehearse(plan: Plan, script: Script, moment_ms: int = 0) -> Rehearsal:
    """The run of `plan` that begins at `moment_ms`, if things go as in `script`."""
    ahead, happenings = _Ahead(script), list[Happening]()
    (run, commands), now_ms = begin(plan, moment_ms), moment_ms
    while True:
        happenings += (Happening(at_ms=now_ms, what=command) for command in commands)
        finish = next((command for command in commands if isinstance(command, Finish)), None)
        if finish is not None:
            return Rehearsal(run=run, ended_ms=now_ms, ended=finish.ended, happenings=tuple(happenings))
        for command in commands:
            ahead.obey(command, now_ms)
        # INVARIANT: a run that is not over waits for a call, a check or a wake, so there is something ahead.
        now_ms, event = ahead.take()
        happenings.append(Happening(at_ms=now_ms, what=event))
        run, commands = advance(run, event, now_ms)


class _Ahead:
    """The events to come, in order. Lives within one rehearsal."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._queue: list[tuple[int, tuple[int, int], int, Event]] = []
        self._count = itertools.count()

    def take(self) -> tuple[int, Event]:
        """The next event and its moment."""
        at_ms, _, _, event = heapq.heappop(self._queue)
        return at_ms, event

    def obey(self, command: Command, now_ms: int) -> None:
        """Plan ahead what follows from `command`."""
        match command:
            case Send():
                self._send(command, now_ms)
            case Wake(timer=timer, at_ms=at_ms):
                self._put(at_ms, Woke(timer=timer))
            case Check(check=check):
                self._put(now_ms, Checked(check=check, verdict=self._script.verdict(command)))
            case Cancel() | Observe() | Release() | Finish():
                pass
            case _:
                assert_never(command)

    def _send(self, send: Send, now_ms: int) -> None:
        if send.simulated is not None:
            failure = AttemptFailure(kind=send.simulated, reason="simulated", sent="no", charged="no")
            self._put(now_ms, Failed(attempt=send.attempt, failure=failure))
            return
        reply = self._script.reply(send)
        ends_ms = now_ms + reply.after_ms
        if reply.result == "hangs" or ends_ms > send.until_ms:
            self._put(send.until_ms, Failed(attempt=send.attempt, failure=_failure("timed_out", None)))
        elif reply.result == "ok":
            self._put(ends_ms, Answered(attempt=send.attempt, transcript=Transcript(text=reply.text)))
        else:
            self._put(ends_ms, Failed(attempt=send.attempt, failure=_failure(reply.result, reply.retry_after_ms)))

    def _put(self, at_ms: int, event: Event) -> None:
        # The count keeps the heap from comparing events.
        heapq.heappush(self._queue, (at_ms, precedence(event), next(self._count), event))


def _failure(kind: FailureKind, retry_after_ms: int | None) -> AttemptFailure:
    sent, charged = _CERTAINTY.get(kind, ("maybe", "maybe"))
    return AttemptFailure(kind=kind, reason="scripted", sent=sent, charged=charged, retry_after_ms=retry_after_ms)


# Whether the audio left and is billed when a call fails in this kind, as the adapters find it most often.
_CERTAINTY: Final[Mapping[FailureKind, tuple[Certainty, Certainty]]] = {
    "not_connected": ("no", "no"),
    "rate_limited": ("yes", "no"),
    "out_of_quota": ("yes", "no"),
    "unauthorized": ("yes", "no"),
    "not_found": ("yes", "no"),
    "too_large": ("yes", "no"),
    "unsupported": ("yes", "no"),
    "poor_quality": ("yes", "yes"),
    "overloaded": ("yes", "maybe"),
    "server_error": ("yes", "maybe"),
    "bad_answer": ("yes", "maybe"),
    "content_filtered": ("yes", "maybe"),
    "invalid_request": ("yes", "maybe"),
}
