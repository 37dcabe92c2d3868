"""The trail of a run for people: a line for everything that happens, as it happens, and a chart of where the time went.

Data in, rich texts out; nothing here prints.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from rich.table import Table
from rich.text import Text

from voxplan.engine.runs.run import (
    Blocked,
    Broke,
    Cause,
    Check,
    Checked,
    Denied,
    Ending,
    Failed,
    Observe,
    Passed,
    Send,
    Skipped,
    TrailEntry,
    Verdict,
    Wake,
)
from voxplan.engine.terms.failure import KINDS, AttemptFailure
from voxplan.io_shell.cli.wording import counted, seconds_text, span_text
from voxplan.io_shell.running import Happened

__all__ = ("ASCII_SIGNS", "SIGNS", "Signs", "TrailTeller", "skipped_lines", "time_chart")

_BAR_WIDTH = 40


class Signs(NamedTuple):
    """What stands before what happened."""

    begun: str
    well: str
    badly: str
    waits: str
    stopped: str


SIGNS: Final = Signs("→", "✓", "✗", "…", "–")  # noqa: RUF001 - a dash that is as wide as the others
ASCII_SIGNS: Final = Signs(">", "+", "x", ".", "-")
"""For terminals that cannot show the others."""

_CALLS: Final[dict[Cause, str]] = {
    "first": "call",
    "fallback": "fallback call",
    "retry": "retry",
    "hedge": "call beside it",
}


class TrailTeller:
    """Turns what an observer of one run is told into lines. `deployments` are the names there may be, for the columns."""

    def __init__(self, deployments: Iterable[str], signs: Signs = SIGNS) -> None:
        """Nothing has happened yet."""
        self._width = max(map(len, deployments), default=0)
        self._signs = signs
        self._began_ms: int | None = None
        self._sends: dict[int, Send] = {}
        self._checks: dict[int, Check] = {}
        self._failures: dict[int, AttemptFailure] = {}
        self._ended: str | None = None

    def line(self, happened: Happened) -> Text | None:
        """The line for what happened; None for what says nothing new."""
        if self._began_ms is None:
            self._began_ms = happened.moment_ms
        match happened.what:
            case Send() | Wake() | Check() | Observe() as command:
                ended, self._ended = self._ended, None
                return self._commanded(happened, command, ended)
            case Failed(attempt=attempt, failure=failure):
                self._failures[attempt] = failure
                return None
            case Denied(attempt=attempt, why=why):
                name = self._sends[attempt].deployment
                return self._told(happened, name, self._signs.badly, f"not started: {why}", "yellow")
            case Checked(check=check, verdict=verdict):
                return self._judged(happened, self._checks[check].guardrail.name, verdict)
            case _:
                return None

    def _commanded(self, happened: Happened, command: Send | Wake | Check | Observe, ended: str | None) -> Text | None:
        """What is begun; `ended` is the deployment whose call has failed just before."""
        match command:
            case Send(attempt=attempt, deployment=name):
                self._sends[attempt] = command
                return self._told(happened, name, self._signs.begun, _call(command), "")
            case Observe():
                return self._observed(happened, command)
            case Check(check=check):
                self._checks[check] = command
                return None
            case Wake(at_ms=at_ms):
                # A wait that follows a failure at once is that for the next call to the same deployment; others are a race's.
                wait = f"tries again in {span_text(at_ms - happened.moment_ms)}"
                return None if ended is None else self._told(happened, ended, self._signs.waits, wait, "dim")

    def _observed(self, happened: Happened, observed: Observe) -> Text:
        observation = observed.observation
        name, kind = observation.deployment, observation.kind
        if observation.lost:
            return self._told(happened, name, self._signs.stopped, "lost: another was first", "dim")
        if kind is None:
            return self._told(happened, name, self._signs.well, "answered", "green")
        self._ended = name
        # The driver has the last word: an answer may have failed its gates, or have come too late.
        failure = self._failures.get(observed.attempt)
        reason = failure.reason if failure is not None and failure.kind == kind else KINDS[kind].meaning
        return self._told(happened, name, self._signs.badly, f"{kind}: {reason}{_asked_wait(failure)}", "yellow")

    def _judged(self, happened: Happened, name: str, verdict: Verdict) -> Text:
        match verdict:
            case Passed(prompt=None, transcript=None):
                return self._told(happened, name, self._signs.well, "approved", "green")
            case Passed():
                return self._told(happened, name, self._signs.well, "approved with changes", "green")
            case Blocked(why=why):
                return self._told(happened, name, self._signs.badly, f"blocked: {why}", "yellow")
            case Broke(why=why):
                return self._told(happened, name, self._signs.badly, f"could not judge: {why}", "yellow")

    def _told(self, happened: Happened, deployment: str, sign: str, what: str, style: str) -> Text:
        since_ms = happened.moment_ms - (happened.moment_ms if self._began_ms is None else self._began_ms)
        name = f"{deployment:<{self._width}}"
        return Text.assemble((f"{seconds_text(since_ms):>9}  ", "dim"), (name, "bold"), f"  {sign} ", (what, style))


def skipped_lines(skipped: Iterable[Skipped]) -> Iterable[Text]:
    """A line for each planned attempt that did not start."""
    for entry in skipped:
        detail = f" ({entry.detail})" if entry.detail else ""
        reason = entry.reason.replace("_", " ")
        yield Text.assemble((entry.deployment, "bold"), f" was not started: {reason}{detail}", style="dim")


def time_chart(trail: tuple[TrailEntry, ...]) -> Table:
    """One bar for each call on a common time line, and the whole time with the waiting in it."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for column in ("left", "left", "right", "left"):
        table.add_column(justify="right" if column == "right" else "left", no_wrap=True)
    whole_ms = max((entry.ended_ms for entry in trail), default=0)
    for entry in trail:
        style, ending = _ENDINGS[entry.ending]
        name = Text.assemble((entry.deployment, "bold"), f" call {entry.number}")
        lasted = seconds_text(entry.ended_ms - entry.started_ms)
        told = ending if entry.failure is None else entry.failure.kind
        table.add_row(name, Text(_bar(entry, whole_ms), style=style), lasted, Text(told, style=style))
    waited = f"of it {seconds_text(whole_ms - _busy_ms(trail))} between calls"
    table.add_row(Text(f"{counted(len(trail), 'call')} in all"), "", seconds_text(whole_ms), Text(waited, style="dim"))
    return table


