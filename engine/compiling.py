"""From a checked spec to a Router: accounts filled in, routes written out, rules met, weights reduced.

Rules that an inner node replaces (`timeout`, `retry`, `accept`, `when_all_cooling`) travel down as one value and arrive at the
leaves. Deadlines stay on the node that states them; where a `use` of a route meets that route's root, both count from the same
moment and stand on the one node that is left.
"""

import math
from collections.abc import Mapping
from fractions import Fraction

import msgspec
from msgspec.structs import replace
from returns.result import Failure, Success

from voxplan.engine.capability import ProviderFacts
from voxplan.engine.checking import Finding, check
from voxplan.engine.failure import KINDS, RETRIED, RETRIED_ON_HINT, STAR, FailureKind
from voxplan.engine.plan import Gates
from voxplan.engine.printing import spec_digest
from voxplan.engine.quantity import Span
from voxplan.engine.router import Chain, Leaf, RetryRule, Router, RouterDeployment, RouterNode, RouterRoute, Spread, SpreadArm
from voxplan.engine.sizing import route_sizes
from voxplan.engine.spec import (
    Accept,
    Account,
    Arm,
    Backoff,
    Balance,
    Deployment,
    Limits,
    Retry,
    RouteNode,
    Rules,
    Spec,
    WhenAllCooling,
    WhenAllPoor,
)

__all__ = ("compile_checked", "compile_spec")

_Listed = tuple[str, ...] | None


class _Carried(msgspec.Struct, frozen=True, kw_only=True):
    """The rules that hold at a node unless it replaces them."""

    timeout: Span | None = None
    retry: Retry = Retry()
    accept: Accept | None = None
    when_all_cooling: WhenAllCooling = "try"


class _Spot(msgspec.Struct, frozen=True, kw_only=True):
    """Where a node stands: its name in the plan, its name in its defining route, and deadlines that count from its entry."""

    node: str
    draw: str
    deadlines: tuple[Span, ...] = ()

    def below(self, label: str) -> "_Spot":
        """The place of the child with this label."""
        return _Spot(node=f"{self.node}/{label}", draw=f"{self.draw}/{label}")


def compile_spec(spec: Spec, catalog: Mapping[str, ProviderFacts]) -> Success[Router] | Failure[tuple[Finding, ...]]:
    """The Router of `spec`, or every error that `check` finds in it."""
    errors = tuple(finding for finding in check(spec, catalog) if finding.severity == "error")
    return Failure(errors) if errors else Success(compile_checked(spec, catalog))


def compile_checked(spec: Spec, catalog: Mapping[str, ProviderFacts]) -> Router:
    """The Router of a spec in which `check` finds no error."""
    sizes = route_sizes(spec)
    return Router(
        digest=spec_digest(spec),
        deployments={name: _deployment(name, spec, catalog) for name in sorted(spec.deployments)},
        routes={name: _route(spec, name, sizes[name].calls) for name in sorted(spec.routes)},
    )


def _deployment(name: str, spec: Spec, catalog: Mapping[str, ProviderFacts]) -> RouterDeployment:
    written = spec.deployments[name]
    account = None if written.account is None else spec.accounts[written.account]
    own = written if account is None else _with_account(written, account)
    # A deployment with a key of its own does not share its account's credential, and so not its limits.
    shared = account if written.api_key is None else None
    provider = own.provider or ""
    facts = catalog[provider]
    api_key = facts.default_key if own.api_key is None else own.api_key
    return RouterDeployment(
        name=name,
        provider=provider,
        vendor=facts.vendor or provider,
        credential=_credential(name, own, api_key) if shared is None else f"account {own.account}",
        model=own.model,
        capabilities=facts.capabilities(own.model),
        api_key=api_key,
        base_url=own.base_url,
        region=own.region,
        tags=tuple(sorted(set(own.tags))),
        limits=own.limits or Limits(),
        shared_limits=(shared.limits if shared is not None else None) or Limits(),
        shortest=own.shortest or Span(0),
    )


def _with_account(own: Deployment, account: Account) -> Deployment:
    """The deployment with what it leaves out taken from its account."""
    return replace(
        own,
        provider=account.provider,
        api_key=account.api_key if own.api_key is None else own.api_key,
        base_url=account.base_url if own.base_url is None else own.base_url,
        region=account.region if own.region is None else own.region,
    )


def _credential(name: str, own: Deployment, api_key: str | None) -> str:
    """What two deployments share when the same key opens both: it is refused for both at once."""
    if api_key is None:
        return name
    return " ".join(part for part in (own.provider, api_key, own.base_url) if part is not None)


def _route(spec: Spec, name: str, calls: int) -> RouterRoute:
    root, defaults = spec.routes[name], spec.defaults
    spot = _Spot(node=name, draw=name, deadlines=_own_deadline(defaults))
    return RouterRoute(
        name=name,
        root=_node(spec, root, spot, _carry(_Carried(), defaults)),
        attempts=calls,
        when_all_poor=_when_all_poor(spec, root, defaults.when_all_poor or "return"),
    )


