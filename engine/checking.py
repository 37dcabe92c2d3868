"""What the shape of a spec cannot say: names that exist, routes without cycles, weights that choose, sizes that end.

Every finding has the path of the node it is about, in the normal form of the spec; whoever has read the document turns that
into file, line and column. Errors keep a spec from compiling, warnings do not.
"""

from collections.abc import Iterator, Mapping
from typing import Final, Literal

import msgspec

from voxplan.engine.capability import ProviderFacts
from voxplan.engine.quantity import Span
from voxplan.engine.sizing import LARGEST_EXPANSION, LARGEST_ROUTE, Size, route_sizes
from voxplan.engine.spec import Account, Balance, Deployment, RouteNode, Rules, Spec
from voxplan.engine.spelling import suggestion
from voxplan.engine.tree import Path

__all__ = ("DEEPEST_ROUTES", "LEAST_WEIGHT", "MOST_WEIGHT", "Finding", "check", "used_names")


LEAST_WEIGHT: Final = 1e-9
MOST_WEIGHT: Final = 1_000_000_000
DEEPEST_ROUTES: Final = 50  # a person follows three or four; far below what the stack holds

_Catalog = Mapping[str, ProviderFacts]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to say about a spec, and where."""

    severity: Literal["error", "warning"]
    path: Path
    message: str


def check(spec: Spec, catalog: _Catalog) -> tuple[Finding, ...]:
    """Everything that is wrong or doubtful in `spec`, in the order of the document's sections. No error = it compiles."""
    findings = [
        *_check_accounts(spec, catalog),
        *_check_deployments(spec, catalog),
        *_check_rules(spec),
        *_check_names(spec),
        *_check_weights(spec),
    ]
    # Cycles and sizes need names that resolve; with unknown names there is nothing sound to walk.
    if not any(finding.severity == "error" for finding in findings):
        loops = tuple(_check_nesting(spec))
        findings.extend(loops or _check_sizes(spec))
        findings.extend(_check_unused(spec))
    return tuple(findings)


def _error(path: Path, message: str) -> Finding:
    return Finding(severity="error", path=path, message=message)


def _warning(path: Path, message: str) -> Finding:
    return Finding(severity="warning", path=path, message=message)


def _check_accounts(spec: Spec, catalog: _Catalog) -> Iterator[Finding]:
    for name, account in spec.accounts.items():
        yield from _check_provider(("accounts", name), account.provider, account, catalog)
        if not any(deployment.account == name for deployment in spec.deployments.values()):
            yield _warning(("accounts", name), f"no deployment uses account `{name}`")


def _check_deployments(spec: Spec, catalog: _Catalog) -> Iterator[Finding]:
    for name, deployment in spec.deployments.items():
        path: Path = ("deployments", name)
        if name in spec.routes:
            yield _error(path, f"`{name}` names both a deployment and a route: give one of them another name")
        account = None if deployment.account is None else spec.accounts.get(deployment.account)
        if deployment.account is not None and account is None:
            guess = suggestion(deployment.account, spec.accounts)
            yield _error((*path, "account"), f"unknown account `{deployment.account}`{guess}")
        elif deployment.account is None and deployment.provider is None:
            yield _error(path, f"deployment `{name}` needs a `provider` or an `account`")
        elif account is not None and deployment.provider not in (None, account.provider):
            message = f"provider `{deployment.provider}` is not that of account `{deployment.account}`, `{account.provider}`"
            yield _error((*path, "provider"), message)
        else:
            yield from _check_deployment(path, deployment, account, catalog)


def _check_deployment(path: Path, deployment: Deployment, account: Account | None, catalog: _Catalog) -> Iterator[Finding]:
    if account is None and deployment.provider is not None:
        yield from _check_provider(path, deployment.provider, deployment, catalog)
    facts = catalog.get(account.provider if account else deployment.provider or "")
    if facts is None:
        return
    has_url = deployment.base_url is not None or (account is not None and account.base_url is not None)
    has_key = deployment.api_key is not None or (account is not None and account.api_key is not None)
    if facts.needs_base_url and not has_url:
        yield _error(path, f"provider `{facts.provider}` needs a `base_url`")
    if facts.needs_key and not has_key and facts.default_key is None:
        yield _error(path, f"provider `{facts.provider}` needs an `api_key`")


def _check_provider(path: Path, provider: str, entry: Account | Deployment, catalog: _Catalog) -> Iterator[Finding]:
    facts = catalog.get(provider)
    if facts is None:
        yield _error((*path, "provider"), f"unknown provider `{provider}`{suggestion(provider, catalog)}")
        return
    if entry.api_key is not None and not facts.takes_key:
        yield _error((*path, "api_key"), f"provider `{provider}` takes no `api_key`")
    if entry.base_url is not None and not facts.takes_base_url:
        yield _error((*path, "base_url"), f"provider `{provider}` takes no `base_url`")


