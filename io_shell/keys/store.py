"""The keys for event loops: all that waits for the disk does so in threads of its own.

A lookup takes about a fifth of a millisecond, thread included, and a transcription a thousand times as long: nothing is kept in
memory, so a key that was revoked holds nowhere any more, in no process.
"""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import anyio
import anyio.to_thread

from voxplan.io_shell.grouping import task_group
from voxplan.io_shell.keys.asking import NewKey
from voxplan.io_shell.keys.file import KeyFile
from voxplan.io_shell.keys.key import IssuedKey, KeyStoreProblem, VirtualKey, utc_now

__all__ = ("KeyStore",)

T = TypeVar("T")

_LOG: Final = logging.getLogger("voxplan")
_RARELY: Final = timedelta(minutes=1)  # how old a noted use may become before the next one is noted
_MOST_THREADS: Final = 4  # a disk that hangs must not take the threads that uploads are written by
_LONGEST_S: Final = 15.0  # a disk that does not answer by then fails; SQLite itself waits 5 s for other writers
_LONGEST_NOTE_S: Final = 6.0


class KeyStore:
    """The keys in one file; works on asyncio and on trio, between `running` and its end. `now` tells the time."""

    def __init__(self, path: Path | str, now: Callable[[], datetime] = utc_now) -> None:
        """Nothing is read or made yet."""
        self._file = KeyFile(Path(path), now)
        self._limiter: anyio.CapacityLimiter | None = None
        self._uses: dict[str, datetime] = {}
        self._used: anyio.Event | None = None

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Make the file if there is none, and note uses meanwhile. Raises KeyStoreProblem when the file cannot be used."""
        self._file, self._limiter = KeyFile(self._file.path, self._file.now), anyio.CapacityLimiter(_MOST_THREADS)
        await self._in_thread(self._file.make)
        try:
            async with task_group() as tasks:
                tasks.start_soon(self._keep_notes)
                try:
                    yield
                finally:
                    tasks.cancel_scope.cancel()
        finally:
            await self._note()
            with anyio.CancelScope(shield=True):
                await self._in_thread(self._file.close)

    async def find(self, secret: str) -> VirtualKey | None:
        """The key of this secret if it holds now, else None. Raises KeyStoreProblem when that cannot be known."""
        key = await self._in_thread(partial(self._file.find, secret))
        now = self._file.now()
        if key is None or key.state(now) != "active":
            return None
        self._note_later(key, now)
        return key

    async def create(self, new: NewKey) -> IssuedKey:
        """Make a key. Raises KeyProblem and KeyStoreProblem."""
        return await self._in_thread(partial(self._file.create, new))

    async def all_keys(self) -> tuple[VirtualKey, ...]:
        """All keys that ever were, the oldest first. Raises KeyStoreProblem."""
        return await self._in_thread(self._file.all_keys)

    async def revoke(self, name_or_id: str) -> VirtualKey:
        """End a key now and for ever. Raises UnknownKey and KeyStoreProblem."""
        return await self._in_thread(partial(self._file.revoke, name_or_id))

    async def _in_thread(self, work: Callable[[], T], longest_s: float = _LONGEST_S) -> T:
        try:
            with anyio.fail_after(longest_s):
                return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._limiter)
        except TimeoutError:
            raise KeyStoreProblem(f"the key store `{self._file.path}` does not answer") from None

    def _note_later(self, key: VirtualKey, now: datetime) -> None:
        if key.last_used_at is None or now - key.last_used_at >= _RARELY:
            self._uses[key.id] = now
            if self._used is not None:
                self._used.set()

    async def _keep_notes(self) -> None:
        """Write down who was seen, in the way of no request."""
        while True:
            self._used = anyio.Event()
            await self._note()
            await self._used.wait()

    async def _note(self) -> None:
        uses, self._uses = self._uses, {}
        if uses:
            try:
                with anyio.CancelScope(shield=True):  # what was begun when the gateway ends is finished
                    await self._in_thread(partial(self._file.note_uses, uses), _LONGEST_NOTE_S)
            except KeyStoreProblem as problem:
                _LOG.warning("when keys were used could not be noted: %s", problem)
