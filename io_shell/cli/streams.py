"""The two streams: results on standard output, everything meant for people on standard error.

What cannot be written in the stream's encoding is replaced, never an error; a pipe that nobody reads any more ends the command
quietly (BrokenPipeError, which `session` knows).
"""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Final

import msgspec
from rich.console import Console, RenderableType
from rich.text import Text

from voxplan.io_shell.errors import RequestError

__all__ = (
    "draw",
    "forget_stdout",
    "people_console",
    "printable",
    "tell",
    "tolerate_any_text",
    "write_json",
    "write_result",
    "writing",
)

_UNWRAPPED: Final = 10_000  # for pipes and files: one thing a line, whatever its length


def tolerate_any_text() -> None:
    """Let both streams replace what they cannot encode: file names of any bytes, transcripts of any script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def people_console() -> Console:
    """For progress, notes and errors."""
    return _console(stderr=True)


def tell(message: str, console: Console | None = None) -> None:
    """One line to a person."""
    line = Text.assemble(("voxplan: ", "bold red"), printable(message))
    (console or people_console()).print(line, soft_wrap=True)


def printable(text: str) -> str:
    """The text without what a terminal would obey: file names and providers may say anything."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


@contextmanager
def writing() -> Generator[None, None, None]:
    """Around whatever writes results: raises RequestError when there is no room for them, BrokenPipeError when no reader."""
    try:
        yield
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # typer and rich exit when the pipe is broken
        raise BrokenPipeError from None
    except OSError as problem:
        forget_stdout()
        raise RequestError(f"cannot write to standard output: {(problem.strerror or str(problem)).lower()}") from None


def forget_stdout() -> None:
    """Nobody can read any more: what is still buffered must not fail when Python exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_result(text: str) -> None:
    """A result, as it is."""
    with writing():
        sys.stdout.write(text)


def write_json(document: object) -> None:
    """One JSON document, indented, for programs and people."""
    write_result(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")


def draw(*parts: RenderableType) -> None:
    """Results that are drawn."""
    console = _console(stderr=False)
    with writing():
        for part in parts:
            console.print(part)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _UNWRAPPED
    return console
