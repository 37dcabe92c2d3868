"""Requests as bytes on a socket of their own, so that they can be wrong, slow, or broken off; answers as h11 reads them."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator, AsyncIterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import h11

__all__ = ("Answer", "asked", "connected", "form", "head", "read_answer")

_READ_BYTES: Final = 65_536


class Answer(NamedTuple):
    """A whole answer. Status 0: the server closed without one."""

    status: int
    headers: dict[str, str]
    body: bytes


NOTHING: Final = Answer(0, {}, b"")


def form(fields: Sequence[tuple[str, str]], audio: bytes | None = None, *, first: bool = False) -> tuple[bytes, bytes]:
    """The boundary and the body of a form; the file stands after the fields, or `first`."""
    boundary = secrets.token_hex(12).encode()
    texts = [
        b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (boundary, name.encode(), text.encode())
        for name, text in fields
    ]
    file = b'--%s\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n' % boundary
    parts = [] if audio is None else [file + audio + b"\r\n"]
    return boundary, b"".join([*parts, *texts] if first else [*texts, *parts]) + b"--%s--\r\n" % boundary


def head(boundary: bytes, length: int | None, key: str, path: str = "/v1/audio/transcriptions") -> bytes:
    """The head of a POST; without a `length` the body comes in chunks."""
    size = b"transfer-encoding: chunked" if length is None else b"content-length: %d" % length
    lines = (
        b"POST %s HTTP/1.1" % path.encode(),
        b"host: gateway",
        b"authorization: Bearer %s" % key.encode(),
        b"content-type: multipart/form-data; boundary=%s" % boundary,
        size,
    )
    return b"\r\n".join(lines) + b"\r\n\r\n"


@asynccontextmanager
async def connected(port: int) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection, which is gone afterwards."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def asked(port: int, pieces: AsyncIterable[bytes] | Sequence[bytes], *, close_after: bool = False) -> Answer:
    """Send the pieces, and read the answer, which may come before all of them are sent."""
    async with connected(port) as (reader, writer):
        sending = asyncio.ensure_future(_sent(writer, pieces, close_after=close_after))
        try:
            return await read_answer(reader)
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await sending


async def _sent(writer: asyncio.StreamWriter, pieces: AsyncIterable[bytes] | Sequence[bytes], *, close_after: bool) -> None:
    try:
        if isinstance(pieces, Sequence):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
        else:
            async for piece in pieces:
                writer.write(piece)
                await writer.drain()
        if close_after:
            writer.write_eof()
    except ConnectionError:
        return  # the server answered and closed: that answer is what counts


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """The answer on a connection on which one request was sent."""
    http = h11.Connection(h11.CLIENT)
    http.send(h11.Request(method="POST", target="/", headers=[("host", "x")]))
    http.send(h11.EndOfMessage())
    status, headers, body = 0, dict[str, str](), bytearray()
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            try:
                data = await reader.read(_READ_BYTES)
            except ConnectionError:
                return NOTHING
            if not data and not status:
                return NOTHING
            http.receive_data(data)
        elif isinstance(event, h11.Response):
            status, headers = event.status_code, _headers(event)
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
            return Answer(status, headers, bytes(body))


def _headers(event: h11.Response) -> dict[str, str]:
    named: Mapping[bytes, bytes] = dict(event.headers)
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in named.items()}
