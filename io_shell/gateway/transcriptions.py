"""`POST /v1/audio/transcriptions`: one form in, one transcript out, whole or as it comes.

The upload is spooled for as long as the answer takes, so the answer is sent from in here. A stream begins with its first event:
whatever fails before that is an error with a status of its own, whatever fails after it is the stream's last event.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
from typing import Final

from anyio.lowlevel import checkpoint
from starlette.requests import Request

from voxplan.adapters.rendering.events import DONE, to_sse
from voxplan.io_shell.audio.source import AudioSource
from voxplan.io_shell.gateway.answers import answered, asked_headers
from voxplan.io_shell.gateway.asking import asked_by
from voxplan.io_shell.gateway.connection import while_connected
from voxplan.io_shell.gateway.destinations import URL_FIELD, refused_url
from voxplan.io_shell.gateway.early import Asking, early_start, serve_early
from voxplan.io_shell.gateway.envelopes import Refused, stated
from voxplan.io_shell.gateway.fetching import fetched
from voxplan.io_shell.gateway.fields import Asked
from voxplan.io_shell.gateway.forms import Form, FormReader
from voxplan.io_shell.gateway.parts import FormLimits
from voxplan.io_shell.gateway.turns import Turn, sent_body, sent_start
from voxplan.io_shell.gateway.values import FormValues

__all__ = ("transcriptions",)

_Ready = Callable[[], Awaitable[None]]
"""Waits until something may be sent."""

_EVENTS: Final = "text/event-stream; charset=utf-8"


async def transcriptions(turn: Turn, asking: Asking = asked_by) -> None:
    """Serve one request, which `asking` reads out of its fields: while its upload still runs where that may be, else after it."""
    async with _reader(turn.request, turn.opened.policy.gateway.largest_upload.bytes) as reader:
        begun = await reader.begin()
        early = None if begun is None else await early_start(turn, begun, asking)
        if early is None:
            form: Form | None = await reader.rest()
        else:
            form = await serve_early(early, reader, turn.request.receive, partial(_answer, turn))
        if form is not None:
            asked = asking(turn, form.fields)
            await while_connected(turn.request.receive, partial(_served, turn, form, asked))


def _reader(request: Request, largest: int) -> FormReader:
    length = request.headers.get("content-length", "")
    return FormReader(
        request.stream(),
        request.headers.get("content-type", ""),
        FormLimits(file_bytes=largest),
        int(length) if length.isdecimal() else None,
    )


async def _served(turn: Turn, form: Form, asked: Asked) -> None:
    """Everything that comes after the form."""
    async with _audio_of(turn, form) as audio:
        await _answer(turn, audio, asked, checkpoint)


async def _answer(turn: Turn, audio: AudioSource, asked: Asked, ready: _Ready) -> None:
    await (_live if asked.stream else _whole)(turn, audio, asked, ready)


def _audio_of(turn: Turn, form: Form) -> AbstractAsyncContextManager[AudioSource]:
    """The file of the form, or what its address leads to."""
    rules, url = turn.opened.policy.gateway, FormValues(form.fields).one(URL_FIELD)
    if form.upload is not None:
        if url is not None:
            raise refused_url("and `file` are both there: one request takes one recording")
        return nullcontext(form.upload.source)
    if url is None:
        raise Refused(stated(400, "the form has no `file`", param="file", code="missing_required_parameter"))
    if rules.urls is None:
        raise refused_url("is not taken here, as the spec has no `gateway.urls`: send the audio as a `file`")
    return fetched(url, rules.urls, rules.largest_upload.bytes)


async def _whole(turn: Turn, audio: AudioSource, asked: Asked, ready: _Ready) -> None:
    """The transcript at its end."""
    answer = await turn.opened.vox.transcribe(audio, **asked.options)
    await ready()
    turn.entry.answered(answer)
    await turn.reply(answered(answer, model=asked.model, call_id=turn.call_id, ignored=asked.ignored))


async def _live(turn: Turn, audio: AudioSource, asked: Asked, ready: _Ready) -> None:
    """The text as it comes, as server-sent events. What is raised later is told in the stream, which ends without `[DONE]`."""
    begun = False
    async with turn.opened.vox.stream(audio, **asked.options) as stream:
        async for event in stream:
            if not begun:
                await ready()
                headers = asked_headers(model=asked.model, call_id=turn.call_id, ignored=asked.ignored)
                await turn.send(sent_start(200, _EVENTS, (*headers, ("cache-control", "no-cache"))))
                begun = True
            await turn.send(sent_body(to_sse(event).encode(), more=True))
    turn.entry.answered(stream.answer)
    await turn.send(sent_body(DONE.encode()))
