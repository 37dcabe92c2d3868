"""Durations as an author writes them: `500ms`, `8s`, `2m`, `1h`, plain seconds, and `a + b * audio.seconds`.

Inside, a duration is a `Span`: whole milliseconds plus milliseconds per second of audio. Every span that can be written can be
printed and reads back as the same span, because both parts are limited: whole milliseconds up to 1000 hours, and per second of
audio whole nanoseconds up to 1000 seconds. The other quantities are structs here; `amounts` reads and prints them.
"""

import math
import re
from fractions import Fraction
from typing import Final

import msgspec
from returns.result import Failure, Success

from voxplan.engine.terms.spelling import quoted

__all__ = (
    "MAX_BASE_MS",
    "MAX_PER_SECOND_MS",
    "ClockTime",
    "Money",
    "Share",
    "Size",
    "Span",
    "milliseconds",
    "parse_span",
    "print_span",
)

MAX_BASE_MS: Final = 1000 * 3_600_000
MAX_PER_SECOND_MS: Final = 1000 * 1000

_UNITS_MS: Final[dict[str, int]] = {"ms": 1, "s": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000}
_NANOSECONDS: Final = 10**6  # in one millisecond
_LONGEST: Final = 100
# Digits are spelt out: `\d` takes those of every script.
_NUMBER: Final = r"([0-9]{1,12}(?:\.[0-9]{1,9})?)"
_CONSTANT: Final = re.compile(rf"{_NUMBER} *(ms|s|min|m|h)?")
_PER_AUDIO: Final = re.compile(rf"{_NUMBER} *(ms|s)? *\* *audio\.seconds")
_HINT: Final = "expected a duration such as `500ms`, `8s`, `2m` or `5s + 0.05 * audio.seconds`"


class Span(msgspec.Struct, frozen=True, omit_defaults=True):
    """`base_ms` milliseconds plus `per_second` milliseconds for each second of audio.

    `per_second` is a reduced fraction of integers (numerator, denominator), so that no rounding depends on the machine; its
    denominator divides a million.
    """

    base_ms: int
    per_second: tuple[int, int] = (0, 1)

    @property
    def depends_on_audio(self) -> bool:
        """Whether the span needs the length of the audio."""
        return self.per_second[0] != 0


def milliseconds(span: Span, audio_seconds: float | None) -> int | None:
    """The span in whole milliseconds, rounded up; None when it needs the length of the audio and that is unknown.

    >>> milliseconds(Span(5000, (50, 1)), 1.5)
    5075
    """
    if not span.depends_on_audio:
        return span.base_ms
    if audio_seconds is None or not math.isfinite(audio_seconds) or audio_seconds < 0:
        return None
    # Whole numbers all the way: exact, and several times faster than fractions (this runs for every rule of every attempt).
    numerator, denominator = span.per_second
    seconds, parts = audio_seconds.as_integer_ratio()
    return span.base_ms - (-seconds * numerator) // (parts * denominator)


def parse_span(text: str | float) -> Success[Span] | Failure[str]:
    """Read a duration; a bare number is seconds. The failure is one line that says what was expected.

    >>> parse_span("5s + 0.05 * audio.seconds").unwrap()
    Span(base_ms=5000, per_second=(50, 1))
    """
    if isinstance(text, str):
        base, per_second = _terms(text) or (None, Fraction(0))
    else:
        base, per_second = _seconds(text), Fraction(0)
    if base is None:
        return Failure(f"{_HINT}, got {quoted(text)}")
    if base.denominator != 1:
        return Failure(f"expected whole milliseconds, got {quoted(text)}")
    if (per_second * _NANOSECONDS).denominator != 1:
        return Failure(f"expected whole nanoseconds per second of audio, got {quoted(text)}")
    if base > MAX_BASE_MS or per_second > MAX_PER_SECOND_MS:
        return Failure(f"expected at most `1000h` and `1000 * audio.seconds`, got {quoted(text)}")
    return Success(Span(int(base), (per_second.numerator, per_second.denominator)))


def print_span(span: Span) -> str:
    """The text of a span, which `parse_span` reads back as the same span.

    >>> print_span(Span(5000, (50, 1)))
    '5s + 0.05 * audio.seconds'
    """
    parts = [_print_constant(span.base_ms)] if span.base_ms or not span.depends_on_audio else []
    if span.depends_on_audio:
        parts.append(f"{_decimal(Fraction(*span.per_second) / 1000)} * audio.seconds")
    return " + ".join(parts)


def _terms(text: str) -> tuple[Fraction, Fraction] | None:
    """The sum of the constant terms and that of the factors, in milliseconds; None when it is no duration."""
    base, per_second = Fraction(0), Fraction(0)
    for term in text.split("+") if len(text) <= _LONGEST else [""]:
        if match := _CONSTANT.fullmatch(term.strip(" ")):
            base += Fraction(match[1]) * _UNITS_MS[match[2] or "s"]
        elif match := _PER_AUDIO.fullmatch(term.strip(" ")):
            per_second += Fraction(match[1]) * _UNITS_MS[match[2] or "s"]
        else:
            return None
    return base, per_second


def _seconds(number: float) -> Fraction | None:
    # The shortest text of a float is what the author wrote: 0.1 is a tenth of a second here, not 0.1000000000000000055.
    if isinstance(number, bool) or not math.isfinite(number) or number < 0:
        return None
    return Fraction(repr(number)) * 1000


def _print_constant(base_ms: int) -> str:
    return f"{base_ms // 1000}s" if base_ms % 1000 == 0 else f"{base_ms}ms"


def _decimal(value: Fraction) -> str:
    # INVARIANT: a factor is a whole number of nanoseconds, so nine digits print it exactly.
    whole, rest = divmod(int(value * 10**9), 10**9)
    return f"{whole}.{rest:09d}".rstrip("0").rstrip(".")


class Share(msgspec.Struct, frozen=True):
    """A part of the whole, in millionths."""

    millionths: int


class Money(msgspec.Struct, frozen=True):
    """US dollars, in billionths."""

    nano: int


class Size(msgspec.Struct, frozen=True):
    """An amount of data, in bytes."""

    bytes: int


class ClockTime(msgspec.Struct, frozen=True):
    """A time of day in whole minutes since midnight; 24:00 is the end of the day."""

    minutes: int
