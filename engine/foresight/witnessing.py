"""A request that reaches a node: for every node of a router that some request reaches, one with its moment and seed.

What conditions ask is solved, not guessed (`satisfying`); samples and draws are tried seed by seed. Whoever is returned has been
planned: its plan really holds the node.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

import msgspec
from returns.result import Success

from voxplan.engine.checks.reaching import NOT_TAKEN, Passage
from voxplan.engine.checks.representing import Facts, Value, request_of
from voxplan.engine.checks.satisfying import MOMENT, SEED, TRUE, Goal, Search, formulas, names_in, truth_of
from voxplan.engine.language.condition import Condition, TimeWindow
from voxplan.engine.observed.view import EMPTY_VIEW
from voxplan.engine.plans.plan import attempts
from voxplan.engine.plans.planning import plan
from voxplan.engine.plans.router import Chain, Choice, Contest, Leaf, Router, RouterNode, Spread
from voxplan.engine.terms.request import Request
from voxplan.engine.terms.zone import UTC, Zone

__all__ = ("SEEDS", "Witness", "conditions_of", "moments_ms", "nodes", "parts_within", "witness")

SEEDS: Final = 400  # a share of one percent is met with 98 % of all salts
_PER_SEED: Final = 8
_NAMES: Final = 64
_DAY_S: Final = 86_400
_MONDAYS_S: Final = (1_768_176_000, 1_783_900_800)  # 2026-01-12 and 2026-07-13: the clocks of winter and of summer
_NOON_MS: Final = (_MONDAYS_S[0] + 3 * _DAY_S + _DAY_S // 2) * 1000


class Witness(msgspec.Struct, frozen=True, kw_only=True):
    """A request, when it comes, and the seed of its plan."""

    request: Request
    moment_ms: int
    seed: int


class _Place(NamedTuple):
    """A node of a route, and what the conditions on the way to it must come to."""

    node: str
    passage: Passage
    is_leaf: bool = False


def nodes(router: Router, route: str) -> tuple[str, ...]:
    """The names of all nodes of a route, outer ones first; a `when` has none of its own, its branches have."""
    return tuple(place.node for place in _places(router.routes[route].root, (), []))


def conditions_of(router: Router, route: str) -> tuple[Condition, ...]:
    """The conditions of all branches of a route, outer ones first."""
    met: list[Condition] = []
    for _ in _places(router.routes[route].root, (), met):
        pass
    return tuple(met)


def witness(router: Router, node: str, seeds: int = SEEDS) -> Witness | None:
    """A request for the route of `node` whose plan, with every deployment well, holds it or what is below it.

    None proves nothing: capabilities, budgets or a share that no one of `seeds` seeds meets may hide a request that exists.
    """
    route = node.partition("/")[0]
    met: list[Condition] = []
    below = [each for each in _places(router.routes[route].root, (), met) if each.is_leaf and _is_at(each.node, node)]
    aiming = _Aiming(router, route, met)
    # A node is in a plan when something below it is; one passage that leads there is enough.
    candidates = (each for passage in dict.fromkeys(place.passage for place in below) for each in aiming.at(passage, seeds))
    return next((candidate for candidate in candidates if _reaches(router, candidate, node)), None)


class _Aiming:
    """Makes requests that take the passages of one route. Lives within one call of `witness`."""

    def __init__(self, router: Router, route: str, conditions: Sequence[Condition]) -> None:
        self._route = route
        self._free, facts = formulas(conditions, (route,), "free")
        self._possible = Search(facts, partial(truth_of, zones=router.zones, reading="free"))
        self._real, facts = formulas(conditions, (route,), "real")
        real = _with_chance(facts, conditions, router.zones)
        self._search = Search(real, partial(truth_of, zones=router.zones, reading="real"))

    def at(self, passage: Passage, seeds: int) -> Iterator[Witness]:
        """Requests, with moments and seeds, for which all conditions on the way come to what they must."""
        if self._possible.possible([Goal(self._free[number], wanted) for number, wanted in passage]) is False:
            return
        goals = [Goal(self._real[number], wanted) for number, wanted in passage]
        by_chance = any(SEED in names_in(goal.formula) for goal in goals)
        for seed in range(seeds):
            found = [*itertools.islice(self._search.solutions(goals, {SEED: seed}), _PER_SEED)]
            if not (found or by_chance):
                return
            yield from (self._witness(values, seed) for values in found)

    def _witness(self, values: Mapping[str, Value], seed: int) -> Witness:
        moment_ms = int(values.get(MOMENT) or _NOON_MS)
        return Witness(request=request_of(self._route, values), moment_ms=moment_ms, seed=seed)


def _reaches(router: Router, candidate: Witness, node: str) -> bool:
    made = plan(router, candidate.request, EMPTY_VIEW, candidate.moment_ms, candidate.seed)
    if not isinstance(made, Success):
        return False
    return any(_is_at(attempt.node, node) for attempt in attempts(made.unwrap().root))


def _is_at(one: str, node: str) -> bool:
    """Whether one node is `node` or below it."""
    return f"{one}/".startswith(f"{node}/")


def _places(node: RouterNode, around: Passage, met: list[Condition]) -> Iterator[_Place]:
    """All nodes at and below `node`, outer ones first; the conditions of branches are added to `met`."""
    match node:
        case Choice(branches=branches):
            first = len(met)
            met.extend(branch.condition for branch in branches if branch.condition is not None)
            for place, branch in enumerate(branches):
                passage = (*around, *((before, NOT_TAKEN) for before in range(first, first + place)))
                taken = passage if branch.condition is None else (*passage, (first + place, TRUE))
                yield from _places(branch.route, taken, met)
        case Leaf():
            yield _Place(node.node, around, is_leaf=True)
        case Chain(children=below) | Contest(arms=below):
            yield _Place(node.node, around)
            for child in below:
                yield from _places(child, around, met)
        case Spread():
            yield _Place(node.node, around)
            for arm in node.arms:
                yield from _places(arm.route, around, met)


def _with_chance(facts: Facts, conditions: Iterable[Condition], zones: Mapping[str, Zone]) -> Facts:
    """The facts with what a real reading needs besides: moments on both sides of every window, and names to draw samples from."""
    within = [test for condition in conditions for test in parts_within(condition)]
    drawn = {test.sample.by for test in within if test.sample is not None and test.sample.by is not None}
    names = {by: (*facts.get(by, (None,)), *(f"{by}-{number}" for number in range(_NAMES))) for by in sorted(drawn)}
    windows = [test.time for test in within if test.time is not None]
    return {**facts, **names, MOMENT: moments_ms(windows, zones)}


def parts_within(condition: Condition) -> Iterator[Condition]:
    """Every condition that stands in `condition`, itself included."""
    yield condition
    for below in (*(condition.all or ()), *(condition.any or ()), *filter(None, (condition.not_,))):
        yield from parts_within(below)


def moments_ms(windows: Sequence[TimeWindow], zones: Mapping[str, Zone]) -> tuple[int, ...]:
    """A moment in every stretch of a week in which the same windows hold, in winter and in summer; noon of a Thursday first."""
    found = {
        monday_s + day * _DAY_S + edge.minutes * 60 - (zone.local_s(monday_s) - monday_s)
        for window in windows
        for zone in (zones.get(window.zone, UTC),)
        for monday_s in _MONDAYS_S
        for day in range(7)
        for edge in (window.from_, window.to)
    }
    return (_NOON_MS, *(moment_s * 1000 for moment_s in sorted(found)))
