"""The routing spec as an author means it: the normal form, after short forms have been written out.

These structs are the one description of the language: reading, printing and the JSON Schema all come from them. What they
cannot say (names that exist, routes without cycles, weights that are not all zero) is checked in `checking`.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from voxplan.engine.failure import FailureKind
from voxplan.engine.quantity import Span

__all__ = (
    "Accept",
    "Account",
    "Arm",
    "Backoff",
    "Balance",
    "Count",
    "Deployment",
    "Label",
    "Limits",
    "Positive",
    "Reference",
    "Retry",
    "RouteNode",
    "Rules",
    "Spec",
    "Weight",
    "WhenAllCooling",
    "WhenAllPoor",
)

Positive = Annotated[int, Meta(gt=0)]
Count = Annotated[int, Meta(ge=0, le=100)]
Weight = Annotated[int, Meta(ge=0, le=1_000_000_000)] | Annotated[float, Meta(ge=0, le=1_000_000_000)]
"""A share; only ratios matter. `checking` sees to it that it is no smaller than a billionth."""

Label = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:@-]*$",
        max_length=100,
        description="a name of at most 100 letters, digits and `_.:@-` that starts with a letter or digit",
    ),
]
"""Names of accounts, deployments, routes and nodes."""

WhenAllCooling = Literal["try", "refuse"]
WhenAllPoor = Literal["return", "fail"]

Reference = Annotated[
    str,
    Meta(
        pattern=r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$",
        description="a reference such as `${OPENAI_API_KEY}`; a key never stands in a spec",
    ),
]
"""A secret by reference: `${NAME}`, read from the environment when an attempt needs it. Never the secret itself."""


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A mapping in a spec: unknown keys are errors, keys left out are not printed."""


class Limits(_Table, frozen=True, kw_only=True):
    """What may be asked of one deployment: calls started in any 60 seconds, calls under way at once."""

    requests_per_minute: Positive | None = None
    concurrent: Positive | None = None


class Account(_Table, frozen=True, kw_only=True):
    """Credentials and limits that several deployments share."""

    provider: Label
    api_key: Reference | None = None
    base_url: str | None = None
    region: str | None = None
    limits: Limits | None = None


class Deployment(_Table, frozen=True, kw_only=True):
    """One provider account, model and credentials. What it does not say it takes from its `account`."""

    model: str
    account: Label | None = None
    provider: Label | None = None
    api_key: Reference | None = None
    base_url: str | None = None
    region: str | None = None
    tags: tuple[str, ...] = ()
    limits: Limits | None = None
    shortest: Span | None = None


class Backoff(_Table, frozen=True, kw_only=True):
    """Full jitter: the k-th wait is drawn evenly from 0 to min(cap, base * 2^k)."""

    base: Span = Span(500)
    cap: Span = Span(8000)


class Retry(_Table, frozen=True, kw_only=True):
    """The same deployment again, `times` more often; `patience` is the longest Retry-After that is waited for."""

    times: Count = 0
    on: tuple[Literal["*"] | FailureKind, ...] | None = None
    backoff: Backoff = Backoff()
    patience: Span | None = None


class Accept(_Table, frozen=True, kw_only=True):
    """Gates on the raw transcript; an answer that fails one is the failure `poor_quality`."""

    not_empty: bool = False
    max_compression_ratio: Annotated[float, Meta(gt=0)] | None = None


class Rules(_Table, frozen=True, kw_only=True):
    """What may stand on any node, and in `defaults` for every route."""

    name: Label | None = None
    deadline: Span | None = None
    timeout: Span | None = None
    retry: Retry | None = None
    accept: Accept | None = None
    when_all_cooling: WhenAllCooling | None = None
    when_all_poor: WhenAllPoor | None = None


class RouteNode(Rules, frozen=True, kw_only=True):
    """One node of a route: rules, and exactly one form, which is the key that is there.

    `use` names a deployment or another route; `first` is ordered fallback; `balance` orders its arms by a strategy. `on`
    belongs to `first` and `balance`: the failure kinds that lead on to the next child.
    """

    use: Label | None = None
    first: Annotated[tuple["RouteNode", ...], Meta(min_length=1)] | None = None
    balance: "Balance | None" = None
    on: Annotated[tuple[Literal["*"] | FailureKind, ...], Meta(min_length=1)] | None = None


class Arm(_Table, frozen=True, kw_only=True):
    """One arm of a `balance`. Its short form writes `weight` beside the keys of `route`."""

    route: RouteNode
    weight: Weight = 1


class Balance(_Table, frozen=True, kw_only=True):
    """The arms and how to order them; after the chosen arm the next `spill` are its fallbacks (default: all)."""

    among: Annotated[tuple[Arm, ...], Meta(min_length=1)]
    by: Literal["weight"] = "weight"
    spill: Annotated[int, Meta(ge=0)] | None = None


class Spec(_Table, frozen=True, kw_only=True):
    """A whole routing spec."""

    voxplan: Literal[1]
    deployments: dict[Label, Deployment]
    routes: dict[Label, RouteNode]
    accounts: dict[Label, Account] = {}
    defaults: Rules = Rules()
