"""Two speech providers on a bad day: a real HTTP server on this machine that takes uploads and refuses them.

`/house` is over capacity, always. `/cloud` limits its rate: first it asks for a second's patience, then for a minute's.
"""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import anyio
from anyio.abc import SocketAttribute, SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

__all__ = ("failing_providers",)

_MOST_HEAD: Final = 65_536
_CHUNK: Final = 65_536
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


class _Refusal(NamedTuple):
    """One answer: status line, more headers, and the error in OpenAI's form."""

    status: str
    headers: str
    body: str


_OVERLOADED: Final = _Refusal(
    "503 Service Unavailable", "", '{"error": {"message": "The engine is currently overloaded", "type": "server_error"}}'
)
_LIMITED: Final = '{"error": {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}}'

# The last answer of a list is given for ever.
_ANSWERS: Final[dict[bytes, tuple[_Refusal, ...]]] = {
    b"house": (_OVERLOADED,),
    b"cloud": (
        _Refusal("429 Too Many Requests", "retry-after: 1\r\n", _LIMITED),
        _Refusal("429 Too Many Requests", "retry-after: 60\r\n", _LIMITED),
    ),
}


@asynccontextmanager
async def failing_providers() -> AsyncGenerator[str, None]:
    """The address of the running server; `/house/v1` and `/cloud/v1` below it are base urls."""
    providers = _Providers()
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, providers.serve)
        yield f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}"  # noqa: S610 - anyio's, not Django's
        tasks.cancel_scope.cancel()


class _Providers:
    """What each provider has answered so far."""

    def __init__(self) -> None:
        self._answered = dict.fromkeys(_ANSWERS, 0)

    async def serve(self, client: SocketStream) -> None:
        """Take one request whole, refuse it, and hang up."""
        async with client:
            stream = BufferedByteReceiveStream(client)
            try:
                head = await stream.receive_until(b"\r\n\r\n", _MOST_HEAD)
                await _read_body(stream, head)
                await client.send(self._answer(head.split(b"/")[1]))
            except (anyio.BrokenResourceError, anyio.EndOfStream, anyio.IncompleteRead):
                return  # the caller went away

    def _answer(self, provider: bytes) -> bytes:
        answers = _ANSWERS[provider]
        refusal = answers[min(self._answered[provider], len(answers) - 1)]
        self._answered[provider] += 1
        head = f"HTTP/1.1 {refusal.status}\r\ncontent-type: application/json\r\nconnection: close\r\n{refusal.headers}"
        return f"{head}content-length: {len(refusal.body)}\r\n\r\n{refusal.body}".encode()


async def _read_body(stream: BufferedByteReceiveStream, head: bytes) -> None:
    length = _LENGTH.search(head)
    left = 0 if length is None else int(length[1])
    while left:
        left -= len(await stream.receive(min(left, _CHUNK)))
