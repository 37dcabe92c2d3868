"""A checked routing spec, compiled once: names resolved, rules met, weights reduced.

Whoever holds a Router holds a spec without errors; planning never checks again. Nodes mirror the forms of the language that
are still open at load: what `plan` decides for each request.
"""

import msgspec

from voxplan.engine.capability import Capabilities
from voxplan.engine.failure import FailureKind
from voxplan.engine.plan import Gates
from voxplan.engine.quantity import Span
from voxplan.engine.spec import Limits, WhenAllCooling, WhenAllPoor

__all__ = ("Chain", "Leaf", "RetryRule", "Router", "RouterDeployment", "RouterNode", "RouterRoute", "Spread", "SpreadArm")


class RouterDeployment(msgspec.Struct, frozen=True, kw_only=True):
    """One deployment with everything it takes from its account filled in.

    `credential` names the account, or the deployment itself when it has none; `api_key` and `base_url` may hold `${NAME}`
    references, which only the shell resolves. `shared_limits` are those of the account, over all its deployments.
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
    shortest: Span = Span(0)


class RetryRule(msgspec.Struct, frozen=True, kw_only=True):
    """A `retry` rule with every default filled in; milliseconds."""

    times: int
    on: tuple[FailureKind, ...]
    on_hint: tuple[FailureKind, ...]
    base_ms: int
    cap_ms: int
    patience_ms: int


class Leaf(msgspec.Struct, frozen=True, kw_only=True):
    """One use of a deployment, with the rules that hold there. `draw` names the node in its defining route: chance uses it."""

    node: str
    draw: str
    deployment: str
    timeout: Span | None
    deadlines: tuple[Span, ...]
    retry: RetryRule
    gates: Gates | None
    when_all_cooling: WhenAllCooling


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """`first`: children in order."""

    node: str
    children: tuple["RouterNode", ...]
    on: tuple[FailureKind, ...]
    deadlines: tuple[Span, ...]


class SpreadArm(msgspec.Struct, frozen=True, kw_only=True):
    """One arm of a `balance`; `label` enters the draw."""

    label: str
    weight: int
    route: "RouterNode"


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """`balance`: arms sorted by label, with coprime weights. `spill` None means all."""

    node: str
    draw: str
    arms: tuple[SpreadArm, ...]
    spill: int | None
    on: tuple[FailureKind, ...]
    deadlines: tuple[Span, ...]


RouterNode = Leaf | Chain | Spread


class RouterRoute(msgspec.Struct, frozen=True, kw_only=True):
    """A named route; `attempts` bounds the calls of any plan made from it."""

    name: str
    root: RouterNode
    attempts: int
    when_all_poor: WhenAllPoor


class Router(msgspec.Struct, frozen=True, kw_only=True):
    """A compiled spec. `digest` names the exact content of the document, whatever format it was written in."""

    digest: str
    deployments: dict[str, RouterDeployment]
    routes: dict[str, RouterRoute]
