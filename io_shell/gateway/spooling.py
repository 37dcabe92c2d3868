"""Where an upload lies while its form is in use: the first part in memory, all of it in a temporary file once it is longer.

`tempfile.SpooledTemporaryFile` would do its writing in the event loop; here a file is created, written and closed in worker
threads. It has no name, so that nothing is left behind even when the process is killed.
"""

from tempfile import TemporaryFile
from threading import Lock
from typing import BinaryIO, Final

from anyio import CancelScope, to_thread

from voxplan.adapters.audio.containers import HEAD_BYTES
from voxplan.io_shell.audio.source import AudioSource
from voxplan.io_shell.audio.store import DiskStore, MemoryStore, Store

__all__ = ("Spool",)

_WRITE_BYTES: Final = 1 << 18  # once on disk: one write in a worker thread for each 256 KiB


class Spool:
    """Bytes that are appended, and afterwards read by any number of readers at once, each from its own position."""

    def __init__(self, memory_bytes: int) -> None:
        """Nothing yet; up to `memory_bytes` stay in memory."""
        self._memory_bytes = memory_bytes
        self._held = bytearray()
        self._head = b""
        self._file: BinaryIO | None = None
        self._on_disk = False  # from the moment that a worker thread was told so
        self._closed = False
        # A worker thread can outlive the task that waited for it (asyncio's own `Task.cancel`): it must not open what was closed.
        self._lock = Lock()
        self.size = 0

    def append(self, data: memoryview) -> None:
        """Hold `data`; `settle` must follow before much more."""
        self._held += data
        self.size += len(data)

    async def settle(self) -> None:
        """Write to disk what is too much to hold; raises OSError when the disk does."""
        if len(self._held) > (min(self._memory_bytes, _WRITE_BYTES) if self._on_disk else self._memory_bytes):
            await self._write()

    async def finish(self, name: str) -> AudioSource:
        """All of it, as audio that is called `name`; nothing is appended any more."""
        store: Store
        if self._file is None:
            store = MemoryStore(bytes(self._held))
            self._head = bytes(self._held[:HEAD_BYTES])
            self._held = bytearray()
        else:
            await self._write()
            store = DiskStore(self._file, self.size)
        return AudioSource(store, self._head, name)

    async def close(self) -> None:
        """Free everything, also when cancelled. A second time does nothing."""
        self._held = bytearray()
        if self._on_disk:
            with CancelScope(shield=True):  # freeing a large file takes its time, and never waits for anyone
                await to_thread.run_sync(self._close_now)

    async def _write(self) -> None:
        held, self._held = self._held, bytearray()
        if not self._on_disk:
            self._head, self._on_disk = bytes(held[:HEAD_BYTES]), True
        await to_thread.run_sync(self._write_now, held)

    def _write_now(self, data: bytearray) -> None:
        with self._lock:
            if not self._closed:
                if self._file is None:
                    self._file = TemporaryFile()  # noqa: SIM115 (closed by `close`)
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
