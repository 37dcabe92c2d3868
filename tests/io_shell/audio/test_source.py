import io
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import anyio
import anyio.lowlevel
import pytest

from voxplan.io_shell.audio.problem import AudioProblem
from voxplan.io_shell.audio.source import AudioInput, AudioSource, open_audio

pytestmark = pytest.mark.anyio

SMALL: Final = b"fLaC" + bytes(range(256)) * 40
LARGE: Final = b"fLaC" + bytes(range(256)) * 12_000  # three times what is spooled in memory


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    """`data` as an async iterator."""
    for offset in range(0, len(data), 100_000):
        yield data[offset : offset + 100_000]


class Upload:
    """An upload of a web framework: async `read`, and the client's own idea of its name."""

    filename = "..\\..\\talk.bin"

    def __init__(self, data: bytes) -> None:
        """Hold `data`."""
        self._file = io.BytesIO(data)

    async def read(self, size: int) -> bytes:
        """The next bytes."""
        await anyio.lowlevel.checkpoint()
        return self._file.read(size)


class Unending:
    """A stream whose reader waits for ever after its first mebibytes, and says when it does."""

    def __init__(self) -> None:
        """Nothing read yet."""
        self.waits = anyio.Event()
        self._given = 0

    async def read(self, size: int) -> bytes:
        """Three mebibytes, then nothing more."""
        self._given += size
        if self._given > 3 << 20:
            self.waits.set()
            await anyio.sleep_forever()
        return bytes(size)


async def whole(audio: AudioSource, chunk_bytes: int = 65536) -> bytes:
    """Everything, through `chunks`."""
    return b"".join([chunk async for chunk in audio.chunks(chunk_bytes)])


