"""A plan for people: the tree of what may be attempted, what was left out and why, bounds and digests.

Data in, rich renderables out; nothing here prints, measures or asks.
"""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from voxplan.engine.failure import RETRIED, RETRIED_ON_HINT
from voxplan.engine.plan import Attempt, Gates, LeftOut, Node, Plan, digest
from voxplan.io_shell.cli.wording import counted, kinds_text, span_text

__all__ = ("left_out_table", "plan_page", "plan_tree")


def plan_page(plan: Plan, seed: int, moment_ms: int | None = None) -> Group:
    """All there is to say about a plan that was made with `seed`, and, where that matters, at `moment_ms`."""
    parts: list[RenderableType] = [plan_tree(plan), _bounds(plan)]
    if plan.cooling_try is not None:
        parts.append(Text(f"{plan.cooling_try} cools off and is tried all the same: nothing else is left", style="yellow"))
    if plan.left_out:
        parts.extend((Text("\nleft out"), left_out_table(plan.left_out)))
    made = f"seed {seed}" if moment_ms is None else f"seed {seed}  moment {moment_ms}"
    parts.append(Text(f"\nplan {digest(plan)}  spec {plan.spec_digest}\n{made}", style="dim"))
    return Group(*parts)


def plan_tree(plan: Plan) -> Tree:
    """The plan's nodes, each with its rules."""
    tree = Tree(_label(plan.root, plan.root.node), guide_style="dim")
    _grow(tree, plan.root)
    return tree


def left_out_table(left_out: tuple[LeftOut, ...]) -> Table:
    """Every deployment that is not planned, with all true reasons, one a line."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for entry in left_out:
        name = Text.assemble("  ", (entry.deployment, "bold"))
        if entry.node.rpartition("/")[2] != entry.deployment:
            name.append(f"  {entry.node}", style="dim")
        table.add_row(name, Text("\n".join(reason.detail for reason in entry.reasons), style="yellow"))
    return table


def _grow(tree: Tree, node: Node) -> None:
    if isinstance(node, Attempt):
        return
    for child in node.children:
        _grow(tree.add(_label(child, child.node.removeprefix(f"{node.node}/"))), child)


def _label(node: Node, name: str) -> Text:
    if not isinstance(node, Attempt):
        rules = f"first, on {kinds_text(node.on)}{_within(node.deadline_ms)}"
        return Text.assemble((name, "bold"), "  ", (rules, "dim"))
    place = " · ".join(filter(None, (node.vendor if node.vendor != node.deployment else None, node.region)))
    label = Text.assemble((name, "bold cyan"))
    if name != node.deployment:
        label.append_text(Text.assemble(" = ", (node.deployment, "cyan")))
    label.append(f"  {place}" if place else "")
    label.append("".join(f"\n{rule}" for rule in _rules(node)), style="dim")
    return label


def _rules(node: Attempt) -> Iterator[str]:
    """The rules that hold for an attempt, a line each."""
    shortest = f", not with less than {span_text(node.shortest_ms)}" if node.shortest_ms else ""
    yield f"timeout {span_text(node.timeout_ms)}{_within(node.deadline_ms)}{shortest}"
    if node.credential != node.deployment:
        yield f"key of {node.credential}"
    if node.delays_ms:
        yield _retries(node)
    if node.gates is not None:
        yield f"accepts only: {', '.join(_gates(node.gates))}"


def _within(deadline_ms: int | None) -> str:
    return "" if deadline_ms is None else f", deadline {span_text(deadline_ms)}"


def _retries(node: Attempt) -> str:
    times = "retry" if len(node.delays_ms) == 1 else "retries"
    waits = ", ".join(map(span_text, node.delays_ms))
    text = f"{len(node.delays_ms)} {times} after {waits}; Retry-After up to {span_text(node.patience_ms)}"
    if (node.retry_on, node.retry_on_hint) == (RETRIED, RETRIED_ON_HINT):
        return text
    hinted = f", {kinds_text(node.retry_on_hint)} when told to wait" if node.retry_on_hint else ""
    return f"{text}; on {kinds_text(node.retry_on)}{hinted}"


def _gates(gates: Gates) -> Iterator[str]:
    if gates.not_empty:
        yield "not empty"
    if gates.max_compression_ratio is not None:
        yield f"compression ratio up to {gates.max_compression_ratio:g}"


def _bounds(plan: Plan) -> Text:
    poor = "" if plan.when_all_poor == "return" else "; a poor answer is none"
    return Text(f"\nat most {counted(plan.bounds.attempts, 'call')} in {span_text(plan.bounds.longest_ms)}{poor}")
