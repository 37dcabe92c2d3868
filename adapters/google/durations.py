"""Protobuf durations as JSON writes them: seconds with up to nine digits, and an `s` behind them."""

import re
from typing import Final

__all__ = ("seconds_of", "times_of")

_DURATION: Final = re.compile(r"-?\d{1,9}(?:\.\d{1,9})?s")


def seconds_of(duration: object) -> float | None:
    """The seconds of a duration, never negative; None for whatever is none.

    >>> seconds_of("7s"), seconds_of("0.450s"), seconds_of("-0.1s"), seconds_of("soon")
    (7.0, 0.45, 0.0, None)
    """
    if not isinstance(duration, str) or not _DURATION.fullmatch(duration):
        return None
    return max(0.0, float(duration[:-1]))


def times_of(start: object, end: object) -> tuple[float, float] | None:
    """Start and end in seconds, not the wrong way round; a start that is left out beside an end is 0 (proto3 omits zeros)."""
    ended = seconds_of(end)
    began = 0.0 if start is None else seconds_of(start)
    return None if ended is None or began is None else (began, max(began, ended))
