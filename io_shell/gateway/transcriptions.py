"""`POST /v1/audio/transcriptions`: one form in, one transcript out, whole or as it comes.

The upload is spooled for as long as the answer takes, so the answer is sent from in here. A stream begins with its first event:
whatever fails before that is an error with a status of its own, whatever fails after it is the stream's last event.
"""

import secrets
from collections.abc import Callable
from functools import partial
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope, Send

from voxplan.adapters.rendering.events import DONE, to_sse
from voxplan.io_shell.audio.source import AudioSource
from voxplan.io_shell.client import Vox
from voxplan.io_shell.gateway.answers import Headers, Reply, answered, asked_headers
from voxplan.io_shell.gateway.connection import while_connected
from voxplan.io_shell.gateway.envelopes import Problem, envelope_event, enveloped, problem_of, stated, unknown_model
from voxplan.io_shell.gateway.fields import Asked, UnknownFields, asked_fields
from voxplan.io_shell.gateway.forms import Form, FormLimits, read_form

__all__ = ("Transcriptions", "send_reply")

_EVENTS: Final = "text/event-stream; charset=utf-8"
_MODEL: Final = "model"


class Transcriptions:
    """The endpoint, as an ASGI application of its own. `vox` gives the opened spec, None before and after."""

    def __init__(
        self,
        vox: Callable[[], Vox | None],
        refused: Callable[[Request], Problem | None],
        limits: FormLimits,
        unknown_fields: UnknownFields,
    ) -> None:
        """`refused` says why a caller may not come in."""
        self._vox = vox
        self._refused = refused
        self._limits = limits
        self._unknown_fields: UnknownFields = unknown_fields

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; every failure is an envelope."""
        request, call_id = Request(scope, receive), secrets.token_hex(16)
        vox, refused = self._vox(), self._refused(request)
        try:
            if refused is not None:
                await send_reply(send, enveloped(refused))
            elif vox is None:
                await send_reply(send, enveloped(stated(503, "this gateway is starting or shutting down", code="shutting_down")))
            else:
                await self._serve(request, send, vox, call_id)
        except ClientDisconnect:
            return  # nobody is there to be told
        except Exception as problem:  # noqa: BLE001 - the boundary: what is ours to answer for becomes an envelope
            await send_reply(send, enveloped(problem_of(problem), _named(call_id)))

    async def _serve(self, request: Request, send: Send, vox: Vox, call_id: str) -> None:
        form = await read_form(request.stream(), request.headers.get("content-type", ""), self._limits)
        async with form:
            asked = self._asked(request, form)
            if asked.model not in vox.router.routes:
                await send_reply(send, enveloped(unknown_model(asked.model, vox.router.routes), _named(call_id)))
            elif form.upload is None:
                missing = stated(400, "the form has no `file`", param="file", code="missing_required_parameter")
                await send_reply(send, enveloped(missing, _named(call_id)))
            else:
                answer = _live if asked.stream else _whole
                await while_connected(request.receive, partial(answer, send, vox, form.upload.source, asked, call_id))

    def _asked(self, request: Request, form: Form) -> Asked:
        addressed = request.path_params.get(_MODEL)
        return asked_fields(form.fields, request.headers, model=addressed, unknown_fields=self._unknown_fields)


async def _whole(send: Send, vox: Vox, audio: AudioSource, asked: Asked, call_id: str) -> None:
    """The transcript at its end."""
    answer = await vox.transcribe(audio, **asked.options)
    await send_reply(send, answered(answer, model=asked.model, call_id=call_id, ignored=_ignored(asked)))


async def _live(send: Send, vox: Vox, audio: AudioSource, asked: Asked, call_id: str) -> None:
    """The text as it comes, as server-sent events."""
    begun = False
    try:
        async with vox.stream(audio, **asked.options) as stream:
            async for event in stream:
                if not begun:
                    headers = asked_headers(model=asked.model, call_id=call_id, ignored=_ignored(asked))
                    await send(_start(200, _EVENTS, (*headers, ("cache-control", "no-cache"))))
                    begun = True
                await send(_body(to_sse(event).encode(), more=True))
        await send(_body(DONE.encode()))
    except Exception as problem:
        if not begun:
            raise
        # Too late for a status: the client is told in the stream, which ends without `[DONE]`.
        await send(_body(envelope_event(problem_of(problem)).encode()))


def _ignored(asked: Asked) -> tuple[str, ...]:
    """What means nothing here; retries are the spec's to grant."""
    return (*asked.ignored, *(() if asked.num_retries is None else ("num_retries",)))


def _named(call_id: str) -> Headers:
    return (("x-litellm-call-id", call_id),)


async def send_reply(send: Send, reply: Reply) -> None:
    """The whole answer."""
    await send(_start(reply.status, reply.content_type, (*reply.headers, ("content-length", str(len(reply.body))))))
    await send(_body(reply.body))


def _start(status: int, content_type: str, headers: Headers) -> Message:
    named = (("content-type", content_type), *headers)
    return {
        "type": "http.response.start",
        "status": status,
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named],
    }


def _body(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}
