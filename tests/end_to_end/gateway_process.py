"""Gateways for tests: `voxplan serve` as it is run, in a process of its own, and an application in a thread of this one.

Both listen on a free port, are ready before the test goes on, and have to end cleanly after it.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import uvicorn

from tests.conformance.socket_server import closed_port
from voxplan.io_shell.gateway.app import Gateway

__all__ = ("GatewayProcess", "NotServed", "in_thread", "not_served", "serving")

_READY_S: Final = 30.0
_ENDED_S: Final = 30.0
_PAUSE_S: Final = 0.02


@dataclass(frozen=True)
class GatewayProcess:
    """One that serves: its address, and what it has said on both outputs until now."""

    address: str
    output: Path

    @property
    def log(self) -> str:
        """All lines until now."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def line_with(self, text: str) -> str:
        """The first whole line that holds `text`; it may still be on its way."""
        end = time.monotonic() + _READY_S
        while time.monotonic() < end:
            found = next((line for line in self.log.splitlines(keepends=True) if text in line and line.endswith("\n")), None)
            if found is not None:
                return found
            threading.Event().wait(_PAUSE_S)
        raise AssertionError(f"no line with {text!r}:\n{self.log}")


@dataclass(frozen=True)
class NotServed:
    """One that refused to start."""

    code: int
    said: str


@contextmanager
def serving(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> Generator[GatewayProcess]:
    """`voxplan serve` with these arguments and a free port, until SIGTERM; then it has to end by itself, without a traceback.

    `environment` is added to this process's own.
    """
    port = closed_port()
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "log")
        with output.open("wb") as log:
            process = subprocess.Popen(
                _line(arguments, port), env=_environment(environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        gateway = GatewayProcess(f"http://127.0.0.1:{port}", output)
        try:
            _wait_until_ready(process, gateway)
            yield gateway
            process.send_signal(signal.SIGTERM)
            code = process.wait(_ENDED_S)
        finally:
            process.kill()
            process.wait(_ENDED_S)
        assert code == 0, f"ended with {code}:\n{gateway.log}"
        assert "Traceback" not in gateway.log, gateway.log


def not_served(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> NotServed:
    """`voxplan serve` with arguments with which it must not start: its exit code and what it said."""
    ended = subprocess.run(
        _line(arguments, closed_port()),
        env=_environment(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_READY_S,
        check=False,
    )
    return NotServed(ended.returncode, ended.stdout.decode())


@contextmanager
def in_thread(app: Gateway) -> Generator[str]:
    """The application, served from a thread of this process; its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        end = time.monotonic() + _READY_S
        while not server.started:
            assert thread.is_alive() and time.monotonic() < end, "the gateway did not start"  # noqa: PT018 - one reason
            threading.Event().wait(_PAUSE_S)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_ENDED_S)
    assert not thread.is_alive(), "the gateway did not end"


def _line(arguments: tuple[str | Path, ...], port: int) -> list[str]:
    return [sys.executable, "-m", "voxplan", "serve", *map(str, arguments), "--port", str(port)]


def _environment(added: Mapping[str, str] | None) -> dict[str, str]:
    return {**os.environ, "NO_COLOR": "1", "COLUMNS": "200", **(added or {})}


def _wait_until_ready(process: subprocess.Popen[bytes], gateway: GatewayProcess) -> None:
    end = time.monotonic() + _READY_S
    with httpx.Client(timeout=_READY_S, trust_env=False) as client:
        while time.monotonic() < end:
            assert process.poll() is None, f"ended with {process.returncode}:\n{gateway.log}"
            try:
                if client.get(f"{gateway.address}/health/readiness").is_success:
                    return
            except httpx.TransportError:
                pass
            threading.Event().wait(_PAUSE_S)
    raise AssertionError(f"not ready after {_READY_S:g} s:\n{gateway.log}")
