"""Who is asking: every request shows a key, and the key says what its bearer may do."""

import hmac
import logging
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final, Protocol

import msgspec

from voxplan.io_shell.gateway.envelopes import Refused, refused_key, stated
from voxplan.io_shell.keys.key import KeyStoreProblem
from voxplan.io_shell.keys.store import KeyStore

__all__ = ("MASTER", "Caller", "Callers", "Keys", "StoredKeys", "unavailable")

_LOG: Final = logging.getLogger("voxplan")
_BEARER: Final = "bearer "
_RETRY_AFTER_MS: Final = 5_000


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
    """Where virtual keys are found, between `running` and its end."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """What the gateway enters before it serves. Raises VoxplanError when keys cannot be found here."""
        ...

    async def find(self, secret: str) -> Caller | None:
        """The caller whose key this is; None for a key that is not known, is over, or was revoked.

        Raises Refused when that cannot be known.
        """
        ...


class StoredKeys:
    """The virtual keys in a file, which several gateways and the command line may use at once."""

    def __init__(self, file: Path | str) -> None:
        """The file is made when there is none."""
        self.store: Final = KeyStore(file)

    def running(self) -> AbstractAsyncContextManager[None]:
        """See that the file can be used. Raises KeyStoreProblem."""
        return self.store.running()

    async def find(self, secret: str) -> Caller | None:
        """Who has this key; looked up each time, so that a revoked one holds no more."""
        try:
            key = await self.store.find(secret)
        except KeyStoreProblem as problem:
            raise unavailable(problem) from None
        if key is None:
            return None
        return Caller(key=key.name, tags=key.tags, allowed=key.allowed, may_simulate=key.may_simulate, sees_trail=key.sees_trail)


class Callers:
    """Everybody who may come in."""

    def __init__(self, master: str | None, keys: Keys | None = None) -> None:
        """Without a `master` key and `keys`, everybody may."""
        self._master = None if master is None else master.encode("utf-8", "surrogateescape")  # as an environment has it
        self._keys = keys

    @property
    def wants_keys(self) -> bool:
        """Whether a caller has to show one."""
        return self._master is not None or self._keys is not None

    async def caller(self, headers: Mapping[str, str]) -> Caller:
        """Who is asking. Raises Refused for a missing or wrong key, which is compared in constant time."""
        if not self.wants_keys:
            return MASTER
        given = _given_key(headers)
        if given is None:
            raise Refused(refused_key(given=False))
        if self._master is not None and hmac.compare_digest(given.encode("latin-1", "replace"), self._master):
            return MASTER
        found = None if self._keys is None else await self._keys.find(given)
        if found is None:
            raise Refused(refused_key(given=True))
        return found


def unavailable(problem: KeyStoreProblem) -> Refused:
    """What callers are told while the file of the keys cannot be used; the log says why."""
    _LOG.error("%s", problem)
    told = "keys cannot be looked up now: the gateway's log says why"
    return Refused(stated(503, told, code="keys_unavailable", retry_after_ms=_RETRY_AFTER_MS))


def _given_key(headers: Mapping[str, str]) -> str | None:
    """The caller's key: LiteLLM's own header, OpenAI's, or Azure's."""
    own = headers.get("x-litellm-api-key")
    if own is not None:
        borne = _borne(own)
        return own if borne is None else borne
    bearer = _borne(headers.get("authorization", ""))
    return headers.get("api-key") if bearer is None else bearer


def _borne(text: str) -> str | None:
    """What `Bearer` says; None where it stands for something else."""
    return text[len(_BEARER) :].strip() if text.lower().startswith(_BEARER) else None
