"""Conditions that could hold: ranges that are not empty, windows that open, names that exist."""

import math
import re
from collections.abc import Iterator
from typing import Final

from voxplan.engine.checks._nodes import conditions
from voxplan.engine.checks.finding import Finding, error
from voxplan.engine.documents._normal import given
from voxplan.engine.documents.tree import Path
from voxplan.engine.language.condition import Condition, MoneyRange, NumberRange, TimeWindow
from voxplan.engine.language.spec import Spec
from voxplan.engine.terms.amounts import MILLIONTHS, MINUTES_OF_A_DAY, print_clock_time, print_money
from voxplan.engine.terms.quantity import ClockTime, Money
from voxplan.engine.terms.spelling import quoted, suggestion

_MARK: Final = re.compile(r"[^\s]+")


def check_conditions(spec: Spec) -> Iterator[Finding]:
    """Every condition by itself; which branches they leave unreached is found in `reaching`."""
    for path, condition in conditions(spec):
        yield from _check_condition(path, condition, spec)


def _check_condition(path: Path, condition: Condition, spec: Spec) -> Iterator[Finding]:
    if not given(condition):
        yield error(path, "this condition is empty: expected at least one test")
    yield from _check_ranges(path, condition)
    if condition.sample is not None and not 0 <= condition.sample.share.millionths <= MILLIONTHS:
        yield error((*path, "sample", "share"), "a share is from `0%` to `100%`")
    if condition.time is not None:
        yield from _check_window((*path, "time"), condition.time)
    for index, name in enumerate(condition.route or ()):
        if name not in spec.routes:
            yield error((*path, "route", index), f"unknown route `{name}`{suggestion(name, spec.routes)}")
    if condition.metadata is not None and not condition.metadata:
        yield error((*path, "metadata"), "`metadata` is empty: expected at least one name")
    for mark in condition.metadata or ():
        if not _MARK.fullmatch(mark):
            yield error((*path, "metadata", mark), f"expected a name without spaces, got {quoted(mark)}")


def _check_ranges(path: Path, condition: Condition) -> Iterator[Finding]:
    ranges = (
        ("audio.seconds", condition.audio_seconds, False),
        ("audio.bytes", condition.audio_bytes, True),
        ("audio.channels", condition.audio_channels, True),
    )
    for key, found, whole in ranges:
        if found is not None and (message := _impossible(key, found, whole=whole)):
            yield error((*path, key), message)
    left = condition.key_budget_left
    if left is not None and (message := _impossible_money(left)):
        yield error((*path, "key.budget_left"), message)


def _impossible(key: str, wanted: NumberRange, *, whole: bool) -> str | None:
    """Why no number is what is wanted; None if one is. Lengths, sizes and channels are never negative."""
    bounds = [bound for bound in (wanted.over, wanted.under, *(wanted.in_ or ())) if bound is not None]
    if not bounds:
        return f"`{key}` needs `over`, `under` or `in`"
    if not all(map(math.isfinite, bounds)):
        return "expected finite numbers"
    over = -math.inf if wanted.over is None else wanted.over
    under = math.inf if wanted.under is None else wanted.under
    if wanted.in_ is not None:
        fits = any(over < number < under and number >= 0 and (not whole or float(number).is_integer()) for number in wanted.in_)
    elif whole:
        fits = max(0, -1 if wanted.over is None else math.floor(wanted.over) + 1) < under
    else:
        fits = max(over, 0) < under
    return None if fits else f"no `{key}` is {_described(wanted)}: this never holds"


def _described(wanted: NumberRange) -> str:
    words = [("over", wanted.over), ("under", wanted.under)]
    parts = [f"{word} {bound:g}" for word, bound in words if bound is not None]
    if wanted.in_ is not None:
        parts.append(f"one of {', '.join(f'{number:g}' for number in wanted.in_)}")
    return " and ".join(parts)


def _impossible_money(wanted: MoneyRange) -> str | None:
    over, under = wanted.over, wanted.under
    if over is None and under is None:
        return "`key.budget_left` needs `over` or `under`"
    if over is None or under is None or over.nano + 1 < under.nano:
        return None
    return f"nothing is over {_dollars(over)} and under {_dollars(under)}: this never holds"


def _dollars(money: Money) -> str:
    return quoted(print_money(money))


def _check_window(path: Path, window: TimeWindow) -> Iterator[Finding]:
    begin, end = window.from_.minutes, window.to.minutes
    for key, minutes in (("from", begin), ("to", end)):
        if not 0 <= minutes <= MINUTES_OF_A_DAY:
            yield error((*path, key), "expected a time of day from `00:00` to `24:00`")
    if begin == MINUTES_OF_A_DAY:
        yield error((*path, "from"), "a window begins before `24:00`: write `00:00`")
    elif begin == end:
        at = quoted(print_clock_time(ClockTime(begin)))
        yield error(path, f"nothing is from {at} to {at}; leave both out for the whole day")
