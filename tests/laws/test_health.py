"""Laws K1-K4 and K6: what observations do to the view, and what the view does to runs. K5 is with the retries.

Deployments are judged each by themselves, credentials for all deployments that use them: `a` and `b` here share the key `k`.
"""

from functools import partial
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.laws.cases import Case, cases, planned
from tests.laws.simulation import simulate
from tests.laws.worlds import World
from tests.spec_strategies import coolings
from tests.strategies import DEPLOYMENTS, deployment_views, worlds
from voxplan.engine.language.spec import CoolingRules, Limits
from voxplan.engine.observed import health
from voxplan.engine.observed.admission import LOST_AFTER_MS, admit
from voxplan.engine.observed.health import LONGEST_HINT_MS
from voxplan.engine.observed.load import WINDOW_MS
from voxplan.engine.observed.view import EMPTY_VIEW, UNUSED, AccountView, Circuit, DeploymentView, Load, View
from voxplan.engine.plans.plan import Plan, attempts
from voxplan.engine.runs.run import Denied, Observation, Send
from voxplan.engine.terms.failure import KINDS, FailureKind
from voxplan.io_shell.keeper import Keeper

USUAL = CoolingRules()
observe = partial(health.observe, cooling=USUAL)

MOVES: set[tuple[Circuit, Circuit]] = {("closed", "open"), ("open", "half_open"), ("half_open", "closed"), ("half_open", "open")}
HARMLESS: tuple[FailureKind, ...] = tuple(kind for kind, rule in KINDS.items() if rule.health == "none")
ABOUT_THE_KEY: tuple[FailureKind, ...] = ("unauthorized", "out_of_quota")
NO_LIMITS, COUNTED = Limits(), Limits(concurrent=1000)

account_views = st.builds(
    AccountView,
    openings=st.integers(1, 4),
    since_ms=st.integers(0, 20),
    until_ms=st.integers(0, 50) | st.just(1_700_000_000_010),
    cause=st.sampled_from(ABOUT_THE_KEY),
)


def ended(
    started_ms: int, ended_ms: int, kind: FailureKind | None = None, *, whole: bool = True, wait_ms: int | None = None
) -> Observation:
    """One finished call to the deployment `a`."""
    return Observation(
        deployment="a", credential="k", started_ms=started_ms, ended_ms=ended_ms, kind=kind, whole=whole, retry_after_ms=wait_ms
    )


def call(at_ms: int, *, despite_cooling: bool = False, deployment: str = "a") -> Send:
    """A call to one deployment."""
    return Send(
        attempt=1,
        node="r",
        deployment=deployment,
        credential="k",
        number=1,
        at_ms=at_ms,
        until_ms=at_ms + 1,
        whole=True,
        despite_cooling=despite_cooling,
    )


@given(cases(), st.dictionaries(st.sampled_from(DEPLOYMENTS), account_views, max_size=2))
def test_k1_what_cools_off_is_not_planned_unless_the_plan_says_so(case: Case, keys: dict[str, AccountView]) -> None:
    """K1: no planned deployment cools off, nor its credential, but the one that the plan names, which is then all there is."""
    view = View(deployments=case.view.deployments, accounts=by_credential(case, keys))
    result = case._replace(view=view).result()
    if not isinstance(result, Plan):
        return
    planned_keys = {attempt.deployment: attempt.credential for attempt in attempts(result.root)}
    cooling = {name for name, key in planned_keys.items() if view.cooling_until(name, key, case.moment) is not None}
    if result.cooling_try is None:
        assert not cooling
    else:
        assert cooling == set(planned_keys) == {result.cooling_try}
        assert len(list(attempts(result.root))) == 1


@given(
    cases(),
    worlds(),
    st.dictionaries(st.sampled_from(DEPLOYMENTS), deployment_views()),
    st.dictionaries(st.sampled_from(DEPLOYMENTS), account_views, max_size=2),
)
def test_k1_what_began_to_cool_off_since_is_not_called(
    case: Case, world: World, since: dict[str, DeploymentView], keys: dict[str, AccountView]
) -> None:
    """K1: other runs may have learnt more after planning: what is granted is ordinary, a probe, or despite cooling."""
    keeper = Keeper(case.router, View(deployments=since, accounts=by_credential(case, keys)))
    granted = list[tuple[Send, View, int]]()

    class Watching:
        """The keeper, with a look at the view before every grant."""

        def admit(self, send: Send, moment_ms: int) -> str | None:
            """Ask the keeper."""
            before = keeper.view
            denied = keeper.admit(send, moment_ms)
            if denied is None:
                granted.append((send, before, moment_ms))
            return denied

        def observe(self, observation: Observation) -> None:
            """Tell the keeper."""
            keeper.observe(observation)

    made = planned(case)
    simulate(made, world, case.moment, Watching())
    for asked, before, moment_ms in granted:
        assert before.of(asked.deployment).circuit != "half_open" or lost_probe(before.of(asked.deployment), moment_ms)
        cooling = before.cooling_until(asked.deployment, asked.credential, moment_ms)
        assert cooling is None or (asked.despite_cooling and made.cooling_try == asked.deployment)


