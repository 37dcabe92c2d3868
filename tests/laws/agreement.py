"""Where the engine and the naive interpreter disagree about one case and some worlds: nowhere, if all is well."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from tests.laws.cases import Case, nodes, reference
from tests.laws.simulation import Simulated, simulate
from tests.laws.worlds import World
from tests.reference import Planned
from tests.reference_rules import Chain, Leaf, Out, Step, leaves
from tests.reference_run import Lived
from voxplan.engine.plans.plan import Attempt, LeftOut, Node, Plan, Race, Refusal, attempts, children

__all__ = ("Disagreement", "codes", "disagreements", "plan_disagreements")


class Disagreement(NamedTuple):
    """What the engine says of something, and what the naive interpreter does; `world` where it is about a run."""

    what: str
    engine: object
    naive: object
    world: World | None = None


def disagreements(
    case: Case, worlds: Iterable[World], also: Callable[[Simulated], None] = lambda _: None
) -> Iterator[Disagreement]:
    """All of them: those about the plan, else those about its runs, at each of which `also` may look."""
    made, naive = case.result(), reference(case)
    found = tuple(plan_disagreements(made, naive))
    yield from found
    if isinstance(made, Refusal) or found:
        return
    for world in worlds:
        done = simulate(made, world, case.moment)
        also(done)
        ours, theirs = done.trace, Lived(naive, world).trace
        for field, our, their in zip(ours._fields, ours, theirs, strict=True):
            if our != their:
                yield Disagreement(f"run: {field}", our, their, world)


def plan_disagreements(made: Plan | Refusal, naive: Planned) -> Iterator[Disagreement]:
    """Those about what may be attempted, in which order and under which rules."""
    refused = made.code if isinstance(made, Refusal) else None
    if refused != naive.refused:
        yield Disagreement("refusal", refused, naive.refused)
    elif isinstance(made, Refusal) or naive.root is None:
        yield from _differ("left out", codes(made.left_out), _codes(naive.out) if refused == "nothing_eligible" else [])
    else:
        tried = naive.cooling_try and naive.cooling_try.known.name
        yield from _differ("cooling_try", made.cooling_try, tried)
        yield from _differ("when_all_poor", made.when_all_poor, "return" if naive.returns_poor() else "fail")
        yield from _differ("left out", codes(made.left_out), _codes(naive.out))
        engine = tuple(map(_engine, nodes(made.root)))
        yield from _differ("tree", engine, tuple(map(_naive, _steps(naive.root))))
        yield from _differ(
            "rules", tuple(map(_rules, attempts(made.root))), tuple(_held(naive, leaf) for leaf in leaves(naive.root))
        )


def _differ(what: str, engine: object, naive: object) -> Iterator[Disagreement]:
    if engine != naive:
        yield Disagreement(what, engine, naive)


def codes(left_out: Iterable[LeftOut]) -> list[tuple[str, list[str], list[str]]]:
    """What is left out: node, deployments and reasons."""
    return sorted(
        (each.node, sorted(set(each.deployments)), sorted({reason.code for reason in each.reasons})) for each in left_out
    )


def _codes(out: Iterable[Out]) -> list[tuple[str, list[str], list[str]]]:
    return sorted((each.node, sorted(each.deployments), sorted(each.why)) for each in out)


def _engine(node: Node) -> tuple[object, ...]:
    form = "race" if isinstance(node, Race) else "attempt" if isinstance(node, Attempt) else "first"
    stagger = node.stagger_ms if isinstance(node, Race) else None
    on = None if isinstance(node, Attempt) else sorted(node.on)
    limits = (node.deadline_ms, node.budget)
    return form, node.node, limits, stagger, on, len(children(node))


def _naive(step: Step) -> tuple[object, ...]:
    limits = (step.deadline_ms, step.budget)
    if isinstance(step, Leaf):
        return "attempt", step.node, limits, None, None, 0
    form = "first" if step.stagger_ms is None else "race"
    return form, step.node, limits, step.stagger_ms, sorted(step.on), len(step.children)


def _steps(step: Step) -> Iterator[Step]:
    yield step
    for child in step.children if isinstance(step, Chain) else ():
        yield from _steps(child)


def _rules(attempt: Attempt) -> tuple[object, ...]:
    degrades = {(degrade.option, degrade.how) for degrade in attempt.degrades}
    return (
        attempt.deployment,
        attempt.credential,
        attempt.timeout_ms,
        attempt.shortest_ms,
        attempt.worst_cost,
        attempt.replay,
        tuple(step.name for step in attempt.guardrails),
        degrades,
        attempt.simulated,
        attempt.delays_ms,
    )


def _held(naive: Planned, leaf: Leaf) -> tuple[object, ...]:
    rails = tuple(name for name in leaf.held.guardrails if naive.spec.guardrails[name].stage == "output")
    hows = {"drop": "dropped", "emulate": "emulated"}
    return (
        leaf.known.name,
        leaf.known.credential,
        leaf.timeout_ms,
        leaf.shortest_ms,
        leaf.cost,
        leaf.replay,
        rails,
        {(option, hows[rule]) for option, rule in leaf.degrades},
        leaf.simulated,
        tuple(naive.delay_ms(leaf, k) for k in range(leaf.held.retry.times)),
    )
