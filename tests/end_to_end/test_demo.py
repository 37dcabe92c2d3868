"""`make demo`, as it is run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORDS = "It was the best of times"


@pytest.mark.slow
def test_the_demo_shows_failures_fallback_and_the_transcript() -> None:
    """Plan, trail, transcript and times, from a real server's refusals and a real recording."""
    pytest.importorskip("moonshine_voice", reason="no recogniser for this Python or machine")
    environment = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}
    line = [sys.executable, "-m", "voxplan.io_shell.demo"]
    ended = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    plan, _, rest = ended.stdout.partition("the trail")
    trail, _, rest = rest.partition("the transcript")
    transcript, _, times = rest.partition("where the time went")
    assert all(name in plan for name in ("specs/first.yaml", "├── house", "├── cloud", "└── local"))
    assert [
        trail.count(told) for told in ("✗ overloaded: http 503", "✗ rate_limited: http 429", "… tries again", "✓ answered")
    ] == [3, 2, 3, 1]
    assert "tries again in 1 s" in trail
    assert WORDS in transcript
    assert times.count("call ") == 6


def test_the_demo_says_what_it_needs() -> None:
    """Without the recogniser, one line that names the extra."""
    program = (
        "import sys; sys.modules['moonshine_voice'] = None; from voxplan.io_shell.demo.__main__ import main; sys.exit(main())"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (6, "")
    assert ended.stderr == "voxplan: the recogniser on this machine needs the extra `local`: pip install 'voxplan[local]'\n"
