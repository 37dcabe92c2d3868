"""The answer of Deepgram, decoded into a Transcript.

Channels that were transcribed apart are brought together: their words in the order of time, each with the channel it comes from.
Strict where the words are; unknown fields, missing ones and null never cost a transcript.
"""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from voxplan.adapters.exchanging import decoded
from voxplan.adapters.languages import code_of
from voxplan.adapters.measures import readable, seconds, share, span, speaker
from voxplan.adapters.refusals.failures import bad_answer, request_id
from voxplan.adapters.wire import HttpResponse
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.transcript import Segment, Transcript, Usage, Word

__all__ = ("decode",)


_Timed = TypeVar("_Timed", Segment, Word)


class _Word(msgspec.Struct, frozen=True):
    word: str | None = None
    start: float | None = None
    end: float | None = None
    confidence: float | None = None
    punctuated_word: str | None = None
    speaker: int | str | None = None


class _Sentence(msgspec.Struct, frozen=True):
    text: str | None = None
    start: float | None = None
    end: float | None = None


class _Paragraph(msgspec.Struct, frozen=True):
    sentences: list[_Sentence] | None = None
    speaker: int | str | None = None


class _Paragraphs(msgspec.Struct, frozen=True):
    paragraphs: list[_Paragraph] | None = None


class _Alternative(msgspec.Struct, frozen=True):
    transcript: str
    confidence: float | None = None
    words: list[_Word] | None = None
    paragraphs: _Paragraphs | None = None
    languages: list[str | None] | None = None


class _Channel(msgspec.Struct, frozen=True):
    alternatives: list[_Alternative] | None = None
    detected_language: str | None = None


class _Utterance(msgspec.Struct, frozen=True):
    transcript: str | None = None
    start: float | None = None
    end: float | None = None
    confidence: float | None = None
    channel: int | None = None
    speaker: int | str | None = None


class _Results(msgspec.Struct, frozen=True):
    channels: list[_Channel]
    utterances: list[_Utterance] | None = None


class _Metadata(msgspec.Struct, frozen=True):
    request_id: str | None = None
    duration: float | None = None


class _Body(msgspec.Struct, frozen=True):
    results: _Results
    metadata: _Metadata | None = None


def decode(response: HttpResponse, asked: str | None) -> Transcript | AttemptFailure:
    """The transcript in a success, or why there is none; `asked` is the language that was said to be spoken."""
    body = decoded(response, _Body)
    if isinstance(body, AttemptFailure):
        return body
    heard = [channel.alternatives[0] for channel in body.results.channels if channel.alternatives]
    if not heard:
        return bad_answer(response, "no channel where a transcript should be")
    metadata = body.metadata or _Metadata()
    lasts = seconds(metadata.duration)
    text = "\n".join(said for each in heard if (said := each.transcript.strip()))
    return Transcript(
        text=text,
        language=_language(body.results.channels, asked),
        seconds=lasts,
        segments=_segments(body.results, text),
        words=_in_time(_words(body.results.channels)) or (None if text else ()),
        confidence=_confidence(heard),
        usage=None if lasts is None else Usage(kind="duration", seconds=lasts),
        request_id=readable(metadata.request_id) or request_id(response),
    )


def _language(channels: list[_Channel], asked: str | None) -> str | None:
    """What was detected; with several languages in one text, the first of them; else what was asked for."""
    named = [channel.detected_language for channel in channels]
    named.extend(
        language for channel in channels for each in (channel.alternatives or ())[:1] for language in each.languages or ()
    )
    return next((code for name in (*named, asked) if name and (code := code_of(name)) is not None), None)


def _confidence(heard: list[_Alternative]) -> float | None:
    """That of the text; of several channels, the mean over those in which something was said."""
    found = [each for alternative in heard if alternative.transcript and (each := share(alternative.confidence)) is not None]
    return sum(found) / len(found) if found else None


def _words(channels: list[_Channel]) -> Iterator[Word]:
    for number, channel in enumerate(channels):
        for row in (channel.alternatives[0].words or ()) if channel.alternatives else ():
            text, times = (row.punctuated_word or row.word or "").strip(), span(row.start, row.end)
            if text and times is not None:
                who = speaker(row.speaker, number if len(channels) > 1 else None)
                yield Word(word=text, start=times[0], end=times[1], speaker=who, confidence=share(row.confidence))


def _segments(results: _Results, text: str) -> tuple[Segment, ...] | None:
    """Utterances; where there are none, the sentences of the paragraphs; else there are words only."""
    found = _in_time(_of_utterances(results)) or _in_time(_of_paragraphs(results.channels))
    return found or (None if text else ())


def _of_utterances(results: _Results) -> Iterator[Segment]:
    several = len(results.channels) > 1
    for row in results.utterances or ():
        said, times = (row.transcript or "").strip(), span(row.start, row.end)
        if said and times is not None:
            who = speaker(row.speaker, (row.channel or 0) if several else None)
            yield Segment(text=said, start=times[0], end=times[1], speaker=who, confidence=share(row.confidence))


def _of_paragraphs(channels: list[_Channel]) -> Iterator[Segment]:
    for number, channel in enumerate(channels):
        listed = channel.alternatives[0].paragraphs if channel.alternatives else None
        for paragraph in (listed.paragraphs or ()) if listed is not None else ():
            who = speaker(paragraph.speaker, number if len(channels) > 1 else None)
            for row in paragraph.sentences or ():
                said, times = (row.text or "").strip(), span(row.start, row.end)
                if said and times is not None:
                    yield Segment(text=said, start=times[0], end=times[1], speaker=who)


def _in_time(found: Iterator[_Timed]) -> tuple[_Timed, ...]:
    return tuple(sorted(found, key=lambda each: each.start))
