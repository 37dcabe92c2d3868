from msgspec.structs import replace

from tests.making import attempt, first, guardrail, race
from voxplan.engine.plans.bounds import bounds


def test_a_deployment_counts_once() -> None:
    """With the most calls that one of its nodes may make."""
    root = first(attempt("a", delays_ms=(1, 1)), attempt("a", node="r/a~2"), attempt("b"))
    assert bounds(root).attempts == 4


def test_an_attempt_that_may_send_only_once_adds_one_call_at_most() -> None:
    """None, where its deployment has its turn anyway."""
    careful = attempt("a", replay="never", delays_ms=(1, 1))
    assert bounds(first(careful, attempt("b"))).attempts == 2
    assert bounds(first(careful, attempt("a", node="r/a~2"))).attempts == 1


def test_money_is_bounded_by_prices_and_by_budgets() -> None:
    """An unknown price is no bound, unless a budget is."""
    assert bounds(first(attempt("a", worst_cost=5, delays_ms=(1,)), attempt("b", worst_cost=7))).cost == 17
    assert bounds(first(attempt("a", worst_cost=5), attempt("b", worst_cost=7), budget=9)).cost == 9
    assert bounds(first(attempt("a", worst_cost=5), attempt("b"))).cost is None


def test_what_is_simulated_costs_nothing() -> None:
    """Whatever its price."""
    found = bounds(first(attempt("a", worst_cost=5, simulated="server_error"), attempt("b", worst_cost=7)))
    assert (found.attempts, found.cost, found.duplicate_charges) == (2, 7, 0)


def test_charges_repeat_only_where_the_audio_may_be_sent_again() -> None:
    """A free call is no charge."""
    assert bounds(first(attempt("a", worst_cost=5, delays_ms=(1,)), attempt("b"))).duplicate_charges == 2
    assert bounds(first(attempt("a", worst_cost=0), attempt("b", worst_cost=5))).duplicate_charges == 0
    careful = [attempt(name, worst_cost=5, replay="if_uncharged") for name in "ab"]
    assert bounds(first(*careful)).duplicate_charges == 0


def test_the_arms_of_a_race_overlap() -> None:
    """Each starts at its place in the stagger at the latest."""
    root = race(attempt("a", timeout_ms=1000), attempt("b", timeout_ms=500), attempt("c", timeout_ms=900), stagger_ms=100)
    assert bounds(root).longest_ms == 1100


def test_checks_take_time() -> None:
    """Those before, and those of the answer that takes the most; the deadline holds for all."""
    root = first(attempt("a", timeout_ms=1000, guardrails=(guardrail("x", timeout_ms=50),)))
    assert bounds(root, (guardrail("in", timeout_ms=7),)).longest_ms == 1057
    assert bounds(first(*root.children, deadline_ms=900), (guardrail("in", timeout_ms=7),)).longest_ms == 900


def test_everybody_who_may_hear_the_audio_is_named() -> None:
    """Deployments, vendors and regions, each once."""
    here, there = replace(attempt("b"), vendor="v", region="eu"), replace(attempt("a"), vendor="v")
    found = bounds(race(here, there))
    assert (found.deployments, found.vendors, found.regions) == (("a", "b"), ("v",), ("eu",))


def test_every_call_and_every_wait_may_take_its_longest() -> None:
    """A wait lasts as long as was drawn, or as the provider may ask for."""
    root = attempt("a", timeout_ms=1000, delays_ms=(10, 30), patience_ms=20)
    assert bounds(root).longest_ms == 3 * 1000 + 20 + 30
