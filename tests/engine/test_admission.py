from tests.making import send
from voxplan.engine.admission import LOST_AFTER_MS, WINDOW_MS, admit
from voxplan.engine.spec import Limits
from voxplan.engine.view import EMPTY_VIEW, DeploymentView, Load, View

COOLING = View(deployments={"a": DeploymentView(circuit="open", until_ms=5_000, cause="rate_limited")})


def test_without_limits_every_call_is_granted_and_counted() -> None:
    """A slot is taken each time."""
    view, denied = admit(EMPTY_VIEW, Limits(), send("a"), 0)
    assert denied is None
    assert view.of("a").load.in_flight == 1


def test_concurrent_calls_are_limited() -> None:
    """The one too many is denied and takes nothing."""
    view, _ = admit(EMPTY_VIEW, Limits(concurrent=1), send("a"), 0)
    after, denied = admit(view, Limits(concurrent=1), send("a"), 1)
    assert denied == "1 calls are under way"
    assert after == view


def test_calls_per_minute_slide() -> None:
    """A start leaves the window 60 seconds later, to the millisecond."""
    limits = Limits(requests_per_minute=1)
    view, _ = admit(EMPTY_VIEW, limits, send("a"), 0)
    assert admit(view, limits, send("a"), WINDOW_MS - 1)[1] == "1 calls started within a minute"
    assert admit(view, limits, send("a"), WINDOW_MS)[1] is None


def test_an_account_is_shared_by_its_deployments() -> None:
    """The limit counts over all deployments with the credential."""
    shared = Limits(concurrent=1)
    view, _ = admit(EMPTY_VIEW, Limits(), send("a"), 0, shared)
    assert admit(view, Limits(), send("a"), 0, shared)[1] is not None
    assert view.accounts == {"a": Load(in_flight=1)}


def test_a_cooling_deployment_is_denied() -> None:
    """Even to a plan from before it opened; not to one that names it as its last resort."""
    assert admit(COOLING, Limits(), send("a"), 4_999)[1] == "it cools off"
    assert admit(COOLING, Limits(), send("a", despite_cooling=True), 4_999)[1] is None


def test_after_cooling_one_probe_runs_at_a_time() -> None:
    """The second is denied while the first is out."""
    view, denied = admit(COOLING, Limits(), send("a", at_ms=5_000, until_ms=6_000), 5_000)
    assert denied is None
    assert view.of("a").circuit == "half_open"
    assert admit(view, Limits(), send("a"), 5_500)[1] == "a probe is under way"


def test_a_probe_that_was_lost_does_not_hold_the_slot_for_ever() -> None:
    """Some time after its last moment another may try."""
    view, _ = admit(COOLING, Limits(), send("a", at_ms=5_000, until_ms=6_000), 5_000)
    late_ms = 6_000 + LOST_AFTER_MS
    assert admit(view, Limits(), send("a"), late_ms)[1] is not None
    assert admit(view, Limits(), send("a", at_ms=late_ms + 1), late_ms + 1)[1] is None
