import pytest

from tests.io_shell.gateway.calling import KEY, SPEC, OneKey, calling
from tests.sounds import tone
from voxplan.io_shell.gateway.app import GatewayOptions
from voxplan.io_shell.gateway.callers import Caller

pytestmark = pytest.mark.anyio

FORM = {"file": ("a.wav", tone(), "audio/wav")}


async def test_a_route_that_cannot_names_those_that_can() -> None:
    """With the field that is at fault."""
    async with calling() as client:
        error = (await client.post("/v1/audio/translations", data={"model": "live"}, files=FORM)).json()["error"]
    assert (error["param"], error["code"]) == ("model", "unsupported_value")
    assert error["message"] == "no deployment of route `live` can translate: `whisper` can"


async def test_a_key_is_told_of_what_it_may_use() -> None:
    """Other routes are nobody's business."""
    options = GatewayOptions(key=KEY, keys=OneKey("sk-alice", Caller(key="alice", allowed=("live",))))
    async with calling(SPEC, options) as client:
        client.headers["authorization"] = "Bearer sk-alice"
        error = (await client.post("/v1/audio/translations", data={"model": "live"}, files=FORM)).json()["error"]
    assert error["message"] == "no deployment of route `live` can translate: neither can those of any other that you may use"


@pytest.mark.parametrize(("fields", "status"), [({"model": "nobody"}, 404), ({"model": "live", "fallbacks": "nobody"}, 400)])
async def test_names_that_are_wrong_have_their_own_errors(fields: dict[str, str], status: int) -> None:
    """As for a transcription."""
    async with calling() as client:
        answer = await client.post("/v1/audio/translations", data=fields, files=FORM)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, "model_not_found")
