"""The routing spec as an author means it: the normal form, after short forms have been written out.

These structs are the one description of the language: reading, printing and the JSON Schema all come from them. What they
cannot say (names that exist, routes without cycles, weights that are not all zero) is checked in `checking`.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from voxplan.engine.language.condition import Condition, TextList
from voxplan.engine.language.gateway import Gateway
from voxplan.engine.language.policy import PolicyTest
from voxplan.engine.language.table import Table
from voxplan.engine.terms.capability import CapabilityName
from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.quantity import Money, Share, Span

__all__ = (
    "Accept",
    "Account",
    "Arm",
    "Backoff",
    "Balance",
    "Branch",
    "CoolingRules",
    "Count",
    "Deployment",
    "Guardrail",
    "Label",
    "Limits",
    "ModelName",
    "OptionRules",
    "PassedOption",
    "Positive",
    "Price",
    "Race",
    "Reference",
    "Replay",
    "Retry",
    "RetryBudget",
    "RouteNode",
    "Rules",
    "Scalar",
    "Selector",
    "Spec",
    "Strategy",
    "Weight",
    "WhenAllCooling",
    "WhenAllPoor",
)

_LONGEST_COOLING_MS: Final = 300_000  # so that a healed provider is back within five minutes

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

Scalar = bool | int | float | str
_Flat = Scalar | tuple[Scalar, ...] | dict[str, Scalar]
_Deep = Scalar | tuple[_Flat, ...] | dict[str, _Flat]
_Deeper = Scalar | tuple[_Deep, ...] | dict[str, _Deep]
PassedOption = Scalar | tuple[_Deeper, ...] | dict[str, _Deeper]
"""A request field of the provider's own, as `options` passes it on: one value, a list or an object of them, four levels of these
at most, which is one more than any provider has (msgspec knows no type that holds itself)."""

Replay = Literal["always", "if_uncharged", "if_unsent", "never"]
"""When the same audio may be sent again, from the loosest to the strictest."""

Strategy = Literal["weight", "latency", "least_busy", "cost", "headroom", "sticky"]

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


class Limits(Table, frozen=True, kw_only=True):
    """What may be asked of one deployment: calls started in any 60 seconds, calls under way at once."""

    requests_per_minute: Positive | None = None
    concurrent: Positive | None = None


class CoolingRules(Table, frozen=True, kw_only=True):
    """When a deployment that fails is left alone: after `failures` in a row for `first`.

    If the call that then tries it fails too, for twice as long as before, at most for `longest` (default: 300 s, or `first` where
    that is longer).
    """

    failures: Annotated[int, Meta(gt=0, le=1000)] = 3  # one or two happen to every provider
    first: Span = Span(15_000)
    longest: Span | None = None

    @property
    def longest_ms(self) -> int:
        """What `longest` comes to."""
        return max(self.first.base_ms, _LONGEST_COOLING_MS) if self.longest is None else self.longest.base_ms


class Account(Table, frozen=True, kw_only=True):
    """Credentials and limits that several deployments share."""

    provider: Label
    api_key: Reference | None = None
    base_url: str | None = None
    region: str | None = None
    settings: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    limits: Limits | None = None


class Price(Table, frozen=True, kw_only=True):
    """What one call costs: by the minute of audio and by the call.

    Audio is billed for at least `minimum`, and rounded up to whole steps of `step`.
    """

    per_minute: Money | None = None
    per_request: Money | None = None
    minimum: Span = Span(0)
    step: Span | None = None


ModelName = Annotated[str, Meta(pattern=r"^\S(?:.*\S)?$", description="the name of a model, without blanks around it")]
"""A model as its provider calls it."""


class Deployment(Table, frozen=True, kw_only=True):
    """One provider account, model and credentials. What it does not say it takes from its `account`.

    `settings` are what its provider needs beside key and address; `options` request fields of the provider's own, passed on as
    they stand. `price` overrides what is known of the provider's prices.
    """

    model: ModelName
    account: Label | None = None
    provider: Label | None = None
    api_key: Reference | None = None
    base_url: str | None = None
    region: str | None = None
    tags: tuple[str, ...] = ()
    limits: Limits | None = None
    cooling: CoolingRules | None = None
    shortest: Span | None = None
    price: Price | None = None
    settings: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    options: dict[str, PassedOption] = msgspec.field(default_factory=dict[str, PassedOption])


class Backoff(Table, frozen=True, kw_only=True):
    """Full jitter: the k-th wait is drawn evenly from 0 to min(cap, base * 2^k)."""

    base: Span = Span(500)
    cap: Span = Span(8000)


class Retry(Table, frozen=True, kw_only=True):
    """The same deployment again, `times` more often; `patience` is the longest Retry-After that is waited for."""

    times: Count = 0
    on: tuple[Literal["*"] | FailureKind, ...] | None = None
    backoff: Backoff = Backoff()
    patience: Span | None = None


class Accept(Table, frozen=True, kw_only=True):
    """Gates on the raw transcript; an answer that fails one is the failure `poor_quality`."""

    not_empty: bool = False
    max_compression_ratio: Annotated[float, Meta(gt=0)] | None = None


class Selector(Table, frozen=True, kw_only=True):
    """Which deployments: in one of `region`, of one of `provider`, with all of `tags` and every `capability`."""

    region: TextList | None = None
    provider: TextList | None = None
    tags: TextList | None = None
    capability: Annotated[tuple[CapabilityName, ...], Meta(min_length=1)] | None = None


class OptionRules(Table, frozen=True, kw_only=True):
    """What happens to an option of the request that a deployment cannot do.

    `refuse` leaves the deployment out; `drop` sends the request without the option; `emulate` builds what was asked from what
    the deployment gives. The answer lists what was dropped or emulated.
    """

    language: Literal["refuse", "drop"] | None = None
    languages: Literal["refuse", "drop"] | None = None
    prompt: Literal["refuse", "drop"] | None = None
    keywords: Literal["refuse", "emulate", "drop"] | None = None
    temperature: Literal["refuse", "drop"] | None = None
    timestamps: Literal["refuse", "emulate", "drop"] | None = None
    diarize: Literal["refuse", "drop"] | None = None
    known_speakers: Literal["refuse", "drop"] | None = None
    logprobs: Literal["refuse", "drop"] | None = None
    chunking_strategy: Literal["refuse", "drop"] | None = None
    stream: Literal["refuse", "emulate"] | None = None


class Rules(Table, frozen=True, kw_only=True):
    """What may stand on any node, and in `defaults` for every route."""

    name: Label | None = None
    require: Selector | None = None
    guardrails: Annotated[tuple[Label, ...], Meta(min_length=1)] | None = None
    deadline: Span | None = None
    budget: Money | None = None
    replay: Replay | None = None
    timeout: Span | None = None
    retry: Retry | None = None
    accept: Accept | None = None
    options: OptionRules | None = None
    when_all_cooling: WhenAllCooling | None = None
    when_all_poor: WhenAllPoor | None = None


class RouteNode(Rules, frozen=True, kw_only=True):
    """One node of a route: rules, and exactly one form, which is the key that is there.

    `use` names a deployment or another route; `first` is ordered fallback; `balance` orders its arms by a strategy; `when` takes
    the first branch whose condition holds, else `otherwise`; `race` starts its arms one after another until one is accepted.
    `on` belongs to `first`, `balance` and `race`: the failure kinds that lead on to the next child.
    """

    use: Label | None = None
    first: Annotated[tuple["RouteNode", ...], Meta(min_length=1)] | None = None
    balance: "Balance | None" = None
    race: "Race | None" = None
    when: Annotated[tuple["Branch", ...], Meta(min_length=1)] | None = None
    otherwise: "RouteNode | None" = None
    on: Annotated[tuple[Literal["*"] | FailureKind, ...], Meta(min_length=1)] | None = None


class Branch(Table, frozen=True, kw_only=True):
    """One branch of a `when`: `then` is taken if `if` is the first condition that holds."""

    if_: Condition = msgspec.field(name="if")
    then: RouteNode


class Arm(Table, frozen=True, kw_only=True):
    """One arm of a `balance`. Its short form writes `weight` beside the keys of `route`."""

    route: RouteNode
    weight: Weight = 1


class Balance(Table, frozen=True, kw_only=True):
    """The arms and how to order them; after the chosen arm the next `spill` are its fallbacks (default: all).

    The arms stand in `among`, or are the deployments that `where` selects, with equal weights (written `among: {where: …}`).
    `key` and `salt` belong to `sticky`: what of the request always leads to the same arm.
    """

    among: tuple[Arm, ...] = ()
    where: Selector | None = None
    by: Strategy = "weight"
    spill: Annotated[int, Meta(ge=0)] | None = None
    key: Annotated[str, Meta(pattern=r"^(user|key|metadata\.[^\s]+)$", description="`user`, `key` or `metadata.x`")] | None = None
    salt: str | None = None


class Race(Table, frozen=True, kw_only=True):
    """Hedging: the first arm starts at once, the next after `stagger` or as soon as one has failed."""

    stagger: Span
    among: tuple[RouteNode, ...] = ()
    where: Selector | None = None


class Guardrail(Table, frozen=True, kw_only=True):
    """A check on what goes in (`input`: the prompt) or comes out (`output`: the transcript).

    `kind` says who carries it out. One that errors or takes longer than `timeout` blocks, unless `on_error` is `allow`.
    """

    kind: Label
    stage: Literal["input", "output"] = "output"
    on_error: Literal["block", "allow"] = "block"
    timeout: Span = Span(10_000)


class RetryBudget(Table, frozen=True, kw_only=True):
    """The most retries and hedges of all requests together in any minute: `share` of the first attempts, and `least` more."""

    share: Share = Share(200_000)
    least: Count = 10


class Spec(Table, frozen=True, kw_only=True):
    """A whole routing spec."""

    voxplan: Literal[1]
    deployments: dict[Label, Deployment]
    routes: dict[Label, RouteNode]
    accounts: dict[Label, Account] = msgspec.field(default_factory=dict[Label, Account])
    defaults: Rules = Rules()
    guardrails: dict[Label, Guardrail] = msgspec.field(default_factory=dict[Label, Guardrail])
    cooling: CoolingRules = CoolingRules()
    retry_budget: RetryBudget = RetryBudget()
    gateway: Gateway = Gateway()
    tests: tuple[PolicyTest, ...] = ()
