import pytest

from tests.driven import Driven, drive
from tests.plans import attempt, failure, first, race, transcript
from voxplan.engine.plans.plan import Gates
from voxplan.engine.runs.ledger import Replay
from voxplan.engine.runs.run import Observe, Served, Unserved
from voxplan.engine.terms.failure import Certainty


def test_a_retry_waits_its_drawn_delay() -> None:
    """The same deployment is called again after the wait."""
    run = drive(attempt("a", delays_ms=(300,), retry_on=("server_error",))).fails(1, "server_error", 10)
    assert run.timers == [(1, 310)]
    assert [(send.number, send.cause) for send in run.wakes(1, 310).sends] == [(2, "retry")]


def test_retry_after_stretches_the_wait() -> None:
    """The longer of the drawn delay and what the provider asked for is waited."""
    begun = drive(attempt("a", delays_ms=(300,), retry_on=("overloaded",), patience_ms=5000))
    assert begun.fails(1, "overloaded", 10, retry_after_ms=2000).timers == [(1, 2010)]


def test_retry_after_beyond_patience_goes_to_the_next_child() -> None:
    """A wait that is too long is not waited for."""
    impatient = attempt("a", delays_ms=(300,), retry_on=("rate_limited",), patience_ms=1000)
    assert drive(first(impatient, attempt("b"))).fails(1, "rate_limited", 10, retry_after_ms=2000).sent == ["b"]


def test_a_hint_kind_without_a_hint_is_not_retried() -> None:
    """`rate_limited` is retried by default only when the provider said how long."""
    begun = drive(attempt("a", delays_ms=(300,), retry_on_hint=("rate_limited",), patience_ms=1000))
    assert begun.fails(1, "rate_limited", 10).ended == Unserved(kind="rate_limited")
    assert begun.fails(1, "rate_limited", 10, retry_after_ms=500).timers == [(1, 510)]


def test_a_retry_that_the_deadline_forbids_is_not_begun() -> None:
    """No wait precedes a call that could not start."""
    late = attempt("a", delays_ms=(300,), retry_on=("server_error",), deadline_ms=250)
    assert drive(late).fails(1, "server_error", 10).ended == Unserved(kind="server_error")


def test_too_little_time_makes_an_attempt_absent() -> None:
    """With less than its `shortest` left, an attempt does not start, and the trail says why."""
    begun = drive(first(attempt("a"), attempt("b", shortest_ms=600), deadline_ms=1000))
    run = begun.fails(1, "server_error", 500)
    assert run.sent == []
    assert run.skipped == [("b", "too_little_time")]


def test_a_deployment_is_tried_once() -> None:
    """A second node with the same deployment is absent."""
    run = drive(first(attempt("a"), attempt("a", node="r/a~2"), attempt("b"))).fails(1, "server_error", 10)
    assert run.sent == ["b"]
    assert run.skipped == [("a", "tried")]


def test_a_denied_deployment_was_not_tried() -> None:
    """Admission may say yes later in the same run; the denied call costs nothing and leaves no trail."""
    run = drive(first(attempt("a", worst_cost=5), attempt("a", node="r/a~2"))).denies(1, 10)
    assert run.sent == ["a"]
    assert [(entry.reason, entry.detail) for entry in run.run.skipped] == [("denied", "full")]
    assert run.endings == []
    assert not any(isinstance(command, Observe) for command in run.commands)


def test_a_denied_retry_ends_in_the_failure_before_it() -> None:
    """The attempt keeps the failure it had, and its deployment has been tried."""
    retried = attempt("a", delays_ms=(0,), retry_on=("server_error",))
    run = drive(first(retried, attempt("a", node="r/a~2"))).fails(1, "server_error", 10).wakes(1, 10).denies(2, 10)
    assert run.ended == Unserved(kind="server_error")
    assert run.skipped == [("a", "denied"), ("a", "tried")]


def test_a_refused_credential_is_skipped_for_the_rest_of_the_run() -> None:
    """Two deployments with one key: the second is not asked."""
    begun = drive(first(attempt("a", credential="k"), attempt("b", credential="k"), attempt("c")))
    run = begun.fails(1, "unauthorized", 10)
    assert run.sent == ["c"]
    assert run.skipped == [("b", "credential_refused")]


