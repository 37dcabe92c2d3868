"""The gateway over real sockets: what clients of OpenAI's endpoint send, and what they get back."""

import threading
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Final

import anyio
import httpx
import pytest
import uvicorn
from msgspec.structs import replace
from starlette.types import Message, Scope

from tests.conformance.behaviours import BreakStream, Honest, Reply
from tests.conformance.kit import STANDS
from tests.conformance.socket_server import SocketServer
from tests.sounds import tone
from voxplan.engine.language.gateway import Gateway
from voxplan.engine.language.spec import OptionRules, RouteNode, Spec
from voxplan.engine.terms.quantity import Size, Span
from voxplan.io_shell.gateway.access import Access
from voxplan.io_shell.gateway.app import GatewayOptions, gateway

AUDIO: Final = tone()
KEY: Final = "sk-gateway-0123456789"
STAND: Final = STANDS["openai"]
ORDINARY: Final = Gateway()
FORM: Final = {"file": ("tone.wav", AUDIO, "audio/wav")}


def spec_of(server: SocketServer) -> Spec:
    """Two routes: one whose model gives times, one whose model streams."""
    whisper, live = STAND.deployment(server, "whisper-1"), STAND.deployment(server, "gpt-4o-transcribe")
    routes = {
        "whisper": RouteNode(use="whisper-deployment"),
        "live": RouteNode(use="live-deployment"),
        "emulated": RouteNode(first=(RouteNode(use="whisper-deployment"),), options=OptionRules(stream="emulate")),
    }
    return Spec(voxplan=1, deployments={"whisper-deployment": whisper, "live-deployment": live}, routes=routes)


@contextmanager
def served(upstream: SocketServer, options: GatewayOptions | None = None, rules: Gateway = ORDINARY) -> Generator[str]:
    """The gateway in front of `upstream`, in a thread of its own; its address."""
    app = gateway(replace(spec_of(upstream), gateway=rules), options or GatewayOptions(key=KEY), environment=STAND.environment())
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        threading.Event().wait(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


def post(
    address: str, fields: dict[str, str | list[str]], key: str | None = KEY, path: str = "/v1/audio/transcriptions"
) -> httpx.Response:
    """One form."""
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    return httpx.post(f"{address}{path}", data=fields, files=FORM, headers=headers, timeout=20)


@pytest.mark.parametrize(
    ("response_format", "content_type", "beginning"),
    [
        ("json", "application/json", '{"text":"The quick'),
        ("text", "text/plain; charset=utf-8", "The quick brown fox"),
        ("srt", "text/plain; charset=utf-8", "1\n00:00:00,000 --> "),
        ("vtt", "text/vtt; charset=utf-8", "WEBVTT\n\n00:00:00.000"),
        ("verbose_json", "application/json", '{"task":"transcribe"'),
    ],
)
def test_every_format_is_what_it_says(response_format: str, content_type: str, beginning: str) -> None:
    """Its content type, its body, and headers that tell who served it; nothing of the upstream's address."""
    with STAND.server() as upstream, served(upstream) as address:
        answer = post(address, {"model": "whisper", "response_format": response_format})
        assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)
        assert answer.text.startswith(beginning)
        assert answer.headers["x-voxplan-served-by"] == "whisper-deployment"
        assert str(upstream.port) not in str(answer.headers)


@pytest.mark.parametrize(
    "path", ["/audio/transcriptions", "/openai/deployments/whisper/audio/transcriptions?api-version=2024-06-01"]
)
def test_other_addresses_of_the_endpoint(path: str) -> None:
    """Without the version, and Azure's, where the route stands in the address."""
    with STAND.server() as upstream, served(upstream) as address:
        assert post(address, {"model": "whisper"}, path=path).json()["text"] == Honest().text


@pytest.mark.parametrize(("key", "said"), [(None, "wants a key"), ("sk-wrong", "not known here")])
def test_only_callers_with_the_key_come_in(key: str | None, said: str) -> None:
    """401 in OpenAI's envelope; nothing is sent anywhere."""
    with STAND.server() as upstream, served(upstream) as address:
        answer = post(address, {"model": "whisper"}, key=key)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
        assert said in answer.json()["error"]["message"]
        assert httpx.get(f"{address}/v1/models").status_code == 401
        assert upstream.seen == []


@pytest.mark.parametrize(
    ("fields", "status", "code", "param"),
    [
        ({"model": "whispr"}, 404, "model_not_found", "model"),
        ({"model": "whisper", "temperature": "abc"}, 400, "invalid_type", "temperature"),
        ({"model": "whisper", "response_format": "bogus"}, 400, "invalid_value", "response_format"),
        ({"model": "whisper", "api_base": "http://evil.example"}, 400, None, "api_base"),
        ({"model": "whisper", "tempersture": "0"}, 400, None, "tempersture"),
    ],
)
def test_what_is_wrong_is_said(fields: dict[str, str | list[str]], status: int, code: str | None, param: str) -> None:
    """With the parameter; nothing is sent anywhere."""
    with STAND.server() as upstream, served(upstream) as address:
        answer = post(address, fields)
        error = answer.json()["error"]
        assert (answer.status_code, error["param"]) == (status, param)
        assert code in {None, error["code"]}
        assert upstream.seen == []


def test_an_upload_over_the_limit_is_refused_at_it() -> None:
    """413, and not after the whole of it."""
    with STAND.server() as upstream, served(upstream, rules=Gateway(largest_upload=Size(1000))) as address:
        answer = post(address, {"model": "whisper"})
        assert answer.status_code == 413
        assert upstream.seen == []


