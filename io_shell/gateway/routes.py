"""Who serves which operation: the table of operations as routes of Starlette."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from voxplan.io_shell.gateway.docs_page import docs_page
from voxplan.io_shell.gateway.health import health
from voxplan.io_shell.gateway.keys_api import KeysApi
from voxplan.io_shell.gateway.models import model, models
from voxplan.io_shell.gateway.openapi import openapi
from voxplan.io_shell.gateway.operations import OPERATIONS, Operation
from voxplan.io_shell.gateway.planned import planned
from voxplan.io_shell.gateway.transcriptions import transcriptions
from voxplan.io_shell.gateway.translating import translations
from voxplan.io_shell.gateway.turns import Endpoint, Reception, Turn

__all__ = ("Respond", "routes")

Respond = Callable[[Request], Awaitable[Response]]
_Serve = Callable[[Turn], Awaitable[None]]

_SERVES: Mapping[str, _Serve] = {
    "transcribe": transcriptions,
    "translate": translations,
    "plan": planned,
    "list_models": models,
    "find_model": model,
    "health": health,
}


def routes(reception: Reception, keys: KeysApi, ready: Respond) -> list[Route]:
    """A route for each address. `ready` answers whether requests are served."""
    serves = {**_SERVES, "create_key": keys.create, "list_keys": keys.list, "revoke_key": keys.revoke}
    wants_keys = reception.callers.wants_keys
    responds: Mapping[str, Respond] = {
        "alive": _alive,
        "ready": ready,
        "document": partial(_document, wants_keys=wants_keys),
        "docs": partial(_docs, wants_keys=wants_keys),
    }
    return [
        Route(path, _endpoint(reception, operation, serves, responds), methods=[operation.method])
        for operation in OPERATIONS
        for path in operation.paths
    ]


def _endpoint(
    reception: Reception, operation: Operation, serves: Mapping[str, _Serve], responds: Mapping[str, Respond]
) -> Endpoint | Respond:
    if operation.is_open:
        return responds[operation.name]
    return Endpoint(reception, serves[operation.name], works=operation.works)


async def _alive(_: Request) -> Response:
    return JSONResponse("I'm alive!")


async def _document(request: Request, *, wants_keys: bool) -> Response:
    return JSONResponse(openapi(_root(request), wants_keys=wants_keys))


async def _docs(request: Request, *, wants_keys: bool) -> Response:
    root = _root(request)
    address = f"{request.url.scheme}://{request.url.netloc}{root}"
    return HTMLResponse(docs_page(openapi(root, wants_keys=wants_keys), address), headers=_SEALED)


def _root(request: Request) -> str:
    """Where the gateway is mounted."""
    return str(request.scope.get("root_path", "")).rstrip("/")


_SEALED: Mapping[str, str] = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
"""The page needs nothing but itself, so it may have nothing else."""
