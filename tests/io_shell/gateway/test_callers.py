"""Whose key opens the gateway, and which keys are none."""

import os

import pytest

from tests.io_shell.gateway.calling import SPEC, VARIABLES, called
from voxplan.io_shell.errors import RequestError
from voxplan.io_shell.gateway.app import GatewayOptions, gateway

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("key", ["sk-master-0123456789", "ключ-0123456789ab", "\udcff-0123456789abcd"])
async def test_a_key_is_what_its_bytes_are(key: str) -> None:
    """Whatever letters an environment has them for."""
    app = gateway(SPEC, GatewayOptions(key=key), environment=VARIABLES)
    async with app.running(), called(app) as client:
        for name, value in ((b"authorization", b"Bearer " + os.fsencode(key)), (b"api-key", os.fsencode(key))):
            assert (await client.get("/v1/models", headers={b"authorization": b"", name: value})).status_code == 200
            wrong = await client.get("/v1/models", headers={b"authorization": b"", name: value[:-1] + b"\xfe"})
            assert wrong.status_code == 401


@pytest.mark.parametrize("key", ["", " ", "sk-master-0123456789\n", " sk-master-0123456789"])
def test_a_key_that_everybody_or_nobody_could_show_is_refused(key: str) -> None:
    """An empty one would be shown by a header without a value, and no header's value ends with a blank."""
    with pytest.raises(RequestError, match="the master key") as refused:
        GatewayOptions(key=key)
    assert "sk-" not in str(refused.value)


@pytest.mark.parametrize("value", ["sk-master-0123456789", "Bearer sk-master-0123456789"])
async def test_litellms_own_header_goes_first(value: str) -> None:
    """Its clients have it where the other header is a proxy's."""
    app = gateway(SPEC, GatewayOptions(key="sk-master-0123456789"), environment=VARIABLES)
    async with app.running(), called(app) as client:
        headers = {"x-litellm-api-key": value, "authorization": "Basic cHJveHk6"}
        assert (await client.get("/v1/models", headers=headers)).status_code == 200
        assert (await client.get("/v1/models", headers=headers | {"x-litellm-api-key": "sk-other"})).status_code == 401
