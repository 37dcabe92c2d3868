"""Answers that come event by event, from a real server."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest
from returns.result import Failure, Success

from tests.conformance.behaviours import BreakStream, Drip, Reply
from tests.conformance.requests_seen import Seen
from tests.conformance.socket_server import SocketServer
from tests.io_shell.audio_in_memory import AudioInMemory
from voxplan.adapters.wire import Header, HttpRequest, HttpResponse, RawBody, Secret, ServerEvent, StreamEnded
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.io_shell.streaming import EventStream
from voxplan.io_shell.transport import HttpxTransport, Opened, new_client

pytestmark = pytest.mark.anyio

KEY = "sk-test-0123456789abcdef"
EVENTS = "text/event-stream; charset=utf-8"


def speak(seen: Seen, text: str) -> Reply:
    """Each word an event."""
    del seen
    return Reply(200, content_type=EVENTS, pieces=tuple(f"data: {word}\n\n".encode() for word in text.split()))


@asynccontextmanager
async def opened(server: SocketServer, most: int = 10_000) -> AsyncGenerator[Opened]:
    """The answer to one request that may stream."""
    request = HttpRequest(
        method="POST",
        url=f"http://127.0.0.1:{server.port}/",
        headers=(Header("authorization", Secret("Bearer ")),),
        body=RawBody(content_type="audio/wav"),
        stream=True,
    )
    audio = AudioInMemory(b"RIFF" * 100)
    async with new_client(trust_env=False) as client, HttpxTransport(client, most).open(request, audio, KEY) as answer:
        yield answer


async def heard(answer: Opened) -> list[str | AttemptFailure]:
    """The data of all events, and the failure in which they end, if they do."""
    assert isinstance(answer, Success)
    stream = answer.unwrap()
    assert isinstance(stream, EventStream)
    found: list[str | AttemptFailure] = []
    while True:
        match await stream.next():
            case Success(ServerEvent(data=data)):
                found.append(data)
            case Success(StreamEnded()):
                return found
            case Failure(AttemptFailure() as failure):
                return [*found, failure]
            case other:
                raise AssertionError(other)


async def test_events_come_one_by_one() -> None:
    """Also when the bytes drip; the whole audio has been sent."""
    with SocketServer(speak, [Drip(pause_s=0.001, text="to be or not")]) as server:
        async with opened(server) as answer:
            assert await heard(answer) == ["to", "be", "or", "not"]
        assert server.seen[0].body == b"RIFF" * 100


async def test_a_stream_that_breaks_off_is_a_failure() -> None:
    """The connection broke in mid-stream; what came before was heard."""
    with SocketServer(speak, [BreakStream(after=2)]) as server:
        async with opened(server) as answer:
            *words, failure = await heard(answer)
    assert words == ["one", "two"]
    assert isinstance(failure, AttemptFailure)
    assert (failure.kind, failure.sent) == ("server_error", "yes")


async def test_a_stream_without_end_is_given_up() -> None:
    """As a bad answer; memory is bounded."""
    with SocketServer(lambda seen, text: speak(seen, text * 1000)) as server:
        async with opened(server) as answer:
            *_, failure = await heard(answer)
    assert isinstance(failure, AttemptFailure)
    assert failure.kind == "bad_answer"


async def test_no_event_holds_the_key() -> None:
    """Servers repeat keys in what they complain of."""
    with SocketServer(lambda seen, _: Reply(200, content_type=EVENTS, pieces=(f"data: {seen.headers}\n\n".encode(),))) as server:
        async with opened(server) as answer:
            said = str(await heard(answer))
    assert "authorization" in said
    assert KEY not in said


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b'{"text":"whole"}'),
        Reply(429, b"data: slow down\n\n", content_type=EVENTS),
        Reply(200, b"data: x\n\n", content_type=EVENTS, headers=(("content-encoding", "gzip"),)),
    ],
)
async def test_what_is_no_stream_comes_whole(reply: Reply) -> None:
    """A success in JSON, and a refusal whatever its type; compressed events cannot be read."""
    with SocketServer(speak, [reply]) as server:
        async with opened(server) as answer:
            if reply.headers:
                assert isinstance(answer, Failure)
            else:
                whole = answer.unwrap()
                assert isinstance(whole, HttpResponse)
                assert (whole.status, whole.body) == (reply.status, reply.body)


async def test_a_stream_that_nobody_finishes_leaves_its_connection_usable() -> None:
    """What is still to come is read on the way out."""
    with SocketServer(speak) as server:
        request = HttpRequest(method="POST", url=f"http://127.0.0.1:{server.port}/", headers=(), stream=True)
        async with new_client(trust_env=False) as client:
            transport = HttpxTransport(client)
            for _ in range(3):
                async with transport.open(request, AudioInMemory(b""), None) as answer:
                    stream = answer.unwrap()
                    assert isinstance(stream, EventStream)
                    assert (await stream.next()).unwrap() == ServerEvent(data="The")
        assert server.connections == 1


async def test_a_call_that_is_cancelled_does_not_linger() -> None:
    """Whoever won the race has been waited for long enough."""
    with SocketServer(speak, [Drip(pause_s=0.2)]) as server:
        started = anyio.current_time()
        with anyio.move_on_after(0.3):
            async with opened(server) as answer:
                await heard(answer)
        assert anyio.current_time() - started < 0.3 + 0.4
