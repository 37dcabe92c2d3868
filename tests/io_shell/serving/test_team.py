"""A parent and its workers, in a process of their own."""

import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs forks")

PROGRAM = """
import os, signal, sys, time
from voxplan.io_shell.serving.team import Ending, Team

begun = time.monotonic()
parent = os.getpid()

def look(asked):
    if asked or time.monotonic() - begun > {lives}:
        os.kill(parent, signal.SIGTERM)
    return False

def say(line):
    print(line, flush=True)

def work():
    {work}

def close():
    pass

sys.exit(Team({size}, work, look, Ending({grace}, close), say).run())
"""


def ended(work: str, size: int = 1, lives: float = 20.0, grace: float = 5.0) -> tuple[int, list[str]]:
    """The exit code of the parent, and what it said; `lives` is after how many seconds it is told to end."""
    program = PROGRAM.format(work=textwrap.indent(work, "    ").strip(), size=size, lives=lives, grace=grace)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_a_worker_that_fails_again_and_again_is_started_ever_more_rarely() -> None:
    """It does not spin."""
    code, said = ended("return 9", lives=2.5)
    assert code == 0
    assert 2 <= len(said) <= 4
    assert said[0].endswith("ended with exit code 9: another one starts in 0.5 s")
    assert said[1].endswith("ended with exit code 9: another one starts in 1 s")


@pytest.mark.parametrize("code", [3, 4, 6])
def test_what_no_worker_could_help_ends_the_parent(code: int) -> None:
    """With the code of the worker, which has said why; the others end too."""
    assert ended(f"return {code}", size=2) == (code, [])


def test_a_worker_that_does_not_end_is_killed() -> None:
    """Some time after the grace, which it has for itself."""
    work = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
time.sleep(60)
"""
    # A grace that has been over for long: it would take ten seconds more otherwise.
    assert ended(work, lives=0.5, grace=-9.0) == (0, [])


def test_a_system_that_buries_the_workers_itself_is_told_not_to() -> None:
    """It does where whoever started the parent has ignored SIGCHLD; a worker's end is learnt all the same."""
    program = PROGRAM.format(work="return 9", size=1, lives=1.0, grace=5.0)
    program = "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n" + program
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "ended with exit code 9" in done.stdout
