"""Laws K1-K4: what observations do to the view, and what the view does to runs. K5 is with the retries."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.laws.cases import Case, cases, planned
from tests.laws.simulation import simulate
from tests.laws.worlds import World
from tests.strategies import deployment_views, worlds
from voxplan.engine.admission import WINDOW_MS, admit
from voxplan.engine.failure import KINDS, FailureKind
from voxplan.engine.health import LONGEST_HINT_MS, OPEN_AFTER, observe
from voxplan.engine.plan import Plan, attempts
from voxplan.engine.run import Denied, Observation, Send
from voxplan.engine.spec import Limits
from voxplan.engine.view import EMPTY_VIEW, Circuit, DeploymentView, Load, View
from voxplan.io_shell.keeper import Keeper

MOVES: set[tuple[Circuit, Circuit]] = {("closed", "open"), ("open", "half_open"), ("half_open", "closed"), ("half_open", "open")}
HARMLESS: tuple[FailureKind, ...] = tuple(kind for kind, rule in KINDS.items() if rule.health == "none")


def ended(
    started_ms: int, ended_ms: int, kind: FailureKind | None = None, *, whole: bool = True, wait_ms: int | None = None
) -> Observation:
    """One finished call to the deployment `a`."""
    return Observation(
        deployment="a", credential="a", started_ms=started_ms, ended_ms=ended_ms, kind=kind, whole=whole, retry_after_ms=wait_ms
    )


def call(at_ms: int, *, despite_cooling: bool = False) -> Send:
    """A call to the deployment `a`."""
    return Send(
        attempt=1,
        node="r",
        deployment="a",
        credential="a",
        number=1,
        at_ms=at_ms,
        until_ms=at_ms + 1,
        whole=True,
        despite_cooling=despite_cooling,
    )


@given(cases())
def test_k1_what_cools_off_is_not_planned_unless_the_plan_says_so(case: Case) -> None:
    """K1: no planned deployment cools off, but the one that the plan names, which is then all there is."""
    result = case.result()
    if not isinstance(result, Plan):
        return
    planned_names = {attempt.deployment for attempt in attempts(result.root)}
    cooling = {name for name in planned_names if case.view.of(name).cooling(case.moment)}
    if result.cooling_try is None:
        assert not cooling
    else:
        assert cooling == planned_names == {result.cooling_try}
        assert len(list(attempts(result.root))) == 1


@given(cases(), worlds(), st.dictionaries(st.sampled_from(("a", "b", "c", "d", "e")), deployment_views()))
def test_k1_what_began_to_cool_off_since_is_not_called(case: Case, world: World, since: dict[str, DeploymentView]) -> None:
    """K1: other runs may have opened a circuit after planning: what is granted is ordinary, a probe, or despite cooling."""
    keeper = Keeper(case.router, View(deployments=since))
    views = list[tuple[Send, DeploymentView, int]]()

    class Watching:
        """The keeper, with a look at the view before every grant."""

        def admit(self, send: Send, moment_ms: int) -> str | None:
            """Ask the keeper."""
            before = keeper.view.of(send.deployment)
            denied = keeper.admit(send, moment_ms)
            if denied is None:
                views.append((send, before, moment_ms))
            return denied

        def observe(self, observation: Observation) -> None:
            """Tell the keeper."""
            keeper.observe(observation)

    made = planned(case)
    simulate(made, world, case.moment, Watching())
    for asked, before, moment_ms in views:
        assert before.circuit != "half_open"
        assert not before.cooling(moment_ms) or (asked.despite_cooling and made.cooling_try == asked.deployment)


@given(cases(), worlds())
def test_k3_a_run_leaves_no_slot_taken(case: Case, world: World) -> None:
    """K3: after a run everything it took is released, and no circuit is left half-open: nothing waits for a call that is over."""
    keeper = Keeper(case.router)
    simulate(planned(case), world, case.moment, keeper)
    assert all(each.load.in_flight == 0 for each in keeper.view.deployments.values())
    assert all(each.circuit != "half_open" for each in keeper.view.deployments.values())


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("start", "end", "pass")),
        st.integers(0, 5),
        st.none() | st.sampled_from(tuple(KINDS)),
        st.booleans(),
        st.sampled_from((None, 0, 1, 5000, 10**12)),
        st.sampled_from((0, 1, 1000, 5000, 15_000, 120_000, 600_000)),
    ),
    max_size=40,
)
Steps = list[tuple[str, int, FailureKind | None, bool, int | None, int]]


def lived(steps: Steps) -> tuple[View, list[Circuit], list[int], int]:
    """A view after some calls to `a`: its circuits on the way, the starts of the calls still under way, and the moment."""
    view, moment_ms, under_way = EMPTY_VIEW, 0, list[int]()
    circuits: list[Circuit] = ["closed"]
    for what, which, kind, whole, wait_ms, pass_ms in steps:
        moment_ms += pass_ms
        if what == "start":
            view, denied = admit(view, Limits(), call(moment_ms), moment_ms)
            under_way += [] if denied else [moment_ms]
        elif what == "end" and under_way:
            started_ms = under_way.pop(which % len(under_way))
            view = observe(view, ended(started_ms, moment_ms, kind, whole=whole, wait_ms=wait_ms))
        circuits.append(view.of("a").circuit)
        assert view.of("a").load.in_flight == len(under_way)
    return view, circuits, under_way, moment_ms


@given(STEPS)
def test_k2_circuits_move_only_as_they_may(steps: Steps) -> None:
    """K2: closed → open → half-open → {closed, open}, whatever calls start and end in whatever order."""
    _, circuits, _, _ = lived(steps)
    moves = {(before, after) for before, after in pairwise(circuits) if before != after}
    assert moves <= MOVES


@given(STEPS)
def test_k3_after_cooling_one_good_probe_restores_it(steps: Steps) -> None:
    """K3: whatever has happened, once the calls under way have ended and cooling is over, a good call closes the circuit."""
    view, _, under_way, moment_ms = lived(steps)
    for started_ms in under_way:
        view = observe(view, ended(started_ms, moment_ms, "server_error"))
    assert view.of("a").circuit != "half_open"
    ready_ms = max(moment_ms, view.of("a").until_ms)
    assert ready_ms <= moment_ms + LONGEST_HINT_MS
    view, denied = admit(view, Limits(), call(ready_ms), ready_ms)
    assert denied is None
    view = observe(view, ended(ready_ms, ready_ms + 1))
    assert view.of("a") == DeploymentView()


@given(STEPS, st.sampled_from((1, 2, 3)))
def test_k3_one_probe_at_a_time(steps: Steps, others: int) -> None:
    """K3, K6: while a probe runs nobody else gets in, and a call that began before the probe does not end it."""
    view, _, under_way, moment_ms = lived(steps)
    ready_ms = max(moment_ms, view.of("a").until_ms)
    probed, denied = admit(view, Limits(), call(ready_ms), ready_ms)
    if view.of("a").circuit != "open":
        return
    assert denied is None
    for _ in range(others):
        assert admit(probed, Limits(), call(ready_ms), ready_ms)[1] is not None
        assert admit(probed, Limits(), call(ready_ms, despite_cooling=True), ready_ms)[1] is not None
    for started_ms in under_way:
        if started_ms < ready_ms:
            probed = observe(probed, ended(started_ms, ready_ms))
            assert probed.of("a").circuit == "half_open"


@given(deployment_views(), st.sampled_from(HARMLESS), st.integers(0, 50), st.integers(0, 50))
def test_k4_what_is_not_the_deployments_fault_changes_no_health(
    before: DeploymentView, kind: FailureKind, started_ms: int, took_ms: int
) -> None:
    """K4: the caller's own faults and cancellations: a closed or open circuit stays as it is; a probe has told nothing."""
    _assert_unchanged(before, ended(started_ms, started_ms + took_ms, kind))


