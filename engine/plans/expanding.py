"""Routes written out: every node of a route with its name, its rules met, named routes in place.

A `use` of a route is replaced by that route's root: a deadline or budget of the `use` counts from the same moment as the root's
own and joins it. So do those of a `when` and of the branch that is taken. The work is in proportion to the route, which
`sizing` has bounded.
"""

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final, get_args

import msgspec
from msgspec.structs import replace

from voxplan.engine.checks.selecting import unmet
from voxplan.engine.language.labels import label, unique
from voxplan.engine.language.spec import Accept, Arm, Balance, Branch, Race, Retry, RouteNode, Rules, Spec
from voxplan.engine.plans.draws import label_bits, lanes
from voxplan.engine.plans.inheriting import Carried, carry, smaller
from voxplan.engine.plans.plan import Gates, GuardrailStep
from voxplan.engine.plans.router import (
    Chain,
    Choice,
    ChoiceBranch,
    Contest,
    Leaf,
    RetryRule,
    RouterDeployment,
    RouterNode,
    Spread,
    SpreadArm,
)
from voxplan.engine.terms.failure import KINDS, RETRIED, RETRIED_ON_HINT, STAR, FailureKind
from voxplan.engine.terms.quantity import Span
from voxplan.engine.terms.request import Option

__all__ = ("Expanding", "Spot", "leaves")

_Listed = tuple[str, ...] | None

_OPTIONS: Final[tuple[Option, ...]] = get_args(Option)


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """Where a node stands: its name in the plan, its name in its defining route, and what counts from its entry."""

    node: str
    draw: str
    deadlines: tuple[Span, ...] = ()
    budget: int | None = None

    def below(self, name: str) -> "Spot":
        """The place of the child with this label."""
        return Spot(node=f"{self.node}/{name}", draw=f"{self.draw}/{name}")

    def under(self, rules: Rules) -> "Spot":
        """The same place with a node's own deadline and budget."""
        deadlines = self.deadlines if rules.deadline is None else (*self.deadlines, rules.deadline)
        return replace(self, deadlines=deadlines, budget=smaller(self.budget, rules.budget.nano if rules.budget else None))


class Expanding:
    """Writes out the routes of one spec in which `check` finds no error."""

    def __init__(self, spec: Spec, deployments: Mapping[str, RouterDeployment]) -> None:
        """`deployments` are those of the spec, filled in."""
        self._spec = spec
        self._deployments = deployments
        self._steps = {name: _step(spec, name) for name in spec.guardrails}

    def node(self, node: RouteNode, spot: Spot, outer: Carried) -> RouterNode:
        """The node at `spot`, inside the rules `outer`."""
        rules, spot = carry(outer, node), spot.under(node)
        if node.use is not None:
            used = self._spec.routes.get(node.use)
            return self._leaf(node.use, spot, rules) if used is None else self.node(used, replace(spot, draw=node.use), rules)
        if node.when is not None:
            return self._choice(node, node.when, spot, rules)
        on = _kinds(node.on, STAR)
        if node.balance is not None:
            return self._spread(node.balance, spot, rules, on)
        if node.race is not None:
            return self._contest(node.race, spot, rules, on)
        children = self._children(node.first or (), spot, rules)
        return Chain(node=spot.node, children=children, on=on, deadlines=spot.deadlines, budget=spot.budget)

    def _children(self, nodes: tuple[RouteNode, ...], spot: Spot, rules: Carried) -> tuple[RouterNode, ...]:
        names = unique(map(label, nodes))
        return tuple(self.node(node, spot.below(name), rules) for name, node in zip(names, nodes, strict=True))

    def _leaf(self, name: str, spot: Spot, rules: Carried) -> Leaf:
        deployment = self._deployments[name]
        guarded = {stage: self._stage(rules.guardrails, stage) for stage in ("input", "output")}
        return Leaf(
            node=spot.node,
            draw=spot.draw,
            deployment=deployment,
            timeout=rules.timeout,
            deadlines=spot.deadlines,
            retry=_retry_rule(rules.retry, spot.draw),
            gates=_gates(rules.accept),
            when_all_cooling=rules.when_all_cooling,
            unmet=tuple(dict.fromkeys(line for selector in rules.require for line in unmet(selector, deployment))),
            budget=spot.budget,
            least_budget=rules.least_budget,
            replay=rules.replay,
            input_guardrails=guarded["input"],
            guardrails=guarded["output"],
            drops=_options(rules, "drop"),
            emulates=_options(rules, "emulate"),
        )

    def _stage(self, names: tuple[str, ...], stage: str) -> tuple[GuardrailStep, ...]:
        return tuple(self._steps[name] for name in names if self._spec.guardrails[name].stage == stage)

    def _choice(self, node: RouteNode, branches: tuple[Branch, ...], spot: Spot, rules: Carried) -> Choice:
        """The branches in order, `otherwise` as the last, whose condition always holds."""
        routes = [(branch.if_, branch.then) for branch in branches]
        pairs = [*routes, (None, node.otherwise)] if node.otherwise is not None else routes
        made: list[ChoiceBranch] = []
        for name, (condition, then) in zip(unique(label(then) for _, then in pairs), pairs, strict=True):
            below = replace(spot.below(name), deadlines=spot.deadlines, budget=spot.budget)
            route = self.node(then, below, rules)
            made.append(ChoiceBranch(node=below.node, condition=condition, route=route, names=_names(route)))
        return Choice(node=spot.node, branches=tuple(made))

    def _contest(self, race: Race, spot: Spot, rules: Carried, on: tuple[FailureKind, ...]) -> Contest:
        arms = self._children(race.among or self._where(race), spot, rules)
        overlaps = all(leaf.replay == "always" for arm in arms for leaf in leaves(arm))
        return Contest(
            node=spot.node,
            arms=arms,
            stagger=race.stagger,
            on=on,
            deadlines=spot.deadlines,
            overlaps=overlaps,
            budget=spot.budget,
        )

    def _spread(self, balance: Balance, spot: Spot, rules: Carried, on: tuple[FailureKind, ...]) -> Spread:
        # Sorted by label and content, so that the order in which an author lists the arms changes no name (law D2).
        among = balance.among or tuple(Arm(route=route) for route in self._where(balance))
        among = tuple(sorted(among, key=lambda arm: (label(arm.route), msgspec.json.encode(arm, order="deterministic"))))
        names = unique(label(arm.route) for arm in among)
        weights = _coprime(among)
        arms = tuple(self._arm(arm, spot.below(name), rules) for name, arm in zip(names, among, strict=True))
        weighed = tuple(zip(names, weights, arms, strict=True))
        active = tuple(arm for _, weight, arm in weighed if weight)
        return Spread(
            node=spot.node,
            draw=spot.draw,
            bits=label_bits(spot.draw),
            arms=active,
            singles=_singles(active),
            lanes=lanes([(label_bits(name), weight) for name, weight, _ in weighed if weight]),
            idle=tuple(arm for _, weight, arm in weighed if not weight),
            by=balance.by,
            spill=balance.spill,
            on=on,
            deadlines=spot.deadlines,
            budget=spot.budget,
            key=balance.key,
            salt=balance.salt,
        )

    def _arm(self, arm: Arm, spot: Spot, rules: Carried) -> SpreadArm:
        route = self.node(arm.route, spot, rules)
        return SpreadArm(node=spot.node, route=route, names=_names(route))

    def _where(self, form: Balance | Race) -> tuple[RouteNode, ...]:
        """The deployments that `where` selects, by name."""
        selector = form.where
        fitting = (name for name, found in sorted(self._deployments.items()) if selector and not unmet(selector, found))
        return tuple(RouteNode(use=name) for name in fitting)


