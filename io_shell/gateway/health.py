"""`GET /health`: how the deployments are, as far as calls have shown. Nothing is called for it.

Told is what the worker process that answers has seen: each has a view of its own. The status is 200 whatever it says, because the
state of providers is nothing that a restart of this process would mend; whether the process can serve says `/health/readiness`.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, Literal

import msgspec

from voxplan.engine.language.spec import Limits
from voxplan.engine.observed.load import WINDOW_MS
from voxplan.engine.observed.view import Circuit, Cooling, Load, View
from voxplan.engine.plans.router import Router, RouterDeployment
from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.request import AudioFacts, Request
from voxplan.io_shell.gateway.callers import Caller
from voxplan.io_shell.gateway.reach import in_reach
from voxplan.io_shell.gateway.turns import Turn, json_reply
from voxplan.io_shell.plan_report import PlanReport, plan_report, public_credential

__all__ = ("CredentialHealth", "DeploymentHealth", "HealthReport", "RouteHealth", "Use", "health", "health_report")

_Status = Literal["healthy", "degraded", "unhealthy", "unknown"]

_SHORT: Final = AudioFacts(bytes=32_044, seconds=1.0, format="wav", channels=1)
"""What routes are asked about: one second, of which no condition and no price knows too little."""

_SEED: Final = 0  # which of several arms comes first says nothing about health
_COOLING: Final = "cooling"


class Use(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Calls under way, and of the last minute those that started (counted only under a limit), with the limits there are."""

    in_flight: int
    concurrent: int | None = None
    started_in_a_minute: int | None = None
    requests_per_minute: int | None = None


class CredentialHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One key, by its account or the first deployment that uses it. While it cools off, so do all who use it."""

    credential: str
    deployments: tuple[str, ...]
    cools_for_s: float | None
    cause: FailureKind | None
    use: Use


class DeploymentHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One deployment. `model` is its name here, under the name that LiteLLM's callers look for.

    `cools_for_s` is how long no ordinary call starts, and `cause` the failure kind that brought this about, of its own or of its
    credential. `failures` in a row are those that have not opened the circuit yet. `latency` is seconds for each second of audio.
    """

    model: str
    provider: str
    credential: str
    circuit: Circuit
    cools_for_s: float | None
    cause: FailureKind | None
    failures: int
    latency: float | None
    use: Use


class RouteHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One route: `healthy` when nothing of it cools off, `degraded` when others would serve, `unhealthy` when nobody would.

    `unknown`: a second of sound has no plan there for other reasons than health. `reasons` tells who is left out because of it.
    """

    route: str
    status: _Status
    reasons: tuple[str, ...]


class HealthReport(msgspec.Struct, frozen=True, kw_only=True):
    """All that the caller may name. `healthy_endpoints` and `unhealthy_endpoints` are deployments, as LiteLLM lists them."""

    status: _Status
    healthy_endpoints: tuple[DeploymentHealth, ...]
    unhealthy_endpoints: tuple[DeploymentHealth, ...]
    healthy_count: int
    unhealthy_count: int
    routes: tuple[RouteHealth, ...]
    credentials: tuple[CredentialHealth, ...]


async def health(turn: Turn) -> None:
    """Serve one request."""
    vox = turn.opened.vox
    report = health_report(vox.router, vox.view, vox.moment_ms, turn.caller)
    await turn.reply(json_reply(report, headers=(*turn.named, ("cache-control", "no-store"))))


def health_report(router: Router, view: View, moment_ms: int, caller: Caller) -> HealthReport:
    """The health at `moment_ms` of what the caller may name, and of what that reaches."""
    routes = tuple(name for name in router.routes if caller.may_name(name))
    known = in_reach(router, caller)
    deployments = [_deployment(known, view, deployment, moment_ms) for deployment in known.deployments.values()]
    healthy = tuple(each for each in deployments if _is_well(each))
    unhealthy = tuple(each for each in deployments if not _is_well(each))
    told = tuple(_route(router, view, name, moment_ms, caller) for name in routes)
    return HealthReport(
        status=_worst(told),
        healthy_endpoints=healthy,
        unhealthy_endpoints=unhealthy,
        healthy_count=len(healthy),
        unhealthy_count=len(unhealthy),
        routes=told,
        credentials=_credentials(known, view, moment_ms),
    )


def _deployment(router: Router, view: View, deployment: RouterDeployment, moment_ms: int) -> DeploymentHealth:
    seen, cooling = view.of(deployment.name), view.cooling_until(deployment.name, deployment.credential, moment_ms)
    return DeploymentHealth(
        model=deployment.name,
        provider=deployment.provider,
        credential=public_credential(router, deployment.credential),
        circuit=seen.circuit,
        cools_for_s=_wait_s(cooling, moment_ms),
        cause=seen.cause if cooling is None else cooling.cause,
        failures=seen.failures,
        latency=None if seen.latency is None else seen.latency.us_per_second / 1_000_000,
        use=_use(seen.load, deployment.limits, moment_ms),
    )


def _credentials(router: Router, view: View, moment_ms: int) -> tuple[CredentialHealth, ...]:
    users: dict[str, list[RouterDeployment]] = {}
    for deployment in router.deployments.values():
        users.setdefault(deployment.credential, []).append(deployment)
    return tuple(_credential(router, view, credential, using, moment_ms) for credential, using in users.items())


def _credential(
    router: Router, view: View, credential: str, users: Sequence[RouterDeployment], moment_ms: int
) -> CredentialHealth:
    seen = view.account(credential)
    cooling = Cooling(seen.until_ms, seen.cause) if seen.cooling(moment_ms) else None
    return CredentialHealth(
        credential=public_credential(router, credential),
        deployments=tuple(user.name for user in users),
        cools_for_s=_wait_s(cooling, moment_ms),
        cause=seen.cause,
        use=_use(seen.load, users[0].shared_limits, moment_ms),
    )


def _wait_s(cooling: Cooling | None, moment_ms: int) -> float | None:
    return None if cooling is None else (cooling.until_ms - moment_ms) / 1000


def _use(load: Load, limits: Limits, moment_ms: int) -> Use:
    recent = sum(start > moment_ms - WINDOW_MS for start in load.starts_ms)
    return Use(
        in_flight=load.in_flight,
        concurrent=limits.concurrent,
        started_in_a_minute=None if limits.requests_per_minute is None else recent,
        requests_per_minute=limits.requests_per_minute,
    )


def _is_well(found: DeploymentHealth) -> bool:
    return found.circuit == "closed" and found.cools_for_s is None


def _route(router: Router, view: View, name: str, moment_ms: int, caller: Caller) -> RouteHealth:
    request = Request(route=name, audio=_SHORT, key=caller.key, key_tags=caller.tags)
    report = plan_report(router, request, view, moment_ms, _SEED)
    cooling = tuple(_cooling(report))
    return RouteHealth(route=name, status=_status(report, cools=bool(cooling)), reasons=cooling)


def _cooling(report: PlanReport) -> Iterable[str]:
    """Who is left out because of its health."""
    refused = () if report.refusal is None else report.refusal.left_out
    planned = () if report.plan is None else report.plan.left_out
    for entry in (*refused, *planned):
        for reason in entry.reasons:
            if reason.code == _COOLING:
                yield f"`{'`, `'.join(entry.deployments)}` {reason.detail}"
    if report.plan is not None and report.plan.cooling_try is not None:
        yield f"`{report.plan.cooling_try}` cools off and is tried all the same"


def _status(report: PlanReport, *, cools: bool) -> _Status:
    if report.plan is None:
        return "unhealthy" if cools else "unknown"
    if report.plan.cooling_try is not None:
        return "unhealthy"
    return "degraded" if cools else "healthy"


def _worst(routes: Collection[RouteHealth]) -> _Status:
    """Of the whole: healthy or unhealthy when all are, else degraded. What is unknown does not count."""
    known: set[_Status] = {each.status for each in routes if each.status != "unknown"}
    if not known:
        return "unknown"
    return known.pop() if len(known) == 1 else "degraded"
