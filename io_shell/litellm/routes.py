"""All groups as routes, tied together by fallbacks and aliases."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from voxplan.engine.documents.tree import Place
from voxplan.engine.language.spec import Deployment, RouteNode
from voxplan.engine.terms.spelling import quoted, suggestion
from voxplan.io_shell.litellm.deployments import Member
from voxplan.io_shell.litellm.groups import Named, group_node
from voxplan.io_shell.litellm.names import Names
from voxplan.io_shell.litellm.remarks import Remarks
from voxplan.io_shell.litellm.shared_settings import Fallbacks, Shared
from voxplan.io_shell.litellm.wildcards import is_wildcard, written_out

__all__ = ("Routing", "routing")

_DEEPEST: Final = 5  # LiteLLM's ROUTER_MAX_FALLBACKS


class Routing(msgspec.Struct, frozen=True, kw_only=True):
    """The two large sections of a spec, the name of the route behind each name of LiteLLM's, and where each thing stood."""

    deployments: dict[str, Deployment]
    routes: dict[str, RouteNode]
    model_names: dict[str, str]
    places: Mapping[tuple[str, str], Place]


def routing(members: Iterable[Member], shared: Shared, remarks: Remarks) -> Routing:
    """Routes for all groups and aliases."""
    groups = _groups(tuple(members), shared, remarks)
    names = Names()
    called = {group: names.free(group) for group in groups}
    _tell_renamed(called, {group: found[0].place for group, found in groups.items()}, remarks)
    named = {group: tuple(_named(each, names, remarks) for each in found) for group, found in groups.items()}
    cores = {group: _core(group, called[group], found, shared, remarks) for group, found in named.items()}
    for group, (_, place) in shared.of_group.items():
        if group not in groups:
            message = f"retries of {quoted(group)} are not carried over: no such group{suggestion(group, groups)}"
            remarks.warn(place, message)
    fallbacks = _known_fallbacks(shared, groups, remarks)
    routes = {called[group]: _tied(group, cores, called, fallbacks) for group in groups}
    places = {("routes", called[group]): found[0].place for group, found in groups.items()}
    for alias, (group, place) in shared.aliases.items():
        real = shared.aliases[group][0] if group not in called and group in shared.aliases else group
        if alias in called or real not in called:
            why = (
                "it is a `model_name` too, which counts here, and in LiteLLM the alias"
                if alias in called
                else f"there is no group {quoted(real)}"
            )
            remarks.warn(place, f"alias {quoted(alias)} is not carried over: {why}")
            continue
        called[alias] = names.free(alias)
        routes[called[alias]] = RouteNode(use=called[real])
        places["routes", called[alias]] = place
        _tell_renamed({alias: called[alias]}, {alias: place}, remarks)
    every = [each for found in named.values() for each in found]
    return Routing(
        deployments={each.name: each.member.deployment for each in every},
        routes=routes,
        model_names=called,
        places=places | {("deployments", each.name): each.member.place for each in every},
    )


def _groups(members: tuple[Member, ...], shared: Shared, remarks: Remarks) -> dict[str, list[Member]]:
    groups: dict[str, list[Member]] = {}
    wildcards = [each for each in members if is_wildcard(each)]
    plain = [each for each in members if not is_wildcard(each)]
    for each in wildcards:
        remarks.found.extend(each.remarks)
    there = {each.group for each in plain}
    wanted = dict.fromkeys((*(name for name in _mentioned(shared) if name not in there),))
    for each in (*plain, *written_out(wildcards, wanted, there, remarks)):
        groups.setdefault(each.group, []).append(each)
    return groups


def _mentioned(shared: Shared) -> Iterator[str]:
    for group, names in shared.fallbacks.items():
        yield from (name for name in (group, *names) if name != "*" and name not in shared.aliases)
    yield from (group for group, _ in shared.aliases.values())


def _tell_renamed(called: Mapping[str, str], places: Mapping[str, Place], remarks: Remarks) -> None:
    """Once for each place: an entry for any model has many routes."""
    renamed: dict[Place, list[str]] = {}
    for group, name in called.items():
        if name != group:
            renamed.setdefault(places[group], []).append(group)
    for place, groups in renamed.items():
        group, others = groups[0], len(groups) - 1
        more = f"; {others} more in the same way" if others else ""
        message = f"the route of {quoted(group)} is called `{called[group]}`: names here hold no such characters{more}"
        remarks.warn(place, message, ("routes", called[group]))


def _named(member: Member, names: Names, remarks: Remarks) -> Named:
    name = names.free(member.wanted_name)
    remarks.adopt(member.remarks, ("deployments", name))
    return Named(name, member)


def _core(group: str, name: str, members: tuple[Named, ...], shared: Shared, remarks: Remarks) -> RouteNode:
    """The group without its fallbacks."""
    notes = Remarks()
    policy, _ = shared.of_group.get(group, (shared.policy, None))
    node = group_node(members, policy, notes)
    remarks.adopt(notes.found, ("routes", name))
    return node


def _known_fallbacks(shared: Shared, groups: Mapping[str, object], remarks: Remarks) -> Fallbacks:
    """The fallbacks between groups that there are; aliases are the groups behind them."""
    found: Fallbacks = {}
    for group, names in shared.fallbacks.items():
        real = [shared.aliases[name][0] if name in shared.aliases else name for name in (group, *names)]
        place = shared.fallback_places[group]
        if real[0] not in groups and real[0] != "*":
            remarks.warn(place, f"fallbacks of {quoted(group)} are not carried over: no such group{suggestion(real[0], groups)}")
            continue
        for name in real[1:]:
            if name not in groups:
                guess = suggestion(name, groups)
                remarks.warn(place, f"fallback {quoted(group)} → {quoted(name)} is not carried over: no such group{guess}")
        found[real[0]] = tuple(name for name in real[1:] if name in groups)
    return found


def _tied(group: str, cores: Mapping[str, RouteNode], called: Mapping[str, str], fallbacks: Fallbacks) -> RouteNode:
    """The group, then everything that follows it, each once."""
    following = list(dict.fromkeys(_following(group, fallbacks, _DEEPEST, {group})))
    if not following:
        return cores[group]
    # A group that has fallbacks of its own is written out: those are in the list already.
    rest = (cores[each] if _own(each, fallbacks) else RouteNode(use=called[each]) for each in following)
    return RouteNode(first=(cores[group], *rest))


def _own(group: str, fallbacks: Fallbacks) -> tuple[str, ...]:
    return tuple(each for each in fallbacks.get(group, fallbacks.get("*", ())) if each != group)


def _following(group: str, fallbacks: Fallbacks, deep: int, seen: set[str]) -> Iterator[str]:
    for each in _own(group, fallbacks) if deep else ():
        if each not in seen:
            seen.add(each)
            yield each
            yield from _following(each, fallbacks, deep - 1, seen)
