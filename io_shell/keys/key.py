"""A virtual key as it may be shown to anybody who manages keys: everything but its secret.

What can go wrong with keys is a KeyProblem where whoever asks can mend it, and a KeyStoreProblem where the file is at fault.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from typing_extensions import override

from voxplan.engine.terms.spelling import quoted, suggestion
from voxplan.io_shell.errors import RequestError

__all__ = (
    "IssuedKey",
    "KeyProblem",
    "KeyState",
    "KeyStoreProblem",
    "UnknownKey",
    "VirtualKey",
    "moment_text",
    "shown",
    "unknown_key",
    "utc_now",
)

KeyState = Literal["active", "expired", "revoked"]

_Moment = Annotated[datetime, Meta(tz=True)]
_FORM: Final = "%Y-%m-%dT%H:%M:%SZ"


class KeyProblem(RequestError):
    """What was asked for cannot be; `param` is the part that is at fault."""

    def __init__(self, message: str, param: str | None = None) -> None:
        """`message` is one line."""
        super().__init__(message)
        self.param = param


class UnknownKey(KeyProblem):
    """No key has this name or id."""


class KeyStoreProblem(RequestError):
    """The file of the keys cannot be used: whether a key is right is not known."""


class VirtualKey(msgspec.Struct, frozen=True, kw_only=True):
    """One key. `hint` are the last letters of its secret, `allowed` the routes and deployments it may name, None for all.

    Moments are whole seconds in UTC. From `expires_at` on the key holds no more. `last_used_at` is right to a minute.
    """

    id: str
    name: str
    hint: str
    created_at: _Moment
    expires_at: _Moment | None = None
    revoked_at: _Moment | None = None
    last_used_at: _Moment | None = None
    allowed: tuple[str, ...] | None = None
    tags: tuple[str, ...] = ()
    may_simulate: bool = False
    sees_trail: bool = False

    def state(self, now: datetime) -> KeyState:
        """Whether it holds."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"


class IssuedKey(msgspec.Struct, frozen=True):
    """A key just made, and its secret, which nobody can read again."""

    key: VirtualKey
    secret: str

    @override
    def __repr__(self) -> str:
        """Without the secret, which must not get into logs."""
        return f"IssuedKey({self.key!r}, …)"


def unknown_key(name_or_id: str, names: Iterable[str]) -> UnknownKey:
    """`names` are those of the keys that could be meant."""
    return UnknownKey(f"no key {quoted(name_or_id)}{suggestion(name_or_id, names)}")


def shown(key: VirtualKey, now: datetime) -> Mapping[str, object]:
    """The key as JSON has it, for programs."""
    return {"object": "key", **msgspec.structs.asdict(key), "state": key.state(now)}


def utc_now() -> datetime:
    """The moment."""
    return datetime.now(UTC)


def moment_text(moment: datetime) -> str:
    """In ISO 8601, whole seconds in UTC; all such texts are of one length, so that they sort as moments do.

    >>> moment_text(datetime(2027, 1, 31, tzinfo=UTC))
    '2027-01-31T00:00:00Z'
    """
    return moment.astimezone(UTC).strftime(_FORM)