def by_credential(case: Case, keys: dict[str, AccountView]) -> dict[str, AccountView]:
    """Accounts by the credentials of these deployments."""
    return {case.router.deployments[name].credential: account for name, account in keys.items()}


def lost_probe(seen: DeploymentView, moment_ms: int) -> bool:
    """Whether so much time has passed that nobody will tell of the probe any more."""
    return moment_ms > seen.probe_until_ms + LOST_AFTER_MS


@given(cases(), worlds())
def test_k3_a_run_leaves_no_slot_taken(case: Case, world: World) -> None:
    """K3: after a run everything it took is released, and no circuit is left half-open: nothing waits for a call that is over."""
    keeper = Keeper(case.router)
    simulate(planned(case), world, case.moment, keeper)
    assert all(each.load.in_flight == 0 for each in keeper.view.deployments.values())
    assert all(each.load.in_flight == 0 for each in keeper.view.accounts.values())
    assert all(each.circuit != "half_open" for each in keeper.view.deployments.values())


class Step(NamedTuple):
    """Time passes, then something happens to `deployment`: a call starts, one of those under way ends, or nothing."""

    what: str
    deployment: str
    which: int
    kind: FailureKind | None
    whole: bool
    wait_ms: int | None
    pass_ms: int


class Life(NamedTuple):
    """What some steps came to: the view, the circuits of `a` on the way, the calls still under way, and the moment."""

    view: View
    circuits: list[Circuit]
    under_way: list[tuple[str, int]]
    moment_ms: int


STEPS = st.lists(
    st.builds(
        Step,
        what=st.sampled_from(("start", "start despite cooling", "end", "end", "lose", "pretend", "pass")),
        deployment=st.sampled_from(("a", "a", "b")),
        which=st.integers(0, 5),
        kind=st.none() | st.sampled_from(tuple(KINDS)) | st.sampled_from(ABOUT_THE_KEY),
        whole=st.booleans(),
        wait_ms=st.sampled_from((None, 0, 1, 5000, 10**12)),
        pass_ms=st.sampled_from((0, 1, 1000, 5000, 15_000, 120_000, 600_000)),
    ),
    max_size=40,
)


def lived(steps: list[Step], rules: CoolingRules = USUAL) -> Life:
    """A view after these steps, for deployments with these rules. No two calls start within one millisecond."""
    view, moment_ms, under_way, probes = EMPTY_VIEW, 0, list[tuple[str, int]](), dict[str, int]()
    circuits: list[Circuit] = ["closed"]
    for step in steps:
        moment_ms += max(1, step.pass_ms)
        if step.what.startswith("start"):
            before = view.of(step.deployment)
            send = call(moment_ms, despite_cooling=step.what != "start", deployment=step.deployment)
            view, denied = admit(view, NO_LIMITS, send, moment_ms, COUNTED)
            if denied is None:
                if before.circuit != "closed":
                    # K6: nobody probes while another probe may still be heard of.
                    known = (step.deployment, probes.get(step.deployment)) in under_way
                    assert not known or lost_probe(before, moment_ms)
                    probes[step.deployment] = moment_ms
                under_way.append((step.deployment, moment_ms))
        elif step.what == "pretend":
            pretended = replace(ended(moment_ms, moment_ms, step.kind), deployment=step.deployment, simulated=True)
            assert observe(view, pretended, cooling=rules) == view
        elif step.what != "pass" and under_way:
            name, started_ms = under_way.pop(step.which % len(under_way))
            seen = ended(started_ms, moment_ms, step.kind, whole=step.whole, wait_ms=step.wait_ms)
            view = observe(view, replace(seen, deployment=name, lost=step.what == "lose"), cooling=rules)
        circuits.append(view.of("a").circuit)
        assert view.of("a").load.in_flight == sum(name == "a" for name, _ in under_way)
        assert view.account("k").load.in_flight == len(under_way)
    return Life(view, circuits, under_way, moment_ms)


