import anyio.lowlevel
import msgspec
import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from tests.io_shell.gateway.calling import KEY, calling
from voxplan.io_shell.gateway.access import Access, Observed, entry_of
from voxplan.io_shell.gateway.app import GatewayOptions
from voxplan.io_shell.gateway.turns import sent_body, sent_start

pytestmark = pytest.mark.anyio

PATH = "/v1/audio/transcriptions"


def scope() -> Scope:
    """A request."""
    return {"type": "http", "method": "POST", "path": PATH, "query_string": b"api_key=sk-secret", "headers": []}


class Wire:
    """A client that sends these messages and then leaves; what it got."""

    def __init__(self, *messages: Message) -> None:
        self._messages = list(messages)
        self.got: list[Message] = []

    async def receive(self) -> Message:
        """What it sends."""
        await anyio.lowlevel.checkpoint()
        return self._messages.pop(0) if self._messages else {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """What it gets."""
        self.got.append(message)


async def served(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads all, answers in two parts."""
    while (await receive()).get("more_body"):
        pass
    entry_of(scope).shown_by("alice")
    entry_of(scope).asked("groq/whisper", "groq:whisper", stream=True)
    await send(sent_start(200, "text/plain", ()))
    await send(sent_body(b"12345", more=True))
    await send(sent_body(b"678"))


async def test_one_record_for_one_request() -> None:
    """With what was written down on the way, what went over the wire, and no query."""
    records: list[Access] = []
    parts: list[Message] = [
        {"type": "http.request", "body": b"x" * 10, "more_body": True},
        {"type": "http.request", "body": b"y" * 5},
    ]
    await Observed(served, records.append)(scope(), (wire := Wire(*parts)).receive, wire.send)
    (record,) = records
    assert (record.method, record.path, record.status, record.bytes_in, record.bytes_out) == ("POST", PATH, 200, 15, 8)
    assert (record.key, record.model, record.route, record.stream) == ("alice", "groq/whisper", "groq:whisper", True)
    assert record.time.endswith("Z")
    assert "sk-secret" not in msgspec.json.encode(record).decode()


async def test_a_client_that_left_is_499() -> None:
    """Whether it left before the answer or in the middle of it."""
    records: list[Access] = []

    async def watching(scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        await send(sent_start(200, "text/plain", ()))
        while (await receive())["type"] != "http.disconnect":
            pass
        await send(sent_body(b"nobody reads this"))

    async def waiting(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, send
        await receive()

    for app in (watching, waiting):
        await Observed(app, records.append)(scope(), (wire := Wire()).receive, wire.send)
    assert [(record.status, record.bytes_out) for record in records] == [(499, 0), (499, 0)]


async def test_an_application_that_raises_is_a_fault() -> None:
    """It is recorded, and raised."""
    records: list[Access] = []

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive, send
        raise ClientDisconnect

    with pytest.raises(ClientDisconnect):
        await Observed(broken, records.append)(scope(), (wire := Wire()).receive, wire.send)
    assert [record.status for record in records] == [500]


async def test_an_observer_that_raises_changes_nothing() -> None:
    """The client has its answer."""

    def broken(_: Access) -> None:
        raise RuntimeError("no room")

    await Observed(served, broken)(scope(), (wire := Wire()).receive, wire.send)
    assert wire.got[-1]["body"] == b"678"


async def test_addresses_at_which_nothing_is_are_recorded_with_their_error() -> None:
    """The code is that of the envelope, as everywhere."""
    records: list[Access] = []
    async with calling(options=GatewayOptions(key=KEY, access=records.append)) as client:
        told = [await client.get("/v1/model"), await client.delete("/v1/models")]
    assert [record.error for record in records] == [answer.json()["error"]["code"] for answer in told]
    assert [record.status for record in records] == [404, 405]
