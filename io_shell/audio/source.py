"""One recording that can be read again for every attempt, wherever it came from.

A file on disk is used in place, bytes stay in memory, and a stream is spooled: the first mebibyte in memory, a longer one in a
temporary file that has no name, so that nothing can be left behind. The audio exists for as long as the `async with`.
"""

import io
import os
import stat
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from inspect import iscoroutinefunction
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Final, NamedTuple, Protocol, cast, runtime_checkable

from anyio import CancelScope, to_thread

from voxplan.adapters.audio.containers import HEAD_BYTES, container_of, fitting_filename
from voxplan.io_shell.audio.growing import GrowingStore
from voxplan.io_shell.audio.problem import AudioProblem, shown
from voxplan.io_shell.audio.store import DiskStore, MemoryStore, Store, Window

__all__ = ("AudioInput", "AudioSource", "Readable", "open_audio")

_CHUNK_BYTES: Final = 65536
_SPOOL_BYTES: Final = 1 << 20  # a stream longer than this goes to disk
_UNNAMED: Final = "audio"
_REMOTE: Final = ("https://", "http://", "s3://", "gs://", "data:")


@runtime_checkable
class Readable(Protocol):
    """A binary file, an upload of a web framework, or anything that is read like them, waiting or not."""

    def read(self, size: int, /) -> bytes | Awaitable[bytes]:
        """Up to `size` bytes; none at the end."""
        ...


class AudioSource:
    """Audio that can be read any number of times, by several readers at once.

    `filename` is a bare name whose extension fits the container; `name` is what to call the audio in messages.
    """

    def __init__(self, store: Store, head: bytes, name: str) -> None:
        """Made by `open_audio`."""
        self._store = store
        self._head = head
        self.size: Final = store.size
        self.name: Final = name
        self.filename: Final = fitting_filename(name, container_of(head))

    @property
    def is_whole(self) -> bool:
        """Whether all of it is there; else `chunks` waits for what is not."""
        return not isinstance(self._store, GrowingStore) or self._store.is_whole

    async def head(self) -> bytes:
        """The first 4 KiB."""
        return self._head

    async def chunks(self, chunk_bytes: int = _CHUNK_BYTES) -> AsyncGenerator[bytes, None]:
        """All of it, from the beginning; raises AudioProblem when the file has become shorter meanwhile."""
        offset = 0
        while offset < self.size:
            chunk = await self._store.read_at(offset, chunk_bytes)
            if not chunk:
                raise AudioProblem("changed", f"{shown(self.name)} became shorter while it was read")
            offset += len(chunk)
            yield chunk

    def window(self, most_bytes: int) -> Window:
        """A blocking file for a worker thread, which raises OSError once more than `most_bytes` have been read."""

        def watch(read: int) -> None:
            if read > most_bytes:
                raise OSError(f"more than {most_bytes} bytes read")

        return Window(self._store, watch)


_Unopened = str | os.PathLike[str] | bytes | bytearray | memoryview | Readable | AsyncIterable[bytes]

AudioInput = _Unopened | AudioSource
"""What callers may pass: a path, bytes, a stream (sync or async; read once, from where it stands), an async iterator, or audio
that somebody else has opened and will close."""


@asynccontextmanager
async def open_audio(
    source: AudioInput, filename: str | None = None, limit_bytes: int | None = None
) -> AsyncGenerator[AudioSource, None]:
    """Open `source` for reading; `filename` overrides its own name, more than `limit_bytes` is an AudioProblem.

    Every AudioProblem about reaching the audio (missing, a directory, unreadable) is raised on entry.
    """
    if isinstance(source, AudioSource):  # opened already, by somebody who closes it
        yield source
        return
    async with AsyncExitStack() as stack:
        found = await _open(source, filename, limit_bytes, stack)
        head = await found.store.read_at(0, HEAD_BYTES)
        yield AudioSource(found.store, head, found.name)


class _Found(NamedTuple):
    store: Store
    name: str


async def _open(source: _Unopened, filename: str | None, limit: int | None, stack: AsyncExitStack) -> _Found:
    """The store of any kind of source, closed by `stack`."""
    if isinstance(source, (str, os.PathLike)):
        _check_path(source)
        return await _open_path(Path(source), filename, limit, stack)
    if isinstance(source, (bytes, bytearray, memoryview)):
        name = filename or _UNNAMED
        _check_limit(len(source), name, limit)
        return _Found(MemoryStore(bytes(source)), name)
    name = filename or _name_of(source)
    path = _path_in_place(source)
    if path is not None:
        return await _open_path(path, filename, limit, stack)
    return _Found(await _spool(_pieces(source, name), name, limit, stack), name)


def _check_path(source: str | os.PathLike[str]) -> None:
    """What would be taken for another path than it is."""
    if source == "":
        raise AudioProblem("missing", "the path of the audio is empty")
    if isinstance(source, str) and source.startswith(_REMOTE):
        # It is not shown: signed addresses are secrets.
        raise AudioProblem("missing", "an address is no audio: expected a path, bytes or a stream")


