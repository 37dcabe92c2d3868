"""Mistral (Voxtral): one form with the audio, one JSON answer or a stream of Mistral's own events.

It gives one kind of times, segments or words; where words are asked for, the segments are the sentences made of them. There is no
prompt: what to expect goes word by word into `context_bias`. [R] was recorded, [D] is documented, [S] was read in the official
client (mistralai 3.7.0).
"""

from collections.abc import Generator, Iterator
from typing import Final, TypeVar

import msgspec
from msgspec.structs import replace
from returns.result import Failure, Success

from voxplan.adapters.audio.media import media_type
from voxplan.adapters.endpoints import endpoint
from voxplan.adapters.exchanging import address, answered, complete, decoded, misused, unsent
from voxplan.adapters.languages import code_of
from voxplan.adapters.measures import sentences, span, speaker
from voxplan.adapters.passing import pairs, text_of
from voxplan.adapters.refusals.failures import Rule, bad_answer, refusal, request_id
from voxplan.adapters.wire import (
    Call,
    Got,
    Header,
    HttpRequest,
    HttpResponse,
    Multipart,
    NextEvent,
    Secret,
    ServerEvent,
    StreamEnded,
    Streaming,
    Tell,
    Want,
)
from voxplan.engine.terms.capability import Capabilities, PriceFacts, ProviderFacts
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import Options, needs_speakers, needs_times
from voxplan.engine.terms.transcript import Segment, Transcript, Usage, Word

__all__ = ("BASE_URL", "FACTS", "FAILURES", "exchange")

T = TypeVar("T")

BASE_URL: Final = "https://api.mistral.ai"
_PATH: Final = "/v1/audio/transcriptions"

FAILURES: Final[tuple[Rule, ...]] = (
    # Under 429, but it is the model that has no room, not the account.
    Rule("overloaded", statuses=(429,), codes=("service_tier_capacity_exceeded",), markers=("capacity exceeded",)),
    Rule("out_of_quota", statuses=(401, 403), markers=("usage limit reached", "inactive subscription")),
    Rule("too_large", statuses=(400, 422), markers=("too long", "too large", "exceeds the maximum")),
)

# `context_bias`: no blanks and no commas in an entry, `_` in their place [D].
_SEPARATORS: Final = str.maketrans({",": "_", " ": "_", "\t": "_", "\n": "_", "\r": "_", "\u00a0": "_"})

# The endpoint's own fields [S]. What a model is not known to do is no capability: words, speakers and keywords came with 2602.
# `language` is a field of the endpoint, and without it every model detects the language.
_ANY: Final = Capabilities(
    languages="any",
    segments=True,
    temperature=True,
    streaming=True,
    source="mistralai 3.7.0, audiotranscriptionrequest.py and transcriptionstreamevents.py",
)

# The thirteen languages of Voxtral Mini Transcribe V2 [D].
_2602: Final = replace(
    _ANY,
    languages=("ar", "de", "en", "es", "fr", "hi", "it", "ja", "ko", "nl", "pt", "ru", "zh"),
    words=True,
    diarization=True,
    keywords=True,
    price=PriceFacts(
        per_minute=3_000_000, source="docs.mistral.ai/models/model-cards/voxtral-mini-transcribe-26-02, November 2026"
    ),
    source="docs.mistral.ai/studio-api/audio/speech_to_text, answers recorded from the service",
)

_THIRD: Final = replace(_ANY, diarization=True, keywords=True, source="vercel.com/ai-gateway/models, November 2026")


def _priced(per_minute: int) -> Capabilities:
    price = PriceFacts(per_minute=per_minute, estimated=True, source="vercel.com/ai-gateway/models, November 2026")
    return replace(_THIRD, price=price)


