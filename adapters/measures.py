"""What providers measure, brought into our measures: times in seconds, confidences from 0 to 1, names.

What cannot be so is as if it had not been said.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Final

from voxplan.adapters.rendering.aligning import joined
from voxplan.engine.terms.transcript import Segment, Word

__all__ = ("likelihood", "readable", "seconds", "sentences", "share", "span", "speaker")

_LONGEST_NAME: Final = 128
_LONGEST_S: Final = 1e9

# The last five end sentences in Chinese and Japanese, in Hindi, in Arabic.
_ENDINGS: Final = (".", "!", "?", "…", "\u3002", "\uff01", "\uff1f", "\u0964", "\u061f")


def span(start: float | None, end: float | None, unit_s: float = 1.0) -> tuple[float, float] | None:
    """Start and end in seconds, neither negative nor the wrong way round; None when one is missing.

    >>> span(250, 650, 0.001), span(-0.1, 0.5), span(2, 1), span(None, 1)
    ((0.25, 0.65), (0.0, 0.5), (2.0, 2.0), None)
    """
    start_s, end_s = seconds(start, unit_s), seconds(end, unit_s)
    return None if start_s is None or end_s is None else (start_s, max(start_s, end_s))


def seconds(given: float | None, unit_s: float = 1.0) -> float | None:
    """So many units in seconds, to the microsecond and never negative; none where no recording lasts so long."""
    return None if given is None or not given * unit_s <= _LONGEST_S else round(max(0.0, given * unit_s), 6)


def share(given: float | None) -> float | None:
    """A number from 0 to 1."""
    return given if given is not None and 0 <= given <= 1 else None


def likelihood(logprob: float | None) -> float | None:
    """The number from 0 to 1 that has this logarithm."""
    return None if logprob is None or not logprob <= 0 else math.exp(logprob)


def readable(name: str | None) -> str | None:
    """A provider's name for the exchange, if it is one readable word."""
    fits = name is not None and name.isascii() and name.isprintable() and 0 < len(name) <= _LONGEST_NAME
    return name if fits else None


def speaker(label: str | int | None, channel: str | int | None = None) -> str | None:
    """Who speaks: the provider's label; where channels were kept apart and nobody is named, the channel.

    >>> speaker(0), speaker("A"), speaker(None, 1), speaker(0, 1), speaker("speaker_0", 1), speaker("")
    ('0', 'A', 'channel 1', 'channel 1 speaker 0', 'channel 1 speaker_0', None)
    """
    named = None if label is None or label == "" else str(label)
    if channel is None:
        return named
    said = (f"channel {channel}", f"speaker {named}" if isinstance(label, int) else named)
    return " ".join(part for part in said if part)


def sentences(words: Sequence[Word]) -> tuple[Segment, ...]:
    """The words as segments, each a sentence of one speaker, or what is there of it."""
    return tuple(
        Segment(text=joined(said), start=said[0].start, end=max(word.end for word in said), speaker=said[0].speaker)
        for said in _sentences(words)
    )


def _sentences(words: Sequence[Word]) -> Iterator[list[Word]]:
    said: list[Word] = []
    for word in words:
        if said and (said[-1].speaker != word.speaker or said[-1].word.endswith(_ENDINGS)):
            yield said
            said = []
        said.append(word)
    if said:
        yield said
