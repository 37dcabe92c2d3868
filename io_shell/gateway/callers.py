"""Who is asking: every request shows a key, and the key says what its bearer may do."""

import hmac
from collections.abc import Mapping
from typing import Final, Protocol

import msgspec

from voxplan.io_shell.gateway.envelopes import Refused, refused_key

__all__ = ("MASTER", "Caller", "Callers", "Keys")

_BEARER: Final = "bearer "


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """One caller, as its key says. `key` is the key's name, as conditions of the spec see it, None for the master key.

    `allowed` are the routes and deployments that it may name, None for all; what an allowed route reaches is allowed with it.
    """

    key: str | None = None
    tags: tuple[str, ...] = ()
    allowed: tuple[str, ...] | None = None
    may_simulate: bool = False
    sees_trail: bool = False
    manages_keys: bool = False

    def may_name(self, name: str) -> bool:
        """Whether the caller may ask for the route or deployment of this name."""
        return self.allowed is None or name in self.allowed


MASTER: Final = Caller(may_simulate=True, sees_trail=True, manages_keys=True)
"""Who has the master key, or comes to a gateway that asks for none, may do everything."""


class Keys(Protocol):
    """Where virtual keys are found."""

    async def find(self, secret: str) -> Caller | None:
        """The caller whose key this is; None for a key that is not known, is over, or was revoked."""
        ...


class Callers:
    """Everybody who may come in."""

    def __init__(self, master: str | None, keys: Keys | None = None) -> None:
        """Without a `master` key and `keys`, everybody may."""
        self._master = master
        self._keys = keys

    async def caller(self, headers: Mapping[str, str]) -> Caller:
        """Who is asking. Raises Refused for a missing or wrong key, which is compared in constant time."""
        if self._master is None and self._keys is None:
            return MASTER
        given = _given_key(headers)
        if given is None:
            raise Refused(refused_key(given=False))
        if self._master is not None and hmac.compare_digest(given.encode(), self._master.encode()):
            return MASTER
        found = None if self._keys is None else await self._keys.find(given)
        if found is None:
            raise Refused(refused_key(given=True))
        return found


def _given_key(headers: Mapping[str, str]) -> str | None:
    """The caller's key: OpenAI's header, or Azure's."""
    bearer = headers.get("authorization", "")
    if bearer.lower().startswith(_BEARER):
        return bearer[len(_BEARER) :].strip()
    return headers.get("api-key")