@given(deployment_views(), st.integers(0, 50), st.integers(0, 50))
def test_k4_a_deadline_that_cut_a_call_short_changes_no_health(before: DeploymentView, started_ms: int, took_ms: int) -> None:
    """K4: a call that timed out without its whole own timeout says nothing about the deployment."""
    _assert_unchanged(before, ended(started_ms, started_ms + took_ms, "timed_out", whole=False))


def _assert_unchanged(before: DeploymentView, seen: Observation) -> None:
    after = observe(View(deployments={"a": before}), seen).of("a")
    assert after.load.in_flight == max(0, before.load.in_flight - 1)
    assert (after.failures, after.openings, after.cause) == (before.failures, before.openings, before.cause)
    if before.circuit != "half_open":
        assert (after.circuit, after.until_ms) == (before.circuit, before.until_ms)
    elif after.circuit != "half_open":
        assert after.circuit == "open"
        # The probe told nothing: the next call is one again, as soon as this one could have been.
        assert after.until_ms <= max(before.until_ms, seen.ended_ms)


def test_k4_a_timeout_that_was_whole_counts() -> None:
    """K4, its other side: calls that had their whole timeout open the circuit like other failures."""
    view = EMPTY_VIEW
    for _ in range(OPEN_AFTER):
        view = observe(view, ended(0, 10, "timed_out"))
    assert view.of("a").cooling(10)


