"""Whatever a shell reports, in whatever order: the driver never raises, and its account of the run is always right."""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from tests.driven import Driven, drive
from tests.plan_strategies import KINDS_IN_PLAY, plans
from tests.plans import failure, transcript
from voxplan.engine.plans.plan import Attempt, Node, Plan, attempts, children
from voxplan.engine.runs.ledger import may_replay, spent
from voxplan.engine.runs.progress import Calling, Judging, Pausing, Racing, Run, State, Trying
from voxplan.engine.runs.run import (
    Answered,
    Blocked,
    Broke,
    Cancelled,
    Checked,
    Delta,
    Denied,
    Event,
    Failed,
    Finish,
    Observe,
    Passed,
    Send,
    Unserved,
    Verdict,
    Woke,
    precedence,
)
from voxplan.engine.terms.failure import AttemptFailure, Certainty

What = Literal["answers", "answers nothing", "fails", "is denied", "speaks", "wakes", "is checked", "leaves"]

# Answers and callers who leave end a run, so they are rare.
SHARES: Mapping[What, int] = {
    "fails": 6,
    "wakes": 4,
    "is denied": 2,
    "answers nothing": 2,
    "is checked": 2,
    "answers": 1,
    "speaks": 1,
    "leaves": 1,
}
WHATS = tuple(what for what, share in SHARES.items() for _ in range(share))
VERDICTS: tuple[Verdict, ...] = (
    Passed(),
    Passed(),
    Passed(prompt="another prompt"),
    Passed(transcript=transcript("another text")),
    Broke(why=""),
    Blocked(why=""),
)
CERTAINTIES: tuple[Certainty, ...] = ("no", "maybe", "yes")


class Happening(NamedTuple):
    """Something that happens `after_ms` more; `pick` chooses whom it is about and how it goes, mostly somebody under way."""

    what: What
    after_ms: int
    pick: int


happenings = st.lists(
    st.builds(Happening, st.sampled_from(WHATS), st.sampled_from((0, 0, 0, 1, 2, 5, 40)), st.integers(0, 10**6)), max_size=40
)


