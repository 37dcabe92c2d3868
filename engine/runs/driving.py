"""The driver: what to do next in a run, given what just happened.

`begin` starts a plan, `advance` takes one event. Both return the new Run and the commands for the shell, which owns no policy.
A run goes through three phases: input guardrails judge the prompt, the tree of the plan is walked, and the guardrails of the
attempt whose answer was accepted judge that answer. The winner is fixed when it is accepted: what else is out is stopped then.

Total: an event about something that is not under way changes nothing.
"""

from msgspec.structs import replace

from voxplan.engine.plans.plan import Plan
from voxplan.engine.runs.judging import Approved, judge, resume_judging
from voxplan.engine.runs.progress import Absent, Accepted, Answer, Calling, Fell, Frame, Judging, Outcome, Run, State
from voxplan.engine.runs.run import Cancelled, Command, Delta, Ended, Event, Finish, Served, Unserved
from voxplan.engine.runs.turn import Turn
from voxplan.engine.runs.walking import enter, resume
from voxplan.engine.terms.failure import FailureKind, worst

__all__ = ("advance", "begin")

_Step = tuple[Run, tuple[Command, ...]]


def begin(plan: Plan, moment_ms: int) -> _Step:
    """Start `plan` at `moment_ms`."""
    turn = Turn(Run(plan=plan, started_ms=moment_ms), moment_ms)
    return _judged(judge(plan.input_guardrails, None, _end_ms(turn.run), turn), turn)


def advance(run: Run, event: Event, moment_ms: int) -> _Step:
    """The run after `event`, which happened at `moment_ms`, and what the shell has to do now."""
    turn = Turn(run, moment_ms)
    match run.state, event:
        case None, _:
            return run, ()
        case _, Cancelled():
            turn.cancel()
            return _finish(Unserved(kind="cancelled"), turn)
        case Judging() as state, _:
            return _judged(resume_judging(state, event, turn), turn)
        case state, Delta(attempt=attempt):
            return _walked(_heard(state, attempt, turn), turn)
        case state, _:
            return _walked(resume(state, event, turn), turn)


def _end_ms(run: Run) -> int | None:
    """When the run must be over: its root is entered when it begins, whatever its input guardrails take."""
    deadline_ms = run.plan.root.deadline_ms
    return None if deadline_ms is None else run.started_ms + deadline_ms


def _judged(result: Judging | Approved | Unserved, turn: Turn) -> _Step:
    """End the step after a verdict: the next phase begins when all have approved."""
    match result:
        case Judging():
            return _go_on(result, turn)
        case Unserved():
            return _finish(result, turn)
        case Approved(answer=answer):
            return _walk(turn) if answer is None else _finish(_served(answer, turn.run), turn)


def _walk(turn: Turn) -> _Step:
    return _walked(enter(turn.run.plan.root, Frame(end_ms=_end_ms(turn.run)), turn), turn)


def _served(answer: Answer, run: Run) -> Served:
    return Served(attempt=answer.attempt, transcript=answer.transcript, poor=answer.failed_gates > 0, unchecked=run.unchecked)


def _walked(result: State | Outcome, turn: Turn) -> _Step:
    """End the step after a move in the tree: there is an answer to judge when the root has one, or the best poor one."""
    match result:
        case Accepted(answer=answer):
            turn.lose(*turn.run.out)
            return _judge(answer, answer.end_ms, turn)
        case Fell() | Absent():
            best = _best_poor(turn.run)
            return _finish(_unserved(result, turn.run), turn) if best is None else _judge(best, _end_ms(turn.run), turn)
        case _:
            return _go_on(result, turn)


def _judge(answer: Answer, end_ms: int | None, turn: Turn) -> _Step:
    return _judged(judge(answer.node.guardrails, answer, end_ms, turn), turn)


def _heard(state: State, attempt: int, turn: Turn) -> State:
    """Text of a call has come. A run that streams commits to the first call whose text need not be whole: no other goes on."""
    if turn.run.committed is not None or not turn.run.plan.streams:
        return state
    calling = next((each for each in turn.run.out if each.send.attempt == attempt), None)
    if calling is None or not _flows(calling, turn.now):
        return state
    turn.commit(calling)
    return calling


def _flows(calling: Calling, now_ms: int) -> bool:
    """Whether the text of the call may be released before it is whole."""
    return calling.node.gates is None and not calling.node.guardrails and now_ms <= calling.send.until_ms


def _best_poor(run: Run) -> Answer | None:
    """The answer to return when all are poor: the fewest failed gates, then the earliest. None once other text was released."""
    if run.plan.when_all_poor == "fail" or run.committed is not None:
        return None
    return min(run.poor, key=lambda answer: (answer.failed_gates, answer.attempt), default=None)


def _unserved(outcome: Fell | Absent, run: Run) -> Unserved:
    """How a run without an answer ends: in the kind that broke released text off, else in the worst kind, if anything started."""
    if run.committed is not None:
        return Unserved(kind=outcome.kind if isinstance(outcome, Fell) else None)
    kinds: tuple[FailureKind, ...] = tuple(entry.failure.kind for entry in run.trail if entry.failure is not None)
    return Unserved(kind=worst(kinds) if kinds else None)


def _go_on(state: State | Judging, turn: Turn) -> _Step:
    return replace(turn.run, state=state), tuple(turn.commands)


def _finish(ended: Ended, turn: Turn) -> _Step:
    finish = Finish(ended=ended)
    return replace(turn.run, state=None, finished=finish), (*turn.commands, finish)
