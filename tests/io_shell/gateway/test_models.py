from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.io_shell.gateway.calling import KEY, SPEC, VARIABLES, OneKey, called, calling
from voxplan.engine.documents.reading import read
from voxplan.io_shell.gateway.app import GatewayOptions, gateway
from voxplan.io_shell.gateway.callers import Caller
from voxplan.io_shell.gateway.policies import Policy
from voxplan.io_shell.litellm.importing import imported
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
    """All of them, and no others: a route without one is behind an alias of its own name. A name may hold slashes."""
    async with _named() as client:
        listed = [model["id"] for model in (await client.get("/v1/models")).json()["data"]]
        found = (await client.get("/v1/models/openai/whisper-1")).json()["id"]
        by_route = (await client.get("/v1/models/whisper")).json()["id"]
        hidden = await client.get("/v1/models/live")
    assert listed == ["openai/whisper-1", "groq/*"]
    assert (found, by_route) == ("openai/whisper-1", "openai/whisper-1")
    assert hidden.status_code == 404


async def test_a_group_behind_an_alias_of_its_own_name_is_not_listed() -> None:
    """Its route has a name that nobody gave it."""
    text = (
        "model_list:\n  - {model_name: w, litellm_params: {model: whisper-1}}\n"
        "  - {model_name: v, litellm_params: {model: groq/whisper-1}}\n"
        "router_settings: {model_group_alias: {w: v, z: w}}\n"
    )
    made = imported(text)
    assert made.spec_text is not None
    spec = read(made.spec_text, "yaml", "made").unwrap().spec
    policy = Policy(router=load(spec), model_names=made.settings.model_names)
    assert "w-2" in policy.router.routes
    app = gateway(policy, GatewayOptions(key=KEY), environment=VARIABLES)
    async with app.running(), called(app) as client:
        listed = [model["id"] for model in (await client.get("/v1/models")).json()["data"]]
    assert sorted(listed) == ["v", "w", "z"]


async def test_an_unknown_model_is_told_with_the_nearest_name_of_the_callers() -> None:
    """Also where it is asked to transcribe, for itself and for a fallback."""
    async with _named() as client:
        refused = await _refused(client, model="openai/whisper-2")
        by_route = await _refused(client, model="liv")
    assert refused == (404, "unknown model `openai/whisper-2`, did you mean `openai/whisper-1`?")
    assert by_route == (404, "unknown model `liv`")


async def test_a_key_is_told_of_no_name_that_it_may_not_use() -> None:
    """The nearest name is one of its own, also for a fallback."""
    keys = OneKey("sk-alice", Caller(key="alice", allowed=("whisper", "gpt")))
    async with _named(GatewayOptions(key=KEY, keys=keys), {"speech/1": "whisper", "speech/22": "live"}) as client:
        client.headers["authorization"] = "Bearer sk-alice"
        model = await _refused(client, model="speech/21")
        fallback = await _refused(client, model="speech/1", fallbacks="speech/22")
        deployment = await _refused(client, model="speech/1", fallbacks="gp")
    assert model == (404, "unknown model `speech/21`, did you mean `speech/1`?")
    assert fallback == (400, "no deployment or route for the fallback `speech/22`, did you mean `speech/1`?")
    assert deployment == (400, "no deployment or route for the fallback `gp`, did you mean `gpt`?")


async def test_a_key_sees_the_routes_that_it_may_use() -> None:
    """What it may not is unknown to it."""
    options = GatewayOptions(key=KEY, keys=OneKey("sk-alice", Caller(key="alice", allowed=("live", "gpt"))))
    async with calling(SPEC, options) as client:
        client.headers["authorization"] = "Bearer sk-alice"
        listed = [model["id"] for model in (await client.get("/v1/models")).json()["data"]]
        other = await client.get("/v1/models/whisper")
    assert (listed, other.status_code) == (["live"], 404)
    assert "whisper`?" not in other.text


@asynccontextmanager
async def _named(
    options: GatewayOptions | None = None, names: Mapping[str, str] | None = None
) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of a gateway whose policy came with names."""
    policy = Policy(router=load(SPEC), model_names=names or {"openai/whisper-1": "whisper", "groq/*": "whisper"})
    app = gateway(policy, options or GatewayOptions(key=KEY), environment=VARIABLES)
    async with app.running(), called(app) as client:
        yield client


async def _refused(client: httpx.AsyncClient, **fields: str) -> tuple[int, str]:
    answer = await client.post("/v1/audio/transcriptions", data=fields, files={"file": ("a.mp3", b"ID3", "audio/mpeg")})
    return answer.status_code, answer.json()["error"]["message"]