def test_the_upstream_limit_reaches_the_caller() -> None:
    """429 with the wait that the provider asked for."""
    busy = Reply(429, b'{"error":{"message":"slow down sk-secret"}}', headers=(("retry-after", "7"),))
    with STAND.server([busy]) as upstream, served(upstream) as address:
        answer = post(address, {"model": "whisper"})
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
        assert "sk-secret" not in answer.text


@pytest.mark.parametrize("route", ["live", "emulated"])
def test_streams_are_openai_events(route: str) -> None:
    """Deltas whose texts make up the transcript, the end with all of it, and the mark after it."""
    with STAND.server() as upstream, served(upstream) as address:
        answer = post(address, {"model": route, "stream": "true"})
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        lines = [line.removeprefix("data: ") for line in answer.text.split("\n") if line]
        events = [httpx.Response(200, text=line).json() for line in lines[:-1]]
        assert lines[-1] == "[DONE]"
        assert "".join(event["delta"] for event in events[:-1]) == Honest().text
        assert (events[-1]["type"], events[-1]["text"]) == ("transcript.text.done", Honest().text)


def test_a_stream_that_breaks_says_so_in_the_stream() -> None:
    """It is too late for a status; there is no end mark."""
    with STAND.server([BreakStream(after=2)]) as upstream, served(upstream) as address:
        answer = post(address, {"model": "live", "stream": "true"})
        assert answer.status_code == 200
        assert '"error"' in answer.text
        assert "[DONE]" not in answer.text


def test_a_stream_that_never_begins_is_an_error() -> None:
    """With its status, like any other."""
    with STAND.server([Reply(503, b"{}")]) as upstream, served(upstream) as address:
        answer = post(address, {"model": "live", "stream": "true"})
        assert answer.status_code == 503
        assert "error" in answer.json()


def test_models_and_health() -> None:
    """Routes are what callers ask for; health needs no key."""
    with STAND.server() as upstream, served(upstream) as address:
        listed = httpx.get(f"{address}/v1/models", headers={"authorization": f"Bearer {KEY}"}).json()
        assert {model["id"] for model in listed["data"]} == {"whisper", "live", "emulated"}
        assert httpx.get(f"{address}/health/liveliness").status_code == 200
        assert httpx.get(f"{address}/health/readiness").json() == {"status": "healthy"}


def test_openai_s_own_client() -> None:
    """Whole and streaming."""
    openai = pytest.importorskip("openai")
    with STAND.server() as upstream, served(upstream) as address:
        with openai.OpenAI(base_url=f"{address}/v1", api_key=KEY, max_retries=0) as client:
            heard = client.audio.transcriptions.create(model="whisper", file=("tone.wav", AUDIO), response_format="verbose_json")
            events = list(client.audio.transcriptions.create(model="live", file=("tone.wav", AUDIO), stream=True))
        assert heard.text == Honest().text
        assert events[-1].text == Honest().text


class Wire:
    """A client without a socket, which sends the whole form of a stream at once; its n-th message out meets `fate`."""

    def __init__(self, fate: Callable[[int], Awaitable[None]]) -> None:
        built = httpx.Request(
            "POST", "http://gateway/v1/audio/transcriptions", data={"model": "live", "stream": "true"}, files=FORM
        )
        self.got: list[Message] = []
        self.scope: Scope = {
            "type": "http",
            "method": "POST",
            "path": built.url.path,
            "query_string": b"",
            "headers": [*((name.lower(), value) for name, value in built.headers.raw), (b"api-key", KEY.encode())],
        }
        self._body: bytes | None = built.read()
        self._fate = fate

    async def receive(self) -> Message:
        """The form, and then nothing any more."""
        body, self._body = self._body, None
        if body is None:
            await anyio.sleep_forever()
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        """What the client gets."""
        self.got.append(message)
        await self._fate(len(self.got))


def streamed(wire: Wire, rules: Gateway = ORDINARY) -> Access:
    """The record of one stream over this wire."""
    records: list[Access] = []

    async def main(upstream: SocketServer) -> None:
        spec, options = replace(spec_of(upstream), gateway=rules), GatewayOptions(key=KEY, access=records.append)
        app = gateway(spec, options, environment=STAND.environment())
        async with app.running():
            await app(wire.scope, wire.receive, wire.send)

    with STAND.server() as upstream:
        anyio.run(main, upstream)
    (record,) = records
    return record


def test_a_client_that_stops_reading_its_stream_is_no_fault_of_ours() -> None:
    """It counts as one that has left."""

    async def stuck(number: int) -> None:
        if number > 2:
            await anyio.sleep_forever()

    record = streamed(Wire(stuck), Gateway(idle=Span(200)))
    assert (record.status, record.error, record.stream) == (499, None, True)


def test_a_fault_of_ours_in_the_middle_of_a_stream_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """The client is only told that there is one."""

    async def broken(number: int) -> None:
        if number == 3:
            raise RuntimeError("a fault of the wire")

    wire = Wire(broken)
    record = streamed(wire)
    assert (record.status, record.error) == (200, "internal_error")
    assert b"internal_error" in wire.got[-1]["body"]
    assert b"wire" not in wire.got[-1]["body"]
    assert [str(entry.exc_info[1]) for entry in caplog.records if entry.exc_info] == ["a fault of the wire"]
