from tests.making import attempt, failure, first, plan_of, transcript
from voxplan.engine.driving import advance, begin
from voxplan.engine.failure import FailureKind
from voxplan.engine.plan import Gates, Node, Plan
from voxplan.engine.progress import Run
from voxplan.engine.run import (
    Answered,
    Cancel,
    Cancelled,
    Command,
    Denied,
    Event,
    Failed,
    Finish,
    Observe,
    Send,
    Wake,
    Woke,
)
from voxplan.engine.transcript import Transcript


def start(root: Node, moment_ms: int = 0) -> tuple[Run, tuple[Command, ...]]:
    """Begin the plan with this root."""
    return begin(plan_of(root), moment_ms)


def fails(attempt: int, kind: FailureKind, retry_after_ms: int | None = None) -> Event:
    """The event that call `attempt` failed in this kind."""
    return Failed(attempt=attempt, failure=failure(kind, retry_after_ms=retry_after_ms))


def sent(commands: tuple[Command, ...]) -> list[str]:
    """The deployments that the commands send to."""
    return [command.deployment for command in commands if isinstance(command, Send)]


def finish(commands: tuple[Command, ...]) -> Finish:
    """The end that the commands name."""
    (found,) = [command for command in commands if isinstance(command, Finish)]
    return found


def test_begin_sends_the_first_attempt_with_its_whole_timeout() -> None:
    """A plan without a deadline gives the first call its own timeout."""
    _, commands = start(first(attempt("a"), attempt("b")), 50)
    (command,) = commands
    assert isinstance(command, Send)
    assert (command.deployment, command.at_ms, command.until_ms, command.whole) == ("a", 50, 1050, True)


def test_an_accepted_answer_ends_the_run() -> None:
    """Nothing is sent after an answer; the call is observed before the run finishes."""
    run, _ = start(first(attempt("a"), attempt("b")))
    run, commands = advance(run, Answered(attempt=1, transcript=transcript()), 10)
    assert isinstance(commands[0], Observe)
    assert finish(commands) == Finish(served=1)
    assert [entry.ending for entry in run.trail] == ["accepted"]


def test_a_failure_in_on_starts_the_next_child() -> None:
    """The next child starts at once."""
    run, _ = start(first(attempt("a"), attempt("b")))
    _, commands = advance(run, fails(1, "server_error"), 10)
    assert sent(commands) == ["b"]


def test_a_failure_outside_on_ends_the_run_in_it() -> None:
    """A kind that `on` does not list is final."""
    run, _ = start(first(attempt("a"), attempt("b"), on=("rate_limited",)))
    _, commands = advance(run, fails(1, "server_error"), 10)
    assert sent(commands) == []
    assert finish(commands) == Finish(kind="server_error")


def test_an_outer_first_goes_on_where_the_inner_may_not() -> None:
    """Each `first` decides by its own `on`."""
    inner = first(attempt("a"), attempt("b"), on=("rate_limited",), node="r/first")
    run, _ = start(first(inner, attempt("c")))
    _, commands = advance(run, fails(1, "server_error"), 10)
    assert sent(commands) == ["c"]


def test_the_failed_run_has_the_worst_kind_of_its_attempts() -> None:
    """The order of blame decides, not the last failure."""
    run, _ = start(first(attempt("a"), attempt("b")))
    run, _ = advance(run, fails(1, "rate_limited"), 10)
    _, commands = advance(run, fails(2, "unauthorized"), 20)
    assert finish(commands) == Finish(kind="rate_limited")


def test_a_retry_waits_its_drawn_delay() -> None:
    """The same deployment is called again after the wait."""
    run, _ = start(attempt("a", delays_ms=(300,), retry_on=("server_error",)))
    run, commands = advance(run, fails(1, "server_error"), 10)
    assert commands[-1] == Wake(timer=1, at_ms=310)
    _, commands = advance(run, Woke(timer=1), 310)
    assert [command.number for command in commands if isinstance(command, Send)] == [2]


def test_retry_after_stretches_the_wait() -> None:
    """The longer of the drawn delay and what the provider asked for is waited."""
    run, _ = start(attempt("a", delays_ms=(300,), retry_on=("overloaded",), patience_ms=5000))
    _, commands = advance(run, fails(1, "overloaded", retry_after_ms=2000), 10)
    assert commands[-1] == Wake(timer=1, at_ms=2010)


