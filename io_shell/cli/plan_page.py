"""A plan for people: the tree of what may be attempted, what was left out and why, bounds and digests.

The arms of a race are drawn with the moments at which they start, because they overlap; everything else follows from top to
bottom. Data in, rich renderables out; nothing here prints, measures or asks.
"""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from voxplan.engine.plans.plan import Attempt, Bounds, First, LeftOut, Node, Plan, Race, children, digest
from voxplan.io_shell.cli.attempt_lines import NO_ESTIMATES, Likely, attempt_lines
from voxplan.io_shell.cli.wording import counted, kinds_text, money_text, span_text

__all__ = ("left_out_table", "plan_page", "plan_tree")

_MOST_NAMES = 4


def plan_page(plan: Plan, seed: int, moment_ms: int | None = None, likely: Likely = NO_ESTIMATES) -> Group:
    """All there is to say about a plan that was made with `seed`, and, where that matters, at `moment_ms`.

    `likely`: what a call of those deployments probably costs whose price is only an estimate.
    """
    parts: list[RenderableType] = []
    if plan.input_guardrails:
        parts.append(Text(f"first the prompt is checked by {', '.join(step.name for step in plan.input_guardrails)}"))
    parts.extend((plan_tree(plan, likely), _bounds(plan)))
    if plan.cooling_try is not None:
        parts.append(Text(f"{plan.cooling_try} cools off and is tried all the same: nothing else is left", style="yellow"))
    if plan.left_out:
        parts.extend((Text("\nleft out"), left_out_table(plan.left_out)))
    made = f"seed {seed}" if moment_ms is None else f"seed {seed}  moment {moment_ms}"
    parts.append(Text(f"\nplan {digest(plan)}  spec {plan.spec_digest}\n{made}", style="dim"))
    return Group(*parts)


def plan_tree(plan: Plan, likely: Likely = NO_ESTIMATES) -> Tree:
    """The plan's nodes, each with its rules."""
    tree = Tree(_label(plan.root, plan.root.node, likely), guide_style="dim")
    _grow(tree, plan.root, likely)
    return tree


def left_out_table(left_out: tuple[LeftOut, ...]) -> Table:
    """Every deployment that is not planned, with all true reasons, one a line."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for entry in left_out:
        name = Text.assemble("  ", (_names(entry.deployments), "bold"))
        if entry.deployments != (entry.node.rpartition("/")[2],):
            name.append(f"  {entry.node}", style="dim")
        table.add_row(name, Text("\n".join(reason.detail for reason in entry.reasons), style="yellow"))
    return table


def _names(names: tuple[str, ...]) -> str:
    """The first few."""
    more = len(names) - _MOST_NAMES
    return ", ".join(names) if more <= 1 else f"{', '.join(names[:_MOST_NAMES])} and {more} more"


def _grow(tree: Tree, node: Node, likely: Likely) -> None:
    for number, child in enumerate(children(node)):
        label = _label(child, child.node.removeprefix(f"{node.node}/"), likely)
        if isinstance(node, Race):
            label = Text.assemble((f"{_start(node, number)}  ", "magenta"), label)
        _grow(tree.add(label), child, likely)


def _start(race: Race, number: int) -> str:
    """When an arm starts, unless one before it fails earlier."""
    return f"+{span_text(number * race.stagger_ms)}"


def _label(node: Node, name: str, likely: Likely) -> Text:
    match node:
        case Attempt():
            return _attempt(node, name, likely)
        case First():
            return Text.assemble(_headed(name, "first"), (f"first, {_rules(node)}", "dim"))
        case Race():
            following = f"each starts {span_text(node.stagger_ms)} after the one before, or when one fails"
            rules = f"race, {_rules(node)}\n{following}; the first answer wins"
            return Text.assemble(_headed(name, "race"), (rules, "dim"))


def _headed(name: str, form: str) -> Text:
    """The name of a node before its form, unless it is called after it."""
    return Text() if name == form else Text.assemble((name, "bold"), "  ")


def _attempt(node: Attempt, name: str, likely: Likely) -> Text:
    place = " · ".join(filter(None, (node.vendor if node.vendor != node.deployment else None, node.region)))
    label = Text.assemble((name, "bold cyan"))
    if name != node.deployment:
        label.append_text(Text.assemble(" = ", (node.deployment, "cyan")))
    label.append(f"  {place}" if place else "")
    label.append("".join(f"\n{rule}" for rule in attempt_lines(node, likely)), style="dim")
    return label


def _rules(node: First | Race) -> str:
    deadline = "" if node.deadline_ms is None else f", deadline {span_text(node.deadline_ms)}"
    budget = "" if node.budget is None else f", budget {money_text(node.budget)}"
    return f"on {kinds_text(node.on)}{deadline}{budget}"


def _bounds(plan: Plan) -> Text:
    poor = "" if plan.when_all_poor == "return" else "; a poor answer is none"
    return Text("\n" + "\n".join(_bound_lines(plan.bounds, poor)))


def _bound_lines(bounds: Bounds, poor: str) -> Iterator[str]:
    cost = "" if bounds.cost is None else f" for {money_text(bounds.cost)}"
    yield f"at most {counted(bounds.attempts, 'call')} in {span_text(bounds.longest_ms)}{cost}{poor}"
    if bounds.duplicate_charges:
        yield f"at most {counted(bounds.duplicate_charges, 'call')} charged besides the one that serves"
    heard = (("vendors", bounds.vendors), ("regions", bounds.regions))
    told = [f"{noun} {', '.join(names)}" for noun, names in heard if names]
    yield f"heard at most by {counted(len(bounds.deployments), 'deployment')}{''.join(f'; {each}' for each in told)}"
