"""One record for each request: when, who, what, whereby served, at what price. Never what was said, asked, or shown as a key.

    app = gateway("routing.yaml", GatewayOptions(key=…, access=print))

The record is a value; how it is written is for whoever gets it.
"""

import contextlib
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import anyio
import msgspec
from msgspec.structs import replace
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from voxplan.engine.plans.plan import Plan, digest
from voxplan.engine.runs.run import TrailEntry
from voxplan.io_shell.answer import Answer, CostCertainty
from voxplan.io_shell.errors import ProviderError
from voxplan.io_shell.gateway.envelopes import Problem

__all__ = ("CLIENT_LEFT", "Access", "Entry", "Observed", "entry_of")

CLIENT_LEFT: Final = 499
"""The status of a request whose client left before the end of its answer, as nginx has it."""

_FAULT: Final = 500
_KEY: Final = "voxplan.entry"
_LONGEST_PATH: Final = 200
_LONGEST_NAME: Final = 200


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """One request that is over. What is not known, or does not apply, is None.

    `time` is when it came, in UTC (ISO 8601); `path` has no query; `key` is the name of a virtual key, `user` the end user for
    whom the caller says it asks; `model` what the caller asked for and `route` what that is here; `plan` the digest; `error` the
    code in the envelope.
    """

    time: str
    call_id: str
    method: str
    path: str
    status: int = 0
    duration_ms: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    key: str | None = None
    user: str | None = None
    model: str | None = None
    route: str | None = None
    stream: bool = False
    served_by: str | None = None
    attempts: int | None = None
    retries: int | None = None
    fallbacks: int | None = None
    cost: float | None = None
    cost_certainty: CostCertainty | None = None
    audio_seconds: float | None = None
    plan: str | None = None
    error: str | None = None


class Entry:
    """The record of a request under way: those who serve it write down what they know."""

    def __init__(self, method: str, path: str) -> None:
        """A request has come."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.access = Access(time=now, call_id=secrets.token_hex(16), method=method, path=path[:_LONGEST_PATH])

    @property
    def call_id(self) -> str:
        """What names the request, here and in its answer."""
        return self.access.call_id

    def shown_by(self, key: str | None) -> None:
        """Who asks."""
        self.access = replace(self.access, key=key)

    def asked(self, model: str, route: str | None, *, stream: bool = False, user: str | None = None) -> None:
        """What for, and for whom; no `route` for a name that means nothing here."""
        shown = None if user is None else user[:_LONGEST_NAME]
        self.access = replace(self.access, model=model[:_LONGEST_NAME], route=route, stream=stream, user=shown)

    def answered(self, answer: Answer) -> None:
        """What came of it."""
        self._tried(answer.attempts, answer.plan)
        self.access = replace(
            self.access,
            served_by=answer.served_by,
            cost=answer.cost,
            cost_certainty=answer.cost_certainty,
            audio_seconds=answer.seconds,
        )

    def failed(self, told: Problem, error: Exception) -> None:
        """What the caller was told, and why."""
        self.access = replace(self.access, error=told.code)
        if isinstance(error, ProviderError):
            self._tried(error.attempts, error.plan)

    def over(self, status: int, duration_s: float, bytes_in: int, bytes_out: int) -> Access:
        """The record."""
        duration_ms = round(1000 * duration_s)
        return replace(self.access, status=status, duration_ms=duration_ms, bytes_in=bytes_in, bytes_out=bytes_out)

    def _tried(self, attempts: Sequence[TrailEntry], plan: Plan | None) -> None:
        causes = [entry.cause for entry in attempts]
        self.access = replace(
            self.access,
            attempts=len(causes),
            retries=causes.count("retry"),
            fallbacks=causes.count("fallback"),
            plan=None if plan is None else digest(plan),
        )


def entry_of(scope: Scope) -> Entry:
    """The record of the request with this scope."""
    if _KEY not in scope:
        scope[_KEY] = Entry(scope["method"], scope["path"])
    entry: Entry = scope[_KEY]
    return entry


class Observed:
    """An ASGI application, whose requests an observer sees. An observer that raises changes nothing."""

    def __init__(self, app: ASGIApp, observer: Callable[[Access], None]) -> None:
        """`observer` is called once for each request, at its end."""
        self._app = app
        self._observer = observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and tell."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        entry, meter, begun, status = entry_of(scope), _Meter(receive, send), anyio.current_time(), CLIENT_LEFT
        try:
            await self._app(scope, meter.receive, meter.send)
        except Exception:
            status = _FAULT
            raise
        finally:
            access = entry.over(
                meter.status if meter.is_complete else status, anyio.current_time() - begun, meter.bytes_in, meter.bytes_out
            )
            with contextlib.suppress(Exception):
                self._observer(access)


class _Meter:
    """What goes over a connection, in both directions."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._client_left = False
        self.bytes_in = 0
        self.bytes_out = 0
        self.status = _FAULT
        self.is_complete = False

    async def receive(self) -> Message:
        """What the client sends."""
        message = await self._receive()
        self.bytes_in += len(message.get("body", b""))
        self._client_left |= message["type"] == "http.disconnect" and not self.is_complete
        return message

    async def send(self, message: Message) -> None:
        """What the client gets. To one that has left, servers send nothing, without a word."""
        await self._send(message)
        self.status = message.get("status", self.status)
        self.bytes_out += 0 if self._client_left else len(message.get("body", b""))
        ended = message["type"] == "http.response.body" and not message.get("more_body", False)
        self.is_complete |= ended and not self._client_left
