"""What is read again: the file of a spec, and in a team what the parent has read of it."""

import hashlib
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from voxplan.io_shell.errors import SpecError

__all__ = ("Readable", "Shared", "WatchedFile")

_DIGEST_BYTES: Final = 32
_Mark = tuple[int, int, int, int]


class Readable(Protocol):
    """Something that changes."""

    def has_changed(self) -> bool:
        """Whether it is another one than when this was last asked."""
        ...

    def read(self) -> bytes:
        """What it is now. Raises SpecError when it cannot be read."""
        ...


class WatchedFile:
    """A file, and how it was: by what the file system says of it, wherever links lead."""

    def __init__(self, path: Path, *, watching: bool = True) -> None:
        """As it is now: to be made before it is read, so that what changes meanwhile is noticed later."""
        self._path = path
        self._watching = watching
        self._seen = self._mark()

    def has_changed(self) -> bool:
        """Whether it is another one; while there is none, nothing has changed."""
        mark = self._mark() if self._watching else None
        if mark is None or mark == self._seen:
            return False
        self._seen = mark
        return True

    def read(self) -> bytes:
        """The whole file."""
        try:
            return self._path.read_bytes()
        except OSError as error:
            raise SpecError((f"{self._path}: cannot be read: {(error.strerror or str(error)).lower()}",)) from None

    def _mark(self) -> _Mark | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino, found.st_dev


class Shared:
    """What the parent has read last, in an unnamed file that is open in all of its workers.

    Each of them has to understand the same, whatever becomes of the file of the spec meanwhile.
    """

    def __init__(self, content: bytes) -> None:
        """What was read first."""
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed at the end of this context
        self._seen = b""
        self.publish(content)

    def __enter__(self) -> Self:
        """For as long as anybody reads it."""
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        """In this process; the others have it still."""
        self._file.close()

    def publish(self, content: bytes) -> None:
        """Let this be what is read from now on."""
        self._seen = hashlib.sha256(content).digest()
        whole = self._seen + content
        os.pwrite(self._file.fileno(), whole, 0)
        os.ftruncate(self._file.fileno(), len(whole))

    def has_changed(self) -> bool:
        """Whether something else was published since this process looked last."""
        digest = os.pread(self._file.fileno(), _DIGEST_BYTES, 0)
        changed, self._seen = digest != self._seen, digest
        return changed

    def read(self) -> bytes:
        """What was published last. Raises SpecError while it is being replaced: it is looked at again when it has been."""
        whole = os.pread(self._file.fileno(), os.fstat(self._file.fileno()).st_size, 0)
        digest, content = whole[:_DIGEST_BYTES], whole[_DIGEST_BYTES:]
        if hashlib.sha256(content).digest() != digest:
            self._seen = b""
            raise SpecError(("what the parent has read is being replaced",))
        return content
