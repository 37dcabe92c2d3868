"""`POST /v1/audio/transcriptions`: one form in, one transcript out, whole or as it comes.

The upload is spooled for as long as the answer takes, so the answer is sent from in here. A stream begins with its first event:
whatever fails before that is an error with a status of its own, whatever fails after it is the stream's last event.
"""

from functools import partial
from typing import Final

from voxplan.adapters.rendering.events import DONE, to_sse
from voxplan.io_shell.audio.source import AudioSource
from voxplan.io_shell.gateway.answers import answered, asked_headers
from voxplan.io_shell.gateway.asking import asked_by
from voxplan.io_shell.gateway.connection import while_connected
from voxplan.io_shell.gateway.envelopes import Refused, envelope_event, problem_of, stated
from voxplan.io_shell.gateway.fields import Asked
from voxplan.io_shell.gateway.forms import read_form
from voxplan.io_shell.gateway.parts import FormLimits
from voxplan.io_shell.gateway.turns import Turn, sent_body, sent_start

__all__ = ("transcriptions",)

_EVENTS: Final = "text/event-stream; charset=utf-8"


async def transcriptions(turn: Turn) -> None:
    """Serve one request."""
    request, largest = turn.request, turn.opened.policy.gateway.largest_upload.bytes
    form = await read_form(request.stream(), request.headers.get("content-type", ""), FormLimits(file_bytes=largest))
    async with form:
        asked = asked_by(turn, form.fields)
        if form.upload is None:
            raise Refused(stated(400, "the form has no `file`", param="file", code="missing_required_parameter"))
        answer = _live if asked.stream else _whole
        await while_connected(request.receive, partial(answer, turn, form.upload.source, asked))


async def _whole(turn: Turn, audio: AudioSource, asked: Asked) -> None:
    """The transcript at its end."""
    answer = await turn.opened.vox.transcribe(audio, **asked.options)
    await turn.reply(answered(answer, model=asked.model, call_id=turn.call_id, ignored=asked.ignored))


async def _live(turn: Turn, audio: AudioSource, asked: Asked) -> None:
    """The text as it comes, as server-sent events."""
    begun = False
    try:
        async with turn.opened.vox.stream(audio, **asked.options) as stream:
            async for event in stream:
                if not begun:
                    headers = asked_headers(model=asked.model, call_id=turn.call_id, ignored=asked.ignored)
                    await turn.send(sent_start(200, _EVENTS, (*headers, ("cache-control", "no-cache"))))
                    begun = True
                await turn.send(sent_body(to_sse(event).encode(), more=True))
        await turn.send(sent_body(DONE.encode()))
    except Exception as problem:
        if not begun:
            raise
        # Too late for a status: the client is told in the stream, which ends without `[DONE]`.
        await turn.send(sent_body(envelope_event(problem_of(problem)).encode()))
