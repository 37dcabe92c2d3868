"""A plan: everything that may happen for one request, as data.

A small tree of three kinds of node. It can be printed, compared, hashed, stored and drawn. It holds no callables, no secrets
and no chance: what was random has been drawn. All durations are whole milliseconds, so that equal inputs give equal bytes
and a virtual clock meets them exactly.
"""

import hashlib
from collections.abc import Iterator
from typing import Literal

import msgspec

from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.request import Option

__all__ = (
    "Attempt",
    "Bounds",
    "Degrade",
    "First",
    "Gates",
    "GuardrailStep",
    "LeftOut",
    "Node",
    "Plan",
    "Race",
    "Reason",
    "ReasonCode",
    "Refusal",
    "attempts",
    "children",
    "digest",
)

ReasonCode = Literal[
    "cooling",
    "weight_zero",
    "incapable",
    "timeout_below_shortest",
    "not_spilled",
    "not_chosen",
    "requirement_unmet",
    "not_allowed",
    "over_budget",
    "price_unknown",
]
"""Why a deployment is not in a plan.

`not_spilled`: a `balance` chose other arms and its `spill` ended before this one. `not_chosen`: it stands in a branch of a `when`
that was not taken. `not_allowed`: the caller may not use it.
"""


class Reason(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One true reason for leaving a deployment out, with the detail a person needs to mend it.

    `about` names what of the request's options it cannot do, where it is `incapable` of one.
    """

    code: ReasonCode
    detail: str
    about: str | None = None


class LeftOut(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Deployments that the route names and the plan does not, at one node, with all true reasons.

    Most often one. The arms of a `balance` that were `not_spilled` stand together, at its node: they were not looked at, so
    nothing else is said of them.
    """

    node: str
    deployments: tuple[str, ...]
    reasons: tuple[Reason, ...]


class Gates(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`accept`: what the raw transcript must satisfy, else the answer is `poor_quality`."""

    not_empty: bool = False
    max_compression_ratio: float | None = None


class GuardrailStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One guardrail as a step of a plan: a check that must be passed within `timeout_ms`. Its `name` runs once in a run."""

    name: str
    kind: str
    timeout_ms: int
    on_error: Literal["block", "allow"] = "block"


class Degrade(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An option of the request that a deployment cannot do, and what is done about it."""

    option: Option
    how: Literal["dropped", "emulated"]


class Attempt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="attempt"):
    """Calls to one deployment: the first, then a retry after each of `delays_ms`, in that order.

    `timeout_ms` bounds one call, first byte sent to last byte read and decoded. `shortest_ms`: with less time than this left
    no call starts. `deadline_ms` bounds all calls, counted from the moment the node is entered. A failure is retried when its
    kind is in `retry_on`, or in `retry_on_hint` and the provider said how long to wait; a wait asked for by the provider that
    is longer than `patience_ms` is not waited for.

    `replay` says whether a call may start when the same audio was sent before in this run. `worst_cost` is what one call costs
    at most, in billionths of a dollar, None when nobody knows; `budget` bounds all calls of the node. `guardrails` check its
    answer, in this order. `degrades` lists the options that this deployment gets or gives differently. `simulated`: every call
    fails in this kind, without being sent.
    """

    node: str
    deployment: str
    credential: str
    vendor: str
    timeout_ms: int
    region: str | None = None
    shortest_ms: int = 0
    deadline_ms: int | None = None
    delays_ms: tuple[int, ...] = ()
    retry_on: tuple[FailureKind, ...] = ()
    retry_on_hint: tuple[FailureKind, ...] = ()
    patience_ms: int = 0
    replay: Literal["always", "if_uncharged", "if_unsent", "never"] = "always"
    worst_cost: int | None = None
    budget: int | None = None
    gates: Gates | None = None
    guardrails: tuple[GuardrailStep, ...] = ()
    degrades: tuple[Degrade, ...] = ()
    simulated: FailureKind | None = None


class First(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="first"):
    """Children in order: the next one starts when the one before failed with a kind in `on`, or was absent.

    `budget` bounds what all calls below cost together, in billionths of a dollar.
    """

    node: str
    children: tuple["Node", ...]
    on: tuple[FailureKind, ...]
    deadline_ms: int | None = None
    budget: int | None = None


class Race(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="race"):
    """Arms that overlap: the next one starts `stagger_ms` after the one before, or when one has failed with a kind in `on`.

    The first accepted answer wins. A kind that is not in `on` starts no further arm; those under way go on.
    """

    node: str
    arms: tuple["Node", ...]
    stagger_ms: int
    on: tuple[FailureKind, ...]
    deadline_ms: int | None = None
    budget: int | None = None


Node = Attempt | First | Race


class Bounds(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What no run of the plan can exceed.

    Calls made; how long it takes; what it costs at most (billionths of a dollar, None when a price is unknown and no budget
    bounds it); how many calls may be charged beyond the one that was wanted; and everybody who may get to hear the audio.
    """

    attempts: int
    longest_ms: int
    cost: int | None = None
    duplicate_charges: int = 0
    deployments: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


class Plan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What may happen for one request.

    `input_guardrails` check the prompt before any byte leaves. `streams`: the caller wants the text as it comes, so the run
    commits to the first attempt whose text is released. `left_out` names what the route could have used and this plan does not.
    `cooling_try` names the one deployment that is planned although it cools off, because every other is unusable
    (`when_all_cooling: try`, the panic rule). `when_all_poor` says what the run returns when answers came but none passed its
    gates. `spec_digest` names the routing spec it was made from.
    """

    route: str
    spec_digest: str
    root: Node
    bounds: Bounds
    input_guardrails: tuple[GuardrailStep, ...] = ()
    streams: bool = False
    left_out: tuple[LeftOut, ...] = ()
    cooling_try: str | None = None
    when_all_poor: Literal["return", "fail"] = "return"


class Refusal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """No plan, and why.

    `unknown_route`, `unknown_fallback` and `unknown_simulation` name in `names` what is unknown and in `routes` what there is;
    `not_allowed` in `names` what the caller may not use; `too_many_attempts`: the fallbacks make the route larger than a route
    may be; `nothing_eligible`: no deployment of the route may be attempted. `left_out` names every deployment of the route with
    all true reasons (law T2); `retry_after_ms` when waiting would help.
    """

    code: Literal[
        "unknown_route", "unknown_fallback", "unknown_simulation", "not_allowed", "too_many_attempts", "nothing_eligible"
    ]
    route: str
    names: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    retry_after_ms: int | None = None


def children(node: Node) -> tuple[Node, ...]:
    """The nodes right below `node`, in the order in which they start."""
    match node:
        case Attempt():
            return ()
        case First():
            return node.children
        case Race():
            return node.arms


def attempts(node: Node) -> Iterator[Attempt]:
    """All attempts below `node`, in the order in which the tree lists them."""
    if isinstance(node, Attempt):
        yield node
    else:
        for child in children(node):
            yield from attempts(child)


def digest(plan: Plan) -> str:
    """A short name for the plan's exact content: equal plans have equal digests, on any machine."""
    canonical = msgspec.json.encode(plan, order="deterministic")
    return hashlib.blake2b(canonical, digest_size=12).hexdigest()
