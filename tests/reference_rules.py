"""How rules meet on the way inwards, and what is left to attempt when all is decided. Part of `tests.reference`."""

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from msgspec.structs import asdict

from tests.reference_facts import Known, nano
from voxplan.engine.language.spec import Accept, Arm, Retry, RouteNode, Rules, Selector
from voxplan.engine.terms.failure import KINDS, FailureKind
from voxplan.engine.terms.quantity import Money, Span

__all__ = (
    "REPLAYS",
    "Chain",
    "Held",
    "Kinds",
    "Leaf",
    "Out",
    "Place",
    "Step",
    "coprime",
    "failing",
    "kinds",
    "label_of",
    "least",
    "leaves",
    "named",
)

Kinds = frozenset[FailureKind]
REPLAYS = ("always", "if_uncharged", "if_unsent", "never")


class Held(NamedTuple):
    """The rules that hold at a node, those around it included. `guardrails` innermost first, `budget` the smallest."""

    timeout: Span | None = None
    retry: Retry = Retry()
    accept: Accept = Accept()
    cooling: str = "try"
    requires: tuple[Selector, ...] = ()
    guardrails: tuple[str, ...] = ()
    replay: int = 0
    options: Mapping[str, str] = {}
    budget: int | None = None

    def inside(self, said: Rules) -> "Held":
        """The rules inside a node that says these."""
        options = {option: rule for option, rule in asdict(said.options).items() if rule} if said.options else {}
        return Held(
            timeout=self.timeout if said.timeout is None else said.timeout,
            retry=self.retry if said.retry is None else said.retry,
            accept=self.accept if said.accept is None else said.accept,
            cooling=said.when_all_cooling or self.cooling,
            requires=(*self.requires, said.require) if said.require else self.requires,
            guardrails=tuple(dict.fromkeys((*(said.guardrails or ()), *self.guardrails))),
            replay=max(self.replay, REPLAYS.index(said.replay or "always")),
            options={**self.options, **options},
            budget=least(self.budget, nano(said.budget)),
        )


class Place(NamedTuple):
    """Where a node stands: its names in the plan and for draws, and what else counts from its entry."""

    node: str
    draw: str
    deadlines: tuple[Span | None, ...] = ()
    budgets: tuple[Money | None, ...] = ()

    def inside(self, said: Rules) -> "Place":
        """The same place with what the node there says."""
        return self._replace(deadlines=(*self.deadlines, said.deadline), budgets=(*self.budgets, said.budget))

    def below(self, label: str) -> "Place":
        """The place of a child."""
        return Place(f"{self.node}/{label}", f"{self.draw}/{label}")


class Leaf(NamedTuple):
    """A deployment that may be attempted, with what holds there."""

    node: str
    draw: str
    known: Known
    deadline_ms: int | None
    budget: int | None
    timeout_ms: int
    shortest_ms: int
    cost: int | None
    degrades: frozenset[tuple[str, str]]
    held: Held
    simulated: FailureKind | None

    @property
    def replay(self) -> str:
        """When the audio may be sent again."""
        return REPLAYS[self.held.replay]


class Chain(NamedTuple):
    """A `first`, a `balance` whose order has been decided, or, with `stagger_ms`, a `race`."""

    node: str
    deadline_ms: int | None
    budget: int | None
    on: Kinds
    children: "tuple[Step, ...]"
    stagger_ms: int | None = None


Step = Leaf | Chain


class Out(NamedTuple):
    """What is left out and why: a leaf with every reason, or all below a node that was not looked at, as there is a plan."""

    node: str
    deployments: frozenset[str]
    why: frozenset[str]


def leaves(step: Step) -> tuple[Leaf, ...]:
    """All leaves of a step, in order."""
    return (step,) if isinstance(step, Leaf) else tuple(leaf for child in step.children for leaf in leaves(child))


def kinds(listed: Iterable[str]) -> Kinds:
    """The failure kinds that an `on` names."""
    return frozenset(kind for kind, rule in KINDS.items() if kind in listed or ("*" in listed and rule.fallback == "star"))


def least(*amounts: int | None) -> int | None:
    """The least of what there is."""
    return min((amount for amount in amounts if amount is not None), default=None)


def failing(step: Step) -> Step:
    """The step with every attempt failing, as LiteLLM's tests of fallbacks have it."""
    if isinstance(step, Chain):
        return step._replace(children=tuple(failing(child) for child in step.children))
    return step._replace(simulated="server_error")


def named(arms: Sequence[Arm]) -> dict[str, Arm]:
    """The arms by label, repeats numbered."""
    named: dict[str, Arm] = {}
    for place, arm in enumerate(arms):
        before = [label_of(each.route) for each in arms[:place]].count(label_of(arm.route))
        named[f"{label_of(arm.route)}~{before + 1}" if before else label_of(arm.route)] = arm
    return named


def label_of(node: RouteNode) -> str:
    """What a node is called among its siblings."""
    forms = {"first": node.first, "balance": node.balance, "race": node.race, "when": node.when}
    return node.name or node.use or next(form for form, there in forms.items() if there)


def coprime(weights: Mapping[str, Fraction]) -> dict[str, int]:
    """The weights as whole numbers without a common divisor."""
    whole = {label: int(weight * math.lcm(*(each.denominator for each in weights.values()))) for label, weight in weights.items()}
    return {label: weight // math.gcd(*whole.values()) for label, weight in whole.items()}
