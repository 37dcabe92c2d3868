"""Words found again in the segments and in the text that they were taken from, so that text can be cut at known times.

Providers print words without the punctuation of the text, or in another case; what stands between two words belongs to the
one before. Words that are not in the text in their order cannot be aligned, and nothing is guessed.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from voxplan.engine.terms.transcript import Segment, Word

__all__ = ("joined", "parts", "shared", "starts")

# Scripts that put no space between words: Kana, Han, Thai, Lao, Khmer, Burmese.
_UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3001-\u30ff\u3400-\u9fff\uff00-\uffef]")
# Brackets and quotes that open, by their Unicode category.
_OPENING: Final = frozenset({"Ps", "Pi"})
# What may stand in the text between two words; further on, it would be the same word said again.
_FURTHEST: Final = 40
_EDGES: Final = re.compile(r"^\W+|\W+$")


def joined(words: Sequence[Word]) -> str:
    """The words as a line; no space where the script on both sides writes none."""
    if not words:
        return ""
    text = words[0].word
    for before, word in pairwise(each.word for each in words):
        unspaced = _UNSPACED.match(before[-1:]) and _UNSPACED.match(word[:1])
        text += word if unspaced else f" {word}"
    return text


def starts(text: str, words: Sequence[Word]) -> tuple[int, ...] | None:
    """Where in `text` each word begins, in order; None when one is not there.

    >>> starts("Well, well.", [Word(word="well", start=0, end=1), Word(word="Well", start=1, end=2)])
    (0, 6)
    """
    lowered = _lowered(text)
    found: list[int] = []
    place = 0
    for word in words:
        spoken = _found(lowered, word.word, place)
        if spoken is None:
            return None
        found.append(spoken[0])
        place = spoken[1]
    return tuple(found)


def parts(text: str, words: Sequence[Word], firsts: Sequence[int]) -> list[str]:
    """The text cut before the words with the numbers `firsts`, which begin with 0; joined words where it cannot be cut."""
    found = starts(text, words)
    ends = [*firsts[1:], len(words)]
    if found is None:
        return [joined(words[first:end]) for first, end in zip(firsts, ends, strict=True)]
    places = [0, *(_opening(text, found[first]) for first in firsts[1:]), len(text)]
    return [text[start:end].strip() for start, end in pairwise(places)]


def shared(segments: Sequence[Segment], words: Sequence[Word]) -> list[list[Word]]:
    """The words for each segment, in order: each word is given to the segment that it lies in; of several, to its speaker's."""
    owner = dict(_owned(segments, words))
    found: list[list[Word]] = [[] for _ in segments]
    for number, word in enumerate(words):
        if number in owner:
            found[owner[number]].append(word)
    return found


def _owned(segments: Sequence[Segment], words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """The numbers of each word and of its segment; one walk along the time, since a talk can have a hundred thousand words."""
    waiting = sorted(range(len(segments)), key=lambda number: segments[number].start, reverse=True)
    around: list[int] = []
    for number in sorted(range(len(words)), key=lambda number: _middle(words[number])):
        word = words[number]
        while waiting and segments[waiting[-1]].start <= _middle(word):
            around.append(waiting.pop())
        around = [each for each in around if segments[each].end >= _middle(word)]
        if around:
            yield number, max(around, key=lambda each: _fit(segments[each], word))


def _middle(word: Word) -> float:
    return (word.start + word.end) / 2


def _fit(segment: Segment, word: Word) -> tuple[int, float]:
    """How well a word fits into a segment around it: a speaker of its own speaks for it; then the later start."""
    known = 0 if segment.speaker is None else 1 if segment.speaker == word.speaker else -1
    return known, segment.start


def _found(text: str, word: str, place: int) -> tuple[int, int] | None:
    """Begin and end of `word` in the lower-case `text` soon after `place`: as it is, else without the signs around it."""
    for sought in (_lowered(word.strip()), _EDGES.sub("", _lowered(word))):
        at = text.find(sought, place, place + _FURTHEST + len(sought)) if sought else -1
        while at > 0 and _inside(text, at):
            at = text.find(sought, at + 1, place + _FURTHEST + len(sought))
        if at >= 0:
            return at, at + len(sought)
    return None


def _inside(text: str, at: int) -> bool:
    """Whether a word goes on at `at` rather than begins there."""
    return text[at - 1].isalnum() and text[at].isalnum() and not (_UNSPACED.match(text[at - 1]) or _UNSPACED.match(text[at]))


def _lowered(text: str) -> str:
    """In lower case, letter by letter: one that grows in lower case would move all positions after it."""
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)


def _opening(text: str, place: int) -> int:
    """`place`, or where the brackets and quotes begin that belong to the word there."""
    while place > 0 and (text[place - 1] in "\"'" or unicodedata.category(text[place - 1]) in _OPENING):
        place -= 1
    return place
