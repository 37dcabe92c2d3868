"""When deployments cool off: LiteLLM's two numbers, for all deployments or for one.

LiteLLM counts failures within its `cooldown_time`, and takes a deployment out for the same time again and again. Here those in a
row count, and the time doubles up to `longest`: where that is as long as `first`, every cooling takes as long, as in LiteLLM.
"""

from typing import Final

import msgspec

from voxplan.engine.checks.checking import LONGEST_COOLING
from voxplan.engine.language.spec import CoolingRules
from voxplan.engine.terms.quantity import Span
from voxplan.io_shell.litellm.sections import Section

__all__ = ("NOTHING_SAID", "Said", "cooling_rules", "said_by_all", "said_by_one")

_MOST_FAILURES: Final = 1000  # in a row: as good as never
_SELDOM: Final = f"only {_MOST_FAILURES} failures in a row cool a deployment off; a rate limit, a wrong key or model does as ever"
_TIME, _FAILS, _OFF = "cooldown_time", "allowed_fails", "disable_cooldowns"


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a config says: how many failures in a row are too many, how long a cooling takes, or that there is none."""

    failures: int | None = None
    time: Span | None = None
    never: bool = False

    def over(self, outer: "Said") -> "Said":
        """The same, and where it says nothing, what stands around it."""
        failures = outer.failures if self.failures is None else self.failures
        return Said(failures=failures, time=outer.time if self.time is None else self.time, never=self.never)


NOTHING_SAID: Final = Said()


def said_by_all(router: Section, litellm: Section) -> Said:
    """What holds for all deployments, `never` whatever they say themselves. The router's settings go first."""
    said = _of_all(router).over(_of_all(litellm))
    if not router.flag(_OFF):
        return said
    router.warn(_OFF, f"`{_OFF}`: {_SELDOM}")
    return Said(never=True)


def said_by_one(params: Section, info: Section) -> Said:
    """What an entry says of itself: LiteLLM takes the time of `model_info` first, and the number from there alone."""
    times = [section.number(_TIME) for section in (info, params)]
    if None not in times and times[0] != times[1]:
        params.warn(_TIME, f"`{_TIME}` is not carried over: `model_info` has another, which LiteLLM takes")
    section, time = (info, times[0]) if times[0] is not None else (params, times[1])
    if params.take(_FAILS) is not None:
        params.warn(_FAILS, f"`{_FAILS}` is not carried over: LiteLLM reads it in `model_info` alone")
    if time == 0:
        section.warn(_TIME, f"`{_TIME}` of 0: {_SELDOM}")
    return Said(failures=_failures(info), time=_time(time, section) if time else None, never=time == 0)


def cooling_rules(said: Said) -> CoolingRules:
    """The rules that say the same."""
    usual = CoolingRules()
    if said.never:
        return CoolingRules(failures=_MOST_FAILURES)
    failures = usual.failures if said.failures is None else said.failures
    return CoolingRules(failures=failures, first=said.time or usual.first, longest=said.time)


def _of_all(section: Section) -> Said:
    time = section.number(_TIME)
    if time == 0:
        section.warn(_TIME, f"`{_TIME}` of 0 is not carried over: here, as in LiteLLM, it is the usual time then")
    return Said(failures=_failures(section), time=_time(time, section) if time else None)


def _failures(section: Section) -> int | None:
    allowed = section.whole(_FAILS, 0, _MOST_FAILURES - 1)
    if allowed is None:
        return None
    section.warn(_FAILS, f"`{_FAILS}` are failures in a row here; LiteLLM counts those within its `{_TIME}`")
    return allowed + 1


def _time(seconds: float, section: Section) -> Span:
    held = min(max(1, round(seconds * 1000)), LONGEST_COOLING.base_ms)
    if held < round(seconds * 1000):
        section.warn(_TIME, f"`{_TIME}` is at most a day here: carried over as {held // 1000}")
    return Span(held)
