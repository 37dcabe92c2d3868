from functools import partial

import pytest
from msgspec.structs import replace

from tests.making import observation, send
from voxplan.engine.language.spec import CoolingRules, Limits
from voxplan.engine.observed import health
from voxplan.engine.observed.admission import admit
from voxplan.engine.observed.health import LATENCY_TAU_MS, LONG_MS, LONGEST_HINT_MS, LOUD_MS, RATE_MS
from voxplan.engine.observed.view import EMPTY_VIEW, UNUSED, AccountView, Cooling, DeploymentView, Latency, Load, View
from voxplan.engine.runs.run import Observation
from voxplan.engine.terms.failure import KINDS, FailureKind
from voxplan.engine.terms.quantity import Span

USUAL = CoolingRules()
observe = partial(health.observe, cooling=USUAL)

OPEN = DeploymentView(circuit="open", openings=1, until_ms=5_000, cause="server_error")
PROBING = DeploymentView(circuit="half_open", openings=1, until_ms=5_000, probe_ms=6_000, probe_until_ms=7_000)


def seen(view: DeploymentView, kind: FailureKind | None, started_ms: int = 6_000, ended_ms: int = 6_100) -> DeploymentView:
    """The view of one deployment after one more call."""
    before = View(deployments={"a": view})
    return observe(before, observation("a", kind, started_ms=started_ms, ended_ms=ended_ms)).of("a")


def heard(took_ms: int, *, ended_ms: int = 100_000, audio_ms: int | None = 1000) -> Observation:
    """A success on audio of known length, by default one second."""
    return replace(observation("a", started_ms=ended_ms - took_ms, ended_ms=ended_ms), audio_ms=audio_ms)


def test_failures_in_a_row_open_the_circuit() -> None:
    """One or two failures do not."""
    view = EMPTY_VIEW
    for _ in range(USUAL.failures):
        assert view.of("a").circuit == "closed"
        view = observe(view, observation("a", "server_error"))
    assert view.of("a").circuit == "open"
    assert view.of("a").cause == "server_error"


SOON = CoolingRules(failures=1, first=Span(100), longest=Span(300))


def test_rules_say_how_many_failures_and_how_long() -> None:
    """Doubling ends at `longest`; a success starts it anew."""
    view, ended_ms, times = EMPTY_VIEW, 0, list[int]()
    for _ in range(4):
        view = observe(view, observation("a", "server_error", started_ms=ended_ms, ended_ms=ended_ms), cooling=SOON)
        times.append(view.of("a").until_ms - ended_ms)
        ended_ms = view.of("a").until_ms + 1
        view, _ = admit(view, Limits(), send("a", at_ms=ended_ms), ended_ms)
    assert times == [100, 200, 300, 300]


def test_rules_say_how_long_a_rate_limit_without_a_wait_lasts_at_most() -> None:
    """And nothing else about rate limits: a wait that the provider asks for is kept."""
    limited = replace(observation("a", "rate_limited"), retry_after_ms=2_000)
    assert observe(EMPTY_VIEW, replace(limited, retry_after_ms=None), cooling=SOON).of("a").until_ms == limited.ended_ms + 300
    assert observe(EMPTY_VIEW, limited, cooling=SOON).of("a").until_ms == limited.ended_ms + 2_000


@pytest.mark.parametrize(("first_ms", "longest_ms"), [(1_000, 300_000), (600_000, 600_000)])
def test_the_longest_cooling_is_no_shorter_than_the_first(first_ms: int, longest_ms: int) -> None:
    """Where a spec says only `first`."""
    assert CoolingRules(first=Span(first_ms)).longest_ms == longest_ms


def test_a_success_between_starts_the_count_anew() -> None:
    """Only failures in a row count."""
    view = seen(seen(seen(DeploymentView(), "server_error"), None), "server_error")
    assert view.failures == 1


@pytest.mark.parametrize("kind", [kind for kind, rule in KINDS.items() if rule.health == "none"])
def test_what_is_not_the_deployments_fault_changes_nothing(kind: FailureKind) -> None:
    """The caller's faults and choices never count."""
    assert seen(DeploymentView(failures=2), kind) == DeploymentView(failures=2)


def test_a_timeout_cut_short_by_a_deadline_does_not_count() -> None:
    """It counts only with its whole own time."""
    view = observe(EMPTY_VIEW, observation("a", "timed_out", whole=False))
    assert view.of("a").failures == 0
    assert observe(EMPTY_VIEW, observation("a", "timed_out")).of("a").failures == 1


