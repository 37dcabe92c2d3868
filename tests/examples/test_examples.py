"""The examples, run as their first lines say: on the recogniser of this machine, without a key."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.conformance.socket_server import closed_port
from voxplan.io_shell.loading import examine

FOLDER: Final = Path(__file__).parents[2] / "examples"
WORDS: Final = "It was the best of times"
LONGEST_S: Final = 120.0

pytestmark = pytest.mark.slow


@pytest.fixture
def recording() -> Path:
    """The one in the recogniser's package."""
    package = find_spec("moonshine_voice")
    if package is None or package.origin is None:
        pytest.skip("no recogniser for this Python or machine")
    return Path(package.origin).parent / "assets" / "two_cities.wav"


@contextmanager
def running(example: str, *arguments: str | Path, log: Path) -> Generator[subprocess.Popen[bytes]]:
    """The example in a process of its own; it ends by itself on SIGINT, without a traceback."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, FOLDER / example, *arguments], stdout=output, stderr=output, env=dict(os.environ)
        )
    try:
        yield process
        process.send_signal(signal.SIGINT)
        code = process.wait(30)
    finally:
        process.kill()
        process.wait(30)
    said = log.read_text()
    assert "Traceback" not in said, said
    assert code in {0, -signal.SIGINT, 130}, said


def waited(process: subprocess.Popen[bytes], log: Path, done: threading.Event, what: str) -> None:
    """A moment passes, in which the process must not have ended."""
    assert process.poll() is None, log.read_text()
    assert not done.wait(0.1), f"{what}: {log.read_text()}"


def test_the_service_on_asyncio(recording: Path, tmp_path: Path) -> None:
    """Its own endpoint and the gateway below it hear the same; what is no audio is the caller's fault."""
    port, log, never = closed_port(), tmp_path / "log", threading.Event()
    with running("asyncio_service.py", str(port), log=log) as process, httpx.Client(timeout=LONGEST_S) as client:
        address, end = f"http://127.0.0.1:{port}", time.monotonic() + LONGEST_S
        while True:
            try:
                assert client.get(f"{address}/speech/health/readiness").status_code == 200
                break
            except httpx.TransportError:
                assert time.monotonic() < end
                waited(process, log, never, "not ready")
        note = client.post(f"{address}/notes", content=recording.read_bytes()).json()
        form = {"file": (recording.name, recording.read_bytes(), "audio/wav")}
        heard = client.post(f"{address}/speech/v1/audio/transcriptions", data={"model": "default"}, files=form)
        wrong = client.post(f"{address}/notes", content=b"\x89PNG\r\n\x1a\n and so on")
    assert note["note"].startswith(WORDS)
    assert (heard.json()["text"], note["heard_by"]) == (note["note"], "local")
    assert (wrong.status_code, "PNG" in wrong.json()["problem"]) == (400, True)


def test_the_worker_on_trio(recording: Path, tmp_path: Path) -> None:
    """What appears in the folder gets its text, what is none is told, and Ctrl-C leaves nothing half done."""
    pytest.importorskip("trio")
    folder, log, never = tmp_path / "recordings", tmp_path / "log", threading.Event()
    folder.mkdir()
    (folder / "a.wav").write_bytes(recording.read_bytes())
    (folder / "broken.wav").write_bytes(b"\x89PNG\r\n\x1a\n and so on")
    end = time.monotonic() + LONGEST_S
    with running("trio_service.py", folder, log=log) as process:
        while not (folder / "a.wav.txt").exists() or "broken.wav" not in log.read_text():
            assert time.monotonic() < end, log.read_text()
            waited(process, log, never, "no text")
    assert (folder / "a.wav.txt").read_text().startswith(WORDS)
    assert "a.wav: heard by local, 2 calls" in log.read_text()
    assert sorted(path.name for path in folder.iterdir()) == ["a.wav", "a.wav.txt", "broken.wav"]


def test_their_spec_has_no_fault() -> None:
    """Neither mistakes nor doubtful parts."""
    assert [str(finding) for path in sorted(FOLDER.glob("*.yaml")) for finding in examine(path).findings] == []
