"""Strategies for plans as the driver may get them: small trees that share few deployments, with every rule that a run obeys."""

from functools import cache, partial

from hypothesis import strategies as st
from msgspec.structs import replace

from tests.plans import plan_of
from voxplan.engine.plans.plan import Attempt, First, Gates, GuardrailStep, Node, Plan, Race
from voxplan.engine.terms.failure import STAR, FailureKind

__all__ = ("KINDS_IN_PLAY", "plans")

KINDS_IN_PLAY: tuple[FailureKind, ...] = ("server_error", "rate_limited", "unauthorized", "content_filtered", "timed_out")
"""In `*` or not, with a hint or not, and the one that refuses a credential."""

_SOME: st.SearchStrategy[tuple[FailureKind, ...]] = st.sampled_from((STAR, STAR, ("server_error", "poor_quality"), KINDS_IN_PLAY))
_LIMIT = st.none() | st.integers(0, 12)
_GUARDRAILS = st.lists(
    st.builds(
        GuardrailStep,
        name=st.sampled_from(("g", "h", "i")),
        kind=st.just("custom"),
        timeout_ms=st.integers(1, 20),
        on_error=st.sampled_from(("block", "allow")),
    ),
    max_size=2,
    unique_by=lambda step: step.name,
).map(tuple)


@cache
def plans() -> st.SearchStrategy[Plan]:
    """Plans of up to four levels; the nodes have different names, and each stands below the one that its name says."""
    made = st.builds(
        plan_of,
        _nodes(4).map(partial(_named, "r")),
        input_guardrails=st.just(()) | _GUARDRAILS,
        streams=st.booleans(),
        when_all_poor=st.sampled_from(("return", "return", "fail")),
    )
    return _plain(made)


@st.composite
def _plain(draw: st.DrawFn, made: st.SearchStrategy[Plan]) -> Plan:
    """The same plans, as hypothesis has not seen them made: it would print how, call by call, which takes minutes for a tree."""
    return replace(draw(made))


def _nodes(levels: int) -> st.SearchStrategy[Node]:
    if levels == 1:
        return _attempts()
    below = st.lists(_nodes(levels - 1), min_size=1, max_size=4).map(tuple)
    name, deadline, budget = st.just(""), st.none() | st.integers(1, 60), _LIMIT
    firsts = st.builds(First, node=name, children=below, on=_SOME, deadline_ms=deadline, budget=budget)
    races = st.builds(Race, node=name, arms=below, stagger_ms=st.integers(0, 8), on=_SOME, deadline_ms=deadline, budget=budget)
    return st.one_of(_attempts(), firsts, races)


@cache
def _attempts() -> st.SearchStrategy[Node]:
    return st.builds(
        Attempt,
        node=st.just(""),
        deployment=st.sampled_from("abcde"),
        credential=st.sampled_from(("k", "l", "m")),
        vendor=st.just("any"),
        timeout_ms=st.integers(1, 30),
        shortest_ms=st.sampled_from((0, 0, 10)),
        deadline_ms=st.none() | st.integers(1, 60),
        delays_ms=st.lists(st.integers(0, 9), max_size=2).map(tuple),
        retry_on=st.sampled_from(((), ("server_error",), KINDS_IN_PLAY)),
        retry_on_hint=st.sampled_from(((), ("rate_limited",))),
        patience_ms=st.integers(0, 9),
        replay=st.sampled_from(("always", "always", "always", "if_uncharged", "if_unsent", "never")),
        worst_cost=st.none() | st.integers(0, 5),
        budget=_LIMIT,
        gates=st.none() | st.just(Gates(not_empty=True)),
        guardrails=st.just(()) | _GUARDRAILS,
        simulated=st.sampled_from((None, None, None, "server_error")),
    )


def _named(name: str, node: Node) -> Node:
    """The tree with every name in its place: `r`, below it `r/1` and `r/2`, below that `r/1/1`."""
    match node:
        case Attempt():
            return replace(node, node=name)
        case First():
            return replace(node, node=name, children=_below(name, node.children))
        case Race():
            return replace(node, node=name, arms=_below(name, node.arms))


def _below(name: str, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    return tuple(_named(f"{name}/{place}", node) for place, node in enumerate(nodes, start=1))
