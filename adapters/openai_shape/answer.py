"""The success bodies of OpenAI's transcription endpoint, and of the servers that imitate it, decoded into a Transcript.

Strict where the words are: a body without `text`, or with a wrong type in what was said, is no transcript. Lenient beside it:
unknown fields, missing ones, null, numbers written as text, and what makes no sense in `usage`, `language` or a score never cost
a transcript. The content type is not looked at (OpenAI has served JSON as text/plain), and neither is what was asked for.
"""

from collections.abc import Iterable
from itertools import chain
from typing import Final, TypeVar

import msgspec
from msgspec.structs import replace
from returns.result import Failure, Success

from voxplan.adapters.exchanging import decoded
from voxplan.adapters.languages import code_of
from voxplan.adapters.openai_shape.body import Body, LogprobRow, SegmentRow, WordRow
from voxplan.adapters.openai_shape.values import count, items, label, number, share, table
from voxplan.adapters.refusals.failures import Rule, readable_id, request_id
from voxplan.adapters.wire import HttpResponse
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.transcript import Segment, TokenLogprob, Transcript, Usage, Word

__all__ = ("decode", "logprobs_of", "segment_of", "transcript_of", "usage_of")

# No recording is eleven days long. LocalAI has served Go durations, which count nanoseconds.
_IMPOSSIBLE_S: Final = 1e6
_NANOSECOND_S: Final = 1e-9

# What is read, what is written, and both.
_TOKENS: Final = (("input_tokens", "prompt_tokens"), ("output_tokens", "completion_tokens"), ("total_tokens",))

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
    rows, turns = [row for row in body.segments or () if row is not None], _turns(body.diarization)
    unit_s = _unit_s((*rows, *(row for row in body.words or () if row is not None)))
    segments = turns or _segments(rows, unit_s)
    words = _words(body.words or (), unit_s) or tuple(chain.from_iterable(_spoken(row, unit_s) for row in rows))
    return Transcript(
        text=text,
        language=_language(body),
        seconds=_lasting(body.duration),
        segments=_known(segments, text, given=body.segments is not None),
        words=_known(tuple(_attributed(word, turns) for word in words), text, given=body.words is not None),
        logprobs=logprobs_of(body.logprobs),
        usage=usage_of(body.usage),
        request_id=request or readable_id(table(body.x_groq).get("id")),
    )


def segment_of(row: SegmentRow, unit_s: float = 1.0) -> Segment | None:
    """One segment; None for one without times."""
    times = _times(row.start, row.end, unit_s)
    if times is None:
        return None
    return Segment(
        text=(row.text or "").strip(),
        start=times[0],
        end=times[1],
        speaker=label(row.speaker) or label(row.speaker_id),
        avg_logprob=number(row.avg_logprob),
        compression_ratio=number(row.compression_ratio),
        no_speech_prob=number(row.no_speech_prob),
        temperature=number(row.temperature),
        tokens=tuple(token for each in items(row.tokens) if (token := count(each)) is not None),
    )


def logprobs_of(raw: msgspec.Raw) -> tuple[TokenLogprob, ...] | None:
    """The tokens, where there are any that can be read."""
    try:
        rows = msgspec.json.decode(raw, type=list[LogprobRow | None] | None)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return tuple(token for row in rows or () if row is not None and (token := _token(row)) is not None) or None


def _token(row: LogprobRow) -> TokenLogprob | None:
    if row.token is None or row.logprob is None:
        return None
    return TokenLogprob(token=row.token, logprob=row.logprob, bytes=tuple(int(each) for each in row.bytes or ()))


def _turns(raw: msgspec.Raw) -> tuple[Segment, ...]:
    """What each speaker said in one go, where that was told apart."""
    try:
        rows = msgspec.json.decode(raw, type=list[SegmentRow | None] | None)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()
    return _segments([row for row in rows or () if row is not None], 1.0)


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
    """The segments with times in order as given; none at all when one that says something lacks its times."""
    saying = [row for row in rows if row.text is not None]
    found = tuple(segment for row in saying if (segment := segment_of(row, unit_s)) is not None)
    return found if len(found) == len(saying) else ()


def _words(rows: Iterable[WordRow | None], unit_s: float) -> tuple[Word, ...]:
    """The words that have times; a word without them cannot be placed and is left out."""
    found: list[Word] = []
    for row in rows:
        if row is None:
            continue
        text, times = (row.word or row.text or "").strip(), _times(row.start, row.end, unit_s)
        if text and times is not None:
            start, end = times
            speaker, confidence = label(row.speaker) or label(row.speaker_id), share(row.probability)
            found.append(Word(word=text, start=start, end=end, speaker=speaker, confidence=confidence))
    return tuple(found)


def _spoken(segment: SegmentRow, unit_s: float) -> tuple[Word, ...]:
    """The words inside a segment; whisper.cpp's are tokens, of which one that begins with a space begins a word."""
    joined: list[WordRow] = []
    for row in segment.words or ():
        if row is None:
            continue
        last = joined[-1] if joined else None
        if last is None or row.t_dtw is None or row.word is None or last.word is None or row.word.startswith(" "):
            joined.append(row)
        else:
            joined[-1] = msgspec.structs.replace(last, word=last.word + row.word, end=row.end)
    return _words(joined, unit_s)


def _unit_s(rows: Iterable[SegmentRow | WordRow]) -> float:
    """The seconds that one unit of the times stands for."""
    return _NANOSECOND_S if any((number(row.end) or 0) > _IMPOSSIBLE_S for row in rows) else 1.0


def _times(start: object, end: object, unit_s: float) -> tuple[float, float] | None:
    """Start and end in seconds, neither negative nor the wrong way round; none that no recording has."""
    first, last = number(start), number(end)
    if first is None or last is None:
        return None
    start_s = max(0.0, first * unit_s)
    end_s = max(start_s, last * unit_s)
    return (start_s, end_s) if end_s <= _IMPOSSIBLE_S else None


def _language(body: Body) -> str | None:
    """What was heard: one name or code, whichever field it stands in; several are rows with a `code`, or codes."""
    several = (table(row).get("code") or row for row in items(body.languages))
    named = (body.language, body.detected_language, *several)
    return next((code for name in named if isinstance(name, str) and (code := code_of(name)) is not None), None)


def _lasting(duration: object) -> float | None:
    """The length of the audio; vLLM writes it as text."""
    seconds = number(duration)
    return seconds if seconds is not None and 0 <= seconds <= _IMPOSSIBLE_S else None


def usage_of(raw: msgspec.Raw) -> Usage | None:
    """What the provider counted; docs' examples lack `type`, so the fields themselves decide.

    `duration` is what OVHcloud called `seconds` until May 2026; vLLM counts streams as it counts chats.
    """
    try:
        counted = msgspec.json.decode(raw, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    lasting = (_lasting(counted.get(name)) for name in ("seconds", "duration"))
    seconds = next((found for found in lasting if found is not None), None)
    read, written, total = (_counted(counted, *names) for names in _TOKENS)
    if seconds is None and total is None and read is None:
        return None
    details = table(counted.get("input_token_details"))
    return Usage(
        kind="duration" if seconds is not None else "tokens",
        seconds=seconds,
        input_tokens=read,
        output_tokens=written,
        total_tokens=total,
        audio_tokens=count(details.get("audio_tokens")),
        text_tokens=count(details.get("text_tokens")),
    )


def _counted(counted: dict[str, object], *names: str) -> int | None:
    return next((found for name in names if (found := count(counted.get(name))) is not None), None)
