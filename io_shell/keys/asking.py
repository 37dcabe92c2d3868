"""What somebody wants of a new key, checked: from JSON, or from what was typed."""

import math
import re
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from voxplan.engine.language.spec import Label
from voxplan.engine.terms.spelling import quoted, suggestion
from voxplan.io_shell.keys.key import KeyProblem
from voxplan.io_shell.keys.secret import is_id

__all__ = ("NewKey", "asked_moment", "checked", "expiry", "read_new_key", "require_known")

_LONGEST: Final = timedelta(days=36_525)
_Name = Annotated[str, Meta(min_length=1, max_length=100)]


class NewKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key to be made; `expires_at` or `expires_in` seconds, or neither: then it holds until it is revoked."""

    name: Label
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None
    expires_in: Annotated[int, Meta(gt=0)] | None = None
    allowed: Annotated[tuple[Label, ...], Meta(min_length=1, max_length=1000)] | None = None
    tags: Annotated[tuple[_Name, ...], Meta(max_length=100)] = ()
    may_simulate: bool = False
    sees_trail: bool = False


_EXPECTED: Final[Mapping[str, str]] = {
    "name": "a name of at most 100 letters, digits and `_.:@-` that starts with a letter or digit",
    "expires_at": "a moment with its zone, such as `2027-01-31T00:00:00Z`",
    "expires_in": "a whole number of seconds greater than 0",
    "allowed": "a list of 1 to 1000 names of routes or deployments; without it, the key may use all",
    "tags": "a list of at most 100 texts of 1 to 100 letters",
    "may_simulate": "true or false",
    "sees_trail": "true or false",
}
_PLACE: Final = re.compile(r"`\$\.([A-Za-z0-9_]+)")
_FIELD: Final = re.compile(r"field `(.*)`", re.DOTALL)
_UNKNOWN: Final = "Object contains unknown field"
_ABSENT: Final = "Object missing required field"

_AFTER: Final = re.compile(r"([0-9]{1,9})([smhdw])")
_UNITS: Final[Mapping[str, timedelta]] = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def read_new_key(body: bytes) -> NewKey:
    """The key that a JSON document asks for. Raises KeyProblem, which names the field."""
    try:
        return checked(msgspec.json.decode(body, type=NewKey))
    except msgspec.ValidationError as wrong:
        raise _misfit(str(wrong)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise KeyProblem('the body is no JSON: expected an object such as `{"name": "alice"}`') from None


def checked(new: NewKey) -> NewKey:
    """The same key, with each name once. Raises KeyProblem, also for what was made without decoding."""
    try:
        new = msgspec.convert(msgspec.to_builtins(new, builtin_types=(datetime,)), NewKey)
    except msgspec.ValidationError as wrong:
        raise _misfit(str(wrong)) from None
    if is_id(new.name):
        raise KeyProblem(f"`name` is {quoted(new.name)}: that is how ids look, take another", "name")
    if new.expires_at is not None and new.expires_in is not None:
        raise KeyProblem("`expires_at` and `expires_in` contradict each other: give one", "expires_in")
    allowed = None if new.allowed is None else tuple(dict.fromkeys(new.allowed))
    return msgspec.structs.replace(new, allowed=allowed, tags=tuple(dict.fromkeys(new.tags)))


def expiry(new: NewKey, now: datetime) -> datetime | None:
    """When the key ends, in whole seconds: never too early. Raises KeyProblem for a moment that has passed, or is too far."""
    if new.expires_in is not None:
        seconds = min(new.expires_in, 2 * _LONGEST.total_seconds())
        return _whole_second(_future(now + timedelta(seconds=seconds), now, "expires_in"))
    return None if new.expires_at is None else _whole_second(_future(new.expires_at, now, "expires_at"))


def asked_moment(text: str, now: datetime) -> datetime:
    """When `30d` is over, or the moment that a date or a moment says; a date is its first moment, and both are in UTC.

    >>> asked_moment("2027-01-31", datetime(2026, 1, 1, tzinfo=UTC)).isoformat()
    '2027-01-31T00:00:00+00:00'
    """
    after = _AFTER.fullmatch(text.strip())
    try:
        if after is not None:
            return now + int(after[1]) * _UNITS[after[2]]
        return _written(text.strip())
    except (ValueError, OverflowError):
        raise KeyProblem(f"{quoted(text)} is no time: expected such as `30d`, `12h`, `2027-01-31`", "expires_at") from None


def require_known(allowed: Collection[str] | None, known: Collection[str]) -> None:
    """Raises KeyProblem for the first name that is no route or deployment."""
    for name in allowed or ():
        if name not in known:
            raise KeyProblem(f"`allowed` holds {quoted(name)}: no such route or deployment{suggestion(name, known)}", "allowed")


def _written(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _future(moment: datetime, now: datetime, param: str) -> datetime:
    if moment <= now:
        raise KeyProblem("the key would be over before it begins: its end has passed", param)
    if moment - now > _LONGEST:
        raise KeyProblem("a key holds for at most 100 years, or without end", param)
    return moment


def _whole_second(moment: datetime) -> datetime:
    return datetime.fromtimestamp(math.ceil(moment.timestamp()), UTC)


def _misfit(message: str) -> KeyProblem:
    """What msgspec says about a document, in our words."""
    named = _FIELD.search(message)
    if named is not None and message.startswith(_UNKNOWN):
        return KeyProblem(f"unknown field {quoted(named[1])}{suggestion(named[1], _EXPECTED)}", named[1][:100])
    if named is not None and message.startswith(_ABSENT):
        return KeyProblem(f"`{named[1]}` is missing: expected {_EXPECTED[named[1]]}", named[1])
    place = _PLACE.search(message)
    if place is None:
        return KeyProblem('expected an object of JSON such as `{"name": "alice"}`')
    return KeyProblem(f"`{place[1]}`: expected {_EXPECTED[place[1]]}", place[1])
