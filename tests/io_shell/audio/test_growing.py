"""Audio that is still coming in, for those who read it as if it were whole."""

from typing import Final

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxplan.io_shell.audio.growing import GrowingStore
from voxplan.io_shell.audio.probe import AudioProblem, probe, tells_more
from voxplan.io_shell.audio.source import AudioSource
from voxplan.io_shell.gateway.spooling import Spool

pytestmark = pytest.mark.anyio

DATA: Final = b"fLaC" + bytes(range(256)) * 40
IN_MEMORY: Final = 1 << 20


def growing(spool: Spool, size: int = len(DATA)) -> tuple[AudioSource, GrowingStore]:
    """A recording of so many bytes, of which the spool has some."""
    store = GrowingStore(spool, size)
    return AudioSource(store, spool.head, "talk.flac"), store


async def whole(audio: AudioSource) -> bytes:
    """All of it."""
    return b"".join([chunk async for chunk in audio.chunks(1000)])


@given(st.lists(st.integers(1, 4000), min_size=1, max_size=20), st.sampled_from([0, 100, 3000, IN_MEMORY]))
def test_readers_get_every_byte_however_it_comes(sizes: list[int], memory_bytes: int) -> None:
    """One that began at first, and one in the middle, in memory, on disk and between the two."""

    async def run() -> list[bytes]:
        spool, found = Spool(memory_bytes), list[bytes]()
        audio, store = growing(spool)

        async def read() -> None:
            found.append(await whole(audio))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            offset = 0
            for size in (*sizes, len(DATA)):
                spool.append(memoryview(DATA)[offset : offset + size])
                offset = min(len(DATA), offset + size)
                await spool.settle()
                if size % 3 == 0:
                    tasks.start_soon(read)
                await anyio.lowlevel.checkpoint()
            assert not found
            store.complete()
        await spool.close()
        return found

    assert set(anyio.run(run)) == {DATA}


async def test_the_last_byte_waits_until_all_is_there() -> None:
    """So nobody has all of it before."""
    spool = Spool(IN_MEMORY)
    audio, store = growing(spool)
    spool.append(memoryview(DATA))
    got = bytearray()

    async def read() -> None:
        async for chunk in audio.chunks(1 << 20):
            got.extend(chunk)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        await anyio.wait_all_tasks_blocked()
        assert (bytes(got), audio.is_whole) == (DATA[:-1], False)
        store.complete()
    assert (bytes(got), audio.is_whole) == (DATA, True)


async def test_a_worker_thread_cannot_wait() -> None:
    """What is there it may read; the rest is an error of reading, not a hang."""
    spool = Spool(IN_MEMORY)
    audio, store = growing(spool)
    spool.append(memoryview(DATA)[:5000])
    window = audio.window(1 << 20)
    assert window.read(4999) == DATA[:4999]
    with pytest.raises(OSError, match="still coming in"):
        window.read(10)
    spool.append(memoryview(DATA)[5000:])
    store.complete()
    assert window.read() == DATA[4999:]
    assert await store.read_at(len(DATA), 10) == b""


async def test_only_the_head_is_probed() -> None:
    """What the whole of it might tell is unknown, and it is said that there may be more."""
    spool = Spool(IN_MEMORY)
    spool.append(memoryview(DATA)[:4096])
    audio, _ = growing(spool)
    facts = await probe(audio)
    assert (facts.format, facts.bytes, facts.seconds) == ("flac", len(DATA), None)
    assert tells_more(facts)


@pytest.mark.parametrize("memory_bytes", [0, IN_MEMORY])
async def test_nothing_is_read_of_what_is_gone(memory_bytes: int) -> None:
    """Whoever still reads is told that the audio is no longer what it was."""
    spool = Spool(memory_bytes)
    spool.append(memoryview(DATA))
    await spool.settle()
    audio = await spool.finish("talk.flac")
    assert await whole(audio) == DATA
    await spool.close()
    with pytest.raises(AudioProblem, match="became shorter"):
        await whole(audio)
