"""The life of one attempt node: may it start, how a call ended, whether it is tried again."""

from voxplan.engine.failure import AttemptFailure
from voxplan.engine.gates import failed_gates
from voxplan.engine.plan import Attempt
from voxplan.engine.progress import Absent, Accepted, Calling, Fell, Outcome, Pausing
from voxplan.engine.run import AbsenceReason, Answered, Denied, Event, Failed, Woke
from voxplan.engine.transcript import Transcript
from voxplan.engine.turn import Turn

__all__ = ("resume_attempt", "start_attempt")


def start_attempt(node: Attempt, end_ms: int | None, turn: Turn) -> Calling | Outcome:
    """Send the first call of `node`, which must be over by `end_ms`; absent, with the reason noted, if it cannot start."""
    if node.deployment in turn.run.tried:
        turn.skip(node, "tried")
        return Absent()
    if reason := _hindrance(node, end_ms, turn.now, turn):
        turn.skip(node, reason)
        return Absent()
    return turn.call(node, end_ms)


def resume_attempt(state: Calling | Pausing, event: Event, turn: Turn) -> Calling | Pausing | Outcome:
    """Where the node stands after `event`; an event about another call changes nothing."""
    match state, event:
        case Calling(attempt=ours), Answered(attempt=theirs, transcript=transcript) if ours == theirs:
            return _answered(state, transcript, turn)
        case Calling(attempt=ours), Failed(attempt=theirs, failure=failure) if ours == theirs:
            return _failed(state, failure, turn)
        case Calling(attempt=ours), Denied(attempt=theirs, why=why) if ours == theirs:
            return _denied(state, why, turn)
        case Pausing(timer=ours), Woke(timer=theirs) if ours == theirs:
            return _woken(state, turn)
        case _:
            return state


def _hindrance(node: Attempt, end_ms: int | None, at_ms: int, turn: Turn) -> AbsenceReason | None:
    """What keeps a call of `node` from starting at `at_ms`."""
    if node.credential in turn.run.refused:
        return "credential_refused"
    if end_ms is not None and end_ms - at_ms < max(1, node.shortest_ms):
        return "too_little_time"
    return None


def _answered(state: Calling, transcript: Transcript, turn: Turn) -> Pausing | Outcome:
    if turn.now > state.until_ms:
        return _failed(state, _too_late(), turn)
    failed = failed_gates(state.node.gates, transcript)
    if not failed:
        turn.end(state, None)
        return Accepted(state.attempt)
    turn.keep_poor(state.attempt, len(failed))
    failure = AttemptFailure(
        kind="poor_quality", reason="; ".join(failed), sent="yes", charged="yes", request_id=transcript.request_id
    )
    return _failed(state, failure, turn)


def _failed(state: Calling, failure: AttemptFailure, turn: Turn) -> Pausing | Outcome:
    if turn.now > state.until_ms and failure.kind != "timed_out":
        failure = _too_late()
    turn.end(state, failure)
    at_ms = _retry_at(state, failure, turn)
    return Fell(failure.kind) if at_ms is None else turn.pause(state, failure, at_ms)


def _too_late() -> AttemptFailure:
    return AttemptFailure(kind="timed_out", reason="the answer came after the attempt's time")


def _retry_at(state: Calling, failure: AttemptFailure, turn: Turn) -> int | None:
    """When the next call to the same deployment starts; None if there is none."""
    node, wanted_ms = state.node, failure.retry_after_ms
    if state.number > len(node.delays_ms):
        return None
    hinted = wanted_ms is not None and failure.kind in node.retry_on_hint
    if failure.kind not in node.retry_on and not hinted:
        return None
    if wanted_ms is not None and wanted_ms > node.patience_ms:
        return None
    at_ms = turn.now + max(node.delays_ms[state.number - 1], wanted_ms or 0)
    return None if _hindrance(node, state.end_ms, at_ms, turn) else at_ms


def _denied(state: Calling, why: str, turn: Turn) -> Outcome:
    turn.skip(state.node, "denied", why)
    if state.before is not None:
        return Fell(state.before.kind)
    turn.undo(state)
    return Absent()


def _woken(state: Pausing, turn: Turn) -> Calling | Outcome:
    if reason := _hindrance(state.node, state.end_ms, turn.now, turn):
        turn.skip(state.node, reason)
        return Fell(state.before.kind)
    return turn.retry(state)
