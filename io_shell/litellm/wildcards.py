"""Entries for any model (`openai/*`): a spec has a route for each model that it serves, so each needs its name.

Of several patterns that fit a name LiteLLM takes the longest, and among the entries with that one it draws. So it is here,
and of nothing else: a name whose own pattern leads nowhere is not served, for a shorter one may send it to somebody else.
"""

import itertools
import re
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from voxplan.adapters.catalog import CATALOG
from voxplan.engine.documents.tree import Node, Place
from voxplan.engine.terms.spelling import quoted, suggestion
from voxplan.io_shell.litellm.deployments import Member
from voxplan.io_shell.litellm.providers import PREFIXES, Kin, Target, is_name, target, transcribes
from voxplan.io_shell.litellm.remarks import Remarks
from voxplan.io_shell.litellm.sections import Section

__all__ = ("is_wildcard", "said_names", "to_write", "why_missing", "written_out")

_OPENAI: Final = tuple(model for model, _ in CATALOG["openai"].models)
_SPECIAL: Final = frozenset("*+?\\^$|()")


def is_wildcard(member: Member) -> bool:
    """Whether the entry is for any model."""
    return "*" in member.group or "*" in member.deployment.model


def said_names(entries: Iterable[Node]) -> dict[str, Place]:
    """The name of each group, also where all its entries are left out, with the first of them."""
    found: dict[str, Place] = {}
    for node in entries:
        name = Section(node, "model_list", node.place, Remarks()).text("model_name")
        if name is not None:
            found.setdefault(name, node.place)
    return found


def why_missing(name: str, there: Iterable[str], said: Collection[str]) -> str:
    """Why a name is not `there`; a guess is for one that nothing in the config has, and no pattern is for."""
    if name in said or _best(name, _patterns(said)) is not None:
        return f"nothing is made of {quoted(name)}"
    return f"no such group{suggestion(name, there)}"


def to_write(wildcard: Member) -> str:
    """What to write in place of an entry for any model, where the names are nobody's but its author's."""
    group, model = (text.replace("*", "NAME") for text in (wildcard.group, wildcard.deployment.model))
    example = f"{quoted(f'model_name: {group}')} with {quoted(f'model: {wildcard.prefix}/{model}')}"
    return f"{_for_any(wildcard)}, and none is known here: write an entry for each, such as {example}"


def written_out(
    wildcards: tuple[Member, ...], wanted: Iterable[str], there: set[str], said: Mapping[str, Place], remarks: Remarks
) -> Iterator[Member]:
    """An entry for each model that is `wanted` by name, and for each that voxplan knows, unless it is `there` already.

    `said` are the names of all groups, those of which nothing could be made among them.
    """
    asked, known = tuple(wanted), [_known(each) for each in wildcards]
    every = dict.fromkeys((*asked, *itertools.chain.from_iterable(known)))
    patterns = _patterns((*said, *(each.group for each in wildcards)))
    best = {name: both for name in every if name not in there and (both := _best(name, patterns)) is not None}
    served: set[str] = set()
    for each, names in zip(wildcards, known, strict=True):
        own = {name: match for name, (group, match) in best.items() if group == each.group and (name in names or name in asked)}
        found = {name: led for name, match in own.items() for led in _led(each, match)}
        served.update(found)
        remarks.warn(each.place, _what_became(each, len(found), is_known=bool(names)))
        yield from (_for(each, name, led) for name, led in found.items())
    lost = {name: group for name, (group, _) in best.items() if name not in served}
    _tell_lost({name: group for name, group in lost.items() if _is_known_elsewhere(name, group, wildcards, known)}, said, remarks)


def _for_any(wildcard: Member) -> str:
    return f"{quoted(wildcard.group)} is for any model; a spec names each"


def _what_became(wildcard: Member, count: int, *, is_known: bool) -> str:
    if not count and not is_known:
        return to_write(wildcard)
    known = f"those that are known, {count} in all" if count else "none: those that are known are for other entries"
    return f"{_for_any(wildcard)}: it is carried over for {known}"