def _walk(path: Path, node: RouteNode) -> Iterator[tuple[Path, RouteNode]]:
    """The node and all nodes below it, each with its path."""
    yield path, node
    for index, child in enumerate(node.first or ()):
        yield from _walk((*path, "first", index), child)
    if node.balance is not None:
        for index, arm in enumerate(node.balance.among):
            yield from _walk((*path, "balance", "among", index, "route"), arm.route)


def _nodes(spec: Spec) -> Iterator[tuple[Path, RouteNode]]:
    for name, root in spec.routes.items():
        yield from _walk(("routes", name), root)


def used_names(node: RouteNode) -> Iterator[str]:
    """The deployments and routes that `node` and the nodes below it use, in document order."""
    return (below.use for _, below in _walk((), node) if below.use is not None)


def _check_rules(spec: Spec) -> Iterator[Finding]:
    if spec.defaults.name is not None:
        yield _error(("defaults", "name"), "`name` names a node of a route and cannot stand in `defaults`")
    yield from _check_spans(("defaults",), spec.defaults)
    roots: set[Path] = {("routes", name) for name in spec.routes}
    for path, node in _nodes(spec):
        yield from _check_spans(path, node)
        is_root = path in roots
        if node.when_all_poor is not None and not is_root:
            yield _error((*path, "when_all_poor"), "`when_all_poor` belongs to the root of a route")
        if node.name is not None and is_root:
            yield _warning((*path, "name"), "the root of a route is named by the route; this `name` changes nothing")


def _check_spans(path: Path, rules: Rules) -> Iterator[Finding]:
    for key, span in (("deadline", rules.deadline), ("timeout", rules.timeout)):
        if span == Span(0):
            yield _error((*path, key), f"with a `{key}` of 0 nothing could ever run")
    if rules.retry is None:
        return
    backoff = (*path, "retry", "backoff")
    waits = (((*backoff, "base"), rules.retry.backoff.base), ((*backoff, "cap"), rules.retry.backoff.cap))
    for at, span in (*waits, ((*path, "retry", "patience"), rules.retry.patience or Span(0))):
        if span.depends_on_audio:
            yield _error(at, f"`{at[-1]}` is a wait between calls and cannot depend on `audio.seconds`")


def _check_names(spec: Spec) -> Iterator[Finding]:
    known = (*spec.deployments, *spec.routes)
    for path, node in _nodes(spec):
        if node.use is not None and node.use not in known:
            yield _error((*path, "use"), f"unknown deployment `{node.use}`{suggestion(node.use, known)}")


def _check_weights(spec: Spec) -> Iterator[Finding]:
    for path, node in _nodes(spec):
        if node.balance is None:
            continue
        among: Path = (*path, "balance", "among")
        for index, arm in enumerate(node.balance.among):
            if not (arm.weight == 0 or LEAST_WEIGHT <= arm.weight <= MOST_WEIGHT):
                yield _error((*among, index, "weight"), f"a weight is 0 or from {LEAST_WEIGHT:g} to {MOST_WEIGHT:g}")
        if not _chooses(node.balance):
            yield _error(among, "all weights are 0: nothing could be chosen")


def _chooses(balance: Balance) -> bool:
    return any(arm.weight > 0 for arm in balance.among)


def _check_nesting(spec: Spec) -> Iterator[Finding]:
    """One finding for each route on which a circle closes, with the circle; else for each chain of routes that is too long."""
    depths: dict[str, int] = {}
    for start in spec.routes:
        yield from _walk_routes(spec, start, depths)
    for name, depth in depths.items():
        if depth == DEEPEST_ROUTES + 1:
            yield _error(("routes", name), f"routes use each other more than {DEEPEST_ROUTES} deep")


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
            yield _error(("routes", used), f"routes use each other in a circle: {circle}")
            depths[used] = 0
            continue
        above.append((used, _used_routes(spec, used)))


def _used_routes(spec: Spec, route: str) -> Iterator[str]:
    return (name for name in used_names(spec.routes[route]) if name in spec.routes)


def _check_sizes(spec: Spec) -> Iterator[Finding]:
    for name, size in route_sizes(spec).items():
        if message := _too_large(name, size):
            yield _error(("routes", name), message)


def _too_large(name: str, size: Size) -> str | None:
    if size.calls > LARGEST_ROUTE:
        return f"route `{name}` expands to {size.calls} attempts, more than {LARGEST_ROUTE}"
    if size.leaves > LARGEST_EXPANSION:
        return f"route `{name}` expands to {size.leaves} uses of deployments, more than {LARGEST_EXPANSION}"
    return None


def _check_unused(spec: Spec) -> Iterator[Finding]:
    used = {name for root in spec.routes.values() for name in used_names(root)}
    for name in spec.deployments:
        if name not in used:
            yield _warning(("deployments", name), f"no route uses deployment `{name}`")
