"""`voxplan serve` in a process of its own, to which signals are sent, and clients that wait for it in threads."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from tests.sounds import tone

__all__ = ("KEY", "LivingGateway", "living", "until")

KEY: Final = "sk-gateway-0123456789"
AUDIO: Final = tone()

_LONGEST_S: Final = 30.0
_PAUSE_S: Final = 0.02
_LISTENING: Final = re.compile(r"listening on (http://\S+)/v1/audio/transcriptions")


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for it, but not for ever."""
    end = time.monotonic() + _LONGEST_S
    while not condition():
        assert time.monotonic() < end, f"waited in vain for: {what}"
        threading.Event().wait(_PAUSE_S)


class LivingGateway:
    """One that has said that it listens."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, pool: ThreadPoolExecutor) -> None:
        self.process = process
        self.address = ""
        self._folder = folder
        self._pool = pool

    @property
    def said(self) -> str:
        """What it has told people."""
        return (self._folder / "err").read_text(encoding="utf-8")

    @property
    def log(self) -> list[dict[str, Any]]:
        """Its access log."""
        return [json.loads(line) for line in (self._folder / "out").read_text(encoding="utf-8").splitlines()]

    def signal(self, number: int) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def says(self, text: str, times: int = 1) -> None:
        """Wait until it has said this so often."""
        until(lambda: self.said.count(text) >= times or self._failed(), f"{text!r} in:\n{self.said}")

    def ended(self) -> int:
        """Wait for its end; the exit code."""
        return self.process.wait(_LONGEST_S)

    def get(self, path: str) -> httpx.Response:
        """One request without a key, on a connection of its own."""
        return httpx.get(self.address + path, timeout=_LONGEST_S, trust_env=False)

    def post(self, model: str = "main", key: str = KEY) -> httpx.Response:
        """One transcription."""
        headers, files = {"authorization": f"Bearer {key}"}, {"file": ("tone.wav", AUDIO, "audio/wav")}
        url = f"{self.address}/v1/audio/transcriptions"
        return httpx.post(url, data={"model": model}, files=files, headers=headers, timeout=_LONGEST_S, trust_env=False)

    def posting(self, model: str = "main") -> Future[httpx.Response]:
        """One transcription, under way."""
        return self._pool.submit(self.post, model)

    def _failed(self) -> bool:
        assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.said}"
        return False

    def listens(self) -> None:
        """Wait until it does."""
        until(lambda: _LISTENING.search(self.said) is not None or self._failed(), "listening")
        found = _LISTENING.search(self.said)
        assert found is not None
        self.address = found[1]


@contextmanager
def living(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> Generator[LivingGateway]:
    """`voxplan serve` with these arguments on a free port, ended by two signals if it still lives, and never with a traceback."""
    line = [sys.executable, "-m", "voxplan", "serve", *map(str, arguments), "--port", "0"]
    given = {**os.environ, "NO_COLOR": "1", "COLUMNS": "10000", "VOXPLAN_MASTER_KEY": KEY, **(environment or {})}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(16) as pool:
        with Path(folder, "out").open("wb") as out, Path(folder, "err").open("wb") as err:
            process = subprocess.Popen(line, env=given, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        gateway = LivingGateway(process, Path(folder), pool)
        try:
            gateway.listens()
            yield gateway
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(_LONGEST_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(_LONGEST_S)
                raise
        assert "Traceback" not in gateway.said
        assert "fault of voxplan" not in gateway.said
