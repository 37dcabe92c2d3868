"""What follows what, for people: after each attempt and kind of failure, the attempts that come next.

Kinds that lead to the same place share a line, and the largest group is `anything else`. Data in, rich renderables out.
"""

from rich.console import Group
from rich.table import Table
from rich.text import Text

from voxplan.engine.plans.edges import Edge, edges
from voxplan.engine.plans.plan import Attempt, Plan, attempts
from voxplan.engine.terms.failure import FailureKind

__all__ = ("edge_page",)

_Way = tuple[str, ...]
"""What may come next, in order, as it is shown; empty when the run ends."""

_Ways = dict[_Way, list[FailureKind]]


def edge_page(plan: Plan) -> Group:
    """One table for each attempt: kinds on the left, what comes next on the right."""
    names = _short_names(plan)
    nodes = {node.node: node for node in attempts(plan.root)}
    found: dict[str, _Ways] = {node: {} for node in nodes}
    for edge in edges(plan):
        found[edge.source].setdefault(_way(edge, nodes[edge.source], names), []).append(edge.kind)
    return Group(*(_table(names[source], ways) for source, ways in found.items()))


def _short_names(plan: Plan) -> dict[str, str]:
    """Deployments by node; where one stands at several nodes, the nodes themselves."""
    planned = tuple(attempts(plan.root))
    deployments = [node.deployment for node in planned]
    return {node.node: node.deployment if deployments.count(node.deployment) == 1 else node.node for node in planned}


def _way(edge: Edge, source: Attempt, names: dict[str, str]) -> _Way:
    if not edge.retry:
        return tuple(names[target] for target in edge.targets)
    told = " if told when" if edge.kind in source.retry_on_hint and edge.kind not in source.retry_on else ""
    return (f"{names[edge.source]} again{told}", *(names[target] for target in edge.targets))


def _table(name: str, ways: _Ways) -> Group:
    most = max(ways, key=lambda way: len(ways[way]))
    rest = "anything else" if len(ways) > 1 else "anything"
    table = Table.grid(padding=(0, 2, 0, 0))
    for way in (*(way for way in ways if way != most), most):
        kinds = rest if way == most else ", ".join(ways[way])
        follows = Text(", then ".join(way)) if way else Text("the run ends", style="dim")
        table.add_row("", kinds, follows)
    return Group(Text.assemble("\nafter ", (name, "bold cyan")), table)
