"""A client that leaves before it has an answer."""

from collections.abc import MutableMapping
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount

from tests.io_shell.gateway.calling import KEY, SPEC, VARIABLES
from voxplan.io_shell.gateway.app import GatewayOptions, gateway

BODY = b'--B\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper\r\n'
HEADERS = {"authorization": f"Bearer {KEY}", "content-type": "multipart/form-data; boundary=B", "content-length": "100000"}


class Passing(BaseHTTPMiddleware):
    """What many an application has around its routes."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Nothing of its own."""
        return await call_next(request)


@pytest.mark.anyio
async def test_a_middleware_around_the_gateway_hears_of_it() -> None:
    """It waits for an answer, and would take none at all for a fault of the application."""
    app = gateway(SPEC, GatewayOptions(key=KEY), environment=VARIABLES)
    outer = Starlette(routes=[Mount("/stt", app)], middleware=[Middleware(Passing)])
    request = httpx.Request("POST", "http://x/stt/v1/audio/transcriptions", headers=HEADERS)
    scope: MutableMapping[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": request.url.path,
        "raw_path": request.url.raw_path,
        "query_string": b"",
        "root_path": "",
        "headers": request.headers.raw,
        "client": None,
        "server": None,
    }
    sent = list[MutableMapping[str, Any]]()
    messages: list[MutableMapping[str, Any]] = [
        {"type": "http.request", "body": BODY, "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> MutableMapping[str, Any]:
        return messages.pop(0) if len(messages) > 1 else messages[0]

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async with app.running():
        await outer(scope, receive, send)
    assert sent[0]["status"] == 499
