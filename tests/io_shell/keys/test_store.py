import logging
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from tests.io_shell.keys.moving_clock import BEGIN, MovingClock
from voxplan.io_shell.keys.asking import NewKey
from voxplan.io_shell.keys.file import KeyFile
from voxplan.io_shell.keys.key import KeyStoreProblem, VirtualKey
from voxplan.io_shell.keys.secret import new_secret
from voxplan.io_shell.keys.store import KeyStore

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is to be."""
    return tmp_path / "keys.sqlite"


def stored(path: Path) -> tuple[VirtualKey, ...]:
    """What another process finds in the file."""
    file = KeyFile(path)
    keys = file.all_keys()
    file.close()
    return keys


async def test_a_key_is_found_until_it_is_revoked(path: Path) -> None:
    """And from then on it is not, whoever revoked it."""
    async with KeyStore(path).running():
        pass
    store, elsewhere = KeyStore(path), KeyStore(path)
    async with store.running(), elsewhere.running():
        issued = await store.create(NewKey(name="alice"))
        found = await elsewhere.find(issued.secret)
        assert found is not None
        assert found.id == issued.key.id
        await elsewhere.revoke("alice")
        assert await store.find(issued.secret) is None
        assert await store.find(new_secret()) is None
        assert [key.state(BEGIN) for key in await store.all_keys()] == ["revoked"]


async def test_a_key_is_found_until_its_end(path: Path) -> None:
    """By the clock of whoever looks."""
    clock = MovingClock()
    store = KeyStore(path, clock)
    async with store.running():
        issued = await store.create(NewKey(name="alice", expires_in=60))
        clock.pass_by(seconds=59)
        assert await store.find(issued.secret) is not None
        clock.pass_by(seconds=1)
        assert await store.find(issued.secret) is None


async def test_uses_are_noted_at_most_once_a_minute(path: Path) -> None:
    """The first at once, further ones when the last is old."""
    clock = MovingClock()
    store = KeyStore(path, clock)
    async with store.running():
        issued = await store.create(NewKey(name="alice"))
        await store.find(issued.secret)
        await noted(path, BEGIN.isoformat())
        clock.pass_by(seconds=59)
        await store.find(issued.secret)
    assert stored(path)[0].last_used_at == BEGIN
    async with store.running():
        clock.pass_by(seconds=1)
        await store.find(issued.secret)
    assert stored(path)[0].last_used_at == BEGIN + timedelta(minutes=1)


async def test_a_use_that_cannot_be_noted_is_logged(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The caller does not notice, and the log does not hold the secret."""
    store = KeyStore(path)
    with caplog.at_level(logging.WARNING, "voxplan"):
        async with store.running():
            issued = await store.create(NewKey(name="alice"))
            with closing(sqlite3.connect(path)) as other:
                other.execute("CREATE TRIGGER full BEFORE UPDATE ON keys BEGIN SELECT RAISE(FAIL, 'full'); END")
            assert await store.find(issued.secret) is not None
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "could not be noted" in caplog.text
    assert issued.secret not in caplog.text


async def test_a_file_that_fails_is_not_a_wrong_key(path: Path) -> None:
    """Also for secrets that nobody has."""
    store = KeyStore(path)
    async with store.running():
        path.unlink()
        with pytest.raises(KeyStoreProblem):
            await store.find(new_secret())


async def test_a_file_that_cannot_be_used_does_not_start(path: Path) -> None:
    """One line."""
    path.write_text("something else, and long enough to be seen as no database at all" * 10)
    with pytest.raises(KeyStoreProblem, match="no file of keys"):
        async with KeyStore(path).running():
            pass


async def test_many_look_at_once(path: Path) -> None:
    """Each finds its own."""
    store = KeyStore(path)
    async with store.running():
        issued = [await store.create(NewKey(name=f"n{number}")) for number in range(8)]
        found: list[tuple[str, str | None]] = []

        async def look(number: int) -> None:
            key = await store.find(issued[number % 8].secret)
            found.append((issued[number % 8].key.name, None if key is None else key.name))

        async with anyio.create_task_group() as tasks:
            for number in range(64):
                tasks.start_soon(look, number)
    assert len(found) == 64
    assert all(mine == theirs for mine, theirs in found)


async def noted(path: Path, moment: str) -> None:
    """Wait, within bounds, until the file says that the key was used then."""
    with anyio.fail_after(10):
        while True:
            last = (await anyio.to_thread.run_sync(stored, path))[0].last_used_at
            if last is not None and last.isoformat() == moment:
                return
            await anyio.sleep(0.01)


async def test_what_is_raised_meanwhile_stays_what_it_is(path: Path) -> None:
    """In no group of one: whoever runs the store tells people what it is."""
    with pytest.raises(KeyError, match="spec"):
        async with KeyStore(path).running():
            raise KeyError("spec")
