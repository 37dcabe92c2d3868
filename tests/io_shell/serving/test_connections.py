import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable

import pytest
from starlette.responses import PlainTextResponse
from uvicorn.server import Server

from voxplan.io_shell.serving.connections import PatientConfig, fastest

WHOLE = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
LONGEST_S = 10.0

Client = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(params=["httptools", "h11"])
def protocol(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[asyncio.Protocol]:
    """Each of the two, as if only it were there."""
    if request.param == "h11":
        monkeypatch.setitem(sys.modules, "httptools", None)  # as if it were not installed
    else:
        pytest.importorskip("httptools")
    return fastest()


def talk(protocol: type[asyncio.Protocol], client: Client, head_s: float = 0.2) -> None:
    """A client of a server that waits so long for a head."""

    async def main() -> None:
        config = PatientConfig(PlainTextResponse("ok"), port=0, http=protocol, lifespan="off", log_config=None, ws="none")
        config.head_s = lambda: head_s
        server = Server(config)
        serving = asyncio.ensure_future(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.servers[0].sockets[0].getsockname()[1])
        await asyncio.wait_for(client(reader, writer), LONGEST_S)
        writer.close()
        server.should_exit = True
        await serving

    asyncio.run(main())


@pytest.mark.parametrize("said", [b"", b"G", WHOLE[:-2]])
def test_a_head_that_does_not_come_is_not_waited_for(protocol: type[asyncio.Protocol], said: bytes) -> None:
    """The connection is closed without a word."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        assert await reader.read() == b""

    talk(protocol, client)


def test_a_drip_of_bytes_is_no_head(protocol: type[asyncio.Protocol]) -> None:
    """What matters is the whole."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def drip() -> None:
            while True:
                writer.write(b"a")
                await asyncio.sleep(0.02)

        dripping = asyncio.ensure_future(drip())
        with contextlib.suppress(ConnectionError):  # it was closed while more came
            assert (await reader.read())[:20] in {b"", b"HTTP/1.1 400 Bad Req"}
        dripping.cancel()

    talk(protocol, client)


def test_one_that_says_what_it_wants_stays(protocol: type[asyncio.Protocol]) -> None:
    """For request after request, with pauses that are longer than a head may take."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            writer.write(WHOLE)
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
            await asyncio.sleep(0.3)

    talk(protocol, client)


def test_the_next_head_has_to_come_as_well(protocol: type[asyncio.Protocol]) -> None:
    """A good beginning is no excuse."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(WHOLE)
        await reader.readuntil(b"ok")
        writer.write(WHOLE[:5])
        assert await reader.read() == b""

    talk(protocol, client)
