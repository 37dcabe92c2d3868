"""One attempt of a plan for people: the rules that hold for it, a line each, in plain words."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from voxplan.engine.plans.plan import Attempt, Degrade, Gates
from voxplan.engine.plans.pricing import Cost
from voxplan.engine.runs.ledger import Replay
from voxplan.engine.terms.failure import RETRIED, RETRIED_ON_HINT
from voxplan.io_shell.cli.wording import cost_text, kinds_text, money_text, span_text

__all__ = ("NO_ESTIMATES", "Likely", "attempt_lines")

Likely = Mapping[str, int]
"""By deployment, what a call probably costs in billionths of a dollar, where its price is only an estimate."""

NO_ESTIMATES: Final[Likely] = MappingProxyType({})

_REPLAYS: Final[dict[Replay, str]] = {
    "always": "",
    "if_uncharged": "only while no call before it has been charged",
    "if_unsent": "only while no call before it has been sent",
    "never": "only as the first call of all",
}


def attempt_lines(node: Attempt, likely: Likely = NO_ESTIMATES) -> Iterator[str]:
    """The rules that hold for an attempt, the usual ones first."""
    if node.simulated is not None:
        yield f"is not called: {node.simulated} is pretended"
    shortest = f", not with less than {span_text(node.shortest_ms)}" if node.shortest_ms else ""
    deadline = "" if node.deadline_ms is None else f", deadline {span_text(node.deadline_ms)}"
    yield f"timeout {span_text(node.timeout_ms)}{deadline}{shortest}"
    if node.credential != node.deployment:
        yield f"key of {node.credential}"
    yield from _money(node, likely.get(node.deployment))
    if node.delays_ms:
        yield _retries(node)
    if node.replay != "always":
        yield _REPLAYS[node.replay]
    yield from _degrades(node.degrades)
    if node.gates is not None:
        yield f"accepts only: {', '.join(_gates(node.gates))}"
    if node.guardrails:
        yield f"then checked by {', '.join(step.name for step in node.guardrails)}"


def _money(node: Attempt, likely: int | None) -> Iterator[str]:
    costs = [] if not node.worst_cost else [f"costs {money_text(node.worst_cost)} a call"]
    if node.worst_cost is None and likely is not None:
        costs.append(f"costs {cost_text(Cost(likely, estimated=True))} a call")
    if node.budget is not None:
        costs.append(f"budget {money_text(node.budget)}")
    if costs:
        yield ", ".join(costs)


def _retries(node: Attempt) -> str:
    times = "retry" if len(node.delays_ms) == 1 else "retries"
    waits = ", ".join(map(span_text, node.delays_ms))
    text = f"{len(node.delays_ms)} {times} after {waits}; Retry-After up to {span_text(node.patience_ms)}"
    if (node.retry_on, node.retry_on_hint) == (RETRIED, RETRIED_ON_HINT):
        return text
    hinted = f", {kinds_text(node.retry_on_hint)} when told to wait" if node.retry_on_hint else ""
    return f"{text}; on {kinds_text(node.retry_on)}{hinted}"


def _degrades(degrades: tuple[Degrade, ...]) -> Iterator[str]:
    for how, verb in (("dropped", "goes without"), ("emulated", "emulates")):
        options = [degrade.option for degrade in degrades if degrade.how == how]
        if options:
            yield f"{verb} {', '.join(options)}"


def _gates(gates: Gates) -> Iterator[str]:
    if gates.not_empty:
        yield "not empty"
    if gates.max_compression_ratio is not None:
        yield f"compression ratio up to {gates.max_compression_ratio:g}"
