"""What was said in one stretch of time, cut into cues that can be read: not too much, not too long, not too short.

Measures are Netflix's (partnerhelp.netflixstudios.com, Timed Text Style Guide: General Requirements): two lines, from 5/6 s to
7 s. Among all ways to cut, the one with the least cost is taken; what a cue costs is said once, in `_Stretch.cost`.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

from voxplan.adapters.rendering.aligning import starts
from voxplan.adapters.rendering.wrapping import LINE, Atom, atoms, lines, merit, shown, width
from voxplan.engine.terms.transcript import Word

__all__ = ("LONGEST_MS", "SHORTEST_MS", "Cue", "Said", "cut", "milliseconds")

SHORTEST_MS: Final = 833
LONGEST_MS: Final = 7000
_BLANK: Final = width(" ")

# The window in which a cue is sought: two lines of single letters.
_MOST_ATOMS: Final = 84

# Costs. A cue more costs less than a sentence's end inside one, so sentences get cues of their own, unless they are too short
# to be read. A line too long or, where the times of the words are known, a cue too long costs more than anything else; where
# they are only guessed, a long cue costs less than a cut inside a clause.
_CUE: Final = 8
_SENTENCE_INSIDE: Final = 20
_TOO_SHORT: Final = 30
_TOO_MUCH: Final = 100_000
_TOO_LONG: Final = 2_000
_TOO_LONG_BY_GUESS: Final = 60
_GUESSED_CUT: Final = 8
_CLAUSE: Final = 2
_MOST_EMPTY: Final = 8
_MOST_FOR_A_PAUSE: Final = 6
_PAUSE_STEP_MS: Final = 100

# How far the times of a segment and of its first and last word may be apart and still mean the same.
_SLACK_MS: Final = 1000

_LAST_S: Final = 1e12


class Cue(NamedTuple):
    """One subtitle: whole milliseconds, `end_ms` after `start_ms`, and the lines to show, none of them blank."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    speaker: str | None = None


class Said(NamedTuple):
    """A text that one speaker said, from when to when; with the times of its words, where they are known."""

    text: str
    start_ms: int
    end_ms: int
    speaker: str | None = None
    words: Sequence[Word] = ()


def cut(said: Said, *, whole: bool = True) -> list[Cue]:
    """The cues of what was said; with `whole` just one, if it can be read as one."""
    text = shown(said.text)
    if not text:
        return []
    stretch = _stretch(said, text)
    number = len(stretch.atoms)
    if whole and stretch.fits(0, number) and said.end_ms - said.start_ms <= LONGEST_MS:
        bounds = [0, number]
    else:
        bounds = _cheapest(stretch)
    return [stretch.cue(first, end, said.speaker) for first, end in pairwise(bounds)]


