"""Several workers and their parent, which serves nothing itself: it starts them, replaces them, tells them, and ends them.

Workers are forks, so that each begins with what the parent has read and compiled already.
"""

import os
import select
import signal
import socket
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Final, NamedTuple

from voxplan.io_shell.serving.reloading import POLL_S, Say

__all__ = ("Ending", "Team")

_STEADY_S: Final = 5.0  # a worker that lives so long did not fail at its start
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 30.0
_KILLED_S: Final = 10.0  # beyond the grace
_AT_FIRST: Final = {signal.SIGINT: signal.SIG_IGN, signal.SIGTERM: signal.SIG_DFL, signal.SIGHUP: signal.SIG_IGN}
"""What signals to a worker mean until it serves. It looks for a new spec by itself when it begins to."""

_HANDLED: Final = frozenset(_AT_FIRST)
_BLAMED: Final = frozenset({3, 4, 6})  # exit codes of what is wrong outside: no other worker would do better


class _Place:
    """The place of one worker: who has it, or from when on somebody may."""

    def __init__(self) -> None:
        self.process: int | None = None
        self.since_s = 0.0
        self.due_s = 0.0
        self._pause_s = _FIRST_PAUSE_S

    def taken(self, process: int) -> None:
        """A worker has started."""
        self.process, self.since_s = process, time.monotonic()

    def left(self) -> float:
        """The worker has ended; how long nobody takes its place, which is the longer the more often it fails at its start."""
        now_s = time.monotonic()
        steady = now_s - self.since_s >= _STEADY_S
        pause_s = 0.0 if steady else self._pause_s
        self._pause_s = _FIRST_PAUSE_S if steady else min(_LONGEST_PAUSE_S, 2 * self._pause_s)
        self.process, self.due_s = None, now_s + pause_s
        return pause_s


class Ending(NamedTuple):
    """How the team ends: `grace_s` is how long the workers may drain; `close` lets go of what only they use from then on.

    Sockets are: as long as the parent has one too, whoever comes when the last worker has gone would wait in vain.
    """

    grace_s: float
    close: Callable[[], None]


class Team:
    """So many workers, as long as the parent lives."""

    def __init__(self, size: int, work: Callable[[], int], look: Callable[[bool], bool], ending: "Ending", say: Say) -> None:
        """`work` is a worker's whole life, and returns its exit code.

        `look` is asked every second, with whether somebody has asked for it, and says whether the workers are to reload.
        """
        self._places = [_Place() for _ in range(size)]
        self._work = work
        self._look = look
        self._say = say
        self._ending = ending
        self._signals: list[int] = []
        self._killing_at_s: float | None = None  # None until it is to end
        self._was_steady = False
        self._code = 0

    def run(self) -> int:
        """Until it is told to end; the exit code. In each worker it returns too, with the worker's."""
        try:
            with _waiting(self._signals) as wait:
                self._fill()
                while not self._is_over():
                    wait(POLL_S)
                    self._obey()
                    self._bury()
                    self._fill()
        except _ForkedError:
            return self._work()
        return self._code

    def _is_over(self) -> bool:
        return self._killing_at_s is not None and not any(place.process for place in self._places)

    def _fill(self) -> None:
        for place in self._places:
            if place.process is None and self._killing_at_s is None and time.monotonic() >= place.due_s:
                place.taken(_forked())

    def _obey(self) -> None:
        asked = False
        while self._signals:
            if self._signals.pop(0) == signal.SIGHUP:
                asked = True
            else:
                self._end(signal.SIGTERM if self._killing_at_s is None else signal.SIGQUIT)
        if self._killing_at_s is None and self._look(asked):
            self._tell(signal.SIGHUP)

    def _end(self, how: int, code: int = 0) -> None:
        if self._killing_at_s is None:
            self._killing_at_s, self._code = time.monotonic() + self._ending.grace_s + _KILLED_S, code
            self._ending.close()
        self._tell(how)

    def _tell(self, number: int) -> None:
        for place in self._places:
            if place.process is not None:
                os.kill(place.process, number)

    def _bury(self) -> None:
        now_s = time.monotonic()
        if self._killing_at_s is not None and now_s >= self._killing_at_s:
            self._tell(signal.SIGKILL)
        for place in self._places:
            if place.process is None:
                continue
            process, status = os.waitpid(place.process, os.WNOHANG)
            if process:
                self._replace(place, process, os.waitstatus_to_exitcode(status))
            else:
                self._was_steady |= now_s - place.since_s >= _STEADY_S

    def _replace(self, place: _Place, process: int, code: int) -> None:
        pause_s = place.left()
        if self._killing_at_s is not None:
            return
        if code in _BLAMED and not self._was_steady:  # it has said why
            self._end(signal.SIGTERM, code)
            return
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        when = f"in {pause_s:g} s" if pause_s else "now"
        self._say(f"worker {process} ended {how}: another one starts {when}")


class _ForkedError(Exception):
    """Not an error: the way out of the parent's loop for a worker that has just begun."""


def _forked() -> int:
    """The process of a new worker. In the worker itself, raises _ForkedError; what the parent does on signals is undone there."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
    try:
        process = os.fork()
        if process == 0:
            for number, meaning in _AT_FIRST.items():
                signal.signal(number, meaning)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            raise _ForkedError
        return process
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)


def _wake(number: int, frame: FrameType | None) -> None:
    del number, frame


@contextmanager
def _waiting(signals: list[int]) -> Generator[Callable[[float], None]]:
    """A way to wait for a second or a signal; the signals that come are listed."""

    def note(number: int, frame: FrameType | None) -> None:
        del frame
        signals.append(number)

    parent = os.getpid()
    reading, writing = socket.socketpair()
    with reading, writing:
        for end in (reading, writing):
            end.setblocking(False)
        before = {number: signal.signal(number, note) for number in _AT_FIRST}
        # Whoever started us may have ignored it: then the system would bury the workers, and nobody learnt how they ended. It
        # means no more than that the wait is over.
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _wake)
        signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)

        def wait(seconds: float) -> None:
            if select.select([reading], [], [], seconds)[0]:
                reading.recv(1024)

        try:
            yield wait
        finally:
            signal.set_wakeup_fd(-1)
            if os.getpid() == parent:  # a worker has its own
                for number, handler in before.items():
                    signal.signal(number, handler)
