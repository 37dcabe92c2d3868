"""Where an upload lies while its form is in use: the first part in memory, all of it in a temporary file once it is longer.

`tempfile.SpooledTemporaryFile` would do its writing in the event loop; here a file is created, written and closed in worker
threads. It has no name, so that nothing is left behind even when the process is killed.

What has come can be read while more still comes: it lies on disk, then in what is being written, then in what is held.
"""

from tempfile import TemporaryFile
from threading import Lock
from typing import BinaryIO, Final

import anyio
from anyio import CancelScope, to_thread

from voxplan.adapters.audio.containers import HEAD_BYTES
from voxplan.io_shell.audio.source import AudioSource

__all__ = ("Spool",)

_WRITE_BYTES: Final = 1 << 18  # once on disk: one write in a worker thread for each 256 KiB


class Spool:
    """Bytes that are appended by one task and read by any number of readers at once, each from its own position: a `Store`."""

    def __init__(self, memory_bytes: int) -> None:
        """Nothing yet; up to `memory_bytes` stay in memory."""
        self._memory_bytes = memory_bytes
        self._held = bytearray()
        self._writing = bytearray()
        self._written = 0  # bytes that lie on disk
        self._head = b""
        self._file: BinaryIO | None = None
        self._on_disk = False  # from the moment that a worker thread was told so
        self._closed = False
        # A worker thread can outlive the task that waited for it (asyncio's own `Task.cancel`): it must not open what was closed.
        # Readers share the file's position with the writer.
        self._lock = Lock()
        self._grown = anyio.Event()
        self.size = 0

    @property
    def head(self) -> bytes:
        """The first 4 KiB, or what has come of them."""
        return self._head or bytes(self._held[:HEAD_BYTES])

    def append(self, data: memoryview) -> None:
        """Hold `data`; `settle` must follow before much more."""
        self._held += data
        self.size += len(data)
        self.wake()

    async def settle(self) -> None:
        """Write to disk what is too much to hold; raises OSError when the disk does."""
        if len(self._held) > (min(self._memory_bytes, _WRITE_BYTES) if self._on_disk else self._memory_bytes):
            await self._write()

    async def finish(self, name: str) -> AudioSource:
        """All of it, as audio that is called `name`; nothing is appended any more."""
        if self._on_disk:
            await self._write()
        return AudioSource(self, self.head, name)

    async def grown(self) -> None:
        """Wait until something is appended, or somebody wakes those who wait."""
        await self._grown.wait()

    def wake(self) -> None:
        """Let those who wait look again."""
        grown, self._grown = self._grown, anyio.Event()
        grown.set()

    async def read_at(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes from `offset` of what has come; none when nothing has come there."""
        if offset < self._written:
            return await to_thread.run_sync(self._read_file, offset, min(count, self._written - offset))
        return self._in_memory(offset, count)

    def read_now(self, offset: int, count: int) -> bytes:
        """The same for a worker thread, once nothing is appended any more."""
        if offset < self._written:
            return self._read_file(offset, min(count, self._written - offset))
        return self._in_memory(offset, count)

    async def close(self) -> None:
        """Free everything, also when cancelled. A second time does nothing."""
        self._held = bytearray()
        if self._on_disk:
            with CancelScope(shield=True):  # freeing a large file takes its time, and never waits for anyone
                await to_thread.run_sync(self._close_now)

    def _in_memory(self, offset: int, count: int) -> bytes:
        place = offset - self._written
        if place < len(self._writing):
            return bytes(self._writing[place : place + count])
        place -= len(self._writing)
        return bytes(self._held[place : place + count])

    def _read_file(self, offset: int, count: int) -> bytes:
        with self._lock:
            if self._file is None or self._closed:
                return b""
            self._file.seek(offset)
            return self._file.read(count)

    async def _write(self) -> None:
        self._writing, self._held = self._held, bytearray()
        if not self._on_disk:
            self._head, self._on_disk = bytes(self._writing[:HEAD_BYTES]), True
        await to_thread.run_sync(self._write_now, self._writing, self._written)
        self._written += len(self._writing)
        self._writing = bytearray()

    def _write_now(self, data: bytearray, offset: int) -> None:
        with self._lock:
            if not self._closed:
                if self._file is None:
                    self._file = TemporaryFile()  # noqa: SIM115 (closed by `close`)
                self._file.seek(offset)
                self._file.write(data)

    def _close_now(self) -> None:
        with self._lock:
            self._closed = True
            if self._file is not None:
                try:
                    self._file.close()
                except OSError:
                    # A full disk says so once more about what was still to be written; the descriptor is closed all the same.
                    return