def failed(life: Life, kind: FailureKind, rules: CoolingRules) -> View:
    """The view when all calls under way have failed at once."""
    view = life.view
    for name, started_ms in life.under_way:
        view = observe(view, replace(ended(started_ms, life.moment_ms, kind), deployment=name), cooling=rules)
    return view


def ready(view: View, moment_ms: int) -> int:
    """When nothing that `a` needs cools off any more."""
    return max(moment_ms, view.of("a").until_ms, view.account("k").until_ms)


@given(STEPS, coolings())
def test_k2_circuits_move_only_as_they_may(steps: list[Step], rules: CoolingRules) -> None:
    """K2: closed → open → half-open → {closed, open}, whatever calls start and end in whatever order, and by whatever rules."""
    circuits = lived(steps, rules).circuits
    moves = {(before, after) for before, after in pairwise(circuits) if before != after}
    assert moves <= MOVES


@given(STEPS, st.sampled_from(("server_error", "unauthorized", "out_of_quota", "rate_limited", "not_found")), coolings())
def test_k3_after_cooling_one_good_probe_restores_it(steps: list[Step], kind: FailureKind, rules: CoolingRules) -> None:
    """K3: whatever has happened, once the calls under way have ended and cooling is over, a good call restores all."""
    life = lived(steps, rules)
    view = failed(life, kind, rules)
    assert view.of("a").circuit != "half_open"
    ready_ms = ready(view, life.moment_ms)
    assert ready_ms <= life.moment_ms + max(LONGEST_HINT_MS, rules.longest_ms)
    assert view.cooling_until("a", "k", ready_ms) is None
    view, denied = admit(view, NO_LIMITS, call(ready_ms + 1), ready_ms + 1, COUNTED)
    assert denied is None
    view = observe(view, ended(ready_ms + 1, ready_ms + 2), cooling=rules)
    assert (view.of("a"), view.account("k")) == (DeploymentView(), UNUSED)


@given(STEPS)
def test_k3_calls_whose_end_nobody_tells_exclude_nothing_for_ever(steps: list[Step]) -> None:
    """K3: a process may die with its calls; when their time and the cooling are over, others may call."""
    life = lived(steps)
    later_ms = max(ready(life.view, life.moment_ms), life.view.of("a").probe_until_ms + LOST_AFTER_MS + 1)
    assert admit(life.view, NO_LIMITS, call(later_ms), later_ms)[1] is None


@given(STEPS, st.sampled_from((1, 2, 3)))
def test_k6_one_probe_at_a_time(steps: list[Step], others: int) -> None:
    """K3, K6: while a probe runs nobody else gets in, and a call that began before the probe does not end it."""
    life = lived(steps)
    ready_ms = ready(life.view, life.moment_ms + 1)
    if life.view.of("a").circuit != "open":
        return
    probed, denied = admit(life.view, NO_LIMITS, call(ready_ms), ready_ms)
    assert denied is None
    for _ in range(others):
        assert admit(probed, NO_LIMITS, call(ready_ms), ready_ms)[1] is not None
        assert admit(probed, NO_LIMITS, call(ready_ms, despite_cooling=True), ready_ms)[1] is not None
    for name, started_ms in life.under_way:
        if name == "a":
            probed = observe(probed, ended(started_ms, ready_ms))
            assert probed.of("a").circuit == "half_open"


@given(STEPS, st.booleans())
def test_k6_a_probe_that_told_nothing_leaves_the_slot_to_the_next(steps: list[Step], lost: bool) -> None:
    """K6: lost in a race, or cancelled: the circuit is as before, and the next call is the probe."""
    life = lived(steps)
    ready_ms = ready(life.view, life.moment_ms + 1)
    before = life.view.of("a")
    if before.circuit != "open":
        return
    probed, _ = admit(life.view, NO_LIMITS, call(ready_ms), ready_ms)
    seen = ended(ready_ms, ready_ms + 5, None if lost else "cancelled")
    after = observe(probed, replace(seen, lost=lost))
    assert replace(after.of("a"), probe_ms=before.probe_ms, probe_until_ms=before.probe_until_ms) == before
    assert admit(after, NO_LIMITS, call(ready_ms + 5), ready_ms + 5)[1] is None


