"""The trail of a run for people: a line for everything that happens, as it happens, and a chart of where the time went.

Data in, rich texts out; nothing here prints.
"""

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from voxplan.engine.failure import KINDS, AttemptFailure
from voxplan.engine.run import Denied, Failed, Observe, Send, Skipped, TrailEntry, Wake
from voxplan.io_shell.cli.wording import counted, seconds_text, span_text
from voxplan.io_shell.running import Happened

__all__ = ("TrailTeller", "skipped_lines", "time_chart")

_BAR_WIDTH = 40


class TrailTeller:
    """Turns what an observer of one run is told into lines. `deployments` are the names there may be, for the columns."""

    def __init__(self, deployments: Iterable[str]) -> None:
        """Nothing has happened yet."""
        self._width = max(map(len, deployments), default=0)
        self._began_ms: int | None = None
        self._sends: dict[int, Send] = {}
        self._failures: dict[int, AttemptFailure] = {}
        self._last = ""

    def line(self, happened: Happened) -> Text | None:
        """The line for what happened; None for what says nothing new."""
        if self._began_ms is None:
            self._began_ms = happened.moment_ms
        match happened.what:
            case Send() as send:
                self._sends[send.attempt] = send
                return self._told(happened, send.deployment, "→", _call(send), "")
            case Failed(attempt=attempt, failure=failure):
                self._failures[attempt] = failure
                return None
            case Denied(attempt=attempt, why=why):
                return self._told(happened, self._sends[attempt].deployment, "✗", f"not started: {why}", "yellow")
            case Observe() as observed:
                return self._ended(happened, observed)
            case Wake(at_ms=at_ms):
                wait = f"tries again in {span_text(at_ms - happened.moment_ms)}"
                return self._told(happened, self._last, "…", wait, "dim")
            case _:
                return None

    def _ended(self, happened: Happened, observed: Observe) -> Text:
        self._last, kind = observed.observation.deployment, observed.observation.kind
        if kind is None:
            return self._told(happened, self._last, "✓", "answered", "green")
        # The driver has the last word: an answer may have failed its gates, or have come too late.
        failure = self._failures.get(observed.attempt)
        reason = failure.reason if failure is not None and failure.kind == kind else KINDS[kind].meaning
        return self._told(happened, self._last, "✗", f"{kind}: {reason}{_asked_wait(failure)}", "yellow")

    def _told(self, happened: Happened, deployment: str, sign: str, what: str, style: str) -> Text:
        since_ms = happened.moment_ms - (self._began_ms or happened.moment_ms)
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
        style = "green" if entry.failure is None else "red"
        ending = "answered" if entry.failure is None else entry.failure.kind
        name = Text.assemble((entry.deployment, "bold"), f" call {entry.number}")
        lasted = seconds_text(entry.ended_ms - entry.started_ms)
        table.add_row(name, Text(_bar(entry, whole_ms), style=style), lasted, Text(ending, style=style))
    busy_ms = sum(entry.ended_ms - entry.started_ms for entry in trail)
    waited = f"of it {seconds_text(whole_ms - busy_ms)} between calls"
    table.add_row(Text(f"{counted(len(trail), 'call')} in all"), "", seconds_text(whole_ms), Text(waited, style="dim"))
    return table


def _bar(entry: TrailEntry, whole_ms: int) -> str:
    scale = _BAR_WIDTH / max(1, whole_ms)
    start = min(_BAR_WIDTH - 1, round(entry.started_ms * scale))
    length = max(1, round(entry.ended_ms * scale) - start)
    return " " * start + "█" * length


def _call(send: Send) -> str:
    again = "" if send.number == 1 else f" {send.number}"
    return f"call{again}, up to {span_text(send.until_ms - send.at_ms)}"


def _asked_wait(failure: AttemptFailure | None) -> str:
    wait_ms = None if failure is None else failure.retry_after_ms
    return "" if wait_ms is None else f" (asks for {span_text(wait_ms)})"