def leaves(node: RouterNode) -> Iterator[Leaf]:
    """All leaves below `node`, in the order of the document (arms by label)."""
    match node:
        case Leaf():
            yield node
        case Chain(children=below) | Contest(arms=below):
            for child in below:
                yield from leaves(child)
        case Spread():
            for arm in (*node.arms, *node.idle):
                yield from leaves(arm.route)
        case Choice():
            for branch in node.branches:
                yield from leaves(branch.route)


def _singles(arms: tuple[SpreadArm, ...]) -> tuple[str, ...] | None:
    names = [name for arm in arms for name in arm.names]
    return tuple(names) if len({*names}) == len(names) == len(arms) else None


def _names(node: RouterNode) -> tuple[str, ...]:
    return (*dict.fromkeys(leaf.deployment.name for leaf in leaves(node)),)


def _step(spec: Spec, name: str) -> GuardrailStep:
    written = spec.guardrails[name]
    return GuardrailStep(name=name, kind=written.kind, timeout_ms=written.timeout.base_ms, on_error=written.on_error)


def _options(rules: Carried, wanted: str) -> tuple[Option, ...]:
    return tuple(name for name in _OPTIONS if getattr(rules.options, name) == wanted)


def _gates(accept: Accept | None) -> Gates | None:
    if accept is None or accept == Accept():
        return None
    return Gates(not_empty=accept.not_empty, max_compression_ratio=accept.max_compression_ratio)


def _retry_rule(retry: Retry, draw: str) -> RetryRule:
    backoff = retry.backoff
    patience = retry.patience or backoff.cap
    return RetryRule(
        times=retry.times,
        on=RETRIED if retry.on is None else _kinds(retry.on, STAR),
        on_hint=RETRIED_ON_HINT if retry.on is None else (),
        base_ms=backoff.base.base_ms,
        cap_ms=backoff.cap.base_ms,
        patience_ms=patience.base_ms,
        waits=tuple(label_bits(draw, f"retry {k}") for k in range(retry.times)),
    )


def _kinds(written: _Listed, star: tuple[FailureKind, ...]) -> tuple[FailureKind, ...]:
    """The kinds that an `on` names, in the order of the table; none given means `*`."""
    if written is None:
        return star
    from_star = star if "*" in written else ()
    return tuple(kind for kind in KINDS if kind in from_star or kind in written)


def _coprime(arms: tuple[Arm, ...]) -> tuple[int, ...]:
    """The weights as coprime integers. A decimal weight means the decimal that was written, not its binary neighbour."""
    exact = [Fraction(str(arm.weight)) for arm in arms]
    scale = math.lcm(*(weight.denominator for weight in exact))
    whole = [int(weight * scale) for weight in exact]
    divisor = math.gcd(*whole)
    return tuple(weight // divisor for weight in whole)
