from tests.driven import drive
from tests.plans import attempt, first, guardrail, plan_of, race, transcript
from voxplan.engine.plans.plan import Gates
from voxplan.engine.runs.run import Blocked, Broke, Check, Finish, Observe, Passed, Served, Unserved

G, H = guardrail("g"), guardrail("h")
LENIENT = guardrail("g", on_error="allow")


def test_input_guardrails_come_before_anything_is_sent() -> None:
    """One after another, each with its time."""
    begun = drive(plan_of(attempt("a"), input_guardrails=(G, H)), 50)
    assert begun.commands == (Check(check=1, guardrail=G, until_ms=1050),)
    second = begun.checks(1, Passed(), 60)
    assert second.commands == (Check(check=2, guardrail=H, until_ms=1060),)
    assert second.checks(2, Passed(), 70).sent == ["a"]


def test_a_changed_prompt_goes_to_the_next_guardrail_and_into_every_call() -> None:
    """Retries and fallbacks get it too."""
    begun = drive(plan_of(first(attempt("a"), attempt("b")), input_guardrails=(G, H)))
    second = begun.checks(1, Passed(prompt=""), 10)
    assert second.checking[0].prompt == ""
    run = second.checks(2, Passed(), 20)
    assert [send.prompt for send in (*run.sends, *run.fails(1, "server_error", 30).sends)] == ["", ""]


def test_an_unchanged_prompt_is_the_requests_own() -> None:
    """No call carries another one."""
    assert drive(plan_of(attempt("a"), input_guardrails=(G,))).checks(1, Passed(), 10).sends[0].prompt is None


def test_a_blocked_prompt_sends_nothing() -> None:
    """The run ends at once and says who said no."""
    run = drive(plan_of(attempt("a"), input_guardrails=(G, H))).checks(1, Blocked(why="a card number"), 10)
    assert run.commands == (Finish(ended=Unserved(kind="blocked", guardrail="g", why="a card number")),)


def test_an_input_guardrail_that_breaks_blocks_unless_it_allows_that() -> None:
    """Then the answer says that it did not check."""
    broke = Broke(why="no service")
    strict = drive(plan_of(attempt("a"), input_guardrails=(G,))).checks(1, broke, 10)
    assert strict.ended == Unserved(kind="blocked", guardrail="g", why="no service", broke=True)
    run = drive(plan_of(attempt("a"), input_guardrails=(LENIENT,))).checks(1, broke, 10)
    assert run.sent == ["a"]
    assert run.answers(1, 20).ended == Served(attempt=1, transcript=transcript(), unchecked=("g",))


def test_the_roots_deadline_counts_from_before_the_input_guardrails() -> None:
    """It cuts their time, and what they take is gone for the calls."""
    begun = drive(plan_of(attempt("a", timeout_ms=900, deadline_ms=800), input_guardrails=(G,)), 100)
    assert begun.checking[0].until_ms == 900
    assert begun.checks(1, Passed(), 400).sends[0].until_ms == 900


def test_when_the_input_guardrails_took_all_the_time_nothing_starts() -> None:
    """The attempt is absent, and the guardrail after them had no time to judge."""
    begun = drive(plan_of(attempt("a", deadline_ms=800), input_guardrails=(LENIENT, guardrail("h", on_error="allow"))))
    run = begun.checks(1, Broke(why="late"), 800)
    assert run.skipped == [("a", "too_little_time")]
    assert run.ended == Unserved()
    assert run.run.unchecked == ("g", "h")


def test_an_accepted_answer_is_judged_before_anybody_gets_it() -> None:
    """The call has ended, the run has not."""
    run = drive(attempt("a", guardrails=(G,))).answers(1, 10)
    assert [type(command) for command in run.commands] == [Observe, Check]
    assert run.checking == [Check(check=1, guardrail=G, until_ms=1010, transcript=transcript())]
    assert run.checks(1, Passed(), 20).ended == Served(attempt=1, transcript=transcript())


def test_what_a_guardrail_changed_is_what_the_next_one_judges() -> None:
    """What is returned is exactly what the last one approved."""
    run = drive(attempt("a", guardrails=(G, H))).answers(1, 10).checks(1, Passed(transcript=transcript("one")), 20)
    assert run.checking[0].transcript == transcript("one")
    assert run.checks(2, Passed(), 30).ended == Served(attempt=1, transcript=transcript("one"))
    assert run.checks(2, Passed(transcript=transcript("two")), 30).ended == Served(attempt=1, transcript=transcript("two"))


