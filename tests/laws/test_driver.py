"""Laws X1-X5 and S3: driver and shell do what the reference says, and nothing else, whatever happens around them."""

import itertools
import logging
import random
from collections.abc import Callable

import anyio
import anyio.lowlevel
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws.agreement import disagreements
from tests.laws.cases import Case, case_of, cases, compiled, plan_of, planned, reference, spec_of
from tests.laws.shell import Scripted, Watched, run_in
from tests.laws.simulation import simulate
from tests.laws.worlds import Call, World, scripted_world
from tests.reference_run import Lived
from tests.strategies import DEPLOYMENTS, GUARDRAILS, worlds
from tests.virtual_time import BACKENDS, Backend, run_virtually
from voxplan.engine.language.spec import Backoff, Retry, RouteNode
from voxplan.engine.plans.plan import Plan, Refusal
from voxplan.engine.runs.driving import advance, begin
from voxplan.engine.runs.run import (
    Answered,
    Blocked,
    Broke,
    Cancelled,
    Check,
    Checked,
    Command,
    Delta,
    Denied,
    Event,
    Failed,
    Observe,
    Passed,
    Send,
    Served,
    Skipped,
    TrailEntry,
    Woke,
)
from voxplan.engine.terms.failure import KINDS, AttemptFailure
from voxplan.engine.terms.quantity import Span
from voxplan.engine.terms.transcript import Transcript
from voxplan.io_shell.keeper import Keeper
from voxplan.io_shell.running import Happened

EXAMPLES = settings().max_examples
"""What the profile in use says: 50 in CI."""
SPECS = max(200, EXAMPLES) if EXAMPLES >= 50 else EXAMPLES
"""Specs with a plan that are compared with the naive interpreter: at least 200, but for the profile `quick`."""
WORLDS = 50


def test_x1_planner_and_driver_agree_with_the_reference(record_property: Callable[[str, object], None]) -> None:
    """X1: plans and refusals are the naive interpreter's, and in 50 worlds for each plan the trace is too, to the millisecond.

    That is 200 plans and 10,000 runs at least. `python -m tests.laws.thorough` goes on for as long as it is told to.
    """
    first = 0 if settings().derandomize else random.randrange(2**32)
    planned_specs = refused = 0
    for seed in itertools.count(first):
        case = case_of(seed)
        scripts = (scripted_world(seed * WORLDS + number, DEPLOYMENTS, GUARDRAILS) for number in range(WORLDS))
        assert next(disagreements(case, scripts), None) is None, case
        planned_specs, refused = planned_specs + isinstance(case.result(), Plan), refused + isinstance(case.result(), Refusal)
        if planned_specs == SPECS:
            break
    record_property("compared", f"{planned_specs} plans, {planned_specs * WORLDS} runs, {refused} refusals")


@given(cases(), worlds())
def test_x1_planner_and_driver_agree_with_the_reference_in_worlds_that_shrink(case: Case, world: World) -> None:
    """X1: the same with fewer and simpler worlds, for an example that a person can read."""
    assert next(disagreements(case, [world]), None) is None


@pytest.mark.parametrize("backend", BACKENDS)
@given(cases(), st.integers(0, 2**32), st.integers(0, 2))
def test_x1_the_shell_agrees_with_the_reference(backend: Backend, case: Case, first_world: int, turns: int) -> None:
    """X1: under a virtual clock, the real loop has the reference's trace, on asyncio and on trio."""
    made, expected = planned(case), reference(case)
    seeds = range(first_world, first_world + 10)
    scripts = [scripted_world(seed, DEPLOYMENTS, GUARDRAILS)._replace(cancel_ms=None) for seed in seeds]

    async def main() -> None:
        for world in scripts:
            _, trace = await run_in(made, Scripted(world, turns=turns), epoch_ms=case.moment)
            assert trace == Lived(expected, world).trace, world

    run_virtually(backend, main)


@pytest.mark.parametrize("backend", BACKENDS)
@given(cases(), worlds())
def test_x2_the_shell_does_nothing_that_was_not_commanded(backend: Backend, case: Case, world: World) -> None:
    """X2, R4: calls and checks begun are those commanded, in order; so are observations; observers are told all, as it came."""
    made, scripted, told = planned(case), Scripted(world._replace(cancel_ms=None)), list[Happened]()

    async def main() -> None:
        await run_in(made, scripted, [told.append], epoch_ms=case.moment)

    run_virtually(backend, main)
    done = simulate(made, scripted.world, case.moment)
    assert scripted.granted == [send for send in done.sent if send.simulated is None]
    assert all(send in scripted.granted for send in scripted.begun)
    assert scripted.observed == [command.observation for _, command in done.commands if isinstance(command, Observe)]
    assert scripted.judging == [command for _, command in done.commands if isinstance(command, Check)]
    assert [(each.moment_ms, each.what) for each in told if isinstance(each.what, Command)] == list(done.commands)


