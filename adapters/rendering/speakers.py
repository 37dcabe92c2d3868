"""Who said what: a transcript as turns, each of one speaker, with the letters that OpenAI calls speakers by.

Segments are the turns where each has one speaker. One whose words come from several is cut by its words; where there are no
segments, the words alone make the turns.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Final

from msgspec.structs import replace

from voxplan.adapters.rendering.aligning import parts, shared
from voxplan.engine.terms.transcript import Segment, Transcript, Word

__all__ = ("NOBODY", "letter", "lettered", "turns")

# What stands for the speaker of a turn that the provider could give to nobody, beside turns that it could.
NOBODY: Final = "unknown"

# `0`, `speaker_1`, `SPEAKER_00`, `Speaker 2`, `spk:0`, `spk_1`, `S1`: labels that say no more than who is who.
_NUMBERED: Final = re.compile(r"(?:(?:speaker|spkr?|s)[ _:#-]*)?\d+", re.IGNORECASE)
_LETTERS: Final = 26


def turns(transcript: Transcript) -> tuple[Segment, ...] | None:
    """The turns by their start, speakers named as OpenAI names them; None for a text without times or without speakers."""
    found = sorted(_cut(transcript), key=lambda segment: segment.start)
    if not any(segment.speaker for segment in found):
        return None if transcript.text.strip() else ()
    names = lettered(segment.speaker for segment in found)
    return tuple(replace(segment, speaker=names.get(segment.speaker or "", NOBODY)) for segment in found)


def lettered(speakers: Iterable[str | None]) -> dict[str, str]:
    """What each speaker is called: numbers become letters in the order in which they appear; names stay.

    >>> lettered(["speaker_7", "Agnes", "speaker_2", None, "speaker_7"])
    {'speaker_7': 'A', 'Agnes': 'Agnes', 'speaker_2': 'B'}
    """
    listed = dict.fromkeys(speaker for speaker in speakers if speaker)
    taken = {speaker for speaker in listed if not _NUMBERED.fullmatch(speaker)}
    free = (name for name in map(letter, count()) if name not in taken)
    return {speaker: speaker if speaker in taken else next(free) for speaker in listed}


def letter(number: int) -> str:
    """A, B, … Z, AA, AB, … as columns of a spreadsheet are called.

    >>> letter(0), letter(25), letter(26), letter(701), letter(702)
    ('A', 'Z', 'AA', 'ZZ', 'AAA')
    """
    name, rest = "", number + 1
    while rest:
        rest, place = divmod(rest - 1, _LETTERS)
        name = chr(ord("A") + place) + name
    return name


def _cut(transcript: Transcript) -> Iterator[Segment]:
    """The segments of the transcript, cut where the speaker changes; words alone are one long segment to be cut."""
    words = transcript.words or ()
    segments = tuple(segment for segment in transcript.segments or () if segment.text.strip())
    if not segments and words:
        start, end = min(word.start for word in words), max(word.end for word in words)
        segments = (Segment(text=transcript.text, start=start, end=end),)
    for segment, spoken in zip(segments, shared(segments, words), strict=True):
        yield from _by_speaker(segment, spoken)


def _by_speaker(segment: Segment, words: Sequence[Word]) -> Iterator[Segment]:
    """The segment itself if one speaker speaks in it, else its parts by who does."""
    speakers = list(dict.fromkeys(word.speaker for word in words if word.speaker))
    if len(speakers) <= 1:
        yield replace(segment, speaker=segment.speaker or next(iter(speakers), None))
        return
    firsts = _changes(words)
    ends = [*firsts[1:], len(words)]
    for first, end, text in zip(firsts, ends, parts(segment.text, words, firsts), strict=True):
        said = words[first:end]
        speaker = next(word.speaker for word in said if word.speaker)
        if text:
            last = max(word.end for word in said)
            yield Segment(text=text, start=said[0].start, end=max(said[0].start, last), speaker=speaker)


def _changes(words: Sequence[Word]) -> list[int]:
    """The numbers of the words at which another speaker begins, 0 first; a word of nobody goes on with the speaker."""
    found, speaking = [0], next(word.speaker for word in words if word.speaker)
    for number, word in enumerate(words):
        if word.speaker and word.speaker != speaking:
            found.append(number)
            speaking = word.speaker
    return found
