from collections.abc import Sequence

from rich.console import Console

from tests.making import attempt, failure
from voxplan.engine.failure import FailureKind
from voxplan.engine.run import Command, Denied, Event, Failed, Finish, Observation, Observe, Send, TrailEntry, Wake
from voxplan.io_shell.cli.trail_lines import TrailTeller, time_chart
from voxplan.io_shell.running import Happened


def send(number: int, at_ms: int) -> Send:
    """The call to `house` at this moment, with 30 seconds."""
    node = attempt("house")
    return Send(
        attempt=number,
        node=node.node,
        deployment=node.deployment,
        credential=node.credential,
        number=number,
        at_ms=at_ms,
        until_ms=at_ms + 30_000,
        whole=True,
    )


def observed(number: int, kind: FailureKind | None) -> Observe:
    """How that call ended."""
    seen = Observation(deployment="house", credential="house", started_ms=0, ended_ms=0, kind=kind)
    return Observe(attempt=number, observation=seen)


def told(happened: Sequence[tuple[int, Command | Event]]) -> list[str]:
    """The lines for what happened when."""
    teller = TrailTeller(("house", "elsewhere"))
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
            (5410, send(2, 5410)),
            (6000, observed(2, None)),
            (6000, Finish(served=2)),
        ]
    ) == [
        "   0.00 s  house      → call, up to 30 s",
        "   0.04 s  house      ✗ overloaded: overloaded (asks for 250 ms)",
        "   0.04 s  house      … tries again in 370 ms",
        "   0.41 s  house      → call 2, up to 30 s",
        "   1.00 s  house      ✓ answered",
    ]


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


def test_the_chart_puts_every_call_on_one_time_line() -> None:
    """Bars begin where calls began; the sum tells the waiting."""

    def entry(number: int, started_ms: int, ended_ms: int, kind: FailureKind | None) -> TrailEntry:
        ending = failure(kind) if kind is not None else None
        return TrailEntry(
            attempt=number,
            node="house",
            deployment="house",
            number=number,
            started_ms=started_ms,
            ended_ms=ended_ms,
            ending="accepted" if ending is None else "failed",
            failure=ending,
        )

    console = Console(width=100, color_system=None)
    with console.capture() as captured:
        console.print(time_chart((entry(1, 0, 100, "overloaded"), entry(2, 500, 1000, None))))
    first, second, sum_up = (line.rstrip() for line in captured.get().splitlines())
    assert first == "house call 1    ████                                      0.10 s  overloaded"
    assert second == "house call 2                        ████████████████████  0.50 s  answered"
    assert sum_up.split("  ")[0] == "2 calls in all"
    assert sum_up.endswith("1.00 s  of it 0.40 s between calls")
