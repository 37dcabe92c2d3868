"""What callers hear when the limits of a spec let no call start."""

import httpx
import pytest
from msgspec.structs import replace

from tests.io_shell.gateway.calling import calling
from voxplan.engine.language.spec import Account, Deployment, Limits, RouteNode, Spec
from voxplan.io_shell.health_checking import second_of_sound

LOST = "http://127.0.0.1:9/v1"
ONCE = Limits(requests_per_minute=1)
ONE = Deployment(provider="openai_compatible", model="m", base_url=LOST)
SPEC = Spec(voxplan=1, deployments={"a": ONE}, routes={"r": RouteNode(use="a")})
BY_ITSELF = replace(SPEC, deployments={"a": replace(ONE, limits=ONCE)})
BY_ITS_ACCOUNT = replace(
    SPEC,
    accounts={"k": Account(provider="openai_compatible", base_url=LOST, limits=ONCE)},
    deployments={"a": Deployment(account="k", model="m")},
)


async def asked(client: httpx.AsyncClient) -> httpx.Response:
    """The answer to one request."""
    files = {"file": ("a.wav", second_of_sound())}
    return await client.post("/v1/audio/transcriptions", data={"model": "r"}, files=files)


@pytest.mark.anyio
@pytest.mark.parametrize("spec", [BY_ITSELF, BY_ITS_ACCOUNT], ids=["a deployment's", "an account's"])
async def test_a_spent_limit_is_a_limit_for_the_caller(spec: Spec) -> None:
    """429, and when to come again."""
    async with calling(spec) as client:
        assert (await asked(client)).status_code == 502
        answer = await asked(client)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"]) == (429, "rate_limit_error", "rate_limit_exceeded")
    assert 50 <= int(answer.headers["retry-after"]) <= 60


@pytest.mark.anyio
async def test_where_another_serves_nobody_hears_of_limits() -> None:
    """What failed is what the caller hears, though a limit stood in the way too."""
    two = {"a": replace(ONE, limits=ONCE), "b": ONE}
    spec = replace(SPEC, deployments=two, routes={"r": RouteNode(first=(RouteNode(use="a"), RouteNode(use="b")))})
    async with calling(spec) as client:
        await asked(client)
        answer = await asked(client)
    assert (answer.status_code, "retry-after" in answer.headers) == (502, False)
