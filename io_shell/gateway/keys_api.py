"""`/v1/keys`: virtual keys made, listed and revoked over HTTP, by whoever has the master key.

A secret is in the answer that makes its key, and in no other.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from voxplan.io_shell.gateway.callers import unavailable
from voxplan.io_shell.gateway.connection import short_body
from voxplan.io_shell.gateway.envelopes import Refused, stated
from voxplan.io_shell.gateway.turns import Turn, json_reply
from voxplan.io_shell.gateway.values import flag_of
from voxplan.io_shell.keys.asking import read_new_key, require_known
from voxplan.io_shell.keys.key import KeyProblem, KeyStoreProblem, UnknownKey, shown, utc_now
from voxplan.io_shell.keys.store import KeyStore

__all__ = ("KeysApi",)

_LONGEST_BODY: Final = 64 * 1024
_UNCACHED: Final = (("cache-control", "no-store"),)
_ALL: Final = "all"

_Serve = Callable[[Turn, KeyStore], Awaitable[None]]


class KeysApi:
    """The endpoints over one store; without a store they say how to have one."""

    def __init__(self, store: KeyStore | None) -> None:
        """`store` is running while requests come."""
        self._store = store

    async def create(self, turn: Turn) -> None:
        """`POST /v1/keys`: a new key, with its secret."""
        await self._managed(turn, _create)

    async def list(self, turn: Turn) -> None:
        """`GET /v1/keys`: those that are not revoked; with `?all=true`, those too."""
        await self._managed(turn, _list)

    async def revoke(self, turn: Turn) -> None:
        """`DELETE /v1/keys/{key}`, which is a name or an id."""
        await self._managed(turn, _revoke)

    async def _managed(self, turn: Turn, serve: _Serve) -> None:
        if not turn.caller.manages_keys:
            raise Refused(stated(403, "this key may not manage keys: the master key may", code="not_allowed"))
        if self._store is None:
            raise Refused(stated(404, "this gateway has no virtual keys: `voxplan serve --keys FILE` has", code="no_keys"))
        try:
            await serve(turn, self._store)
        except UnknownKey as problem:
            raise Refused(stated(404, str(problem), code="key_not_found")) from None
        except KeyProblem as problem:
            raise Refused(stated(400, str(problem), param=problem.param, code="invalid_value")) from None
        except KeyStoreProblem as problem:
            raise unavailable(problem) from None


async def _create(turn: Turn, store: KeyStore) -> None:
    new, router = read_new_key(await _body(turn)), turn.opened.policy.router
    require_known(new.allowed, {**router.routes, **router.deployments})
    issued = await store.create(new)
    told = {**shown(issued.key, utc_now()), "secret": issued.secret}
    await turn.reply(json_reply(told, 201, (*turn.named, *_UNCACHED)))


async def _list(turn: Turn, store: KeyStore) -> None:
    asked = turn.request.query_params
    unknown = next((name for name in asked if name != _ALL), None)
    if unknown is not None:
        raise Refused(stated(400, f"unknown parameter `{unknown}`: expected `{_ALL}`", param=unknown, code="invalid_value"))
    everything, now = flag_of(_ALL, asked.get(_ALL, "false")), utc_now()
    data = [shown(key, now) for key in await store.all_keys() if everything or key.revoked_at is None]
    await turn.reply(json_reply({"object": "list", "data": data}, headers=(*turn.named, *_UNCACHED)))


async def _revoke(turn: Turn, store: KeyStore) -> None:
    revoked = await store.revoke(str(turn.request.path_params["key"]))
    await turn.reply(json_reply(shown(revoked, utc_now()), headers=(*turn.named, *_UNCACHED)))


async def _body(turn: Turn) -> bytes:
    """The body, as long as it is short."""
    read = await short_body(turn.request, _LONGEST_BODY)
    if read is None:
        raise Refused(stated(413, f"the body is longer than {_LONGEST_BODY} bytes", code="too_large"))
    return read
