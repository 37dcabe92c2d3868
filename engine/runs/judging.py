"""Guardrails: one after another judges the prompt before anything is sent, or the answer before anybody gets it.

Each gets what the one before it made of the text, and the last word is what is sent or returned (laws G1, G5). A guardrail that
breaks or is late blocks, unless it says `on_error: allow`; then it is named as one that did not check (law G4).
"""

import msgspec
from msgspec.structs import replace

from voxplan.engine.plans.plan import GuardrailStep
from voxplan.engine.runs.progress import Answer, Judging
from voxplan.engine.runs.run import Blocked, Broke, Checked, Event, Passed, Unserved, Verdict
from voxplan.engine.runs.turn import Turn

__all__ = ("Approved", "judge", "resume_judging")

_Steps = tuple[GuardrailStep, ...]


class Approved(msgspec.Struct, frozen=True):
    """Nothing is left to judge: this is the answer to return, or without one the prompt of the run may be sent."""

    answer: Answer | None


def judge(steps: _Steps, answer: Answer | None, end_ms: int | None, turn: Turn) -> Judging | Approved | Unserved:
    """Let `steps` judge `answer`, or the prompt when there is none, one after another until `end_ms`."""
    if not steps:
        return Approved(answer)
    own_ms = turn.now + steps[0].timeout_ms
    until_ms = own_ms if end_ms is None else min(own_ms, end_ms)
    if until_ms <= turn.now:
        return _go_on(steps, answer, end_ms, Broke(why="no time left"), turn)
    return turn.judge(steps, answer, until_ms, end_ms)


def resume_judging(state: Judging, event: Event, turn: Turn) -> Judging | Approved | Unserved:
    """Where the guardrails stand after `event`; an event about another check changes nothing."""
    if not isinstance(event, Checked) or event.check != state.check:
        return state
    verdict = event.verdict if turn.now <= state.until_ms else Broke(why="no verdict in time")
    return _go_on(state.steps, state.answer, state.end_ms, verdict, turn)


def _go_on(
    steps: _Steps, answer: Answer | None, end_ms: int | None, verdict: Verdict, turn: Turn
) -> Judging | Approved | Unserved:
    """What follows from the verdict of the first of `steps`."""
    step, *others = steps
    match verdict:
        case Passed():
            answer = _passed(verdict, answer, turn)
        case Broke() if step.on_error == "allow":
            turn.leave_unchecked(step.name)
        case Blocked(why=why) | Broke(why=why):
            return Unserved(kind="blocked", guardrail=step.name, why=why, broke=isinstance(verdict, Broke))
    return judge(tuple(others), answer, end_ms, turn)


def _passed(verdict: Passed, answer: Answer | None, turn: Turn) -> Answer | None:
    """The answer as the guardrail left it; what it made of the prompt is the run's from now on."""
    if answer is None:
        turn.use_prompt(verdict.prompt)
        return None
    return answer if verdict.transcript is None else replace(answer, transcript=verdict.transcript)
