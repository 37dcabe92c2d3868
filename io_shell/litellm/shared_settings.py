"""What holds for all groups: `router_settings`, `litellm_settings`, `general_settings`, `environment_variables`."""

from collections.abc import Mapping
from typing import Final

import msgspec

from voxplan.engine.documents import tree
from voxplan.engine.documents.tree import Entry, Node, Place, Scalar, Sequence
from voxplan.engine.language.spec import Rules, Strategy
from voxplan.engine.terms.failure import RETRIED, FailureKind
from voxplan.engine.terms.spelling import listed, quoted, suggestion
from voxplan.io_shell.litellm.cooling import Said, said_by_all
from voxplan.io_shell.litellm.deployments import span
from voxplan.io_shell.litellm.groups import DROPPING, Policy
from voxplan.io_shell.litellm.known_keys import LITELLM_KEYS, ROUTER_KEYS
from voxplan.io_shell.litellm.remarks import Remarks
from voxplan.io_shell.litellm.sections import Section

__all__ = ("Fallbacks", "Shared", "counts_calls", "shared")

Fallbacks = dict[str, tuple[str, ...]]
"""The groups that follow each group; those of `*` follow every group without its own."""

_STRATEGIES: Final[Mapping[str, Strategy]] = {
    "simple-shuffle": "weight",
    "least-busy": "least_busy",
    "latency-based-routing": "latency",
    "cost-based-routing": "cost",
    "usage-based-routing": "headroom",
    "usage-based-routing-v2": "headroom",
}
_COUNTING: Final = frozenset({"usage-based-routing", "usage-based-routing-v2"})
_RETRIES: Final[Mapping[str, FailureKind]] = {
    "AuthenticationErrorRetries": "unauthorized",
    "BadRequestErrorRetries": "invalid_request",
    "ContentPolicyViolationErrorRetries": "content_filtered",
    "InternalServerErrorRetries": "server_error",
    "NotFoundErrorRetries": "not_found",
    "RateLimitErrorRetries": "rate_limited",
    "ServiceUnavailableErrorRetries": "overloaded",
    "TimeoutErrorRetries": "timed_out",
}
_USUAL_RETRIES: Final = 2
_NOT_RETRIED: Final = (
    "what timed out goes to the next deployment, and not to the same one again unless `retry_policy` has `TimeoutErrorRetries`"
)
_COOLED: Final = frozenset({"not_found", "rate_limited", "unauthorized"})


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for all groups; `of_group` are policies of single ones with their places, `aliases` other names of groups."""

    defaults: Rules
    cooling: Said
    policy: Policy
    of_group: Mapping[str, tuple[Policy, Place]]
    fallbacks: Fallbacks
    fallback_places: Mapping[str, Place]
    aliases: Mapping[str, tuple[str, Place]]
    concurrent: int | None


def counts_calls(router: Section) -> bool:
    """Whether LiteLLM holds `rpm` for a limit."""
    return router.text("routing_strategy") in _COUNTING or "enforce_model_rate_limits" in router.texts("optional_pre_call_checks")


def shared(router: Section, litellm: Section) -> Shared:
    """What both sections say; `router_settings` counts where both say something."""
    timeout = span(router.number("timeout"), router, "timeout")
    if (other := span(litellm.number("request_timeout"), litellm, "request_timeout")) and timeout is not None:
        litellm.warn("request_timeout", "`request_timeout` is not carried over: `router_settings` has a `timeout`")
    policy = _policy(router, litellm)
    of_group = {
        entry.key: (
            msgspec.structs.replace(
                policy, by_kind=_by_kind(Section(entry.value, entry.key, entry.place, router.remarks), policy.retries)
            ),
            entry.place,
        )
        for entry in router.inner("model_group_retry_policy").entries()
    }
    drops = [section.flag("drop_params") for section in (router, litellm)]
    fallbacks, places = _fallbacks(router, litellm)
    for check in router.texts("optional_pre_call_checks"):
        if check != "enforce_model_rate_limits":
            router.warn("optional_pre_call_checks", f"{quoted(check)} is not carried over: plans depend on no earlier request")
    made = Shared(
        defaults=Rules(timeout=timeout or other, options=DROPPING if any(drops) else None),
        cooling=said_by_all(router, litellm),
        policy=policy,
        of_group=of_group,
        fallbacks=fallbacks,
        fallback_places=places,
        aliases={**_aliases(litellm, "model_alias_map"), **_aliases(router, "model_group_alias")},
        concurrent=router.whole("default_max_parallel_requests", 1, 10**9),
    )
    router.tell_left(ROUTER_KEYS, _READ_ROUTER)
    litellm.tell_left(LITELLM_KEYS, _READ_LITELLM)
    return made


_READ_ROUTER: Final = (
    *("routing_strategy", "num_retries", "retry_policy", "timeout", "fallbacks", "default_fallbacks", "model_group_alias"),
    *("enable_tag_filtering", "optional_pre_call_checks", "drop_params", "cooldown_time", "allowed_fails", "disable_cooldowns"),
)
_READ_LITELLM: Final = (
    *("num_retries", "request_timeout", "fallbacks", "default_fallbacks", "drop_params"),
    *("cooldown_time", "allowed_fails"),
)


def _policy(router: Section, litellm: Section) -> Policy:
    said = [section.whole("num_retries", 0, 100) for section in (router, litellm)]
    if None not in said and said[0] != said[1]:
        litellm.warn("num_retries", "`num_retries` is not carried over: `router_settings` has another")
    retries = next((each for each in said if each is not None), _USUAL_RETRIES)
    by_kind = _by_kind(router.inner("retry_policy"), retries)
    if any(said) and "timed_out" not in by_kind:
        (router if said[0] is not None else litellm).warn("num_retries", _NOT_RETRIED)
    return Policy(
        by=_strategy(router),
        retries=retries,
        by_kind=by_kind,
        by_tag=router.flag("enable_tag_filtering") or False,
    )


def _strategy(router: Section) -> Strategy:
    said = router.text("routing_strategy")
    if said is None or said in _STRATEGIES:
        return _STRATEGIES[said or "simple-shuffle"]
    guess = suggestion(said, _STRATEGIES) or f", expected one of {listed(_STRATEGIES)}"
    router.warn("routing_strategy", f"strategy {quoted(said)} is not carried over: arms are drawn by weight{guess}")
    return "weight"


def _by_kind(section: Section, others: int) -> Mapping[FailureKind, int]:
    """The retries of a `retry_policy`, which are one number here, also for those of which it says nothing: `others`."""
    found: dict[FailureKind, int] = {}
    for key, kind in _RETRIES.items():
        if (count := section.whole(key, 0, 100)) is not None:
            found[kind] = count
            if count and kind in _COOLED:
                section.warn(
                    key, f"`{key}`: here this cools a deployment, and the same one is not asked again before that is over"
                )
    usual = section.whole("DefaultRetries", 0, 100)
    if usual is not None:
        found = dict.fromkeys(RETRIED, usual) | found
    several = {count for count in (*found.values(), *(others for kind in RETRIED if found and kind not in found)) if count > 0}
    if len(several) > 1:
        message = f"retries have one number here: {max(several)} for every kind that this policy tries again"
        if 0 < found.get("timed_out", 0) < max(several):
            message += "; what timed out may be billed, and its number is smaller: it goes to the next deployment alone"
        section.remarks.warn(section.place, message)
    section.tell_left({}, (*_RETRIES, "DefaultRetries"))
    return found


def _fallbacks(router: Section, litellm: Section) -> tuple[Fallbacks, dict[str, Place]]:
    """The fallbacks, and where those of each group stand."""
    found = [_pairs(section) for section in (router, litellm)]
    if found[0][0] and found[1][0]:
        litellm.warn("fallbacks", "`fallbacks` are not carried over: `router_settings` has some, and LiteLLM takes those")
    pairs, places = found[0] if found[0][0] else found[1]
    usual = [each.texts("default_fallbacks") for each in (router, litellm)]
    if all(usual):
        litellm.warn("default_fallbacks", "`default_fallbacks` are not carried over: `router_settings` has some")
    if named := usual[0] or usual[1]:
        pairs.setdefault("*", named)
        places.setdefault("*", (router if usual[0] else litellm).at("default_fallbacks"))
    return pairs, places


def _pairs(section: Section) -> tuple[Fallbacks, dict[str, Place]]:
    """`[{group: [group, …]}, …]`; of two entries for one group LiteLLM takes the first."""
    found: Fallbacks = {}
    places: dict[str, Place] = {}
    if isinstance(section.take("fallbacks"), tree.Mapping):
        section.warn("fallbacks", "`fallbacks` is a list with a mapping for each group, and not one mapping: not carried over")
        return found, places
    for item in section.items("fallbacks"):
        entries = Section(item, "fallbacks", item.place, section.remarks).entries()
        for entry in entries:
            names = tuple(name for name in (_target(node, section.remarks) for node in _nodes(entry.value)) if name)
            if entry.key in found:
                section.remarks.warn(entry.place, f"{quoted(entry.key)} has fallbacks already, and LiteLLM takes the first")
            elif names:
                found[entry.key], places[entry.key] = names, entry.place
    return found, places


def _nodes(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, Sequence) else (node,)


def _target(node: Node, remarks: Remarks) -> str | None:
    match node:
        case Scalar(str() as name) if name.strip():
            return name.strip()
        case tree.Mapping():
            section = Section(node, "fallbacks", node.place, remarks)
            model = section.text("model")
            section.tell_left({}, ("model",))
            return model
        case _:
            remarks.warn(node.place, "a fallback is the name of a group: not carried over")
            return None


def _aliases(section: Section, key: str) -> dict[str, tuple[str, Place]]:
    """Other names, each for a group: the name itself, or a mapping with `model`."""
    found: dict[str, tuple[str, Place]] = {}
    for entry in section.inner(key).entries():
        name = _alias(entry, section.remarks)
        if name is not None:
            found[entry.key] = name, entry.place
    return found


def _alias(entry: Entry, remarks: Remarks) -> str | None:
    if not isinstance(entry.value, tree.Mapping):
        return _target(entry.value, remarks)
    inner = Section(entry.value, entry.key, entry.place, remarks)
    if inner.flag("hidden"):
        inner.warn("hidden", "`hidden` is not carried over: every route can be seen")
    name = inner.text("model")
    inner.tell_left({}, ("model", "hidden"))
    return name
