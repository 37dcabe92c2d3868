"""The gateway as an ASGI application: OpenAI's transcription endpoint in front of one opened spec.

    app = gateway("routing.yaml", GatewayOptions(key=os.environ["GATEWAY_KEY"]))

Any ASGI server serves it, and another Starlette or FastAPI service can mount it. Nothing here decides where audio goes: a request
becomes the keywords of `Vox.transcribe`, and its answer what OpenAI would have sent.
"""

import hmac
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from voxplan.engine.plans.router import Router
from voxplan.io_shell import client
from voxplan.io_shell.client import Vox
from voxplan.io_shell.gateway.envelopes import Problem, enveloped, refused_key
from voxplan.io_shell.gateway.fields import UnknownFields
from voxplan.io_shell.gateway.forms import FormLimits
from voxplan.io_shell.gateway.transcriptions import Transcriptions
from voxplan.io_shell.judging import Guardrails
from voxplan.io_shell.loading import SpecSource, load

__all__ = ("GatewayOptions", "gateway")

# The last is Azure's: the route stands in the address.
_TRANSCRIPTIONS: Final = (
    "/v1/audio/transcriptions",
    "/audio/transcriptions",
    "/openai/deployments/{model:path}/audio/transcriptions",
)
_BEARER: Final = "bearer "


class GatewayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a gateway behaves: `key` None lets every caller in; `unknown_fields` are refused, or ignored with a header."""

    key: str | None = None
    limits: FormLimits = FormLimits()
    unknown_fields: UnknownFields = "refuse"


def gateway(
    spec: SpecSource = None,
    options: GatewayOptions | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    guardrails: Guardrails | None = None,
) -> Starlette:
    """The application for a routing spec. Raises SpecError for its mistakes at once, before anything is served."""
    door = _Door(load(spec), options or GatewayOptions())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        async with client.open(door.router, environment=environment, guardrails=guardrails) as vox:
            door.vox = vox
            try:
                yield
            finally:
                door.vox = None

    return Starlette(routes=door.routes(), lifespan=lifespan)


class _Door:
    """Who may come in, and where to."""

    def __init__(self, router: Router, options: GatewayOptions) -> None:
        self.vox: Vox | None = None
        self.router = router
        self._options = options

    def routes(self) -> list[Route]:
        """Every path."""
        options = self._options
        transcriptions = Transcriptions(lambda: self.vox, self.refused, options.limits, options.unknown_fields)
        return [
            *(Route(path, transcriptions, methods=["POST"]) for path in _TRANSCRIPTIONS),
            *(Route(path, self._models, methods=["GET"]) for path in ("/v1/models", "/models")),
            Route("/health/liveliness", self._alive, methods=["GET"]),
            Route("/health/readiness", self._ready, methods=["GET"]),
        ]

    def refused(self, request: Request) -> Problem | None:
        """Why this caller may not come in; the key is compared in constant time."""
        key, given = self._options.key, _given_key(request)
        if key is None or hmac.compare_digest((given or "").encode(), key.encode()):
            return None
        return refused_key(given=given is not None)

    async def _models(self, request: Request) -> Response:
        """The routes, as OpenAI lists models."""
        refused = self.refused(request)
        if refused is not None:
            reply = enveloped(refused)
            return Response(reply.body, reply.status, dict(reply.headers), reply.content_type)
        listed = [{"id": name, "object": "model", "created": 0, "owned_by": "voxplan"} for name in self.router.routes]
        return JSONResponse({"object": "list", "data": listed})

    async def _alive(self, _: Request) -> Response:
        return JSONResponse("I'm alive!")

    async def _ready(self, _: Request) -> Response:
        ready = self.vox is not None
        return JSONResponse({"status": "healthy" if ready else "starting"}, status_code=200 if ready else 503)


def _given_key(request: Request) -> str | None:
    """The caller's key: OpenAI's header, or Azure's."""
    bearer = request.headers.get("authorization", "")
    if bearer.lower().startswith(_BEARER):
        return bearer[len(_BEARER) :].strip()
    return request.headers.get("api-key")
