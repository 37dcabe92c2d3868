import anyio
import anyio.lowlevel
import pytest

from tests.sounds import tone
from voxplan.engine.language.spec import Deployment, RouteNode, Spec
from voxplan.io_shell.client import Vox
from voxplan.io_shell.errors import ProviderError, RequestError, SpecError
from voxplan.io_shell.gateway.envelopes import Refused
from voxplan.io_shell.gateway.policies import Policy
from voxplan.io_shell.gateway.tenure import Tenure
from voxplan.io_shell.loading import load

pytestmark = pytest.mark.anyio

AUDIO = tone()


def policy(route: str, base_url: str = "http://127.0.0.1:1/v1") -> Policy:
    """One route of this name, to where nobody answers."""
    deployment = Deployment(provider="openai_compatible", model="m", base_url=base_url)
    return Policy(router=load(Spec(voxplan=1, deployments={"d": deployment}, routes={route: RouteNode(use="d")})))


async def is_closed(vox: Vox) -> bool:
    """Whether it takes no more requests."""
    await anyio.wait_all_tasks_blocked()
    with pytest.raises((ProviderError, RequestError)) as raised:
        await vox.transcribe(AUDIO, filename="tone.wav")
    return "has been closed" in str(raised.value)


async def test_what_is_borrowed_stays_as_it_was() -> None:
    """Who came before goes on with the old one, which is closed when the last of them leaves."""
    tenure = Tenure(policy("old"))
    async with tenure.running():
        async with tenure.borrowed() as before, tenure.borrowed():
            await tenure.replace(policy("new"))
            async with tenure.borrowed() as after:
                assert (set(before.policy.router.routes), set(after.policy.router.routes)) == ({"old"}, {"new"})
            assert not await is_closed(before.vox)
        assert await is_closed(before.vox)


async def test_what_was_seen_goes_on() -> None:
    """The new one begins with the health that the old one knows of."""
    tenure = Tenure(policy("old"))
    async with tenure.running():
        async with tenure.borrowed() as before:
            await is_closed(before.vox)  # fails once
        await tenure.replace(policy("new"))
        async with tenure.borrowed() as after:
            assert after.vox.view == before.vox.view
            assert "d" in after.vox.view.deployments


async def test_one_that_cannot_be_opened_changes_nothing() -> None:
    """The old one stays in force."""
    tenure = Tenure(policy("old"), environment={})
    async with tenure.running():
        with pytest.raises(SpecError, match="NOWHERE"):
            await tenure.replace(policy("new", "http://${NOWHERE}/v1"))
        async with tenure.borrowed() as opened:
            assert set(opened.policy.router.routes) == {"old"}


async def test_many_at_once_leave_one_in_force() -> None:
    """Whoever comes last stays; all others are closed."""
    tenure = Tenure(policy("first"))
    seen: list[Vox] = []
    async with tenure.running():
        async with anyio.create_task_group() as tasks:
            for number in range(8):
                tasks.start_soon(tenure.replace, policy(f"r{number}"))
        async with tenure.borrowed() as opened:
            seen.append(opened.vox)
            assert set(opened.policy.router.routes) == set(tenure.policy.router.routes)
    assert await is_closed(seen[0])


async def test_a_first_one_that_cannot_be_opened_is_said_as_it_is() -> None:
    """Not wrapped in a group."""
    with pytest.raises(SpecError, match="NOWHERE"):
        async with Tenure(policy("r", "http://${NOWHERE}/v1"), environment={}).running():
            pass


async def test_before_and_after_nothing_can_be_borrowed() -> None:
    """503, which says which of the two it is."""
    tenure = Tenure(policy("r"))
    for code in ("not_started", "shutting_down"):
        with pytest.raises(Refused) as refused:
            async with tenure.borrowed():
                pass
        assert (refused.value.problem.status, refused.value.problem.code) == (503, code)
        async with tenure.running():
            assert tenure.is_running


async def test_one_that_takes_over_at_the_end_keeps_nobody_waiting() -> None:
    """What was being opened when everything ended is closed again."""
    tenure = Tenure(policy("old"))
    refused: list[RequestError] = []

    async def replace() -> None:
        try:
            await tenure.replace(policy("new"))
        except RequestError as problem:
            refused.append(problem)

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks, tenure.running():
            tasks.start_soon(replace)
            await anyio.lowlevel.checkpoint()
    assert ([problem.code for problem in refused] == ["closed"]) is ("old" in tenure.policy.router.routes)


async def test_nothing_takes_over_where_nothing_runs() -> None:
    """Neither before nor after; it is said."""
    tenure = Tenure(policy("old"))
    with pytest.raises(RequestError, match="does not run"):
        await tenure.replace(policy("new"))
    async with tenure.running():
        pass
    with pytest.raises(RequestError, match="does not run"):
        await tenure.replace(policy("new"))
    assert set(tenure.policy.router.routes) == {"old"}
