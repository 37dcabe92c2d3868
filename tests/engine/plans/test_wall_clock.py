from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.engine.plans.conditions import windows
from voxplan.engine.language.condition import Day, TimeWindow
from voxplan.engine.plans.wall_clock import DAYS, Shown, shown, window_holds
from voxplan.engine.terms.quantity import ClockTime
from voxplan.engine.terms.zone import Zone
from voxplan.io_shell.zones import resolve_zones

NAMES = ("UTC", "Europe/Helsinki", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Gaza")
ZONES = resolve_zones(NAMES).unwrap()
# Minutes around the days on which Helsinki and New York set their clocks in 2026, and any others.
MINUTES = st.integers(29_569_000, 29_582_000) | st.integers(29_871_000, 29_884_000) | st.integers(15_800_000, 68_000_000)
SHOWN = st.builds(Shown, st.integers(0, 6), st.integers(0, 24 * 60 - 1))


def window(begins: int, ends: int, *days: Day) -> TimeWindow:
    """From hour to hour."""
    return TimeWindow(from_=ClockTime(begins * 60), to=ClockTime(ends * 60), days=days or None)


@pytest.mark.parametrize(
    ("asked", "day", "hour", "holds"),
    [
        (window(8, 18), "mon", 8, True),
        (window(8, 18), "mon", 18, False),
        (window(8, 18, "mon", "fri"), "fri", 12, True),
        (window(8, 18, "mon", "fri"), "sat", 12, False),
        (window(0, 24), "sun", 23, True),
        (window(22, 6), "sun", 23, True),
        (window(22, 6), "sun", 6, False),
        (window(22, 6, "fri"), "fri", 23, True),
        (window(22, 6, "fri"), "sat", 5, True),
        (window(22, 6, "fri"), "fri", 5, False),
        (window(22, 6, "sun"), "mon", 5, True),
        (window(8, 8, "mon"), "tue", 7, True),
        (window(8, 8, "mon"), "tue", 8, False),
    ],
)
def test_a_window_belongs_to_the_day_on_which_it_begins(asked: TimeWindow, day: Day, hour: int, holds: bool) -> None:
    """Half-open, over midnight or not."""
    assert window_holds(asked, Shown(DAYS.index(day), hour * 60)) is holds


@given(windows(), SHOWN)
def test_a_window_on_all_days_is_as_long_as_it_says(asked: TimeWindow, clock: Shown) -> None:
    """From `from`, so many minutes on."""
    begins, ends = asked.from_.minutes, asked.to.minutes
    length = ends - begins if begins < ends else ends - begins + 24 * 60
    assert window_holds(TimeWindow(from_=asked.from_, to=asked.to), clock) is ((clock.minutes - begins) % (24 * 60) < length)


@given(windows(), SHOWN)
def test_windows_of_single_days_make_up_the_window(asked: TimeWindow, clock: Shown) -> None:
    """It holds when one of its days holds."""
    single = (TimeWindow(from_=asked.from_, to=asked.to, days=(day,)) for day in asked.days or DAYS)
    assert window_holds(asked, clock) is any(window_holds(each, clock) for each in single)


@given(st.sampled_from(NAMES), MINUTES)
@example("Europe/Helsinki", 29_579_100)  # clocks are put forward
@example("Europe/Helsinki", 29_881_500)  # clocks are put back
def test_clocks_show_what_the_database_says(name: str, minute: int) -> None:
    """Over all changes of the clocks."""
    local = datetime.fromtimestamp(minute * 60, ZoneInfo(name))
    assert shown(ZONES[name], minute * 60_000 + 59_999) == Shown(local.weekday(), local.hour * 60 + local.minute)


def test_before_1970_there_were_days_of_the_week() -> None:
    """The minute before it was a Wednesday."""
    assert shown(Zone((0,), (0,)), -1) == Shown(DAYS.index("wed"), 24 * 60 - 1)
