import pytest

from tests.io_shell.gateway.calling import KEY, SPEC, VARIABLES, OneKey, called, calling
from voxplan.io_shell.gateway.app import GatewayOptions, gateway
from voxplan.io_shell.gateway.callers import Caller
from voxplan.io_shell.gateway.policies import Policy
from voxplan.io_shell.loading import load

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("path", ["/v1/models", "/models", "/openai/v1/models"])
async def test_the_routes_are_the_models(path: str) -> None:
    """As OpenAI lists models."""
    async with calling() as client:
        listed = (await client.get(path)).json()
    assert listed["object"] == "list"
    assert [(model["id"], model["object"]) for model in listed["data"]] == [("live", "model"), ("whisper", "model")]


async def test_one_model() -> None:
    """By its name."""
    async with calling() as client:
        answer = await client.get("/v1/models/whisper")
    assert answer.json() == {"id": "whisper", "object": "model", "created": 0, "owned_by": "voxplan"}


async def test_an_unknown_model_is_told_with_the_nearest() -> None:
    """404 in the envelope."""
    async with calling() as client:
        answer = await client.get("/v1/models/whispr")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
    assert "did you mean `whisper`?" in answer.json()["error"]["message"]


async def test_names_that_came_with_the_policy_are_those_of_its_callers() -> None:
    """All of them; a route without one is called as it is. A name may hold slashes."""
    names = {"openai/whisper-1": "whisper", "groq/*": "whisper"}
    app = gateway(Policy(router=load(SPEC), model_names=names), GatewayOptions(key=KEY), environment=VARIABLES)
    async with app.running(), called(app) as client:
        listed = [model["id"] for model in (await client.get("/v1/models")).json()["data"]]
        found = (await client.get("/v1/models/openai/whisper-1")).json()["id"]
        by_route = (await client.get("/v1/models/whisper")).json()["id"]
    assert listed == ["live", "openai/whisper-1", "groq/*"]
    assert (found, by_route) == ("openai/whisper-1", "openai/whisper-1")


async def test_a_key_sees_the_routes_that_it_may_use() -> None:
    """What it may not is unknown to it."""
    options = GatewayOptions(key=KEY, keys=OneKey("sk-alice", Caller(key="alice", allowed=("live", "gpt"))))
    async with calling(SPEC, options) as client:
        client.headers["authorization"] = "Bearer sk-alice"
        listed = [model["id"] for model in (await client.get("/v1/models")).json()["data"]]
        other = await client.get("/v1/models/whisper")
    assert (listed, other.status_code) == (["live"], 404)
    assert "whisper`?" not in other.text