def test_a_refused_credential_stops_arms_that_have_not_started() -> None:
    """One with the same key that is out goes on, and may win."""
    begun = drive(race(attempt("a", credential="k"), attempt("b", credential="k"), attempt("c", credential="k")))
    run = begun.wakes(1, 100).fails(1, "unauthorized", 150)
    assert (run.sent, run.stopped, run.skipped) == ([], [], [("c", "credential_refused")])
    assert run.answers(2, 200).ended == Served(attempt=2, transcript=transcript())


def test_a_refused_credential_stops_a_retry_in_another_arm() -> None:
    """The retry that waited ends in the failure it had."""
    retried = attempt("a", credential="k", delays_ms=(500,), retry_on=("server_error",))
    waiting = drive(race(retried, attempt("b", credential="k"))).wakes(1, 100).fails(1, "server_error", 110)
    assert waiting.timers == [(2, 610)]
    run = waiting.fails(2, "unauthorized", 120).wakes(2, 610)
    assert run.skipped == [("a", "credential_refused")]
    assert run.ended == Unserved(kind="server_error")


def test_an_answer_at_its_until_counts_and_one_after_does_not() -> None:
    """The last millisecond belongs to the call."""
    begun = drive(attempt("a"))
    assert begun.answers(1, 1000).ended == Served(attempt=1, transcript=transcript())
    late = begun.answers(1, 1001)
    assert late.ended == Unserved(kind="timed_out")
    assert late.run.trail[0].ended_ms == 1000


def test_a_failure_after_its_until_is_a_timeout() -> None:
    """Whatever the provider said in the end, its time was over."""
    assert drive(attempt("a")).fails(1, "unauthorized", 1001).ended == Unserved(kind="timed_out")


def test_an_answer_that_fails_its_gates_is_poor_quality() -> None:
    """The next child is tried."""
    run = drive(first(attempt("a", gates=Gates(not_empty=True)), attempt("b"))).answers(1, 10, " ")
    assert run.sent == ["b"]
    assert run.endings == [("a", "poor_quality")]


def test_a_simulated_call_is_commanded_and_costs_nothing() -> None:
    """The shell fails it; it is neither charged nor is it a reason not to send the audio."""
    begun = drive(first(attempt("a", simulated="overloaded", worst_cost=5), attempt("b", worst_cost=5, replay="never"), budget=5))
    assert begun.sends[0].simulated == "overloaded"
    run = begun.fails(1, "overloaded", 0, sent="no", charged="no")
    assert run.sent == ["b"]
    assert run.run.trail[0].cost == 0
    assert [command.observation.simulated for command in run.commands if isinstance(command, Observe)] == [True]


def test_the_call_after_a_simulated_one_is_a_fallback() -> None:
    """A rehearsal of a failure shows what the failure would bring about."""
    run = drive(first(attempt("a", simulated="overloaded"), attempt("b"))).fails(1, "overloaded", 0, sent="no", charged="no")
    assert run.sends[0].cause == "fallback"


def test_the_first_call_that_goes_out_is_the_first() -> None:
    """A denied one did not go out; what comes after a call that did is a fallback."""
    run = drive(first(attempt("a"), attempt("b"), attempt("c"))).denies(1, 0)
    assert run.sends[0].cause == "first"
    assert run.fails(2, "server_error", 10).sends[0].cause == "fallback"


@pytest.mark.parametrize(
    ("replay", "sent", "charged", "starts"),
    [
        ("always", "yes", "yes", True),
        ("if_uncharged", "yes", "no", True),
        ("if_uncharged", "yes", "maybe", False),
        ("if_uncharged", "yes", "yes", False),
        ("if_unsent", "no", "no", True),
        ("if_unsent", "maybe", "no", False),
        ("if_unsent", "yes", "no", False),
        ("never", "no", "no", False),
    ],
)
def test_replay_says_whether_the_audio_goes_out_again(replay: Replay, sent: Certainty, charged: Certainty, starts: bool) -> None:
    """After a call that ended like this, a call under that rule starts or does not; a retry likewise."""
    run = drive(first(attempt("a"), attempt("b", replay=replay))).fails(1, "server_error", 10, sent=sent, charged=charged)
    assert (run.sent, run.skipped) == ((["b"], []) if starts else ([], [("b", "replay")]))
    retried = drive(attempt("a", delays_ms=(5,), retry_on=("server_error",), replay=replay))
    run = retried.fails(1, "server_error", 10, sent=sent, charged=charged)
    assert (run.timers == [(1, 15)], run.ended is None) == (starts, starts)