@pytest.mark.parametrize(("kind", "cooling_ms"), [("rate_limited", RATE_MS), ("not_found", LOUD_MS)])
def test_some_kinds_cool_at_once(kind: FailureKind, cooling_ms: int) -> None:
    """Each for its own time."""
    view = seen(DeploymentView(), kind)
    assert (view.circuit, view.until_ms) == ("open", 6_100 + cooling_ms)


def test_retry_after_says_how_long() -> None:
    """Up to an hour."""
    for asked_ms, cooling_ms in ((7_000, 7_000), (10**9, 3_600_000)):
        view = observe(EMPTY_VIEW, observation("a", "rate_limited", retry_after_ms=asked_ms))
        assert view.of("a").until_ms == 100 + cooling_ms


def test_a_good_probe_closes_the_circuit() -> None:
    """All is forgotten."""
    assert seen(PROBING, None) == DeploymentView()


def test_a_failed_probe_opens_it_for_twice_as_long() -> None:
    """One failure is enough."""
    view = seen(PROBING, "server_error")
    assert (view.circuit, view.openings, view.until_ms) == ("open", 2, 6_100 + 30_000)


def test_a_probe_that_told_nothing_leaves_it_to_the_next() -> None:
    """Cancelled, or refused for the caller's fault: open as before, due at once."""
    view = seen(PROBING, "cancelled")
    assert (view.circuit, view.openings, view.until_ms) == ("open", 1, 5_000)


def test_calls_from_before_say_nothing() -> None:
    """A success from before the opening closes nothing; an old failure does not end a probe."""
    assert seen(OPEN, None).circuit == "open"
    assert seen(PROBING, "server_error", started_ms=5_900).circuit == "half_open"


def test_late_failures_do_not_prolong_the_cooling() -> None:
    """Twenty calls that were out when it broke open it once."""
    assert seen(OPEN, "server_error") == OPEN


def test_a_cancelled_try_despite_cooling_keeps_the_cooling() -> None:
    """What the provider asked for still holds."""
    tried = DeploymentView(circuit="half_open", until_ms=600_000, probe_ms=1_000, probe_until_ms=2_000, openings=1)
    assert seen(tried, "cancelled", started_ms=1_000, ended_ms=1_500).until_ms == 600_000


def test_every_end_releases_its_slot() -> None:
    """Also that of the account, where one is counted."""
    busy = Load(in_flight=2)
    view = View(deployments={"a": DeploymentView(load=busy)}, accounts={"a": AccountView(load=busy)})
    for ended in (observation("a"), observation("a", "unauthorized"), replace(observation("a"), lost=True)):
        after = observe(view, ended)
        assert (after.of("a").load.in_flight, after.account("a").load.in_flight) == (1, 1)


def test_a_lost_race_says_nothing() -> None:
    """Neither good nor bad; a probe that lost leaves it to the next call."""
    lost = replace(heard(50), started_ms=6_000, lost=True)
    for before in (DeploymentView(failures=2, latency=Latency(us_per_second=1, at_ms=0)), OPEN):
        assert observe(View(deployments={"a": before}), lost).of("a") == before
    assert observe(View(deployments={"a": PROBING}), lost).of("a") == replace(PROBING, circuit="open")


def test_a_simulated_call_changes_nothing() -> None:
    """It took no slot, so there is none to release."""
    view = View(deployments={"a": DeploymentView(failures=2, load=Load(in_flight=1))})
    assert observe(view, replace(observation("a", "server_error"), simulated=True)) == view


def test_a_milder_cause_that_comes_later_neither_shortens_nor_explains() -> None:
    """What cools longest is what people have to mend."""
    view = seen(seen(DeploymentView(), "not_found"), "rate_limited", ended_ms=7_000)
    assert (view.until_ms, view.cause) == (6_100 + LOUD_MS, "not_found")


def test_a_worse_cause_that_comes_later_prolongs_and_explains() -> None:
    """The other way round."""
    view = seen(seen(DeploymentView(), "rate_limited"), "not_found", ended_ms=7_000)
    assert (view.until_ms, view.cause) == (7_000 + LOUD_MS, "not_found")


