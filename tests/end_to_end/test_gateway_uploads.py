"""Uploads over real sockets: forms cut anywhere, slow clients, clients that leave, and calls that start while the upload runs."""

import hashlib
import socket
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

import httpx
import pytest
from msgspec.structs import replace

from tests.conformance.behaviours import Behaviour, Drip, Honest, Reply
from tests.conformance.kit import STANDS
from tests.conformance.socket_server import SocketServer
from tests.end_to_end.gateway_process import in_thread
from tests.end_to_end.raw_uploads import RawClient, connected, cut, file_part, form, text_part, wait_until
from tests.sounds import tone
from voxplan.engine.language.condition import Condition, NumberRange
from voxplan.engine.language.gateway import Gateway, Urls
from voxplan.engine.language.spec import Branch, Deployment, Limits, Race, RouteNode, Spec
from voxplan.engine.terms.quantity import Size, Span
from voxplan.io_shell.gateway.app import GatewayOptions, gateway

KEY: Final = "sk-gateway-0123456789"
STAND: Final = STANDS["openai"]
TALK: Final = tone(60)
MODEL: Final = text_part("model", "whisper")
FORM: Final = form(MODEL, file_part(TALK))
HALF: Final = len(FORM) // 2
ORDINARY: Final = Gateway()
LONG: Final = Condition(audio_seconds=NumberRange(over=600))


def spec_of(first: Deployment, second: Deployment, rules: Gateway) -> Spec:
    """Routes that need nothing of the audio, one that asks for its length, and one that goes by the clock."""
    one, both = RouteNode(use="one"), (RouteNode(use="one"), RouteNode(use="two"))
    routes = {
        "whisper": RouteNode(first=both),
        "live": RouteNode(use="streaming"),
        "by-length": RouteNode(when=(Branch(if_=LONG, then=RouteNode(use="two")),), otherwise=one),
        "race": RouteNode(race=Race(among=both, stagger=Span(60_000))),
        "hurried": RouteNode(use="one", timeout=Span(400)),
        "patient": RouteNode(use="one", timeout=Span(6_000)),
        "once": RouteNode(use="one", replay="never"),
        "limited": RouteNode(use="scarce"),
    }
    streaming = Deployment(
        provider=first.provider, model="gpt-4o-mini-transcribe", base_url=first.base_url, api_key=first.api_key
    )
    scarce = replace(first, limits=Limits(concurrent=1))
    there = {"one": first, "two": second, "streaming": streaming, "scarce": scarce}
    return Spec(voxplan=1, deployments=there, routes=routes, gateway=rules)


@contextmanager
def served(first: SocketServer, second: SocketServer | None = None, rules: Gateway = ORDINARY) -> Generator[str]:
    """The gateway in front of these; its address."""
    deployments = [STAND.deployment(server, "whisper-1") for server in (first, second or first)]
    app = gateway(spec_of(deployments[0], deployments[1], rules), GatewayOptions(key=KEY), environment=STAND.environment())
    with in_thread(app) as address:
        yield address


def heard(server: SocketServer) -> list[str]:
    """The digests of the audio that the server was sent, once for each whole request."""
    return [seen.form.audio_sha256 for seen in server.seen if seen.form is not None]


def digest(data: bytes) -> str:
    """Its digest."""
    return hashlib.sha256(data).hexdigest()


