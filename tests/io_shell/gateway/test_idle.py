"""Clients that hold a connection without using it, under virtual time."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

import anyio
import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Send

from tests.virtual_time import BACKENDS, Backend, run_virtually
from voxplan.engine.terms.quantity import Span
from voxplan.io_shell.gateway.envelopes import Refused
from voxplan.io_shell.gateway.idle import attended

backends = pytest.mark.parametrize("backend", BACKENDS)
IDLE: Final = Span(30_000)


class Client:
    """Sends bodies of so many bytes, each after so many seconds; takes so long to read each message."""

    def __init__(self, sends: Sequence[tuple[float, int]] = (), reads_s: float = 0.0) -> None:
        self._sends = list(sends)
        self._reads_s = reads_s
        self.read: list[Message] = []

    async def receive(self) -> Message:
        """The next body, and after the last one nothing for ever."""
        if not self._sends:
            await anyio.sleep_forever()
        pause_s, count = self._sends.pop(0)
        await anyio.sleep(pause_s)
        return {"type": "http.request", "body": bytes(count), "more_body": bool(self._sends)}

    async def send(self, message: Message) -> None:
        """Read one message."""
        await anyio.sleep(self._reads_s)
        self.read.append(message)


class Connection(NamedTuple):
    """Its two ends."""

    receive: Receive
    send: Send


async def received(connection: Connection) -> int:
    """How many bytes come until the end of the body."""
    count, more = 0, True
    while more:
        message = await connection.receive()
        count, more = count + len(message["body"]), message["more_body"]
    return count


def given(client: Client) -> Connection:
    """A connection to this client."""
    return Connection(*attended(client.receive, client.send, IDLE))


def refused_after(backend: Backend, client: Client) -> float:
    """The moment at which this client is refused, which it is with 408."""

    async def run() -> float:
        begun = anyio.current_time()
        with pytest.raises(Refused) as caught:
            await received(given(client))
        assert (caught.value.problem.status, caught.value.problem.headers) == (408, (("connection", "close"),))
        return anyio.current_time() - begun

    return run_virtually(backend, run)


@backends
def test_silence_is_over_at_idle(backend: Backend) -> None:
    """408 when nothing has come for that long."""
    assert refused_after(backend, Client([(31, 1), (0, 0)])) == pytest.approx(30)


@backends
def test_a_drip_is_over_some_time_later(backend: Backend) -> None:
    """A byte every ten seconds uses up what there is of patience, though it is never silent for long."""
    assert refused_after(backend, Client([(10, 1)] * 100)) == pytest.approx(30, abs=0.1)


@backends
def test_a_fast_beginning_buys_no_more_than_idle(backend: Backend) -> None:
    """What came fast is no reason to wait for hours afterwards."""
    assert refused_after(backend, Client([(0, 50_000_000), *[(10, 1)] * 100])) == pytest.approx(30, abs=0.1)


@backends
def test_a_slow_and_steady_client_is_served(backend: Backend) -> None:
    """2 KiB every other second, for an hour."""

    async def run() -> int:
        return await received(given(Client([(2, 2048)] * 1800)))

    assert run_virtually(backend, run) == 1800 * 2048


@backends
def test_our_own_time_is_not_the_client_s(backend: Backend) -> None:
    """While nobody waits for the client, nothing is used up."""

    async def run() -> int:
        connection = given(Client([(1, 1), (1, 1)]))
        await connection.receive()
        await anyio.sleep(3600)
        return await received(connection)

    assert run_virtually(backend, run) == 1


@backends
def test_after_the_body_only_the_leaving_is_waited_for(backend: Backend) -> None:
    """However long the answer takes."""

    async def run() -> bool:
        connection = given(Client([(0, 1)]))
        await received(connection)
        with anyio.move_on_after(3600) as waiting:
            await connection.receive()
        return waiting.cancelled_caught

    assert run_virtually(backend, run)


Way = Callable[[Connection], Awaitable[None]]


async def at_once(connection: Connection) -> None:
    """A long answer as one message."""
    await connection.send({"type": "http.response.body", "body": bytes(1_000_000), "more_body": False})


async def in_pieces(connection: Connection) -> None:
    """The same in two."""
    await connection.send({"type": "http.response.body", "body": bytes(500_000), "more_body": True})
    await connection.send({"type": "http.response.body", "body": bytes(500_000), "more_body": False})


@backends
@pytest.mark.parametrize("way", [at_once, in_pieces])
def test_who_reads_slowly_gets_all_of_it(backend: Backend, way: Way) -> None:
    """In pieces that were read within `idle` each; the last one ends the answer."""
    client = Client(reads_s=29)

    async def run() -> None:
        await way(given(client))

    run_virtually(backend, run)
    assert sum(len(message["body"]) for message in client.read) == 1_000_000
    assert [message["more_body"] for message in client.read] == [True] * (len(client.read) - 1) + [False]


async def briefly(connection: Connection) -> None:
    """A short answer."""
    await connection.send({"type": "http.response.body", "body": b"short", "more_body": False})


@backends
@pytest.mark.parametrize("way", [at_once, in_pieces, briefly])
def test_who_reads_nothing_is_gone(backend: Backend, way: Way) -> None:
    """After `idle`; what else would be sent does not wait again."""
    client = Client(reads_s=31)

    async def run() -> float:
        begun, connection = anyio.current_time(), given(client)
        for _ in range(2):
            with pytest.raises(ClientDisconnect):
                await way(connection)
        return anyio.current_time() - begun

    assert run_virtually(backend, run) == pytest.approx(30)
    assert client.read == []
