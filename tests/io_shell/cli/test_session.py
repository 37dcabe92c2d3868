import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from tests.conformance.behaviours import Hang, Honest
from tests.conformance.openai_server import OpenAIServer
from tests.io_shell.cli.typing_commands import command, http_spec, start, typed, wav
from voxplan.io_shell.cli import session
from voxplan.io_shell.cli.orders import Order

MORE_THAN_A_PIPE_HOLDS = 1 << 20

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes of POSIX")


def test_standard_input_is_transcribed_without_a_file(tmp_path: Path) -> None:
    """As a program of its own, which is what a pipe needs."""
    audio = wav(tmp_path / "a.wav").read_bytes()
    with OpenAIServer(key=None) as server:
        ended = command("transcribe", "-s", http_spec(tmp_path, server.url), stdin=audio)
    assert ended == (0, f"{Honest().text}\n", "")
    (seen,) = server.seen
    assert seen.form is not None
    assert seen.form.filename == "stdin.wav"


def test_nothing_piped_in_is_bad_input() -> None:
    """One line."""
    ended = command("transcribe", "-")
    assert (ended.code, ended.err) == (4, "voxplan: `stdin` is empty\n")


@pytest.mark.parametrize("module", ["typer", "rich"])
def test_without_the_extra_one_line_names_it(module: str) -> None:
    """Exit code 6."""
    program = f"import sys; sys.modules['{module}'] = None; from voxplan.io_shell.cli import main; main()"
    ended = command("--help", program=("-c", program))
    assert (ended.code, ended.out) == (6, "")
    assert ended.err == "voxplan: the command line needs the extra `cli`: pip install 'voxplan[cli]'\n"


@posix
def test_ctrl_c_while_standard_input_is_awaited() -> None:
    """A thread that waits for a pipe does not keep the command alive."""
    with start("transcribe") as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(bytes(MORE_THAN_A_PIPE_HOLDS))  # returns when somebody reads
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == session.INTERRUPTED
        assert process.stderr.read() == b"voxplan: interrupted\n"


@posix
def test_ctrl_c_while_a_provider_is_awaited(tmp_path: Path) -> None:
    """One line, no partial output, nothing left in the folder."""
    out = tmp_path / "out"
    with OpenAIServer(key=None, script=[Hang()]) as server:
        spec = http_spec(tmp_path, server.url)
        with start("transcribe", wav(tmp_path / "a.wav"), "-s", spec, "-o", out, "--trail") as process:
            assert process.stderr is not None
            assert "→ call" in process.stderr.readline().decode()
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
    told = err.decode().splitlines()
    assert (process.returncode, told[-1], list(out.iterdir())) == (session.INTERRUPTED, "voxplan: interrupted", [])


@posix
@pytest.mark.parametrize("line", [("plan",), ("plan", "--json"), ("--help",), ("check", "none.yaml")])
def test_a_pipe_that_nobody_reads_ends_the_command_quietly(line: tuple[str, ...]) -> None:
    """As other programs end by SIGPIPE."""
    with start(*line) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.wait(timeout=60) == session.BROKEN_PIPE
        assert process.stderr.read() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_one_line() -> None:
    """The results have nowhere to go."""
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run([sys.executable, "-m", "voxplan", "plan"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert (ended.returncode, ended.stderr) == (4, b"voxplan: cannot write to standard output: no space left on device\n")


def at_fault(_: Sequence[str]) -> int:
    """Something that should never happen."""
    return 1 // 0


def test_a_fault_of_ours_is_one_line_too(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """With the way to see where; exit code 70."""
    monkeypatch.setattr(session, "parse", at_fault)
    ended = typed(capsys, "plan")
    assert (ended.code, len(ended.err.splitlines())) == (session.FAULT, 1)
    assert "ZeroDivisionError" in ended.err
    assert "VOXPLAN_TRACEBACK=1 shows where" in ended.err


def test_whoever_asks_sees_the_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """By an environment variable."""
    monkeypatch.setenv("VOXPLAN_TRACEBACK", "1")
    monkeypatch.setattr(session, "parse", at_fault)
    assert session.run([]) == session.FAULT
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="file names of any bytes")
def test_a_file_name_of_any_bytes_is_told(tmp_path: Path) -> None:
    """Neither its encoding nor what a terminal would obey does any harm."""
    name = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\x1b[31m.wav")
    ended = command("transcribe", name, "--json")
    assert (ended.code, "\x1b" in ended.err) == (4, False)
    assert "does not exist" in ended.err


def test_every_order_has_who_carries_it_out() -> None:
    """In a module that is there, however late it is loaded."""
    assert set(session.COMMANDS) == set(get_args(Order))
    for name in session.COMMANDS.values():
        assert callable(import_module(f"voxplan.io_shell.cli.{name}").carry_out)
