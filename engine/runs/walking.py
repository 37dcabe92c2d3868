"""The walk through a plan's tree: how a node is entered, and how it goes on when something has happened below it.

A node ends in one of three outcomes: accepted, failed with a kind, or absent (it could not start). An accepted answer passes
through every node above it, so it ends the walk: nothing here stops the arms that lost, which is the run's last act.
"""

from msgspec.structs import replace

from voxplan.engine.plans.plan import Attempt, First, Node, Race
from voxplan.engine.runs.calling import resume_attempt, start_attempt
from voxplan.engine.runs.progress import Absent, Accepted, Calling, Fell, Frame, Outcome, Pausing, Racing, State, Trying
from voxplan.engine.runs.run import Event, Woke
from voxplan.engine.runs.turn import Turn
from voxplan.engine.terms.failure import FailureKind

__all__ = ("enter", "resume")


def enter(node: Node, outer: Frame, turn: Turn) -> State | Absent:
    """Start `node` now, inside what holds around it. It has called nobody yet, so it is under way or absent."""
    frame = _inside(node, outer, turn.now)
    match node:
        case Attempt():
            return start_attempt(node, frame, turn)
        case First():
            return _start_child(node, frame, 0, Absent(), turn) or Absent()
        case Race():
            state = _start_arm(Racing(node=node, frame=frame), turn)
            return state if state.arms else Absent()


def resume(state: State, event: Event, turn: Turn) -> State | Outcome:
    """Where the node of `state` stands after `event`; the same state if the event is not about it."""
    match state:
        case Calling() | Pausing():
            return resume_attempt(state, event, turn)
        case Trying():
            return _resume_first(state, event, turn)
        case Racing():
            return _resume_race(state, event, turn)


def _inside(node: Node, outer: Frame, now_ms: int) -> Frame:
    """What holds inside `node`, entered now: the earlier end, and one more budget."""
    ends = [end for end in (outer.end_ms, None if node.deadline_ms is None else now_ms + node.deadline_ms) if end is not None]
    own = () if node.budget is None else ((node.node, node.budget),)
    return replace(outer, end_ms=min(ends, default=None), budgets=(*outer.budgets, *own))


def _start_child(node: First, frame: Frame, index: int, last: Fell | Absent, turn: Turn) -> Trying | None:
    """Start the first child of `node` from `index` on that can start, if any; absent ones are passed over."""
    inner = frame if isinstance(last, Absent) else replace(frame, hedge=False)
    for position in range(index, len(node.children)):
        result = enter(node.children[position], inner, turn)
        if isinstance(result, State):
            return Trying(node=node, frame=frame, index=position, child=result, last=last)
    return None


def _resume_first(state: Trying, event: Event, turn: Turn) -> State | Outcome:
    result = resume(state.child, event, turn)
    if isinstance(result, State):
        return state if result is state.child else replace(state, child=result)
    if isinstance(result, Accepted) or _is_final(result, state.node.on):
        return result
    last = _later(state.last, result)
    return _start_child(state.node, state.frame, state.index + 1, last, turn) or last


def _start_arm(state: Racing, turn: Turn) -> Racing:
    """Start the next arm that can start, and wait for the stagger if another one follows; absent ones take no turn."""
    unbroken = state.frame.hedge and isinstance(state.last, Absent)
    inner = replace(state.frame, hedge=bool(state.arms) or unbroken)
    arms = state.node.arms
    for place in range(state.following, len(arms)):
        result = enter(arms[place], inner, turn)
        if isinstance(result, State):
            timer = turn.wake(turn.now + state.node.stagger_ms) if place + 1 < len(arms) else None
            return replace(state, arms=(*state.arms, result), following=place + 1, timer=timer)
    return replace(state, following=len(arms), timer=None)


def _resume_race(state: Racing, event: Event, turn: Turn) -> Racing | Outcome:
    if isinstance(event, Woke) and event.timer == state.timer:
        return _start_arm(state, turn)
    for place, arm in enumerate(state.arms):
        result = resume(arm, event, turn)
        if result is not arm:
            return _arm_moved(state, place, result, turn)
    return state


def _arm_moved(state: Racing, place: int, result: State | Outcome, turn: Turn) -> Racing | Outcome:
    """The race when the arm at `place` of those under way has come to `result`: over, it falls in what closed it or came last."""
    before, after = state.arms[:place], state.arms[place + 1 :]
    if isinstance(result, State):
        return replace(state, arms=(*before, result, *after))
    if isinstance(result, Accepted):
        return result
    state = replace(state, arms=(*before, *after), last=_later(state.last, result))
    if _is_final(result, state.node.on):
        state = replace(state, closed=state.closed or result, timer=None)
    if state.closed is None:
        state = _start_arm(state, turn)
    return state if state.arms else state.closed or state.last


def _is_final(outcome: Fell | Absent, on: tuple[FailureKind, ...]) -> bool:
    """Whether nothing else starts after this: a failure in a kind that is not in `on`."""
    return isinstance(outcome, Fell) and outcome.kind not in on


def _later(last: Fell | Absent, outcome: Fell | Absent) -> Fell | Absent:
    """The last failure: an absent node is none."""
    return last if isinstance(outcome, Absent) else outcome
