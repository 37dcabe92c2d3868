import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from voxplan.io_shell.keys.connection import Connection, make_file
from voxplan.io_shell.keys.key import KeyStoreProblem


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is to be."""
    return tmp_path / "keys.sqlite"


def problem_of(path: Path) -> str:
    """Why the file cannot be used; one line that names it and holds no traceback."""
    connection = Connection(path)
    with pytest.raises(KeyStoreProblem) as problem, connection.writing():
        pass
    connection.close()
    assert str(path) in str(problem.value)
    assert len(str(problem.value).splitlines()) == 1
    return str(problem.value)


@pytest.mark.skipif(os.name == "nt", reason="rights are POSIX")
def test_the_files_are_private(path: Path) -> None:
    """Also what SQLite puts beside the file."""
    make_file(path)
    connection = Connection(path)
    with connection.writing() as database:
        database.execute("DELETE FROM keys")
        found = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    connection.close()
    assert set(found.values()) == {0o600}
    assert len(found) == 3


def test_a_file_that_is_there_is_left_as_it_is(path: Path) -> None:
    """Its rights too."""
    path.touch(0o640)
    make_file(path)
    assert path.stat().st_size == 0


def test_no_file(path: Path) -> None:
    """Reading makes none."""
    assert "`voxplan keys create` makes one" in problem_of(path)
    assert not path.exists()


def test_a_folder(tmp_path: Path) -> None:
    """It is no file."""
    assert problem_of(tmp_path).endswith("it is no file")


def test_no_folder(path: Path) -> None:
    """The file cannot be made."""
    with pytest.raises(KeyStoreProblem, match="no such file or directory"):
        make_file(path / "keys.sqlite")


def test_something_else(path: Path) -> None:
    """It stays as it is."""
    path.write_bytes(b"model_list:\n" * 100)
    assert problem_of(path).endswith("it is no file of keys")
    assert path.read_bytes() == b"model_list:\n" * 100


def test_a_damaged_file(path: Path) -> None:
    """Half of it is overwritten."""
    make_file(path)
    connection = Connection(path)
    with connection.reading():
        pass
    connection.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))
    assert problem_of(path).endswith("it is damaged")


def test_a_database_of_another_program(path: Path) -> None:
    """It is told, and nothing is written into it."""
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE songs (name TEXT)")
    other.close()
    before = path.read_bytes()
    assert "another program" in problem_of(path)
    assert path.read_bytes() == before


def test_a_newer_version(path: Path) -> None:
    """Its keys are not guessed at."""
    make_file(path)
    connection = Connection(path)
    with connection.writing() as database:
        database.execute("PRAGMA user_version = 7")
    connection.close()
    assert problem_of(path).endswith("is of version 7: a newer voxplan made it")


def test_a_file_that_is_gone_holds_no_more(path: Path) -> None:
    """Nobody's key counts by what was read before."""
    make_file(path)
    connection = Connection(path)
    with connection.reading():
        pass
    path.unlink()
    with pytest.raises(KeyStoreProblem, match="there is no key store"), connection.reading():
        pass
    connection.close()


def test_a_file_that_was_replaced_is_told(path: Path) -> None:
    """The open one is not what an operator sees."""
    make_file(path)
    make_file(path.with_name("other"))
    connection = Connection(path)
    with connection.reading():
        pass
    path.with_name("other").replace(path)
    with pytest.raises(KeyStoreProblem, match="replaced"), connection.reading():
        pass
    connection.close()


def test_a_change_is_whole_or_nothing(path: Path) -> None:
    """What is raised in between takes back what was written."""
    make_file(path)
    connection = Connection(path)
    row = "INSERT INTO keys VALUES ('i', 'n', x'00', 'h', 'c', NULL, NULL, NULL, NULL, '[]', 0, 0)"

    def half() -> None:
        with connection.writing() as database:
            database.execute(row)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    with connection.reading() as database:
        assert database.execute("SELECT count(*) FROM keys").fetchone() == (0,)
    connection.close()


def test_reading_waits_for_no_writer(path: Path) -> None:
    """A transaction of somebody else's is open meanwhile."""
    make_file(path)
    reader, writer = Connection(path), Connection(path)
    with writer.writing(), reader.reading() as database:
        assert database.execute("SELECT count(*) FROM keys").fetchone() == (0,)
    reader.close()
    writer.close()


def test_a_closed_one_stays_closed(path: Path) -> None:
    """A thread that comes late opens nothing that nobody closes."""
    make_file(path)
    connection = Connection(path)
    connection.close()
    with pytest.raises(KeyStoreProblem, match="closed"), connection.reading():
        pass


def test_many_open_a_new_file_at_once(path: Path) -> None:
    """One of them makes the tables, and nobody fails."""
    make_file(path)
    together, problems = threading.Barrier(16), list[Exception]()

    def open_it() -> None:
        connection = Connection(path)
        together.wait(10)
        try:
            with connection.writing() as database:
                database.execute("SELECT count(*) FROM keys")
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is the finding
            problems.append(problem)
        connection.close()

    threads = [threading.Thread(target=open_it) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert problems == []
