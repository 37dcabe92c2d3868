"""Changing what a transcript says, in its text, its segments and its words alike.

What is to be changed may reach across segments and lie in several words: a card number does. So the pieces are looked at
together. Where a change begins and ends is found by asking the function; the pieces that it touches become one. If the outcome
is not, letter for letter, what the function makes of the whole, all pieces become one: nothing is ever left behind.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from voxplan.engine.terms.transcript import Segment, Transcript, Word

__all__ = ("Redaction", "redact")

Redaction = Callable[[str], str]
"""The same text gives the same text, every time; and it has to know what it looks for by itself, not by its neighbourhood."""


def redact(transcript: Transcript, function: Redaction) -> Transcript:
    """`transcript` with `function` applied to all that is said in it.

    Segments and words that are touched by one change become one, with their times; those of which nothing is left are gone.
    """
    segments, words, text = transcript.segments, transcript.words, function(transcript.text)
    return replace(
        transcript,
        text=text,
        # Tokens spell out what was said: where anything changes, they go.
        logprobs=transcript.logprobs if text == transcript.text else None,
        segments=None if segments is None else tuple(_segments(segments, function)),
        words=None if words is None else tuple(_words(words, function)),
    )


def _segments(segments: tuple[Segment, ...], function: Redaction) -> Iterator[Segment]:
    for piece in _pieces([segment.text for segment in segments], function):
        touched = segments[piece.start : piece.end]
        if piece.text is None:
            yield from touched
        elif piece.text.strip():
            # Tokens and scores are those of what was said: they go with it.
            yield Segment(text=piece.text, start=touched[0].start, end=touched[-1].end, speaker=_speaker(touched))


def _words(words: tuple[Word, ...], function: Redaction) -> Iterator[Word]:
    for piece in _pieces([word.word for word in words], function):
        touched = words[piece.start : piece.end]
        if piece.text is None:
            yield from touched
        elif piece.text.strip():
            yield Word(word=piece.text, start=touched[0].start, end=touched[-1].end, speaker=_speaker(touched))


def _speaker(touched: Sequence[Segment | Word]) -> str | None:
    speakers = {each.speaker for each in touched}
    return speakers.pop() if len(speakers) == 1 else None


class _Piece(NamedTuple):
    """The texts from `start` to before `end`: what became of them together, None if nothing."""

    start: int
    end: int
    text: str | None = None


def _pieces(texts: Sequence[str], function: Redaction) -> list[_Piece]:
    """Changed and unchanged stretches of `texts`, in order, that say together what `function` makes of all."""
    whole = function(" ".join(texts))
    found = list(_stretches(texts, function))
    said = " ".join(" ".join(texts[each.start : each.end]) if each.text is None else each.text for each in found)
    return found if said.split() == whole.split() else [_Piece(0, len(texts), whole)]


def _stretches(texts: Sequence[str], function: Redaction) -> Iterator[_Piece]:
    done = 0
    while (found := _changed(texts, done, function)) is not None:
        start, end = found
        yield _Piece(done, start)
        yield _Piece(start, end, function(" ".join(texts[start:end])))
        done = end
    yield _Piece(done, len(texts))


def _changed(texts: Sequence[str], done: int, function: Redaction) -> tuple[int, int] | None:
    """Where the first change from `done` on begins and ends; None when there is none."""
    ahead = _least(len(texts) - done, lambda size: _changes(texts[done : done + size], function))
    if ahead is None:
        return None
    end = done + ahead
    start = end - (_least(ahead, lambda size: _changes(texts[end - size : end], function)) or ahead)
    # A change may take in more than what it needs to be one: a longer number, the rest of an address.
    while end < len(texts) and not _apart(texts[start:end], texts[end : end + 1], function):
        end += 1
    while start > done and not _apart(texts[start - 1 : start], texts[start:end], function):
        start -= 1
    return start, end


def _least(most: int, holds: Callable[[int], bool]) -> int | None:
    """A size from 1 to `most` that holds while the one below does not; None when `most` does not.

    By doubling, then by halves: looking far ahead is what costs.
    """
    short, size = 0, 1
    while size < most and not holds(size):
        short, size = size, 2 * size
    size = min(size, most)
    if size == 0 or not holds(size):
        return None
    while size - short > 1:
        middle = (short + size) // 2
        short, size = (short, middle) if holds(middle) else (middle, size)
    return size


def _changes(texts: Sequence[str], function: Redaction) -> bool:
    text = " ".join(texts)
    return function(text) != text


def _apart(left: Sequence[str], right: Sequence[str], function: Redaction) -> bool:
    """Whether the function does to both together what it does to each."""
    one, other = " ".join(left), " ".join(right)
    return function(f"{one} {other}") == f"{function(one)} {function(other)}"