def test_a_blocked_answer_ends_the_run() -> None:
    """No fallback follows it, and no poor answer replaces it."""
    plan = first(attempt("a", gates=Gates(not_empty=True)), attempt("b", guardrails=(G, H)), attempt("c"))
    run = drive(plan).answers(1, 10, "").answers(2, 20).checks(1, Blocked(why="a card number"), 30)
    assert run.commands == (Finish(ended=Unserved(kind="blocked", guardrail="g", why="a card number")),)


def test_an_output_guardrail_that_breaks_blocks_unless_it_allows_that() -> None:
    """The next one judges what it was given."""
    run = drive(attempt("a", guardrails=(LENIENT, H))).answers(1, 10).checks(1, Broke(why="no service"), 20)
    assert run.checking[0].transcript == transcript()
    assert run.checks(2, Passed(), 30).ended == Served(attempt=1, transcript=transcript(), unchecked=("g",))
    blocked = run.checks(2, Broke(why="no service"), 30)
    assert blocked.ended == Unserved(kind="blocked", guardrail="h", why="no service", broke=True)


def test_a_verdict_after_its_time_is_none() -> None:
    """The guardrail was late, whatever it says."""
    judged = drive(attempt("a", guardrails=(G,))).answers(1, 10)
    assert judged.checks(1, Passed(), 1010).ended == Served(attempt=1, transcript=transcript())
    assert judged.checks(1, Passed(), 1011).ended == Unserved(kind="blocked", guardrail="g", why="no verdict in time", broke=True)


def test_the_deadline_of_the_attempt_cuts_the_time_of_its_guardrails() -> None:
    """All of them must be done by then."""
    run = drive(first(attempt("a", guardrails=(G, H), deadline_ms=500), deadline_ms=9000)).answers(1, 10)
    assert run.checking[0].until_ms == 500
    assert run.checks(1, Passed(), 20).checking[0].until_ms == 500


def test_a_guardrail_without_time_left_is_not_asked() -> None:
    """An answer in the last millisecond cannot be judged any more."""
    run = drive(attempt("a", guardrails=(G,), deadline_ms=500)).answers(1, 500)
    assert run.ended == Unserved(kind="blocked", guardrail="g", why="no time left", broke=True)
    lenient = drive(attempt("a", guardrails=(LENIENT,), deadline_ms=500)).answers(1, 500)
    assert lenient.ended == Served(attempt=1, transcript=transcript(), unchecked=("g",))


def test_the_winner_of_a_race_is_fixed_before_it_is_judged() -> None:
    """The others are stopped when its answer is accepted, and stay so when it is blocked."""
    run = drive(race(attempt("a"), attempt("b", guardrails=(G,)))).wakes(1, 100).answers(2, 150)
    assert run.stopped == [1]
    assert run.checks(1, Blocked(why="no"), 160).ended == Unserved(kind="blocked", guardrail="g", why="no")


def test_the_best_poor_answer_is_judged_as_well() -> None:
    """By its own attempt's guardrails, until the end of the run."""
    poor = attempt("a", gates=Gates(not_empty=True), guardrails=(G,), deadline_ms=100)
    run = drive(first(poor, attempt("b"), deadline_ms=600)).answers(1, 10, "").fails(2, "server_error", 300)
    assert run.checking == [Check(check=1, guardrail=G, until_ms=600, transcript=transcript(""))]
    served = run.checks(1, Passed(transcript=transcript("(silence)")), 310)
    assert served.ended == Served(attempt=1, transcript=transcript("(silence)"), poor=True)
    assert run.checks(1, Blocked(why="no"), 310).ended == Unserved(kind="blocked", guardrail="g", why="no")


def test_a_caller_who_leaves_during_a_check_ends_the_run() -> None:
    """There is no call to stop."""
    for judged in (drive(plan_of(attempt("a"), input_guardrails=(G,))), drive(attempt("a", guardrails=(G,))).answers(1, 10)):
        assert judged.leaves(20).commands == (Finish(ended=Unserved(kind="cancelled")),)


def test_a_verdict_about_another_check_changes_nothing() -> None:
    """Early, late and unknown ones."""
    run = drive(attempt("a", guardrails=(G, H))).answers(1, 10).checks(1, Passed(), 20)
    assert run.checks(1, Blocked(why="late"), 30) == (run.run, ())
    assert run.checks(3, Blocked(why="early"), 30) == (run.run, ())