def test_retry_after_beyond_patience_goes_to_the_next_child() -> None:
    """A wait that is too long is not waited for."""
    impatient = attempt("a", delays_ms=(300,), retry_on=("rate_limited",), patience_ms=1000)
    run, _ = start(first(impatient, attempt("b")))
    _, commands = advance(run, fails(1, "rate_limited", retry_after_ms=2000), 10)
    assert sent(commands) == ["b"]


def test_a_hint_kind_without_a_hint_is_not_retried() -> None:
    """`rate_limited` is retried by default only when the provider said how long."""
    hinted = attempt("a", delays_ms=(300,), retry_on_hint=("rate_limited",), patience_ms=1000)
    run, _ = start(hinted)
    _, commands = advance(run, fails(1, "rate_limited"), 10)
    assert finish(commands) == Finish(kind="rate_limited")
    _, commands = advance(run, fails(1, "rate_limited", retry_after_ms=500), 10)
    assert commands[-1] == Wake(timer=1, at_ms=510)


def test_a_retry_that_the_deadline_forbids_is_not_begun() -> None:
    """No wait precedes a call that could not start."""
    late = attempt("a", delays_ms=(300,), retry_on=("server_error",), deadline_ms=250)
    run, _ = start(late)
    _, commands = advance(run, fails(1, "server_error"), 10)
    assert finish(commands) == Finish(kind="server_error")


def test_too_little_time_makes_an_attempt_absent() -> None:
    """With less than its `shortest` left, an attempt does not start, and the trail says why."""
    run, _ = start(first(attempt("a"), attempt("b", shortest_ms=600), deadline_ms=1000))
    run, commands = advance(run, fails(1, "server_error"), 500)
    assert sent(commands) == []
    assert [(entry.deployment, entry.reason) for entry in run.skipped] == [("b", "too_little_time")]


def test_a_deadline_cuts_the_timeout_short() -> None:
    """The call is told that its time is not its whole own."""
    run, _ = start(first(attempt("a"), attempt("b"), deadline_ms=1200))
    _, commands = advance(run, fails(1, "server_error"), 500)
    (command,) = [command for command in commands if isinstance(command, Send)]
    assert (command.until_ms, command.whole) == (1200, False)


def test_an_inner_deadline_counts_from_the_entry_of_its_node() -> None:
    """Entered at 800 with 5000, inside an end at 10000: the end is 5800."""
    inner = first(attempt("b", timeout_ms=9000), node="r/first", deadline_ms=5000)
    run, _ = start(first(attempt("a"), inner, deadline_ms=10_000))
    _, commands = advance(run, fails(1, "server_error"), 800)
    (command,) = [command for command in commands if isinstance(command, Send)]
    assert command.until_ms == 5800


def test_a_deployment_is_tried_once() -> None:
    """A second node with the same deployment is absent."""
    run, _ = start(first(attempt("a"), attempt("a", node="r/a~2"), attempt("b")))
    run, commands = advance(run, fails(1, "server_error"), 10)
    assert sent(commands) == ["b"]
    assert run.skipped[0].reason == "tried"


def test_a_denied_deployment_was_not_tried() -> None:
    """Admission may say yes later in the same run."""
    run, _ = start(first(attempt("a"), attempt("a", node="r/a~2")))
    run, commands = advance(run, Denied(attempt=1, why="full"), 10)
    assert sent(commands) == ["a"]
    assert [(entry.reason, entry.detail) for entry in run.skipped] == [("denied", "full")]


def test_a_denied_retry_ends_in_the_failure_before_it() -> None:
    """The attempt keeps the failure it had."""
    run, _ = start(attempt("a", delays_ms=(0,), retry_on=("server_error",)))
    run, _ = advance(run, fails(1, "server_error"), 10)
    run, _ = advance(run, Woke(timer=1), 10)
    _, commands = advance(run, Denied(attempt=2, why="full"), 10)
    assert finish(commands) == Finish(kind="server_error")


