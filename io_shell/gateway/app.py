"""The gateway as an ASGI application: OpenAI's transcription endpoint in front of one opened spec.

    app = gateway("routing.yaml", GatewayOptions(key=os.environ["GATEWAY_KEY"]))

Any ASGI server serves it, and another Starlette or FastAPI service can mount it: then that service's lifespan has to enter
`app.running()`, because servers tell only the outermost application when they start and stop. Nothing here decides where audio
goes: a request becomes the keywords of `Vox.transcribe`, and its answer what OpenAI would have sent.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from voxplan.io_shell.errors import RequestError
from voxplan.io_shell.gateway.absent import no_address, no_method
from voxplan.io_shell.gateway.access import Access, Observed
from voxplan.io_shell.gateway.callers import Callers, Keys, StoredKeys
from voxplan.io_shell.gateway.door import Door
from voxplan.io_shell.gateway.gate import Gate
from voxplan.io_shell.gateway.keys_api import KeysApi
from voxplan.io_shell.gateway.policies import Policy
from voxplan.io_shell.gateway.routes import routes
from voxplan.io_shell.gateway.tenure import Tenure
from voxplan.io_shell.gateway.turns import Reception
from voxplan.io_shell.judging import Guardrails, require_guardrails
from voxplan.io_shell.loading import SpecSource, load

__all__ = ("Gateway", "GatewayOptions", "gateway")


class GatewayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Who may come in: whoever has the master `key`, or one of `keys`. Without both, everybody.

    `access` is told of every request, at its end. Raises RequestError for a key that nobody could show, or everybody.
    """

    key: str | None = None
    keys: Keys | None = None
    access: Callable[[Access], None] | None = None

    def __post_init__(self) -> None:
        """See that the key is one."""
        if self.key is not None and (not self.key or self.key != self.key.strip()):
            why = (
                "begins or ends with a blank, which no header holds" if self.key.strip() else "is empty: leave it out, or set one"
            )
            raise RequestError(f"the master key {why}")

    def __repr__(self) -> str:
        """Without the key."""
        return f"GatewayOptions(key={'…' if self.key else None}, keys={self.keys is not None}, access={self.access!r})"


def gateway(
    spec: SpecSource | Policy = None,
    options: GatewayOptions | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    guardrails: Guardrails | None = None,
) -> "Gateway":
    """The application for a routing spec. Raises SpecError for its mistakes at once, before anything is served."""
    policy = spec if isinstance(spec, Policy) else Policy(router=load(spec))
    require_guardrails(policy.router, guardrails or {})
    return Gateway(Tenure(policy, environment, guardrails), options or GatewayOptions())


class Gateway:
    """An ASGI application; it serves between `running` and its end, which a server enters by itself."""

    def __init__(self, tenure: Tenure, options: GatewayOptions) -> None:
        """Made by `gateway`."""
        self.tenure: Final = tenure
        self._keys = options.keys
        self._door = Door()
        self._gate = Gate(lambda: tenure.policy.gateway)
        reception = Reception(Callers(options.key, options.keys), tenure, self._door, self._gate)
        managed = KeysApi(options.keys.store if isinstance(options.keys, StoredKeys) else None)
        app = Starlette(
            routes=routes(reception, managed, self._ready),
            exception_handlers={404: no_address, 405: no_method},
            lifespan=self._lifespan,
        )
        app.router.redirect_slashes = False  # a client would send its upload twice
        self._routes = app.routes
        self._app: ASGIApp = app if options.access is None else Observed(app, options.access)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan of a server."""
        await self._app(scope, receive, send)

    @property
    def routes(self) -> list[BaseRoute]:
        """What is served, for services that mount this and look."""
        return self._routes

    @property
    def under_way(self) -> int:
        """How many requests are being served, or wait for it."""
        return self._door.inside

    async def replace(self, policy: Policy) -> None:
        """Serve `policy` from the next request on; those under way end as they began. Raises SpecError, and changes nothing."""
        await self.tenure.replace(policy)
        self._gate.look()

    def drain(self) -> None:
        """Take no more requests: each is refused with 503, and nobody finds this gateway ready."""
        self._door.close()

    def cut(self) -> None:
        """End the requests under way: with 503, or in the middle of their streams."""
        self._door.clear()

    def running(self) -> AbstractAsyncContextManager[None]:
        """What the lifespan of a service that mounts this gateway enters."""
        return self._running()

    @asynccontextmanager
    async def _running(self) -> AsyncGenerator[None]:
        async with nullcontext() if self._keys is None else self._keys.running(), self.tenure.running():
            yield

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncGenerator[None]:
        async with self.running():
            yield

    async def _ready(self, _: Request) -> Response:
        if self._door.is_closed:
            return JSONResponse({"status": "shutting down"}, status_code=503)
        ready = self.tenure.is_running
        return JSONResponse({"status": "healthy" if ready else "starting"}, status_code=200 if ready else 503)
