from tests.driven import drive
from tests.plans import attempt, first, race, transcript
from voxplan.engine.runs.run import Served, Unserved
from voxplan.engine.terms.failure import FailureKind

BROKEN: tuple[FailureKind, ...] = ("server_error",)


def test_the_next_arm_starts_after_the_stagger() -> None:
    """It is a hedge, and the one after it waits for another stagger."""
    begun = drive(race(attempt("a"), attempt("b"), attempt("c"), stagger_ms=100))
    assert (begun.sent, begun.timers) == (["a"], [(1, 100)])
    second = begun.wakes(1, 100)
    assert [(send.deployment, send.at_ms, send.cause) for send in second.sends] == [("b", 100, "hedge")]
    assert second.timers == [(2, 200)]
    last = second.wakes(2, 200)
    assert (last.sent, last.timers) == (["c"], [])


def test_an_arm_that_fails_starts_the_next_at_once() -> None:
    """The stagger begins anew; the old one starts nothing."""
    begun = drive(race(attempt("a"), attempt("b"), attempt("c")))
    run = begun.fails(1, "server_error", 30)
    assert [(send.deployment, send.cause) for send in run.sends] == [("b", "fallback")]
    assert run.timers == [(2, 130)]
    assert run.wakes(1, 100) == (run.run, ())
    assert run.wakes(2, 130).sent == ["c"]


def test_an_arm_started_beside_another_after_a_failure_is_a_hedge() -> None:
    """One arm is still out, so this call may be one too many."""
    begun = drive(race(attempt("a"), attempt("b"), attempt("c"))).wakes(1, 100)
    assert [(send.deployment, send.cause) for send in begun.fails(2, "server_error", 120).sends] == [("c", "hedge")]


def test_a_failure_and_a_stagger_at_one_instant_start_one_arm() -> None:
    """The failure comes first and starts it; the stagger's moment is past."""
    run = drive(race(attempt("a"), attempt("b"), attempt("c"))).fails(1, "server_error", 100)
    assert run.sent == ["b"]
    assert run.wakes(1, 100).sent == []


def test_two_arms_that_fail_start_two() -> None:
    """Each failed arm starts one next arm."""
    begun = drive(race(*(attempt(name) for name in "abcd"))).wakes(1, 100)
    one = begun.fails(1, "server_error", 150)
    assert one.sent == ["c"]
    assert one.fails(2, "server_error", 150).sent == ["d"]


def test_an_absent_arm_takes_no_turn() -> None:
    """The next one that can start does, at the same instant."""
    begun = drive(race(attempt("a"), attempt("a", node="r/a~2"), attempt("b")))
    run = begun.wakes(1, 100)
    assert (run.sent, run.skipped) == (["b"], [("a", "tried")])


def test_a_denied_arm_takes_no_turn() -> None:
    """The next one starts at once, and only its own stagger counts."""
    begun = drive(race(attempt("a"), attempt("b"), attempt("c"))).denies(1, 0)
    assert [(send.deployment, send.cause) for send in begun.sends] == [("b", "first")]
    assert begun.wakes(1, 100).sent == []
    assert begun.wakes(2, 100).sent == ["c"]


def test_a_denied_hedge_leaves_the_others_running() -> None:
    """The race goes on with what is out."""
    run = drive(race(attempt("a"), attempt("b"))).wakes(1, 100).denies(2, 100)
    assert (run.sent, run.ended) == ([], None)
    assert run.answers(1, 200).ended == Served(attempt=1, transcript=transcript())


def test_the_next_child_of_a_denied_hedge_is_a_hedge() -> None:
    """The arm has called nobody yet; a call beside another one is a hedge however it came about."""
    begun = drive(race(attempt("a"), first(attempt("b"), attempt("c"), attempt("d"), node="r/first"))).wakes(1, 100)
    denied = begun.denies(2, 100)
    assert [(send.deployment, send.cause) for send in denied.sends] == [("c", "hedge")]
    assert [(send.deployment, send.cause) for send in denied.fails(3, "server_error", 120).sends] == [("d", "fallback")]


def test_a_race_whose_arms_are_all_absent_is_absent() -> None:
    """The next child of its `first` starts."""
    run = drive(first(race(attempt("a"), attempt("b"), node="r/race"), attempt("c"))).denies(1, 0).denies(2, 0)
    assert run.sent == ["c"]


def test_the_first_accepted_answer_wins() -> None:
    """The others are stopped, have lost and may cost their worst."""
    begun = drive(race(attempt("a", worst_cost=7), attempt("b"), attempt("c"))).wakes(1, 100).wakes(2, 200)
    run = begun.answers(2, 250)
    assert run.stopped == [1, 3]
    assert run.endings == [("b", "accepted"), ("a", "lost"), ("c", "lost")]
    assert [entry.cost for entry in run.run.trail if entry.deployment == "a"] == [7]
    assert run.ended == Served(attempt=2, transcript=transcript())


def test_what_a_loser_reports_later_changes_nothing() -> None:
    """The winner is fixed at accept."""
    over = drive(race(attempt("a"), attempt("b"))).wakes(1, 100).answers(2, 150)
    assert over.answers(1, 150) == (over.run, ())