def temporary_files() -> set[str]:
    """The descriptors of this process that point at files without a name, where the system tells."""
    if not Path("/proc/self/fd").is_dir():
        return set()
    links = [str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    return {link for link in links if "(deleted)" in link}


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Generator[None]:
    """No descriptor of an upload outlives its test."""
    before = temporary_files()
    yield
    assert temporary_files() <= before


def half_sent(client: RawClient, body: bytes = FORM, half: int = HALF) -> None:
    """The head of the request and one part of the form."""
    client.begin(len(body), KEY)
    client.send(body[:half])


Sending = Callable[[RawClient, bytes], None]


def at_once(client: RawClient, body: bytes) -> None:
    """All of it."""
    client.begin(len(body), KEY)
    client.send(body)


def byte_by_byte(client: RawClient, body: bytes) -> None:
    """One byte at a time."""
    client.begin(len(body), KEY)
    for piece in cut(body, 1):
        client.send(piece)


def chunked(client: RawClient, body: bytes) -> None:
    """In chunks of an odd size."""
    client.begin(None, KEY)
    client.send_chunks(cut(body, 777))


@pytest.mark.parametrize("sending", [at_once, byte_by_byte, chunked])
@pytest.mark.parametrize("model_first", [True, False])
def test_however_a_form_comes(sending: Sending, model_first: bool) -> None:
    """In one piece, in bytes, in chunks; the model before the file or after it."""
    audio = tone(0.2)
    parts = (MODEL, file_part(audio)) if model_first else (file_part(audio), MODEL)
    with STAND.server() as upstream, served(upstream) as address, connected(address) as client:
        sending(client, form(*parts))
        answer = client.answer()
        assert (answer.status, heard(upstream)) == (200, [digest(audio)])


@pytest.mark.slow
def test_thirty_megabytes() -> None:
    """They pass."""
    audio = tone(1000)[:24_000_000]
    with STAND.server() as upstream, served(upstream) as address, connected(address) as client:
        at_once(client, form(MODEL, file_part(audio)))
        assert client.answer().status == 200
        assert heard(upstream) == [digest(audio)]


def test_the_first_call_starts_while_the_upload_runs() -> None:
    """Nothing is answered before the form has ended; then one call was made, and it got every byte."""
    with STAND.server() as upstream, served(upstream) as address, connected(address) as client:
        half_sent(client)
        wait_until(lambda: upstream.connections == 1)
        assert (client.has_answer(), upstream.seen) == (False, [])
        client.send(FORM[HALF:])
        answer = client.answer()
        assert (answer.status, heard(upstream), upstream.connections) == (200, [digest(TALK)], 1)
        assert answer.headers["x-voxplan-attempts"] == "1"
        assert answer.headers["x-voxplan-served-by"] == "one"


def test_the_last_byte_of_the_audio_waits_for_the_end_of_the_form() -> None:
    """All of the file is here, the boundary after it is not: upstream's request stays open."""
    with STAND.server() as upstream, served(upstream) as address, connected(address) as client:
        half_sent(client, half=len(FORM) - 1)
        wait_until(lambda: upstream.connections == 1)
        assert upstream.seen == []
        client.send(FORM[-1:])
        assert client.answer().status == 200
        assert heard(upstream) == [digest(TALK)]


def test_a_stream_starts_early_too() -> None:
    """Its events come after the form."""
    body = form(text_part("model", "live"), text_part("stream", "true"), file_part(TALK))
    with STAND.server() as upstream, served(upstream) as address, connected(address) as client:
        half_sent(client, body)
        wait_until(lambda: upstream.connections == 1)
        client.send(body[HALF:])
        answer = client.answer()
        assert (answer.status, upstream.connections) == (200, 1)
        assert answer.headers["content-type"].startswith("text/event-stream")


MP3: Final = bytes.fromhex("fffb9064") + bytes(2_000_000)


@pytest.mark.parametrize(
    ("fields", "audio", "why"),
    [
        ([("model", "by-length")], MP3, "the length decides, and its head does not tell it"),
        ([("model", "race")], TALK, "a race goes by the clock"),
        ([("model", "once")], TALK, "the audio may be sent once only"),
        ([("model", "limited")], TALK, "others may want its place"),
        ([("model", "nowhere")], TALK, "there is no such route"),
        ([("model", "whisper"), ("temperature", "hot")], TALK, "a field is at fault"),
    ],
)
def test_some_requests_wait_for_the_end(fields: list[tuple[str, str]], audio: bytes, why: str) -> None:
    """Nothing is sent while the upload runs."""
    body = form(*(text_part(*field) for field in fields), file_part(audio))
    with STAND.server() as upstream, served(upstream) as address, connected(address) as client:
        half_sent(client, body)
        other = httpx.get(f"{address}/v1/models", headers={"authorization": f"Bearer {KEY}"})  # the gateway has had its time
        assert (other.status_code, upstream.connections) == (200, 0), why
        client.send(body[HALF:])
        assert client.answer().status in {200, 400, 404}


def test_a_length_that_the_head_tells_is_known() -> None:
    """A WAV header says it, so that a condition on it needs no more."""
    body = form(text_part("model", "by-length"), file_part(TALK))
    with STAND.server() as upstream, served(upstream) as address, connected(address) as client:
        half_sent(client, body)
        wait_until(lambda: upstream.connections == 1)
        client.send(body[HALF:])
        assert client.answer().headers["x-voxplan-served-by"] == "one"


FLAC: Final = (
    b"fLaC\x80\x00\x00\x22"
    + bytes.fromhex("10001000000000000000")
    + ((16_000 << 44) | (15 << 36) | 16_000 * 60).to_bytes(8, "big")
    + bytes(16)
    + bytes(200_000)
)
"""A minute, as its header says, which is looked at when all of it is there."""


def test_what_the_audio_tells_at_its_end_still_counts() -> None:
    """The plan did without its length; what the call came to is reckoned by it."""
    silent = Reply(200, b'{"text":"no usage"}')
    body = form(MODEL, file_part(FLAC, "talk.flac"))
    with STAND.server([silent]) as upstream, served(upstream) as address, connected(address) as client:
        half_sent(client, body, len(body) // 2)
        wait_until(lambda: upstream.connections == 1)
        client.send(body[len(body) // 2 :])
        answer = client.answer()
        assert (answer.status, answer.headers["x-voxplan-cost"], upstream.connections) == (200, "0.006", 1)


@pytest.mark.parametrize(
    "body",
    [
        form(MODEL, file_part(TALK), text_part("language", "en")),
        form(MODEL, file_part(TALK), end=b"--"),
        form(MODEL, file_part(TALK), end=b"--\r\nan epilogue"),
    ],
    ids=["a field after the file", "no line end", "an epilogue"],
)
def test_a_form_that_ends_otherwise_is_served_in_the_ordinary_way(body: bytes) -> None:
    """The early call never got its last byte; the one after the form has everything, and is the only one in the answer."""
    with STAND.server() as upstream, served(upstream) as address, connected(address) as client:
        half_sent(client, body)
        wait_until(lambda: upstream.connections == 1)
        client.send(body[HALF:])
        answer = client.answer()
        assert (answer.status, answer.headers["x-voxplan-attempts"]) == (200, "1")
        assert (heard(upstream), upstream.connections) == ([digest(TALK)], 2)


def test_a_form_that_ends_badly_is_refused() -> None:
    """And the early call is given up."""
    body = form(MODEL, file_part(TALK), end=b"--\r\n")
    broken = body[:-10] + b"X" * 10
    with STAND.server() as upstream, served(upstream) as address, connected(address) as client:
        half_sent(client, broken)
        wait_until(lambda: upstream.connections == 1)
        client.send(broken[HALF:])
        answer = client.answer()
        assert (answer.status, answer.error["code"]) == (400, "truncated_form")
        assert upstream.seen == []


def test_who_leaves_in_the_upload_cancels_the_call_and_leaves_nothing() -> None:
    """Upstream's request is broken off, and the spool is gone; the next request is served."""
    before = temporary_files()
    with STAND.server() as upstream, served(upstream) as address:
        with connected(address) as client:
            half_sent(client)
            wait_until(lambda: upstream.connections == 1)
        wait_until(lambda: temporary_files() == before)
        assert upstream.seen == []
        with connected(address) as client:
            at_once(client, FORM)
            assert client.answer().status == 200


def test_an_upload_over_the_limit_never_starts_a_call() -> None:
    """Its length says so before; and it is refused at the limit, not at its end."""
    rules = Gateway(largest_upload=Size(500_000))
    with STAND.server() as upstream, served(upstream, rules=rules) as address, connected(address) as client:
        half_sent(client)
        answer = client.answer()
        assert (answer.status, answer.error["code"], upstream.connections) == (413, "file_too_large", 0)


def test_a_body_whose_head_says_too_much_is_refused_before_it_is_sent() -> None:
    """Nobody sends two gigabytes in vain."""
    rules = Gateway(largest_upload=Size(500_000))
    with STAND.server() as upstream, served(upstream, rules=rules) as address, connected(address) as client:
        client.begin(2 << 30, KEY)
        answer = client.answer()
        assert (answer.status, answer.error["code"], answer.error["param"]) == (413, "file_too_large", "file")


def test_a_slow_client_is_refused_and_its_call_given_up() -> None:
    """408 after `idle`, on a connection that is closed then."""
    with STAND.server() as upstream, served(upstream, rules=Gateway(idle=Span(500))) as address, connected(address) as client:
        half_sent(client)
        wait_until(lambda: upstream.connections == 1)
        answer = client.answer()
        assert (answer.status, answer.headers["connection"], upstream.seen) == (408, "close", [])


def test_a_provider_is_not_blamed_for_a_slow_client() -> None:
    """A call that would be late because the upload is slow is given up before, and made anew when all is there."""
    body = form(text_part("model", "hurried"), file_part(TALK))
    with STAND.server() as upstream, served(upstream) as address, connected(address) as client:
        half_sent(client, body)
        wait_until(lambda: upstream.connections == 1)
        threading.Event().wait(0.6)  # longer than the call's whole time
        client.send(body[HALF:])
        answer = client.answer()
        assert (answer.status, answer.headers["x-voxplan-attempts"], upstream.connections) == (200, "1", 2)
        assert heard(upstream) == [digest(TALK)]


@pytest.mark.parametrize("size", [70_000, 100_000, 200_000])
def test_a_slow_provider_that_has_everything_is_not_called_twice(size: int) -> None:
    """What is sent at once may all be there before the call begins; how long it takes then is the provider's matter."""
    body = form(text_part("model", "patient"), file_part(TALK[:size]))
    slow = Drip(pause_s=0.02, text="drop by drop " * 6)  # longer than an upload may take beside such a call
    with STAND.server([slow]) as upstream, served(upstream) as address, connected(address) as client:
        at_once(client, body)
        answer = client.answer()
        assert (answer.status, answer.headers["x-voxplan-attempts"]) == (200, "1")
        assert heard(upstream) == [digest(TALK[:size])]


def test_who_reads_nothing_of_the_answer_is_cut_off() -> None:
    """Like one who has left: after `idle` nothing of the request is held any more, though the connection is still there."""
    before = temporary_files()
    long = Honest("so much to tell " * 2_000_000)
    with (
        STAND.server([long]) as upstream,
        served(upstream, rules=Gateway(idle=Span(500))) as address,
        connected(address) as client,
    ):
        at_once(client, FORM)
        wait_until(lambda: len(upstream.seen) == 1)
        wait_until(lambda: temporary_files() == before)


class Hasty:
    """An upstream that answers 401 as soon as it has seen the head of a request, and reads on."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.answered = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self._thread.join(10)

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\n{}")
            self.answered.set()
            while connection.recv(1 << 20):
                pass


def test_a_provider_that_answers_before_it_has_everything() -> None:
    """No deadlock: its refusal counts when the upload is over, and the fallback reads again from the start."""
    with Hasty() as hasty, STAND.server() as upstream:
        first = Deployment(provider="openai_compatible", model="large-v3", base_url=f"http://127.0.0.1:{hasty.port}/v1")
        spec = spec_of(first, STAND.deployment(upstream, "whisper-1"), ORDINARY)
        app = gateway(spec, GatewayOptions(key=KEY), environment=STAND.environment())
        with in_thread(app) as address, connected(address) as client:
            half_sent(client)
            assert hasty.answered.wait(10)
            client.send(FORM[HALF:])
            answer = client.answer()
            assert (answer.status, answer.headers["x-voxplan-served-by"], heard(upstream)) == (200, "two", [digest(TALK)])


@pytest.mark.parametrize("script", [[Reply(503, b"{}")], [Reply(429, b"{}")]])
def test_a_refusal_is_tried_again_from_the_start(script: Sequence[Behaviour]) -> None:
    """By the fallback of the same run."""
    with (
        STAND.server(list(script)) as upstream,
        STAND.server() as second,
        served(upstream, second) as address,
        connected(address) as client,
    ):
        half_sent(client)
        wait_until(lambda: upstream.connections == 1)
        client.send(FORM[HALF:])
        answer = client.answer()
        assert (answer.status, answer.headers["x-voxplan-served-by"]) == (200, "two")
        assert heard(second) == [digest(TALK)]


def test_what_the_early_run_came_to_is_told_after_the_form() -> None:
    """A failure too."""
    with STAND.server([Reply(503, b"{}")] * 2) as upstream, served(upstream) as address, connected(address) as client:
        half_sent(client)
        wait_until(lambda: upstream.connections == 1)
        client.send(FORM[HALF:])
        answer = client.answer()
        assert (answer.status, answer.headers["x-voxplan-attempts"]) == (503, "2")


def sound_server(_: object, text: str) -> Reply:
    """A server of recordings."""
    return Reply(200, TALK if text else b"", content_type="audio/wav")


def test_a_form_without_audio() -> None:
    """Says which field it lacks."""
    with STAND.server() as upstream, served(upstream) as address, connected(address) as client:
        at_once(client, form(MODEL))
        answer = client.answer()
        assert (answer.status, answer.error["param"]) == (400, "file")


def test_audio_by_its_address() -> None:
    """Where the spec allows it; never with a file, never from inside, and not at all without the spec's word."""
    allowed = Gateway(urls=Urls(networks=("127.0.0.0/8",)))
    headers = {"authorization": f"Bearer {KEY}"}
    with SocketServer(sound_server) as sounds, STAND.server() as upstream:
        url = f"http://127.0.0.1:{sounds.port}/talk.wav?signature=s3cret"
        fields = {"model": "whisper", "url": url}
        file = {"file": ("tone.wav", TALK, "audio/wav")}
        empty = {"x": (None, "")}
        for rules, files, said in (
            (allowed, file, "one request takes one recording"),
            (ORDINARY, empty, "no `gateway.urls`"),
            (Gateway(urls=Urls()), empty, "no public address"),
        ):
            with served(upstream, rules=rules) as address:
                sent = {name: (None, value) for name, value in fields.items()} | {k: v for k, v in files.items() if k == "file"}
                answer = httpx.post(f"{address}/v1/audio/transcriptions", files=sent, headers=headers, timeout=20)
                assert (answer.status_code, answer.json()["error"]["param"]) == (400, "url")
                assert said in answer.json()["error"]["message"]
                assert "s3cret" not in answer.text
        with served(upstream, rules=allowed) as address:
            sent = {name: (None, value) for name, value in fields.items()}
            answer = httpx.post(f"{address}/v1/audio/transcriptions", files=sent, headers=headers, timeout=20)
            assert (answer.status_code, answer.json()["text"], heard(upstream)) == (200, Honest().text, [digest(TALK)])
