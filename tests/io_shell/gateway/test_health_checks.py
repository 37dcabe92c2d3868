import random
from collections.abc import Awaitable, Callable
from itertools import pairwise

import anyio
import pytest
from msgspec.structs import replace

import voxplan
from tests.io_shell.gateway.calling import VARIABLES
from tests.virtual_time import BACKENDS, Backend, run_virtually
from voxplan.adapters.catalog import CATALOG
from voxplan.engine.language.gateway import Gateway as Rules
from voxplan.engine.language.gateway import HealthCheck
from voxplan.engine.language.spec import Deployment, RouteNode, Spec
from voxplan.engine.observed.view import DeploymentView
from voxplan.engine.plans.compiling import compile_checked
from voxplan.engine.runs.run import Observe
from voxplan.engine.terms.quantity import Span
from voxplan.io_shell.errors import ProviderError
from voxplan.io_shell.gateway.health_checks import checking, keep_checking
from voxplan.io_shell.gateway.policies import Policy
from voxplan.io_shell.gateway.tenure import Tenure
from voxplan.io_shell.loading import load
from voxplan.io_shell.running import Happened

EVERY_S = 100.0
on_both_loops = pytest.mark.parametrize("backend", BACKENDS)


def checked_for(
    backend: Backend, seconds: float, *names: str, check: Callable[[str], Awaitable[object]] | None = None
) -> list[tuple[str, float]]:
    """Which deployments were checked, and when, in so many virtual seconds."""
    seen: list[tuple[str, float]] = []

    async def main() -> None:
        begun = anyio.current_time()

        async def watched(name: str) -> None:
            seen.append((name, anyio.current_time() - begun))
            if check is not None:
                await check(name)

        with anyio.move_on_after(seconds):
            await keep_checking(watched, names, EVERY_S, random.Random(7))

    run_virtually(backend, main)
    return seen


def moments(seen: list[tuple[str, float]], name: str) -> list[float]:
    """When one of them was."""
    return [at for each, at in seen if each == name]


@on_both_loops
def test_each_is_checked_every_so_often(backend: Backend) -> None:
    """For the first time within the time between two, then about as long after each."""
    seen = checked_for(backend, 10 * EVERY_S, "a", "b")
    for name in ("a", "b"):
        times = moments(seen, name)
        assert 0 <= times[0] <= EVERY_S
        gaps = [after - before for before, after in pairwise(times)]
        assert len(gaps) >= 7
        assert all(0.9 * EVERY_S - 0.001 <= gap <= 1.1 * EVERY_S + 0.001 for gap in gaps)
        assert len(set(gaps)) > 1


@on_both_loops
def test_they_do_not_begin_together(backend: Backend) -> None:
    """Neither deployments nor, with other chances, workers."""
    seen = checked_for(backend, EVERY_S, "a", "b", "c")
    assert len({moments(seen, name)[0] for name in ("a", "b", "c")}) == 3


@on_both_loops
def test_what_fails_stops_nothing(backend: Backend) -> None:
    """Neither a provider's failure nor a fault of ours."""

    async def broken(name: str) -> None:
        raise ProviderError("down") if name == "a" else RuntimeError("ours")

    seen = checked_for(backend, 5 * EVERY_S, "a", "b", check=broken)
    assert len(moments(seen, "a")) >= 4
    assert len(moments(seen, "b")) >= 4


@on_both_loops
def test_a_check_is_not_overtaken_by_the_next(backend: Backend) -> None:
    """One that takes long delays the next of its deployment, and of no other."""

    async def slow(name: str) -> None:
        await anyio.sleep(3 * EVERY_S if name == "a" else 0)

    seen = checked_for(backend, 10 * EVERY_S, "a", "b", check=slow)
    times = moments(seen, "a")
    assert all(after - before >= 3 * EVERY_S - 0.001 for before, after in pairwise(times))
    assert len(moments(seen, "b")) >= 8


@on_both_loops
def test_few_run_at_once(backend: Backend) -> None:
    """However many deployments there are."""
    running = most = 0

    async def counted(_: str) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await anyio.sleep(EVERY_S)
        running -= 1

    checked_for(backend, 5 * EVERY_S, *(f"d{number}" for number in range(20)), check=counted)
    assert most == 4


