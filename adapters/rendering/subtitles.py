"""Subtitles from a transcript: cues, and the two ways to write them, SRT and WebVTT.

Times are whole milliseconds from the first step on: rounded once, then divided, so that 59.9996 s is one minute and never
`59.1000`. A cue ends after it begins, its text has no blank line, and nothing in it can be taken for the arrow between two
times. Cues come from segments; where there are none, from words, grouped as people read.
"""

import re
from itertools import pairwise
from typing import Final, NamedTuple

from voxplan.engine.terms.transcript import Segment, Transcript, Word

__all__ = ("Cue", "cues", "srt", "vtt")

# How words are grouped: two lines of 42 letters at most and seven seconds at most (Netflix's timed text style guide, the
# usual measure), a new cue after a pause that a listener hears as one, or after a sentence.
_CUE_LETTERS: Final = 84
_CUE_MS: Final = 7000
_PAUSE_MS: Final = 800

# The last five end sentences in Chinese and Japanese, in Hindi, in Arabic.
_ENDINGS: Final = (".", "!", "?", "…", "\u3002", "\uff01", "\uff1f", "\u0964", "\u061f")
_LINE_BREAKS: Final = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")

# Scripts that put no space between words: Kana, Han, Thai, Lao, Khmer, Burmese.
_UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


class Cue(NamedTuple):
    """One subtitle: whole milliseconds, `end_ms` after `start_ms`, and the lines to show, none of them blank."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    speaker: str | None = None


def cues(transcript: Transcript) -> tuple[Cue, ...] | None:
    """The cues of a transcript by their start; empty when nothing was said, None when it has text but no times."""
    found = _of_segments(transcript.segments or ()) or _of_words(transcript.words or ())
    if not found and transcript.text.strip():
        return None
    return tuple(sorted(found, key=lambda cue: cue.start_ms))


def srt(found: tuple[Cue, ...]) -> str:
    """SubRip: numbered cues, each followed by a blank line. It has no way to escape, so an arrow loses a dash."""
    return "".join(
        f"{number}\n{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}\n{_srt_text(cue)}\n\n"
        for number, cue in enumerate(found, start=1)
    )


def vtt(found: tuple[Cue, ...]) -> str:
    """WebVTT: header, blank line, cues each followed by a blank line; hours always, as OpenAI prints them."""
    return "WEBVTT\n\n" + "".join(
        f"{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n{_vtt_text(cue)}\n\n" for cue in found
    )


def _of_segments(segments: tuple[Segment, ...]) -> list[Cue]:
    made = (_cue(segment.start, segment.end, segment.text, segment.speaker) for segment in segments)
    return [cue for cue in made if cue is not None]


def _of_words(words: tuple[Word, ...]) -> list[Cue]:
    made = (_cue(group[0].start, group[-1].end, _joined(group), group[0].speaker) for group in _groups(words))
    return [cue for cue in made if cue is not None]


def _cue(start_s: float, end_s: float, text: str, speaker: str | None) -> Cue | None:
    """One cue, at least a millisecond long; None when there is nothing to show."""
    shown = (_CONTROLS.sub("", line).strip() for line in _LINE_BREAKS.split(text))
    lines = tuple(line for line in shown if line)
    start_ms = max(0, _ms(start_s))
    return Cue(start_ms, max(start_ms + 1, _ms(end_s)), lines, _plain(speaker or "") or None) if lines else None


def _groups(words: tuple[Word, ...]) -> list[tuple[Word, ...]]:
    """The words in order, cut wherever a cue would grow too long or a reader expects a new one."""
    if not words:
        return []
    groups, group = list[tuple[Word, ...]](), [words[0]]
    for before, word in pairwise(words):
        if _cut(group, before, word):
            groups.append(tuple(group))
            group = []
        group.append(word)
    return [*groups, tuple(group)]


def _cut(group: list[Word], before: Word, word: Word) -> bool:
    """Whether a new cue begins between `before`, the last of `group`, and `word`."""
    letters = sum(len(each.word) + 1 for each in group) + len(word.word)
    return (
        word.speaker != before.speaker
        or before.word.endswith(_ENDINGS)
        or _ms(word.start) - _ms(before.end) > _PAUSE_MS
        or _ms(word.end) - _ms(group[0].start) > _CUE_MS
        or letters > _CUE_LETTERS
    )


def _joined(group: tuple[Word, ...]) -> str:
    """The words as a line; no space where the script on both sides writes none."""
    text = group[0].word
    for before, word in pairwise(each.word for each in group):
        unspaced = _UNSPACED.match(before[-1:]) and _UNSPACED.match(word[:1])
        text += word if unspaced else f" {word}"
    return text


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _clock(ms: int, point: str) -> str:
    """Hours, minutes, seconds, milliseconds; hours grow past 99 rather than wrap.

    >>> _clock(round(59.9996 * 1000), ","), _clock(360_000_000, ".")
    ('00:01:00,000', '100:00:00.000')
    """
    minutes, rest_ms = divmod(ms, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest_ms // 1000:02d}{point}{rest_ms % 1000:03d}"


def _srt_text(cue: Cue) -> str:
    said = "\n".join(line.replace("-->", "->") for line in cue.lines)
    return said if cue.speaker is None else f"{cue.speaker.replace('-->', '->')}: {said}"


def _vtt_text(cue: Cue) -> str:
    said = "\n".join(_escaped(line) for line in cue.lines)
    return said if cue.speaker is None else f"<v {_escaped(cue.speaker)}>{said}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(name: str) -> str:
    return " ".join(_CONTROLS.sub(" ", name).split())