class _Stretch(NamedTuple):
    """The atoms of a text, when each begins and ends, and what has been measured of them once.

    `taken` is the width before each atom, and of all; `merits` say how good a break before each atom is, `sentences` how many
    sentences have ended before it. `first_line` is what a name leaves of it. `timed`: the times are those of words.
    """

    atoms: list[Atom]
    starts_ms: list[int]
    ends_ms: list[int]
    taken: list[int]
    merits: list[int]
    sentences: list[int]
    first_line: int
    timed: bool

    def cue(self, first: int, end: int, speaker: str | None) -> Cue:
        """The atoms from `first` to before `end` as a cue."""
        start_ms = self.starts_ms[first]
        return Cue(start_ms, max(start_ms + 1, self.ends_ms[end - 1]), lines(self.atoms[first:end], self.first_line), speaker)

    def fits(self, first: int, end: int) -> bool:
        """Whether two lines are enough."""
        upper = bisect_right(self.taken, self._before(first) + self.first_line) - 1
        if upper >= end:
            return True
        return upper > first and self.taken[end] - self._before(upper) <= LINE

    def cost(self, first: int, end: int) -> int:
        """How bad these atoms would be as a cue."""
        spoken_ms = self.ends_ms[end - 1] - self.starts_ms[first]
        seen_ms = spoken_ms if end == len(self.atoms) else self.starts_ms[end] - self.starts_ms[first]
        cost = _CUE if self.fits(first, end) else _TOO_MUCH
        if spoken_ms > LONGEST_MS:
            cost += _TOO_LONG + 2 * (spoken_ms - LONGEST_MS) if self.timed else _TOO_LONG_BY_GUESS
        if seen_ms < SHORTEST_MS:
            cost += _TOO_SHORT * (SHORTEST_MS - seen_ms) // SHORTEST_MS
        cost += _SENTENCE_INSIDE * (self.sentences[end - 1] - self.sentences[first])
        empty = _MOST_EMPTY * max(0, 2 * LINE - self.taken[end] + self._before(first)) // (2 * LINE)
        return cost + empty * empty // (2 * _MOST_EMPTY) + self._cut_cost(end)

    def _cut_cost(self, end: int) -> int:
        """How bad a cut before atom `end` is; a pause there makes it better."""
        if end == len(self.atoms):
            return 0
        merit = self.merits[end]
        paused = min(_MOST_FOR_A_PAUSE, (self.starts_ms[end] - self.ends_ms[end - 1]) // _PAUSE_STEP_MS)
        return merit * _GUESSED_CUT if not self.timed and merit > _CLAUSE else merit - paused

    def _before(self, first: int) -> int:
        """The width before an atom that begins a line, where the blank before it is not shown."""
        return self.taken[first] + (_BLANK if self.atoms[first].spaced else 0)


def _cheapest(stretch: _Stretch) -> list[int]:
    """Where cues begin, and the end of the last: of all ways to cut, one that costs least."""
    number = len(stretch.atoms)
    least, before = [0] * (number + 1), [0] * (number + 1)
    for end in range(1, number + 1):
        best: tuple[int, int] | None = None
        for first in range(end - 1, max(-1, end - _MOST_ATOMS - 1), -1):
            if first < end - 1 and not stretch.fits(first, end):
                break
            offer = (least[first] + stretch.cost(first, end), first)
            best = offer if best is None else min(best, offer)
        least[end], before[end] = best or (0, 0)
    bounds = [number]
    while bounds[-1] > 0:
        bounds.append(before[bounds[-1]])
    return bounds[::-1]


def _stretch(said: Said, text: str) -> _Stretch:
    found = starts(text, said.words) if said.words else None
    pieces = atoms(text, found)
    taken = [0, *accumulate(each.width + (_BLANK if each.spaced else 0) for each in pieces)]
    merits = [0, *(merit(before.text, after.text) for before, after in pairwise(pieces))]
    sentences = [0, *accumulate(int(each == 0) for each in merits[1:])]
    prefix = width(f"{said.speaker}: ") if said.speaker else 0
    first_line = max(LINE // 2, LINE - prefix)
    starts_ms, ends_ms = _shares(said, taken) if found is None else _timed(said, pieces, found)
    return _Stretch(pieces, starts_ms, ends_ms, taken, merits, sentences, first_line, found is not None)


def _shares(said: Said, taken: list[int]) -> tuple[list[int], list[int]]:
    """When each atom begins and ends if all letters take equally long."""
    whole_ms = max(1, said.end_ms - said.start_ms)
    moments = [said.start_ms + whole_ms * each // max(1, taken[-1]) for each in taken]
    return moments[:-1], moments[1:]


def _timed(said: Said, pieces: list[Atom], found: Sequence[int]) -> tuple[list[int], list[int]]:
    """When each atom begins and ends by its words, never backwards and never outside; one without words takes no time."""
    starts_ms, ends_ms = list[int](), list[int]()
    number, now_ms = 0, said.start_ms
    for following in (*pieces[1:], None):
        until = None if following is None else following.place
        own: list[Word] = []
        while number < len(found) and (until is None or found[number] < until):
            own.append(said.words[number])
            number += 1
        begin_ms = _within(milliseconds(own[0].start), now_ms, said.end_ms) if own else now_ms
        now_ms = max((_within(milliseconds(word.end), begin_ms, said.end_ms) for word in own), default=begin_ms)
        starts_ms.append(begin_ms)
        ends_ms.append(now_ms)
    if starts_ms[0] - said.start_ms <= _SLACK_MS:
        starts_ms[0] = said.start_ms
    if said.end_ms - ends_ms[-1] <= _SLACK_MS:
        ends_ms[-1] = max(said.end_ms, ends_ms[-1])
    return starts_ms, ends_ms


def milliseconds(seconds: float) -> int:
    """Whole milliseconds; a time past all recordings is the last that there is.

    >>> milliseconds(59.9996), milliseconds(1e308) == milliseconds(1e300)
    (60000, True)
    """
    return round(min(seconds, _LAST_S) * 1000)


def _within(moment_ms: int, first_ms: int, last_ms: int) -> int:
    return max(first_ms, min(moment_ms, last_ms))
