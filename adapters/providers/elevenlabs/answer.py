"""The answer of ElevenLabs, decoded into a Transcript.

Its words come with the spaces between them, and with sounds when these were asked for; only words are words here. It gives no
segments: they are the sentences of one speaker, written as the answer writes them. Channels that were transcribed apart are
brought together in the order of time. Strict where the words are; unknown fields, missing ones and null cost nothing.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from voxplan.adapters.exchanging import decoded
from voxplan.adapters.languages import code_of
from voxplan.adapters.measures import likelihood, readable, seconds, sentences, span, speaker
from voxplan.adapters.refusals.failures import bad_answer, request_id
from voxplan.adapters.wire import HttpResponse
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.transcript import Transcript, Usage, Word

__all__ = ("decode",)

_NO_WORDS: Final = frozenset({"spacing", "audio_event"})


class _Word(msgspec.Struct, frozen=True):
    text: str | None = None
    start: float | None = None
    end: float | None = None
    type: str | None = None
    speaker_id: str | int | None = None
    logprob: float | None = None
    channel_index: int | None = None


class _Chunk(msgspec.Struct, frozen=True):
    text: str
    words: list[_Word] | None = None
    language_code: str | None = None
    channel_index: int | None = None


class _Body(msgspec.Struct, frozen=True):
    """One transcript, or one for each channel under `transcripts`."""

    text: str | msgspec.UnsetType = msgspec.UNSET
    words: list[_Word] | None = None
    language_code: str | None = None
    transcripts: list[_Chunk] | None = None
    transcription_id: str | None = None
    audio_duration_secs: float | None = None


def decode(response: HttpResponse, asked: str | None) -> Transcript | AttemptFailure:
    """The transcript in a success, or why there is none; `asked` is the language that was said to be spoken."""
    body = decoded(response, _Body)
    if isinstance(body, AttemptFailure):
        return body
    chunks = _chunks(body)
    if not chunks:
        return bad_answer(response, "JSON that is no transcript: neither `text` nor `transcripts`")
    text = "\n".join(said for chunk in chunks if (said := chunk.text.strip()))
    words = tuple(sorted(_words(chunks), key=lambda word: word.start))
    lasts = seconds(body.audio_duration_secs)
    return Transcript(
        text=text,
        language=_language(chunks, asked),
        seconds=lasts,
        segments=sentences(words) or (None if text else ()),
        words=words or (None if text else ()),
        usage=None if lasts is None else Usage(kind="duration", seconds=lasts),
        request_id=readable(body.transcription_id) or request_id(response),
    )


def _chunks(body: _Body) -> list[_Chunk]:
    if body.transcripts is not None:
        return body.transcripts
    if isinstance(body.text, str):
        return [_Chunk(text=body.text, words=body.words, language_code=body.language_code)]
    return []


def _language(chunks: list[_Chunk], asked: str | None) -> str | None:
    """That of the first channel in which something was said, else what was asked for."""
    named = [chunk.language_code for chunk in sorted(chunks, key=lambda chunk: not chunk.text.strip())]
    return next((code for name in (*named, asked) if name and (code := code_of(name)) is not None), None)


def _words(chunks: list[_Chunk]) -> Iterator[Word]:
    """The words that have times; a speaker of one channel is another than that of the next."""
    for number, chunk in enumerate(chunks):
        channel = (number if chunk.channel_index is None else chunk.channel_index) if len(chunks) > 1 else None
        for row in chunk.words or ():
            text, times = (row.text or "").strip(), span(row.start, row.end)
            if text and times is not None and row.type not in _NO_WORDS:
                heard_on = row.channel_index if channel is None else channel
                yield Word(
                    word=text,
                    start=times[0],
                    end=times[1],
                    speaker=speaker(row.speaker_id, heard_on),
                    confidence=likelihood(row.logprob),
                )