def test_a_poor_answer_was_sent_and_charged() -> None:
    """Under `if_uncharged` nothing follows it."""
    run = drive(first(attempt("a", gates=Gates(not_empty=True)), attempt("b", replay="if_uncharged"))).answers(1, 10, "")
    assert run.skipped == [("b", "replay")]


def test_a_call_under_way_may_be_charged() -> None:
    """Beside it, nothing starts that may not be charged twice."""
    run = drive(race(attempt("a"), attempt("b", replay="if_uncharged"))).wakes(1, 100)
    assert run.skipped == [("b", "replay")]


def test_a_budget_bounds_all_calls_below_it() -> None:
    """What may have been charged counts at its worst; what does not fit is absent, and a cheaper one may follow."""
    begun = drive(first(attempt("a", worst_cost=6), attempt("b", worst_cost=5), attempt("c", worst_cost=4), budget=10))
    run = begun.fails(1, "server_error", 10)
    assert (run.skipped, run.sent) == ([("b", "budget")], ["c"])
    assert run.run.trail[0].cost == 6


def test_what_is_not_charged_leaves_the_budget_whole() -> None:
    """The reserve comes back when the call ends uncharged."""
    begun = drive(first(attempt("a", worst_cost=10), attempt("b", worst_cost=10), budget=10))
    run = begun.fails(1, "not_connected", 10, sent="no", charged="no")
    assert run.sent == ["b"]
    assert run.run.trail[0].cost == 0


def test_a_budget_counts_only_its_own_calls() -> None:
    """A sibling whose name begins alike is not below it."""
    inner = first(attempt("b", worst_cost=5, node="r/x/b"), node="r/x", budget=5)
    begun = drive(first(attempt("a", worst_cost=9, node="r/xy"), inner))
    assert begun.fails(1, "server_error", 10).sent == ["b"]


def test_all_budgets_around_a_call_hold() -> None:
    """The outer one is used up although the inner one is not."""
    inner = first(attempt("b", worst_cost=5, node="r/x/b"), node="r/x", budget=100)
    begun = drive(first(attempt("a", worst_cost=9, node="r/a"), inner, budget=10))
    assert begun.fails(1, "server_error", 10).skipped == [("b", "budget")]


def test_an_attempts_own_budget_bounds_its_retries() -> None:
    """A retry that it does not cover is not waited for."""
    retried = attempt("a", delays_ms=(5, 5), retry_on=("server_error",), worst_cost=4, budget=9)
    run = drive(retried).fails(1, "server_error", 10).wakes(1, 15).fails(2, "server_error", 20)
    assert run.ended == Unserved(kind="server_error")


def test_a_price_that_nobody_knows_is_over_every_budget() -> None:
    """And no hindrance where there is none."""
    assert drive(attempt("a", budget=10**12)).skipped == [("a", "budget")]
    run = drive(attempt("a")).fails(1, "server_error", 10)
    assert run.run.trail[0].cost is None


def test_a_retry_that_another_arm_has_left_no_money_for_ends_in_its_failure() -> None:
    """The money was there when the wait began."""
    retried = attempt("a", delays_ms=(500,), retry_on=("server_error",), worst_cost=4)
    begun = drive(race(first(retried, node="r/first"), attempt("b", worst_cost=8), stagger_ms=100, budget=8))
    waiting = begun.fails(1, "server_error", 10, charged="no")
    assert waiting.timers == [(2, 510)]
    run = waiting.wakes(1, 100).wakes(2, 510)
    assert run.skipped == [("a", "budget")]
    assert run.fails(2, "rate_limited", 600).ended == Unserved(kind="rate_limited")


def no_reserve_is_left(run: Driven) -> bool:
    """Whether every line of the ledger is settled and every call has ended."""
    return all(line.settled for line in run.run.ledger) and run.run.out == ()


def test_nothing_is_reserved_when_a_run_is_over() -> None:
    """Whether it was served, stopped or denied."""
    begun = drive(race(attempt("a", worst_cost=5), attempt("b", worst_cost=5), budget=10)).wakes(1, 100)
    ends = (begun.answers(1, 200), begun.leaves(200), begun.denies(2, 100).fails(1, "server_error", 200))
    assert [no_reserve_is_left(run) for run in ends] == [True, True, True]
    assert [entry.cost for entry in ends[0].run.trail] == [5, 5]


def test_a_failure_keeps_what_the_provider_said() -> None:
    """The trail has it whole."""
    run = drive(attempt("a")).fails(1, "rate_limited", 10, retry_after_ms=7)
    assert run.run.trail[0].failure == failure("rate_limited", retry_after_ms=7)
