"""A checked routing spec, compiled once: names resolved, rules met, weights reduced.

Whoever holds a Router holds a spec without errors; planning never checks again. Nodes mirror the forms of the language that
are still open at load: what `plan` decides for each request.
"""

import msgspec

from voxplan.engine.language.condition import Condition
from voxplan.engine.language.spec import CoolingRules, Limits, PassedOption, Replay, Spec, Strategy, WhenAllCooling, WhenAllPoor
from voxplan.engine.plans.draws import Lanes
from voxplan.engine.plans.plan import Gates, GuardrailStep
from voxplan.engine.terms.capability import Capabilities, PriceFacts, ProviderFacts
from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.quantity import Span
from voxplan.engine.terms.request import Option
from voxplan.engine.terms.zone import Zone

__all__ = (
    "Chain",
    "Choice",
    "ChoiceBranch",
    "Contest",
    "Leaf",
    "RetryRule",
    "Router",
    "RouterDeployment",
    "RouterNode",
    "RouterRoute",
    "Spread",
    "SpreadArm",
)


class RouterDeployment(msgspec.Struct, frozen=True, kw_only=True):
    """One deployment with everything it takes from its account filled in.

    `credential` names the account, or the deployment itself when it has none; `api_key` and `base_url` may hold `${NAME}`
    references, which only the shell resolves. `shared_limits` are those of the account, over all its deployments. `price` is the
    deployment's own or else its model's; None is an unknown price. `settings`, with those of account and provider, may hold
    references too.
    """

    name: str
    provider: str
    vendor: str
    credential: str
    model: str
    capabilities: Capabilities
    api_key: str | None = None
    base_url: str | None = None
    region: str | None = None
    tags: tuple[str, ...] = ()
    limits: Limits = Limits()
    shared_limits: Limits = Limits()
    cooling: CoolingRules = CoolingRules()
    shortest: Span = Span(0)
    price: PriceFacts | None = None
    settings: tuple[tuple[str, str], ...] = ()
    options: tuple[tuple[str, PassedOption], ...] = ()


class RetryRule(msgspec.Struct, frozen=True, kw_only=True):
    """A `retry` rule with every default filled in; milliseconds. `waits` are the label bits of its waits, for their draws."""

    times: int
    on: tuple[FailureKind, ...]
    on_hint: tuple[FailureKind, ...]
    base_ms: int
    cap_ms: int
    patience_ms: int
    waits: tuple[int, ...]


class Leaf(msgspec.Struct, frozen=True, kw_only=True):
    """One use of a deployment, with the rules that hold there. `draw` names the node in its defining route: chance uses it.

    `unmet` says why the deployment fails its `require` rules, one line each; that needs no request. Money is in billionths of a
    dollar: `budget` is the leaf's own, `least_budget` the smallest of all around it. Guardrails stand innermost first. `drops`
    and `emulates` are the options that may be.
    """

    node: str
    draw: str
    deployment: RouterDeployment
    timeout: Span | None
    deadlines: tuple[Span, ...]
    retry: RetryRule
    gates: Gates | None
    when_all_cooling: WhenAllCooling
    unmet: tuple[str, ...] = ()
    budget: int | None = None
    least_budget: int | None = None
    replay: Replay = "always"
    input_guardrails: tuple[GuardrailStep, ...] = ()
    guardrails: tuple[GuardrailStep, ...] = ()
    drops: tuple[Option, ...] = ()
    emulates: tuple[Option, ...] = ()


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """`first`: children in order."""

    node: str
    children: tuple["RouterNode", ...]
    on: tuple[FailureKind, ...]
    deadlines: tuple[Span, ...]
    budget: int | None = None


class SpreadArm(msgspec.Struct, frozen=True, kw_only=True):
    """One arm of a `balance`; `names` are the deployments below it."""

    node: str
    route: "RouterNode"
    names: tuple[str, ...]


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """`balance`: `arms` sorted by label, and `lanes` with their labels and coprime weights for the draw.

    `singles` are the deployments of the arms where each is another single one: to name many quickly. `bits` stand for the node
    in draws. `idle` are the arms of weight 0. `spill` None means all. `key` and `salt` are those of `sticky`.
    """

    node: str
    draw: str
    bits: int
    arms: tuple[SpreadArm, ...]
    singles: tuple[str, ...] | None
    lanes: Lanes
    idle: tuple[SpreadArm, ...]
    by: Strategy
    spill: int | None
    on: tuple[FailureKind, ...]
    deadlines: tuple[Span, ...]
    budget: int | None = None
    key: str | None = None
    salt: str | None = None


class ChoiceBranch(msgspec.Struct, frozen=True, kw_only=True):
    """One branch of a `when`; `condition` None is `otherwise`. `names` are the deployments below it."""

    node: str
    condition: Condition | None
    route: "RouterNode"
    names: tuple[str, ...]


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """`when`: the first branch whose condition holds. Its deadlines and budget stand on the branches."""

    node: str
    branches: tuple[ChoiceBranch, ...]


class Contest(msgspec.Struct, frozen=True, kw_only=True):
    """`race`: arms in the order in which they start. It `overlaps` unless the audio may not always be sent again below."""

    node: str
    arms: tuple["RouterNode", ...]
    stagger: Span
    on: tuple[FailureKind, ...]
    deadlines: tuple[Span, ...]
    overlaps: bool
    budget: int | None = None


RouterNode = Leaf | Chain | Spread | Choice | Contest


class RouterRoute(msgspec.Struct, frozen=True, kw_only=True):
    """A named route; `attempts` bounds the calls of any plan made from it."""

    name: str
    root: RouterNode
    attempts: int
    when_all_poor: WhenAllPoor


class Router(msgspec.Struct, frozen=True, kw_only=True):
    """A compiled spec. `digest` names the exact content of the document, whatever format it was written in.

    `spec` and `facts` are what it was compiled from: a request may name fallbacks, which are compiled when it comes. `zones` are
    the time zones that conditions name.
    """

    digest: str
    deployments: dict[str, RouterDeployment]
    routes: dict[str, RouterRoute]
    spec: Spec
    facts: dict[str, ProviderFacts]
    zones: dict[str, Zone]
