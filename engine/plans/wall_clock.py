"""Windows of the week on a clock that hangs on a wall somewhere: whether it shows a time in the window, and in which words.

The clock shows local time, so where clocks are put back an hour of the window comes twice, and where they are put forward it
never comes.
"""

from typing import Final, NamedTuple

from voxplan.engine.language.condition import Day, TimeWindow
from voxplan.engine.terms.amounts import MINUTES_OF_A_DAY, print_clock_time
from voxplan.engine.terms.quantity import ClockTime
from voxplan.engine.terms.spelling import quoted
from voxplan.engine.terms.zone import Zone

__all__ = ("DAYS", "Shown", "shown", "window_holds", "window_text")

DAYS: Final[tuple[Day, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_FIRST_DAY: Final = DAYS.index("thu")  # 1970-01-01


class Shown(NamedTuple):
    """What a clock shows: a day of the week, 0 being Monday, and whole minutes since midnight."""

    day: int
    minutes: int


def shown(zone: Zone, moment_ms: int) -> Shown:
    """What clocks in `zone` show at `moment_ms` (since 1970, UTC).

    >>> shown(Zone((0,), (7200,)), 0)
    Shown(day=3, minutes=120)
    """
    days, minutes = divmod(zone.local_s(moment_ms // 1000) // 60, MINUTES_OF_A_DAY)
    return Shown((_FIRST_DAY + days) % len(DAYS), minutes)


def window_holds(window: TimeWindow, clock: Shown) -> bool:
    """Whether the clock shows a time in the window: from its `from` until just before its `to`.

    A window that reaches into the next day belongs to the day on which it began.
    """
    begins, ends = window.from_.minutes, window.to.minutes
    if begins < ends:
        return begins <= clock.minutes < ends and _is_on(window, clock.day)
    return (begins <= clock.minutes and _is_on(window, clock.day)) or (clock.minutes < ends and _is_on(window, clock.day - 1))


def window_text(window: TimeWindow, clock: Shown, *, holds: bool) -> str:
    """What the clock shows, and that this is, or is not, in the window.

    >>> window_text(TimeWindow(from_=ClockTime(480), days=("mon",)), Shown(3, 65), holds=False)
    'it is thu 01:05 in `UTC`, not from 08:00 to 24:00 on mon'
    """
    hours = f"from {print_clock_time(window.from_)} to {print_clock_time(window.to)}"
    days = f" on {', '.join(window.days)}" if window.days is not None else ""
    now = f"{DAYS[clock.day]} {print_clock_time(ClockTime(clock.minutes))}"
    return f"it is {now} in {quoted(window.zone)}, {'' if holds else 'not '}{hours}{days}"


def _is_on(window: TimeWindow, day: int) -> bool:
    return window.days is None or DAYS[day] in window.days
