"""The success bodies of OpenAI's transcription endpoint, and of the servers that imitate it, decoded into a Transcript.

Strict where the words are: a body without `text`, or with a wrong type in `text`, `segments` or `words`, is no transcript.
Lenient beside it: unknown fields, missing ones, null and an unreadable `usage` never cost a transcript. The content type is
not looked at (OpenAI has served JSON as text/plain), and neither is what was asked for.
"""

import math
from itertools import chain
from typing import Final, TypeVar

import msgspec
from returns.result import Failure, Success

from voxplan.adapters.refusals.failures import bad_answer, refusal, request_id
from voxplan.adapters.languages import code_of
from voxplan.adapters.openai_shape.body import Body, ErrorBody, SegmentRow, TokenDetails, UsageTable, WordRow
from voxplan.adapters.wire import HttpResponse
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.transcript import Segment, Transcript, Usage, Word

__all__ = ("decode",)

# No recording is eleven days long. LocalAI has served Go durations, which count nanoseconds.
_IMPOSSIBLE_S: Final = 1e6
_NANOSECOND_S: Final = 1e-9

_Timed = TypeVar("_Timed", Segment, Word)


def decode(response: HttpResponse) -> Success[Transcript] | Failure[AttemptFailure]:
    """The transcript in a success, or why there is none."""
    body = response.body.removeprefix(b"\xef\xbb\xbf")
    try:
        decoded = msgspec.json.decode(body, type=Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        return Failure(_undecodable(response, body, problem))
    return Success(_transcript(decoded, request_id(response)))


def _undecodable(
    response: HttpResponse, body: bytes, problem: msgspec.DecodeError | UnicodeDecodeError | RecursionError
) -> AttemptFailure:
    """An error under 200, as whisper.cpp answers, speaks for itself; of anything else only the shape is told."""
    if not body.strip():
        return bad_answer(response, "an empty body where a transcript should be")
    if body.lstrip().startswith(b"<"):
        return bad_answer(response, "a page of HTML where a transcript should be")
    if _is_error(body):
        return refusal(response)
    shape = "JSON that is no transcript" if isinstance(problem, msgspec.ValidationError) else "not the JSON of a transcript"
    return bad_answer(response, f"{shape}: {_lowered(str(problem))}")


def _is_error(body: bytes) -> bool:
    try:
        msgspec.json.decode(body, type=ErrorBody)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _transcript(body: Body, request: str | None) -> Transcript:
    text = body.text.strip()
    rows = body.segments or []
    segments = _segments(rows, _unit_s(rows))
    words = _words(body.words or [], 1.0) or tuple(chain.from_iterable(_spoken(row, _unit_s(rows)) for row in rows))
    return Transcript(
        text=text,
        language=_language(body),
        seconds=_seconds(body.duration),
        segments=_known(segments, text, given=body.segments is not None),
        words=_known(words, text, given=body.words is not None),
        usage=_usage(body.usage),
        request_id=request,
    )


def _known(found: tuple[_Timed, ...], text: str, *, given: bool) -> tuple[_Timed, ...] | None:
    """Times that were given; an empty list beside a text that is not empty says nothing (OVHcloud, words asked for)."""
    return found if found or (given and not text) else None


def _segments(rows: list[SegmentRow], unit_s: float) -> tuple[Segment, ...]:
    """The segments with times in order as given; none at all when one lacks its times."""
    found: list[Segment] = []
    for row in rows:
        times = _times(row.start, row.end, unit_s)
        if times is None:
            return ()
        found.append(
            Segment(
                text=row.text.strip(),
                start=times[0],
                end=times[1],
                speaker=_speaker(row.speaker),
                avg_logprob=row.avg_logprob,
                compression_ratio=row.compression_ratio,
                no_speech_prob=row.no_speech_prob,
                temperature=row.temperature,
                tokens=tuple(row.tokens or ()),
            )
        )
    return tuple(found)


def _words(rows: list[WordRow], unit_s: float) -> tuple[Word, ...]:
    """The words that have times; a word without them cannot be placed and is left out."""
    found: list[Word] = []
    for row in rows:
        text, times = (row.word or row.text or "").strip(), _times(row.start, row.end, unit_s)
        if text and times is not None:
            start, end = times
            confidence = _share(row.probability)
            found.append(Word(word=text, start=start, end=end, speaker=_speaker(row.speaker), confidence=confidence))
    return tuple(found)


def _spoken(segment: SegmentRow, unit_s: float) -> tuple[Word, ...]:
    """The words inside a segment; whisper.cpp's are tokens, of which one that begins with a space begins a word."""
    joined: list[WordRow] = []
    for row in segment.words or []:
        last = joined[-1] if joined else None
        if last is None or row.t_dtw is None or row.word is None or last.word is None or row.word.startswith(" "):
            joined.append(row)
        else:
            joined[-1] = msgspec.structs.replace(last, word=last.word + row.word, end=row.end)
    return _words(joined, unit_s)


def _unit_s(rows: list[SegmentRow]) -> float:
    """The seconds that one unit of the segments' times stands for."""
    return _NANOSECOND_S if any((row.end or 0) > _IMPOSSIBLE_S for row in rows) else 1.0


def _times(start: float | None, end: float | None, unit_s: float) -> tuple[float, float] | None:
    """Start and end in seconds, neither negative nor the wrong way round."""
    if start is None or end is None:
        return None
    start_s = max(0.0, start * unit_s)
    return start_s, max(start_s, end * unit_s)


def _speaker(speaker: str | int | None) -> str | None:
    return None if speaker is None or speaker == "" else str(speaker)


def _share(probability: float | None) -> float | None:
    return probability if probability is not None and 0 <= probability <= 1 else None


def _language(body: Body) -> str | None:
    """What was heard: one name or code, whichever field it stands in."""
    named = (body.language, body.detected_language, *(row.code for row in body.languages or ()))
    return next((code for name in named if name and (code := code_of(name)) is not None), None)


def _seconds(duration: float | str | None) -> float | None:
    """The length of the audio; a number in a string counts, anything else says nothing."""
    try:
        seconds = float(duration if duration is not None else "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _usage(raw: msgspec.Raw) -> Usage | None:
    """What the provider counted; docs' examples lack `type`, so the fields themselves decide."""
    try:
        usage = msgspec.json.decode(raw, type=UsageTable | None)
    except (msgspec.DecodeError, RecursionError):
        return None
    if usage is None:
        return None
    seconds = usage.duration if usage.seconds is None else usage.seconds
    if seconds is not None:
        return Usage(kind="duration", seconds=seconds)
    details = usage.input_token_details or TokenDetails()
    if usage.total_tokens is None and usage.input_tokens is None:
        return None
    return Usage(
        kind="tokens",
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        total_tokens=usage.total_tokens,
        audio_tokens=details.audio_tokens,
        text_tokens=details.text_tokens,
    )


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]
