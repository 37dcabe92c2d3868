"""A transcript that comes event by event: OpenAI's `transcript.text.*`, LocalAI's like them, and vLLM's chunks of a chat.

Text is passed on as it comes. What counts in the end is the event `transcript.text.done`; vLLM has none, and says `[DONE]` when
all of its text is there. A stream that ends before either is no transcript.
"""

from collections.abc import Generator
from typing import Final

import msgspec
from msgspec.structs import replace
from returns.result import Failure, Success

from voxplan.adapters.exchanging import misused
from voxplan.adapters.openai_shape.answer import logprobs_of, segment_of, transcript_of, usage_of
from voxplan.adapters.openai_shape.body import Body, SegmentRow, StreamEvent
from voxplan.adapters.refusals.complaints import status_of
from voxplan.adapters.refusals.failures import Rule, bad_answer, refusal, request_id
from voxplan.adapters.wire import Got, HttpResponse, NextEvent, ServerEvent, StreamEnded, Tell, Want
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.transcript import Segment, TokenLogprob, Transcript, Usage

__all__ = ("Heard", "listen")

_ALL_SAID: Final = "[DONE]"
_DONE: Final = "transcript.text.done"
_SEGMENT: Final = "transcript.text.segment"
_ERROR: Final = "error"
_FIRST: Final = (None, 0)
_SERVER_ERROR: Final = 500


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What has come of a stream so far."""

    text: str = ""
    segments: tuple[Segment, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()
    usage: Usage | None = None
    begun: bool = False


def listen(opened: HttpResponse, rules: tuple[Rule, ...]) -> Generator[Want, Got, Success[Transcript] | Failure[AttemptFailure]]:
    """Take the stream's events one by one, pass on their text, and make a transcript of them."""
    heard = Heard()
    while True:
        got = yield NextEvent()
        if isinstance(got, StreamEnded):
            return Failure(bad_answer(opened, "the stream ends before the transcript does"))
        if not isinstance(got, ServerEvent):
            return Failure(misused(got, "ServerEvent"))
        data = got.data.strip()
        if not data:
            continue  # a sign of life
        if data == _ALL_SAID:
            return _spoken(heard, opened)
        event = _event(data)
        if event is None or event.error or _ERROR in {got.event, event.type, event.kind}:
            return Failure(_broken(got, event, opened, rules))
        if event.type == _DONE:
            return _done(data, event, heard, opened)
        tell = _told(event)
        heard = _with(heard, event, tell)
        if tell is not None:
            yield tell


def _event(data: str) -> StreamEvent | None:
    try:
        return msgspec.json.decode(data, type=StreamEvent)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _told(event: StreamEvent) -> Tell | None:
    """What of an event is text: a piece of it, or a whole segment."""
    if event.type == _SEGMENT and event.text is not None:
        segment = segment_of(SegmentRow(text=event.text, start=event.start, end=event.end, speaker=event.speaker))
        return Tell(delta=event.text) if segment is None else Tell(segment=segment)
    chosen = (choice for choice in event.choices or () if choice is not None and choice.index in _FIRST)
    pieces = [event.delta or "", *(choice.delta.content or "" for choice in chosen if choice.delta)]
    return Tell(delta="".join(pieces), logprobs=logprobs_of(event.logprobs) or ()) if any(pieces) else None


def _with(heard: Heard, event: StreamEvent, tell: Tell | None) -> Heard:
    segments = heard.segments if tell is None or tell.segment is None else (*heard.segments, tell.segment)
    return Heard(
        text=heard.text + (tell.delta if tell else ""),
        segments=segments,
        logprobs=heard.logprobs + (tell.logprobs if tell else ()),
        usage=usage_of(event.usage) or heard.usage,
        begun=True,
    )


def _done(data: str, event: StreamEvent, heard: Heard, opened: HttpResponse) -> Success[Transcript] | Failure[AttemptFailure]:
    """The transcript of the last event, with what came before it and does not stand in it."""
    try:
        body = msgspec.json.decode(data, type=Body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        if heard.text and event.text is None:
            return _spoken(replace(heard, usage=usage_of(event.usage) or heard.usage), opened)
        return Failure(bad_answer(opened, "the stream's last event has no transcript"))
    said = transcript_of(body, request_id(opened))
    return Success(
        replace(
            said,
            segments=said.segments or heard.segments or said.segments,
            logprobs=said.logprobs or heard.logprobs or None,
            usage=said.usage or heard.usage,
        )
    )


def _spoken(heard: Heard, opened: HttpResponse) -> Success[Transcript] | Failure[AttemptFailure]:
    """The transcript of a stream that says only that it is over."""
    if not heard.begun:
        return Failure(bad_answer(opened, "the stream has no transcript in it"))
    text = heard.text or " ".join(segment.text for segment in heard.segments)
    return Success(
        Transcript(
            text=text.strip(),
            segments=heard.segments or None,
            logprobs=heard.logprobs or None,
            usage=heard.usage,
            request_id=request_id(opened),
        )
    )


def _broken(got: ServerEvent, event: StreamEvent | None, opened: HttpResponse, rules: tuple[Rule, ...]) -> AttemptFailure:
    """An error after the status of success: what it would be under its own status, and part of the work has been done."""
    if event is None and got.event != _ERROR:
        return bad_answer(opened, "an event of the stream is not the JSON of one")
    body = got.data.encode("utf-8", "replace")
    status = status_of(body) or _SERVER_ERROR
    pretended = HttpResponse(status=status, headers=opened.headers, body=body)
    failure = refusal(pretended, rules)
    reason = failure.reason.removeprefix(f"http {status}")
    return replace(failure, reason=f"in mid-stream{reason}", status=opened.status, charged="maybe")