def event_of(happening: Happening, run: Run) -> Event:
    """The event that it is in this run."""
    pick = happening.pick
    calls = (*(calling.send.attempt for calling in run.out), *(calling.send.attempt for calling in run.out), 1, 99)
    attempt, pick = calls[pick % len(calls)], pick // len(calls)
    events: Mapping[What, Event] = {
        "answers": Answered(attempt=attempt, transcript=transcript()),
        "answers nothing": Answered(attempt=attempt, transcript=transcript("")),
        "fails": Failed(attempt=attempt, failure=failure_of(pick)),
        "is denied": Denied(attempt=attempt, why="full"),
        "speaks": Delta(attempt=attempt),
        "wakes": Woke(timer=run.next_timer - pick % 4),
        "is checked": Checked(check=run.next_check - 1 - pick // 6 % 2, verdict=VERDICTS[pick % 6]),
        "leaves": Cancelled(),
    }
    return events[happening.what]


def failure_of(pick: int) -> AttemptFailure:
    """One of the failures that a provider may answer with."""
    hint, sent, charged = (None, None, 3)[pick // 5 % 3], CERTAINTIES[pick // 15 % 3], CERTAINTIES[pick // 45 % 3]
    return failure(KINDS_IN_PLAY[pick % 5], retry_after_ms=hint, sent=sent, charged=charged)


class Step(NamedTuple):
    """The run before a step, what happened, and the run after it; the first one begins a run."""

    before: Run | None
    event: Event | None
    driven: Driven


def steps(plan: Plan, happenings: list[Happening]) -> list[Step]:
    """All steps of a run. In the end the caller leaves."""
    made, now_ms = [Step(None, None, drive(plan))], 0
    for happening in [*happenings, Happening("leaves", 0, 0)]:
        driven, now_ms = made[-1].driven, now_ms + happening.after_ms
        event = event_of(happening, driven.run)
        made.append(Step(driven.run, event, driven.after(event, now_ms)))
    return made


def out_before(step: Step) -> set[int]:
    """The calls that were out before the step."""
    return set() if step.before is None else {calling.send.attempt for calling in step.before.out}


def out_in(state: State | Judging | None) -> list[Calling]:
    """The calls that are out in this state."""
    match state:
        case Calling():
            return [state]
        case Trying():
            return out_in(state.child)
        case Racing():
            return [calling for arm in state.arms for calling in out_in(arm)]
        case Pausing() | Judging() | None:
            return []


def nodes(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield node
    for child in children(node):
        yield from nodes(child)


def attempt_at(plan: Plan, name: str) -> Attempt:
    """The attempt at the node of this name."""
    (found,) = [attempt for attempt in attempts(plan.root) if attempt.node == name]
    return found


@given(plans(), happenings)
def test_a_run_knows_what_is_out(plan: Plan, happenings: list[Happening]) -> None:
    """Its list of calls is what its state holds, in their order; when it is over, nothing is."""
    for step in steps(plan, happenings):
        run = step.driven.run
        assert list(run.out) == sorted(out_in(run.state), key=lambda calling: calling.send.attempt)
        assert (run.state is None) == (run.finished is not None)
    assert steps(plan, happenings)[-1].driven.run.finished is not None


@given(plans(), happenings)
def test_each_call_that_started_is_observed_once(plan: Plan, happenings: list[Happening]) -> None:
    """Denied ones are not; what is cancelled was out; the trail has every call that was observed, in that order."""
    made = steps(plan, happenings)
    commands = [command for step in made for command in step.driven.commands]
    sent = {command.attempt for command in commands if isinstance(command, Send)}
    denied = {step.event.attempt for step in made if isinstance(step.event, Denied) and step.event.attempt in out_before(step)}
    observed = [command.attempt for command in commands if isinstance(command, Observe)]
    assert sorted(observed) == sorted(sent - denied)
    assert [entry.attempt for entry in made[-1].driven.run.trail] == observed
    for step in made:
        assert set(step.driven.stopped) <= out_before(step)


@given(plans(), happenings)
def test_no_budget_is_ever_exceeded(plan: Plan, happenings: list[Happening]) -> None:
    """Spent and reserved together stay within every budget; what is out is reserved, and nothing is in the end."""
    budgets = [(node.node, node.budget) for node in nodes(plan.root) if node.budget is not None]
    made = steps(plan, happenings)
    for step in made:
        run = step.driven.run
        assert [name for name, budget in budgets if spent(run.ledger, name) > budget] == []
        reserved = {line.attempt for line in run.ledger if not line.settled}
        assert reserved == {calling.send.attempt for calling in run.out if calling.node.simulated is None}
    run = made[-1].driven.run
    assert all(line.settled for line in run.ledger)
    assert spent(run.ledger, "r") == sum(entry.cost or 0 for entry in run.trail)


@given(plans(), happenings)
def test_no_call_repeats_what_must_not_be_repeated(plan: Plan, happenings: list[Happening]) -> None:
    """Each starts as its rule allows after all calls before it; none to a deployment that has been called elsewhere."""
    for step in steps(plan, happenings):
        run = step.driven.run
        made = {(entry.deployment, entry.node) for entry in run.trail}
        places = made | {(calling.send.deployment, calling.send.node) for calling in run.out}
        assert len(places) == len({deployment for deployment, _ in places})
        for send in step.driven.sends:
            node = attempt_at(plan, send.node)
            assert may_replay(tuple(line for line in run.ledger if line.attempt != send.attempt), node.replay)
            assert send.number <= 1 + len(node.delays_ms)


@given(plans(), happenings)
def test_no_call_and_no_check_outlives_the_deadline(plan: Plan, happenings: list[Happening]) -> None:
    """The end of the root is the end of everything, and nothing starts without time."""
    end_ms = plan.root.deadline_ms
    for step in steps(plan, happenings):
        untils = [*(send.until_ms for send in step.driven.sends), *(check.until_ms for check in step.driven.checking)]
        assert end_ms is None or all(until_ms <= end_ms for until_ms in untils)
        assert [send for send in step.driven.sends if send.until_ms <= send.at_ms] == []


@given(plans(), happenings)
def test_one_step_does_one_thing(plan: Plan, happenings: list[Happening]) -> None:
    """One call starts, or one check, or the run ends, or none of these; after the end nothing happens."""
    for before, _, driven in steps(plan, happenings):
        finishes = [command for command in driven.commands if isinstance(command, Finish)]
        assert len(driven.sends) + len(driven.checking) + len(finishes) <= 1
        assert before is None or before.finished is None or driven == (before, ())


@given(plans(), happenings)
def test_a_committed_run_serves_that_call_or_nobody(plan: Plan, happenings: list[Happening]) -> None:
    """Once text is out, no other call starts and no other answer comes."""
    for before, _, driven in steps(plan, happenings):
        if before is not None and before.committed is not None:
            assert driven.sends == []
            assert driven.run.committed == before.committed
            assert driven.ended is None or isinstance(driven.ended, Unserved) or driven.ended.attempt == before.committed


@given(plans(), happenings)
def test_equal_events_make_equal_runs(plan: Plan, happenings: list[Happening]) -> None:
    """A recorded run can be replayed."""
    assert steps(plan, happenings) == steps(plan, happenings)


@given(plans(), happenings)
def test_time_alone_ends_every_run(plan: Plan, happenings: list[Happening]) -> None:
    """When nobody says anything any more, calls and checks run out of their time, and the deadline is kept (law B1)."""
    driven, now_ms, timers = drive(plan), 0, dict[int, int]()
    for happening in [*happenings, *([None] * 1000)]:
        timers |= dict(driven.timers)
        ahead = sorted(_ahead(driven.run, timers), key=lambda each: (each[0], precedence(each[1])))
        if not ahead:
            break
        due_ms, event = ahead[0]
        if happening is not None and happening.what != "leaves" and now_ms + happening.after_ms < due_ms:
            due_ms, event = now_ms + happening.after_ms, event_of(happening, driven.run)
        timers = {timer: at_ms for timer, at_ms in timers.items() if event != Woke(timer=timer)}
        now_ms, driven = due_ms, driven.after(event, due_ms)
    assert driven.ended is not None
    assert plan.root.deadline_ms is None or now_ms <= plan.root.deadline_ms


def _ahead(run: Run, timers: dict[int, int]) -> Iterator[tuple[int, Event]]:
    """What time alone will bring while the run is not over."""
    if run.finished is None:
        for calling in run.out:
            yield calling.send.until_ms, Failed(attempt=calling.send.attempt, failure=failure("timed_out"))
        for timer, at_ms in timers.items():
            yield at_ms, Woke(timer=timer)
    if isinstance(run.state, Judging):
        yield run.state.until_ms, Checked(check=run.state.check, verdict=Broke(why="late"))
