"""The driver: what to do next in a run, given what just happened.

`begin` starts a plan, `advance` takes one event. Both return the new Run and the commands for the shell, which owns no policy.
A node of the plan ends in one of three outcomes: accepted, failed with a kind, or absent (it could not start). The state of a
run mirrors the tree: each node under way holds where it is, and passes an event on to the child it is about.

Total: an event about a call that is not under way changes nothing.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from voxplan.engine.calling import resume_attempt, start_attempt
from voxplan.engine.failure import FailureKind, worst
from voxplan.engine.plan import Attempt, First, Node, Plan
from voxplan.engine.progress import Absent, Accepted, Calling, Fell, Outcome, Pausing, Run, State, Trying
from voxplan.engine.run import Cancelled, Command, Event, Finish
from voxplan.engine.turn import Turn

__all__ = ("advance", "begin")

_Step = tuple[Run, tuple[Command, ...]]


def begin(plan: Plan, moment_ms: int) -> _Step:
    """Start `plan` at `moment_ms`."""
    turn = Turn(Run(plan=plan, started_ms=moment_ms), moment_ms)
    return _close(_start(plan.root, None, turn), turn)


def advance(run: Run, event: Event, moment_ms: int) -> _Step:
    """The run after `event`, which happened at `moment_ms`, and what the shell has to do now."""
    if run.state is None:
        return run, ()
    turn = Turn(run, moment_ms)
    if isinstance(event, Cancelled):
        return _cancel(run.state, turn)
    return _close(_resume(run.state, event, turn), turn)


def _start(node: Node, outer_end_ms: int | None, turn: Turn) -> State | Outcome:
    """Enter `node` now; it must be over by the earlier of its own deadline and `outer_end_ms`."""
    end_ms = _earlier(outer_end_ms, None if node.deadline_ms is None else turn.now + node.deadline_ms)
    if isinstance(node, Attempt):
        return start_attempt(node, end_ms, turn)
    return _try(node, 0, end_ms, None, turn)


def _earlier(one_ms: int | None, other_ms: int | None) -> int | None:
    if one_ms is None or other_ms is None:
        return one_ms if other_ms is None else other_ms
    return min(one_ms, other_ms)


def _try(node: First, index: int, end_ms: int | None, last: FailureKind | None, turn: Turn) -> State | Outcome:
    """Go on with the children of `node` from `index` until one is under way or the node has ended."""
    for position in range(index, len(node.children)):
        result = _start(node.children[position], end_ms, turn)
        if isinstance(result, State):
            return Trying(node=node, index=position, child=result, end_ms=end_ms, last=last)
        if _ends(node, result):
            return result
        last = result.kind if isinstance(result, Fell) else last
    return Absent() if last is None else Fell(last)


def _ends(node: First, outcome: Outcome) -> bool:
    """Whether the outcome of a child ends `node` with it."""
    return isinstance(outcome, Accepted) or (isinstance(outcome, Fell) and outcome.kind not in node.on)


def _resume(state: State, event: Event, turn: Turn) -> State | Outcome:
    """Where the node of `state` stands after `event`."""
    if isinstance(state, Calling | Pausing):
        return resume_attempt(state, event, turn)
    result = _resume(state.child, event, turn)
    if isinstance(result, State):
        return state if result is state.child else replace(state, child=result)
    if _ends(state.node, result):
        return result
    last = result.kind if isinstance(result, Fell) else state.last
    return _try(state.node, state.index + 1, state.end_ms, last, turn)


def _close(result: State | Outcome, turn: Turn) -> _Step:
    """End the step: the run goes on in a state, or is finished."""
    if isinstance(result, State):
        return replace(turn.run, state=result), tuple(turn.commands)
    return _finish(Finish(served=result.attempt) if isinstance(result, Accepted) else _unserved(turn.run), turn)


def _finish(finish: Finish, turn: Turn) -> _Step:
    return replace(turn.run, state=None, finished=finish), (*turn.commands, finish)


def _unserved(run: Run) -> Finish:
    """How a run ends when nothing was accepted: the best poor answer, the worst kind, or nothing at all."""
    if run.poor and run.plan.when_all_poor == "return":
        return Finish(served=min(run.poor)[1], poor=True)
    kinds: tuple[FailureKind, ...] = tuple(entry.failure.kind for entry in run.trail if entry.failure is not None)
    return Finish(kind=worst(kinds)) if kinds else Finish()


def _cancel(state: State, turn: Turn) -> _Step:
    """The caller went away: stop every call that is out."""
    for calling in _out(state):
        turn.cancel(calling)
    return _finish(Finish(kind="cancelled"), turn)


def _out(state: State) -> Iterator[Calling]:
    if isinstance(state, Trying):
        yield from _out(state.child)
    elif isinstance(state, Calling):
        yield state