FACTS: Final = ProviderFacts(
    provider="mistral",
    vendor="mistral",
    default_key="${MISTRAL_API_KEY}",
    models=(
        # `latest` is 2602 on this endpoint, and 2507 in chats [D].
        ("voxtral-mini-latest", _2602),
        ("voxtral-mini-2602", _2602),
    ),
    families=(
        ("voxtral-mini-transcribe-3", _priced(3_500_000)),
        ("voxtral-small-transcribe-3", _priced(4_000_000)),
    ),
    otherwise=_ANY,
    owned=(
        "model",
        "file",
        "file_url",
        "file_id",
        "language",
        "temperature",
        "stream",
        "diarize",
        "timestamp_granularities",
        "timestamp_granularities[]",
    ),
)


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


_Ended = Transcript | AttemptFailure


def exchange(call: Call) -> Generator[Want, Got, Success[Transcript] | Failure[AttemptFailure]]:
    """Post the audio once and take the answer, whole or event by event."""
    base = address(call, BASE_URL)
    if isinstance(base, AttemptFailure):
        return Failure(base)
    impossible = _impossible(call.options)
    if impossible is not None:
        return Failure(unsent("unsupported", impossible))
    got = yield _request(call, base)
    response = answered(got, FAILURES)
    if isinstance(response, AttemptFailure):
        return Failure(response)
    if isinstance(response, Streaming):
        ended = yield from _listen(response, call.options)
    else:
        body = decoded(response, _Body, FAILURES)
        ended = body if isinstance(body, AttemptFailure) else _transcript(body, _Heard(), call.options, response)
    return Failure(ended) if isinstance(ended, AttemptFailure) else complete(ended, call.options, response.status)


def _request(call: Call, base: str) -> HttpRequest:
    key = (Header("authorization", Secret("Bearer ")),) if call.has_key else ()
    accepted = "text/event-stream" if call.options.stream else "application/json"
    return HttpRequest(
        method="POST",
        url=endpoint(base, _PATH),
        headers=(Header("accept", accepted), *key),
        body=Multipart(
            fields=tuple(_fields(call)),
            file_field="file",
            filename=call.filename,
            content_type=media_type(call.filename),
        ),
        stream=call.options.stream,
    )


def _fields(call: Call) -> Iterator[tuple[str, str]]:
    """The text fields, model first; words to expect add to those of the deployment."""
    options = call.options
    yield "model", call.model
    if options.language is not None:
        yield "language", code_of(options.language) or options.language
    if options.temperature is not None:
        yield "temperature", text_of(options.temperature)
    if needs_speakers(options):
        yield "diarize", "true"
    granularity = _granularity(options)
    if granularity is not None:
        yield "timestamp_granularities[]", granularity
    yield from (("context_bias", bias) for keyword in options.keywords if (bias := _bias(keyword)))
    if options.stream:
        yield "stream", "true"
    for name, value in call.extra:
        yield from pairs(name, value)


def _granularity(options: Options) -> str | None:
    """The one kind of times: words where they are asked for, else segments where anything is made of them; speakers need one."""
    if "word" in options.timestamps:
        return "word"
    made = needs_times(options) or needs_speakers(options) or options.response_format == "verbose_json"
    return "segment" if made else None


def _bias(keyword: str) -> str:
    return "_".join(part for part in keyword.translate(_SEPARATORS).split("_") if part)


def _impossible(options: Options) -> str | None:
    """What is asked and cannot be sent, or None: nothing is dropped silently (law C2)."""
    asked = (
        (bool(options.languages), "takes no list of languages that may be spoken"),
        (options.prompt is not None, "takes no prompt"),
        (bool(options.known_speakers), "recognises no speakers by their voice"),
        (options.translate, "does not translate into English"),
        (options.logprobs, "gives no log probabilities"),
        (options.chunking_strategy is not None, "takes no chunking strategy"),
    )
    return next((f"the model {cannot}" for is_asked, cannot in asked if is_asked), None)


def _listen(opened: HttpResponse, options: Options) -> Generator[Want, Got, _Ended]:
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
