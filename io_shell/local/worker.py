"""The worker process: `python -m voxplan.io_shell.local.worker`. One model, one recording at a time, orders on standard input.

A broken file can at worst kill or hang this process, never the one that embeds voxplan. A thread does nothing but read orders,
so that the end of standard input, which is the death of the parent, ends the worker at once, even within native code.
Standard output carries messages only: descriptor 1 is pointed at standard error for libraries that print.
"""

import io
import os
import signal
from collections.abc import Iterator
from queue import Queue
from tempfile import TemporaryFile
from threading import Thread
from typing import BinaryIO, Final

from voxplan.adapters.wire import Recognise
from voxplan.io_shell.local.limits import limit_address_space, no_core_files
from voxplan.io_shell.local.messages import Chunk, FromWorker, Job, Refused, ToWorker, encode, read
from voxplan.io_shell.local.recognisers import CannotRecognise, Recogniser, load

__all__ = ("Worker", "main")

_IN_MEMORY_BYTES: Final = 32 << 20  # audio that comes through the pipe goes to an unnamed file beyond this
_ORDERS_AHEAD: Final = 8


class Worker:
    """Does jobs one after the other and keeps the model from one to the next."""

    def __init__(self, orders: Iterator[ToWorker], replies: BinaryIO) -> None:
        """Read `orders` and write framed `replies`."""
        self._orders = orders
        self._replies = replies
        self._loaded: tuple[str, Recogniser] | None = None

    def run(self) -> None:
        """Until the orders end."""
        for order in self._orders:
            if isinstance(order, Job):
                self._do(order)

    def _do(self, job: Job) -> None:
        """Answer one job; the audio is gone afterwards."""
        try:
            file = self._audio()
        except OSError as problem:
            self._reply(Refused(kind="unsupported", reason=f"no room for the audio: {problem.strerror}"))
            return
        with file:
            try:
                self._recognise(job.want, file)
            except CannotRecognise as problem:
                self._reply(Refused(kind=problem.kind, reason=str(problem)))

    def _audio(self) -> BinaryIO:
        """The audio as a file that can be searched; what comes through the pipe is read to its end whatever happens."""
        file: BinaryIO = io.BytesIO()
        for order in self._orders:
            if not isinstance(order, Chunk) or not order.data:
                break
            if isinstance(file, io.BytesIO) and file.tell() + len(order.data) > _IN_MEMORY_BYTES:
                file = _on_disk(file)
            file.write(order.data)
        file.seek(0)
        return file

    def _recognise(self, want: Recognise, file: BinaryIO) -> None:
        """Hear the recording piece by piece as it is decoded."""
        recogniser = self._recogniser(want.model)
        recogniser.begin(want)
        from voxplan.io_shell.local.hearing import hear  # noqa: PLC0415 - an extra, which has been loaded by now

        for reply in hear(recogniser, file):
            self._reply(reply)

    def _recogniser(self, model: str) -> Recogniser:
        if self._loaded is None or self._loaded[0] != model:
            self._loaded = None
            limit_address_space(model)
            self._loaded = (model, load(model))
        return self._loaded[1]

    def _reply(self, message: FromWorker) -> None:
        self._replies.write(encode(message))
        self._replies.flush()


def _on_disk(memory: io.BytesIO) -> BinaryIO:
    """The same in an unnamed temporary file."""
    file: BinaryIO = TemporaryFile()  # noqa: SIM115 - closed by whoever has done with the audio
    file.write(memory.getbuffer())
    return file


def _orders(stream: BinaryIO) -> Iterator[ToWorker]:
    """Orders as a thread reads them; the process ends with the stream."""
    queue: Queue[ToWorker] = Queue(_ORDERS_AHEAD)

    def pump() -> None:
        while (order := read(stream)) is not None:
            queue.put(order)
        os._exit(0)

    Thread(target=pump, daemon=True).start()
    while True:
        yield queue.get()


def main() -> None:
    """Serve standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    no_core_files()
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # Not sys.stdin: the interpreter would wait for its lock, which the reading thread holds, when it shuts down.
    Worker(_orders(os.fdopen(os.dup(0), "rb")), replies).run()


if __name__ == "__main__":
    main()
