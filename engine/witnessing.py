"""A request that reaches a node: for every node of a router that some request reaches, one with its moment and seed.

What conditions ask is solved, not guessed (`satisfying`); samples and draws are tried seed by seed. Whoever is returned has been
planned: its plan really holds the node.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final, NamedTuple

import msgspec
from returns.result import Success

from voxplan.engine.condition import Condition
from voxplan.engine.plan import attempts
from voxplan.engine.planning import plan
from voxplan.engine.reaching import NOT_TAKEN, Passage
from voxplan.engine.representing import Facts, Value, request_of
from voxplan.engine.request import Request
from voxplan.engine.router import Chain, Choice, Contest, Leaf, Router, RouterNode, Spread
from voxplan.engine.satisfying import MOMENT, SEED, TRUE, Formula, Goal, Search, formulas, truth_of
from voxplan.engine.view import EMPTY_VIEW

__all__ = ("MOMENTS_MS", "Witness", "moments_ms", "nodes", "witness")

_SEEDS: Final = 400  # a share of one percent is met with 98 % of all salts
_PER_SEED: Final = 8
_NAMES: Final = 64
_HOUR_MS: Final = 3_600_000
_THURSDAY_MS: Final = 1_767_225_600_000  # 2026-01-01, UTC


class Witness(msgspec.Struct, frozen=True, kw_only=True):
    """A request, when it comes, and the seed of its plan."""

    request: Request
    moment_ms: int
    seed: int


class _Place(NamedTuple):
    """A node of a route, and what the conditions on the way to it must come to."""

    node: str
    passage: Passage


def nodes(router: Router, route: str) -> tuple[str, ...]:
    """The names of all nodes of a route, outer ones first; a `when` has none of its own, its branches have."""
    return tuple(place.node for place in _places(router.routes[route].root, (), []))


def witness(router: Router, node: str) -> Witness | None:
    """A request for the route of `node` whose plan, with every deployment well, holds it or what is below it.

    None proves nothing: capabilities, budgets or a very small share may hide a request that exists.
    """
    route = node.partition("/")[0]
    met: list[Condition] = []
    place = next((each for each in _places(router.routes[route].root, (), met) if each.node == node), None)
    if place is None:
        return None
    made, facts = formulas(met, (route,), "real")
    goals = tuple(Goal(made[number], wanted) for number, wanted in place.passage)
    candidates = _candidates(router, route, goals, _with_chance(facts, met))
    return next((each for each in candidates if _reaches(router, each, node)), None)


def _candidates(router: Router, route: str, goals: tuple[Goal, ...], facts: Facts) -> Iterator[Witness]:
    truth = partial(truth_of, zones=router.zones, reading="real")
    for seed in range(_SEEDS):
        found = Search({**facts, SEED: (seed,)}, truth).solutions(goals)
        for _, values in zip(range(_PER_SEED), found, strict=False):
            yield _witness(route, values, seed)


def _witness(route: str, values: Mapping[str, Value], seed: int) -> Witness:
    return Witness(request=request_of(route, values), moment_ms=int(values.get(MOMENT) or _THURSDAY_MS), seed=seed)


def _reaches(router: Router, candidate: Witness, node: str) -> bool:
    made = plan(router, candidate.request, EMPTY_VIEW, candidate.moment_ms, candidate.seed)
    if not isinstance(made, Success):
        return False
    return any(f"{attempt.node}/".startswith(f"{node}/") for attempt in attempts(made.unwrap().root))
