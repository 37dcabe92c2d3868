"""One request being served: who asks, of what is in force now, and the way back."""

import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope, Send

from voxplan.io_shell.errors import VoxplanError
from voxplan.io_shell.gateway.answers import Headers, Reply
from voxplan.io_shell.gateway.callers import Caller, Callers
from voxplan.io_shell.gateway.envelopes import Refused, enveloped, problem_of
from voxplan.io_shell.gateway.form_problem import FormProblem
from voxplan.io_shell.gateway.tenure import Opened, Tenure
from voxplan.io_shell.gateway.values import FieldProblem

__all__ = ("Endpoint", "Reception", "Turn", "json_reply", "send_reply", "sent_body", "sent_start")

_LOG: Final = logging.getLogger("voxplan")
_EXPECTED: Final = (VoxplanError, Refused, FormProblem, FieldProblem)


class Turn(NamedTuple):
    """One request. `call_id` names it in the gateway's log and in the answer."""

    request: Request
    send: Send
    caller: Caller
    opened: Opened
    call_id: str

    @property
    def named(self) -> Headers:
        """The headers that every answer has."""
        return (("x-litellm-call-id", self.call_id),)

    async def reply(self, reply: Reply) -> None:
        """The whole answer."""
        await send_reply(self.send, reply)


class Reception(NamedTuple):
    """What every request passes before it is served."""

    callers: Callers
    tenure: Tenure


class Endpoint:
    """An ASGI application: callers without a key stay outside, and every failure is an envelope."""

    def __init__(self, reception: Reception, serve: Callable[[Turn], Awaitable[None]]) -> None:
        """`serve` answers one request; what it raises before it has answered becomes an envelope."""
        self._reception = reception
        self._serve = serve

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request, call_id, caller = Request(scope, receive), secrets.token_hex(16), None
        try:
            caller = await self._reception.callers.caller(request.headers)
            async with self._reception.tenure.borrowed() as opened:
                await self._serve(Turn(request, send, caller, opened, call_id))
        except ClientDisconnect:
            return  # nobody is there to be told
        except Exception as problem:  # noqa: BLE001 - the boundary: what is ours to answer for becomes an envelope
            if not isinstance(problem, _EXPECTED):
                _LOG.exception("request %s failed", call_id)
            told = problem_of(problem, trail=caller is not None and caller.sees_trail)
            await send_reply(send, enveloped(told, (("x-litellm-call-id", call_id),)))


def json_reply(value: object, status: int = 200, headers: Headers = ()) -> Reply:
    """`value` as JSON."""
    return Reply(status=status, content_type="application/json", body=msgspec.json.encode(value), headers=headers)


async def send_reply(send: Send, reply: Reply) -> None:
    """The whole answer."""
    await send(sent_start(reply.status, reply.content_type, (*reply.headers, ("content-length", str(len(reply.body))))))
    await send(sent_body(reply.body))


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
