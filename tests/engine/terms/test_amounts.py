import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from tests.condition_strategies import clock_times, monies, shares, sizes
from voxplan.engine.terms.amounts import (
    MAX_NANO,
    MAX_SIZE,
    MILLIONTHS,
    parse_clock_time,
    parse_money,
    parse_share,
    parse_size,
    print_clock_time,
    print_money,
    print_share,
    print_size,
)
from voxplan.engine.terms.quantity import ClockTime, Money, Share, Size

SHARES: dict[str | float, int] = {
    "5%": 50_000,
    "0.5%": 5000,
    "100%": MILLIONTHS,
    "0%": 0,
    "0.0001%": 1,
    " 5 % ": 50_000,
    "0.05": 50_000,
    "1": MILLIONTHS,
    0.05: 50_000,
    0: 0,
    1.0: MILLIONTHS,
    0.1: 100_000,
    1e-06: 1,
}
MONIES: dict[str | float, int] = {
    "$0.05": 50_000_000,
    "0.05": 50_000_000,
    "0.05 USD": 50_000_000,
    "$1": 10**9,
    "$ 2": 2 * 10**9,
    "$0.000000001": 1,
    "$1000000": MAX_NANO,
    0: 0,
    0.1: 100_000_000,
    5: 5 * 10**9,
    1e-09: 1,
}
SIZES: dict[str | float, int] = {
    "25MB": 25_000_000,
    "25MiB": 25 << 20,
    "1KB": 1000,
    "1KiB": 1024,
    "2GB": 2 * 10**9,
    " 2 GiB ": 2 << 30,
    "1TiB": MAX_SIZE,
    f"{MAX_SIZE - 1}B": MAX_SIZE - 1,
    "1TB": 10**12,
    "7B": 7,
    "0.5KiB": 512,
    "1.5 MB": 1_500_000,
    "4096": 4096,
    4096: 4096,
    1.0: 1,
}
CLOCKS = {"08:00": 480, "8:05": 485, "00:00": 0, "24:00": 1440, "23:59": 1439, " 12:30 ": 750}
NOTHING: tuple[str | float, ...] = ("", " ", "-1", "nan", "1e3", "\u0665", "x", -1, -0.5, math.nan, math.inf, True, False, 10**30)


@pytest.mark.parametrize(("text", "millionths"), SHARES.items())
def test_shares_that_are_read(text: str | float, millionths: int) -> None:
    """A percentage, or a number from 0 to 1, by the decimal digits that were written."""
    assert parse_share(text) == Success(Share(millionths))


@pytest.mark.parametrize(("text", "nano"), MONIES.items())
def test_money_that_is_read(text: str | float, nano: int) -> None:
    """US dollars, to the billionth, by the decimal digits that were written."""
    assert parse_money(text) == Success(Money(nano))


@pytest.mark.parametrize(("text", "size"), SIZES.items())
def test_sizes_that_are_read(text: str | float, size: int) -> None:
    """Bytes, and units of a thousand or of 1024 each."""
    assert parse_size(text) == Success(Size(size))


@pytest.mark.parametrize(("text", "minutes"), CLOCKS.items())
def test_times_of_day_that_are_read(text: str, minutes: int) -> None:
    """Hours and minutes, up to the end of the day."""
    assert parse_clock_time(text) == Success(ClockTime(minutes))


@pytest.mark.parametrize("text", [*NOTHING, "101%", "5", 2, "5 %%", "0.00001%", 1e-7, "$5"])
def test_shares_that_are_refused(text: str | float) -> None:
    """What is no share, more than all, or not whole millionths is refused on one short line."""
    assert_refused(parse_share(text))


@pytest.mark.parametrize("text", [*NOTHING, "$", "5 EUR", "$-1", "$1,000", "$0.0000000001", "$1000001", "5%", "$1 USD"])
def test_money_that_is_refused(text: str | float) -> None:
    """What is no amount of dollars, too much, or finer than a billionth is refused on one short line."""
    assert_refused(parse_money(text))


@pytest.mark.parametrize("text", [*NOTHING, 0, "0MB", "1.1TiB", 2**41, "0.5B", 0.5, "1.0001KB", "25 mb", "25M", "1PB", "25 MB/s"])
def test_sizes_that_are_refused(text: str | float) -> None:
    """What is no size, nothing, more than a tebibyte, or not whole bytes is refused on one short line."""
    assert_refused(parse_size(text))


@pytest.mark.parametrize("text", [*NOTHING, "8", 8, 8.5, "24:01", "25:00", "08:60", "8:5", "08:00:00", "8am", "-1:00"])
def test_times_of_day_that_are_refused(text: str | float) -> None:
    """What is no time of day is refused on one short line."""
    assert_refused(parse_clock_time(text))


@given(shares())
def test_shares_are_printed_exactly(share: Share) -> None:
    """What is printed reads back as the same share."""
    assert parse_share(print_share(share)) == Success(share)


@given(monies())
def test_money_is_printed_exactly(money: Money) -> None:
    """What is printed reads back as the same amount."""
    assert parse_money(print_money(money)) == Success(money)


@given(sizes())
def test_sizes_are_printed_exactly(size: Size) -> None:
    """What is printed reads back as the same size."""
    assert parse_size(print_size(size)) == Success(size)


@pytest.mark.parametrize(
    ("size", "text"),
    [(1, "1B"), (1536, "1536B"), (25_000_000, "25MB"), (1_500_000, "1500KB"), (1 << 30, "1GiB"), (MAX_SIZE, "1TiB")],
)
def test_sizes_are_printed_as_people_write_them(size: int, text: str) -> None:
    """In the largest unit that leaves a whole number."""
    assert print_size(Size(size)) == text


@given(clock_times() | st.just(ClockTime(24 * 60)))
def test_times_of_day_are_printed_exactly(time: ClockTime) -> None:
    """What is printed reads back as the same time."""
    assert parse_clock_time(print_clock_time(time)) == Success(time)


@pytest.mark.parametrize(("money", "text"), [(0, "$0"), (50_000_000, "$0.05"), (10**10, "$10"), (1, "$0.000000001")])
def test_money_is_printed_as_people_write_it(money: int, text: str) -> None:
    """Without needless zeros."""
    assert print_money(Money(money)) == text


@given(st.text(max_size=30) | st.floats() | st.integers() | st.booleans())
def test_reading_never_raises(text: str | float) -> None:
    """Any text and number gives an amount within the limits, or a failure."""
    share, money, size, time = parse_share(text), parse_money(text), parse_size(text), parse_clock_time(text)
    assert isinstance(share, Failure) or 0 <= share.unwrap().millionths <= MILLIONTHS
    assert isinstance(money, Failure) or 0 <= money.unwrap().nano <= MAX_NANO
    assert isinstance(size, Failure) or 1 <= size.unwrap().bytes <= MAX_SIZE
    assert isinstance(time, Failure) or 0 <= time.unwrap().minutes <= 24 * 60


def assert_refused(found: Success[object] | Failure[str]) -> None:
    """A failure that says in one short line what was expected."""
    assert isinstance(found, Failure)
    message = found.failure()
    assert message.startswith("expected ")
    assert message.isprintable()
    assert len(message) < 200
