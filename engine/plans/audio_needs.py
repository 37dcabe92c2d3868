"""Which facts of the audio a plan may depend on: known before the audio is, from the compiled route and the request alone.

Whoever has not yet read the audio to its end may plan without a fact that is not among them: whatever its value, the tree of
attempts is the same (same deployments, order, rules, degrades). Only what a number of seconds stretches or prices can differ: the
default timeout of an attempt, what a call may cost at most, and the bounds that follow from both. The answer errs on the side of
needing.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal

from voxplan.engine.language.condition import Condition
from voxplan.engine.plans.compiling import with_fallbacks
from voxplan.engine.plans.router import Chain, Choice, Contest, Leaf, Router, RouterNode, Spread
from voxplan.engine.plans.situation import DEFAULT_TIMEOUT
from voxplan.engine.terms.capability import PriceFacts
from voxplan.engine.terms.quantity import Span
from voxplan.engine.terms.request import Request

__all__ = ("AudioFact", "audio_needs", "watches_the_clock")

AudioFact = Literal["audio.bytes", "audio.seconds", "audio.format", "audio.channels"]

_FACTS: Final[tuple[AudioFact, ...]] = ("audio.bytes", "audio.seconds", "audio.format", "audio.channels")
_ALL: Final = frozenset(_FACTS)
_ASKED: Final[Mapping[AudioFact, Callable[[Condition], bool]]] = {
    "audio.bytes": lambda condition: condition.audio_bytes is not None,
    "audio.seconds": lambda condition: condition.audio_seconds is not None,
    "audio.format": lambda condition: condition.audio_format is not None,
    "audio.channels": lambda condition: condition.audio_channels is not None,
}


def audio_needs(router: Router, request: Request) -> frozenset[AudioFact]:
    """The facts of the audio that may decide what is attempted for `request`; all of them for a route that does not exist."""
    root = _root(router, request)
    return _ALL if root is None else frozenset(_of_node(root))


def _root(router: Router, request: Request) -> RouterNode | None:
    """What the request walks over; None where that itself depends on the request."""
    route = router.routes.get(request.route)
    known = all(name in router.routes or name in router.deployments for name in request.fallbacks)
    if route is None or not known:
        return None
    if not request.fallbacks:
        return route.root
    if isinstance(route.root, Choice):  # the branch that is taken gives the fallbacks their rules
        return None
    return with_fallbacks(router, request.route, request.fallbacks, lambda _: False).root


def _of_node(node: RouterNode) -> Iterator[AudioFact]:
    match node:
        case Leaf():
            yield from _of_leaf(node)
        case Chain():
            yield from _of_spans(*node.deadlines)
            for child in node.children:
                yield from _of_node(child)
        case Spread():
            yield from _of_spread(node)
        case Choice():
            for branch in node.branches:
                if branch.condition is not None:
                    yield from _of_condition(branch.condition)
                yield from _of_node(branch.route)
        case Contest():
            yield from _of_spans(node.stagger, *node.deadlines)
            for arm in node.arms:
                yield from _of_node(arm)


def _of_leaf(leaf: Leaf) -> Iterator[AudioFact]:
    can, price = leaf.deployment.capabilities, leaf.deployment.price
    yield from _of_spans(*leaf.deadlines, leaf.deployment.shortest, *(() if leaf.timeout is None else (leaf.timeout,)))
    if leaf.timeout is None and leaf.deployment.shortest.base_ms > DEFAULT_TIMEOUT.base_ms:
        yield "audio.seconds"
    if can.containers is not None:
        yield "audio.format"
    if can.max_bytes is not None:
        yield "audio.bytes"
    if can.max_seconds is not None:
        yield "audio.seconds"
    if leaf.least_budget is not None and price is not None:
        yield from _of_price(price)


def _of_spread(spread: Spread) -> Iterator[AudioFact]:
    yield from _of_spans(*spread.deadlines)
    for arm in spread.arms:
        yield from _of_node(arm.route)
        if spread.by == "cost":
            for leaf in _leaves(arm.route):
                yield from _of_price(leaf.deployment.price)


def _leaves(node: RouterNode) -> Iterator[Leaf]:
    match node:
        case Leaf():
            yield node
        case Chain(children=below) | Contest(arms=below):
            for child in below:
                yield from _leaves(child)
        case Spread():
            for arm in node.arms:
                yield from _leaves(arm.route)
        case Choice():
            for branch in node.branches:
                yield from _leaves(branch.route)


def _of_price(price: PriceFacts | None) -> Iterator[AudioFact]:
    """What a call costs depends on how long the audio is, and where each channel is billed on how many it has."""
    if price is not None and price.per_minute:
        yield "audio.seconds"
    if price is not None and price.by_channel:
        yield "audio.channels"


def _of_spans(*spans: Span) -> Iterator[AudioFact]:
    if any(span.depends_on_audio for span in spans):
        yield "audio.seconds"


def _of_condition(condition: Condition) -> Iterator[AudioFact]:
    """Facts that a condition looks at, wherever in it."""
    for fact in _FACTS:
        if _ASKED[fact](condition) or condition.known == fact:
            yield fact
    inner = () if condition.not_ is None else (condition.not_,)
    for part in (*(condition.all or ()), *(condition.any or ()), *inner):
        yield from _of_condition(part)


def watches_the_clock(router: Router, request: Request) -> bool:
    """Whether how fast the audio comes could change what is attempted: by the clock of a race, by latency that puts in order."""
    root = _root(router, request)
    return root is None or _watches(root)


def _watches(node: RouterNode) -> bool:
    match node:
        case Leaf():
            return False
        case Contest(arms=below, overlaps=overlaps):
            return overlaps or any(map(_watches, below))
        case Chain(children=below):
            return any(map(_watches, below))
        case Spread():
            return node.by == "latency" or any(_watches(arm.route) for arm in node.arms)
        case Choice():
            return any(_watches(branch.route) for branch in node.branches)