@pytest.mark.parametrize("backend", BACKENDS)
@given(cases(), worlds())
@settings(max_examples=max(5, EXAMPLES // 5))
def test_x3_a_run_can_be_cancelled_at_every_await_point(backend: Backend, case: Case, world: World) -> None:
    """X3: nothing starts later, nothing outlives the run, every slot is released and every call observed once."""
    made = planned(case)
    for point in range(200):
        if _over_before(backend, made, world._replace(cancel_ms=None), Keeper(case.router), point):
            return


def _over_before(backend: Backend, made: Plan, world: World, keeper: Keeper, point: int) -> bool:
    """Cancel the run at await point `point`, its calls' among them; whether it was over before."""
    looks = 0
    scopes: list[anyio.CancelScope] = []

    def look() -> None:
        nonlocal looks
        if looks == point:
            scopes[0].cancel()
        looks += 1

    scripted = Scripted(world, turns=1, admission=keeper, look=look)

    async def main() -> None:
        with anyio.CancelScope() as scope:
            scopes.append(scope)
            await Watched(run_in(made, scripted), look)
        begun = len(scripted.begun)
        await anyio.sleep(1000)
        assert len(scripted.begun) == begun

    run_virtually(backend, main)
    _assert_all_is_released(scripted, keeper)
    return looks <= point


def _assert_all_is_released(scripted: Scripted, keeper: Keeper) -> None:
    assert not scripted.under_way
    # Simulated calls are observed, but nobody was asked for them.
    assert len([each for each in scripted.observed if not each.simulated]) == len(scripted.granted)
    assert all(each.load.in_flight == 0 for each in keeper.view.deployments.values())
    assert all(each.circuit != "half_open" for each in keeper.view.deployments.values())


@pytest.mark.parametrize("backend", BACKENDS)
@given(cases(), worlds(), st.integers(0, 12), st.integers(0, 6), st.integers(0, 2))
def test_x3_a_caller_may_leave_while_something_happens(
    backend: Backend, case: Case, world: World, leaves_ms: int, later: int, turns: int
) -> None:
    """X3: the same when another task cancels, some turns of the loop into an instant."""
    keeper = Keeper(case.router)
    scripted = Scripted(world._replace(cancel_ms=None), turns=turns, admission=keeper)
    _leave(backend, planned(case), scripted, leaves_ms, later)
    _assert_all_is_released(scripted, keeper)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("timeout_ms", [5, 50])
def test_x3_a_caller_may_leave_at_the_instant_in_which_a_call_ends(backend: Backend, timeout_ms: int) -> None:
    """X3: the same at every turn of the loop around the end of a call, which may be the end of its time as well."""
    spec = spec_of(main=RouteNode(use="a", timeout=Span(timeout_ms)))
    for later in range(10):
        for turns in range(4):
            keeper = Keeper(compiled(spec))
            scripted = Scripted(World({("a", 1): Call(takes_ms=5)}), turns=turns, admission=keeper)
            _leave(backend, plan_of(spec), scripted, 5, later)
            _assert_all_is_released(scripted, keeper)


def _leave(backend: Backend, made: Plan, scripted: Scripted, leaves_ms: int, later: int) -> None:
    """Run, and let the caller leave after `leaves_ms` and `later` more turns of the loop, if the run is not over then."""

    async def leave(scope: anyio.CancelScope) -> None:
        await anyio.sleep(leaves_ms / 1000)
        for _ in range(later):
            await anyio.lowlevel.checkpoint()
        scope.cancel()

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(leave, tasks.cancel_scope)
            await run_in(made, scripted)
            tasks.cancel_scope.cancel()

    run_virtually(backend, main)


@pytest.mark.parametrize("backend", BACKENDS)
def test_x4_observers_that_raise_change_nothing(backend: Backend, caplog: pytest.LogCaptureFixture) -> None:
    """X4: an observer that raises at everything it is told leaves the trace as it is, and is in the log."""
    caplog.set_level(logging.CRITICAL + 1, logger="voxplan")
    made = plan_of(spec_of(main=RouteNode(first=(RouteNode(use="a"), RouteNode(use="b")), deadline=Span(10))))

    def raising(happened: Happened) -> None:
        raise ValueError(happened)

    async def main() -> None:
        for seed in range(50):
            world = scripted_world(seed, DEPLOYMENTS)._replace(cancel_ms=None)
            _, quiet = await run_in(made, Scripted(world))
            _, loud = await run_in(made, Scripted(world), [raising, raising])
            assert quiet == loud

    run_virtually(backend, main)


@given(cases(), worlds())
def test_x5_replaying_the_events_of_a_run_gives_its_commands(case: Case, world: World) -> None:
    """X5: the run is a function of its plan and its events."""
    done = simulate(planned(case), world, case.moment)
    run, commands = begin(done.run.plan, case.moment)
    replayed = [(case.moment, command) for command in commands]
    for moment_ms, event in done.events:
        run, commands = advance(run, event, moment_ms)
        replayed += [(moment_ms, command) for command in commands]
    assert run == done.run
    assert tuple(replayed) == done.commands


IDS = st.integers(-1, 6)
FAILURES = st.builds(AttemptFailure, kind=st.sampled_from(tuple(KINDS)), reason=st.just(""))
VERDICTS = st.sampled_from((Passed(), Passed(prompt=""), Passed(transcript=Transcript(text="")), Blocked(why=""), Broke(why="")))
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Answered, attempt=IDS, transcript=st.just(Transcript(text=""))),
    st.builds(Failed, attempt=IDS, failure=FAILURES),
    st.builds(Delta, attempt=IDS),
    st.builds(Denied, attempt=IDS, why=st.just("")),
    st.builds(Checked, check=IDS, verdict=VERDICTS),
    st.builds(Woke, timer=IDS),
    st.just(Cancelled()),
)


