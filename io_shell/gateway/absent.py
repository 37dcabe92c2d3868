"""Addresses at which nothing is, and ways of asking that an address does not know: told like every other error."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from voxplan.engine.terms.spelling import listed, quoted, suggestion
from voxplan.io_shell.gateway.access import entry_of
from voxplan.io_shell.gateway.answers import Reply, call_headers
from voxplan.io_shell.gateway.envelopes import Problem, Refused, enveloped, stated
from voxplan.io_shell.gateway.operations import OPERATIONS

__all__ = ("as_response", "no_address", "no_method")

_ADDRESSES: Final = tuple(path for operation in OPERATIONS for path in operation.paths if "{" not in path)
_LONGEST: Final = 200


async def no_address(request: Request, _: Exception) -> Response:
    """404, with the address that was probably meant."""
    root = str(request.scope.get("root_path", ""))
    path = request.url.path.removeprefix(root)[:_LONGEST]
    message = f"there is nothing at {quoted(path)}{suggestion(path, _ADDRESSES)}"
    return _told(request, stated(404, message, code="unknown_url"))


async def no_method(request: Request, _: Exception) -> Response:
    """405 with what the address does know; to `OPTIONS` that is the answer."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    known = {method for route in routes if route.matches(request.scope)[0] is not Match.NONE for method in route.methods or ()}
    allow = ("allow", ", ".join(sorted({*known, "OPTIONS"})))
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=dict((allow, *_named(request))))
    message = f"{quoted(request.method[:_LONGEST])} means nothing here: expected {listed(sorted(known))}"
    return _told(request, stated(405, message, code="method_not_allowed"), allow)


def as_response(reply: Reply) -> Response:
    """The reply as Starlette sends it."""
    headers = {"content-type": reply.content_type, **dict(reply.headers)}
    return Response(reply.body, status_code=reply.status, headers=headers)


def _told(request: Request, problem: Problem, *headers: tuple[str, str]) -> Response:
    """The problem, which is in the log as well."""
    entry_of(request.scope).failed(problem, Refused(problem))
    return as_response(enveloped(problem, (*headers, *_named(request))))


def _named(request: Request) -> tuple[tuple[str, str], ...]:
    return call_headers(entry_of(request.scope).call_id)
