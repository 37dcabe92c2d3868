"""Audio that is still coming in, read as if it were all there: whoever is ahead of it waits.

Its size is known beforehand, or rather foretold. Its last byte is held back until somebody says that the foretelling came true:
so no body that is made of it is ever complete before, and nobody who is sent it can take it for whole.
"""

from collections.abc import Awaitable
from typing import Final, Protocol

from voxplan.io_shell.audio.store import Store

__all__ = ("GrowingStore", "Growth")


class Growth(Store, Protocol):
    """A store to which more is appended."""

    def grown(self) -> Awaitable[None]:
        """Wait until something is appended, or somebody wakes those who wait."""
        ...

    def wake(self) -> None:
        """Let those who wait look again."""
        ...


class GrowingStore:
    """A `Store` of `size` bytes over one that has not yet got them all."""

    def __init__(self, growth: Growth, size: int) -> None:
        """`size` is foretold."""
        self._growth = growth
        self._is_whole = False
        self.size: Final = size

    @property
    def is_whole(self) -> bool:
        """Whether all of it is there."""
        return self._is_whole

    def complete(self) -> None:
        """All of it is there, and nothing more comes."""
        self._is_whole = True
        self._growth.wake()

    def read_now(self, offset: int, count: int) -> bytes:
        """What is there; OSError for what is not, since a worker thread cannot wait for it."""
        if not self._is_whole and offset + count > self._there():
            raise OSError("the audio is still coming in")
        return self._growth.read_now(offset, count)

    async def read_at(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes, at least one once it is there."""
        if offset >= self.size:
            return b""
        while offset >= self._there():
            await self._growth.grown()
        return await self._growth.read_at(offset, min(count, self._there() - offset))

    def _there(self) -> int:
        return self.size if self._is_whole else min(self._growth.size, self.size - 1)