def _when_all_poor(spec: Spec, root: RouteNode, outer: WhenAllPoor) -> WhenAllPoor:
    """The rule at the root: where that only uses another route, both roots are one node, and the inner rule replaces."""
    own = root.when_all_poor or outer
    return _when_all_poor(spec, spec.routes[root.use], own) if root.use in spec.routes else own


def _carry(outer: _Carried, rules: Rules) -> _Carried:
    """The rules inside a node: its own where it has them, else those around it."""
    return _Carried(
        timeout=rules.timeout if rules.timeout is not None else outer.timeout,
        retry=rules.retry if rules.retry is not None else outer.retry,
        accept=rules.accept if rules.accept is not None else outer.accept,
        when_all_cooling=rules.when_all_cooling or outer.when_all_cooling,
    )


def _own_deadline(rules: Rules) -> tuple[Span, ...]:
    return () if rules.deadline is None else (rules.deadline,)


def _node(spec: Spec, node: RouteNode, spot: _Spot, outer: _Carried) -> RouterNode:
    rules = _carry(outer, node)
    spot = replace(spot, deadlines=(*spot.deadlines, *_own_deadline(node)))
    if node.use is not None:
        if node.use in spec.routes:
            return _node(spec, spec.routes[node.use], replace(spot, draw=node.use), rules)
        return _leaf(node.use, spot, rules)
    on = _kinds(node.on, STAR)
    if node.balance is not None:
        return _spread(spec, node.balance, spot, rules, on)
    labelled = zip(_unique(tuple(_label(child) for child in node.first or ())), node.first or (), strict=True)
    children = tuple(_node(spec, child, spot.below(label), rules) for label, child in labelled)
    return Chain(node=spot.node, children=children, on=on, deadlines=spot.deadlines)


def _leaf(deployment: str, spot: _Spot, rules: _Carried) -> Leaf:
    accept = rules.accept
    gated = accept is not None and accept != Accept()
    return Leaf(
        node=spot.node,
        draw=spot.draw,
        deployment=deployment,
        timeout=rules.timeout,
        deadlines=spot.deadlines,
        retry=_retry_rule(rules.retry),
        gates=Gates(not_empty=accept.not_empty, max_compression_ratio=accept.max_compression_ratio) if accept and gated else None,
        when_all_cooling=rules.when_all_cooling,
    )


def _retry_rule(retry: Retry) -> RetryRule:
    backoff: Backoff = retry.backoff
    patience = retry.patience or backoff.cap
    return RetryRule(
        times=retry.times,
        on=RETRIED if retry.on is None else _kinds(retry.on, STAR),
        on_hint=RETRIED_ON_HINT if retry.on is None else (),
        base_ms=backoff.base.base_ms,
        cap_ms=backoff.cap.base_ms,
        patience_ms=patience.base_ms,
    )


def _kinds(listed: _Listed, star: tuple[FailureKind, ...]) -> tuple[FailureKind, ...]:
    """The kinds that an `on` names, in the order of the table; none given means `*`."""
    if listed is None:
        return star
    from_star = star if "*" in listed else ()
    return tuple(kind for kind in KINDS if kind in from_star or kind in listed)


def _spread(spec: Spec, balance: Balance, spot: _Spot, rules: _Carried, on: tuple[FailureKind, ...]) -> Spread:
    # Sorted by label and content, so that the order in which an author lists the arms changes no name (law D2).
    among = sorted(balance.among, key=lambda arm: (_label(arm.route), msgspec.json.encode(arm, order="deterministic")))
    labels = _unique(tuple(_label(arm.route) for arm in among))
    weights = _coprime(tuple(among))
    arms = tuple(
        SpreadArm(label=label, weight=weight, route=_node(spec, arm.route, spot.below(label), rules))
        for label, weight, arm in zip(labels, weights, among, strict=True)
    )
    return Spread(node=spot.node, draw=spot.draw, arms=arms, spill=balance.spill, on=on, deadlines=spot.deadlines)


def _coprime(arms: tuple[Arm, ...]) -> tuple[int, ...]:
    """The weights as coprime integers. A decimal weight means the decimal that was written, not its binary neighbour."""
    exact = [Fraction(str(arm.weight)) for arm in arms]
    scale = math.lcm(*(weight.denominator for weight in exact))
    whole = [int(weight * scale) for weight in exact]
    divisor = math.gcd(*whole)
    return tuple(weight // divisor for weight in whole)


def _label(node: RouteNode) -> str:
    """What a node is called among its siblings: its `name`, else what it uses, else its form."""
    return node.name or node.use or ("balance" if node.balance is not None else "first")


def _unique(labels: tuple[str, ...]) -> tuple[str, ...]:
    """The labels, with repeats numbered from ~2."""
    seen: dict[str, int] = {}
    unique: list[str] = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        unique.append(label if seen[label] == 1 else f"{label}~{seen[label]}")
    return tuple(unique)
