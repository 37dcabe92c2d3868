"""The deployments of one group as one node: levels by `order`, arms by weight, retries by kind."""

from collections.abc import Mapping
from typing import Final

import msgspec

from voxplan.engine.language.condition import Condition
from voxplan.engine.language.spec import Arm, Balance, Branch, OptionRules, Retry, RouteNode, Strategy
from voxplan.engine.terms.failure import RETRIED, FailureKind
from voxplan.io_shell.litellm.deployments import Member
from voxplan.io_shell.litellm.remarks import Remarks

__all__ = ("DROPPING", "Named", "Policy", "group_node")

DROPPING: Final = OptionRules(
    language="drop",
    languages="drop",
    prompt="drop",
    keywords="drop",
    temperature="drop",
    timestamps="drop",
    diarize="drop",
    known_speakers="drop",
    logprobs="drop",
    chunking_strategy="drop",
)
"""LiteLLM's `drop_params`."""

_UNTAGGED: Final = "default"
_LEAST_WEIGHT: Final = 1e-9
_MOST_WEIGHT: Final = 1e9
_SHARE_OF_THE_LAST: Final = 1e-6  # so little that nothing is drawn, and more than 0: such an arm is in no plan at all


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for a whole group: how its arms are ordered, how often in all a call is tried again, and after which kinds.

    `by_kind` are the retries after kinds that the config names; `by_tag`: tags of the request choose.
    """

    by: Strategy = "weight"
    retries: int = 2
    by_kind: Mapping[FailureKind, int] = {}
    by_tag: bool = False


class Named(msgspec.Struct, frozen=True):
    """A member, and what its deployment is called."""

    name: str
    member: Member


def group_node(members: tuple[Named, ...], policy: Policy, remarks: Remarks) -> RouteNode:
    """The node of a group."""
    tags = tuple(dict.fromkeys(tag for each in members for tag in each.member.deployment.tags if tag != _UNTAGGED))
    if not policy.by_tag or not tags:
        return _levels(members, policy, remarks)
    rest = tuple(each for each in members if _UNTAGGED in each.member.deployment.tags)
    if len(tags) > 1:
        remarks.warn(
            members[0].member.place, "of several tags of one request, the first in this `when` decides; LiteLLM takes any"
        )
    branches = tuple(
        Branch(if_=Condition(tags=(tag,)), then=_levels(_with(tag, members), policy, Remarks()))  # weights are told once, below
        for tag in tags
    )
    if rest:
        return RouteNode(when=branches, otherwise=_levels(rest, policy, remarks))
    # Tags may stand for a region or a consent: a request whose tags nothing has is refused, as by LiteLLM.
    untagged = Branch(if_=Condition(not_=Condition(known="tags")), then=_levels(members, policy, remarks))
    return RouteNode(when=(*branches, untagged))


def _with(tag: str, members: tuple[Named, ...]) -> tuple[Named, ...]:
    return tuple(each for each in members if tag in each.member.deployment.tags)


def _levels(members: tuple[Named, ...], policy: Policy, remarks: Remarks) -> RouteNode:
    """One level after another, the least `order` first."""
    orders = sorted({each.member.order for each in members if each.member.order is not None})
    levels = [tuple(each for each in members if each.member.order == order) for order in orders]
    if unordered := tuple(each for each in members if each.member.order is None):
        levels.append(unordered)
        if orders:
            remarks.warn(unordered[0].member.place, "this one has no `order` beside others that have: it is tried last")
    nodes = [_level(level, policy, remarks) for level in levels]
    return nodes[0] if len(nodes) == 1 else RouteNode(first=tuple(nodes))


def _level(members: tuple[Named, ...], policy: Policy, remarks: Remarks) -> RouteNode:
    """One member by itself, or several that are drawn from; the calls are no more than LiteLLM's."""
    most = _most(policy)
    spill = min(most, len(members) - 1)
    times = min((most + 1) // (spill + 1) - 1, 100)
    nodes = [_use(each, policy, times) for each in members]
    if len(nodes) == 1:
        return nodes[0]
    weights = _weights(members, policy, remarks)
    arms = tuple(Arm(route=node, weight=weight) for node, weight in zip(nodes, weights, strict=True))
    shared = _shared(nodes)
    if shared is not None:
        arms = tuple(msgspec.structs.replace(arm, route=msgspec.structs.replace(arm.route, retry=None)) for arm in arms)
    balance = Balance(among=arms, by=policy.by, spill=spill if spill < len(nodes) - 1 else None)
    return RouteNode(balance=balance, retry=shared)


def _most(policy: Policy) -> int:
    return max(policy.retries, *policy.by_kind.values(), 0)


def _shared(nodes: list[RouteNode]) -> Retry | None:
    """The retries of all nodes, if they are the same."""
    return nodes[0].retry if all(node.retry == nodes[0].retry for node in nodes) else None


def _use(named: Named, policy: Policy, times: int) -> RouteNode:
    member = named.member
    own = times if member.retries is None else member.retries
    kinds = _retried(policy)
    retry = None if own == 0 or kinds == () else Retry(times=own, on=kinds)
    return RouteNode(use=named.name, timeout=member.timeout, retry=retry, options=DROPPING if member.drops else None)


def _retried(policy: Policy) -> tuple[FailureKind, ...] | None:
    """The kinds that are tried again, None for the usual ones."""
    if not policy.by_kind:
        return None
    usual = RETRIED if policy.retries else ()
    kinds: set[FailureKind] = {*usual, *policy.by_kind}
    # The number is the largest of all; each call that times out may be billed, so none of them is one too many.
    least = {"timed_out": _most(policy)}
    return tuple(kind for kind in sorted(kinds) if policy.by_kind.get(kind, 1) >= least.get(kind, 1))


def _weights(members: tuple[Named, ...], policy: Policy, remarks: Remarks) -> list[float]:
    """By `weight`, else `rpm`, else `tpm`, as LiteLLM draws; all the same under every other strategy."""
    said = [(each.member.weight, each.member.rpm, each.member.tpm) for each in members]
    place = members[0].member.place
    if policy.by != "weight":
        if any(weight is not None for weight, _, _ in said):
            remarks.warn(place, f"`weight` is not carried over: with `by: {policy.by}` it decides nothing")
        return [1] * len(members)
    column = next((index for index in range(3) if any(each[index] for each in said)), None)
    if column is None:
        if any(weight is not None for each in said for weight in each):
            remarks.warn(place, "all weights of this group are 0: carried over as equal, as LiteLLM draws then")
        return [1] * len(members)
    key = ("weight", "rpm", "tpm")[column]
    if column:
        remarks.warn(place, f"`{key}` is the weight of each deployment of this group, as LiteLLM draws")
    weights = [min(each[column] or 0, _MOST_WEIGHT) for each in said]
    if not all(weights):
        remarks.warn(
            place,
            f"some of this group have no `{key}`: as in LiteLLM, they serve where the others cannot (0 would be never here)",
        )
    last = max(_LEAST_WEIGHT, min(filter(None, weights)) * _SHARE_OF_THE_LAST)
    return [int(weight) if weight == int(weight) else weight for weight in (each or last for each in weights)]
