"""The gateway as an ASGI application: OpenAI's transcription endpoint in front of one opened spec.

    app = gateway("routing.yaml", GatewayOptions(key=os.environ["GATEWAY_KEY"]))

Any ASGI server serves it, and another Starlette or FastAPI service can mount it: then that service's lifespan has to enter
`app.running()`, because servers tell only the outermost application when they start and stop. Nothing here decides where audio
goes: a request becomes the keywords of `Vox.transcribe`, and its answer what OpenAI would have sent.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from voxplan.io_shell.gateway.callers import Callers, Keys
from voxplan.io_shell.gateway.models import models
from voxplan.io_shell.gateway.policies import Policy
from voxplan.io_shell.gateway.tenure import Tenure
from voxplan.io_shell.gateway.transcriptions import transcriptions
from voxplan.io_shell.gateway.turns import Endpoint, Reception, Turn
from voxplan.io_shell.judging import Guardrails
from voxplan.io_shell.loading import SpecSource, load

__all__ = ("Gateway", "GatewayOptions", "gateway")

_Serve = Callable[[Turn], Awaitable[None]]

# The last is Azure's: the route stands in the address.
_TRANSCRIPTIONS: Final = (
    "/v1/audio/transcriptions",
    "/audio/transcriptions",
    "/openai/deployments/{model:path}/audio/transcriptions",
)
_ENDPOINTS: Final[tuple[tuple[str, str, _Serve], ...]] = (
    *(("POST", path, transcriptions) for path in _TRANSCRIPTIONS),
    *(("GET", path, models) for path in ("/v1/models", "/models")),
)


class GatewayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Who may come in: whoever has the master `key`, or one of `keys`. Without both, everybody."""

    key: str | None = None
    keys: Keys | None = None


def gateway(
    spec: SpecSource | Policy = None,
    options: GatewayOptions | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    guardrails: Guardrails | None = None,
) -> "Gateway":
    """The application for a routing spec. Raises SpecError for its mistakes at once, before anything is served."""
    policy = spec if isinstance(spec, Policy) else Policy(router=load(spec))
    return Gateway(Tenure(policy, environment, guardrails), options or GatewayOptions())


class Gateway:
    """An ASGI application; it serves between `running` and its end, which a server enters by itself."""

    def __init__(self, tenure: Tenure, options: GatewayOptions) -> None:
        """Made by `gateway`."""
        self.tenure: Final = tenure
        reception = Reception(Callers(options.key, options.keys), tenure)
        routes = [Route(path, Endpoint(reception, serve), methods=[method]) for method, path, serve in _ENDPOINTS]
        alive = Route("/health/liveliness", _alive, methods=["GET"])
        ready = Route("/health/readiness", self._ready, methods=["GET"])
        self._app = Starlette(routes=[*routes, alive, ready], lifespan=self._lifespan)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan of a server."""
        await self._app(scope, receive, send)

    def running(self) -> AbstractAsyncContextManager[None]:
        """What the lifespan of a service that mounts this gateway enters."""
        return self.tenure.running()

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncGenerator[None]:
        async with self.running():
            yield

    async def _ready(self, _: Request) -> Response:
        ready = self.tenure.is_running
        return JSONResponse({"status": "healthy" if ready else "starting"}, status_code=200 if ready else 503)


async def _alive(_: Request) -> Response:
    return JSONResponse("I'm alive!")
