"""A gateway process under load, as the load sees it."""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import msgspec

__all__ = ("Held", "Process", "serving")


class Held(msgspec.Struct, frozen=True):
    """What the process holds: `temporary` files are spooled uploads."""

    tasks: int
    descriptors: int
    temporary: int
    resident_kb: int
    peak_kb: int
    threads: int


class Process:
    """The process; `port` is where it listens."""

    def __init__(self, popen: subprocess.Popen[str]) -> None:
        """Made by `serving`."""
        self._popen = popen
        self.port = int(self._line() or 0)

    def held(self) -> Held:
        """What it holds now. Raises EOFError when it is gone."""
        writing = cast("IO[str]", self._popen.stdin)
        writing.write("\n")
        writing.flush()
        line = self._line()
        if not line:
            raise EOFError("the gateway is gone")
        return msgspec.convert(json.loads(line), Held)

    def _line(self) -> str:
        return cast("IO[str]", self._popen.stdout).readline()


@contextmanager
def serving(spec: Path, key: str, environment: Mapping[str, str], log: Path) -> Generator[Process]:
    """Serve `spec`; the process writes its log to `log` and must end by itself when it is told to."""
    command = [sys.executable, "-m", "tests.soak.served", str(spec), key]
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, env={**os.environ, **environment}
        ) as popen,
    ):
        try:
            yield Process(popen)
            cast("IO[str]", popen.stdin).close()
            code = popen.wait(30)
            assert code == 0, f"the gateway ended with {code}"
        finally:
            popen.kill()
