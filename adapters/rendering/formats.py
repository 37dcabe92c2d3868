"""A transcript in each format that a caller may ask for: the one place where answers are written.

Every format is made from the Transcript, so every format works on every provider that gives what it is made of. The two JSON
shapes are OpenAI's. Where OpenAI promises a number that the provider did not give, a neutral one stands: the thresholds
that callers test against (`avg_logprob` -1, `compression_ratio` 2.4, `no_speech_prob` 0.6) then let the segment through.
"""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

import msgspec
from returns.result import Failure, Success

from voxplan.adapters.languages import name_of
from voxplan.adapters.rendering.subtitles import Cue, cues, srt, vtt
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import ResponseFormat
from voxplan.engine.terms.transcript import Segment, Transcript, Usage, Word

__all__ = ("JsonFormat", "Rendered", "render", "to_json")

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
    """The transcript as `response_format`; subtitles of a transcript with text but without times are `unsupported`."""
    if response_format == "text":
        return Success(Rendered(_TEXT, f"{transcript.text}\n" if transcript.text else ""))
    if response_format == "json" or response_format == "verbose_json":  # noqa: PLR1714 - type checkers narrow by ==
        return Success(Rendered(_JSON, msgspec.json.encode(to_json(transcript, response_format)).decode()))
    content_type, written = _SUBTITLES[response_format]
    found = cues(transcript)
    if found is None:
        reason = f"the transcript has no times, which `{response_format}` is made of"
        return Failure(AttemptFailure(kind="unsupported", reason=reason, sent="yes", charged="yes"))
    return Success(Rendered(content_type, written(found)))


def to_json(transcript: Transcript, response_format: JsonFormat = "json") -> _Table:
    """OpenAI's answer as a table that any JSON encoder takes; what is not known is left out."""
    usage = {} if transcript.usage is None else {"usage": _usage(transcript.usage)}
    if response_format == "json":
        return {"text": transcript.text, **usage}
    return {"task": "transcribe", **_measured(transcript), "text": transcript.text, **_timed(transcript), **usage}


def _measured(transcript: Transcript) -> _Table:
    """Language and length; a length that the provider did not give is where the last of its times ends."""
    ends = [segment.end for segment in transcript.segments or ()] + [word.end for word in transcript.words or ()]
    seconds = max(ends, default=None) if transcript.seconds is None else transcript.seconds
    language = None if transcript.language is None else name_of(transcript.language)
    return _without_none({"language": language, "duration": seconds})


def _timed(transcript: Transcript) -> _Table:
    segments, words = transcript.segments, transcript.words
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
        "temperature": segment.temperature or 0.0,
        "avg_logprob": segment.avg_logprob or 0.0,
        "compression_ratio": segment.compression_ratio or 1.0,
        "no_speech_prob": segment.no_speech_prob or 0.0,
    }
    return measured | _without_none({"speaker": segment.speaker, "confidence": segment.confidence})


def _word(word: Word) -> _Table:
    spoken: _Table = {"word": word.word, "start": word.start, "end": word.end}
    return spoken | _without_none({"speaker": word.speaker, "confidence": word.confidence})


def _usage(usage: Usage) -> _Table:
    """OpenAI's two shapes; whole seconds are printed whole, as OpenAI does."""
    if usage.kind == "duration":
        seconds = usage.seconds
        whole = seconds is not None and float(seconds).is_integer()
        return _without_none({"type": "duration", "seconds": int(seconds) if seconds is not None and whole else seconds})
    details = _without_none({"text_tokens": usage.text_tokens, "audio_tokens": usage.audio_tokens})
    counted: _Table = {
        "type": "tokens",
        "input_tokens": usage.input_tokens,
        "input_token_details": details or None,
        "output_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
    }
    return _without_none(counted)


def _without_none(table: _Table) -> _Table:
    return {key: value for key, value in table.items() if value is not None}
