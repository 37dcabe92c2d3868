"""The naive second interpreter, first half: what a spec lets a request attempt, by plain recursion over the spec itself.

It was written from the language reference, not from the engine, and shares with it only the structs, the table of failure kinds,
`lacks` and the raw draws. No router, no plan: `Planned` walks the spec, decides every condition, and keeps what
may be attempted; `tests.reference_run` lives through that in a scripted world. How rules meet is in `tests.reference_rules`, what
is known of requests and deployments in `tests.reference_facts`. Slow and obvious; engine and shell are held against it.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from msgspec.json import encode
from msgspec.structs import replace

from tests.reference_facts import Asked, Catalog, Known, nano, score, wrong_with
from tests.reference_rules import (
    REPLAYS,
    Chain,
    Held,
    Leaf,
    Out,
    Place,
    Step,
    coprime,
    failing,
    kinds,
    label_of,
    least,
    leaves,
    named,
)
from voxplan.engine.language.spec import Arm, Balance, Retry, RouteNode, Spec
from voxplan.engine.observed.view import View
from voxplan.engine.plans import draws
from voxplan.engine.terms.capability import lacks
from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.quantity import Span
from voxplan.engine.terms.request import Request, Simulation

__all__ = ("Planned",)


class Planned:
    """What may be attempted for one request at one moment: `root`, or None and why (`refused`); `out` is what is left out."""

    def __init__(self, spec: Spec, catalog: Catalog, request: Request, view: View, moment: int, seed: int) -> None:
        self.spec, self.request, self.view, self.moment, self.seed = spec, request, view, moment, seed
        self.known = {name: Known.of(spec, catalog, name) for name in spec.deployments}
        self.asked, self.simulate = Asked(request, moment, seed), request.simulate or Simulation()
        self.out: list[Out] = []
        self.only_cooling: list[Leaf] = []
        self.cooling_try: Leaf | None = None
        self.refused, self.explains = wrong_with(request, spec, self.known), False
        self.root = self._root() if self.refused is None else None
        if self.refused is None and self.root is None:
            self.refused, self.explains = "nothing_eligible", True
            self._route()

    def _root(self) -> Step | None:
        root = self._route()
        cooling = [leaf for leaf in self.only_cooling if leaf.held.cooling == "try"]
        if root is None and cooling:
            self.cooling_try = min(cooling, key=lambda leaf: (self._cools_until(leaf.known), leaf.known.name, leaf.node))
            root = self._route()
        if isinstance(root, Chain) and self.simulate.first_child:
            return root._replace(children=(failing(root.children[0]), *root.children[1:]))
        return failing(root) if root and self.simulate.first_child else root

    def _route(self) -> Step | None:
        """The route, and after it the fallbacks of the request, inside all rules of the route's root."""
        name, said = self.request.route, self.spec.defaults
        limit = None if self.request.deadline_ms is None else Span(self.request.deadline_ms)
        node, held, place = self.spec.routes[name], Held().inside(said), Place(name, name, (limit,)).inside(said)
        self.out, self.only_cooling = [], []
        if not self.request.fallbacks:
            return self._walk(node, place, held, frozenset())
        around = held
        while node.use in self.spec.routes or self._taken(node) is not None:
            held, place, then = held.inside(node), place.inside(node), self._taken(node)
            node = self.spec.routes[node.use or ""] if then is None else then[1]
            place = place if then is None else place.below(then[0])._replace(deadlines=place.deadlines, budgets=place.budgets)
        held, place = held.inside(node), place.inside(node)
        routes = tuple(RouteNode(use=each) for each in (name, *self.request.fallbacks))
        times = (around.retry.times, *(held.retry.times for _ in self.request.fallbacks))
        if sum(map(self._calls, routes, times)) > 256:
            self.refused = "too_many_attempts"
            return None
        labels = named([Arm(route=route) for route in routes])
        insides = (around, *(held for _ in self.request.fallbacks))
        children = [
            self._walk(arm.route, place.below(label), inside, frozenset())
            for (label, arm), inside in zip(labels.items(), insides, strict=True)
        ]
        return self._chain(RouteNode(first=routes), place, children)

    def _taken(self, node: RouteNode) -> tuple[str, RouteNode] | None:
        """The branch that a `when` takes, with its label; None where it takes none, or there is no `when`."""
        branches = node.when or ()
        routes = (*(branch.then for branch in branches), *((node.otherwise,) if node.otherwise else ()))
        at = next((at for at, branch in enumerate(branches) if self.asked.holds(branch.if_)), len(branches))
        return list(zip(named([Arm(route=route) for route in routes]), routes, strict=True))[at] if at < len(routes) else None

    def _walk(self, node: RouteNode, place: Place, held: Held, why: frozenset[str]) -> Step | None:
        """What may be attempted from `node` down, inside what is `held` around it; `why` is what speaks against all of it."""
        held, place = held.inside(node), place.inside(node)
        if why and not self.explains:
            self.out.append(Out(place.node, self.below(node), why))
            return None
        if node.use in self.spec.routes:
            return self._walk(self.spec.routes[node.use], place._replace(draw=node.use), held, why)
        if node.use:
            return self._leaf(self.known[node.use], place, held, why)
        if node.when:
            return self._when(node, place, held, why)
        return self._balance(node, node.balance, place, held, why) if node.balance else self._first(node, place, held, why)

    def _first(self, node: RouteNode, place: Place, held: Held, why: frozenset[str]) -> Chain | None:
        """A `first` or a `race`, which is a `first` where the audio may not always be sent again."""
        arms = named(self._arms(node))
        children = [self._walk(arm.route, place.below(label), held, why) for label, arm in arms.items()]
        overlaps = node.race and self._always(node, held.replay)
        return self._chain(node, place, children, self.asked.ms(node.race.stagger) if node.race and overlaps else None)

    def _chain(self, node: RouteNode, place: Place, children: Iterable[Step | None], stagger: int | None = None) -> Chain | None:
        found = tuple(child for child in children if child is not None)
        return Chain(place.node, *self._limits(place), kinds(node.on or ("*",)), found, stagger) if found else None

    def _limits(self, place: Place) -> tuple[int | None, int | None]:
        return least(*map(self.asked.ms, place.deadlines)), least(*(nano(money) for money in place.budgets))

    def _when(self, node: RouteNode, place: Place, held: Held, why: frozenset[str]) -> Step | None:
        """The branch that is taken. What counts from the entry of the `when` counts from that of its branch."""
        taken = self._taken(node)
        routes = (*(branch.then for branch in node.when or ()), *((node.otherwise,) if node.otherwise else ()))
        found = None
        for label, arm in named([Arm(route=route) for route in routes]).items():
            there = place.below(label)._replace(deadlines=place.deadlines, budgets=place.budgets)
            child = self._walk(arm.route, there, held, why if taken and label == taken[0] else why | {"not_chosen"})
            found = found or child
        return found

    def _balance(self, node: RouteNode, balance: Balance, place: Place, held: Held, why: frozenset[str]) -> Chain | None:
        """The arms in the order of the strategy, as many as there is room for."""
        arms = named(self._arms(node))
        weights = coprime({label: Fraction(str(arm.weight)) for label, arm in arms.items()})
        tried: dict[str, tuple[Step | None, list[Out], list[Leaf]]] = {}
        before, self.out, self.only_cooling = (self.out, self.only_cooling), [], []
        for label, arm in arms.items():
            child = self._walk(arm.route, place.below(label), held, why if weights[label] else why | {"weight_zero"})
            tried[label], self.out, self.only_cooling = (child, self.out, self.only_cooling), [], []
        self.out, self.only_cooling = before
        order = list(draws.order(self._chance(balance, place), tuple((label, each) for label, each in weights.items() if each)))
        if balance.by not in {"weight", "sticky"}:
            firsts = {label: self._attempted(arm.route, tried[label][0]) for label, arm in arms.items()}
            order.sort(key=lambda label: score(balance.by, firsts[label], self.request, self.view, self.moment))  # a stable sort
        children, unspilled = list[Step](), frozenset[str]()
        for label in (*(label for label, weight in weights.items() if not weight), *order):
            child, out, cooling = tried[label]
            if balance.spill is not None and len(children) > balance.spill:
                unspilled |= self.below(arms[label].route)
                continue
            self.out, self.only_cooling = self.out + out, self.only_cooling + cooling
            children += [child] if child else []
        self.out += [Out(place.node, unspilled, frozenset({"not_spilled"}))] if unspilled else []
        return self._chain(node, place, children)

    def _chance(self, balance: Balance, place: Place) -> int:
        """What decides between the arms: the seed, or with `sticky` what the request always has in common."""
        value = self.asked.facts.get(balance.key or "") if balance.by == "sticky" else None
        salt = place.draw if balance.salt is None else balance.salt
        if value:
            return draws.draw(0, "sticky", salt, str(value[0]))
        return draws.drawn_below(draws.draw(self.seed), draws.label_bits(place.draw))

    def _attempted(self, node: RouteNode, step: Step | None) -> Known | None:
        """What an arm attempts first: its one deployment, whether it may be attempted or not, or the first one in its plan."""
        while node.use in self.spec.routes:
            node = self.spec.routes[node.use]
        return self.known[node.use] if node.use else leaves(step)[0].known if step else None

    def _leaf(self, known: Known, place: Place, held: Held, why: frozenset[str]) -> Leaf | None:
        """The leaf, unless something speaks against it."""
        seconds = self.request.audio.seconds
        timeout = self.asked.ms(held.timeout)
        default = 600_000 + math.ceil(Fraction(seconds or 0) * 1000)
        lacking = [(lack, held.options.get(str(lack.option), "refuse")) for lack in lacks(known.can, self.request)]
        degraded = [(str(lack.option), rule) for lack, rule in lacking if rule == "drop" or (rule == "emulate" and lack.emulable)]
        failures: dict[str, FailureKind] = dict(self.simulate.failures)
        leaf = Leaf(
            place.node,
            place.draw,
            known,
            *self._limits(place),
            timeout_ms=default if timeout is None else timeout,
            shortest_ms=self.asked.ms(known.shortest) or 0,
            cost=known.cost(self.request.audio),
            degrades=frozenset(degraded),
            held=held._replace(retry=self._narrowed(held.retry)),
            simulated=failures.get(known.name) or failures.get(known.provider),
        )
        against = {
            "requirement_unmet": not all(known.satisfies(wanted) for wanted in held.requires),
            "incapable": any(rule == "refuse" or (rule == "emulate" and not lack.emulable) for lack, rule in lacking),
            "timeout_below_shortest": leaf.timeout_ms < leaf.shortest_ms,
            "price_unknown": held.budget is not None and leaf.cost is None,
            "over_budget": held.budget is not None and leaf.cost is not None and leaf.cost > held.budget,
            "cooling": self._cools_until(known) > self.moment and leaf.node != (self.cooling_try and self.cooling_try.node),
        }
        why |= {reason for reason, holds in against.items() if holds}
        self.out += [Out(leaf.node, frozenset({known.name}), why)] if why else []
        self.only_cooling += [leaf] if why == frozenset({"cooling"}) else []
        return None if why else leaf

    def _narrowed(self, retry: Retry) -> Retry:
        """No more retries than the caller lets there be."""
        return retry if self.request.retries is None else replace(retry, times=min(retry.times, self.request.retries))

    def _cools_until(self, known: Known) -> float:
        """When neither the deployment nor its credential cools off any more."""
        seen, account = self.view.of(known.name), self.view.account(known.credential)
        return max(seen.until_ms if seen.circuit == "open" else -math.inf, account.until_ms)

    def _arms(self, node: RouteNode) -> Sequence[Arm]:
        """The children; those of a `balance` in an order that does not depend on the author's."""
        where = node.balance.where if node.balance else node.race.where if node.race else None
        if where:
            return [Arm(route=RouteNode(use=name)) for name, known in sorted(self.known.items()) if known.satisfies(where)]
        if node.balance:
            return sorted(node.balance.among, key=lambda arm: (label_of(arm.route), encode(arm, order="deterministic")))
        return [Arm(route=child) for child in (node.race.among if node.race else node.first or ())]

    def _children(self, node: RouteNode, *, idle: bool = True) -> Iterator[RouteNode]:
        """All routes right below a node, whatever its form; those of weight 0 too if `idle`."""
        yield from (self.spec.routes[name] for name in (node.use,) if name in self.spec.routes)
        yield from (arm.route for arm in self._arms(node) if arm.weight or idle)
        yield from (branch.then for branch in node.when or ())
        yield from (node.otherwise,) if node.otherwise else ()

    def _always(self, node: RouteNode, replay: int) -> bool:
        """Whether the audio may always be sent again, everywhere below the node."""
        replay = max(replay, REPLAYS.index(node.replay or "always"))
        return replay == 0 and all(self._always(child, replay) for child in self._children(node))

    def _calls(self, node: RouteNode, times: int) -> int:
        """The most calls that any request could make below the node; `times` are the retries around it."""
        times = times if node.retry is None else node.retry.times
        if node.use in self.known:
            return 1 + times
        calls = sorted((self._calls(child, times) for child in self._children(node, idle=False)), reverse=True)
        spill = node.balance.spill if node.balance else None
        return max(calls) if node.when else sum(calls if spill is None else calls[: 1 + spill])

    def below(self, node: RouteNode) -> frozenset[str]:
        """The deployments below a node."""
        own = {node.use} if node.use in self.known else set[str]()
        return frozenset(own).union(*(self.below(child) for child in self._children(node)))

    def delay_ms(self, leaf: Leaf, k: int) -> int:
        """The drawn wait before the k-th retry (from 0)."""
        backoff, wait = leaf.held.retry.backoff, draws.label_bits(leaf.draw, f"retry {k}")
        return draws.delay_ms(draws.draw(self.seed), wait, k, backoff.base.base_ms, backoff.cap.base_ms)

    def returns_poor(self) -> bool:
        """Whether the best poor answer is returned when all are poor: what the root says, a used route's own root inmost."""
        node, said = self.spec.routes[self.request.route], self.spec.defaults.when_all_poor
        while node.use in self.spec.routes:
            node, said = self.spec.routes[node.use], node.when_all_poor or said
        return (node.when_all_poor or said) != "fail"
