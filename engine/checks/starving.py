"""Who starves when others hang: children of a `first`, arms of a `balance` or a `race` that a deadline leaves no time (law B3).

Whatever comes before a node may hang until its own `timeout`. What that takes at least, and when the tightest deadline around the
node ends, are functions of the length of the audio (`course`), so the answer holds for every length, or for every length from
some bound on. Where it depends on the request what comes before, the least is counted: no finding is a false alarm.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from voxplan.engine.checks._nodes import walk
from voxplan.engine.checks.course import NOTHING, Course, course_of
from voxplan.engine.checks.finding import Finding, warning
from voxplan.engine.checks.selecting import selected
from voxplan.engine.checks.sizing import route_sizes
from voxplan.engine.documents.tree import Path
from voxplan.engine.language.labels import label
from voxplan.engine.language.spec import Balance, Race, RouteNode, Selector, Spec
from voxplan.engine.plans.inheriting import Carried, carry
from voxplan.engine.plans.situation import DEFAULT_TIMEOUT
from voxplan.engine.terms.capability import ProviderFacts
from voxplan.engine.terms.quantity import Span
from voxplan.engine.terms.spelling import listed

__all__ = ("starving",)

_LONGEST_S: Final = 24 * 3600  # nobody takes longer audio in one request, so a bound beyond that warns of nothing
_LARGEST: Final = 500
_MOST_LEAVES: Final = 2_000  # a second or two
_EXAMPLE_S: Final = Fraction(60)


class _Deadline(NamedTuple):
    """A deadline around a node, and when it began to count."""

    entry: Course
    span: Span

    @property
    def end(self) -> Course:
        return self.entry.plus(course_of(self.span))


class _Spot(NamedTuple):
    """Where a node stands: when it is entered at the earliest, after whom, and inside what.

    `hung` are the deployments that have hung by then, `tried` those that may have had their calls by then. `told` is the shortest
    audio for which it has been told already that nothing here is reached. `exact`: it is entered just then, never later.
    """

    entry: Course
    rules: Carried
    deadlines: tuple[_Deadline, ...] = ()
    hung: tuple[str, ...] = ()
    told: Fraction = Fraction(_LONGEST_S)
    tried: frozenset[str] = frozenset()
    exact: bool = True

    def after(self, spent: "_Spent") -> "_Spot":
        """The same place when what took `spent` has hung."""
        hung = (*dict.fromkeys((*self.hung, *spent.names)),)
        tried = self.tried | spent.tried
        return self._replace(entry=self.entry.plus(spent.least), hung=hung, tried=tried, exact=self.exact and spent.exact)


class _Spent(NamedTuple):
    """What a node takes at least when everything in it hangs, and whether it takes just that.

    `names` are the deployments that hang then, `tried` all that may have had their calls.
    """

    least: Course
    names: tuple[str, ...]
    tried: frozenset[str]
    exact: bool = False


def starving(spec: Spec, catalog: Mapping[str, ProviderFacts]) -> Iterator[Finding]:
    """A warning for whoever starves in the routes of a spec without errors, each node once.

    Routes that no person could read any more are passed over, so that no document takes minutes.
    """
    found: dict[Path, Finding] = {}
    left = _MOST_LEAVES
    for name, size in route_sizes(spec, catalog).items():
        if size.leaves > min(_LARGEST, left):
            continue
        left -= size.leaves
        walking = _Walk(spec, catalog)
        deadlines = () if spec.defaults.deadline is None else (_Deadline(NOTHING, spec.defaults.deadline),)
        walking.node(("routes", name), spec.routes[name], _Spot(NOTHING, carry(Carried(), spec.defaults), deadlines))
        for each in walking.found:
            inside = "" if each.path[1] == name else f"in route `{name}`, "
            found.setdefault(each.path, warning(each.path, inside + each.message))
    yield from found.values()


class _Walk:
    """One walk over a route, with the routes that it uses. Lives within one call of `starving`."""

    def __init__(self, spec: Spec, catalog: Mapping[str, ProviderFacts]) -> None:
        self.found: list[Finding] = []
        self._spec = spec
        self._catalog = catalog

    def node(self, path: Path, node: RouteNode, spot: _Spot) -> _Spent:
        """What the node takes; whoever starves below it is added to `found`."""
        spot = spot._replace(rules=carry(spot.rules, node))
        if node.deadline is None:
            return self._form(path, node, spot)
        inside = spot._replace(deadlines=(*spot.deadlines, _Deadline(spot.entry, node.deadline)))
        spent = self._form(path, node, inside)
        return spent._replace(least=spent.least.shorter(course_of(node.deadline)))

    def _form(self, path: Path, node: RouteNode, spot: _Spot) -> _Spent:
        if node.use in self._spec.routes:
            return self.node(("routes", node.use), self._spec.routes[node.use], spot)
        if node.use is not None:
            return self._leaf(node.use, spot)
        if node.balance is not None:
            return self._balance((*path, "balance"), node.balance, spot, goes_on=_goes_on(node.on))
        if node.race is not None:
            return self._race((*path, "race"), node.race, spot, goes_on=_goes_on(node.on))
        if node.when is not None:
            return self._when(path, node, spot)
        return self._first((*path, "first"), node.first or (), spot, goes_on=_goes_on(node.on))

    def _leaf(self, name: str, spot: _Spot) -> _Spent:
        """The calls of an attempt; none if it is certain that it cannot start after the others."""
        rules = spot.rules
        if any(name not in self._selected(selector) for selector in rules.require):
            return _Spent(NOTHING, (), frozenset(), exact=True)
        if name in spot.tried or rules.replay != "always":
            return _Spent(NOTHING, (), frozenset({name}))
        # A retry of a call that hung may find no time to wait, so only the first call is certain.
        again = rules.retry.times > 0 and rules.retry.on is not None and _goes_on(rules.retry.on)
        return self._if_started(
            name, _Spent(course_of(rules.timeout or DEFAULT_TIMEOUT), (name,), frozenset({name}), exact=not again), spot
        )

    def _if_started(self, name: str, spent: _Spent, spot: _Spot) -> _Spent:
        """What the call takes, or less where the deployment may be passed over for want of its `shortest`."""
        shortest = course_of(self._spec.deployments[name].shortest or Span(0))
        if not _never_below(spent.least, shortest):
            return _Spent(NOTHING, (), spent.tried)
        if not spot.deadlines or shortest == NOTHING:
            return spent
        spare = _end(spot).minus(spot.entry).minus(shortest)
        if spot.exact and _never_below(spare, NOTHING):
            return spent
        # Whoever is passed over is so at the earliest when just its `shortest` is left.
        return _Spent(spent.least.shorter(spare.longer(NOTHING)), (name,), spent.tried)

    def _first(self, path: Path, children: tuple[RouteNode, ...], spot: _Spot, *, goes_on: bool) -> _Spent:
        least, names, outer, exact = NOTHING, list[str](), spot.tried, True
        for place, child in enumerate(children):
            told = len(self.found)
            spent = self._child((*path, place), child, spot)
            if any(each.path == (*path, place) for each in self.found[told:]):
                # Whoever comes later starves as well; that is news only if it does with even shorter audio.
                spot = spot._replace(told=self._bound(child, spot) or Fraction(0))
            over = not goes_on and spot.tried != outer  # a child before may have ended the list already
            spot = spot.after(spent._replace(least=NOTHING, exact=False) if over else spent)
            if not over:
                least, exact = least.plus(spent.least), exact and spent.exact
                names += spent.names
            if spent.names and not goes_on:
                break
        return _Spent(least, tuple(names), spot.tried - outer, exact and (goes_on or not spot.tried - outer))

    def _child(self, path: Path, child: RouteNode, spot: _Spot) -> _Spent:
        """A child, which starves if the deadlines around it are over before it starts."""
        mark, bound = len(self.found), self._bound(child, spot)
        if bound is None or bound >= spot.told or not spot.hung:
            return self.node(path, child, spot)
        spent = self.node(path, child, spot._replace(told=bound))
        if spent.names:
            self.found.insert(mark, warning(path, _why((label(child),), listed(spot.hung), bound, spot)))
        return spent

    def _bound(self, child: RouteNode, spot: _Spot) -> Fraction | None:
        """The shortest audio from which on `child` has no time."""
        if not spot.deadlines:
            return None
        left = _end(spot).minus(spot.entry)
        deployment = self._spec.deployments.get(child.use or "")
        shortest = deployment.shortest if deployment is not None else None
        if shortest is not None and shortest.base_ms:
            # Whole milliseconds are rounded up, so one less is certain not to be there.
            left = left.minus(course_of(Span(shortest.base_ms - 1, shortest.per_second)))
        return left.not_positive_from()

    def _balance(self, path: Path, balance: Balance, spot: _Spot, *, goes_on: bool) -> _Spent:
        """The arms in any order: each comes first for some seed, and last for some other."""
        arms = self._arms(balance)
        followers = len(arms) - 1 if balance.spill is None else min(balance.spill, len(arms) - 1)
        followers = followers if goes_on else 0
        names = [frozenset(self._names(arm)) for _, arm in arms]
        spents: list[_Spent] = []
        for place, (step, arm) in enumerate(arms):
            before = [*names[:place], *names[place + 1 :]] if followers else []
            inside = spot._replace(tried=spot.tried.union(*before), exact=spot.exact and not followers)
            spents.append(self.node((*path, *step), arm, inside))
        self._last_arms(path, [label(arm) for _, arm in arms], spents, spot, followers)
        hung = (*dict.fromkeys(name for spent in spents for name in spent.names),)
        return _Spent(_least_of(spents, 1 + followers), hung, _all_tried(spents))

    def _last_arms(self, path: Path, labels: list[str], spents: list[_Spent], spot: _Spot, followers: int) -> None:
        """One finding for the arms that starve when they come last."""
        late: list[tuple[str, Fraction, _Spot]] = []
        for place, spent in enumerate(spents):
            others = [*spents[:place], *spents[place + 1 :]]
            names = tuple(name for other in others for name in other.names)
            after = spot.after(_Spent(_least_of(others, followers), names, _all_tried(others)))
            bound = self._bound(RouteNode(), after)
            if followers and spent.names and bound is not None and bound < spot.told:
                late.append((labels[place], bound, after))
        if late:
            _, bound, after = max(late, key=lambda each: each[1])
            hung = f"drawn last and {listed(after.hung) if len(late) == 1 else 'the other arms'}"
            self.found.append(warning(path, _why([name for name, _, _ in late], hung, bound, after)))

    def _arms(self, balance: Balance) -> list[tuple[Path, RouteNode]]:
        """The arms that have weight, each with what leads to it."""
        if balance.where is not None:
            return [(("where",), RouteNode(use=name)) for name in self._selected(balance.where)]
        return [(("among", place, "route"), arm.route) for place, arm in enumerate(balance.among) if arm.weight]

    def _race(self, path: Path, race: Race, spot: _Spot, *, goes_on: bool) -> _Spent:
        """The arms, each entered a stagger after the one before, or when one before has hung to its end."""
        arms: list[tuple[Path, RouteNode]] = [(("among", place), arm) for place, arm in enumerate(race.among)]
        if race.where is not None:
            arms = [(("where",), RouteNode(use=name)) for name in self._selected(race.where)]
        entry, first_end, longest = NOTHING, None, NOTHING
        outer, spot = spot, spot._replace(exact=False)
        for step, arm in arms:
            before = spot.tried
            spent = self._child((*path, *step), arm, spot._replace(entry=outer.entry.plus(entry)))
            spot = spot.after(spent._replace(least=NOTHING))
            if not spent.names:
                continue
            end = entry.plus(spent.least)
            if goes_on or before == outer.tried:
                longest = longest.longer(end)
            first_end = end if first_end is None else first_end.shorter(end)
            entry = entry.plus(course_of(race.stagger)).shorter(first_end)
            if not goes_on:
                break
        return _Spent(longest, tuple(name for name in spot.hung if name not in outer.hung), spot.tried - outer.tried)

    def _when(self, path: Path, node: RouteNode, spot: _Spot) -> _Spent:
        """Any one of the branches, or nothing at all where no branch need be taken."""
        spents = [self.node((*path, "when", place, "then"), each.then, spot) for place, each in enumerate(node.when or ())]
        if node.otherwise is not None:
            spents.append(self.node((*path, "otherwise"), node.otherwise, spot))
        least = NOTHING if node.otherwise is None else spents[0].least
        for spent in spents:
            least = least.shorter(spent.least)
        return _Spent(least, (*dict.fromkeys(name for spent in spents for name in spent.names),), _all_tried(spents))

    def _names(self, node: RouteNode) -> Iterator[str]:
        """The deployments below a node, whatever a request may choose."""
        for _, below in walk((), node):
            if below.use in self._spec.routes:
                yield from self._names(self._spec.routes[below.use])
            elif below.use is not None:
                yield below.use
            for form in (below.balance, below.race):
                if form is not None and form.where is not None:
                    yield from self._selected(form.where)

    def _selected(self, selector: Selector) -> tuple[str, ...]:
        return selected(self._spec, selector, self._catalog)


def _goes_on(on: Sequence[str] | None) -> bool:
    """Whether a call that hung leads on."""
    return on is None or "*" in on or "timed_out" in on


def _never_below(one: Course, other: Course) -> bool:
    """Whether the one is at least the other for every length of audio."""
    return other.minus(one).not_positive_from() == 0


def _end(spot: _Spot) -> Course:
    ends = [deadline.end for deadline in spot.deadlines]
    earliest = ends[0]
    for end in ends[1:]:
        earliest = earliest.shorter(end)
    return earliest


def _all_tried(spents: Sequence[_Spent]) -> frozenset[str]:
    return frozenset[str]().union(*(spent.tried for spent in spents))


def _least_of(spents: list[_Spent], count: int) -> Course:
    """What any `count` of them take at least."""
    if count >= len(spents):
        total = NOTHING
        for spent in spents:
            total = total.plus(spent.least)
        return total
    shortest = spents[0].least
    for spent in spents:
        shortest = shortest.shorter(spent.least)
    total = NOTHING
    for _ in range(count):
        total = total.plus(shortest)
    return total


def _why(labels: Sequence[str], hung: str, bound: Fraction, spot: _Spot) -> str:
    """The finding in words, with the numbers of one length of audio for which it holds."""
    seconds = max(bound, _EXAMPLE_S)
    tightest = min(spot.deadlines, key=lambda deadline: deadline.end.at(seconds))
    spent_ms, whole_ms = spot.entry.minus(tightest.entry).at(seconds), course_of(tightest.span).at(seconds)
    reached = "never reached in time" if bound == 0 else f"not reached in time for audio of {_tenths(bound)} s or longer"
    needs = "" if spent_ms >= whole_ms else ", which leaves less than its `shortest`"
    are, hang = "is" if len(labels) == 1 else "are", "hangs" if len(spot.hung) == 1 else "hang"
    return (
        f"{listed(labels)} {are} {reached} when {hung} {hang}: with {_tenths(seconds)} s of audio that takes "
        f"{_tenths(spent_ms / 1000)} s of a deadline of {_tenths(whole_ms / 1000)} s{needs}; give every attempt a `timeout`"
    )


def _tenths(number: Fraction) -> str:
    return f"{math.ceil(number * 10) / 10:g}"
