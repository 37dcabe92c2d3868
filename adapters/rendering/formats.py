"""A transcript in each format that a caller may ask for: the one place where answers are written.

Every format is made from the Transcript, so every format works on every provider that gives what it is made of. The three JSON
shapes are OpenAI's. Where OpenAI promises a number of a segment that the provider did not give, a neutral one stands, with
which the segment passes the thresholds that callers use (Whisper's own: `avg_logprob` below -1, `compression_ratio` above 2.4,
`no_speech_prob` above 0.6 are taken for failures). What else is not known is left out.
"""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

import msgspec
from returns.result import Failure, Success

from voxplan.adapters.languages import name_of
from voxplan.adapters.measures import sentences
from voxplan.adapters.rendering.pacing import Cue
from voxplan.adapters.rendering.speakers import turns
from voxplan.adapters.rendering.subtitles import cues, srt, vtt
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import ResponseFormat
from voxplan.engine.terms.transcript import Segment, TokenLogprob, Transcript, Usage, Word

__all__ = ("JsonFormat", "Rendered", "render", "to_diarized_json", "to_json", "to_logprobs", "to_usage")

_Table = dict[str, object]
JsonFormat = Literal["json", "verbose_json"]


class Rendered(NamedTuple):
    """An answer ready to be served or written."""

    content_type: str
    text: str


_JSON: Final = "application/json"
_TEXT: Final = "text/plain; charset=utf-8"

# OpenAI serves srt as plain text; text/vtt is registered (W3C WebVTT).
_SUBTITLES: Final[dict[ResponseFormat, tuple[str, Callable[[tuple[Cue, ...]], str]]]] = {
    "srt": (_TEXT, srt),
    "vtt": ("text/vtt; charset=utf-8", vtt),
}


def render(transcript: Transcript, response_format: ResponseFormat) -> Success[Rendered] | Failure[AttemptFailure]:
    """The transcript as `response_format`; `unsupported` where it has a text but not the times or speakers that this takes."""
    if response_format == "text":
        return Success(Rendered(_TEXT, f"{transcript.text}\n" if transcript.text else ""))
    if response_format == "json" or response_format == "verbose_json":  # noqa: PLR1714 - type checkers narrow by ==
        return Success(_encoded(to_json(transcript, response_format)))
    if response_format == "diarized_json":
        diarized = to_diarized_json(transcript)
        return _lacking(_lack_of_turns(transcript), response_format) if diarized is None else Success(_encoded(diarized))
    content_type, written = _SUBTITLES[response_format]
    found = cues(transcript)
    return _lacking("times", response_format) if found is None else Success(Rendered(content_type, written(found)))


def to_json(transcript: Transcript, response_format: JsonFormat = "json") -> _Table:
    """OpenAI's answer as a table that any JSON encoder takes; what is not known is left out."""
    usage = _without_none({"usage": to_usage(transcript.usage)})
    if response_format == "json":
        logprobs = {"logprobs": to_logprobs(transcript.logprobs)} if transcript.logprobs else {}
        return {"text": transcript.text, **logprobs, **usage}
    language = None if transcript.language is None else name_of(transcript.language)
    measured = _without_none({"language": language, "duration": _seconds(transcript)})
    return {"task": _task(transcript), **measured, "text": transcript.text, **_timed(transcript), **usage}


def to_diarized_json(transcript: Transcript) -> _Table | None:
    """OpenAI's `diarized_json` as a table; None for a text without times or without speakers."""
    found = turns(transcript)
    if found is None:
        return None
    return {
        "task": _task(transcript),
        "duration": _seconds(transcript) or 0.0,  # OpenAI promises one; there is none only where nothing was said
        "text": transcript.text,
        "segments": [
            {
                "type": "transcript.text.segment",
                "id": f"seg_{number}",
                "start": segment.start,
                "end": segment.end,
                "text": segment.text,
                "speaker": segment.speaker,
            }
            for number, segment in enumerate(found)
        ],
        **_without_none({"usage": to_usage(transcript.usage)}),
    }


def to_logprobs(logprobs: tuple[TokenLogprob, ...]) -> list[_Table]:
    """The log probabilities of tokens as OpenAI lists them."""
    return [
        {"token": each.token, "logprob": each.logprob, **({"bytes": list(each.bytes)} if each.bytes else {})} for each in logprobs
    ]


def _encoded(table: _Table) -> Rendered:
    return Rendered(_JSON, msgspec.json.encode(table).decode())


def _lacking(what: str, response_format: ResponseFormat) -> Failure[AttemptFailure]:
    reason = f"the transcript has no {what}, which `{response_format}` is made of"
    return Failure(AttemptFailure(kind="unsupported", reason=reason, sent="yes", charged="yes"))


def _lack_of_turns(transcript: Transcript) -> str:
    return "speakers" if transcript.segments or transcript.words else "times"


def _task(transcript: Transcript) -> str:
    return "translate" if transcript.translated else "transcribe"


def _seconds(transcript: Transcript) -> float | None:
    """The length of the audio; one that the provider did not give is where the last of its times ends."""
    ends = [segment.end for segment in transcript.segments or ()] + [word.end for word in transcript.words or ()]
    return max(ends, default=None) if transcript.seconds is None else transcript.seconds


def _timed(transcript: Transcript) -> _Table:
    words = transcript.words
    # Whoever gave words gave times for segments too.
    segments = sentences(words) if transcript.segments is None and words is not None else transcript.segments
    listed = None if segments is None else [_segment(number, segment) for number, segment in enumerate(segments)]
    return _without_none({"segments": listed, "words": None if words is None else [_word(word) for word in words]})


def _segment(number: int, segment: Segment) -> _Table:
    measured: _Table = {
        "id": number,
        "seek": 0,
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "tokens": list(segment.tokens),
        "temperature": _or(segment.temperature, 0.0),
        "avg_logprob": _or(segment.avg_logprob, 0.0),
        "compression_ratio": _or(segment.compression_ratio, 1.0),
        "no_speech_prob": _or(segment.no_speech_prob, 0.0),
    }
    return measured | _without_none({"speaker": segment.speaker, "confidence": segment.confidence})


def _word(word: Word) -> _Table:
    spoken: _Table = {"word": word.word, "start": word.start, "end": word.end}
    return spoken | _without_none({"speaker": word.speaker, "confidence": word.confidence})


def to_usage(usage: Usage | None) -> _Table | None:
    """OpenAI's two shapes; whole seconds are printed whole, as OpenAI does. A count of the three follows from the others."""
    if usage is None or (usage.kind == "duration" and usage.seconds is None):
        return None
    if usage.kind == "duration":
        seconds = usage.seconds or 0.0
        return {"type": "duration", "seconds": int(seconds) if float(seconds).is_integer() else seconds}
    details = _without_none({"text_tokens": usage.text_tokens, "audio_tokens": usage.audio_tokens})
    into, out, total = usage.input_tokens, usage.output_tokens, usage.total_tokens
    counted: _Table = {
        "type": "tokens",
        "input_tokens": total - out if into is None and total is not None and out is not None else into,
        "input_token_details": details or None,
        "output_tokens": total - into if out is None and total is not None and into is not None else out,
        "total_tokens": into + out if total is None and into is not None and out is not None else total,
    }
    return _without_none(counted)


def _or(given: float | None, neutral: float) -> float:
    return neutral if given is None else given


def _without_none(table: _Table) -> _Table:
    return {key: value for key, value in table.items() if value is not None}
