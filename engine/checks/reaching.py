"""Branches that no request takes, and arms that are never chosen.

A branch is reported only when the search came to its end: then no request takes it, whatever the user, the seed and the moment.
Each route is looked at by itself, with any route as the one that was asked for, because routes use each other and a caller may
name any of them. Health, capabilities and budgets are not looked at: they keep deployments out, not branches.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, NamedTuple

from voxplan.engine.checks._nodes import walk
from voxplan.engine.checks.finding import Finding, warning
from voxplan.engine.checks.satisfying import FALSE, TRUE, UNKNOWN, Effort, Goal, Search, Truths, formulas, truth_of
from voxplan.engine.documents.tree import Path
from voxplan.engine.language.condition import Condition
from voxplan.engine.language.spec import RouteNode, Spec

__all__ = ("NOT_TAKEN", "Passage", "unreachable")

NOT_TAKEN: Final = FALSE | UNKNOWN
"""What the condition of a branch that is not taken comes to: unknown selects nothing."""

_MOST_LOOKS: Final = 500_000  # two seconds for the whole spec, however many branches it has
_MOST_BRANCHES: Final = 200  # in one route; each is looked at together with all before it

Passage = tuple[tuple[int, Truths], ...]
"""What conditions, by their number, must come to on the way to a node."""


class _Entrance(NamedTuple):
    """A branch of a `when`; `own` is the number of its condition, None for `otherwise`, `around` the passage to the `when`."""

    path: Path
    around: Passage
    passage: Passage
    own: int | None


def unreachable(spec: Spec) -> Iterator[Finding]:
    """Everything in the routes of `spec` that is never reached, in document order; what lies below it is not told as well."""
    effort = Effort(_MOST_LOOKS)
    for name, root in spec.routes.items():
        if sum(len(node.when or ()) for _, node in walk((), root)) <= _MOST_BRANCHES:
            yield from _unreached(("routes", name), root, tuple(spec.routes), effort)
        yield from _never_chosen(("routes", name), root)


def _unreached(path: Path, root: RouteNode, routes: tuple[str, ...], effort: Effort) -> Iterator[Finding]:
    met: list[Condition] = []
    entrances = tuple(_entrances(path, root, (), met))
    made, facts = formulas(met, routes, "free")
    search = Search(facts, partial(truth_of, zones={}, reading="free"), effort)

    def impossible(passage: Passage) -> bool:
        return search.possible([Goal(made[number], wanted) for number, wanted in passage]) is False

    told: list[Path] = []
    for entrance in entrances:
        if not any(entrance.path[: len(above)] == above for above in told) and impossible(entrance.passage):
            told.append(entrance.path)
            yield warning(entrance.path, _why(entrance, impossible))


def _why(entrance: _Entrance, impossible: Callable[[Passage], bool]) -> str:
    if entrance.own is None:
        return "`otherwise` is never taken: one of the branches before it always is"
    own = (entrance.own, TRUE)
    if impossible((own,)):
        return "this branch is never taken: its condition can never hold"
    if impossible((*entrance.around, own)):
        return "this branch is never taken: its condition cannot hold where the conditions around it do"
    return "this branch is never taken: whenever its condition holds, an earlier branch is taken"


def _entrances(path: Path, node: RouteNode, around: Passage, met: list[Condition]) -> Iterator[_Entrance]:
    """All branches at and below `node`, outer ones first; their conditions are added to `met`."""
    first = len(met)
    met.extend(branch.if_ for branch in node.when or ())
    for place, branch in enumerate(node.when or ()):
        passage = (*around, *((first + before, NOT_TAKEN) for before in range(place)), (first + place, TRUE))
        yield _Entrance((*path, "when", place), around, passage, first + place)
        yield from _entrances((*path, "when", place, "then"), branch.then, passage, met)
    if node.otherwise is not None:
        passage = (*around, *((number, NOT_TAKEN) for number in range(first, first + len(node.when or ()))))
        yield _Entrance((*path, "otherwise"), around, passage, None)
        yield from _entrances((*path, "otherwise"), node.otherwise, passage, met)
    for step, child in _children(node):
        yield from _entrances((*path, *step), child, around, met)


def _children(node: RouteNode) -> Iterator[tuple[Path, RouteNode]]:
    """The nodes below `node` but for branches, each with what leads to it."""
    for place, child in enumerate(node.first or ()):
        yield ("first", place), child
    for place, arm in enumerate(node.balance.among if node.balance is not None else ()):
        yield ("balance", "among", place, "route"), arm.route
    for place, child in enumerate(node.race.among if node.race is not None else ()):
        yield ("race", "among", place), child


def _never_chosen(path: Path, root: RouteNode) -> Iterator[Finding]:
    for below, node in walk(path, root):
        for place, arm in enumerate(node.balance.among if node.balance is not None else ()):
            if arm.weight == 0:
                yield warning((*below, "balance", "among", place), "this arm is never chosen: its weight is 0")
