"""One connection to the file of the keys: opened when it is needed, and again after any fault.

Every fault of SQLite's or of the disk's becomes one line. The file is looked at before each use: a key that was revoked in a file
that replaced this one must not hold here, so a file that is gone or another one is a fault as well.
"""

import os
import sqlite3
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG
from threading import Lock
from typing import Final

from voxplan.io_shell.keys.key import KeyStoreProblem

__all__ = ("BUSY_S", "Connection", "make_file")

BUSY_S: Final = 5.0
"""How long somebody else's writing is waited for."""

_PRIVATE: Final = 0o600
_APPLICATION: Final = 0x76_78_6B_31  # "vxk1": by this SQLite's files tell whose they are
_VERSION: Final = 1
_PAUSE_S: Final = 0.01

# Two keys may have one name when at most one of them still counts.
_SCHEMA: Final = (
    """CREATE TABLE keys (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        secret_sha256 BLOB NOT NULL UNIQUE,
        hint TEXT NOT NULL,
        created_at TEXT NOT NULL,
        expires_at TEXT,
        revoked_at TEXT,
        last_used_at TEXT,
        allowed TEXT,
        tags TEXT NOT NULL,
        may_simulate INTEGER NOT NULL,
        sees_trail INTEGER NOT NULL
    )""",
    "CREATE UNIQUE INDEX names ON keys (name) WHERE revoked_at IS NULL",
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {_VERSION}",
)

_PRIMARY: Final = 0xFF  # the rest of an error code says where in SQLite it arose
_FAULTS: Final[Mapping[int, str]] = {
    sqlite3.SQLITE_BUSY: "another program has locked it",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: file and folder must be writable",
    sqlite3.SQLITE_CORRUPT: "it is damaged",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk fails",
    sqlite3.SQLITE_LOCKED: "another program has locked it",
    sqlite3.SQLITE_NOTADB: "it is no file of keys",
    sqlite3.SQLITE_PERM: "it may not be read and written",
    sqlite3.SQLITE_READONLY: "it cannot be written: file and folder must be writable",
}

_File = tuple[int, int]


def make_file(path: Path) -> None:
    """An empty file that only its owner may read, if there is none."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _PRIVATE))
    except FileExistsError:
        return
    except OSError as error:
        raise KeyStoreProblem(f"cannot make the key store `{path}`: {_said(error)}") from None


class Connection:
    """May be used by any thread; one at a time has it."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened yet."""
        self._path = path
        self._lock = Lock()
        self._open: sqlite3.Connection | None = None
        self._file: _File | None = None
        self._closed = False

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """To look something up. Raises KeyStoreProblem."""
        with self._lock:
            try:
                yield self._current()
            except sqlite3.Error as error:
                self._close()
                raise KeyStoreProblem(f"the key store `{self._path}` cannot be used: {_fault(error)}") from None

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        """To change something: all of it or, when anything is raised, nothing."""
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def close(self) -> None:
        """Let go of the file, for good: whoever comes late opens it no more."""
        with self._lock:
            self._closed = True
            self._close()

    def _current(self) -> sqlite3.Connection:
        if self._closed:
            raise KeyStoreProblem(f"the key store `{self._path}` has been closed")
        file = self._file_now()
        if self._open is not None and self._file != file:
            # Not opened again: SQLite would take the other file's journal for that of the one it has, when it closes it.
            raise KeyStoreProblem(f"the key store `{self._path}` was replaced by another file: start the gateway again")
        if self._open is None:
            self._open = self._opened()
            self._file = file
        return self._open

    def _file_now(self) -> _File:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            raise KeyStoreProblem(f"there is no key store `{self._path}`: `voxplan keys create` makes one") from None
        except OSError as error:
            raise KeyStoreProblem(f"the key store `{self._path}` cannot be used: {_said(error)}") from None
        if not S_ISREG(found.st_mode):
            raise KeyStoreProblem(f"the key store `{self._path}` cannot be used: it is no file")
        return found.st_dev, found.st_ino

    def _opened(self) -> sqlite3.Connection:
        # Through the lock any thread may use it. It never makes a file, whose rights would be anybody's.
        address = f"{self._path.resolve().as_uri()}?mode=rw"
        connection = sqlite3.connect(address, timeout=BUSY_S, isolation_level=None, check_same_thread=False, uri=True)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        if _is_empty(connection):
            connection.execute("BEGIN IMMEDIATE")
            if _is_empty(connection):  # nobody was faster
                for statement in _SCHEMA:
                    connection.execute(statement)
            connection.execute("COMMIT")
        if _number(connection, "application_id") != _APPLICATION:
            raise KeyStoreProblem(f"`{self._path}` is a database of another program, and no key store")
        version = _number(connection, "user_version")
        if version != _VERSION:
            raise KeyStoreProblem(f"the key store `{self._path}` is of version {version}: a newer voxplan made it")
        _write_ahead(connection)

    def _close(self) -> None:
        connection, self._open = self._open, None
        if connection is not None:
            connection.close()


def _is_empty(connection: sqlite3.Connection) -> bool:
    """Whether nobody has written into the file yet."""
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return objects == 0 and _number(connection, "application_id") == 0 and _number(connection, "user_version") == 0


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    (value,) = connection.execute(f"PRAGMA {pragma}").fetchone()
    return int(value)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Let lookups go on while somebody writes. The change itself waits for nobody: SQLite says at once that it is busy."""
    end = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & _PRIMARY != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def _fault(error: sqlite3.Error) -> str:
    """What is wrong, in a few words: SQLite's own may hold what was looked for."""
    code = getattr(error, "sqlite_errorcode", None)
    return _FAULTS.get(code & _PRIMARY, "SQLite fails") if isinstance(code, int) else "SQLite fails"


def _said(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
