"""Callers who leave: what was done for them stops, at the provider too, and nothing of them stays."""

import socket
import struct
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from tests.conformance.behaviours import Drip
from tests.conformance.kit import STANDS
from tests.end_to_end.gateway_process import in_thread
from tests.end_to_end.held_server import held_server
from tests.end_to_end.living_gateway import until
from voxplan.engine.language.spec import Deployment, OptionRules, RouteNode, Spec
from voxplan.io_shell.gateway.access import Access
from voxplan.io_shell.gateway.app import Gateway, GatewayOptions, gateway
from voxplan.io_shell.loading import DEFAULT_SPEC

LARGE: Final = b"fLaC" + bytes(4 << 20)  # more than stays in memory
DESCRIPTORS: Final = Path("/proc/self/fd")

pytestmark = pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="looks into /proc")


class World:
    """A gateway in this process, with what it has told of its requests."""

    def __init__(self, spec: Spec, environment: dict[str, str] | None = None) -> None:
        self.records: list[Access] = []
        self._others = _without_a_name()  # pytest has such files as well
        options = GatewayOptions(access=self.records.append)
        self.app: Gateway = gateway(spec, options, environment=environment or {})

    @property
    def spooled(self) -> set[str]:
        """The uploads that lie on the disk now."""
        return _without_a_name() - self._others

    def is_at_rest(self) -> None:
        """Nobody is inside, the last one left as somebody who left, and no spooled file is open."""
        until(lambda: self.app.under_way == 0 and bool(self.records), "an end of the request")
        assert self.records[-1].status == 499
        until(lambda: not self.spooled, "an end of the upload")


def _without_a_name() -> set[str]:
    """Files that this process holds open, and that nobody else can."""
    found: set[str] = set()
    for each in DESCRIPTORS.iterdir():
        try:
            target = str(each.readlink())
        except OSError:
            continue
        if target.startswith("/") and target.endswith("(deleted)"):
            found.add(target)
    return found


def form(stream: str = "false", size: int | None = None) -> bytes:
    """A whole request; with `size`, one that promises so much more than comes."""
    fields = {"model": "main", "stream": stream}
    parts = [f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    head = 'Content-Disposition: form-data; name="file"; filename="a.flac"\r\nContent-Type: audio/flac'
    body = "".join(parts).encode() + f"--B\r\n{head}\r\n\r\n".encode() + LARGE + (b"" if size else b"\r\n--B--\r\n")
    length = len(body) + (size or 0)
    path = "POST /v1/audio/transcriptions HTTP/1.1\r\nhost: gateway\r\ncontent-type: multipart/form-data; boundary=B"
    return f"{path}\r\ncontent-length: {length}\r\n\r\n".encode() + body


@contextmanager
def caller(address: str, request: bytes) -> Generator[socket.socket]:
    """One who has sent this, and leaves without a word at the end."""
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as client:
        client.sendall(request)
        yield client


def hang_up(client: socket.socket, *, rudely: bool) -> None:
    """Close the connection, or reset it."""
    if rudely:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


leaving = pytest.mark.parametrize("rudely", [False, True], ids=["closes", "resets"])


@leaving
def test_in_the_middle_of_the_upload(rudely: bool) -> None:
    """What had come is thrown away."""
    world = World(replace(DEFAULT_SPEC, routes={"main": RouteNode(use="local")}))
    with in_thread(world.app) as address, caller(address, form(size=1 << 20)) as client:
        until(lambda: bool(world.spooled), "a spooled upload")
        hang_up(client, rudely=rudely)
        world.is_at_rest()


@leaving
def test_while_the_provider_is_silent(rudely: bool) -> None:
    """The call is cancelled: the provider's connection closes long before any deadline."""
    with held_server() as held:
        deployment = Deployment(provider="openai_compatible", model="m", base_url=held.url("x"))
        world = World(Spec(voxplan=1, deployments={"held": deployment}, routes={"main": RouteNode(use="held")}))
        with in_thread(world.app) as address, caller(address, form()) as client:
            held.wait()
            assert world.app.under_way == 1
            hang_up(client, rudely=rudely)
            held.wait_until_abandoned()
            world.is_at_rest()


@leaving
def test_in_the_middle_of_a_stream(rudely: bool) -> None:
    """After its first words, while more of them come drop by drop."""
    stand = STANDS["openai"]
    with stand.server([Drip(pause_s=0.02, text="one two three four five six seven " * 200)]) as upstream:
        route = RouteNode(first=(RouteNode(use="live"),), options=OptionRules())
        live = stand.deployment(upstream, "gpt-4o-transcribe")
        world = World(Spec(voxplan=1, deployments={"live": live}, routes={"main": route}), stand.environment())
        with in_thread(world.app) as address, caller(address, form(stream="true")) as client:
            assert client.recv(65536).startswith(b"HTTP/1.1 200")
            hang_up(client, rudely=rudely)
            world.is_at_rest()
            assert world.records[-1].bytes_out < 10_000
