"""The recogniser on this machine: a bounded number of worker processes, started when needed and kept warm.

A worker that crashes, talks nonsense or is cancelled is killed and replaced by a fresh one for the next recording. Callers wait
for a free worker as long as they have patience; how long it may take then is bounded by their own cancel scopes.
"""

import math
from contextlib import aclosing
from typing import Final, Self

from anyio import Semaphore, move_on_after
from returns.result import Failure, Success

from voxplan.adapters.wire import Recognise, Recognised
from voxplan.engine.terms.failure import AttemptFailure, FailureKind
from voxplan.engine.terms.transcript import Segment, Word
from voxplan.io_shell.audio.problem import AudioProblem
from voxplan.io_shell.audio.source import AudioSource
from voxplan.io_shell.local.messages import Chunk, Done, Heard, Job, Refused
from voxplan.io_shell.local.process import COMMAND, WorkerGone, WorkerProcess

__all__ = ("LocalRecogniser",)

_CHUNK_BYTES: Final = 262_144


class LocalRecogniser:
    """Recognises audio in at most `workers` processes at a time. Use it with `async with`; nothing outlives that."""

    def __init__(self, workers: int = 1, command: tuple[str, ...] = COMMAND) -> None:
        """Start nothing yet; `command` is the program that speaks the worker's protocol."""
        self._command = command
        self._free = Semaphore(workers)
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the workers there are."""
        return tuple(sorted(worker.pid for worker in (*self._idle, *self._busy)))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for worker in (*self._idle, *self._busy):
            await worker.end()
        self._idle.clear()

    async def recognise(
        self, want: Recognise, audio: AudioSource, patience_s: float = math.inf
    ) -> Success[Recognised] | Failure[AttemptFailure]:
        """Recognise `audio` in a worker; every fault of worker, model or audio is a failure, never an exception.

        When no worker is free within `patience_s`, that is the failure `overloaded`.
        """
        with move_on_after(patience_s) as waiting:
            await self._free.acquire()
        if waiting.cancelled_caught:
            return _failure("overloaded", "the local recogniser is busy with other recordings")
        try:
            worker = await self._take()
            return await self._recognise(worker, want, audio)
        except WorkerGone as gone:
            return _failure("server_error", f"the local recogniser {gone}")
        finally:
            self._free.release()

    async def _recognise(
        self, worker: WorkerProcess, want: Recognise, audio: AudioSource
    ) -> Success[Recognised] | Failure[AttemptFailure]:
        """One recording; only a worker that answered to the end is used again."""
        self._busy.add(worker)
        fit = False
        try:
            await _order(worker, want, audio)
            answer = await _answer(worker, want)
            fit = True
        except AudioProblem as problem:
            return _failure("invalid_request", problem.message)
        else:
            return answer
        finally:
            self._busy.discard(worker)
            if fit:
                self._idle.append(worker)
            else:
                await worker.end()

    async def _take(self) -> WorkerProcess:
        """A warm worker, else a new one."""
        while self._idle:
            worker = self._idle.pop()
            if worker.running:
                return worker
            await worker.end()
        return await WorkerProcess.start(self._command)


async def _order(worker: WorkerProcess, want: Recognise, audio: AudioSource) -> None:
    """Say what is wanted, and hand over the audio: the very bytes that every other attempt gets, whatever became of its path."""
    await worker.tell(Job(want=want))
    async with aclosing(audio.chunks(_CHUNK_BYTES)) as chunks:
        async for chunk in chunks:
            await worker.tell(Chunk(chunk))
    await worker.tell(Chunk(b""))


async def _answer(worker: WorkerProcess, want: Recognise) -> Success[Recognised] | Failure[AttemptFailure]:
    """Collect what was heard until the worker says that it is done."""
    segments: list[Segment] = []
    words: list[Word] = []
    while True:
        match await worker.hear():
            case Heard() as heard:
                segments.extend(heard.segments)
                words.extend(heard.words)
            case Done() as done:
                timed = tuple(words) if want.words else None
                return Success(Recognised(segments=tuple(segments), words=timed, language=done.language, seconds=done.seconds))
            case Refused() as refused:
                return _failure(refused.kind, refused.reason)


def _failure(kind: FailureKind, reason: str) -> Failure[AttemptFailure]:
    """Nothing leaves this machine, and nobody bills for it."""
    return Failure(AttemptFailure(kind=kind, reason=reason, sent="no", charged="no"))
