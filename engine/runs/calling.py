"""The life of one attempt node: may it start, how a call ended, whether it is tried again."""

from msgspec.structs import replace

from voxplan.engine.plans.plan import Attempt
from voxplan.engine.runs.gates import failed_gates
from voxplan.engine.runs.ledger import affords, may_replay
from voxplan.engine.runs.progress import Absent, Accepted, Answer, Calling, Fell, Frame, Outcome, Pausing
from voxplan.engine.runs.run import AbsenceReason, Answered, Denied, Event, Failed, Woke
from voxplan.engine.runs.turn import Turn
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.transcript import Transcript

__all__ = ("resume_attempt", "start_attempt")


def start_attempt(node: Attempt, frame: Frame, turn: Turn) -> Calling | Absent:
    """Send the first call of `node`; absent, with the reason noted, if it cannot start."""
    tried = node.deployment in turn.run.tried
    reason: AbsenceReason | None = "tried" if tried else _hindrance(node, frame, turn.now, turn)
    if reason is not None:
        turn.skip(node, reason)
        return Absent()
    return turn.call(node, frame)


def resume_attempt(state: Calling | Pausing, event: Event, turn: Turn) -> Calling | Pausing | Outcome:
    """Where the node stands after `event`; an event about another call changes nothing."""
    match state, event:
        case Calling(send=ours), Answered(attempt=theirs, transcript=transcript) if ours.attempt == theirs:
            return _answered(state, transcript, turn)
        case Calling(send=ours), Failed(attempt=theirs, failure=failure) if ours.attempt == theirs:
            return _failed(state, failure, turn)
        case Calling(send=ours), Denied(attempt=theirs, why=why) if ours.attempt == theirs:
            return _denied(state, why, turn)
        case Pausing(timer=ours), Woke(timer=theirs) if ours == theirs:
            return _woken(state, turn)
        case _:
            return state


def _hindrance(node: Attempt, frame: Frame, at_ms: int, turn: Turn) -> AbsenceReason | None:
    """What keeps a call of `node` from starting at `at_ms`, as things stand now."""
    if node.credential in turn.run.refused:
        return "credential_refused"
    if frame.end_ms is not None and frame.end_ms - at_ms < max(1, node.shortest_ms):
        return "too_little_time"
    if not may_replay(turn.run.ledger, node.replay):
        return "replay"
    if not affords(turn.run.ledger, frame.budgets, 0 if node.simulated else node.worst_cost):
        return "budget"
    return None


def _answered(state: Calling, transcript: Transcript, turn: Turn) -> Pausing | Outcome:
    if turn.now > state.send.until_ms:
        return _failed(state, _too_late(), turn)
    answer = Answer(attempt=state.send.attempt, node=state.node, transcript=transcript, end_ms=state.frame.end_ms)
    failed = failed_gates(state.node.gates, transcript)
    if not failed:
        turn.end(state, None)
        return Accepted(answer)
    turn.keep_poor(replace(answer, failed_gates=len(failed)))
    failure = AttemptFailure(
        kind="poor_quality", reason="; ".join(failed), sent="yes", charged="yes", request_id=transcript.request_id
    )
    return _failed(state, failure, turn)


def _failed(state: Calling, failure: AttemptFailure, turn: Turn) -> Pausing | Outcome:
    if turn.now > state.send.until_ms and failure.kind != "timed_out":
        failure = _too_late()
    turn.end(state, failure)
    at_ms = _retry_at(state, failure, turn)
    if at_ms is None:
        return Fell(failure.kind)
    number = state.send.number + 1
    return Pausing(node=state.node, frame=state.frame, timer=turn.wake(at_ms), number=number, before=failure)


def _too_late() -> AttemptFailure:
    return AttemptFailure(kind="timed_out", reason="the answer came after the attempt's time")


def _retry_at(state: Calling, failure: AttemptFailure, turn: Turn) -> int | None:
    """When the next call to the same deployment starts; None if there is none."""
    node, number, wanted_ms = state.node, state.send.number, failure.retry_after_ms
    if number > len(node.delays_ms) or turn.run.committed is not None:
        return None
    hinted = wanted_ms is not None and failure.kind in node.retry_on_hint
    if failure.kind not in node.retry_on and not hinted:
        return None
    if wanted_ms is not None and wanted_ms > node.patience_ms:
        return None
    at_ms = turn.now + max(node.delays_ms[number - 1], wanted_ms or 0)
    return None if _hindrance(node, state.frame, at_ms, turn) else at_ms


def _denied(state: Calling, why: str, turn: Turn) -> Outcome:
    turn.skip(state.node, "denied", why)
    turn.undo(state)
    return Absent() if state.before is None else Fell(state.before.kind)


def _woken(state: Pausing, turn: Turn) -> Calling | Outcome:
    if reason := _hindrance(state.node, state.frame, turn.now, turn):
        turn.skip(state.node, reason)
        return Fell(state.before.kind)
    return turn.retry(state)