def test_a_kind_outside_on_closes_the_race() -> None:
    """No further arm starts, neither by failure nor by stagger; what is out goes on and may win."""
    begun = drive(race(*(attempt(name) for name in "abcd"), on=("server_error",))).wakes(1, 100)
    closed = begun.fails(1, "bad_answer", 150)
    assert (closed.sent, closed.ended) == ([], None)
    assert closed.wakes(2, 200).sent == []
    assert closed.answers(2, 300).ended == Served(attempt=2, transcript=transcript())
    assert closed.fails(2, "server_error", 300).sent == []


def test_a_closed_race_falls_in_the_kind_that_closed_it() -> None:
    """The first kind outside `on`, whatever came later: an outer `first` routes by it."""
    inner = race(attempt("a"), attempt("b"), attempt("c"), on=("server_error",), node="r/race")
    begun = drive(first(inner, attempt("d"), on=("bad_answer",))).wakes(1, 100).wakes(2, 200)
    fell = begun.fails(3, "bad_answer", 210).fails(1, "rate_limited", 220).fails(2, "server_error", 230)
    assert fell.sent == ["d"]


def test_an_open_race_falls_in_its_last_failure() -> None:
    """When all arms have failed in kinds in `on`."""
    inner = race(attempt("a"), attempt("b"), node="r/race")
    begun = drive(first(inner, attempt("c"), on=("overloaded",))).wakes(1, 100)
    assert begun.fails(2, "server_error", 110).fails(1, "overloaded", 120).sent == ["c"]
    assert begun.fails(2, "overloaded", 110).fails(1, "server_error", 120).sent == []


def test_an_arm_fails_when_its_whole_route_does() -> None:
    """Its own fallback comes first, and is no hedge."""
    arm = first(attempt("a"), attempt("b"), node="r/first")
    begun = drive(race(arm, attempt("c")))
    within = begun.fails(1, "server_error", 10)
    assert [(send.deployment, send.cause, send.at_ms) for send in within.sends] == [("b", "fallback", 10)]
    assert within.timers == []
    assert within.fails(2, "server_error", 20).sent == ["c"]


def test_the_stagger_counts_from_the_start_of_the_arm() -> None:
    """A retry or a fallback inside it does not put it off."""
    arm = first(attempt("a"), attempt("b"), node="r/first")
    assert drive(race(arm, attempt("c"))).fails(1, "server_error", 90).wakes(1, 100).sent == ["c"]


def test_a_retry_that_waits_when_another_arm_wins_is_forgotten() -> None:
    """Its timer is stale."""
    arm = first(attempt("a", delays_ms=(300,), retry_on=BROKEN), node="r/first")
    over = drive(race(arm, attempt("b"))).fails(1, "server_error", 50).wakes(1, 100).answers(2, 200)
    assert over.ended == Served(attempt=2, transcript=transcript())
    assert over.stopped == []
    assert over.wakes(2, 350) == (over.run, ())


def test_a_waiting_arm_is_under_way() -> None:
    """The next arm starts by the stagger beside it, as a hedge."""
    arm = attempt("a", delays_ms=(300,), retry_on=BROKEN)
    run = drive(race(arm, attempt("b"))).fails(1, "server_error", 50)
    assert [send.cause for send in run.wakes(1, 100).sends] == ["hedge"]


def test_a_race_in_a_race() -> None:
    """Each has its own stagger and its own arms; one winner ends both."""
    inner = race(attempt("b"), attempt("c"), stagger_ms=50, node="r/race")
    begun = drive(race(attempt("a"), inner, attempt("d"), stagger_ms=100)).wakes(1, 100)
    assert (begun.sent, begun.timers) == (["b"], [(2, 150), (3, 200)])
    assert begun.wakes(2, 150).sent == ["c"]
    run = begun.wakes(2, 150).fails(2, "server_error", 160).fails(3, "server_error", 170)
    assert run.sent == ["d"]
    won = begun.wakes(2, 150).wakes(3, 200).answers(3, 210)
    assert won.stopped == [1, 2, 4]


def test_the_first_arm_of_a_race_that_is_a_hedge_is_one_too() -> None:
    """Its later arms are hedges beside it; one after it has failed is a fallback."""
    inner = race(attempt("b"), attempt("c"), stagger_ms=50, node="r/race")
    begun = drive(race(attempt("a"), inner)).wakes(1, 100)
    assert begun.sends[0].cause == "hedge"
    assert begun.fails(2, "server_error", 110).sends[0].cause == "fallback"


def test_a_deadline_cuts_a_race() -> None:
    """Every call has until then; the arms that follow are absent."""
    begun = drive(race(attempt("a"), attempt("b"), attempt("c"), deadline_ms=150, stagger_ms=100))
    second = begun.wakes(1, 100)
    assert [send.until_ms for send in (*begun.sends, *second.sends)] == [150, 150]
    run = second.fails(1, "timed_out", 150).fails(2, "timed_out", 150)
    assert run.skipped == [("c", "too_little_time")]
    assert run.ended == Unserved(kind="timed_out")


def test_a_hedges_reserve_uses_the_budget_until_it_fails_uncharged() -> None:
    """While both are out nothing is left; then there is again."""
    arms = (attempt(name, worst_cost=5) for name in "abcd")
    begun = drive(race(*arms, budget=10)).wakes(1, 100)
    assert begun.wakes(2, 200).skipped == [("c", "budget"), ("d", "budget")]
    assert begun.fails(2, "not_connected", 150, sent="no", charged="no").sent == ["c"]
    assert begun.fails(2, "server_error", 150, charged="yes").sent == []
