"""All groups as routes, tied together by fallbacks and aliases."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from voxplan.engine.documents.tree import Place
from voxplan.engine.language.spec import Deployment, RouteNode
from voxplan.engine.terms.spelling import quoted
from voxplan.io_shell.litellm.deployments import Member
from voxplan.io_shell.litellm.fallback_chains import Chains, chains
from voxplan.io_shell.litellm.groups import Named, group_node
from voxplan.io_shell.litellm.names import Names, why_renamed
from voxplan.io_shell.litellm.remarks import Remarks
from voxplan.io_shell.litellm.shared_settings import Shared
from voxplan.io_shell.litellm.wildcards import is_wildcard, to_write, why_missing, written_out

__all__ = ("Routing", "routing")

_NOTHING = "no entry of `model_list` is a model that transcribes"
_HIDDEN = "each entry of `model_list` that is a model that transcribes is left out for an alias of the same name"


class Routing(msgspec.Struct, frozen=True, kw_only=True):
    """The two large sections of a spec, the name of the route behind each name of LiteLLM's, and where each thing stood.

    `why_empty` is what to say where there is no deployment at all.
    """

    deployments: dict[str, Deployment]
    routes: dict[str, RouteNode]
    model_names: dict[str, str]
    places: Mapping[tuple[str, str], Place]
    why_empty: str = _NOTHING


def routing(members: Iterable[Member], shared: Shared, remarks: Remarks, said: Mapping[str, Place]) -> Routing:
    """Routes for all groups and aliases; `said` are the names of all groups, those of which nothing could be made among them."""
    every = tuple(members)
    groups = _groups(every, shared, remarks, said)
    leads = _leads(groups, shared, said, remarks)
    for group in sorted(groups.keys() - {*leads.values()}):
        nowhere = "" if group in leads else ", also where it leads nowhere"
        message = f"{quoted(group)} is left out: an alias has the same name, and goes before it{nowhere}"
        remarks.warn(groups.pop(group)[0].place, message)
    mentioned = {**said, **{alias: place for alias, (_, place) in shared.aliases.items() if "*" not in alias}}
    names = Names(_nobodys(mentioned, leads))
    called = names.called(leads)
    behind = {group: called[group] if leads.get(group) == group else names.free(group) for group in groups}
    where = {name: shared.aliases[name][1] if leads[name] != name else groups[name][0].place for name in leads}
    _tell_renamed(called, where, remarks)
    named = _named(groups, names, remarks)
    cores = {group: _core(group, behind[group], found, shared, remarks) for group, found in named.items()}
    for group, (_, place) in shared.of_group.items():
        if group not in groups:
            message = f"retries of {quoted(group)} are not carried over: {why_missing(group, groups, mentioned)}"
            remarks.warn(place, message)
    tied = chains(shared, leads, mentioned, remarks)
    routes = {behind[group]: _tied(None, group, cores, tied, behind) for group in groups}
    for alias, group in leads.items():
        if called[alias] not in routes:
            own = alias in tied.fallbacks
            routes[called[alias]] = _tied(alias, group, cores, tied, behind) if own else RouteNode(use=behind[group])
    places = {("routes", behind[group]): found[0].place for group, found in groups.items()}
    found = [each for group in named.values() for each in group]
    return Routing(
        deployments={each.name: each.member.deployment for each in found},
        routes=routes,
        model_names=called,
        places={
            **places,
            **{("routes", called[name]): place for name, place in where.items()},
            **{("deployments", each.name): each.member.place for each in found},
        },
        why_empty=next((to_write(each) for each in every if is_wildcard(each)), _HIDDEN if every else _NOTHING),
    )


def _groups(members: tuple[Member, ...], shared: Shared, remarks: Remarks, said: Mapping[str, Place]) -> dict[str, list[Member]]:
    groups: dict[str, list[Member]] = {}
    wildcards = tuple(each for each in members if is_wildcard(each))
    plain = [each for each in members if not is_wildcard(each)]
    for each in wildcards:
        remarks.found.extend(each.remarks)
    # An alias goes before everything, and the name that it stands for is no alias then.
    behind = {name for name, _ in shared.aliases.values()}
    there = {*(name for name in said if "*" not in name), *(shared.aliases.keys() - behind)}
    models = (f"{each.prefix}/{each.deployment.model}" for each in plain)
    wanted = dict.fromkeys(name for name in (*_mentioned(shared), *models) if name not in there)
    for each in (*plain, *written_out(wildcards, wanted, there, said, remarks)):
        groups.setdefault(each.group, []).append(each)
    return groups


def _mentioned(shared: Shared) -> Iterator[str]:
    """Names of groups that stand elsewhere than in the list."""
    for group, names in shared.fallbacks.items():
        yield from (name for name in (group, *names) if name != "*" and name not in shared.aliases)
    yield from (name for name, _ in shared.aliases.values())
    yield from shared.of_group


def _leads(groups: Mapping[str, object], shared: Shared, said: Mapping[str, Place], remarks: Remarks) -> dict[str, str]:
    """The group behind each name that callers use; of an alias and a group of one name, the alias counts.

    Also one that leads nowhere: what is meant for the group of the alias must not go to the one that it hides.
    """
    leads = {group: group for group in groups}
    for alias, (name, place) in shared.aliases.items():
        why = _why_not_led(alias, name, groups, shared, said)
        if why is None:
            leads[alias] = name
        else:
            leads.pop(alias, None)
            remarks.warn(place, f"alias {quoted(alias)} → {quoted(name)} is not carried over: {why}")
    return leads


def _nobodys(mentioned: Mapping[str, Place], leads: Mapping[str, str]) -> set[str]:
    """Names that lead nowhere, as they may be asked for: a slash may stand for a colon there."""
    return {spelled for name in mentioned if name not in leads for spelled in (name, name.replace("/", ":"))} - leads.keys()


def _why_not_led(alias: str, name: str, groups: Mapping[str, object], shared: Shared, said: Mapping[str, Place]) -> str | None:
    if "*" in alias:
        return "LiteLLM takes it for a name and not for a pattern, and nobody asks for that"
    if name in groups:
        return None
    if name in shared.aliases and name not in said:
        return "that is an alias itself, and LiteLLM looks up only one"
    return why_missing(name, groups, said)


def _tell_renamed(called: Mapping[str, str], places: Mapping[str, Place], remarks: Remarks) -> None:
    """Once for each place: an entry for any model has many routes."""
    renamed: dict[Place, list[str]] = {}
    for group, name in called.items():
        if name != group:
            renamed.setdefault(places[group], []).append(group)
    for place, groups in renamed.items():
        group, others = groups[0], len(groups) - 1
        more = f"; {others} more in the same way" if others else ""
        message = f"the route of {quoted(group)} is called `{called[group]}`: {why_renamed(group)}{more}"
        remarks.warn(place, message, ("routes", called[group]), "import")  # a gateway of the config knows the old names


def _named(groups: Mapping[str, list[Member]], names: Names, remarks: Remarks) -> dict[str, tuple[Named, ...]]:
    """A name for each deployment; where an entry for any model has two names for one of them, both groups have the same."""
    known: dict[tuple[Place, str, str, int], Named] = {}
    named: dict[str, tuple[Named, ...]] = {}
    for group, members in groups.items():
        of_group: list[Named] = []
        for each in members:
            same = sum(1 for other in of_group if other.member.place == each.place)  # an entry that stands twice by an anchor
            key = each.place, each.prefix, each.deployment.model, same
            if key not in known:
                known[key] = Named(names.free(each.wanted_name), each)
                remarks.adopt(each.remarks, ("deployments", known[key].name))
            of_group.append(known[key])
        named[group] = tuple(of_group)
    return named


def _core(group: str, name: str, members: tuple[Named, ...], shared: Shared, remarks: Remarks) -> RouteNode:
    """The group without its fallbacks."""
    notes = Remarks()
    policy, _ = shared.of_group.get(group, (shared.policy, None))
    node = group_node(members, policy, notes)
    remarks.adopt(notes.found, ("routes", name))
    return node


def _tied(name: str | None, group: str, cores: Mapping[str, RouteNode], links: Chains, behind: Mapping[str, str]) -> RouteNode:
    """The group behind a name, then everything that follows it, each once."""
    following = links.following(name, group)
    if not following:
        return cores[group]
    # A group whose route goes on is written out: what follows is in the list already, and routes could go round in a circle.
    rest = (cores[each] if goes_on else RouteNode(use=behind[each]) for each, goes_on in following.items())
    return RouteNode(first=(cores[group], *rest))
