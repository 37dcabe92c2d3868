"""What a key does not allow is nobody's business: not even its names are told."""

import pytest

from tests.io_shell.gateway.calling import KEY, SPEC, VARIABLES, OneKey, called
from voxplan.engine.language.spec import Deployment, RouteNode, Spec
from voxplan.io_shell.gateway.app import GatewayOptions, gateway
from voxplan.io_shell.gateway.callers import MASTER, Caller
from voxplan.io_shell.gateway.reach import in_reach, reached
from voxplan.io_shell.loading import load

SHARED = Spec(
    voxplan=1,
    deployments={
        "hidden": Deployment(provider="openai", model="whisper-1", api_key="${HOUSE_KEY}"),
        "shown": Deployment(provider="openai", model="gpt-4o-transcribe", api_key="${HOUSE_KEY}"),
    },
    routes={"hidden-route": RouteNode(use="hidden"), "shown-route": RouteNode(use="shown")},
)
ALICE = Caller(key="alice", allowed=("shown-route",), may_simulate=True, sees_trail=True)


def test_what_is_named_and_what_that_reaches() -> None:
    """A route brings its deployments along."""
    router = load(SPEC)
    assert reached(router, MASTER) == tuple(router.deployments)
    assert reached(router, Caller(allowed=("whisper",))) == ("house", "whisper-1")
    assert reached(router, Caller(allowed=("live", "house"))) == ("gpt", "house")
    assert tuple(in_reach(router, Caller(allowed=("live",))).deployments) == ("gpt",)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("GET", "/health", {}),
        ("GET", "/v1/models", {}),
        ("POST", "/v1/plan", {"model": "shown-route"}),
        ("POST", "/v1/plan", {"model": "shown-rout"}),
        ("POST", "/v1/plan", {"model": "shown-route", "simulate": '{"hidde": "timed_out"}'}),
        ("POST", "/v1/plan", {"model": "shown-route", "fallbacks": "hidde"}),
    ],
)
async def test_no_answer_tells_of_what_is_out_of_reach(method: str, path: str, fields: dict[str, str]) -> None:
    """Though a deployment out of reach has the same key, or a name that is nearly what was asked for."""
    app = gateway(SHARED, GatewayOptions(keys=OneKey(KEY, ALICE)), environment=VARIABLES)
    async with app.running(), called(app) as client:
        answer = await client.request(method, path, data=fields)
        assert "hidden" not in answer.text
        assert "HOUSE_KEY" not in answer.text


@pytest.mark.anyio
async def test_what_is_out_of_reach_cannot_be_found_by_pretending() -> None:
    """A failure of it is refused as that of nothing is; one of what is in reach is not."""
    app = gateway(SHARED, GatewayOptions(keys=OneKey(KEY, ALICE)), environment=VARIABLES)
    async with app.running(), called(app) as client:
        messages: dict[str, str] = {}
        for name in ("hidden", "absent", "shown", "openai"):
            fields = {"model": "shown-route", "simulate": f'{{"{name}": "timed_out"}}'}
            answer = await client.post("/v1/plan", data=fields)
            messages[name] = answer.json()["error"]["message"] if answer.status_code == 400 else ""
    assert messages["hidden"] == messages["absent"].replace("absent", "hidden")
    assert (messages["shown"], messages["openai"]) == ("", "")
