from tests.driven import drive
from tests.plans import attempt, first, guardrail, plan_of, race, transcript
from voxplan.engine.plans.plan import Degrade, Gates
from voxplan.engine.runs.run import Cancel, Finish, Observe, Passed, Release, Served, Unserved


def test_begin_sends_the_first_attempt_with_its_whole_timeout() -> None:
    """A plan without a deadline gives the first call its own timeout."""
    begun = drive(first(attempt("a"), attempt("b")), 50)
    (send,) = begun.sends
    assert (send.deployment, send.at_ms, send.until_ms, send.whole, send.cause) == ("a", 50, 1050, True, "first")


def test_a_send_carries_what_the_deployment_gets_differently() -> None:
    """The shell drops what the plan says, and nothing else."""
    degrades = (Degrade(option="prompt", how="dropped"),)
    assert drive(attempt("a", degrades=degrades)).sends[0].degrades == degrades


def test_an_accepted_answer_ends_the_run() -> None:
    """Nothing is sent after an answer; the call is observed before the run finishes."""
    run = drive(first(attempt("a"), attempt("b"))).answers(1, 10)
    assert [type(command) for command in run.commands] == [Observe, Finish]
    assert run.ended == Served(attempt=1, transcript=transcript())
    assert run.endings == [("a", "accepted")]


def test_the_failed_run_has_the_worst_kind_of_its_attempts() -> None:
    """The order of blame decides, not the last failure."""
    run = drive(first(attempt("a"), attempt("b"))).fails(1, "rate_limited", 10).fails(2, "unauthorized", 20)
    assert run.ended == Unserved(kind="rate_limited")


def test_a_run_in_which_nothing_started_has_no_kind() -> None:
    """No attempt, no blame."""
    run = drive(first(attempt("a"), attempt("b"))).denies(1, 10).denies(2, 10)
    assert run.ended == Unserved()


def test_when_all_is_poor_the_best_poor_answer_returns() -> None:
    """Fewest failed gates first, then the earliest."""
    gates = Gates(not_empty=True, max_compression_ratio=1.5)
    begun = drive(first(*(attempt(name, gates=gates) for name in "abcd")))
    run = begun.answers(1, 10, " " * 90).answers(2, 20, "la " * 90).answers(3, 30, "").fails(4, "server_error", 40)
    assert run.ended == Served(attempt=2, transcript=transcript("la " * 90), poor=True)


def test_a_poor_answer_of_a_race_returns_when_the_race_fell() -> None:
    """Which arm gave it does not matter."""
    begun = drive(race(attempt("a"), attempt("b", gates=Gates(not_empty=True))))
    run = begun.wakes(1, 100).answers(2, 150, "").fails(1, "server_error", 200)
    assert run.ended == Served(attempt=2, transcript=transcript(""), poor=True)


def test_when_all_poor_fail_fails() -> None:
    """The author may prefer no answer to a poor one."""
    plan = plan_of(attempt("a", gates=Gates(not_empty=True)), when_all_poor="fail")
    assert drive(plan).answers(1, 10, "").ended == Unserved(kind="poor_quality")


def test_a_caller_who_left_gets_no_poor_answer() -> None:
    """`cancelled` is the end, whatever there was."""
    run = drive(first(attempt("a", gates=Gates(not_empty=True)), attempt("b"))).answers(1, 10, "").leaves(20)
    assert run.ended == Unserved(kind="cancelled")


def test_cancelled_stops_the_call_that_is_out() -> None:
    """The call is cancelled and observed; the run ends as cancelled."""
    run = drive(first(attempt("a"), attempt("b"))).leaves(10)
    assert run.commands[0] == Cancel(attempt=1)
    assert run.ended == Unserved(kind="cancelled")
    observed = [command.observation.kind for command in run.commands if isinstance(command, Observe)]
    assert observed == ["cancelled"]


def test_cancelled_stops_every_arm_that_is_out() -> None:
    """All of them, by their ids."""
    run = drive(race(attempt("a"), attempt("b"))).wakes(1, 100).leaves(150)
    assert run.stopped == [1, 2]
    assert run.endings == [("a", "cancelled"), ("b", "cancelled")]


def test_cancelled_in_a_pause_has_nothing_to_stop() -> None:
    """Between two calls nothing is out."""
    run = drive(attempt("a", delays_ms=(300,), retry_on=("server_error",))).fails(1, "server_error", 10).leaves(20)
    assert run.commands == (Finish(ended=Unserved(kind="cancelled")),)


def test_events_about_other_things_change_nothing() -> None:
    """Late, early and unknown events are ignored."""
    begun = drive(first(attempt("a"), attempt("b")))
    strangers = (
        begun.wakes(1, 10),
        begun.fails(7, "server_error", 10),
        begun.denies(2, 10),
        begun.checks(1, Passed(), 10),
        begun.hears(1, 10),
    )
    assert strangers == ((begun.run, ()),) * 5


