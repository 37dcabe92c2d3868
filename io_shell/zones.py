"""Time zones by name, as tables of when their clocks are set: read once when a spec is loaded.

Names are those of the package `tzdata`, so that a spec that is right on one machine is right on all; the rules come from the
machine's own database where it has one, which its owner keeps up to date.
"""

from bisect import bisect_left
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

from returns.result import Failure, Success

from voxplan.engine.checks.checking import named_zones
from voxplan.engine.checks.finding import Finding, error
from voxplan.engine.language.spec import Spec
from voxplan.engine.terms.spelling import quoted, suggestion
from voxplan.engine.terms.zone import Zone

__all__ = ("resolve_zones", "zones_of")

_FROM_S: Final = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
_TO_S: Final = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())
# Gaza sets its clocks twice within a week when Ramadan ends in October; nobody does within five days.
_STEP_S: Final = 5 * 86_400


def resolve_zones(names: Iterable[str]) -> Success[dict[str, Zone]] | Failure[tuple[str, ...]]:
    """The zones by their names, from 2000 to 2100; else the names that no zone has.

    Before and after those years, the offset at their end holds.
    """
    wanted = sorted(set(names))
    unknown = tuple(name for name in wanted if name not in _names())
    return Failure(unknown) if unknown else Success({name: _zone(name) for name in wanted})


def zones_of(spec: Spec) -> Success[dict[str, Zone]] | Failure[tuple[Finding, ...]]:
    """The zones that the conditions of `spec` name; else an error for each place that names one that does not exist."""
    named = named_zones(spec)
    resolved = resolve_zones(name for _, name in named)
    if isinstance(resolved, Success):
        return resolved
    unknown = resolved.failure()
    return Failure(tuple(error(path, _unknown(name)) for path, name in named if name in unknown))


def _unknown(name: str) -> str:
    return f"unknown time zone {quoted(name)}{suggestion(name, _names())}"


@cache
def _names() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())


@cache
def _zone(name: str) -> Zone:
    clock = ZoneInfo(name)
    starts, offsets = [_FROM_S], [_offset(clock, _FROM_S)]
    for later_s in range(_FROM_S + _STEP_S, _TO_S + _STEP_S, _STEP_S):
        offset = _offset(clock, later_s)
        if offset != offsets[-1]:
            starts.append(_change_s(clock, later_s - _STEP_S, offset))
            offsets.append(offset)
    return Zone(tuple(starts), tuple(round(offset.total_seconds()) for offset in offsets))


def _change_s(clock: ZoneInfo, before_s: int, new: timedelta) -> int:
    """The first second of the step after `before_s` at which the offset is the new one."""
    return before_s + bisect_left(range(_STEP_S), True, key=lambda second: _offset(clock, before_s + second) == new)


def _offset(clock: ZoneInfo, moment_s: int) -> timedelta:
    return datetime.fromtimestamp(moment_s, clock).utcoffset() or timedelta(0)
