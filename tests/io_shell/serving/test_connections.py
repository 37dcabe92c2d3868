import asyncio
import contextlib
import socket
import sys
from collections.abc import Awaitable, Callable

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import Server

from voxplan.io_shell.serving.connections import PatientConfig, fastest

WHOLE = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
LONGEST_S = 10.0
OK = PlainTextResponse("ok")

Client = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(params=["httptools", "h11"])
def protocol(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[asyncio.Protocol]:
    """Each of the two, as if only it were there."""
    if request.param == "h11":
        monkeypatch.setitem(sys.modules, "httptools", None)  # as if it were not installed
    else:
        pytest.importorskip("httptools")
    return fastest()


def talk(protocol: type[asyncio.Protocol], client: Client, head_s: float = 0.2, app: ASGIApp = OK) -> None:
    """A client of a server that waits so long for a head."""

    async def main() -> None:
        config = PatientConfig(app, port=0, http=protocol, lifespan="off", log_config=None, ws="none")
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


ENDLESS: tuple[tuple[bytes, bytes], ...] = (
    (b"GET /", b"a" * 1000),
    (WHOLE[:-2] + b"x: ", b"a" * 1000),
    (WHOLE[:-2], b"a: b\r\n" * 200),
    (WHOLE[:-2].replace(b"GET", b"POST") + b"transfer-encoding: chunked\r\n\r\n0\r\n", b"a: b\r\n" * 200),
)
"""The beginning of a request, and what comes again and again after it."""


@pytest.mark.parametrize(("begin", "more"), ENDLESS, ids=["target", "header", "headers", "trailers"])
def test_a_head_without_end_is_no_head(protocol: type[asyncio.Protocol], begin: bytes, more: bytes) -> None:
    """Nobody keeps what comes of it: the connection is closed soon, however fast it comes."""
    sent = len(begin)

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(begin)
        with contextlib.suppress(ConnectionError):
            while not reader.at_eof() and sent < 1 << 26:
                writer.write(more)
                sent += len(more)
                await writer.drain()
                await asyncio.sleep(0)
            assert (await reader.read())[:12] in {b"", b"HTTP/1.1 400", b"HTTP/1.1 200"}

    talk(protocol, client, head_s=LONGEST_S)
    assert sent < 1 << 26


def test_a_long_body_is_no_head(protocol: type[asyncio.Protocol]) -> None:
    """Nor are many requests one after the other."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n")
            for _ in range(100):
                writer.write(b"a" * 10_000)
                await writer.drain()
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")

    talk(protocol, client)


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the system cannot do it")
def test_an_answer_that_is_not_fetched_is_let_go_of(protocol: type[asyncio.Protocol]) -> None:
    """The connection is gone when its client has read nothing for so long, though it has not left."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader  # which reads no more once it holds a little
        writer.write(WHOLE.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))

        async def say_more() -> None:
            while True:
                await writer.drain()
                await asyncio.sleep(0.1)
                writer.write(b"a")

        with pytest.raises(ConnectionError):
            await say_more()

    talk(protocol, client, app=PlainTextResponse("a" * (1 << 24)))


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Says what it heard."""
    body = await Request(scope, receive).body()
    await PlainTextResponse(b"<" + body + b">")(scope, receive, send)


OFFER = b"POST / HTTP/1.1\r\nhost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\ncontent-length: 14\r\n\r\n"
BODY = b"\r\nupgrade: no\n"


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_an_offer_of_another_protocol_is_declined(protocol: type[asyncio.Protocol], size: int) -> None:
    """As by Java's clients: the body is read as it is, and is no request, and the next request is one."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            said = OFFER + BODY
            for place in range(0, len(said), size):
                writer.write(said[place : place + size])
                await writer.drain()
                await asyncio.sleep(0)
            assert (await reader.readuntil(b">")).partition(b"\r\n\r\n")[2] == b"<" + BODY + b">"

    talk(protocol, client, head_s=LONGEST_S, app=echo)


@pytest.mark.parametrize("cut", range(1, len(WHOLE) + 1))
def test_requests_may_come_with_the_one_before(protocol: type[asyncio.Protocol], cut: int) -> None:
    """Or with a part of it."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(WHOLE + WHOLE[:cut])
        await reader.readuntil(b"<>")
        writer.write(WHOLE[cut:] + WHOLE)
        for _ in range(2):
            await reader.readuntil(b"<>")

    talk(protocol, client, head_s=LONGEST_S, app=echo)


def test_an_offer_that_comes_with_the_request_before_smuggles_nothing(protocol: type[asyncio.Protocol]) -> None:
    """Its body is no request, whatever becomes of it."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = b"GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n"
        said = OFFER.replace(b": 14", b": " + str(len(body)).encode())
        writer.write(WHOLE + said)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
            writer.write(body)
            writer.write_eof()
            found = await reader.read()
            assert found.count(b"<>") <= 1

    talk(protocol, client, head_s=LONGEST_S, app=echo)
