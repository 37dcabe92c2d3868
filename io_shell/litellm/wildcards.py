"""Entries for any model (`openai/*`): a spec has a route for each model that it serves, so each needs its name.

Of several patterns that fit a name LiteLLM takes the longest, and among the entries with that one it draws.
"""

import re
from collections.abc import Iterable, Iterator

import msgspec

from voxplan.adapters.catalog import CATALOG
from voxplan.engine.terms.spelling import quoted
from voxplan.io_shell.litellm.deployments import Member
from voxplan.io_shell.litellm.providers import PREFIXES, Kin, Target, is_name, target, transcribes
from voxplan.io_shell.litellm.remarks import Remarks

__all__ = ("is_wildcard", "written_out")


def is_wildcard(member: Member) -> bool:
    """Whether the entry is for any model."""
    return "*" in member.group or "*" in member.deployment.model


def written_out(wildcards: Iterable[Member], wanted: Iterable[str], there: set[str], remarks: Remarks) -> Iterator[Member]:
    """An entry for each model that is `wanted` by name, and for each that voxplan knows, unless it is `there` already."""
    names, taken = tuple(wanted), dict.fromkeys(there, "")
    made: dict[int, list[Member]] = {}
    entries = list(enumerate(wildcards))
    for index, each in sorted(entries, key=lambda both: -len(both[1].group)):
        found = {name: led for name, led in _found(each, names).items() if taken.setdefault(name, each.group) == each.group}
        made[index] = [_for(each, name, led) for name, led in found.items()]
    for index, each in entries:
        what = f"those that are known, {len(made[index])} in all" if made[index] else "no model, because none is known"
        remarks.warn(each.place, f"{quoted(each.group)} is for any model; a spec names each: it is carried over for {what}")
        yield from made[index]


def _found(wildcard: Member, wanted: tuple[str, ...]) -> dict[str, Target]:
    """Where each name leads that the entry is for, if it leads to a model that transcribes."""
    found = {name: led for name in wanted if (led := _led(wildcard, name)) is not None}
    if wildcard.group.count("*") == 1 and wildcard.deployment.model == "*":
        for name in _known(wildcard):
            group = wildcard.group.replace("*", name)
            led = _led(wildcard, group)
            if led is not None:
                found.setdefault(group, led)
    return {name: led for name, led in found.items() if is_name(led.model) and transcribes(led.kin.provider, led.model, None)}


def _known(wildcard: Member) -> Iterator[str]:
    """The models that voxplan knows, as they may stand for the star."""
    yield from (model for model, _ in CATALOG[wildcard.provider].models)
    if wildcard.any_provider:
        for prefix, kin in PREFIXES.items():
            if prefix == kin.provider and not CATALOG[prefix].needs_base_url:
                yield from (f"{prefix}/{model}" for model, _ in CATALOG[prefix].models)


def _led(wildcard: Member, name: str) -> Target | None:
    """The model that LiteLLM would ask for under this name, and at which provider."""
    pattern = "(.*)".join(map(re.escape, wildcard.group.split("*", 1)))
    found = re.fullmatch(pattern, name, re.DOTALL)
    if found is None:
        return None
    model = wildcard.deployment.model.replace("*", found[1] if found.groups() else "", 1)
    if not wildcard.any_provider or "/" not in model:
        return Target(wildcard.prefix, Kin(wildcard.provider), model)
    led = target(model, None, None)
    return None if isinstance(led, str) or CATALOG[led.kin.provider].needs_base_url else led


def _for(wildcard: Member, name: str, led: Target) -> Member:
    deployment = msgspec.structs.replace(wildcard.deployment, model=led.model)
    if led.prefix != wildcard.prefix:  # what it needs beside a key is its own
        key = deployment.api_key or led.kin.api_key
        deployment = msgspec.structs.replace(deployment, provider=led.kin.provider, api_key=key, settings={}, options={})
    return msgspec.structs.replace(
        wildcard,
        group=name,
        provider=led.kin.provider,
        prefix=led.prefix,
        deployment=deployment,
        wanted_name=f"{led.prefix}-{led.model.rpartition('/')[2]}",
        remarks=(),
    )
