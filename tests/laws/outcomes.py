"""How the nodes of a plan ended in a run, told from its trace alone."""

from collections.abc import Iterable

from tests.laws.worlds import Made, Trace
from voxplan.engine.plans.plan import Attempt, First, Node, attempts, children

__all__ = ("calls_below", "entered_ms", "outcomes")


def calls_below(node: Node, calls: Iterable[Made]) -> tuple[Made, ...]:
    """The calls made by the attempts of `node`."""
    below = {attempt.node for attempt in attempts(node)}
    return tuple(call for call in calls if call.node in below)


def entered_ms(node: Node, trace: Trace) -> int | None:
    """When `node` was entered, counted from the run's start: when the first thing below it was called or missed."""
    below = {attempt.node for attempt in attempts(node)}
    missed = [each.at_ms for each in trace.missed if each.node in below]
    return min([*(call.start_ms for call in calls_below(node, trace.calls)), *missed], default=None)


def outcomes(node: Node, calls: tuple[Made, ...]) -> frozenset[str]:
    """How `node` ended, if these are all calls that have ended; empty if it was absent.

    More than one where arms of a race ended at the same instant, since a trace does not tell which was heard first.
    """
    if isinstance(node, Attempt):
        own = calls_below(node, calls)
        return frozenset({own[-1].ending}) if own else frozenset()
    inner = [(outcomes(child, calls), calls_below(child, calls)) for child in children(node)]
    ended = [(kinds, max(call.end_ms for call in below)) for kinds, below in inner if kinds]
    if isinstance(node, First):
        return ended[-1][0] if ended else frozenset()
    final = [(kinds - {*node.on}, at_ms) for kinds, at_ms in ended if kinds - {*node.on}]
    pick = min if final else max
    at_last = pick((at_ms for _, at_ms in final or ended), default=0)
    return frozenset[str]().union(*(kinds for kinds, at_ms in final or ended if at_ms == at_last))
