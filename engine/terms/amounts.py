"""Shares, money, sizes and times of day as an author writes them: `5%`, `$0.05`, `25MB`, `08:00`.

Inside they are whole numbers (millionths, billionths of a dollar, bytes, minutes), so that nothing is rounded: what cannot be
said exactly is refused, and everything that can be read is printed so that it reads back as the same.
"""

import math
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from returns.result import Failure, Success

from voxplan.engine.terms.quantity import ClockTime, Money, Share, Size
from voxplan.engine.terms.spelling import quoted

__all__ = (
    "MAX_NANO",
    "MAX_SIZE",
    "MILLIONTHS",
    "MINUTES_OF_A_DAY",
    "parse_clock_time",
    "parse_money",
    "parse_share",
    "parse_size",
    "print_clock_time",
    "print_money",
    "print_share",
    "print_size",
)

MILLIONTHS: Final = 10**6
"""The whole, as a share."""

MAX_NANO: Final = 10**6 * 10**9
"""A million dollars."""

MAX_SIZE: Final = 1 << 40
"""A tebibyte, in bytes."""

MINUTES_OF_A_DAY: Final = 24 * 60

# Digits are spelt out: `\d` takes those of every script. A tebibyte in bytes has thirteen.
_NUMBER: Final = r"([0-9]{1,13}(?:\.[0-9]{1,12})?)"
_SHARE: Final = re.compile(rf"{_NUMBER} *(%)?")
_MONEY: Final = re.compile(rf"\$ *{_NUMBER}|{_NUMBER}(?: *USD)?")
_UNITS: Final[Mapping[str, int]] = {
    "TiB": 1 << 40,
    "TB": 10**12,
    "GiB": 1 << 30,
    "GB": 10**9,
    "MiB": 1 << 20,
    "MB": 10**6,
    "KiB": 1 << 10,
    "KB": 10**3,
    "B": 1,
}
_SIZE: Final = re.compile(rf"{_NUMBER} *({'|'.join(_UNITS)})?")
_CLOCK: Final = re.compile(r"([0-9]{1,2}):([0-5][0-9])")
_SHARE_HINT: Final = "expected a share such as `5%` or `0.05`"
_MONEY_HINT: Final = "expected US dollars such as `$0.05`"
_SIZE_HINT: Final = "expected a size such as `25MB` or `512MiB`"
_CLOCK_HINT: Final = "expected a time of day from `00:00` to `24:00`"


def parse_share(text: str | float) -> Success[Share] | Failure[str]:
    """Read a share, a percentage or a number from 0 to 1. The failure is one line that says what was expected.

    >>> parse_share("0.5%").unwrap()
    Share(millionths=5000)
    """
    found = _SHARE.fullmatch(text.strip(" ")) if isinstance(text, str) else None
    whole = _exact(text) if found is None else Fraction(found[1]) / (100 if found[2] else 1)
    if whole is None:
        return Failure(f"{_SHARE_HINT}, got {quoted(text)}")
    if whole > 1:
        return Failure(f"{_SHARE_HINT}, at most `100%`, got {quoted(text)}")
    millionths = whole * MILLIONTHS
    if millionths.denominator != 1:
        return Failure(f"expected at most four decimals of a percent, got {quoted(text)}")
    return Success(Share(int(millionths)))


def print_share(share: Share) -> str:
    """The text of a share, which `parse_share` reads back as the same.

    >>> print_share(Share(5000))
    '0.5%'
    """
    return f"{_decimal(share.millionths, 4)}%"


def parse_money(text: str | float) -> Success[Money] | Failure[str]:
    """Read an amount of US dollars; a bare number is dollars too. The failure is one line that says what was expected.

    >>> parse_money("$0.05").unwrap()
    Money(nano=50000000)
    """
    found = _MONEY.fullmatch(text.strip(" ")) if isinstance(text, str) else None
    dollars = _exact(text) if found is None else Fraction(found[1] or found[2])
    if dollars is None:
        return Failure(f"{_MONEY_HINT}, got {quoted(text)}")
    nano = dollars * 10**9
    if nano > MAX_NANO:
        return Failure(f"expected at most `$1000000`, got {quoted(text)}")
    if nano.denominator != 1:
        return Failure(f"expected at most nine decimals of a dollar, got {quoted(text)}")
    return Success(Money(int(nano)))


def print_money(money: Money) -> str:
    """The text of an amount, which `parse_money` reads back as the same.

    >>> print_money(Money(50_000_000))
    '$0.05'
    """
    return f"${_decimal(money.nano, 9)}"


def parse_size(text: str | float) -> Success[Size] | Failure[str]:
    """Read an amount of data; a bare number is bytes. The failure is one line that says what was expected.

    >>> parse_size("25MB").unwrap()
    Size(bytes=25000000)
    """
    found = _SIZE.fullmatch(text.strip(" ")) if isinstance(text, str) else None
    size = _exact(text) if found is None else Fraction(found[1]) * _UNITS[found[2] or "B"]
    if size is None:
        return Failure(f"{_SIZE_HINT}, got {quoted(text)}")
    if not 1 <= size <= MAX_SIZE:
        return Failure(f"expected at least `1B` and at most `1TiB`, got {quoted(text)}")
    if size.denominator != 1:
        return Failure(f"expected whole bytes, got {quoted(text)}")
    return Success(Size(int(size)))


def print_size(size: Size) -> str:
    """The text of a size, which `parse_size` reads back as the same: as few as possible of a unit that divides it.

    >>> print_size(Size(25_000_000)), print_size(Size(1 << 29)), print_size(Size(1_500_001))
    ('25MB', '512MiB', '1500001B')
    """
    unit = max((unit for unit, factor in _UNITS.items() if size.bytes % factor == 0), key=_UNITS.__getitem__)
    return f"{size.bytes // _UNITS[unit]}{unit}"


def parse_clock_time(text: str | float) -> Success[ClockTime] | Failure[str]:
    """Read a time of day, hours and minutes; `24:00` is the end of the day.

    >>> parse_clock_time("8:30").unwrap()
    ClockTime(minutes=510)
    """
    found = _CLOCK.fullmatch(text.strip(" ")) if isinstance(text, str) else None
    minutes = 60 * int(found[1]) + int(found[2]) if found is not None else None
    if minutes is None or minutes > MINUTES_OF_A_DAY:
        return Failure(f"{_CLOCK_HINT}, got {quoted(text)}")
    return Success(ClockTime(minutes))


def print_clock_time(time: ClockTime) -> str:
    """The text of a time of day, which `parse_clock_time` reads back as the same.

    >>> print_clock_time(ClockTime(510))
    '08:30'
    """
    hours, minutes = divmod(time.minutes, 60)
    return f"{hours:02d}:{minutes:02d}"


def _exact(number: str | float) -> Fraction | None:
    """The number by the digits that were written: 0.1 is a tenth here, not 0.1000000000000000055. None when it is none."""
    if isinstance(number, (str, bool)) or not math.isfinite(number) or number < 0:
        return None
    return Fraction(repr(number))


def _decimal(value: int, digits: int) -> str:
    """`value` with the decimal point so many digits from its end, without needless zeros."""
    whole, rest = divmod(value, 10**digits)
    return f"{whole}.{rest:0{digits}d}".rstrip("0").rstrip(".")