def test_a_refused_credential_is_skipped_for_the_rest_of_the_run() -> None:
    """Two deployments with one key: the second is not asked."""
    run, _ = start(first(attempt("a", credential="k"), attempt("b", credential="k"), attempt("c")))
    run, commands = advance(run, fails(1, "unauthorized"), 10)
    assert sent(commands) == ["c"]
    assert run.skipped[0].reason == "credential_refused"


def test_a_run_in_which_nothing_started_has_no_kind() -> None:
    """No attempt, no blame."""
    run, _ = start(first(attempt("a"), attempt("b")))
    run, _ = advance(run, Denied(attempt=1, why="full"), 10)
    _, commands = advance(run, Denied(attempt=2, why="full"), 10)
    assert finish(commands) == Finish()


def test_an_answer_at_its_until_counts_and_one_after_does_not() -> None:
    """The last millisecond belongs to the call."""
    run, _ = start(attempt("a"))
    answer = Answered(attempt=1, transcript=transcript())
    assert finish(advance(run, answer, 1000)[1]) == Finish(served=1)
    assert finish(advance(run, answer, 1001)[1]) == Finish(kind="timed_out")


def test_an_answer_that_fails_its_gates_is_poor_quality() -> None:
    """The next child is tried."""
    run, _ = start(first(attempt("a", gates=Gates(not_empty=True)), attempt("b")))
    run, commands = advance(run, Answered(attempt=1, transcript=Transcript(text=" ")), 10)
    assert sent(commands) == ["b"]
    failed = run.trail[0].failure
    assert failed is not None
    assert failed.kind == "poor_quality"


def test_when_all_is_poor_the_best_poor_answer_returns() -> None:
    """Fewest failed gates first, then the earliest."""
    gates = Gates(not_empty=True, max_compression_ratio=1.5)
    run, _ = start(first(attempt("a", gates=gates), attempt("b", gates=gates)))
    run, _ = advance(run, Answered(attempt=1, transcript=Transcript(text="la " * 90)), 10)
    _, commands = advance(run, fails(2, "server_error"), 20)
    assert finish(commands) == Finish(served=1, poor=True)


def test_when_all_poor_fail_fails() -> None:
    """The author may prefer no answer to a poor one."""
    plan: Plan = plan_of(attempt("a", gates=Gates(not_empty=True)))
    strict = Plan(route=plan.route, spec_digest=plan.spec_digest, root=plan.root, bounds=plan.bounds, when_all_poor="fail")
    run, _ = begin(strict, 0)
    _, commands = advance(run, Answered(attempt=1, transcript=Transcript(text="")), 10)
    assert finish(commands) == Finish(kind="poor_quality")


def test_cancelled_stops_the_call_that_is_out() -> None:
    """The call is cancelled and observed; the run ends as cancelled."""
    run, _ = start(first(attempt("a"), attempt("b")))
    run, commands = advance(run, Cancelled(), 10)
    assert commands[0] == Cancel(attempt=1)
    assert finish(commands) == Finish(kind="cancelled")
    observed = [command.observation.kind for command in commands if isinstance(command, Observe)]
    assert observed == ["cancelled"]


def test_cancelled_in_a_pause_has_nothing_to_stop() -> None:
    """Between two calls nothing is out."""
    run, _ = start(attempt("a", delays_ms=(300,), retry_on=("server_error",)))
    run, _ = advance(run, fails(1, "server_error"), 10)
    _, commands = advance(run, Cancelled(), 20)
    assert commands == (Finish(kind="cancelled"),)


def test_events_about_other_calls_change_nothing() -> None:
    """Late, early and unknown events are ignored."""
    run, _ = start(first(attempt("a"), attempt("b")))
    for event in (Woke(timer=1), fails(7, "server_error"), Denied(attempt=2, why="full")):
        assert advance(run, event, 10) == (run, ())
    run, _ = advance(run, Answered(attempt=1, transcript=transcript()), 10)
    assert advance(run, Cancelled(), 20) == (run, ())


def test_many_denials_in_one_instant_end() -> None:
    """256 attempts, all denied: the run ends without having called anyone."""
    run, commands = start(first(*(attempt(f"d{number}") for number in range(256))))
    for number in range(1, 257):
        run, commands = advance(run, Denied(attempt=number, why="full"), 0)
    assert finish(commands) == Finish()
    assert len(run.skipped) == 256
