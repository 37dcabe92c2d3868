"""What people see on standard error while files are worked on: a bar on a terminal, lines anywhere, nothing when quiet.

The bar stands only while nothing is written: results may go to the same terminal.
"""

from pathlib import Path
from types import TracebackType
from typing import Final, Self

from rich.console import RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn, TimeElapsedColumn

from voxplan.io_shell.cli.streams import people_console, printable, tell
from voxplan.io_shell.cli.trail_lines import ASCII_SIGNS, SIGNS

__all__ = ("Screen",)


class Screen:
    """Use it with `with`; nothing stays on the terminal but the lines. `signs` are those that it can show."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        """For `total` files; `quiet` leaves only errors."""
        self._console = people_console()
        self._quiet = quiet
        self.signs: Final = ASCII_SIGNS if self._console.options.ascii_only else SIGNS
        columns: list[ProgressColumn] = [SpinnerColumn(), TextColumn("{task.description}", markup=False)]
        if total > 1:
            columns += [BarColumn(), MofNCompleteColumn()]
        self._bar = Progress(
            *columns,
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            disable=quiet or not self._console.is_terminal or self._console.is_dumb_terminal,
        )
        self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> Self:
        """Nothing to see before the first file begins."""
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        """Take it away."""
        self._bar.stop()

    def begin(self, name: str) -> None:
        """A file is worked on."""
        self._bar.update(self._task, description=printable(Path(name).name))
        self._bar.start()

    def end(self) -> None:
        """The file is done; until the next one begins there is no bar in the way."""
        self._bar.advance(self._task)
        self._bar.stop()

    def say(self, line: RenderableType) -> None:
        """A note, above the bar."""
        if not self._quiet:
            self._bar.console.print(line, soft_wrap=True)

    def blame(self, message: str) -> None:
        """An error, quiet or not."""
        tell(message, self._bar.console)
