from tests.plans import failure
from voxplan.engine.runs.ledger import Ledger, affords, cost, may_replay, release, reserve, settle, spent


def two_calls() -> Ledger:
    """Calls 1 and 2, of 5 and 3, both out."""
    return reserve(reserve((), 1, "r/a", 5), 2, "r/x/b", 3)


def test_a_call_that_is_out_is_reserved_at_its_worst() -> None:
    """It belongs to its own node and to each above it."""
    ledger = two_calls()
    assert [spent(ledger, node) for node in ("r", "r/a", "r/x", "r/x/b", "r/")] == [8, 5, 3, 3, 0]


def test_a_call_that_was_denied_leaves_no_line() -> None:
    """It neither cost nor sent anything."""
    assert release(two_calls(), 2) == reserve((), 1, "r/a", 5)


def test_a_call_settles_at_nothing_only_if_it_is_not_charged() -> None:
    """A doubt is charged; so is an answer, and a lost race."""
    ledger = two_calls()
    assert spent(settle(ledger, 1, failure("server_error", charged="no")), "r") == 3
    assert spent(settle(ledger, 1, failure("server_error", charged="maybe")), "r") == 8
    assert spent(settle(ledger, 1, None), "r") == 8


def test_the_cost_of_a_call() -> None:
    """Nothing for one that left no line; None when nobody knows the price, unless it is not charged."""
    ledger = reserve(two_calls(), 3, "r/c", None)
    assert [cost(ledger, number) for number in (1, 2, 3, 4)] == [5, 3, None, 0]
    assert cost(settle(ledger, 3, failure("server_error", charged="no")), 3) == 0


def test_what_fits_exactly_is_afforded() -> None:
    """One more is not; without a budget everything is."""
    ledger = two_calls()
    assert affords(ledger, (("r", 10), ("r/x", 5)), 2)
    assert not affords(ledger, (("r", 10), ("r/x", 4)), 2)
    assert affords(ledger, (), None)
    assert not affords((), (("r", 10),), None)


def test_before_the_first_call_every_rule_allows_it() -> None:
    """Nothing has been sent."""
    assert all(may_replay((), rule) for rule in ("always", "if_uncharged", "if_unsent", "never"))


def test_all_earlier_calls_are_looked_at() -> None:
    """One that was not sent does not excuse the other."""
    ledger = settle(two_calls(), 1, failure("not_connected", sent="no", charged="no"))
    assert not may_replay(ledger, "if_unsent")
    assert may_replay(settle(ledger, 2, failure("not_connected", sent="no", charged="no")), "if_unsent")
