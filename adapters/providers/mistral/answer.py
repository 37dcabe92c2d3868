"""What Mistral answers, whole or event by event, as a transcript.

It gives one kind of times, segments or words; where words are asked for, the segments are the sentences made of them. [R] was
recorded.
"""

from collections.abc import Generator
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from voxplan.adapters.exchanging import decoded, misused
from voxplan.adapters.languages import code_of
from voxplan.adapters.measures import sentences, span, speaker
from voxplan.adapters.providers.mistral.facts import FAILURES
from voxplan.adapters.refusals.failures import bad_answer, refusal, request_id
from voxplan.adapters.wire import Got, HttpResponse, NextEvent, ServerEvent, StreamEnded, Tell, Want
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import Options
from voxplan.engine.terms.transcript import Segment, Transcript, Usage, Word

__all__ = ("Ended", "listened", "read")

T = TypeVar("T")


class _Segment(msgspec.Struct, frozen=True):
    """One row of `segments`, and one event of a stream; where words were asked for, one word."""

    text: str | None = None
    start: float | None = None
    end: float | None = None
    speaker_id: str | int | None = None


class _Details(msgspec.Struct, frozen=True):
    audio_tokens: int | None = None


class _Usage(msgspec.Struct, frozen=True):
    """Billed seconds, and tokens: those of the audio are in the total and not in `prompt_tokens` [R]."""

    prompt_audio_seconds: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: _Details | None = None


class _Body(msgspec.Struct, frozen=True):
    """A whole answer, and the last event of a stream; `language` has been null even where one was asked for [R]."""

    text: str
    language: str | None = None
    segments: list[_Segment] | None = None
    usage: msgspec.Raw = msgspec.Raw(b"null")


class _Event(msgspec.Struct, frozen=True):
    """An event of a stream by its type, or an error, which has none of these types."""

    type: str | None = None
    text: str | None = None
    audio_language: str | None = None
    object: str | None = None
    error: msgspec.Raw = msgspec.Raw(b"null")


class _Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What has come of a stream so far."""

    text: str = ""
    language: str | None = None
    rows: tuple[_Segment, ...] = ()


Ended = Transcript | AttemptFailure
"""How a call ends."""


def read(response: HttpResponse, options: Options) -> Ended:
    """The transcript in a whole answer."""
    body = decoded(response, _Body, FAILURES)
    return body if isinstance(body, AttemptFailure) else _transcript(body, _Heard(), options, response)


def listened(opened: HttpResponse, options: Options) -> Generator[Want, Got, Ended]:
    """Take the events one by one, pass on their text, and make a transcript of the last."""
    heard = _Heard()
    while True:
        got = yield NextEvent()
        if isinstance(got, StreamEnded):
            return bad_answer(opened, "the stream ends before the transcript does")
        if not isinstance(got, ServerEvent):
            return misused(got, "ServerEvent")
        event = _read(got.data, _Event)
        if event is None:
            return bad_answer(opened, "an event of the stream is not the JSON of one")
        kind = event.type or got.event
        if kind == "error" or event.object == "error" or bytes(event.error) != b"null":
            return _broken(got.data, opened)
        if kind == "transcription.done":
            body = _read(got.data, _Body)
            if body is None:
                return bad_answer(opened, "the stream's last event has no transcript")
            return _transcript(body, heard, options, opened)
        heard, tell = _with(heard, kind, event, got.data, options)
        if tell is not None:
            yield tell


def _with(heard: _Heard, kind: str | None, event: _Event, data: str, options: Options) -> tuple[_Heard, Tell | None]:
    """What is known after one more event, and what of it is to be passed on; events of other types mean nothing here."""
    if kind == "transcription.language":
        return replace(heard, language=event.audio_language), None
    if kind == "transcription.text.delta" and event.text:
        return replace(heard, text=heard.text + event.text), Tell(delta=event.text)
    row = _read(data, _Segment) if kind == "transcription.segment" else None
    if row is None:
        return heard, None
    segment = None if "word" in options.timestamps else next(iter(_segments((row,)) or ()), None)
    return replace(heard, rows=(*heard.rows, row)), None if segment is None else Tell(segment=segment)


def _broken(data: str, opened: HttpResponse) -> AttemptFailure:
    """An error after the status of success: what it would be as an answer of its own, and part of the work has been done."""
    failure = refusal(HttpResponse(status=500, headers=opened.headers, body=data.encode()), FAILURES)
    reason = f"in mid-stream{failure.reason.removeprefix('http 500')}"
    return replace(failure, reason=reason, status=opened.status, charged="maybe")


def _read(data: str, shape: type[T]) -> T | None:
    try:
        return msgspec.json.decode(data, type=shape)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _transcript(body: _Body, heard: _Heard, options: Options, response: HttpResponse) -> Transcript:
    """The answer, with what came before it in a stream and not in it. Its times are words where those were asked for."""
    text = (body.text or heard.text).strip()
    rows = tuple(body.segments or heard.rows)
    words = _words(rows) if "word" in options.timestamps else None
    segments = _segments(rows) if words is None else sentences(words)
    language = body.language or heard.language
    nothing_said = () if body.segments is not None and not text else None
    return Transcript(
        text=text,
        language=None if language is None else code_of(language),
        segments=segments or nothing_said,
        words=words or (nothing_said if "word" in options.timestamps else None),
        usage=_usage(body.usage),
        request_id=request_id(response),
    )


def _segments(rows: tuple[_Segment, ...]) -> tuple[Segment, ...]:
    """The segments in order as given; none at all when one that says something lacks its times."""
    found: list[Segment] = []
    for row in rows:
        text, times = (row.text or "").strip(), span(row.start, row.end)
        if text and times is None:
            return ()
        if text and times is not None:
            found.append(Segment(text=text, start=times[0], end=times[1], speaker=speaker(row.speaker_id)))
    return tuple(found)


def _words(rows: tuple[_Segment, ...]) -> tuple[Word, ...]:
    """The words that have times."""
    timed = ((said, row, span(row.start, row.end)) for row in rows if (said := (row.text or "").strip()))
    return tuple(
        Word(word=said, start=times[0], end=times[1], speaker=speaker(row.speaker_id))
        for said, row, times in timed
        if times is not None
    )


def _usage(raw: msgspec.Raw) -> Usage | None:
    """Billed seconds with the tokens beside them; an unreadable one is none."""
    try:
        usage = msgspec.json.decode(raw, type=_Usage | None)
    except (msgspec.DecodeError, RecursionError):
        return None
    if usage is None:
        return None
    details = usage.prompt_tokens_details or _Details()
    return Usage(
        kind="tokens" if usage.prompt_audio_seconds is None else "duration",
        seconds=usage.prompt_audio_seconds,
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        total_tokens=usage.total_tokens,
        audio_tokens=details.audio_tokens,
    )
