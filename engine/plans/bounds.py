"""What no run of a plan can exceed: calls, time, money, duplicate charges, and who gets to hear the audio.

Sound in every world. A deployment has its calls once in a run, at whichever of its nodes comes first.
"""

from voxplan.engine.plans.plan import Attempt, Bounds, First, GuardrailStep, Node, Race, attempts, children

__all__ = ("bounds",)


def bounds(root: Node, input_guardrails: tuple[GuardrailStep, ...] = ()) -> Bounds:
    """The bounds of the plan with this root."""
    planned = tuple(attempts(root))
    tally = _Tally(planned)
    checks_ms = sum([step.timeout_ms for step in input_guardrails]) + tally.checks_ms
    return Bounds(
        attempts=tally.most_calls(),
        longest_ms=_within(_unbounded_ms(root) + checks_ms, root.deadline_ms),
        cost=tally.most_money(root),
        duplicate_charges=tally.duplicate_charges(),
        deployments=tuple(sorted({*tally.calls, *tally.once})),
        vendors=tuple(sorted({attempt.vendor for attempt in planned})),
        regions=tuple(sorted({attempt.region for attempt in planned if attempt.region is not None})),
    )


class _Tally:
    """What the attempts of a plan come to, deployment by deployment, gathered in one pass."""

    def __init__(self, planned: tuple[Attempt, ...]) -> None:
        self.calls: dict[str, int] = {}
        self.charged: dict[str, int] = {}  # calls that may be charged whatever was charged before
        self.money: dict[str, int] = {}
        self.once: set[str] = set()  # deployments that are called only when nothing has been sent
        self.charged_once = False
        self.unpriced = False
        self.checks_ms = 0
        for attempt in planned:
            self._add(attempt)

    def _add(self, attempt: Attempt) -> None:
        name, calls = attempt.deployment, 1 + len(attempt.delays_ms)
        if attempt.guardrails:
            self.checks_ms = max(self.checks_ms, sum(step.timeout_ms for step in attempt.guardrails))
        if attempt.simulated is None and attempt.replay == "never":
            self.once.add(name)
            calls = 1
        elif calls > self.calls.get(name, 0):
            self.calls[name] = calls
        if attempt.simulated is None and attempt.worst_cost != 0:  # what is not sent is not charged, nor is what is free
            self._charge(attempt, calls)

    def _charge(self, attempt: Attempt, calls: int) -> None:
        name, cost = attempt.deployment, attempt.worst_cost
        if cost is None:
            self.unpriced = True
        elif cost * calls > self.money.get(name, 0):
            self.money[name] = cost * calls
        if attempt.replay != "always":
            self.charged_once = True
        elif calls > self.charged.get(name, 0):
            self.charged[name] = calls

    def most_calls(self) -> int:
        """Of the attempts that send only once one call at most is ever made, and it takes the turn of its deployment."""
        return sum(self.calls.values()) + any(name not in self.calls for name in self.once)

    def duplicate_charges(self) -> int:
        """The calls that may be charged beyond the first; of those that must not repeat a charge, one may still be the first."""
        return max(0, sum(self.charged.values()) + self.charged_once - 1)

    def most_money(self, root: Node) -> int | None:
        """The least of what the budgets allow and what the calls of every deployment come to; None when nothing bounds it."""
        by_tree = _money(root)
        if self.unpriced or by_tree is None:
            return by_tree
        return min(by_tree, sum(self.money.values()))


def _money(node: Node) -> int | None:
    cost = _own_money(node) if isinstance(node, Attempt) else _sum([_money(child) for child in children(node)])
    if cost is None or node.budget is None:
        return node.budget if cost is None else cost
    return min(cost, node.budget)


def _own_money(attempt: Attempt) -> int | None:
    if attempt.simulated is not None or attempt.worst_cost is None:
        return None if attempt.simulated is None else 0
    return attempt.worst_cost * (1 if attempt.replay == "never" else 1 + len(attempt.delays_ms))


def _sum(costs: list[int | None]) -> int | None:
    """The sum; None when one of them is not known."""
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None


def _within(longest_ms: int, deadline_ms: int | None) -> int:
    return longest_ms if deadline_ms is None else min(longest_ms, deadline_ms)


def _longest_ms(node: Node) -> int:
    """How long `node` takes at most: every call to its timeout, every wait to its end."""
    return _within(_unbounded_ms(node), node.deadline_ms)


def _unbounded_ms(node: Node) -> int:
    match node:
        case Attempt():
            if not node.delays_ms:
                return node.timeout_ms
            waits_ms = sum([max(delay, node.patience_ms) for delay in node.delays_ms])
            return node.timeout_ms * (1 + len(node.delays_ms)) + waits_ms
        case First():
            return sum([_longest_ms(child) for child in node.children])
        case Race():
            # An arm starts no later than its place in the stagger.
            return max(place * node.stagger_ms + _longest_ms(arm) for place, arm in enumerate(node.arms))
