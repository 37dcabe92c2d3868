"""The naive second interpreter: what a spec means, by plain recursion over the spec itself.

It was written from the language reference, not from the engine, and shares with it only the structs, the table of failure
kinds, `incapable` and the random draws. No router, no plan, no events: `Planned` walks the spec and keeps what may be
attempted, `Lived` walks what is left and lives through a scripted world. Slow and obvious; engine and shell are held against it.
"""

import math
import zlib
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Literal, NamedTuple

from msgspec.json import encode

from tests.laws.worlds import Made, Missed, Trace, World
from voxplan.engine import draws
from voxplan.engine.capability import ProviderFacts, incapable
from voxplan.engine.failure import KINDS, FailureKind
from voxplan.engine.quantity import Span
from voxplan.engine.request import Request
from voxplan.engine.spec import Accept, Arm, Retry, RouteNode, Rules, Spec
from voxplan.engine.view import View

Kinds = frozenset[FailureKind]


class Leaf(NamedTuple):
    """A deployment that may be attempted, with what holds there."""

    node: str
    draw: str
    deployment: str
    credential: tuple[str | None, ...]
    deadline_ms: int | None
    timeout_ms: int
    shortest_ms: int
    rules: Rules


class Chain(NamedTuple):
    """A `first`, or a `balance` whose order has been drawn."""

    deadline_ms: int | None
    on: Kinds
    children: "tuple[Step, ...]"


Step = Leaf | Chain


class Planned:
    """What may be attempted for one request at one moment: `root`, or None; and the `excluded` leaves, each with every reason."""

    def __init__(
        self, spec: Spec, catalog: Mapping[str, ProviderFacts], request: Request, view: View, moment: int, seed: int
    ) -> None:
        self.spec, self.catalog, self.request, self.view, self.moment, self.seed = spec, catalog, request, view, moment, seed
        self.cooling_try: Leaf | None = None
        self.excluded: list[tuple[Leaf, set[str]]] = []
        self.root = self._route()
        cooling = [leaf for leaf, why in self.excluded if why == {"cooling"} and leaf.rules.when_all_cooling != "refuse"]
        if self.root is None and cooling:
            self.cooling_try = min(cooling, key=lambda leaf: (view.of(leaf.deployment).until_ms, leaf.deployment, leaf.node))
            self.root = self._route()

    def _route(self) -> Step | None:
        name, defaults = self.request.route, self.spec.defaults
        self.excluded = []
        return self._walk(self.spec.routes[name], name, name, defaults, [defaults.deadline], set())

    def _walk(
        self, node: RouteNode, name: str, draw: str, outer: Rules, deadlines: list[Span | None], why: set[str]
    ) -> Step | None:
        """What may be attempted from `node` down. `deadlines`: what else counts from its entry; `why`: what speaks against it."""
        rules, deadlines = _inward(outer, node), [*deadlines, node.deadline]
        if node.use in self.spec.routes:
            return self._walk(self.spec.routes[node.use], name, node.use, rules, deadlines, why)
        deadline = min((ms for span in deadlines if (ms := self._ms(span)) is not None), default=None)
        if node.use is not None:
            return self._leaf(node.use, name, draw, deadline, rules, why)
        arms = _arms(node)
        order, most = list(arms), len(arms)
        if node.balance:
            weights = _coprime({label: Fraction(str(arm.weight)) for label, arm in arms.items()})
            drawn = draws.order(self.seed, draw, tuple((label, weight) for label, weight in weights.items() if weight))
            order = [*drawn, *(label for label, weight in weights.items() if not weight)]
            most = len(arms) if node.balance.spill is None else 1 + node.balance.spill
        children: tuple[Step, ...] = ()
        for label in order:
            against = {"weight_zero"} if not arms[label].weight else {"not_spilled"} if len(children) == most else set[str]()
            child = self._walk(arms[label].route, f"{name}/{label}", f"{draw}/{label}", rules, [], why | against)
            children = (*children, child) if child else children
        return Chain(deadline, _kinds(node.on or ("*",)), children) if children else None

    def _leaf(self, name: str, node: str, draw: str, deadline: int | None, rules: Rules, why: set[str]) -> Leaf | None:
        """The leaf, unless something speaks against it."""
        own = self.spec.deployments[name]
        account = self.spec.accounts[own.account] if own.account else own
        facts = self.catalog[account.provider or ""]
        key, url = own.api_key or account.api_key or facts.default_key, own.base_url or account.base_url
        by_key = ("key", facts.provider, key, url) if key else ("deployment", name)
        credential = ("account", own.account) if own.account and not own.api_key else by_key
        timeout = self._ms(rules.timeout)
        if timeout is None:
            timeout = 600_000 + math.ceil(Fraction(self.request.audio.seconds or 0) * 1000)
        leaf = Leaf(node, draw, name, credential, deadline, timeout, self._ms(own.shortest) or 0, rules)
        seen, tried_anyway = self.view.of(name), self.cooling_try is not None and self.cooling_try.node == node
        reasons = {
            "incapable": bool(incapable(facts.capabilities(own.model), self.request)),
            "timeout_below_shortest": leaf.timeout_ms < leaf.shortest_ms,
            "cooling": seen.circuit == "open" and self.moment < seen.until_ms and not tried_anyway,
        }
        why = why | {reason for reason, holds in reasons.items() if holds}
        if why:
            self.excluded.append((leaf, why))
        return None if why else leaf

    def _ms(self, span: Span | None) -> int | None:
        """The span for this request's audio; None when there is none or it cannot be known."""
        seconds = self.request.audio.seconds
        if span is None or (span.per_second[0] != 0 and seconds is None):
            return None
        return span.base_ms + math.ceil(Fraction(seconds or 0) * Fraction(*span.per_second))

    def returns_poor(self) -> bool:
        """Whether the best poor answer is returned when all are poor: what the root says, a used route's own root inmost."""
        node, said = self.spec.routes[self.request.route], self.spec.defaults.when_all_poor
        while node.use in self.spec.routes:
            node, said = self.spec.routes[node.use], node.when_all_poor or said
        return (node.when_all_poor or said) != "fail"