def test_events_after_the_end_change_nothing() -> None:
    """Not even a caller who leaves."""
    over = drive(attempt("a")).answers(1, 10)
    assert (over.leaves(20), over.answers(1, 20)) == ((over.run, ()),) * 2


def test_many_denials_in_one_instant_end() -> None:
    """256 attempts, all denied: the run ends without having called anyone."""
    run = drive(first(*(attempt(f"d{number}") for number in range(256))))
    for number in range(1, 257):
        run = run.denies(number, 0)
    assert run.ended == Unserved()
    assert len(run.skipped) == 256


def test_the_first_text_of_a_stream_is_released() -> None:
    """The run commits to that call, and serves its whole answer in the end."""
    heard = drive(plan_of(attempt("a"), streams=True)).hears(1, 10)
    assert heard.commands == (Release(attempt=1),)
    assert heard.hears(1, 20) == (heard.run, ())
    assert heard.answers(1, 30).ended == Served(attempt=1, transcript=transcript())


def test_a_commit_stops_the_other_arms() -> None:
    """They have lost, and no arm starts any more."""
    begun = drive(plan_of(race(attempt("a"), attempt("b"), attempt("c")), streams=True))
    heard = begun.wakes(1, 100).hears(2, 150)
    assert heard.commands[:2] == (Release(attempt=2), Cancel(attempt=1))
    assert heard.endings == [("a", "lost")]
    assert heard.wakes(2, 200) == (heard.run, ())
    assert heard.answers(2, 250).ended == Served(attempt=2, transcript=transcript())


def test_after_the_commit_every_failure_ends_the_run_in_its_kind() -> None:
    """No retry, no other child, no poor answer: some of the text is out already."""
    retried = attempt("b", delays_ms=(0,), retry_on=("server_error",))
    plan = plan_of(first(attempt("a", gates=Gates(not_empty=True)), retried, attempt("c")), streams=True)
    run = drive(plan).answers(1, 10, "").hears(2, 20).fails(2, "server_error", 30)
    assert [type(command) for command in run.commands] == [Observe, Finish]
    assert run.ended == Unserved(kind="server_error")


def test_the_kind_after_the_commit_is_not_an_earlier_worse_one() -> None:
    """What broke the stream off is what the caller is told."""
    plan = plan_of(first(attempt("a"), attempt("b")), streams=True)
    assert drive(plan).fails(1, "rate_limited", 10).hears(2, 20).fails(2, "bad_answer", 30).ended == Unserved(kind="bad_answer")


def test_nothing_is_released_before_gates_and_guardrails_have_seen_it() -> None:
    """Their calls are heard, but the text waits for the end."""
    for held in (attempt("a", gates=Gates(not_empty=True)), attempt("a", guardrails=(guardrail("g"),))):
        begun = drive(plan_of(held, streams=True))
        assert begun.hears(1, 10) == (begun.run, ())


def test_nothing_is_released_when_the_caller_wants_no_stream() -> None:
    """Text that comes early is only a sign of life."""
    begun = drive(attempt("a"))
    assert begun.hears(1, 10) == (begun.run, ())


def test_text_after_the_calls_time_is_not_released() -> None:
    """The call has timed out, although the shell has not said so yet."""
    begun = drive(plan_of(attempt("a"), streams=True))
    assert begun.hears(1, 1001) == (begun.run, ())


def test_an_answer_without_earlier_text_ends_a_streaming_run() -> None:
    """A provider that does not stream answers whole."""
    assert drive(plan_of(attempt("a"), streams=True)).answers(1, 10).ended == Served(attempt=1, transcript=transcript())


def test_every_call_is_observed_as_it_ended() -> None:
    """A success has no kind; neither has a lost race, which says so."""
    run = drive(race(attempt("a"), attempt("b"))).wakes(1, 100).answers(2, 150)
    observed = [command.observation for command in run.commands if isinstance(command, Observe)]
    assert [(each.deployment, each.kind, each.lost) for each in observed] == [("b", None, False), ("a", None, True)]
    assert [(each.started_ms, each.ended_ms) for each in observed] == [(100, 150), (0, 150)]


def test_the_trail_counts_from_the_beginning() -> None:
    """The clock's own zero does not show."""
    run = drive(attempt("a"), 5000).answers(1, 5010)
    assert [(entry.started_ms, entry.ended_ms) for entry in run.run.trail] == [(0, 10)]


def test_a_run_ends_at_its_deadline_whatever_is_pending() -> None:
    """Two calls out, a stagger ahead, a retry that would follow: when the time is up, nothing starts or waits."""
    retried = attempt("b", delays_ms=(1,), retry_on=("timed_out",))
    second = drive(race(attempt("a"), retried, attempt("c"), stagger_ms=300, deadline_ms=500)).wakes(1, 300)
    assert second.timers == [(2, 600)]
    run = second.fails(1, "timed_out", 500).fails(2, "timed_out", 500)
    assert run.skipped == [("c", "too_little_time")]
    assert [type(command) for command in run.commands] == [Observe, Finish]
    assert run.ended == Unserved(kind="timed_out")
