from collections.abc import Sequence

from rich.console import Console

from tests.making import attempt, failure, guardrail, transcript
from voxplan.engine.runs.run import (
    Blocked,
    Broke,
    Cause,
    Check,
    Checked,
    Command,
    Denied,
    Ending,
    Event,
    Failed,
    Finish,
    Observation,
    Observe,
    Passed,
    Send,
    Served,
    TrailEntry,
    Verdict,
    Wake,
)
from voxplan.engine.terms.failure import FailureKind
from voxplan.io_shell.cli.trail_lines import ASCII_SIGNS, SIGNS, Signs, TrailTeller, time_chart
from voxplan.io_shell.running import Happened


def send(number: int, at_ms: int, cause: Cause = "first", call: int = 1) -> Send:
    """The call to `house` at this moment, with 30 seconds."""
    node = attempt("house")
    return Send(
        attempt=number,
        node=node.node,
        deployment=node.deployment,
        credential=node.credential,
        number=call,
        at_ms=at_ms,
        until_ms=at_ms + 30_000,
        whole=True,
        cause=cause,
    )


def observed(number: int, kind: FailureKind | None, *, lost: bool = False) -> Observe:
    """How that call ended."""
    seen = Observation(deployment="house", credential="house", started_ms=0, ended_ms=0, kind=kind, lost=lost)
    return Observe(attempt=number, observation=seen)


def told(happened: Sequence[tuple[int, Command | Event]], signs: Signs = SIGNS) -> list[str]:
    """The lines for what happened when."""
    teller = TrailTeller(("house", "elsewhere"), signs)
    lines = (teller.line(Happened(moment_ms=moment_ms, what=what)) for moment_ms, what in happened)
    return [line.plain for line in lines if line is not None]


def test_every_call_wait_and_ending_is_a_line() -> None:
    """With the time since the run began."""
    failed = Failed(attempt=1, failure=failure("overloaded", retry_after_ms=250))
    assert told(
        [
            (5000, send(1, 5000)),
            (5040, failed),
            (5040, observed(1, "overloaded")),
            (5040, Wake(timer=1, at_ms=5410)),
            (5410, send(2, 5410, "retry", 2)),
            (6000, observed(2, None)),
            (6000, Finish(ended=Served(attempt=2, transcript=transcript()))),
        ]
    ) == [
        "   0.00 s  house      → call, up to 30 s",
        "   0.04 s  house      ✗ overloaded: overloaded (asks for 250 ms)",
        "   0.04 s  house      … tries again in 370 ms",
        "   0.41 s  house      → retry, call 2, up to 30 s",
        "   1.00 s  house      ✓ answered",
    ]


def test_a_race_is_told_as_one() -> None:
    """The arm beside another, and the one that lost; the stagger is no wait of anybody's."""
    assert told(
        [
            (0, send(1, 0)),
            (0, Wake(timer=1, at_ms=1200)),
            (1200, send(2, 1200, "hedge")),
            (1500, observed(1, None, lost=True)),
            (1500, observed(2, None)),
        ]
    ) == [
        "   0.00 s  house      → call, up to 30 s",
        "   1.20 s  house      → call beside it, up to 30 s",
        "   1.50 s  house      – lost: another was first",  # noqa: RUF001 - the sign
        "   1.50 s  house      ✓ answered",
    ]


def test_guardrails_tell_their_verdicts() -> None:
    """What they made of the text is not repeated."""
    checks = [Check(check=number, guardrail=guardrail("polite"), until_ms=9) for number in range(1, 5)]
    verdicts: tuple[Verdict, ...] = (
        Passed(),
        Passed(transcript=transcript("changed")),
        Blocked("rude"),
        Broke(why="no verdict within 9 ms"),
    )
    happened: list[tuple[int, Command | Event]] = [(0, check) for check in checks]
    happened += [(5, Checked(check=number, verdict=verdict)) for number, verdict in enumerate(verdicts, start=1)]
    assert [line.partition("polite")[2].strip() for line in told(happened)] == [
        "✓ approved",
        "✓ approved with changes",
        "✗ blocked: rude",
        "✗ could not judge: no verdict within 9 ms",
    ]


def test_a_terminal_without_signs_gets_others() -> None:
    """Nothing is a question mark."""
    happened: list[tuple[int, Command | Event]] = [
        (0, send(1, 0)),
        (5, observed(1, "overloaded")),
        (5, Wake(timer=1, at_ms=9)),
        (9, send(2, 9, "fallback")),
    ]
    lines = told([*happened, (9, observed(2, None)), (9, observed(2, None, lost=True))], ASCII_SIGNS)
    assert all(line.isascii() for line in lines)
    assert [line.split()[3] for line in lines] == [">", "x", ".", ">", "+", "-"]


def test_the_driver_has_the_last_word_about_an_answer() -> None:
    """One that failed its gates is no answer."""
    assert told([(0, send(1, 0)), (9, observed(1, "poor_quality"))])[1].endswith(
        "✗ poor_quality: the transcript failed an `accept` gate"
    )


def test_a_call_that_was_denied_says_why() -> None:
    """It never started."""
    assert told([(0, send(1, 0)), (0, Denied(attempt=1, why="2 calls are under way"))])[1].endswith(
        "✗ not started: 2 calls are under way"
    )


def entry(number: int, started_ms: int, ended_ms: int, kind: FailureKind | None, ending: Ending | None = None) -> TrailEntry:
    """One call to `house`."""
    return TrailEntry(
        attempt=number,
        node="house",
        deployment="house",
        number=number,
        started_ms=started_ms,
        ended_ms=ended_ms,
        ending=ending or ("accepted" if kind is None else "failed"),
        failure=None if kind is None else failure(kind),
    )


def test_the_chart_of_a_race_shows_the_overlap() -> None:
    """Time in which two calls were under way is no waiting, and the loser is told."""
    console = Console(width=100, color_system=None)
    with console.capture() as captured:
        console.print(time_chart((entry(1, 0, 1000, None, "lost"), entry(2, 500, 1000, None))))
    lines = [line.rstrip() for line in captured.get().splitlines()]
    assert [line.rpartition("  ")[2] for line in lines] == ["lost", "answered", "of it 0.00 s between calls"]


def test_the_chart_puts_every_call_on_one_time_line() -> None:
    """Bars begin where calls began; the sum tells the waiting."""
    console = Console(width=100, color_system=None)
    with console.capture() as captured:
        console.print(time_chart((entry(1, 0, 100, "overloaded"), entry(2, 500, 1000, None))))
    first, second, sum_up = (line.rstrip() for line in captured.get().splitlines())
    assert first == "house call 1    ████                                      0.10 s  overloaded"
    assert second == "house call 2                        ████████████████████  0.50 s  answered"
    assert sum_up.split("  ")[0] == "2 calls in all"
    assert sum_up.endswith("1.00 s  of it 0.40 s between calls")