def test_k6_a_probe_needs_a_slot_like_any_call() -> None:
    """K6: where the limits are full nothing probes, and the circuit waits as it is."""
    busy = View(deployments={"a": DeploymentView(circuit="open", openings=1, load=Load(in_flight=1))})
    assert admit(busy, Limits(concurrent=1), call(9), 9) == (busy, "1 calls are under way")


def test_k6_one_probe_is_false_within_one_millisecond() -> None:
    """K6, stronger: a call that started in the probe's own millisecond, before the circuit opened, passes for the probe."""
    view, _ = admit(EMPTY_VIEW, NO_LIMITS, call(7), 7)
    view, _ = admit(view, NO_LIMITS, call(7), 7)
    view = observe(view, ended(7, 7, "rate_limited", wait_ms=0))
    view, denied = admit(view, NO_LIMITS, call(7), 7)
    assert (denied, view.of("a").circuit) == (None, "half_open")
    assert observe(view, ended(7, 7)).of("a").circuit == "closed"


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


@given(deployment_views(), st.none() | st.sampled_from(tuple(KINDS)), st.integers(0, 50), st.integers(0, 50))
def test_k4_a_lost_race_changes_no_health(
    before: DeploymentView, kind: FailureKind | None, started_ms: int, took_ms: int
) -> None:
    """K4: a call that was stopped because another arm won says nothing, whatever it would have become."""
    _assert_unchanged(before, replace(ended(started_ms, started_ms + took_ms, kind), lost=True, audio_ms=1000))


@given(deployment_views(), account_views, st.none() | st.sampled_from(tuple(KINDS)), st.booleans())
def test_k4_a_simulated_call_changes_nothing(
    before: DeploymentView, key: AccountView, kind: FailureKind | None, lost: bool
) -> None:
    """K4: a failure that was only pretended leaves no mark at all, and releases no slot, because it took none."""
    view = View(deployments={"a": before}, accounts={"k": key})
    assert observe(view, replace(ended(0, 1, kind), lost=lost, simulated=True)) == view


@given(account_views, st.sampled_from(tuple(KINDS)), st.integers(0, 50), st.integers(0, 50))
def test_k4_only_what_is_about_the_key_cools_the_key(
    before: AccountView, kind: FailureKind, started_ms: int, took_ms: int
) -> None:
    """K4: no other failure, and none of them leaves the cooling of the key shorter than it was."""
    after = observe(View(accounts={"k": before}), ended(started_ms, started_ms + took_ms, kind)).account("k")
    assert after.until_ms >= before.until_ms
    assert kind in ABOUT_THE_KEY or after == before


def _assert_unchanged(before: DeploymentView, seen: Observation) -> None:
    view = observe(View(deployments={"a": before}), seen)
    after = view.of("a")
    assert view.accounts == {}
    assert after.load.in_flight == max(0, before.load.in_flight - 1)
    assert (after.failures, after.openings, after.cause, after.latency) == (
        before.failures,
        before.openings,
        before.cause,
        before.latency,
    )
    if before.circuit != "half_open":
        assert (after.circuit, after.until_ms) == (before.circuit, before.until_ms)
    elif after.circuit != "half_open":
        assert after.circuit == "open"
        # The probe told nothing: the next call is one again, as soon as this one could have been.
        assert after.until_ms <= max(before.until_ms, seen.ended_ms)


def test_k4_a_timeout_that_was_whole_counts() -> None:
    """K4, its other side: calls that had their whole timeout open the circuit like other failures."""
    view = EMPTY_VIEW
    for _ in range(USUAL.failures):
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
    view, _ = admit(EMPTY_VIEW, NO_LIMITS, call(0), 0)
    for _ in range(USUAL.failures):
        view = observe(view, ended(1, 2, "server_error"))
    ready_ms = view.of("a").until_ms
    probing, denied = admit(view, NO_LIMITS, call(ready_ms), ready_ms)
    assert denied is None
    late = observe(probing, ended(0, ready_ms + 1))
    assert late.of("a").circuit == "half_open"
    assert admit(late, NO_LIMITS, call(ready_ms + 1), ready_ms + 1)[1] is not None


def test_admission_a_minute_ends_after_exactly_a_minute() -> None:
    """Admission: with one call a minute the next is denied a millisecond before the minute is over, and granted then."""
    limits = Limits(requests_per_minute=1)
    view, _ = admit(EMPTY_VIEW, limits, call(0), 0)
    assert admit(view, limits, call(WINDOW_MS - 1), WINDOW_MS - 1)[1] is not None
    assert admit(view, limits, call(WINDOW_MS), WINDOW_MS)[1] is None
