"""The keys in their file: made, found, listed, revoked. Everything here blocks; `store` is the same for event loops.

Several processes may use the file at once. Each question is put to the file anew, so what one process revokes holds nowhere any
more. Lookups wait for no writer.
"""

import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from voxplan.engine.terms.spelling import quoted
from voxplan.io_shell.keys.asking import NewKey, checked, expiry
from voxplan.io_shell.keys.connection import Connection, make_file
from voxplan.io_shell.keys.key import IssuedKey, KeyProblem, KeyStoreProblem, VirtualKey, moment_text, unknown_key, utc_now
from voxplan.io_shell.keys.secret import hint_of, is_secret, kept_of, new_id, new_secret, same

__all__ = ("KeyFile",)

_COLUMNS: Final = tuple(VirtualKey.__struct_fields__)
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)}"
_INTO: Final = f"{', '.join(_COLUMNS)}, secret_sha256"
_VALUES: Final = ", ".join(f":{name}" for name in _INTO.split(", "))
_INSERT: Final = f"INSERT INTO keys ({_INTO}) VALUES ({_VALUES})"  # noqa: S608 - names of our own
_LISTS: Final = frozenset({"allowed", "tags"})


class KeyFile:
    """May be used by any thread. `now` tells the time."""

    def __init__(self, path: Path, now: Callable[[], datetime] = utc_now) -> None:
        """Nothing is read or made yet."""
        self.path: Final = path
        self.now: Final = now
        self._reader = Connection(path)
        self._writer = Connection(path)

    def make(self) -> None:
        """Make the file if there is none, and see that it can be used. Raises KeyStoreProblem."""
        make_file(self.path)
        with self._writer.reading():
            return

    def create(self, new: NewKey) -> IssuedKey:
        """Make a key, and the file if there is none. Raises KeyProblem and KeyStoreProblem."""
        new, now, secret = checked(new), self.now(), new_secret()
        key = VirtualKey(
            id=new_id(),
            name=new.name,
            hint=hint_of(secret),
            created_at=now.replace(microsecond=0),
            expires_at=expiry(new, now),
            allowed=new.allowed,
            tags=new.tags,
            may_simulate=new.may_simulate,
            sees_trail=new.sees_trail,
        )
        make_file(self.path)
        with self._writer.writing() as connection:
            if _named(connection, key.name) is not None:
                raise KeyProblem(f"a key {quoted(key.name)} exists: revoke it first, or take another name", "name")
            connection.execute(_INSERT, {**_row(key), "secret_sha256": kept_of(secret)})
        return IssuedKey(key, secret)

    def find(self, secret: str) -> VirtualKey | None:
        """The key of this secret, whatever its state; None when there is none. Raises KeyStoreProblem."""
        if not is_secret(secret):
            return None
        kept = kept_of(secret)
        with self._reader.reading() as connection:
            found = connection.execute(f"{_SELECT}, secret_sha256 FROM keys WHERE secret_sha256 = ?", (kept,)).fetchone()
        if found is None:
            return None
        *row, stored = found
        return self._key(tuple(row)) if isinstance(stored, bytes) and same(stored, kept) else None

    def all_keys(self) -> tuple[VirtualKey, ...]:
        """All keys that ever were, the oldest first. Raises KeyStoreProblem."""
        with self._reader.reading() as connection:
            rows = connection.execute(f"{_SELECT} FROM keys ORDER BY created_at, rowid").fetchall()
        return tuple(map(self._key, rows))

    def revoke(self, name_or_id: str) -> VirtualKey:
        """End a key now and for ever; its name is free again. Raises UnknownKey and KeyStoreProblem.

        What has been revoked, and is named by its id, stays as it is.
        """
        with self._writer.writing() as connection:
            key_id = _meant(connection, name_or_id)
            connection.execute(
                "UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (moment_text(self.now()), key_id)
            )
            row = connection.execute(f"{_SELECT} FROM keys WHERE id = ?", (key_id,)).fetchone()
        return self._key(row)

    def note_uses(self, uses: Mapping[str, datetime]) -> None:
        """Keys by their ids, and when they were used last. Raises KeyStoreProblem."""
        told = [(moment_text(moment), key_id, moment_text(moment)) for key_id, moment in uses.items()]
        with self._writer.writing() as connection:
            connection.executemany(
                "UPDATE keys SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)", told
            )

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()
        self._writer.close()

    def _key(self, row: tuple[object, ...]) -> VirtualKey:
        told = dict(zip(_COLUMNS, row, strict=True))
        try:
            lists = {name: msgspec.json.decode(value) for name in _LISTS if isinstance(value := told[name], str)}
            return msgspec.convert(told | lists, VirtualKey, strict=False)
        except msgspec.MsgspecError:
            raise KeyStoreProblem(f"the key store `{self.path}` cannot be used: it is damaged") from None


def _row(key: VirtualKey) -> dict[str, str | bool | None]:
    told: dict[str, object] = msgspec.structs.asdict(key)
    return {name: _cell(value) for name, value in told.items()}


def _cell(value: object) -> str | bool | None:
    if value is None or isinstance(value, str | bool):
        return value
    return moment_text(value) if isinstance(value, datetime) else msgspec.json.encode(value).decode()


def _named(connection: sqlite3.Connection, name: str) -> str | None:
    """The id of the key that has this name now."""
    row = connection.execute("SELECT id FROM keys WHERE name = ? AND revoked_at IS NULL", (name,)).fetchone()
    return None if row is None else str(row[0])


def _meant(connection: sqlite3.Connection, name_or_id: str) -> str:
    """The id of the key that is meant."""
    found = connection.execute("SELECT id FROM keys WHERE id = ?", (name_or_id,)).fetchone()
    meant = str(found[0]) if found is not None else _named(connection, name_or_id)
    if meant is None:
        rows = connection.execute("SELECT name FROM keys WHERE revoked_at IS NULL").fetchall()
        raise unknown_key(name_or_id, [str(name) for (name,) in rows])
    return meant