class _CallerGone(Exception):
    """Unwinds the recursion when the caller goes away."""


class Lived:
    """One run of what was planned, in a world; `trace` is what happened. All moments count from the run's start."""

    def __init__(self, planned: Planned, world: World) -> None:
        self.planned, self.world, self.now = planned, world, 0
        self.calls: list[Made] = []
        self.missed: list[Missed] = []
        self.poor: list[tuple[int, int]] = []  # gates failed, place in `calls`
        self.asked: list[str] = []
        self.refused: set[tuple[str | None, ...]] = set()
        self.trace = self._trace()

    def _trace(self) -> Trace:
        served, poor, kind = None, False, None
        try:
            if self.planned.root is not None and self._step(self.planned.root, None) == "accepted":
                served = len(self.calls) - 1
            elif self.poor and self.planned.returns_poor():
                served, poor = min(self.poor)[1], True
            else:
                kind = next((kind for kind in KINDS if kind in [call.ending for call in self.calls]), None)
        except _CallerGone:
            kind = "cancelled"
        return Trace(tuple(self.calls), tuple(self.missed), served, poor, kind, self.now)

    def _step(self, step: Step, outer_end: int | None) -> Literal["accepted"] | FailureKind | None:
        """How the step ends; None: nothing in it could start."""
        end = _earliest(outer_end, None if step.deadline_ms is None else self.now + step.deadline_ms)
        if isinstance(step, Leaf):
            return self._attempt(step, end)
        last = None
        for child in step.children:
            outcome = self._step(child, end)
            last = outcome or last
            if outcome is not None and outcome not in step.on:  # where `accepted` never is
                break
        return last

    def _attempt(self, leaf: Leaf, end: int | None) -> Literal["accepted"] | FailureKind | None:
        """The first call and its retries."""
        retry = leaf.rules.retry or Retry()
        outcome: Literal["accepted"] | FailureKind | None = None
        for k in range(1 + retry.times):
            if hindrance := self._hindrance(leaf, end, k):
                self.missed.append(Missed(leaf.node, leaf.deployment, self.now, hindrance))
                break
            outcome, after = self._call(leaf, k + 1, end)
            base, cap, patience = retry.backoff.base.base_ms, retry.backoff.cap.base_ms, retry.patience or retry.backoff.cap
            wait = max(draws.delay_ms(self.planned.seed, leaf.draw, k, base, cap), after or 0)
            again = outcome in _retried(retry, hinted=after is not None) and leaf.credential not in self.refused
            if k == retry.times or not again or (after or 0) > patience.base_ms or not _enough(leaf, end, self.now + wait):
                break
            self._pass(self.now + wait)
        return outcome

    def _hindrance(self, leaf: Leaf, end: int | None, k: int) -> str | None:
        """Why call `k` (from 0) of the leaf cannot start now. It asks for admission last, when all else is well."""
        if k == 0 and leaf.deployment in [call.deployment for call in self.calls]:
            return "tried"
        if leaf.credential in self.refused:
            return "credential_refused"
        if not _enough(leaf, end, self.now):
            return "too_little_time"
        self.asked.append(leaf.deployment)
        return "denied" if (leaf.deployment, self.asked.count(leaf.deployment)) in self.world.denied else None

    def _call(self, leaf: Leaf, number: int, end: int | None) -> tuple[Literal["accepted"] | FailureKind, int | None]:
        """Make one call; how it ended, and the Retry-After of its failure."""
        scripted, start = self.world.call(leaf.deployment, number), self.now
        until = start + leaf.timeout_ms if end is None else min(start + leaf.timeout_ms, end)
        failed_gates = 0 if scripted.kind else _failed_gates(leaf.rules.accept or Accept(), scripted.text)
        ending = scripted.kind or ("poor_quality" if failed_gates else "accepted")
        in_time = scripted.takes_ms is not None and start + scripted.takes_ms <= until
        try:
            self._pass(start + (scripted.takes_ms or 0) if in_time else until)
        except _CallerGone:
            self.calls.append(Made(leaf.node, leaf.deployment, number, start, self.now, "cancelled"))
            raise
        self.calls.append(Made(leaf.node, leaf.deployment, number, start, self.now, ending if in_time else "timed_out"))
        if not in_time:
            return "timed_out", None
        if failed_gates:
            self.poor.append((failed_gates, len(self.calls) - 1))
        if ending == "unauthorized":
            self.refused.add(leaf.credential)
        return ending, scripted.retry_after_ms if scripted.kind else None

    def _pass(self, moment: int) -> None:
        """Let time pass until `moment`, unless the caller has gone by then (which comes before all else at a moment)."""
        if self.world.cancel_ms is not None and moment >= self.world.cancel_ms:
            self.now = max(self.now, self.world.cancel_ms)
            raise _CallerGone
        self.now = moment


