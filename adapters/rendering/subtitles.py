"""Subtitles from a transcript: cues, and the two ways to write them, SRT and WebVTT.

Times are whole milliseconds from the first step on: rounded once, then divided, so that 59.9996 s is one minute and never
`59.1000`. A cue ends after it begins, its text has no blank line, and nothing in it can be taken for the arrow between two
times. Cues come from segments, which are cut where they are more than can be read; where there are none, from words. Who speaks
at once with somebody else has a cue at the same time.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from msgspec.structs import replace

from voxplan.adapters.rendering.aligning import parts, shared
from voxplan.adapters.rendering.pacing import SHORTEST_MS, Cue, Said, cut, milliseconds
from voxplan.adapters.rendering.speakers import lettered
from voxplan.adapters.rendering.wrapping import shown
from voxplan.engine.terms.transcript import Segment, Transcript, Word

__all__ = ("cues", "srt", "vtt")

# A pause that a listener hears as one: what comes after it is a new cue.
_PAUSE_MS: Final = 800

_ARROWS: Final = re.compile(r"-{2,}>")


def cues(transcript: Transcript) -> tuple[Cue, ...] | None:
    """The cues of a transcript by their start; empty when nothing was said, None when it has text but no times.

    Speakers are called what `diarized_json` calls them, whatever the provider's own labels look like.
    """
    segments, words = transcript.segments or (), transcript.words or ()
    names = lettered((*(each.speaker for each in segments), *(each.speaker for each in words)))
    segments = tuple(replace(each, speaker=names.get(each.speaker or "")) for each in segments) if names else segments
    words = tuple(replace(each, speaker=names.get(each.speaker or "")) for each in words) if names else words
    found = _of_segments(segments, words) or _of_words(transcript.text, words)
    if not found and transcript.text.strip():
        return None
    by_start = sorted(found, key=lambda cue: cue.start_ms)
    return tuple(_readable(by_start, None if transcript.seconds is None else milliseconds(transcript.seconds)))


def srt(found: tuple[Cue, ...]) -> str:
    """SubRip: numbered cues, each followed by a blank line. It has no way to escape, so an arrow loses its dashes but one."""
    return "".join(
        f"{number}\n{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}\n{_srt_text(cue)}\n\n"
        for number, cue in enumerate(found, start=1)
    )


def vtt(found: tuple[Cue, ...]) -> str:
    """WebVTT: header, blank line, cues each followed by a blank line; hours always, as OpenAI prints them."""
    return "WEBVTT\n\n" + "".join(
        f"{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n{_vtt_text(cue)}\n\n" for cue in found
    )


def _of_segments(segments: Sequence[Segment], words: Sequence[Word]) -> list[Cue]:
    """A cue for each segment that can be read as one; others are cut."""
    return [
        cue
        for segment, spoken in zip(segments, shared(segments, words), strict=True)
        for cue in cut(_said(segment.text, segment.start, segment.end, segment.speaker, spoken))
    ]


def _of_words(text: str, words: Sequence[Word]) -> list[Cue]:
    """The text, cut where the speaker changes or pauses, and then as people read."""
    if not words:
        return []
    firsts = [0, *(number for number, (before, word) in enumerate(pairwise(words), start=1) if _new(before, word))]
    found: list[Cue] = []
    for first, end, piece in zip(firsts, [*firsts[1:], len(words)], parts(text, words, firsts), strict=True):
        spoken = words[first:end]
        found += cut(_said(piece, spoken[0].start, max(word.end for word in spoken), spoken[0].speaker, spoken), whole=False)
    return found


def _said(text: str, start_s: float, end_s: float, speaker: str | None, words: Sequence[Word]) -> Said:
    start_ms = max(0, milliseconds(start_s))
    return Said(text, start_ms, max(start_ms + 1, milliseconds(end_s)), shown(speaker or "") or None, words)


def _new(before: Word, word: Word) -> bool:
    return word.speaker != before.speaker or milliseconds(word.start) - milliseconds(before.end) > _PAUSE_MS


def _readable(found: list[Cue], end_ms: int | None) -> list[Cue]:
    """A cue too short to be read stays until it is, until the next begins, or until the audio ends."""
    readable: list[Cue] = []
    following_ms: int | None = None
    for cue in reversed(found):
        if readable and readable[-1].start_ms > cue.start_ms:
            following_ms = readable[-1].start_ms
        limits = [each for each in (cue.start_ms + SHORTEST_MS, following_ms, end_ms) if each is not None]
        readable.append(cue._replace(end_ms=max(cue.end_ms, min(limits))))
    return readable[::-1]


def _clock(ms: int, point: str) -> str:
    """Hours, minutes, seconds, milliseconds; hours grow past 99 rather than wrap.

    >>> _clock(round(59.9996 * 1000), ","), _clock(360_000_000, ".")
    ('00:01:00,000', '100:00:00.000')
    """
    minutes, rest_ms = divmod(ms, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest_ms // 1000:02d}{point}{rest_ms % 1000:03d}"


def _srt_text(cue: Cue) -> str:
    said = "\n".join(cue.lines)
    return _ARROWS.sub("->", said if cue.speaker is None else f"{cue.speaker}: {said}")


def _vtt_text(cue: Cue) -> str:
    said = "\n".join(_escaped(line) for line in cue.lines)
    return said if cue.speaker is None else f"<v {_escaped(cue.speaker)}>{said}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
