"""What every client talks to: a real gateway, and behind it the kit's server that speaks OpenAI's wire format."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, NamedTuple

from tests.conformance.behaviours import Honest
from tests.conformance.kit import STANDS
from tests.conformance.socket_server import SocketServer
from tests.end_to_end.gateway_process import in_thread
from tests.sounds import tone
from voxplan.engine.language.spec import RouteNode, Spec
from voxplan.io_shell.gateway.app import GatewayOptions, gateway

__all__ = ("AUDIO", "KEY", "TEXT", "World", "world")

AUDIO: Final = tone()
KEY: Final = "sk-gateway-0123456789"
TEXT: Final = Honest().text
_STAND: Final = STANDS["openai"]
_MODELS: Final = {"whisper": "whisper-1", "live": "gpt-4o-transcribe", "speakers": "gpt-4o-transcribe-diarize"}


class World(NamedTuple):
    """The gateway's address, and the provider behind it, whose `expect` says what it does next."""

    address: str
    upstream: SocketServer


@contextmanager
def world() -> Generator[World]:
    """Routes `whisper`, which gives times, `live`, which streams, and `speakers`, each to the model that can."""
    with _STAND.server() as upstream:
        deployments = {f"{name}-there": _STAND.deployment(upstream, model) for name, model in _MODELS.items()}
        routes = {name: RouteNode(use=f"{name}-there") for name in _MODELS}
        spec = Spec(voxplan=1, deployments=deployments, routes=routes)
        with in_thread(gateway(spec, GatewayOptions(key=KEY), environment=_STAND.environment())) as address:
            yield World(address, upstream)