def _inward(outer: Rules, inner: Rules) -> Rules:
    """The rules inside a node: what it says itself replaces what stands around it."""
    return Rules(
        timeout=outer.timeout if inner.timeout is None else inner.timeout,
        retry=outer.retry if inner.retry is None else inner.retry,
        accept=outer.accept if inner.accept is None else inner.accept,
        when_all_cooling=outer.when_all_cooling if inner.when_all_cooling is None else inner.when_all_cooling,
    )


def _arms(node: RouteNode) -> dict[str, Arm]:
    """The children by label, repeats numbered; those of a `balance` in an order that does not depend on the author's."""
    arms = [Arm(route=child) for child in node.first or ()]
    if node.balance:
        arms = sorted(node.balance.among, key=lambda arm: (_label(arm.route), encode(arm, order="deterministic")))
    named: dict[str, Arm] = {}
    for place, arm in enumerate(arms):
        before = [_label(each.route) for each in arms[:place]].count(_label(arm.route))
        named[f"{_label(arm.route)}~{before + 1}" if before else _label(arm.route)] = arm
    return named


def _label(node: RouteNode) -> str:
    return node.name or node.use or ("first" if node.first else "balance")


def _kinds(listed: Iterable[str]) -> Kinds:
    return frozenset(kind for kind, rule in KINDS.items() if kind in listed or ("*" in listed and rule.fallback == "star"))


def _retried(retry: Retry, *, hinted: bool) -> Kinds:
    if retry.on is not None:
        return _kinds(retry.on)
    return frozenset(kind for kind, rule in KINDS.items() if rule.retrying == "yes" or (rule.retrying == "hint" and hinted))


def _coprime(weights: dict[str, Fraction]) -> dict[str, int]:
    whole = {label: int(weight * math.lcm(*(each.denominator for each in weights.values()))) for label, weight in weights.items()}
    return {label: weight // math.gcd(*whole.values()) for label, weight in whole.items()}


def _earliest(*moments: int | None) -> int | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _enough(leaf: Leaf, end: int | None, moment: int) -> bool:
    return end is None or (end > moment and end - moment >= leaf.shortest_ms)


def _failed_gates(accept: Accept, text: str) -> int:
    most, data = accept.max_compression_ratio, text.encode()
    loops = most is not None and len(data) / len(zlib.compress(data)) > most
    return int(accept.not_empty and not text.strip()) + int(loops)
