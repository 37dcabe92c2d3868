"""Inputs that tell two specs apart, if anything does: requests, views, moments and seeds, made from what the specs look at.

One request for every node that can be reached in either spec; then the representatives of every fact that conditions or
capabilities look at: all combinations if they are few, else each value, each pair of values, and mixtures. Always the same inputs
for the same specs.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from voxplan.engine.checks.representing import Facts, Value, request_of
from voxplan.engine.checks.satisfying import formulas
from voxplan.engine.foresight.witnessing import conditions_of, moments_ms, nodes, parts_within, witness
from voxplan.engine.language.condition import Condition, Sample
from voxplan.engine.observed.view import EMPTY_VIEW, DeploymentView, Latency, Load, View
from voxplan.engine.plans.deciding import decide
from voxplan.engine.plans.draws import draw
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.request import Request

__all__ = ("MOST", "Input", "inputs")

MOST: Final = 200
_SEEDS: Final = 3
_TRIES: Final = 30  # seeds for the request of a node: what chance makes rarer than that is left to mixtures
_HOUR_MS: Final = 3_600_000
_ODD_NAMES: Final = 4
_CHANCES: Final = 100  # seeds for the plainest request: enough to tell shares apart that differ by a few in a hundred
_SEARCHED: Final = 2000  # names and seeds that are looked at for both sides of a share


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """All that a plan is made from but the router."""

    request: Request
    view: View
    moment_ms: int
    seed: int


def inputs(routers: Sequence[Router], route: str, most: int = MOST) -> Iterator[Input]:
    """The inputs for one route, which all `routers` have: at most three times `most` requests, besides those for nodes."""
    yield from _reaching(routers, route)
    conditions = [condition for router in routers for condition in conditions_of(router, route)]
    windows = [test.time for each in conditions for test in parts_within(each) if test.time is not None]
    moments = moments_ms(windows, {name: zone for router in routers for name, zone in router.zones.items()})
    plain = request_of(route, {})
    samples = [test.sample for each in conditions for test in parts_within(each) if test.sample is not None]
    for seed in (*range(_CHANCES), *_telling_seeds(route, samples)):
        yield Input(request=plain, view=EMPTY_VIEW, moment_ms=moments[0], seed=seed)
    for moment_ms in moments:
        yield Input(request=plain, view=EMPTY_VIEW, moment_ms=moment_ms, seed=0)
    for view in _views(routers, moments[0]):
        yield from (Input(request=plain, view=view, moment_ms=moments[0], seed=seed) for seed in range(_SEEDS))
    for number, values in enumerate(_mixtures(_facts(routers, route, conditions), most)):
        request, moment_ms = request_of(route, values), moments[number % len(moments)]
        yield from (Input(request=request, view=EMPTY_VIEW, moment_ms=moment_ms, seed=seed) for seed in range(_SEEDS))


def _reaching(routers: Sequence[Router], route: str) -> Iterator[Input]:
    for router in routers:
        for node in nodes(router, route):
            found = witness(router, node, _TRIES)
            if found is not None:
                yield Input(request=found.request, view=EMPTY_VIEW, moment_ms=found.moment_ms, seed=found.seed)


def _facts(routers: Sequence[Router], route: str, conditions: Sequence[Condition]) -> Facts:
    """The values of every fact that can make a difference, the plainest first."""
    _, asked = formulas(conditions, (route,), "real")
    samples = [test.sample for each in conditions for test in parts_within(each) if test.sample is not None]
    names: Facts = {by: (None, *_telling_names(route, samples, by)) for by in sorted({each.by for each in samples if each.by})}
    facts: Facts = {}
    for each in (_PLAIN, names, asked, _borders(routers)):
        for name, values in each.items():
            facts[name] = (*dict.fromkeys((*facts.get(name, ()), *values)),)
    return facts


def _telling_names(route: str, samples: Sequence[Sample], by: str) -> tuple[str, ...]:
    """Values of `by` that fall on both sides of every share, in every combination that is not too rare."""
    named = [Condition(sample=each) for each in samples if each.by == by]
    told: dict[tuple[bool | None, ...], str] = {}
    for number in range(_SEARCHED):
        request = request_of(route, {by: f"{by}-{number}"})
        told.setdefault(tuple(decide(each, request, 0, 0, {}) for each in named), f"{by}-{number}")
    few = (f"{by}-{number}" for number in range(_ODD_NAMES))
    return (*dict.fromkeys((*few, *told.values())),)


def _telling_seeds(route: str, samples: Sequence[Sample]) -> tuple[int, ...]:
    """Seeds that fall on both sides of every share that chance decides."""
    by_chance, request = [Condition(sample=each) for each in samples], request_of(route, {})
    told: dict[tuple[bool | None, ...], int] = {}
    for seed in range(_SEARCHED if by_chance else 0):
        told.setdefault(tuple(decide(each, request, 0, seed, {}) for each in by_chance), seed)
    return (*told.values(),)


_PLAIN: Final[Facts] = {
    "audio.seconds": (None, 0.5, 30.0, 600.0, 5400.0),
    "audio.bytes": (None, 1000, 100_000_000),
    "audio.format": (None, "wav"),
    "language": (None, "en", "fi"),
    "response_format": ("json", "srt"),
    "timestamps=word": (False, True),
    "timestamps=segment": (False, True),
    "stream": (False, True),
    "translate": (False, True),
    "diarize": (False, True),
    "prompt": (None, "names: Aino"),
    "temperature": (None, 0.5),
    "user": (None, "ann"),
    "key": (None, "key-1"),
}
"""Enough to tell apart what deployments can and cannot do, and rules that depend on the length of the audio."""


def _borders(routers: Sequence[Router]) -> Facts:
    """Sizes and lengths on both sides of what deployments take."""
    able = [deployment.capabilities for router in routers for deployment in router.deployments.values()]
    seconds = sorted({can.max_seconds for can in able if can.max_seconds is not None})
    sizes = sorted({can.max_bytes for can in able if can.max_bytes is not None})
    return {
        "audio.seconds": tuple(near for most in seconds for near in (most, most + 1)),
        "audio.bytes": tuple(near for most in sizes for near in (most, most + 1)),
    }


def _mixtures(facts: Facts, most: int) -> Iterator[dict[str, Value]]:
    """All combinations if they are few; else each value alone, pairs of values, and mixtures of all facts."""
    count = 1
    for values in facts.values():
        count *= len(values)
    if count <= most:
        yield from (dict(zip(facts, values, strict=True)) for values in itertools.product(*facts.values()))
        return
    single = [(name, value) for name, values in facts.items() for value in values[1:]]
    yield {}
    yield from ({name: value} for name, value in single[:most])
    pairs = [{one[0]: one[1], two[0]: two[1]} for one, two in itertools.combinations(single, 2) if one[0] != two[0]]
    yield from _some(pairs, most)
    yield from (_mixture(facts, number) for number in range(most))


def _some(pairs: Sequence[dict[str, Value]], most: int) -> Iterable[dict[str, Value]]:
    """At most so many of the pairs, from all over."""
    return pairs if len(pairs) <= most else (pairs[draw(number, "pair") % len(pairs)] for number in range(most))


def _mixture(facts: Facts, number: int) -> dict[str, Value]:
    return {name: values[draw(number, "value", name) % len(values)] for name, values in facts.items()}


def _views(routers: Sequence[Router], moment_ms: int) -> Iterator[View]:
    """All well; each deployment cooling, all of them cooling; and all unlike in load and latency, one way and the other."""
    names = sorted({name for router in routers for name in router.deployments})
    cooling = DeploymentView(circuit="open", openings=1, until_ms=moment_ms + _HOUR_MS, cause="overloaded")
    yield EMPTY_VIEW
    yield from (View(deployments={name: cooling}) for name in names)
    yield View(deployments=dict.fromkeys(names, cooling))
    for ordered in (names, names[::-1]):
        yield View(deployments={name: _busy(place, moment_ms) for place, name in enumerate(ordered)})


def _busy(place: int, moment_ms: int) -> DeploymentView:
    load = Load(in_flight=place, starts_ms=(moment_ms - 1,) * place)
    return DeploymentView(load=load, latency=Latency(us_per_second=10_000 * (place + 1), at_ms=moment_ms))
