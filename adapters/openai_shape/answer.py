"""The success bodies of OpenAI's transcription endpoint, and of the servers that imitate it, decoded into a Transcript.

Strict where the words are: a body without `text`, or with a wrong type in `text`, `segments` or `words`, is no transcript.
Lenient beside it: unknown fields, missing ones, null and an unreadable `usage` never cost a transcript. The content type is
not looked at (OpenAI has served JSON as text/plain), and neither is what was asked for.
"""

import math
from itertools import chain
from typing import Final, TypeVar

import msgspec
from msgspec.structs import replace
from returns.result import Failure, Success

from voxplan.adapters.exchanging import decoded
from voxplan.adapters.languages import code_of
from voxplan.adapters.openai_shape.body import Body, LogprobRow, SegmentRow, TokenDetails, TurnRow, UsageTable, WordRow
from voxplan.adapters.refusals.failures import Rule, request_id
from voxplan.adapters.wire import HttpResponse
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.transcript import Segment, TokenLogprob, Transcript, Usage, Word

__all__ = ("decode", "logprobs_of", "segment_of", "transcript_of", "usage_of")

# No recording is eleven days long. LocalAI has served Go durations, which count nanoseconds.
_IMPOSSIBLE_S: Final = 1e6
_NANOSECOND_S: Final = 1e-9

_Timed = TypeVar("_Timed", Segment, Word)


def decode(response: HttpResponse, rules: tuple[Rule, ...] = ()) -> Success[Transcript] | Failure[AttemptFailure]:
    """The transcript in a success, or why there is none."""
    body = decoded(response, Body, rules)
    if isinstance(body, AttemptFailure):
        return Failure(body)
    return Success(transcript_of(body, request_id(response)))


def transcript_of(body: Body, request: str | None) -> Transcript:
    """What a body says; `request` is its id by the headers."""
    text = body.text.strip()
    rows, turns = body.segments or [], _turns(body.diarization or [])
    segments = turns or _segments(rows, _unit_s(rows))
    words = _words(body.words or [], 1.0) or tuple(chain.from_iterable(_spoken(row, _unit_s(rows)) for row in rows))
    return Transcript(
        text=text,
        language=_language(body),
        seconds=_seconds(body.duration),
        segments=_known(segments, text, given=body.segments is not None),
        words=_known(tuple(_attributed(word, turns) for word in words), text, given=body.words is not None),
        logprobs=logprobs_of(body.logprobs),
        usage=usage_of(body.usage),
        request_id=request or (body.x_groq.id if body.x_groq else None),
    )


def segment_of(row: SegmentRow, unit_s: float = 1.0) -> Segment | None:
    """One segment; None for one without times."""
    times = _times(row.start, row.end, unit_s)
    if times is None:
        return None
    return Segment(
        text=row.text.strip(),
        start=times[0],
        end=times[1],
        speaker=_speaker(row.speaker, row.speaker_id),
        avg_logprob=row.avg_logprob,
        compression_ratio=row.compression_ratio,
        no_speech_prob=row.no_speech_prob,
        temperature=row.temperature,
        tokens=tuple(row.tokens or ()),
    )


def logprobs_of(raw: msgspec.Raw) -> tuple[TokenLogprob, ...] | None:
    """The tokens, where there are any that can be read."""
    try:
        rows = msgspec.json.decode(raw, type=list[LogprobRow] | None)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return tuple(TokenLogprob(token=row.token, logprob=row.logprob, bytes=tuple(row.bytes or ())) for row in rows or ()) or None


def _turns(rows: list[TurnRow]) -> tuple[Segment, ...]:
    """What each speaker said in one go, where that was told apart."""
    return _segments([SegmentRow(text=row.text, start=row.start, end=row.end, speaker=row.speaker) for row in rows], 1.0)


def _attributed(word: Word, turns: tuple[Segment, ...]) -> Word:
    """The word with the speaker in whose turn its middle lies, where it has none of its own."""
    if word.speaker is not None or not turns:
        return word
    middle = (word.start + word.end) / 2
    return replace(word, speaker=next((turn.speaker for turn in turns if turn.start <= middle <= turn.end), None))


def _known(found: tuple[_Timed, ...], text: str, *, given: bool) -> tuple[_Timed, ...] | None:
    """Times that were given; an empty list beside a text that is not empty says nothing (OVHcloud, words asked for)."""
    return found if found or (given and not text) else None


def _segments(rows: list[SegmentRow], unit_s: float) -> tuple[Segment, ...]:
    """The segments with times in order as given; none at all when one lacks its times."""
    found = tuple(segment for row in rows if (segment := segment_of(row, unit_s)) is not None)
    return found if len(found) == len(rows) else ()


def _words(rows: list[WordRow], unit_s: float) -> tuple[Word, ...]:
    """The words that have times; a word without them cannot be placed and is left out."""
    found: list[Word] = []
    for row in rows:
        text, times = (row.word or row.text or "").strip(), _times(row.start, row.end, unit_s)
        if text and times is not None:
            start, end = times
            speaker, confidence = _speaker(row.speaker, row.speaker_id), _share(row.probability)
            found.append(Word(word=text, start=start, end=end, speaker=speaker, confidence=confidence))
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


def _speaker(*named: str | int | None) -> str | None:
    return next((str(speaker) for speaker in named if speaker is not None and speaker != ""), None)


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


def usage_of(raw: msgspec.Raw) -> Usage | None:
    """What the provider counted; docs' examples lack `type`, so the fields themselves decide."""
    try:
        table = msgspec.json.decode(raw, type=UsageTable | None)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if table is None:
        return None
    seconds = table.duration if table.seconds is None else table.seconds
    read = table.prompt_tokens if table.input_tokens is None else table.input_tokens
    written = table.completion_tokens if table.output_tokens is None else table.output_tokens
    if seconds is None and table.total_tokens is None and read is None:
        return None
    details = table.input_token_details or TokenDetails()
    return Usage(
        kind="duration" if seconds is not None else "tokens",
        seconds=seconds,
        input_tokens=read,
        output_tokens=written,
        total_tokens=table.total_tokens,
        audio_tokens=details.audio_tokens,
        text_tokens=details.text_tokens,
    )
