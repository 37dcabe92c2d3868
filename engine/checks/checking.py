"""What the shape of a spec cannot say: names that exist, routes without cycles, weights that choose, sizes that end.

Every finding has the path of the node it is about, in the normal form of the spec; whoever has read the document turns that
into file, line and column. What is about one section only stands in a module of its own; here they come together, with what
needs the whole spec.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from voxplan.engine.checks._checking_arms import LEAST_WEIGHT, MOST_WEIGHT, check_arms, check_selectors
from voxplan.engine.checks._checking_conditions import check_conditions
from voxplan.engine.checks._checking_cooling import LONGEST_COOLING, check_cooling
from voxplan.engine.checks._checking_deployments import HORIZON, check_accounts, check_deployments
from voxplan.engine.checks._checking_gateway import check_gateway
from voxplan.engine.checks._checking_rules import GUARDRAIL_KINDS, check_guardrails, check_rules
from voxplan.engine.checks._checking_tests import check_tests
from voxplan.engine.checks._nodes import conditions, nodes, selections, walk
from voxplan.engine.checks.finding import Finding, error, warning
from voxplan.engine.checks.reaching import unreachable
from voxplan.engine.checks.selecting import selected
from voxplan.engine.checks.sizing import LARGEST_EXPANSION, LARGEST_ROUTE, Size, route_sizes
from voxplan.engine.checks.starving import starving
from voxplan.engine.documents.tree import Path
from voxplan.engine.language.spec import RouteNode, Spec
from voxplan.engine.terms.amounts import MILLIONTHS
from voxplan.engine.terms.capability import ProviderFacts
from voxplan.engine.terms.spelling import suggestion

__all__ = (
    "DEEPEST_ROUTES",
    "GUARDRAIL_KINDS",
    "HORIZON",
    "LEAST_WEIGHT",
    "LONGEST_COOLING",
    "MOST_WEIGHT",
    "Finding",
    "check",
    "named_zones",
    "used_names",
)

DEEPEST_ROUTES: Final = 50  # a person follows three or four; far below what the stack holds

_Catalog = Mapping[str, ProviderFacts]


def check(spec: Spec, catalog: _Catalog, today: date | None = None) -> tuple[Finding, ...]:
    """Everything that is wrong or doubtful in `spec`, in the order of the document's sections. No error = it compiles.

    A model that is switched off later than `HORIZON` after `today` is not doubtful; without a `today`, every one that is.
    """
    findings = [
        *check_accounts(spec, catalog),
        *check_deployments(spec, catalog, today),
        *check_rules(spec),
        *_check_names(spec),
        *check_arms(spec, catalog),
        *check_conditions(spec),
        *check_guardrails(spec),
        *check_cooling(spec),
        *_check_retry_budget(spec),
        *check_gateway(spec),
        *check_tests(spec),
    ]
    # Cycles and sizes need names that resolve; with unknown names there is nothing sound to walk.
    if not any(finding.severity == "error" for finding in findings):
        loops = tuple(_check_nesting(spec))
        findings.extend(loops or _check_sizes(spec, catalog))
        findings.extend(_check_unused(spec, catalog))
    if not any(finding.severity == "error" for finding in findings):
        findings.extend((*unreachable(spec), *starving(spec, catalog)))
    findings.extend(check_selectors(spec, catalog))
    return tuple(findings)


def used_names(node: RouteNode) -> Iterator[str]:
    """The deployments and routes that `node` and the nodes below it use by name, in document order."""
    return (below.use for _, below in walk((), node) if below.use is not None)


def named_zones(spec: Spec) -> tuple[tuple[Path, str], ...]:
    """The time zones that conditions name, each with its path; whoever loads the spec knows which there are."""
    windows = ((path, condition.time) for path, condition in conditions(spec))
    return tuple(((*path, "time", "zone"), window.zone) for path, window in windows if window is not None)


def _check_names(spec: Spec) -> Iterator[Finding]:
    known = (*spec.deployments, *spec.routes)
    for path, node in nodes(spec):
        if node.use is not None and node.use not in spec.deployments and node.use not in spec.routes:
            yield error((*path, "use"), f"unknown deployment `{node.use}`{suggestion(node.use, known)}")


def _check_retry_budget(spec: Spec) -> Iterator[Finding]:
    if not 0 <= spec.retry_budget.share.millionths <= MILLIONTHS:
        yield error(("retry_budget", "share"), "a share is from `0%` to `100%`")


def _check_nesting(spec: Spec) -> Iterator[Finding]:
    """One finding for each route on which a circle closes, with the circle; else for each chain of routes that is too long."""
    depths: dict[str, int] = {}
    for start in spec.routes:
        yield from _walk_routes(spec, start, depths)
    for name, depth in depths.items():
        if depth == DEEPEST_ROUTES + 1:
            yield error(("routes", name), f"routes use each other more than {DEEPEST_ROUTES} deep")


def _walk_routes(spec: Spec, start: str, depths: dict[str, int]) -> Iterator[Finding]:
    """Note how deep each route below `start` nests, depth first, without recursion: a chain may be as long as the document."""
    above: list[tuple[str, Iterator[str]]] = [(start, _used_routes(spec, start))] if start not in depths else []
    while above:
        route, uses = above[-1]
        used = next((name for name in uses if name not in depths), None)
        if used is None:
            above.pop()
            depths[route] = 1 + max((depths[name] for name in _used_routes(spec, route) if name in depths), default=0)
            continue
        names = [name for name, _ in above]
        if used in names:
            circle = " → ".join(f"`{name}`" for name in (*names[names.index(used) :], used))
            yield error(("routes", used), f"routes use each other in a circle: {circle}")
            depths[used] = 0
            continue
        above.append((used, _used_routes(spec, used)))


def _used_routes(spec: Spec, route: str) -> Iterator[str]:
    return (name for name in used_names(spec.routes[route]) if name in spec.routes)


def _check_sizes(spec: Spec, catalog: _Catalog) -> Iterator[Finding]:
    for name, size in route_sizes(spec, catalog).items():
        if message := _too_large(name, size):
            yield error(("routes", name), message)


def _too_large(name: str, size: Size) -> str | None:
    if size.calls > LARGEST_ROUTE:
        return f"route `{name}` expands to {size.calls} attempts, more than {LARGEST_ROUTE}"
    if size.leaves > LARGEST_EXPANSION:
        return f"route `{name}` expands to {size.leaves} uses of deployments, more than {LARGEST_EXPANSION}"
    return None


def _check_unused(spec: Spec, catalog: _Catalog) -> Iterator[Finding]:
    used = {name for root in spec.routes.values() for name in used_names(root)}
    used.update(name for _, selector in selections(spec) for name in selected(spec, selector, catalog))
    for name in spec.deployments:
        if name not in used:
            yield warning(("deployments", name), f"no route uses deployment `{name}`")
