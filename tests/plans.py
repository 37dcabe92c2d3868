"""Short ways to make plans and what is said about their calls; whatever a test does not say has the plainest value there is."""

from typing import Literal

from voxplan.engine.plans.plan import Attempt, Bounds, Degrade, First, Gates, GuardrailStep, Node, Plan, Race
from voxplan.engine.runs.ledger import Replay
from voxplan.engine.terms.failure import STAR, AttemptFailure, Certainty, FailureKind
from voxplan.engine.terms.transcript import Transcript

__all__ = ("attempt", "failure", "first", "guardrail", "plan_of", "race", "transcript")


def attempt(
    deployment: str,
    *,
    timeout_ms: int = 1000,
    deadline_ms: int | None = None,
    shortest_ms: int = 0,
    delays_ms: tuple[int, ...] = (),
    retry_on: tuple[FailureKind, ...] = (),
    retry_on_hint: tuple[FailureKind, ...] = (),
    patience_ms: int = 0,
    gates: Gates | None = None,
    credential: str | None = None,
    node: str | None = None,
    replay: Replay = "always",
    worst_cost: int | None = None,
    budget: int | None = None,
    guardrails: tuple[GuardrailStep, ...] = (),
    degrades: tuple[Degrade, ...] = (),
    simulated: FailureKind | None = None,
) -> Attempt:
    """An attempt at `deployment`, named after it."""
    return Attempt(
        node=node or f"r/{deployment}",
        deployment=deployment,
        credential=credential or deployment,
        vendor="any",
        timeout_ms=timeout_ms,
        deadline_ms=deadline_ms,
        shortest_ms=shortest_ms,
        delays_ms=delays_ms,
        retry_on=retry_on,
        retry_on_hint=retry_on_hint,
        patience_ms=patience_ms,
        gates=gates,
        replay=replay,
        worst_cost=worst_cost,
        budget=budget,
        guardrails=guardrails,
        degrades=degrades,
        simulated=simulated,
    )


def first(
    *children: Node,
    on: tuple[FailureKind, ...] = STAR,
    deadline_ms: int | None = None,
    budget: int | None = None,
    node: str = "r",
) -> First:
    """A `first` of these children."""
    return First(node=node, children=children, on=on, deadline_ms=deadline_ms, budget=budget)


def race(
    *arms: Node,
    stagger_ms: int = 100,
    on: tuple[FailureKind, ...] = STAR,
    deadline_ms: int | None = None,
    budget: int | None = None,
    node: str = "r",
) -> Race:
    """A `race` of these arms."""
    return Race(node=node, arms=arms, stagger_ms=stagger_ms, on=on, deadline_ms=deadline_ms, budget=budget)


def guardrail(name: str, *, timeout_ms: int = 1000, on_error: Literal["block", "allow"] = "block") -> GuardrailStep:
    """A guardrail of this name."""
    return GuardrailStep(name=name, kind="custom", timeout_ms=timeout_ms, on_error=on_error)


def plan_of(
    root: Node,
    *,
    cooling_try: str | None = None,
    input_guardrails: tuple[GuardrailStep, ...] = (),
    streams: bool = False,
    when_all_poor: Literal["return", "fail"] = "return",
) -> Plan:
    """A plan with this root."""
    return Plan(
        route="r",
        spec_digest="0",
        root=root,
        bounds=Bounds(attempts=9, longest_ms=9),
        cooling_try=cooling_try,
        input_guardrails=input_guardrails,
        streams=streams,
        when_all_poor=when_all_poor,
    )


def failure(
    kind: FailureKind, *, retry_after_ms: int | None = None, sent: Certainty = "maybe", charged: Certainty = "maybe"
) -> AttemptFailure:
    """A failure of this kind."""
    return AttemptFailure(kind=kind, reason=kind.replace("_", " "), sent=sent, charged=charged, retry_after_ms=retry_after_ms)


def transcript(text: str = "hello there") -> Transcript:
    """A transcript of this text."""
    return Transcript(text=text)
