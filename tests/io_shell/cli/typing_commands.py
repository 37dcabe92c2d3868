"""Typing commands: in this process, where that shows the same, or as a process of its own."""

import os
import signal
import subprocess
import sys
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from voxplan.io_shell.cli.session import run

__all__ = ("Ended", "command", "http_spec", "start", "typed", "wav")


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def typed(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Ended:
    """Run `voxplan` with these arguments in this process."""
    capsys.readouterr()
    code = run([str(argument) for argument in arguments])
    written = capsys.readouterr()
    return _sane(Ended(code, written.out, written.err))


def command(*arguments: str | Path, stdin: bytes = b"", program: Sequence[str] = ("-m", "voxplan")) -> Ended:
    """Run `python -m voxplan` (or another program for Python) to its end."""
    with start(*arguments, program=program) as process:
        out, err = process.communicate(stdin, timeout=60)
    return _sane(Ended(process.returncode, out.decode(), err.decode()))


def start(*arguments: str | Path, program: Sequence[str] = ("-m", "voxplan")) -> subprocess.Popen[bytes]:
    """Start it; its streams are pipes, its lines are not wrapped."""
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "FORCE_COLOR"}}
    line = [sys.executable, *program, *map(str, arguments)]
    pipe = subprocess.PIPE
    # A shell that runs these tests in the background ignores SIGINT, and a program inherits what is ignored, not what is handled.
    handled = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=pipe, env=environment)
    finally:
        signal.signal(signal.SIGINT, handled)


def _sane(ended: Ended) -> Ended:
    """Whatever is typed, nobody sees a traceback."""
    assert "Traceback" not in ended.out + ended.err
    return ended


def wav(path: Path, seconds: float = 1.0) -> Path:
    """A recording of silence."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b"\0\0" * round(16_000 * seconds))
    return path


def http_spec(folder: Path, url: str, rules: str = "") -> Path:
    """A spec whose only deployment is a server that speaks as OpenAI does."""
    path = folder / "spec.yaml"
    path.write_text(
        f"voxplan: 1\ndeployments:\n  server: {{provider: openai_compatible, model: whisper-1, base_url: {url}}}\n"
        f"routes:\n  main: {{use: server{rules}}}\n"
    )
    return path