class Unreachable:
    """A spec whose one deployment nobody listens for, checked often."""

    def __init__(self, deployments: tuple[str, ...] = ()) -> None:
        """`deployments` are those that are to be checked."""
        lost = Deployment(provider="openai_compatible", model="m", base_url="http://127.0.0.1:9/v1")
        self.spec = Spec(
            voxplan=1,
            deployments={"a": lost, "b": lost},
            routes={"main": RouteNode(first=(RouteNode(use="a"), RouteNode(use="b")))},
            gateway=Rules(health_check=HealthCheck(every=Span(10_000), deployments=deployments)),
        )
        self.often = HealthCheck(every=Span(10), deployments=deployments)


@pytest.mark.anyio
async def test_the_view_learns_from_checks() -> None:
    """Of those deployments that the spec names; the routes have nothing to do with it."""
    world, opens = Unreachable(("b",)), anyio.Event()

    def watch(happened: Happened) -> None:
        if isinstance(happened.what, Observe):
            opens.set()

    async with (
        voxplan.open(world.spec, environment=VARIABLES, observers=[watch]) as vox,
        checking(vox, world.often, anyio.Event()),
    ):
        with anyio.fail_after(10):
            await opens.wait()
        assert vox.view.of("a") == DeploymentView()
        assert vox.view.of("b") != DeploymentView()


@pytest.mark.anyio
async def test_a_cooling_deployment_is_not_called() -> None:
    """Its plan has no attempt, so nothing is sent before its time has come."""
    world = Unreachable()
    tenure = Tenure(Policy(router=load(replace(world.spec, gateway=Rules()))), VARIABLES)
    async with tenure.running(), tenure.borrowed() as opened:
        for _ in range(3):
            with pytest.raises(ProviderError, match="not_connected"):
                await opened.vox.check_health("a")
        cooled = opened.vox.view.of("a")
        with pytest.raises(ProviderError, match="cools off"):
            await opened.vox.check_health("a")
        assert opened.vox.view.of("a") == cooled


@pytest.mark.anyio
async def test_checks_end_when_their_policy_is_replaced() -> None:
    """Also while a request that began with it is still under way."""
    ended = anyio.Event()
    world = Unreachable()
    unchecked = replace(world.spec, gateway=Rules())  # by the tenure itself: only the checks of this test are to be seen
    tenure = Tenure(Policy(router=load(unchecked)), VARIABLES)
    async with tenure.running(), tenure.borrowed() as opened, checking(opened.vox, world.often, ended):
        ended.set()
        await anyio.wait_all_tasks_blocked()
        before = opened.vox.view
        await anyio.sleep(0.1)
        assert opened.vox.view == before


@pytest.mark.anyio
async def test_the_policy_in_force_is_checked() -> None:
    """From when it takes over until the next one does; what was seen goes on."""
    world = Unreachable(("a",))
    often, never = (replace(world.spec, gateway=Rules(health_check=rules)) for rules in (world.often, None))
    # A document could not ask for checks so often.
    tenure = Tenure(Policy(router=compile_checked(never, CATALOG)), VARIABLES)
    async with tenure.running():
        await tenure.replace(Policy(router=compile_checked(often, CATALOG)))
        async with tenure.borrowed() as opened:
            with anyio.fail_after(10):
                while opened.vox.view.of("a").circuit != "open":  # noqa: ASYNC110 - the view tells nobody
                    await anyio.sleep(0.01)
        await tenure.replace(Policy(router=compile_checked(never, CATALOG)))
        async with tenure.borrowed() as opened:
            assert opened.vox.view.of("a").cause == "not_connected"


@pytest.mark.anyio
@pytest.mark.parametrize("rules", [None, HealthCheck(every=Span(10_000))])
async def test_only_a_spec_with_checks_has_tasks_for_them(rules: HealthCheck | None) -> None:
    """Without, nothing runs in the background; with them, something does before the first is due."""
    tenure = Tenure(Policy(router=load(replace(Unreachable().spec, gateway=Rules(health_check=rules)))), VARIABLES)
    async with tenure.running(), tenure.borrowed():
        await anyio.wait_all_tasks_blocked()
        assert any(keep_checking.__name__ in str(task.name) for task in anyio.get_running_tasks()) == (rules is not None)
