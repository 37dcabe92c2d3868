import pytest

from tests.making import observation
from voxplan.engine.failure import KINDS, FailureKind
from voxplan.engine.health import LONG_MS, LOUD_MS, OPEN_AFTER, RATE_MS, observe
from voxplan.engine.view import EMPTY_VIEW, DeploymentView, Load, View

OPEN = DeploymentView(circuit="open", openings=1, until_ms=5_000, cause="server_error")
PROBING = DeploymentView(circuit="half_open", openings=1, until_ms=5_000, probe_ms=6_000, probe_until_ms=7_000)


def seen(view: DeploymentView, kind: FailureKind | None, started_ms: int = 6_000, ended_ms: int = 6_100) -> DeploymentView:
    """The view of one deployment after one more call."""
    before = View(deployments={"a": view})
    return observe(before, observation("a", kind, started_ms=started_ms, ended_ms=ended_ms)).of("a")


def test_failures_in_a_row_open_the_circuit() -> None:
    """One or two failures do not."""
    view = EMPTY_VIEW
    for _ in range(OPEN_AFTER):
        assert view.of("a").circuit == "closed"
        view = observe(view, observation("a", "server_error"))
    assert view.of("a").circuit == "open"
    assert view.of("a").cause == "server_error"


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


@pytest.mark.parametrize(
    ("kind", "cooling_ms"),
    [("rate_limited", RATE_MS), ("out_of_quota", LONG_MS), ("unauthorized", LOUD_MS), ("not_found", LOUD_MS)],
)
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
    view = View(deployments={"a": DeploymentView(load=Load(in_flight=2))}, accounts={"a": Load(in_flight=2)})
    after = observe(view, observation("a"))
    assert (after.of("a").load.in_flight, after.accounts["a"].in_flight) == (1, 1)
