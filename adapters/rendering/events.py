"""A transcript as it comes: one stream of events for every provider, and OpenAI's way to write it as server-sent events.

A stream is deltas, whose texts make up the whole text in order; segments with their speakers, where speakers are told apart;
and `Done` at its end with everything. On the wire each is one `data:` line of JSON and a blank line; `DONE` closes the stream. A
stream that fails after it has begun ends in an error and without `DONE`.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import msgspec
from msgspec.structs import replace

from voxplan.adapters.rendering.formats import to_logprobs, to_usage
from voxplan.adapters.rendering.speakers import NOBODY, lettered, turns
from voxplan.engine.terms.request import Options, needs_speakers
from voxplan.engine.terms.transcript import Segment, TokenLogprob, Transcript

__all__ = ("DONE", "Delta", "Done", "Event", "Roll", "SegmentEvent", "emulated", "error_to_sse", "to_sse")

DONE: Final = "data: [DONE]\n\n"

# The end of a sentence: its sign, what closes after it, and the blank before the next one. Chinese and Japanese have no blank.
_SENTENCE_END: Final = re.compile(
    r"[.!?…\u0964\u061f]+[\"'\u201d\u2019\u00bb)\]]*(?=\s)|[\u3002\uff01\uff1f]+[\u201d\u2019\u300d\u300f\uff09]*(?=.)", re.DOTALL
)

# Some clients take these for line ends; in JSON they may be written as escapes.
_LINE_ENDS: Final = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


class Delta(msgspec.Struct, frozen=True, kw_only=True):
    """The next piece of the text, with the log probabilities of its tokens where they are known."""

    text: str
    logprobs: tuple[TokenLogprob, ...] = ()


class SegmentEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One finished segment; `id` is `seg_0`, `seg_1`, … in the order in which they come."""

    segment: Segment
    id: str


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """The whole transcript: the stream is over."""

    transcript: Transcript


Event = Delta | SegmentEvent | Done


class Roll(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a stream's segments so far: how many there were, and the names of their speakers in order."""

    segments: int = 0
    speakers: tuple[str, ...] = ()

    def called(self, segment: Segment) -> tuple[SegmentEvent, "Roll"]:
        """The event for the next segment, its speaker named as in `diarized_json`, and the roll after it."""
        known = tuple(dict.fromkeys((*self.speakers, segment.speaker or ""))) if segment.speaker else self.speakers
        name = lettered(known).get(segment.speaker or "", segment.speaker)
        event = SegmentEvent(segment=replace(segment, speaker=name), id=f"seg_{self.segments}")
        return event, Roll(segments=self.segments + 1, speakers=known)


def emulated(transcript: Transcript, options: Options) -> Iterator[Event]:
    """A finished transcript as the stream that it might have been: segments where speakers were wanted, deltas, the end."""
    found = turns(transcript) if needs_speakers(options) else None
    for number, segment in enumerate(found or ()):
        yield SegmentEvent(segment=segment, id=f"seg_{number}")
    yield from _deltas(transcript)
    yield Done(transcript=transcript)


def to_sse(event: Event) -> str:
    r"""The event as OpenAI sends it.

    >>> to_sse(Delta(text="Good morning."))
    'data: {"type":"transcript.text.delta","delta":"Good morning."}\n\n'
    """
    match event:
        case Delta():
            listed = {"logprobs": to_logprobs(event.logprobs)} if event.logprobs else {}
            return _data({"type": "transcript.text.delta", "delta": event.text, **listed})
        case SegmentEvent():
            return _data(_segment(event))
        case Done():
            return _data(_done(event.transcript))


def error_to_sse(message: str, kind: str = "server_error", code: str | None = None, param: str | None = None) -> str:
    r"""A failure in mid-stream, in OpenAI's envelope, on which its clients raise.

    >>> error_to_sse("the provider broke off")
    'data: {"error":{"message":"the provider broke off","type":"server_error","param":null,"code":null}}\n\n'
    """
    return _data({"error": {"message": message, "type": kind, "param": param, "code": code}})


def _segment(event: SegmentEvent) -> dict[str, object]:
    segment = event.segment
    return {
        "type": "transcript.text.segment",
        "id": event.id,
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "speaker": segment.speaker or NOBODY,
    }


def _done(transcript: Transcript) -> dict[str, object]:
    usage = to_usage(transcript.usage)
    return {
        "type": "transcript.text.done",
        "text": transcript.text,
        **({"logprobs": to_logprobs(transcript.logprobs)} if transcript.logprobs else {}),
        **({} if usage is None else {"usage": usage}),
    }


def _data(table: dict[str, object]) -> str:
    return f"data: {msgspec.json.encode(table).decode().translate(_LINE_ENDS)}\n\n"


def _deltas(transcript: Transcript) -> Iterator[Delta]:
    """The text in pieces, each with the blank before it, as OpenAI's own deltas; none where nothing was said."""
    text = transcript.text
    bounds = [0, *(_by_segments(text, transcript.segments or ()) or _by_sentences(text)), len(text)]
    pieces = [text[start:end] for start, end in pairwise(bounds) if start < end]
    for piece, logprobs in zip(pieces, _by_pieces(pieces, transcript.logprobs or ()), strict=True):
        yield Delta(text=piece, logprobs=logprobs)


def _by_segments(text: str, segments: tuple[Segment, ...]) -> list[int]:
    """Where the segments but the last end in the text; empty where the text is not made of them."""
    ends: list[int] = []
    place = 0
    for segment in segments:
        said = segment.text.strip()
        at = text.find(said, place)
        if at < 0 or text[place:at].strip():
            return []
        place = at + len(said)
        ends.append(place)
    return [] if text[place:].strip() else ends[:-1]


def _by_sentences(text: str) -> list[int]:
    return [match.end() for match in _SENTENCE_END.finditer(text)]


def _by_pieces(pieces: list[str], logprobs: tuple[TokenLogprob, ...]) -> Iterator[tuple[TokenLogprob, ...]]:
    """The log probabilities for each piece, by where tokens begin; none where the tokens are not those of the text.

    Counted in bytes: a token can be half a letter.
    """
    spelt = [bytes(each.bytes) or each.token.encode() for each in logprobs]
    whole, text = b"".join(spelt), "".join(pieces).encode()
    before = len(whole) - len(whole.lstrip()) - (len(text) - len(text.lstrip()))
    if whole.strip() != text.strip():
        yield from (() for _ in pieces)
        return
    place, end, number = -before, 0, 0
    for piece in pieces:
        end += len(piece.encode())
        first = number
        while number < len(spelt) and (place < end or piece is pieces[-1]):
            place += len(spelt[number])
            number += 1
        yield logprobs[first:number]