@given(cases(), st.lists(st.tuples(st.integers(0, 20), EVENTS), max_size=12))
def test_x2_the_driver_is_total(case: Case, events: list[tuple[int, Event]]) -> None:
    """X2: whatever is reported, and when, the driver answers; what it does not wait for changes nothing; over is over."""
    moment_ms = case.moment
    run, _ = begin(planned(case), moment_ms)
    for later_ms, event in events:
        moment_ms += later_ms
        before = run
        run, commands = advance(run, event, moment_ms)
        if before.finished is not None:
            assert (run, commands) == (before, ())
        out = {calling.send.attempt for calling in before.out}
        if isinstance(event, Answered | Failed | Delta | Denied) and event.attempt not in out:
            assert (run, commands) == (before, ())
        if not commands:
            # A denial or a retry that cannot start is noted, even where something else goes on and nothing is to be done.
            assert run == before or isinstance(event, Denied | Woke)


@given(cases(), st.integers(1, 100))
def test_x2_what_is_reported_after_its_time_counts_as_timed_out_at_its_time(case: Case, late_ms: int) -> None:
    """X2: an answer or failure that the shell reports after `until` is `timed_out`, with `until` as its end."""
    made = planned(case)
    run, commands = begin(made, case.moment)
    sends = [command for command in commands if isinstance(command, Send)]
    if not sends:
        return
    event = Answered(attempt=1, transcript=Transcript(text="late"))
    run, _ = advance(run, event, sends[0].until_ms + late_ms)
    entry = run.trail[0]
    assert entry.failure is not None
    assert (entry.failure.kind, entry.ended_ms) == ("timed_out", sends[0].until_ms - case.moment)


@given(cases(), worlds())
def test_s3_plan_trail_and_refusal_round_trip_through_json(case: Case, world: World) -> None:
    """S3: what is written down is read back equal, by type."""
    made = case.result()
    if isinstance(made, Refusal):
        assert msgspec.json.decode(msgspec.json.encode(made), type=Refusal) == made
        return
    assert msgspec.json.decode(msgspec.json.encode(made), type=Plan) == made
    run = simulate(made, world, case.moment).run
    assert msgspec.json.decode(msgspec.json.encode(run.trail), type=tuple[TrailEntry, ...]) == run.trail
    assert msgspec.json.decode(msgspec.json.encode(run.skipped), type=tuple[Skipped, ...]) == run.skipped


def test_x1_calls_that_end_at_their_until_count_on_both_loops() -> None:
    """X1: at one instant an answer comes before the time being up, however many turns of the loop it takes to say so."""
    retry = Retry(times=1, on=("timed_out",), backoff=Backoff(base=Span(0), cap=Span(0)))
    root = RouteNode(use="a", timeout=Span(5), retry=retry)
    made = plan_of(spec_of(main=root))
    for backend in BACKENDS:
        for turns in range(3):

            async def main(turns: int = turns) -> None:
                ran, trace = await run_in(made, Scripted(World({("a", 1): Call(takes_ms=5)}), turns=turns))
                assert isinstance(ran.ended, Served)
                assert trace.end_ms == 5

            run_virtually(backend, main)