async def _open_path(path: Path, filename: str | None, limit: int | None, stack: AsyncExitStack) -> _Found:
    name = filename or path.name
    try:
        file = await to_thread.run_sync(_open_regular, path)
    except FileNotFoundError:
        raise AudioProblem("missing", f"{shown(str(path))} does not exist") from None
    except OSError as problem:
        raise AudioProblem("unreadable", f"cannot read {shown(str(path))}: {_why(problem)}") from None
    except ValueError:  # an embedded NUL
        raise AudioProblem("missing", f"{shown(str(path))} is no file name") from None
    await stack.enter_async_context(_closed_in_the_end(file))
    size = os.fstat(file.fileno()).st_size
    _check_limit(size, name, limit)
    return _Found(DiskStore(file, size), name)


def _open_regular(path: Path) -> BinaryIO:
    """Open a regular file; a pipe or a device would hang or never end, and is no recording to come back to."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError("is a directory")
    if not stat.S_ISREG(mode):
        raise OSError("not a regular file")
    return path.open("rb")


def _why(problem: OSError) -> str:
    return (problem.strerror or str(problem)).lower()


def _check_limit(size: int, name: str, limit: int | None) -> None:
    if limit is not None and size > limit:
        raise AudioProblem("too_large", f"{shown(name)} has more than the {limit} bytes that are taken")


def _name_of(source: object) -> str:
    """The bare name that a stream says it has: `name` of files, `filename` of uploads."""
    for name in (getattr(source, "filename", None), getattr(source, "name", None)):
        if isinstance(name, str) and name and not name.startswith("<"):
            return name.replace("\\", "/").rpartition("/")[2] or _UNNAMED
    return _UNNAMED


def _path_in_place(source: object) -> Path | None:
    """The path of a file object that reads an ordinary file from its beginning, so that nothing has to be copied."""
    if not isinstance(source, (io.BufferedReader, io.FileIO)) or source.closed or source.writable():
        return None
    try:
        status, path = os.fstat(source.fileno()), Path(os.fsdecode(source.name))
        same = stat.S_ISREG(status.st_mode) and os.path.samestat(status, path.stat())
        return path if same and source.tell() == 0 else None
    except (OSError, TypeError, ValueError):  # no descriptor; opened by number; renamed meanwhile
        return None


async def _pieces(source: Readable | AsyncIterable[bytes], name: str) -> AsyncGenerator[bytes, None]:
    """What a stream gives, piece by piece; what is not bytes is the caller's mistake."""
    try:
        async with aclosing(_raw_pieces(source)) as pieces:
            async for piece in pieces:
                if not isinstance(piece, (bytes, bytearray)):
                    raise AudioProblem(
                        "unreadable", f"{shown(name)} gives {type(piece).__name__}, not bytes: open it in binary mode"
                    )
                yield bytes(piece)
    except OSError as problem:
        raise AudioProblem("unreadable", f"cannot read {shown(name)}: {_why(problem)}") from None
    except UnicodeDecodeError:
        raise AudioProblem("unreadable", f"{shown(name)} is open in text mode: open it in binary mode") from None
    except ValueError as problem:  # what files say once they are closed
        raise AudioProblem("unreadable", f"cannot read {shown(name)}: {problem}") from None


async def _raw_pieces(source: object) -> AsyncGenerator[object, None]:
    """Ask by `read` where there is one: iterating over a file would give lines."""
    if isinstance(source, Readable):
        while piece := await _read(source.read):
            yield piece
    elif isinstance(source, AsyncIterable):
        async for item in cast("AsyncIterable[object]", source):
            yield item
    else:
        raise AudioProblem("unreadable", f"expected a path, bytes or a stream, got {type(source).__name__}")


async def _read(read: Callable[[int], object]) -> object:
    """The next piece of a stream. A blocking read is abandoned when cancelled, because it may never return."""
    if iscoroutinefunction(read):
        result: object = read(_CHUNK_BYTES)
    else:
        result = await to_thread.run_sync(read, _CHUNK_BYTES, abandon_on_cancel=True)
    return await cast("Awaitable[object]", result) if isinstance(result, Awaitable) else result


async def _spool(pieces: AsyncGenerator[bytes, None], name: str, limit: int | None, stack: AsyncExitStack) -> Store:
    """Read a stream to its end."""
    held, size = bytearray(), 0
    file: BinaryIO | None = None
    async with aclosing(pieces):
        async for piece in pieces:
            held += piece
            size += len(piece)
            _check_limit(size, name, limit)
            if len(held) > _SPOOL_BYTES:
                file = file or await _temporary(stack)
                await to_thread.run_sync(file.write, bytes(held))
                held.clear()
    if file is None:
        return MemoryStore(bytes(held))
    await to_thread.run_sync(file.write, bytes(held))
    return DiskStore(file, size)


async def _temporary(stack: AsyncExitStack) -> BinaryIO:
    """A temporary file without a name, closed by `stack`, and gone with it."""
    file: BinaryIO = await to_thread.run_sync(TemporaryFile)
    return await stack.enter_async_context(_closed_in_the_end(file))


@asynccontextmanager
async def _closed_in_the_end(file: BinaryIO) -> AsyncGenerator[BinaryIO, None]:
    try:
        yield file
    finally:
        with CancelScope(shield=True):  # freeing a large file takes its time, and never waits for anyone
            await to_thread.run_sync(file.close)