def temporary_files() -> set[str]:
    """The descriptors of this process that point at deleted or temporary files."""
    links = [str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    return {link for link in links if "(deleted)" in link}


@pytest.mark.parametrize("data", [b"", SMALL, LARGE], ids=["empty", "small", "large"])
@pytest.mark.parametrize("kind", ["bytes", "bytearray", "memoryview", "stream", "upload", "iterator", "path", "string", "file"])
async def test_every_kind_of_source_is_read_again_and_again(kind: str, data: bytes, tmp_path: Path) -> None:
    """Each source gives the same bytes to two readers at once, as often as they ask."""
    path = tmp_path / "talk.bin"
    path.write_bytes(data)
    with path.open("rb") as file:
        sources: dict[str, AudioInput] = {
            "bytes": data,
            "bytearray": bytearray(data),
            "memoryview": memoryview(data),
            "stream": io.BytesIO(data),
            "upload": Upload(data),
            "iterator": pieces(data),
            "path": path,
            "string": str(path),
            "file": file,
        }
        async with open_audio(sources[kind]) as audio:
            assert audio.size == len(data)
            assert await audio.head() == data[:4096]
            assert [(one, other) async for one, other in _together(audio)] == [(one, one) async for one in audio.chunks()]
            assert await whole(audio, 1000 if len(data) < 100_000 else 65536) == data


async def _together(audio: AudioSource) -> AsyncIterator[tuple[bytes, bytes]]:
    other = audio.chunks()
    async for one in audio.chunks():
        yield one, await anext(other)
    assert await anext(other, None) is None


async def test_the_name_fits_the_container() -> None:
    """A name loses its folders and gets the extension of what is really in it."""
    async with open_audio(Upload(SMALL)) as audio:
        assert audio.filename == "talk.flac"
    async with open_audio(SMALL, filename="/etc/my.wav") as audio:
        assert audio.filename == "my.flac"
    async with open_audio(SMALL) as audio:
        assert audio.filename == "audio.flac"


async def test_a_file_object_is_read_from_where_it_stands(tmp_path: Path) -> None:
    """A file that has been read from is spooled from its position, as every client library does."""
    path = tmp_path / "talk.flac"
    path.write_bytes(b"skip" + SMALL)
    with path.open("rb") as file:
        file.read(4)
        async with open_audio(file) as audio:
            assert await whole(audio) == SMALL


async def test_a_file_may_be_deleted_while_it_is_open(tmp_path: Path) -> None:
    """What was opened stays readable for every attempt."""
    path = tmp_path / "talk.flac"
    path.write_bytes(LARGE)
    async with open_audio(path) as audio:
        path.unlink()
        assert await whole(audio) == LARGE


async def test_a_file_that_shrinks_is_a_problem(tmp_path: Path) -> None:
    """Fewer bytes than promised never pass for the whole."""
    path = tmp_path / "talk.flac"
    path.write_bytes(LARGE)
    async with open_audio(path) as audio:
        os.truncate(path, 10)
        with pytest.raises(AudioProblem, match="became shorter"):
            await whole(audio)


@pytest.mark.parametrize("kind", ["bytes", "stream", "iterator", "path"])
async def test_more_than_the_limit_is_refused(kind: str, tmp_path: Path) -> None:
    """Too many bytes are a problem, for streams as soon as they are seen."""
    path = tmp_path / "talk.flac"
    path.write_bytes(LARGE)
    sources: dict[str, AudioInput] = {"bytes": LARGE, "stream": io.BytesIO(LARGE), "iterator": pieces(LARGE), "path": path}
    with pytest.raises(AudioProblem, match="more than the 1000 bytes") as problem:
        async with open_audio(sources[kind], limit_bytes=1000):
            pytest.fail("opened")
    assert problem.value.kind == "too_large"


async def test_what_cannot_be_reached_is_one_line(tmp_path: Path) -> None:
    """A missing file, a directory, a pipe, a text stream: each says so, on one line."""
    os.mkfifo(tmp_path / "pipe")
    cases: dict[str, tuple[AudioInput, str]] = {
        "missing": (tmp_path / "no\nsuch.wav", "missing"),
        "directory": (tmp_path, "unreadable"),
        "pipe": (tmp_path / "pipe", "unreadable"),
        "nul": ("a\0b", "missing"),
        "nothing": ("", "missing"),
        "text": (io.StringIO("hello"), "unreadable"),  # type: ignore[dict-item]
        "closed": (_closed(), "unreadable"),
        "number": (7, "unreadable"),  # type: ignore[dict-item]
    }
    for source, kind in cases.values():
        with pytest.raises(AudioProblem) as problem:
            async with open_audio(source):
                pytest.fail("opened")
        assert problem.value.kind == kind
        assert "\n" not in str(problem.value)


async def test_an_address_is_no_audio_and_is_not_shown() -> None:
    """Whoever may read a signed address may read the recording."""
    with pytest.raises(AudioProblem) as problem:
        async with open_audio("https://bucket.example/talk.wav?signature=s3cret"):
            pytest.fail("opened")
    assert str(problem.value) == "an address is no audio: expected a path, bytes or a stream"


def _closed() -> io.BytesIO:
    stream = io.BytesIO(b"x")
    stream.close()
    return stream


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks into /proc")
async def test_no_temporary_file_outlives_a_cancelled_spool() -> None:
    """Cancelled while a long stream is being spooled: the unnamed file on disk is gone."""
    before, source = temporary_files(), Unending()
    async with anyio.create_task_group() as group:
        group.start_soon(_open_and_wait, source)
        await source.waits.wait()
        assert temporary_files() > before
        group.cancel_scope.cancel()
    assert temporary_files() == before


async def _open_and_wait(source: Unending) -> None:
    async with open_audio(source):
        pytest.fail("opened")


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks into /proc")
async def test_no_temporary_file_outlives_its_use() -> None:
    """A spooled stream is on disk while it is open, and gone afterwards."""
    before = temporary_files()
    async with open_audio(io.BytesIO(LARGE)):
        assert temporary_files() > before
    assert temporary_files() == before


async def test_a_blocked_read_does_not_hold_up_a_deadline() -> None:
    """A pipe that never gives anything is left when the time is over."""
    reading, writing = os.pipe()
    try:
        with anyio.move_on_after(0.05) as scope:
            async with open_audio(io.FileIO(reading, closefd=False)):
                pytest.fail("opened")
        assert scope.cancelled_caught
    finally:
        os.close(writing)  # ends the abandoned read
        await anyio.lowlevel.checkpoint()
