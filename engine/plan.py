"""A plan: everything that may happen for one request, as data.

A small tree of two kinds of node. It can be printed, compared, hashed, stored and drawn. It holds no callables, no secrets
and no chance: what was random has been drawn. All durations are whole milliseconds, so that equal inputs give equal bytes
and a virtual clock meets them exactly.
"""

import hashlib
from collections.abc import Iterator
from typing import Literal

import msgspec

from voxplan.engine.failure import FailureKind

__all__ = (
    "Attempt",
    "Bounds",
    "First",
    "Gates",
    "LeftOut",
    "Node",
    "Plan",
    "Reason",
    "ReasonCode",
    "Refusal",
    "attempts",
    "digest",
)

ReasonCode = Literal["cooling", "weight_zero", "incapable", "timeout_below_shortest", "not_spilled"]
"""Why a deployment is not in a plan. `not_spilled`: a `balance` chose other arms and its `spill` ended before this one."""


class Reason(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One true reason for leaving a deployment out, with the detail a person needs to mend it."""

    code: ReasonCode
    detail: str


class LeftOut(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A deployment that the route names and the plan does not, at one node, with all true reasons."""

    node: str
    deployment: str
    reasons: tuple[Reason, ...]


class Gates(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`accept`: what the raw transcript must satisfy, else the answer is `poor_quality`."""

    not_empty: bool = False
    max_compression_ratio: float | None = None


class Attempt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="attempt"):
    """Calls to one deployment: the first, then a retry after each of `delays_ms`, in that order.

    `timeout_ms` bounds one call, first byte sent to last byte read and decoded. `shortest_ms`: with less time than this left
    no call starts. `deadline_ms` bounds all calls, counted from the moment the node is entered. A failure is retried when its
    kind is in `retry_on`, or in `retry_on_hint` and the provider said how long to wait; a wait asked for by the provider that
    is longer than `patience_ms` is not waited for.
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
    gates: Gates | None = None


class First(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="first"):
    """Children in order: the next one starts when the one before failed with a kind in `on`, or was absent."""

    node: str
    children: tuple["Node", ...]
    on: tuple[FailureKind, ...]
    deadline_ms: int | None = None


Node = Attempt | First


class Bounds(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What no run of the plan can exceed: calls made, and how long it takes."""

    attempts: int
    longest_ms: int


class Plan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What may happen for one request.

    `left_out` names what the route could have used and this plan does not. `cooling_try` names the one deployment that is
    planned although it cools off, because every other is unusable (`when_all_cooling: try`). `when_all_poor` says what the
    run returns when answers came but none passed its gates. `spec_digest` names the routing spec it was made from.
    """

    route: str
    spec_digest: str
    root: Node
    bounds: Bounds
    left_out: tuple[LeftOut, ...] = ()
    cooling_try: str | None = None
    when_all_poor: Literal["return", "fail"] = "return"


class Refusal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """No plan, and why: an unknown route, or no deployment of the route that may be attempted.

    `left_out` names every deployment of the route with all true reasons (law T2); `routes` the routes there are;
    `retry_after_ms` when waiting would help.
    """

    code: Literal["unknown_route", "nothing_eligible"]
    route: str
    routes: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    retry_after_ms: int | None = None


def attempts(node: Node) -> Iterator[Attempt]:
    """All attempts below `node`, in the order in which the tree lists them."""
    if isinstance(node, Attempt):
        yield node
    else:
        for child in node.children:
            yield from attempts(child)


def digest(plan: Plan) -> str:
    """A short name for the plan's exact content: equal plans have equal digests, on any machine."""
    canonical = msgspec.json.encode(plan, order="deterministic")
    return hashlib.blake2b(canonical, digest_size=12).hexdigest()
