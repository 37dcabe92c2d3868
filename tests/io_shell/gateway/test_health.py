import pytest
from msgspec.structs import replace

from tests.io_shell.gateway.calling import ADDRESS, KEY, SPEC, OneKey, calling
from voxplan.engine.language.spec import Limits, RouteNode, Rules
from voxplan.engine.observed.view import EMPTY_VIEW, AccountView, DeploymentView, Latency, Load, View
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.quantity import Money
from voxplan.io_shell.gateway.app import GatewayOptions
from voxplan.io_shell.gateway.callers import MASTER, Caller
from voxplan.io_shell.gateway.health import DeploymentHealth, HealthReport, health_report
from voxplan.io_shell.loading import load

NOW = 1_000_000
ROUTER = load(SPEC)
COOLING = DeploymentView(circuit="open", openings=1, until_ms=NOW + 15_000, cause="overloaded")


def report(view: View, caller: Caller = MASTER, router: Router = ROUTER) -> HealthReport:
    """What is told at `NOW`."""
    return health_report(router, view, NOW, caller)


def of(found: HealthReport, name: str) -> DeploymentHealth:
    """What is told of one deployment."""
    return next(each for each in (*found.healthy_endpoints, *found.unhealthy_endpoints) if each.model == name)


def statuses(found: HealthReport) -> dict[str, str]:
    """What is told of each route."""
    return {each.route: each.status for each in found.routes}


def test_what_has_never_been_called_is_healthy() -> None:
    """Nothing speaks against it."""
    found = report(EMPTY_VIEW)
    assert (found.status, found.healthy_count, found.unhealthy_count) == ("healthy", 3, 0)
    assert statuses(found) == {"live": "healthy", "whisper": "healthy"}


def test_a_cooling_deployment_is_told_with_its_wait() -> None:
    """Its route is degraded while another deployment of it serves."""
    found = report(View(deployments={"whisper-1": COOLING}))
    assert [each.model for each in found.unhealthy_endpoints] == ["whisper-1"]
    told = of(found, "whisper-1")
    assert (told.circuit, told.cools_for_s, told.cause) == ("open", 15.0, "overloaded")
    assert (found.status, statuses(found)) == ("degraded", {"live": "healthy", "whisper": "degraded"})
    assert next(each for each in found.routes if each.route == "whisper").reasons == (
        "`whisper-1` cools off for 15000 ms more after overloaded",
    )


def test_a_route_of_which_everything_cools_is_unhealthy() -> None:
    """Also where the spec tries it all the same."""
    cold = View(deployments={"whisper-1": COOLING, "house": COOLING, "gpt": COOLING})
    assert report(cold).status == "unhealthy"
    refusing = load(replace(SPEC, defaults=Rules(when_all_cooling="refuse")))
    assert statuses(report(cold, router=refusing)) == {"live": "unhealthy", "whisper": "unhealthy"}


def test_a_cooling_key_is_told_once_and_of_everybody_who_uses_it() -> None:
    """By its account."""
    refused = AccountView(openings=1, since_ms=NOW - 1, until_ms=NOW + 60_000, cause="unauthorized")
    found = report(View(accounts={"account cloud": refused}))
    assert [each.model for each in found.unhealthy_endpoints] == ["gpt", "whisper-1"]
    key = next(each for each in found.credentials if each.credential == "account cloud")
    assert (key.deployments, key.cools_for_s, key.cause) == (("gpt", "whisper-1"), 60.0, "unauthorized")


def test_failures_and_latency_are_told() -> None:
    """Before anything opens."""
    seen = DeploymentView(failures=2, latency=Latency(us_per_second=250_000, at_ms=0))
    told = of(report(View(deployments={"house": seen})), "house")
    assert (told.failures, told.latency, told.circuit) == (2, 0.25, "closed")


def test_limits_are_told_with_what_is_used_of_them() -> None:
    """Starts that are older than a minute do not count."""
    limited = {
        **SPEC.deployments,
        "house": replace(SPEC.deployments["house"], limits=Limits(requests_per_minute=9, concurrent=4)),
    }
    load_now = Load(in_flight=2, starts_ms=(NOW - 60_000, NOW - 59_999, NOW))
    found = report(View(deployments={"house": DeploymentView(load=load_now)}), router=load(replace(SPEC, deployments=limited)))
    use = of(found, "house").use
    assert (use.in_flight, use.concurrent, use.started_in_a_minute, use.requests_per_minute) == (2, 4, 2, 9)


def test_a_probe_under_way_is_not_yet_health() -> None:
    """Half-open is told as it is."""
    probing = DeploymentView(circuit="half_open", openings=1, until_ms=NOW - 1, probe_ms=NOW, probe_until_ms=NOW + 9)
    found = report(View(deployments={"gpt": probing}))
    assert [(each.model, each.circuit) for each in found.unhealthy_endpoints] == [("gpt", "half_open")]


def test_a_route_that_an_ordinary_second_cannot_take_is_unknown() -> None:
    """That is not about health, and the whole does not depend on it."""
    dear = load(replace(SPEC, routes={**SPEC.routes, "dear": RouteNode(use="gpt", budget=Money(nano=1))}))
    found = report(EMPTY_VIEW, router=dear)
    assert (statuses(found)["dear"], found.status) == ("unknown", "healthy")


def test_a_key_sees_what_it_may_name() -> None:
    """Routes, and the deployments that these reach."""
    found = report(EMPTY_VIEW, Caller(key="alice", allowed=("live",)))
    assert statuses(found) == {"live": "healthy"}
    assert [each.model for each in found.healthy_endpoints] == ["gpt"]
    assert [each.deployments for each in found.credentials] == [("gpt",)]


@pytest.mark.anyio
async def test_over_http_it_wants_a_key_and_tells_names_only() -> None:
    """200, with neither addresses nor references."""
    options = GatewayOptions(key=KEY, keys=OneKey("sk-alice", Caller(key="alice")))
    async with calling(SPEC, options) as client:
        answer = await client.get("/health")
        refused = await client.get("/health", headers={"authorization": ""})
    assert (answer.status_code, answer.json()["status"], refused.status_code) == (200, "healthy", 401)
    for hidden in (ADDRESS, "_KEY", "sk-"):
        assert hidden not in answer.text


@pytest.mark.anyio
async def test_liveliness_and_readiness_want_none() -> None:
    """Orchestrators have no keys."""
    async with calling() as client:
        client.headers.pop("authorization")
        told = [(await client.get(f"/health/{path}")).json() for path in ("liveliness", "liveness", "readiness")]
    assert told == ["I'm alive!", "I'm alive!", {"status": "healthy"}]