@pytest.mark.parametrize(("kind", "cooling_ms"), [("out_of_quota", LONG_MS), ("unauthorized", LOUD_MS)])
def test_what_is_about_the_key_cools_all_that_use_it(kind: FailureKind, cooling_ms: int) -> None:
    """Not the circuit of the one deployment that found out."""
    view = observe(EMPTY_VIEW, replace(observation("a", kind), credential="k"))
    assert view.of("a") == DeploymentView()
    assert view.cooling_until("b", "k", 100) == Cooling(100 + cooling_ms, kind)
    assert view.cooling_until("a", "another", 100) is None


def test_a_key_refused_again_cools_for_twice_as_long() -> None:
    """Up to ten minutes for a wrong key, an hour for an empty account."""
    longest: dict[FailureKind, int] = {"unauthorized": LONG_MS, "out_of_quota": LONGEST_HINT_MS}
    for kind, longest_ms in longest.items():
        account, first_ms = UNUSED, 0
        for nth in range(8):
            before = account
            refused = observation("a", kind, started_ms=before.until_ms, ended_ms=before.until_ms)
            account = observe(View(accounts={"a": before}), refused).account("a")
            first_ms = first_ms or account.until_ms
            assert account.until_ms - before.until_ms == min(longest_ms, first_ms * 2**nth)


def test_calls_that_were_out_when_the_key_was_refused_do_not_double_its_cooling() -> None:
    """Twenty of them are one refusal, though the last one says from when to count."""
    view = observe(EMPTY_VIEW, observation("a", "unauthorized", ended_ms=100))
    for nth in range(20):
        view = observe(view, observation("b", "unauthorized", ended_ms=200 + nth))
        view = observe(view, replace(observation("b", "unauthorized", ended_ms=200 + nth), credential="a"))
    assert (view.account("a").openings, view.account("a").until_ms) == (1, 219 + LOUD_MS)


def test_a_success_lifts_the_cooling_of_the_key() -> None:
    """If it began after the refusal; from before it says nothing about now."""
    view = observe(EMPTY_VIEW, observation("a", "unauthorized", ended_ms=100))
    before, since = observation("a", started_ms=100, ended_ms=300), observation("a", started_ms=101, ended_ms=300)
    assert observe(view, before).account("a").cooling(300)
    assert observe(view, since).account("a") == UNUSED


def test_a_probe_that_finds_the_key_refused_leaves_the_circuit_to_the_next() -> None:
    """It learnt of the key, not of the deployment."""
    view = seen(PROBING, "unauthorized")
    assert (view.circuit, view.openings, view.until_ms) == ("open", 1, 5_000)


def test_latency_rises_at_once_and_comes_down_slowly() -> None:
    """Microseconds for each second of audio: a slower call at once, a faster one by half after the time constant."""
    view = observe(EMPTY_VIEW, heard(200, ended_ms=1_000))
    assert view.of("a").latency == Latency(us_per_second=200_000, at_ms=1_000)
    view = observe(view, heard(400, ended_ms=2_000))
    assert view.of("a").latency == Latency(us_per_second=400_000, at_ms=2_000)
    view = observe(view, heard(200, ended_ms=2_000 + LATENCY_TAU_MS))
    assert view.of("a").latency == Latency(us_per_second=300_000, at_ms=2_000 + LATENCY_TAU_MS)


def test_latency_is_told_for_each_second_of_audio() -> None:
    """A minute in six seconds is as fast as a second in a tenth of one; a call without a length is not measured."""
    for audio_ms, expected in ((60_000, Latency(us_per_second=100_000, at_ms=100_000)), (None, None), (0, None)):
        assert observe(EMPTY_VIEW, heard(6_000, audio_ms=audio_ms)).of("a").latency == expected


def test_latency_outlives_every_change_of_the_circuit() -> None:
    """It is not health."""
    view = observe(EMPTY_VIEW, heard(200))
    measured = view.of("a").latency
    for kind in ("not_found", "server_error", "cancelled", None):
        view = observe(view, observation("a", kind, started_ms=10**6, ended_ms=10**6))
        assert view.of("a").latency == measured


def test_only_a_real_success_is_measured() -> None:
    """A failure may be quick, and a lost call was cut short."""
    for ended in (replace(heard(1), kind="poor_quality"), replace(heard(1), lost=True), replace(heard(1), simulated=True)):
        assert observe(EMPTY_VIEW, ended).of("a").latency is None


def test_a_success_reported_late_does_not_turn_latency_back() -> None:
    """Calls may end in another order than they are reported in."""
    view = observe(observe(EMPTY_VIEW, heard(200, ended_ms=5_000)), heard(100, ended_ms=4_000))
    assert view.of("a").latency == Latency(us_per_second=200_000, at_ms=5_000)
