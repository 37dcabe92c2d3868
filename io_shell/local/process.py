"""One worker process, seen from the parent: start it, talk to it, end it for certain."""

import os
import signal
import sys
from contextlib import suppress
from subprocess import DEVNULL, PIPE
from typing import Final, Self

import msgspec
from anyio import BrokenResourceError, ClosedResourceError, EndOfStream, IncompleteRead, move_on_after, open_process
from anyio.abc import ByteSendStream, Process
from anyio.streams.buffered import BufferedByteReceiveStream

from voxplan.io_shell.local.messages import LENGTH_BYTES, FromWorker, ToWorker, decode_reply, encode

__all__ = ("COMMAND", "WorkerGone", "WorkerProcess")

COMMAND: Final = (sys.executable, "-P", "-m", "voxplan.io_shell.local.worker")
"""`-P`, so that no file in the working directory is taken for a module."""

_PATIENCE_S: Final = 5.0  # a killed process is gone long before
_LONGEST_REPLY: Final = 64 << 20


class WorkerGone(Exception):
    """The worker ended, or said something that is no message. The message is one line."""


class WorkerProcess:
    """A running worker. Whoever starts one must `end` it."""

    def __init__(self, process: Process, orders: ByteSendStream, replies: BufferedByteReceiveStream) -> None:
        """Made by `start`."""
        self._process = process
        self._orders = orders
        self._replies = replies

    @classmethod
    async def start(cls, command: tuple[str, ...]) -> Self:
        """Start a worker; raises WorkerGone when there is no such program."""
        try:
            process = await open_process(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
        except OSError as problem:
            raise WorkerGone(f"could not be started: {problem.strerror}") from None
        assert process.stdin is not None  # noqa: S101 - a pipe was asked for
        assert process.stdout is not None  # noqa: S101
        return cls(process, process.stdin, BufferedByteReceiveStream(process.stdout))

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended. The system is asked: the event loop may not have heard of it yet."""
        return self._process.returncode is None and not _has_ended(self._process.pid)

    async def tell(self, message: ToWorker) -> None:
        """Send one message; raises WorkerGone."""
        try:
            await self._orders.send(encode(message))
        except (BrokenResourceError, ClosedResourceError):
            raise WorkerGone(await self._how_it_ended()) from None

    async def hear(self) -> FromWorker:
        """Wait for the next message; raises WorkerGone."""
        try:
            length = int.from_bytes(await self._replies.receive_exactly(LENGTH_BYTES), "big")
            if length <= _LONGEST_REPLY:
                return decode_reply(await self._replies.receive_exactly(length))
        except (EndOfStream, IncompleteRead, BrokenResourceError, ClosedResourceError):
            raise WorkerGone(await self._how_it_ended()) from None
        except msgspec.DecodeError:
            raise WorkerGone("answered what is no message") from None
        raise WorkerGone(f"announced a message of {length} bytes")

    async def end(self) -> None:
        """Kill it and wait until it is gone, also when cancelled."""
        with suppress(ProcessLookupError):
            self._process.kill()
        with move_on_after(_PATIENCE_S, shield=True):
            await self._process.aclose()

    async def _how_it_ended(self) -> str:
        """The exit code or signal in words."""
        with move_on_after(_PATIENCE_S):
            code = await self._process.wait()
            return f"ended with {_signal(-code)}" if code < 0 else f"ended with exit code {code}"
        return "closed its output"


def _has_ended(pid: int) -> bool:
    """Whether a child has ended, without taking its exit status from whoever waits for it."""
    if not hasattr(os, "waitid"):  # Windows and macOS before Python 3.13: the event loop hears of it in a moment
        return False
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def _signal(number: int) -> str:
    """The signal by name; those in real time have none of their own."""
    return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