def _patterns(groups: Iterable[str]) -> dict[str, re.Pattern[str]]:
    """Those with a star, as LiteLLM sorts and matches them, which is not to the end of the name.

    By the length of the expression, then by how much in it is no plain letter.
    """
    found = {group: re.compile(re.escape(group).replace(r"\*", "(.*)")) for group in groups if "*" in group}
    return dict(sorted(found.items(), key=lambda both: _specificity(both[1].pattern), reverse=True))


def _specificity(expression: str) -> tuple[int, int]:
    return len(expression), sum(character in _SPECIAL for character in expression)


def _best(name: str, patterns: Mapping[str, re.Pattern[str]]) -> tuple[str, re.Match[str]] | None:
    """The pattern that serves a name; one that fits none is asked for again with its provider before it."""
    for spelled in (name, f"openai/{name}") if name in _OPENAI else (name,):
        for group, pattern in patterns.items():
            if match := pattern.match(spelled):
                return group, match
    return None


def _known(wildcard: Member) -> tuple[str, ...]:
    """The names by which models that voxplan knows may be asked for, each once; a name that the pattern does not fit is none."""
    pattern = _patterns((wildcard.group,))
    return tuple(name for name in dict.fromkeys(_thinkable(wildcard)) if _best(name, pattern) is not None)


def _thinkable(wildcard: Member) -> Iterator[str]:
    model = wildcard.deployment.model
    if "*" not in model:  # whatever is asked for, it is this model
        yield from (*_OPENAI, *(f"openai/{name}" for name in _OPENAI))
        return
    if wildcard.group.count("*") == 1 == model.count("*"):
        filling = re.compile(re.escape(model).replace(r"\*", "(.*)"))
        found = (filling.fullmatch(name) for name in _models(wildcard))
        yield from (wildcard.group.replace("*", each[1]) for each in found if each is not None)
    if wildcard.prefix == "openai":
        yield from _OPENAI


def _models(wildcard: Member) -> Iterator[str]:
    """The models that voxplan knows, as they may stand for the model of the entry: an own server may have those of OpenAI."""
    kin = PREFIXES.get(wildcard.prefix)
    yield from (model for model, _ in CATALOG[wildcard.provider if kin is None else kin.provider].models)
    if wildcard.any_provider:
        for prefix, each in PREFIXES.items():
            if prefix == each.provider and not CATALOG[prefix].needs_base_url:
                yield from (f"{prefix}/{model}" for model, _ in CATALOG[prefix].models)


def _led(wildcard: Member, match: re.Match[str]) -> tuple[Target, ...]:
    """The model that LiteLLM would ask for under this name, and at which provider; none if it is none that transcribes."""
    model, segments = wildcard.deployment.model, match.groups()
    if "*" not in model:
        return (Target(wildcard.prefix, Kin(wildcard.provider), model),)
    if len(segments) != model.count("*"):
        return ()
    for segment in segments:
        model = model.replace("*", segment, 1)
    led = _target(wildcard, model)
    return (led,) if led is not None and is_name(led.model) and transcribes(led.kin.provider, led.model, None) else ()


def _target(wildcard: Member, model: str) -> Target | None:
    if not wildcard.any_provider:
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


def _is_known_elsewhere(name: str, group: str, wildcards: Iterable[Member], known: Iterable[Container[str]]) -> bool:
    return any(each.group != group and name in names for each, names in zip(wildcards, known, strict=True))


def _tell_lost(lost: Mapping[str, str], said: Mapping[str, Place], remarks: Remarks) -> None:
    """What a shorter pattern could serve, and must not."""
    for group in dict.fromkeys(lost.values()):
        names = [name for name, best in lost.items() if best == group]
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        remarks.warn(
            said[group],
            f"{quoted(names[0])}{more} would be for {quoted(group)}, of which nothing is made: not served, "
            "because a shorter pattern may lead elsewhere",
        )
