"""How messages speak of what an author wrote: in backticks, on one line, with one suggestion when a name is close."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

__all__ = ("listed", "nearest", "quoted", "suggestion")

_LONGEST_QUOTE: Final = 60
_LONGEST_NAME: Final = 100  # that of a label; comparing much longer text takes quadratic time and helps nobody


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was probably meant to be; None when none is close.

    >>> nearest("opnai", ("openai", "groq"))
    'openai'
    """
    if len(name) > _LONGEST_NAME:
        return None
    folded = {other.casefold(): other for other in sorted(known, reverse=True)}
    close = get_close_matches(name.casefold(), sorted(folded), n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def suggestion(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: `, did you mean …?`, or nothing."""
    close = nearest(name, known)
    return f", did you mean {quoted(close)}?" if close is not None else ""


def quoted(value: str | float | None) -> str:
    r"""The value in backticks as an author would write it, on one line, cut when it is long.

    >>> quoted("two\nlines"), quoted(None), quoted(True)
    ('`two\\nlines`', '`null`', '`true`')
    """
    if not isinstance(value, str):
        return f"`{'null' if value is None else str(value).lower()}`"
    shown = value if len(value) <= _LONGEST_QUOTE else value[:_LONGEST_QUOTE] + "…"
    return f"`{''.join(_printable(character) for character in shown)}`"


def listed(names: Iterable[str | float]) -> str:
    """Names in backticks, separated by commas."""
    return ", ".join(quoted(name) for name in names)


def _printable(character: str) -> str:
    if character == "`":
        return "'"
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
