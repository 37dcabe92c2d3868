"""A job of AssemblyAI: what is asked of it, and the transcript that it becomes.

Times are whole milliseconds there, the length of the audio whole seconds. An answer of 200 may be a job that has failed.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from voxplan.adapters.languages import code_of
from voxplan.adapters.measures import readable, seconds, sentences, share, span, speaker
from voxplan.adapters.passing import merged, text_of
from voxplan.adapters.wire import Call
from voxplan.engine.terms.request import needs_speakers
from voxplan.engine.terms.transcript import Segment, Transcript, Usage, Word

__all__ = ("Job", "asked", "transcript")

_MILLISECOND_S: Final = 0.001

# Javanese as Whisper writes it; Norwegian in its usual form.
_CODES: Final[dict[str, str]] = {"jv": "jw", "nb": "no"}


class _Word(msgspec.Struct, frozen=True):
    text: str | None = None
    start: float | None = None
    end: float | None = None
    confidence: float | None = None
    speaker: str | int | None = None
    channel: str | int | None = None


class _Utterance(msgspec.Struct, frozen=True):
    text: str | None = None
    start: float | None = None
    end: float | None = None
    confidence: float | None = None
    speaker: str | int | None = None
    channel: str | int | None = None


class Job(msgspec.Struct, frozen=True):
    """A job in whatever state; all but its name and its state is there when it is completed."""

    id: str
    status: str
    text: str | msgspec.UnsetType | None = msgspec.UNSET
    words: list[_Word] | None = None
    utterances: list[_Utterance] | None = None
    confidence: float | None = None
    audio_duration: float | None = None
    language_code: str | None = None


def asked(call: Call, audio_url: str) -> bytes:
    """The job to submit: the deployment's own fields, and over them what is asked for."""
    options = call.options
    fields: dict[str, object] = {
        "audio_url": audio_url,
        "speech_models": [name for part in call.model.split(",") if (name := part.strip())],
        **_languages(call),
    }
    if needs_speakers(options):
        fields["speaker_labels"] = True
    if options.temperature is not None:
        fields["temperature"] = options.temperature
    extra = {name: value for name, value in call.extra if name != "keyterms_prompt"}
    return msgspec.json.encode(merged(merged(extra, fields), _expected(call)))


def _languages(call: Call) -> dict[str, object]:
    """What is spoken, else one is to be detected: without either, all is taken for American English."""
    options = call.options
    if options.language is not None:
        return {"language_code": _code(options.language)}
    if not options.languages:
        return {"language_detection": True}
    expected = list(dict.fromkeys(map(_code, options.languages)))
    return {"language_detection": True, "language_detection_options": {"expected_languages": expected}}


def _code(language: str) -> str:
    code = code_of(language) or language
    return _CODES.get(code, code)


def _expected(call: Call) -> dict[str, object]:
    """The prompt, and the words to expect with those of the deployment.

    The two are alternatives there. Where both are asked for, the words go with the prompt, which says what the audio is about.
    """
    given = dict(call.extra).get("keyterms_prompt", ())
    terms = dict.fromkeys((*map(text_of, given if isinstance(given, tuple) else (given,)), *call.options.keywords))
    if call.options.prompt is None:
        return {"keyterms_prompt": list(terms)} if terms else {}
    return {"prompt": " ".join(part for part in (call.options.prompt, ", ".join(terms)) if part)}


def transcript(job: Job, language: str | None) -> Transcript:
    """What a completed job has heard; `language` is what was said to be spoken."""
    text = job.text.strip() if isinstance(job.text, str) else ""
    words = tuple(_words(job.words or []))
    lasts = seconds(job.audio_duration)
    return Transcript(
        text=text,
        language=next((code for name in (job.language_code, language) if name and (code := code_of(name)) is not None), None),
        seconds=lasts,
        segments=tuple(_segments(job.utterances or [])) or sentences(words) or (None if text else ()),
        words=words or (None if text else ()),
        confidence=share(job.confidence) if text else None,
        usage=None if lasts is None else Usage(kind="duration", seconds=lasts),
        request_id=readable(job.id),
    )


def _words(rows: list[_Word]) -> Iterator[Word]:
    for row in rows:
        text, times = (row.text or "").strip(), span(row.start, row.end, _MILLISECOND_S)
        if text and times is not None:
            who, confidence = _speaker(row), share(row.confidence)
            yield Word(word=text, start=times[0], end=times[1], speaker=who, confidence=confidence)


def _segments(rows: list[_Utterance]) -> Iterator[Segment]:
    for row in rows:
        text, times = (row.text or "").strip(), span(row.start, row.end, _MILLISECOND_S)
        if text and times is not None:
            who, confidence = _speaker(row), share(row.confidence)
            yield Segment(text=text, start=times[0], end=times[1], speaker=who, confidence=confidence)


def _speaker(row: _Word | _Utterance) -> str | None:
    """The label; of channels kept apart it names the channel already (`1`, or `1A` with speakers)."""
    return speaker(row.speaker) or speaker(None, row.channel or None)
