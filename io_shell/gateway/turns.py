"""One request being served: who asks, of what is in force now, and the way back."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import nullcontext, suppress
from typing import Final, NamedTuple

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope, Send

from voxplan.io_shell.errors import VoxplanError
from voxplan.io_shell.gateway.access import CLIENT_LEFT, Entry, entry_of
from voxplan.io_shell.gateway.answers import Headers, Reply, call_headers
from voxplan.io_shell.gateway.callers import Caller, Callers
from voxplan.io_shell.gateway.door import Door
from voxplan.io_shell.gateway.envelopes import Problem, Refused, envelope_event, enveloped, problem_of
from voxplan.io_shell.gateway.form_problem import FormProblem
from voxplan.io_shell.gateway.gate import Gate
from voxplan.io_shell.gateway.idle import attended
from voxplan.io_shell.gateway.line import Line
from voxplan.io_shell.gateway.tenure import Opened, Tenure
from voxplan.io_shell.gateway.values import FieldProblem

__all__ = ("Endpoint", "Reception", "Turn", "json_reply", "send_reply", "sent_body", "sent_start")

_LOG: Final = logging.getLogger("voxplan")
_EXPECTED: Final = (VoxplanError, Refused, FormProblem, FieldProblem)
_OURS: Final = 500
_CLOSE: Final = ("connection", "close")


class Turn(NamedTuple):
    """One request. `call_id` names it in the gateway's log and in the answer."""

    request: Request
    send: Send
    caller: Caller
    opened: Opened
    call_id: str

    @property
    def entry(self) -> Entry:
        """The record of this request, in which whoever serves it writes down what becomes of it."""
        return entry_of(self.request.scope)

    @property
    def named(self) -> Headers:
        """The headers that every answer has."""
        return call_headers(self.call_id)

    async def reply(self, reply: Reply) -> None:
        """The whole answer."""
        await send_reply(self.send, reply)


class Reception(NamedTuple):
    """What every request passes before it is served."""

    callers: Callers
    tenure: Tenure
    door: Door
    gate: Gate


class Endpoint:
    """An ASGI application: callers without a key stay outside, and every failure is an envelope."""

    def __init__(self, reception: Reception, serve: Callable[[Turn], Awaitable[None]], *, works: bool = False) -> None:
        """`serve` answers one request; what it raises before it has answered becomes an envelope.

        What `works` is served only so many times at once, and the others wait.
        """
        self._reception = reception
        self._serve = serve
        self._works = works

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        entry, caller = entry_of(scope), None
        line = Line(*attended(receive, send, self._reception.tenure.policy.gateway.idle))
        try:
            with self._reception.door.entered():
                caller = await self._reception.callers.caller(Request(scope).headers)
                entry.shown_by(caller.key)
                await self._served(scope, line, caller)
        except ClientDisconnect:
            await _leave(line)
        except Exception as problem:  # noqa: BLE001 - the boundary: what is ours to answer for becomes an envelope
            told = problem_of(problem, trail=caller is not None and caller.sees_trail)
            _note(problem, told, entry.call_id)
            entry.failed(told, problem)
            await _fail(line, told, entry.call_id)

    async def _served(self, scope: Scope, line: Line, caller: Caller) -> None:
        """INVARIANT: a request that has waited is served by what is in force when its turn comes."""
        tenure, gate = self._reception.tenure, self._reception.gate
        async with (
            gate.passed(line.receive) if self._works else nullcontext(line.receive) as receive,
            tenure.borrowed() as opened,
        ):
            await self._serve(Turn(Request(scope, receive), line.send, caller, opened, entry_of(scope).call_id))


async def _leave(line: Line) -> None:
    """Nobody is there to be told; but a middleware that waits for an answer takes it for a fault when there is none."""
    if not line.has_begun:
        with suppress(ClientDisconnect, OSError):
            await send_reply(line.send, Reply(status=CLIENT_LEFT, content_type="text/plain", body=b""))


async def _fail(line: Line, told: Problem, call_id: str) -> None:
    """Say what went wrong: as an answer, as the last event of a stream that has begun, or by the answer's not being whole."""
    if not line.has_begun:
        await send_reply(line.send, enveloped(told, call_headers(call_id)), end=False)
        if _CLOSE in told.headers:
            await line.linger()
        await line.send(sent_body(b""))
    elif line.is_event_stream and not line.has_ended:
        await line.send(sent_body(envelope_event(told).encode()))


def _note(problem: Exception, told: Problem, call_id: str) -> None:
    """Faults of ours are told to callers as such and no more: this is where they are written down."""
    if not isinstance(problem, _EXPECTED):
        _LOG.error("request %s failed", call_id, exc_info=problem)
    elif told.status == _OURS:
        _LOG.error("request %s failed: %s", call_id, problem)


def json_reply(value: object, status: int = 200, headers: Headers = ()) -> Reply:
    """`value` as JSON."""
    return Reply(status=status, content_type="application/json", body=msgspec.json.encode(value), headers=headers)


async def send_reply(send: Send, reply: Reply, *, end: bool = True) -> None:
    """The whole answer; without `end` the last, empty part is still to be sent."""
    await send(sent_start(reply.status, reply.content_type, (*reply.headers, ("content-length", str(len(reply.body))))))
    await send(sent_body(reply.body, more=not end))


def sent_start(status: int, content_type: str, headers: Headers) -> Message:
    """The beginning of an answer, as ASGI has it."""
    named = (("content-type", content_type), *headers)
    return {
        "type": "http.response.start",
        "status": status,
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named],
    }


def sent_body(body: bytes, *, more: bool = False) -> Message:
    """A part of an answer, or its end."""
    return {"type": "http.response.body", "body": body, "more_body": more}
