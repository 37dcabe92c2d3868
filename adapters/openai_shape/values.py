"""Values that stand beside the words, read leniently: a number may be written as text, and what is no such value says nothing."""

import math
from typing import Final, cast

__all__ = ("count", "items", "label", "number", "share", "table")

_MOST: Final = 1e15
"""More than anything that is counted here; beyond it floats lose whole numbers."""


def number(value: object) -> float | None:
    """A finite number, also one in a string.

    >>> number(2), number("2.5"), number("soon"), number(True), number(None)
    (2.0, 2.5, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def count(value: object) -> int | None:
    """How many of something: a whole number, not negative.

    >>> count(37), count(37.0), count("37"), count(-1), count(0.5)
    (37, 37, 37, None, None)
    """
    found = number(value)
    return int(found) if found is not None and 0 <= found < _MOST and found.is_integer() else None


def share(value: object) -> float | None:
    """A number from 0 to 1."""
    found = number(value)
    return found if found is not None and 0 <= found <= 1 else None


def label(value: object) -> str | None:
    """A name, or the number that stands for one.

    >>> label("A"), label(0), label(1.0), label(""), label({})
    ('A', '0', '1', None, None)
    """
    if isinstance(value, str):
        return value.strip() or None
    whole = count(value)
    return None if whole is None else str(whole)


def table(value: object) -> dict[str, object]:
    """An object, empty for anything else."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    """A list, empty for anything else."""
    return cast("list[object]", value) if isinstance(value, list) else []
