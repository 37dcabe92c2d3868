"""From what was asked for to a gateway that serves: read, listen, and live, alone or in a team."""

import os
import signal
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import msgspec

from voxplan.io_shell.gateway.app import GatewayOptions, gateway
from voxplan.io_shell.serving.files import Shared, WatchedFile
from voxplan.io_shell.serving.reloading import (
    MOST_STEPS,
    STEP_S,
    Reloading,
    Say,
    Told,
    changed_line,
    finding_line,
    first_read,
    next_read,
)
from voxplan.io_shell.serving.sockets import address_of, listening
from voxplan.io_shell.serving.sources import Read, Source
from voxplan.io_shell.serving.team import Ending, Team
from voxplan.io_shell.serving.worker import ALONE, IN_A_TEAM, Life, Signals, serve

__all__ = ("Command", "run")

_ENDPOINT: Final = "/v1/audio/transcriptions"

_Make = Callable[[], GatewayOptions]


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What to serve, where, and how.

    `admitted` looks at what was read first, raises VoxplanError when nobody should serve it so, and returns what makes the
    options of a gateway, in each worker anew.
    """

    source: Source
    admitted: Callable[[Read], _Make]
    host: str
    port: int
    say: Say
    workers: int = 1
    grace_s: float = 30
    watch: bool = True


def run(command: Command) -> int:
    """Serve until told to end; the exit code. Raises VoxplanError when nothing can be served."""
    with _hang_ups() as noted:
        return _run(command, noted)


def _run(command: Command, noted: list[int]) -> int:
    file = WatchedFile(command.source.path, watching=command.watch)
    content = file.read()
    first = first_read(command.source, content)
    make = command.admitted(first)  # before anything is told: who is refused reads that alone
    for finding in first.findings:
        command.say(finding_line(finding))
    sockets = listening(command.host, command.port)

    def serve_one(now: Read, over: WatchedFile | Shared, told: Told, signals: Signals, parent: int | None = None) -> int:
        life = Life(grace_s=command.grace_s, say=command.say, signals=signals, parent=parent, asked_early=lambda: bool(noted))
        app = gateway(now.policy, make())
        serve(app, sockets, life, lambda: Reloading(command.source, now, over, app.replace, told))
        return 0

    command.say(f"listening on {address_of(command.host, sockets)}{_ENDPOINT}")
    if command.workers == 1:
        return serve_one(first, file, Told(news=command.say, problems=command.say), ALONE)
    told = Told(news=_nothing, problems=command.say)  # the news are the parent's to tell, once
    process = os.getpid()
    with Shared(content) as shared:
        parent = _Parent(command, file, first, shared)

        def work() -> int:
            return serve_one(parent.now, shared, told, IN_A_TEAM, process)

        def close() -> None:
            for each in sockets:
                each.close()

        return Team(command.workers, work, parent.look, Ending(command.grace_s, close), command.say).run()


@contextmanager
def _hang_ups() -> Generator[list[int]]:
    """The signals to reload that come before somebody listens for them: by themselves they would end the process."""
    noted: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        del frame
        noted.append(number)

    if not hasattr(signal, "SIGHUP"):
        yield noted
        return
    before = signal.signal(signal.SIGHUP, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGHUP, before)


class _Parent:
    """Reads for all workers."""

    def __init__(self, command: Command, file: WatchedFile, first: Read, shared: Shared) -> None:
        self.now = first
        self._shared = shared
        self._command = command
        self._file = file

    def look(self, asked: bool) -> bool:
        """Whether there is something new for the workers."""
        steps = 0
        while self._file.has_changed() and steps < MOST_STEPS:
            steps += 1
            time.sleep(STEP_S)
        return (steps > 0 or asked) and self._reload()

    def _reload(self) -> bool:
        say, content = self._command.say, [b""]

        def kept() -> bytes:
            content[0] = self._file.read()
            return content[0]

        found = next_read(self._command.source, kept, say)
        if found is None:
            return False
        say(changed_line(self._command.source, self.now, found))
        self.now = found
        self._shared.publish(content[0])
        return True


def _nothing(line: str) -> None:
    del line
