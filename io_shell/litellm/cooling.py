"""When deployments cool off: LiteLLM's two numbers, for all deployments or for one.

LiteLLM counts the failures of a minute, and takes a deployment out for the same time again and again. Here those in a row count,
and the time doubles up to `longest`: where that is as long as `first`, every cooling takes as long, as in LiteLLM.
"""

from typing import Final

import msgspec

from voxplan.engine.checks.checking import LONGEST_COOLING
from voxplan.engine.language.spec import CoolingRules
from voxplan.engine.terms.quantity import Span
from voxplan.io_shell.litellm.sections import Section

__all__ = ("NEVER", "NOTHING_SAID", "Said", "cooling_rules", "said_by_all", "said_of_cooling")

_MOST_FAILURES: Final = 1000  # in a row: as good as never
_SELDOM: Final = f"only {_MOST_FAILURES} failures in a row cool a deployment off; a rate limit, a wrong key or model does as ever"


class Said(msgspec.Struct, frozen=True):
    """What a config says: how many failures in a row are too many, and how long a cooling takes."""

    failures: int | None = None
    time: Span | None = None

    def over(self, outer: "Said") -> "Said":
        """The same, and where it says nothing, what stands around it."""
        return Said(outer.failures if self.failures is None else self.failures, self.time or outer.time)


NOTHING_SAID: Final = Said()
NEVER: Final = Said(failures=_MOST_FAILURES)
"""What is said with `disable_cooldowns`, whatever single deployments say."""


def said_by_all(router: Section, litellm: Section) -> Said:
    """What holds for all deployments; `router_settings` counts where both say something."""
    said = said_of_cooling(router).over(said_of_cooling(litellm))
    if not router.flag("disable_cooldowns"):
        return said
    router.warn("disable_cooldowns", f"`disable_cooldowns`: {_SELDOM}")
    return NEVER


def said_of_cooling(section: Section) -> Said:
    """What one section says."""
    allowed, time = section.whole("allowed_fails", 0, _MOST_FAILURES - 1), section.number("cooldown_time")
    if time == 0:
        section.warn("cooldown_time", f"`cooldown_time` of 0: {_SELDOM}")
        return NEVER
    if allowed is not None:
        section.warn("allowed_fails", "`allowed_fails` are failures in a row here; LiteLLM counts those of a minute")
    return Said(failures=None if allowed is None else allowed + 1, time=None if time is None else _time(time, section))


def cooling_rules(said: Said) -> CoolingRules:
    """The rules that say the same."""
    usual = CoolingRules()
    failures = usual.failures if said.failures is None else said.failures
    return CoolingRules(failures=failures, first=said.time or usual.first, longest=said.time)


def _time(seconds: float, section: Section) -> Span:
    held = min(max(1, round(seconds * 1000)), LONGEST_COOLING.base_ms)
    if held < round(seconds * 1000):
        section.warn("cooldown_time", f"`cooldown_time` is at most a day here: carried over as {held // 1000}")
    return Span(held)
