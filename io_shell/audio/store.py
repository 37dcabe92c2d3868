"""Where the bytes of one audio source lie while it is in use: in memory, or in an open file. Both can be read at any place.

A file is read through one descriptor that stays open, so moving or deleting the file changes nothing for those who read it.
"""

import io
from collections.abc import Callable
from threading import Lock
from typing import BinaryIO, Final, Protocol

from anyio import to_thread

__all__ = ("DiskStore", "MemoryStore", "Store", "Window")


class Store(Protocol):
    """Bytes that can be read at any place, any number of times, by several readers at once."""

    @property
    def size(self) -> int:
        """How many bytes there are."""
        ...

    def read_now(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes from `offset`; may block: call it in a worker thread."""
        ...

    async def read_at(self, offset: int, count: int) -> bytes:
        """The same without blocking the event loop."""
        ...


class MemoryStore:
    """Bytes held in memory."""

    def __init__(self, data: bytes) -> None:
        """Hold `data`, which must not change."""
        self._data = data
        self.size: Final = len(data)

    def read_now(self, offset: int, count: int) -> bytes:
        """A copy of a part."""
        return self._data[offset : offset + count]

    async def read_at(self, offset: int, count: int) -> bytes:
        """A copy of a part; nothing to wait for."""
        return self.read_now(offset, count)


class DiskStore:
    """An open file, read under a lock because its position is shared; nothing past the size it had at first is read."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        """Read from `file`, which whoever opened it closes."""
        self._file = file
        self._lock = Lock()
        self.size: Final = size

    def read_now(self, offset: int, count: int) -> bytes:
        """Seek and read."""
        with self._lock:
            self._file.seek(offset)
            return self._file.read(max(0, min(count, self.size - offset)))

    async def read_at(self, offset: int, count: int) -> bytes:
        """Seek and read in a worker thread."""
        return await to_thread.run_sync(self.read_now, offset, count)


class Window:
    """A read-only file with a position of its own over a store, for libraries that want a file; use it in a worker thread.

    `watch` is called before each read with the bytes read so far, and may raise to stop a reader that goes on for too long.
    """

    def __init__(self, store: Store, watch: Callable[[int], None]) -> None:
        """Begin at the beginning."""
        self._store = store
        self._watch = watch
        self._position = 0
        self._read = 0

    def read(self, count: int = -1) -> bytes:
        """Up to `count` bytes; all that is left when negative."""
        self._watch(self._read)
        wanted = self._store.size - self._position if count < 0 else count
        data = self._store.read_now(self._position, max(0, wanted))
        self._position += len(data)
        self._read += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move, as files do; before the beginning is an OSError."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._store.size}[whence]
        if base + offset < 0:
            raise OSError(f"cannot seek to {base + offset}")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """The position."""
        return self._position
