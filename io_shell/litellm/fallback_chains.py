"""Which names follow which: fallbacks, those of fallbacks, and the groups behind all of them."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from voxplan.engine.documents.tree import Place
from voxplan.engine.terms.spelling import quoted
from voxplan.io_shell.litellm.remarks import Remarks
from voxplan.io_shell.litellm.shared_settings import Fallbacks, Shared
from voxplan.io_shell.litellm.wildcards import why_missing

__all__ = ("Chains", "chains")

_DEEPEST: Final = 5  # LiteLLM's ROUTER_MAX_FALLBACKS


class Chains(msgspec.Struct, frozen=True):
    """The fallbacks of each name that callers use, and the group that it `leads` to: itself, or that of an alias."""

    fallbacks: Fallbacks
    leads: Mapping[str, str]

    def following(self, name: str | None, group: str) -> dict[str, bool]:
        """The groups that follow a name of this group, each once, and whether its route has more than the group.

        No name: the group by itself, which an alias may hide.
        """
        led = (self.leads[each] for each in self._following(name, group, _DEEPEST, {group}))
        return {each: bool(self._own(None, each)) for each in led}

    def _following(self, name: str | None, group: str, deep: int, seen: set[str]) -> Iterator[str]:
        for each in self._own(name, group) if deep else ():
            led = self.leads[each]
            if led not in seen:
                seen.add(led)
                yield each
                yield from self._following(each, led, deep - 1, seen)

    def _own(self, name: str | None, group: str) -> tuple[str, ...]:
        """What follows a name by itself; an alias without fallbacks has those of its group, and what has none, those of `*`."""
        own = () if name is None else (name,)
        inherited = (group,) if self.leads.get(group) == group else ()
        found = next((self.fallbacks[each] for each in (*own, *inherited, "*") if each in self.fallbacks), ())
        return tuple(each for each in found if self.leads[each] != group)


def chains(shared: Shared, leads: Mapping[str, str], said: Mapping[str, Place], remarks: Remarks) -> Chains:
    """The fallbacks between names that there are; `said` are all names, those that lead nowhere among them."""
    found: Fallbacks = {}
    for name, following in shared.fallbacks.items():
        place = shared.fallback_places[name]
        if name not in leads and name != "*":
            remarks.warn(place, f"fallbacks of {quoted(name)} are not carried over: {why_missing(name, leads, said)}")
            continue
        for each in following:
            if each not in leads:
                message = f"fallback {quoted(name)} → {quoted(each)} is not carried over: {why_missing(each, leads, said)}"
                remarks.warn(place, message)
        found[name] = tuple(each for each in following if each in leads)
    return Chains(found, leads)