_ENDINGS: Final[dict[Ending, tuple[str, str]]] = {
    "accepted": ("green", "answered"),
    "failed": ("red", "failed"),
    "lost": ("dim", "lost"),
}


def _busy_ms(trail: tuple[TrailEntry, ...]) -> int:
    """How long at least one call was under way."""
    busy_ms = until_ms = 0
    for entry in sorted(trail, key=lambda each: each.started_ms):
        busy_ms += max(0, entry.ended_ms - max(until_ms, entry.started_ms))
        until_ms = max(until_ms, entry.ended_ms)
    return busy_ms


def _bar(entry: TrailEntry, whole_ms: int) -> str:
    scale = _BAR_WIDTH / max(1, whole_ms)
    start = min(_BAR_WIDTH - 1, round(entry.started_ms * scale))
    length = max(1, round(entry.ended_ms * scale) - start)
    return " " * start + "█" * length


def _call(send: Send) -> str:
    again = f", call {send.number}" if send.number > 1 else ""
    return f"{_CALLS[send.cause]}{again}, up to {span_text(send.until_ms - send.at_ms)}"


def _asked_wait(failure: AttemptFailure | None) -> str:
    wait_ms = None if failure is None else failure.retry_after_ms
    return "" if wait_ms is None else f" (asks for {span_text(wait_ms)})"
