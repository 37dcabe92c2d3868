from msgspec.structs import replace

from tests.making import send
from voxplan.engine.language.spec import Limits, RetryBudget
from voxplan.engine.observed.admission import LOST_AFTER_MS, TALLY_MS, admit
from voxplan.engine.observed.load import NO_LIMITS, WINDOW_MS
from voxplan.engine.observed.view import EMPTY_VIEW, AccountView, DeploymentView, Load, Tally, View
from voxplan.engine.runs.run import Cause
from voxplan.engine.terms.quantity import Share

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
    assert view.accounts == {"a": AccountView(load=Load(in_flight=1))}


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


def test_a_key_that_cools_off_denies_all_that_use_it() -> None:
    """As a circuit does: not to a plan that has nothing else, and not for longer."""
    view = View(accounts={"a": AccountView(until_ms=5_000, cause="unauthorized")})
    assert admit(view, Limits(), send("a"), 4_999)[1] == "its key cools off"
    assert admit(view, Limits(), send("a", despite_cooling=True), 4_999)[1] is None
    assert admit(view, Limits(), send("a"), 5_000)[1] is None


def test_a_slot_of_the_account_leaves_its_cooling_as_it_is() -> None:
    """The load changes, nothing else."""
    account = AccountView(until_ms=5_000, openings=1, cause="unauthorized")
    view, _ = admit(View(accounts={"a": account}), Limits(), send("a"), 5_000, Limits(concurrent=1))
    assert view.account("a") == replace(account, load=Load(in_flight=1))


def test_a_probe_that_was_lost_does_not_hold_the_slot_for_ever() -> None:
    """Some time after its last moment another may try."""
    view, _ = admit(COOLING, Limits(), send("a", at_ms=5_000, until_ms=6_000), 5_000)
    late_ms = 6_000 + LOST_AFTER_MS
    assert admit(view, Limits(), send("a"), late_ms)[1] is not None
    assert admit(view, Limits(), send("a", at_ms=late_ms + 1), late_ms + 1)[1] is None


def asked(view: View, cause: Cause, moment_ms: int, budget: RetryBudget) -> tuple[View, str | None]:
    """A call to `a` for this cause."""
    return admit(view, Limits(), replace(send("a"), cause=cause), moment_ms, NO_LIMITS, budget)


def test_retries_and_hedges_share_one_budget() -> None:
    """A share of the first calls, and a few more; who comes too late is told the numbers."""
    budget, view = RetryBudget(share=Share(200_000), least=2), EMPTY_VIEW
    for _ in range(9):
        view, _ = asked(view, "first", 0, budget)
    for cause in ("retry", "hedge", "retry"):
        view, denied = asked(view, cause, 1, budget)
        assert denied is None
    assert asked(view, "hedge", 2, budget) == (view, "the retry budget is spent: 3 of 3 retries and hedges in the last minute")


def test_fallbacks_are_neither_counted_nor_denied() -> None:
    """They go to another deployment."""
    view, denied = asked(EMPTY_VIEW, "fallback", 0, RetryBudget(share=Share(0), least=0))
    assert (view.tallies, denied) == ((), None)


def test_only_what_is_granted_is_counted() -> None:
    """A call that a limit denies was not made."""
    view, _ = admit(EMPTY_VIEW, Limits(concurrent=1), send("a"), 0)
    view, _ = admit(view, Limits(concurrent=1), send("a"), 0)
    assert view.tallies == (Tally(from_ms=0, first=1),)


def test_calls_are_counted_in_tallies_of_ten_seconds() -> None:
    """Those that lie before the last minute are let go."""
    view, budget = EMPTY_VIEW, RetryBudget(least=1)
    calls: tuple[tuple[int, Cause], ...] = ((0, "first"), (TALLY_MS - 1, "retry"), (TALLY_MS, "first"), (WINDOW_MS, "first"))
    for moment_ms, cause in calls:
        view, _ = asked(view, cause, moment_ms, budget)
    recent = (Tally(from_ms=TALLY_MS, first=1), Tally(from_ms=WINDOW_MS, first=1))
    assert view.tallies == (Tally(from_ms=0, first=1, extra=1), *recent)
    view, _ = asked(view, "first", WINDOW_MS + TALLY_MS, budget)
    assert view.tallies == (*recent, Tally(from_ms=WINDOW_MS + TALLY_MS, first=1))


def test_a_spent_retry_budget_comes_back() -> None:
    """When the last retry is a minute old and its tally over."""
    budget = RetryBudget(share=Share(0), least=1)
    view, _ = asked(EMPTY_VIEW, "retry", TALLY_MS - 1, budget)
    assert asked(view, "retry", WINDOW_MS + TALLY_MS - 1, budget)[1] is not None
    assert asked(view, "retry", WINDOW_MS + TALLY_MS, budget)[1] is None
