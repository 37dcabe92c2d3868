"""How the arms of a `balance` are ordered: by the draw alone, or by a score with the draw between equals.

A score is a whole number, the least first. That of an arm with more than one deployment is the score of what it attempts first.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from voxplan.engine.language.spec import Strategy
from voxplan.engine.observed.load import headroom
from voxplan.engine.plans.draws import draw, drawn_below, finishes, greatest_first
from voxplan.engine.plans.pricing import likely_cost
from voxplan.engine.plans.router import RouterDeployment, Spread
from voxplan.engine.plans.situation import Situation
from voxplan.engine.terms.capability import PriceFacts

__all__ = ("SCORED", "ranked")

_UNMEASURED: Final = 1 << 62  # behind everything that has been measured
_UNPRICED: Final = 1 << 80

_Firsts = Iterable[RouterDeployment | None]
"""What each arm attempts first, by place; None where there is nothing to attempt."""

_Scores = Callable[[Situation, _Firsts], Iterator[int]]


def ranked(now: Situation, spread: Spread, firsts: _Firsts) -> Iterator[int]:
    """The places of the arms in their order, one at a time. `firsts` is looked at only by the strategies in `SCORED`."""
    drawn = finishes(_decision(now, spread), spread.lanes)
    scores = SCORED.get(spread.by)
    return greatest_first(drawn) if scores is None else _by_score(drawn, scores(now, firsts))


def _by_score(drawn: Sequence[float], scores: Iterable[int]) -> Iterator[int]:
    """The least score first; equal ones as they were drawn."""
    equals: dict[int, list[int]] = {}
    for place, score in enumerate(scores):
        equals.setdefault(score, []).append(place)
    for score in sorted(equals):
        places = equals[score]
        yield from (places[index] for index in greatest_first([drawn[place] for place in places]))


def _decision(now: Situation, spread: Spread) -> int:
    """The draw that orders the arms: from the seed, or for `sticky` from what the request always has in common."""
    value = _sticky_value(now, spread.key) if spread.by == "sticky" and spread.key is not None else None
    if value is None:
        return drawn_below(now.root, spread.bits)
    return draw(0, "sticky", spread.draw if spread.salt is None else spread.salt, value)


def _sticky_value(now: Situation, key: str) -> str | None:
    request = now.request
    match key:
        case "user":
            return request.user
        case "key":
            return request.key
        case _:
            return dict(request.metadata).get(key.removeprefix("metadata."))


def _latency(now: Situation, firsts: _Firsts) -> Iterator[int]:
    """Peak EWMA by the calls under way. What was never measured is explored when idle, and comes last when busy."""
    seen = now.view.deployments
    for first in firsts:
        found = None if first is None else seen.get(first.name)
        if found is None:
            yield 0
        elif found.latency is None:
            yield _UNMEASURED + found.load.in_flight if found.load.in_flight else 0
        else:
            yield found.latency.us_per_second * (found.load.in_flight + 1)


def _least_busy(now: Situation, firsts: _Firsts) -> Iterator[int]:
    seen = now.view.deployments
    for first in firsts:
        found = None if first is None else seen.get(first.name)
        yield 0 if found is None else found.load.in_flight


def _cost(now: Situation, firsts: _Firsts) -> Iterator[int]:
    """What a call costs, for one minute where the length is unknown; an unknown price comes last."""
    costs: dict[PriceFacts | None, int] = {None: _UNPRICED}  # many deployments share one price
    for first in firsts:
        price = None if first is None else first.price
        if price is not None and price not in costs:
            costs[price] = _priced(now, price)
        yield costs[price]


def _priced(now: Situation, price: PriceFacts) -> int:
    audio = now.request.audio
    cost = likely_cost(price, audio.seconds, audio.channels)
    return _UNPRICED if cost is None else cost


def _headroom(now: Situation, firsts: _Firsts) -> Iterator[int]:
    for first in firsts:
        yield 0 if first is None else -headroom(now.view, first, now.moment_ms)


SCORED: Final[Mapping[Strategy, _Scores]] = {
    "latency": _latency,
    "least_busy": _least_busy,
    "cost": _cost,
    "headroom": _headroom,
}
"""The strategies that look at more than the draw."""