@given(st.lists(st.integers(0, 40_000), min_size=1, max_size=12), st.integers(1, 3))
def test_admission_no_minute_has_more_starts_than_its_limit(gaps_ms: list[int], limit: int) -> None:
    """Admission: in any 60 seconds at most `requests_per_minute` calls start, and a call is denied only when they have."""
    view, moment_ms, starts = EMPTY_VIEW, 0, list[int]()
    for gap_ms in gaps_ms:
        moment_ms += gap_ms
        view, denied = admit(view, Limits(requests_per_minute=limit), call(moment_ms), moment_ms)
        recent = [start for start in starts if start > moment_ms - WINDOW_MS]
        assert (denied is None) == (len(recent) < limit)
        starts += [] if denied else [moment_ms]


@given(cases(), worlds(), st.integers(0, 2))
def test_k1_denied_is_said_only_of_what_was_denied(case: Case, world: World, in_flight: int) -> None:
    """K1: every attempt that is missed as `denied` was asked for and refused, with one line that says why."""
    view = View(deployments={name: DeploymentView(load=Load(in_flight=in_flight)) for name in case.router.deployments})
    done = simulate(planned(case), world, case.moment, Keeper(case.router, view))
    denials = [event for _, event in done.events if isinstance(event, Denied)]
    assert len(denials) == len([each for each in done.trace.missed if each.reason == "denied"])
    assert all(event.why for event in denials)


def test_k3_a_call_from_before_the_probe_says_nothing_about_now() -> None:
    """K3, K6: a call that began before the circuit opened and ends well during the probe neither closes it nor frees its slot."""
    view, _ = admit(EMPTY_VIEW, Limits(), call(0), 0)
    for _ in range(OPEN_AFTER):
        view = observe(view, ended(1, 2, "server_error"))
    ready_ms = view.of("a").until_ms
    probing, denied = admit(view, Limits(), call(ready_ms), ready_ms)
    assert denied is None
    late = observe(probing, ended(0, ready_ms + 1))
    assert late.of("a").circuit == "half_open"
    assert admit(late, Limits(), call(ready_ms + 1), ready_ms + 1)[1] is not None


def test_admission_a_minute_ends_after_exactly_a_minute() -> None:
    """Admission: with one call a minute the next is denied a millisecond before the minute is over, and granted then."""
    limits = Limits(requests_per_minute=1)
    view, _ = admit(EMPTY_VIEW, limits, call(0), 0)
    assert admit(view, limits, call(WINDOW_MS - 1), WINDOW_MS - 1)[1] is not None
    assert admit(view, limits, call(WINDOW_MS), WINDOW_MS)[1] is None
