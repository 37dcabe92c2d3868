"""A gateway called in this process, without sockets, on either event loop."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import httpx
from msgspec.structs import replace

from voxplan.engine.language.gateway import Gateway as Rules
from voxplan.engine.language.spec import Account, Deployment, OptionRules, RouteNode, Spec
from voxplan.io_shell.gateway.app import Gateway, GatewayOptions, gateway
from voxplan.io_shell.gateway.callers import Caller

__all__ = ("ADDRESS", "KEY", "SPEC", "VARIABLES", "OneKey", "called", "calling")

KEY: Final = "sk-master-0123456789"
ADDRESS: Final = "http://internal.example:9/v1"
SPEC: Final = Spec(
    voxplan=1,
    accounts={"cloud": Account(provider="openai", api_key="${CLOUD_KEY}")},
    deployments={
        "house": Deployment(provider="openai_compatible", model="m", base_url=ADDRESS, api_key="${HOUSE_KEY}"),
        "whisper-1": Deployment(account="cloud", model="whisper-1"),
        "gpt": Deployment(account="cloud", model="gpt-4o-transcribe"),
    },
    routes={
        "whisper": RouteNode(first=(RouteNode(use="whisper-1"), RouteNode(use="house"))),
        "live": RouteNode(use="gpt", options=OptionRules(stream="emulate")),
    },
)
"""One deployment at an address that is nobody's business, and two with one account's key."""

VARIABLES: Final = {"CLOUD_KEY": "sk-secret-cloud", "HOUSE_KEY": "sk-secret-house"}


class OneKey:
    """Virtual keys: one of them, which may do what it is said to."""

    def __init__(self, secret: str, caller: Caller) -> None:
        """`secret` is the key of `caller`."""
        self._known = {secret: caller}

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Nothing is to be opened."""
        yield

    async def find(self, secret: str) -> Caller | None:
        """The caller."""
        return self._known.get(secret)


@asynccontextmanager
async def calling(
    spec: Spec = SPEC, options: GatewayOptions | None = None, *, rules: Rules | None = None
) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of the gateway for `spec`, which shows the master key."""
    app = gateway(
        spec if rules is None else replace(spec, gateway=rules), options or GatewayOptions(key=KEY), environment=VARIABLES
    )
    async with app.running(), called(app) as client:
        yield client


@asynccontextmanager
async def called(app: Gateway) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of a gateway that somebody else has started, or has not."""
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://gateway", headers={"authorization": f"Bearer {KEY}"}
    ) as client:
        yield client
