"""One walk over a route: what may be attempted, in which order, and what is left out.

It looks at what the plan needs and no more: branches not taken and arms that are not reached are left out in one line each, so
that a decision costs what it decides. `explaining` says everything about everything, when nothing can be planned.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final, NamedTuple, get_args

from voxplan.engine.language.spec import Strategy
from voxplan.engine.plans.deciding import explain
from voxplan.engine.plans.plan import Attempt, First, GuardrailStep, LeftOut, Node, Race, Reason, attempts
from voxplan.engine.plans.ranking import ranked
from voxplan.engine.plans.router import Chain, Choice, ChoiceBranch, Contest, Leaf, RouterDeployment, RouterNode, Spread
from voxplan.engine.plans.situation import Situation

__all__ = ("WEIGHT_ZERO", "Choosing", "taken", "why_not_taken")

WEIGHT_ZERO: Final = Reason(code="weight_zero", detail="weight is 0")
_NOT_SPILLED: Final[Mapping[Strategy, Reason]] = {
    by: Reason(
        code="not_spilled",
        detail=f"other arms {'were drawn first' if by == 'weight' else f'came first by `{by}`'} and `spill` ends before it",
    )
    for by in get_args(Strategy)
}


class _Ahead(NamedTuple):
    """The plan of an arm that may yet be passed over, and what it leaves out: that counts only when the arm is reached."""

    node: Node | None
    left_out: list[LeftOut]


class Choosing:
    """Lives within one call of `plan`; gathers what is left out, and the leaves that only cool off."""

    def __init__(self, now: Situation) -> None:
        """Nothing has been walked yet."""
        self.now = now
        self.left_out: list[LeftOut] = []
        self.only_cooling: list[Leaf] = []
        self._checks: dict[str, tuple[GuardrailStep, ...]] = {}

    def node(self, node: RouterNode) -> Node | None:
        """The plan of `node`; None when nothing below it may be attempted."""
        match node:
            case Leaf():
                return self._leaf(node)
            case Chain():
                below = (self.node(child) for child in node.children)
                return self._first(node, tuple(planned for planned in below if planned is not None))
            case Spread():
                return self._spread(node)
            case Choice():
                return self._choice(node)
            case Contest():
                return self._contest(node)

    def input_guardrails(self, root: Node) -> tuple[GuardrailStep, ...]:
        """The checks that the prompt has to pass, if there is one, for all attempts of the plan; each once."""
        if self.now.request.options.prompt is None or not self._checks:
            return ()
        return (*dict.fromkeys(step for attempt in attempts(root) for step in self._checks.get(attempt.node, ())),)

    def _leaf(self, leaf: Leaf) -> Attempt | None:
        judged = self.now.judged(leaf)
        if isinstance(judged, Attempt):
            if leaf.input_guardrails:
                self._checks[leaf.node] = leaf.input_guardrails
            return judged
        if all(reason.code == "cooling" for reason in judged):
            self.only_cooling.append(leaf)
        self._leave_out(leaf.node, (leaf.deployment.name,), *judged)
        return None

    def _first(self, node: Chain | Spread | Contest, below: tuple[Node, ...]) -> First | None:
        if not below:
            return None
        deadline_ms = self.now.deadline_ms(node.deadlines)
        return First(node=node.node, children=below, on=node.on, deadline_ms=deadline_ms, budget=node.budget)

    def _contest(self, contest: Contest) -> Node | None:
        """The race of the arms that may be attempted; one after another where the audio may not be sent twice at will.

        So too where the stagger depends on the unknown length of the audio: to start them all at once would be the costliest
        guess.
        """
        arms = tuple(planned for arm in contest.arms if (planned := self.node(arm)) is not None)
        stagger_ms = self.now.span_ms(contest.stagger)
        if not contest.overlaps or stagger_ms is None or not arms:
            return self._first(contest, arms)
        return Race(
            node=contest.node,
            arms=arms,
            stagger_ms=stagger_ms,
            on=contest.on,
            deadline_ms=self.now.deadline_ms(contest.deadlines),
            budget=contest.budget,
        )

    def _choice(self, choice: Choice) -> Node | None:
        chosen = taken(self.now, choice)
        for branch in choice.branches:
            if branch is not chosen:
                self._leave_out(branch.node, branch.names, why_not_taken(self.now, choice, branch, chosen))
        return None if chosen is None else self.node(chosen.route)

    def _spread(self, spread: Spread) -> First | None:
        """The arms that may be attempted, in their order, as many as `spill` allows."""
        room = len(spread.arms) if spread.spill is None else 1 + spread.spill
        below: list[Node] = []
        reached: list[int] = []
        for place, planned in self._in_order(spread):
            reached.append(place)
            if planned is not None:
                below.append(planned)
            if len(below) == room:
                break
        for arm in spread.idle:
            self._leave_out(arm.node, arm.names, WEIGHT_ZERO)
        if len(reached) < len(spread.arms):
            self._leave_out(spread.node, _unreached(spread, reached), _NOT_SPILLED[spread.by])
        return self._first(spread, tuple(below))

    def _in_order(self, spread: Spread) -> Iterator[tuple[int, Node | None]]:
        """The arms by place, in their order, each planned when it is asked for, or when its order depends on it."""
        planned: dict[int, _Ahead] = {}
        for place in ranked(self.now, spread, self._firsts(spread, planned)):
            if place in planned:
                self.left_out += planned[place].left_out
                yield place, planned[place].node
            else:
                yield place, self.node(spread.arms[place].route)

    def _firsts(self, spread: Spread, planned: dict[int, _Ahead]) -> Iterator[RouterDeployment | None]:
        """What each arm attempts first. A whole subtree has to be planned to know that; `planned` keeps it."""
        for place, arm in enumerate(spread.arms):
            if isinstance(arm.route, Leaf):
                yield arm.route.deployment
                continue
            so_far, self.left_out = self.left_out, []
            planned[place] = ahead = _Ahead(self.node(arm.route), self.left_out)
            self.left_out = so_far
            yield None if ahead.node is None else self.now.router.deployments[next(attempts(ahead.node)).deployment]

    def _leave_out(self, node: str, names: tuple[str, ...], *reasons: Reason) -> None:
        self.left_out.append(LeftOut(node=node, deployments=names, reasons=reasons))


def _unreached(spread: Spread, reached: list[int]) -> tuple[str, ...]:
    """The deployments below the arms at all other places."""
    if spread.singles is not None:
        names = list(spread.singles)
        for place in sorted(reached, reverse=True):
            del names[place]
        return tuple(names)
    passed_over = (arm.names for place, arm in enumerate(spread.arms) if place not in reached)
    return (*dict.fromkeys(chain.from_iterable(passed_over)),)


def taken(now: Situation, choice: Choice) -> ChoiceBranch | None:
    """The first branch whose condition holds; None when none does. What is unknown does not hold."""
    for branch in choice.branches:
        if branch.condition is None or now.holds(branch.condition):
            return branch
    return None


def why_not_taken(now: Situation, choice: Choice, branch: ChoiceBranch, chosen: ChoiceBranch | None) -> Reason:
    """Why `branch` is not the one that was `chosen`."""
    nodes = [each.node for each in choice.branches]
    if branch.condition is None or (chosen is not None and nodes.index(chosen.node) < nodes.index(branch.node)):
        earlier = "another branch" if chosen is None else f"branch `{chosen.node}`"
        return Reason(code="not_chosen", detail=f"{earlier} is taken")
    return Reason(code="not_chosen", detail=explain(branch.condition, now.request, now.moment_ms, now.seed, now.router.zones))
