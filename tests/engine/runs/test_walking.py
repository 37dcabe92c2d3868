from tests.driven import drive
from tests.plans import attempt, first
from voxplan.engine.runs.run import Unserved


def test_a_failure_in_on_starts_the_next_child() -> None:
    """The next child starts at once."""
    assert drive(first(attempt("a"), attempt("b"))).fails(1, "server_error", 10).sent == ["b"]


def test_a_failure_outside_on_ends_the_run_in_it() -> None:
    """A kind that `on` does not list is final."""
    run = drive(first(attempt("a"), attempt("b"), on=("rate_limited",))).fails(1, "server_error", 10)
    assert run.sent == []
    assert run.ended == Unserved(kind="server_error")


def test_an_outer_first_goes_on_where_the_inner_may_not() -> None:
    """Each `first` decides by its own `on`."""
    inner = first(attempt("a"), attempt("b"), on=("rate_limited",), node="r/first")
    assert drive(first(inner, attempt("c"))).fails(1, "server_error", 10).sent == ["c"]


def test_a_first_ends_in_its_last_failure() -> None:
    """The outer `on` sees that kind, not the worst; children that were absent after it do not count."""
    inner = first(attempt("a"), attempt("b"), attempt("a", node="r/a~2"), node="r/first")
    begun = drive(first(inner, attempt("c"), on=("not_found",)))
    assert begun.fails(1, "rate_limited", 10).fails(2, "not_found", 20).sent == ["c"]
    assert begun.fails(1, "not_found", 10).fails(2, "rate_limited", 20).sent == []


def test_a_deadline_cuts_the_timeout_short() -> None:
    """The call is told that its time is not its whole own."""
    (send,) = drive(first(attempt("a"), attempt("b"), deadline_ms=1200)).fails(1, "server_error", 500).sends
    assert (send.until_ms, send.whole) == (1200, False)


def test_an_inner_deadline_counts_from_the_entry_of_its_node() -> None:
    """Entered at 800 with 5000, inside an end at 10000: the end is 5800."""
    inner = first(attempt("b", timeout_ms=9000), node="r/first", deadline_ms=5000)
    (send,) = drive(first(attempt("a"), inner, deadline_ms=10_000)).fails(1, "server_error", 800).sends
    assert send.until_ms == 5800


def test_an_inner_deadline_never_outlasts_the_outer_one() -> None:
    """The earlier end wins."""
    inner = first(attempt("b", timeout_ms=9000), node="r/first", deadline_ms=5000)
    (send,) = drive(first(attempt("a"), inner, deadline_ms=3000)).fails(1, "server_error", 800).sends
    assert send.until_ms == 3000
