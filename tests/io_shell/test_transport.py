from collections.abc import AsyncIterator
from typing import Final

import anyio
import httpx
import pytest
from returns.result import Failure, Success

from tests.conformance.behaviours import MISBEHAVIOURS, Hang, Honest, Reply, Truncate
from tests.conformance.openai_server import KEY, OpenAIServer, refused_url
from tests.io_shell.audio_in_memory import AudioInMemory
from voxplan.adapters.providers import openai
from voxplan.adapters.wire import Call, Header, HttpRequest, HttpResponse, Multipart, Secret
from voxplan.engine.terms.failure import AttemptFailure, FailureKind
from voxplan.engine.terms.request import AudioFacts, Options
from voxplan.engine.terms.transcript import Transcript
from voxplan.io_shell.bodies import PIECE_BYTES
from voxplan.io_shell.transport import MISHAPS, HttpxTransport, new_client

pytestmark = pytest.mark.anyio

AUDIO: Final = AudioInMemory(bytes(i % 253 for i in range(200_000)))

# A deadline that a hanging server is given; long enough for the rest of the exchange on a busy machine.
SHORT_S: Final = 0.5

# The kind of each misbehaviour; None where only the caller's own deadline ends the attempt.
KIND_OF: Final[dict[str, FailureKind | None]] = {
    "500": "server_error",
    "503": "overloaded",
    "429 with Retry-After": "rate_limited",
    "redirect": "not_found",
    "hang": None,
    "slow drip of the body": None,
    "truncated JSON": "bad_answer",
    "reset in mid-answer": "server_error",
    "hang-up before an answer": "server_error",
    "HTML with 200": "bad_answer",
    "other JSON with 200": "bad_answer",
    "nothing with 200": "bad_answer",
    "broken compression with 200": "bad_answer",
    "reset in mid-upload": "server_error",
}


class Stalling(AudioInMemory):
    """Audio that stops coming after its first piece."""

    async def chunks(self, chunk_bytes: int = PIECE_BYTES) -> AsyncIterator[bytes]:
        """The first piece, then silence."""
        try:
            yield self.content[:chunk_bytes]
            await anyio.sleep_forever()
        finally:
            self.closed += 1


async def attempt(
    url: str, audio: AudioInMemory = AUDIO, key: str | None = KEY, transport: HttpxTransport | None = None
) -> Transcript | AttemptFailure:
    """One attempt of the OpenAI adapter over a real connection, as the shell makes it."""
    if transport is None:
        async with new_client(trust_env=False) as client:
            return await attempt(url, audio, key, HttpxTransport(client))
    exchange = openai.exchange(
        Call(provider="openai", model="whisper-1", options=Options(), audio=AudioFacts(), filename=audio.filename, base_url=url)
    )
    want = next(exchange)
    assert isinstance(want, HttpRequest)
    answer = await transport.send(want, audio, key)
    if isinstance(answer, Failure):
        return answer.failure()
    with pytest.raises(StopIteration) as stopped:
        exchange.send(answer.unwrap())
    ended: Success[Transcript] | Failure[AttemptFailure] = stopped.value.value
    return ended.unwrap() if isinstance(ended, Success) else ended.failure()


async def send(request: HttpRequest, key: str | None = KEY, **limits: int) -> HttpResponse | AttemptFailure:
    """One exchange without an adapter."""
    async with new_client(trust_env=False) as client:
        answer = await HttpxTransport(client, **limits).send(request, AUDIO, key)
        return answer.unwrap() if isinstance(answer, Success) else answer.failure()


def posted(url: str, *headers: Header) -> HttpRequest:
    """A request with a small form."""
    form = Multipart(fields=(("model", "whisper-1"),), file_field="file", filename="clip.wav", content_type="audio/wav")
    authorization = Header("authorization", Secret("Bearer "))
    return HttpRequest(method="POST", url=f"{url}/audio/transcriptions", headers=(authorization, *headers), body=form)


def kind(ended: object) -> FailureKind:
    """The kind of an attempt that must have failed."""
    assert isinstance(ended, AttemptFailure), ended
    return ended.kind


async def test_a_transcript_comes_back_and_the_right_bytes_went_out() -> None:
    """Fields before the file, the announced length, the audio byte for byte, the key in its header, nothing chunked."""
    with OpenAIServer([Honest("hello there")]) as server:
        ended = await attempt(server.url)
    assert isinstance(ended, Transcript)
    assert ended.text == "hello there"
    (seen,) = server.seen
    assert seen.form is not None
    assert seen.form.order == ("model", "response_format", "file")
    assert seen.form.audio_sha256 == AUDIO.sha256
    assert seen.headers["content-length"] == str(seen.body_bytes)
    assert "transfer-encoding" not in seen.headers
    assert seen.headers["authorization"] == f"Bearer {KEY}"


def test_every_misbehaviour_has_an_expected_kind() -> None:
    """No row of the server's table goes untested."""
    assert set(KIND_OF) == set(MISBEHAVIOURS)


@pytest.mark.parametrize("name", [name for name, expected in KIND_OF.items() if expected])
async def test_a_misbehaviour_is_its_kind_and_is_met_once(name: str) -> None:
    """Each way to fail is one kind, and nobody below the plan tries again."""
    with OpenAIServer([MISBEHAVIOURS[name]]) as server:
        ended = await attempt(server.url)
    assert kind(ended) == KIND_OF[name], ended
    assert len(server.seen) <= 1
    assert server.connections == 1


@pytest.mark.parametrize("name", [name for name, expected in KIND_OF.items() if not expected])
async def test_the_callers_deadline_ends_what_would_not_end(name: str) -> None:
    """A cancel scope around the attempt covers waiting for the head and reading the body."""
    with OpenAIServer([MISBEHAVIOURS[name]]) as server:
        with anyio.move_on_after(SHORT_S) as scope:
            await attempt(server.url)
        assert scope.cancelled_caught
        assert len(server.seen) == 1


async def test_a_refused_connection_sends_nothing() -> None:
    """Nobody listens: not connected, certainly not sent, certainly free."""
    ended = await attempt(refused_url())
    assert isinstance(ended, AttemptFailure)
    assert (ended.kind, ended.sent, ended.charged) == ("not_connected", "no", "no")


async def test_tls_that_cannot_be_agreed_on_is_no_connection() -> None:
    """A plain server behind an https address is not connected: nothing was sent."""
    with OpenAIServer() as server:
        ended = await attempt(server.url.replace("http:", "https:"))
    assert kind(ended) == "not_connected"


async def test_retry_after_reaches_the_failure() -> None:
    """The provider's wait arrives in milliseconds."""
    with OpenAIServer([MISBEHAVIOURS["429 with Retry-After"]]) as server:
        ended = await attempt(server.url)
    assert isinstance(ended, AttemptFailure)
    assert (ended.retry_after_ms, ended.status, ended.sent, ended.charged) == (7000, 429, "yes", "no")


async def test_a_wrong_key_is_unauthorized_and_never_shown() -> None:
    """The recorded 401, JSON under text/plain, without the key or any part of it."""
    with OpenAIServer() as server:
        ended = await attempt(server.url, key="sk-wrong-abcdefghijklmnop")
    assert isinstance(ended, AttemptFailure)
    assert (ended.kind, ended.status) == ("unauthorized", 401)
    assert "sk-" not in repr(ended)
    assert "mnop" not in repr(ended)


async def test_too_large_a_body_is_too_large() -> None:
    """413 counts the whole body."""
    with OpenAIServer(max_body_bytes=AUDIO.size) as server:
        assert kind(await attempt(server.url)) == "too_large"


@pytest.mark.parametrize("key", ["sk-plain-0123456789", 'k"uo/te\\d+0123456789', "word"])
async def test_an_echoed_key_is_taken_out_of_a_refusal(key: str) -> None:
    """In whatever spelling the server gives it back, in body or header, nobody downstream can read it."""
    as_json = key.replace("\\", "\\\\").replace('"', '\\"')
    body = f'{{"error": "you sent {as_json}, {as_json.replace("/", chr(92) + "/")} and {key}"}}'.encode()
    with OpenAIServer([Reply(400, body, headers=(("x-request-id", key),))], key=None) as server:
        ended = await send(posted(server.url), key)
    assert isinstance(ended, HttpResponse)
    assert key.encode() not in ended.body
    assert as_json.encode() not in ended.body
    assert ended.header("x-request-id") == "[removed]"


async def test_a_short_key_may_be_spoken() -> None:
    """A transcript keeps its words, even when somebody uses one of them as a key; a real key it loses."""
    body = b'{"text":"the password is sk-live-0123456789abcdef"}'
    with OpenAIServer([Reply(200, body), Reply(200, body)], key=None) as server:
        short, long = await send(posted(server.url), "password"), await send(posted(server.url), "sk-live-0123456789abcdef")
    assert isinstance(short, HttpResponse)
    assert isinstance(long, HttpResponse)
    assert short.body == body
    assert b"sk-live" not in long.body


@pytest.mark.parametrize("reset", [False, True])
async def test_a_broken_off_refusal_still_counts_as_a_refusal(reset: bool) -> None:
    """The status of an error says enough when its body does not arrive."""
    with OpenAIServer([Truncate(missing=5, reset=reset, body=b'{"error":{"message":"overloaded"}}', status=503)]) as server:
        assert kind(await attempt(server.url)) == "overloaded"


async def test_a_request_may_have_a_body_of_its_own() -> None:
    """Not every exchange uploads: bytes, or nothing, go out as they are."""
    with OpenAIServer([Reply(200, b"{}"), Reply(200, b"{}")]) as server:
        for request in (
            HttpRequest(method="GET", url=server.url, headers=()),
            HttpRequest(method="POST", url=server.url, headers=(Header("content-type", "application/json"),), body=b'{"a":1}'),
        ):
            assert isinstance(await send(request, None), HttpResponse)
    assert [(seen.method, seen.body_bytes) for seen in server.seen] == [("GET", 0), ("POST", 7)]


async def test_an_endless_answer_is_cut_off() -> None:
    """More than the cap is no transcript, and is not kept in memory."""
    with OpenAIServer([Reply(200, b"x" * 100_000)]) as server:
        ended = await send(posted(server.url), max_body_bytes=1000)
    assert kind(ended) == "bad_answer"


async def test_a_connection_is_used_again() -> None:
    """Two attempts, one connection, and nothing that the first answer set comes back with the second."""
    with OpenAIServer([Reply(200, b'{"text":""}', headers=(("Set-Cookie", "a=b"),))]) as server:
        async with new_client(trust_env=False) as client:
            transport = HttpxTransport(client)
            first = await attempt(server.url, transport=transport)
            second = await attempt(server.url, transport=transport)
    assert isinstance(first, Transcript)
    assert isinstance(second, Transcript)
    assert server.connections == 1
    assert "cookie" not in server.seen[1].headers
    assert {seen.form and seen.form.audio_sha256 for seen in server.seen} == {AUDIO.sha256}


async def test_an_upload_that_is_cancelled_lets_go_of_the_audio() -> None:
    """A deadline in mid-upload closes the reading, and the server hears no whole request."""
    audio = Stalling(b"x" * 500_000)
    with OpenAIServer() as server:
        with anyio.move_on_after(SHORT_S) as scope:
            await attempt(server.url, audio)
        assert scope.cancelled_caught
        assert server.seen == []
    assert audio.closed == 1


async def test_audio_that_changed_is_the_callers_matter() -> None:
    """A file that shrank under our hands would be refused everywhere."""
    with OpenAIServer() as server:
        ended = await attempt(server.url, AudioInMemory(b"x" * 1000, size=2000))
    assert kind(ended) == "invalid_request"
    assert server.seen == []


@pytest.mark.parametrize("key", ["clé-0123456789", "two\nlines", None, "  "])
async def test_a_key_that_no_header_can_carry_is_refused_here(key: str | None) -> None:
    """Nothing is sent, and the message does not show the key."""
    ended = await send(posted("http://127.0.0.1:9"), key)
    assert isinstance(ended, AttemptFailure)
    assert (ended.kind, ended.sent) == ("unauthorized", "no")
    assert key is None or not key.strip() or key not in ended.reason


@pytest.mark.parametrize("value", ["Žižkov", "org-1\nx-other: 1", "org\0"])
async def test_a_setting_that_no_header_can_carry_is_no_bug_of_the_adapter(value: str) -> None:
    """The failure names the header, and not what was to stand in it."""
    ended = await send(posted("http://127.0.0.1:9", Header("openai-organization", value)))
    assert isinstance(ended, AttemptFailure)
    assert (ended.kind, ended.sent) == ("unauthorized", "no")
    assert ended.reason == "the header `openai-organization` would hold characters that no header can carry"


async def test_space_around_a_key_does_no_harm() -> None:
    """An exported key often ends in a newline."""
    with OpenAIServer() as server:
        assert isinstance(await attempt(server.url, key=f"{KEY}\n"), Transcript)


async def test_a_password_in_the_address_does_not_replace_the_key() -> None:
    """The key stands in the header, where httpx would write the password."""
    with OpenAIServer() as server:
        assert isinstance(await attempt(server.url.replace("//", "//user:secret@")), Transcript)
    assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("url", ["ftp://example.org", "http://", "http://[::1", "//x", "http://a\x00b"])
async def test_an_address_that_is_none_is_told_loudly(url: str) -> None:
    """Whatever an environment variable holds, the outcome is `not_found` and nothing was sent."""
    ended = await send(posted(url))
    assert isinstance(ended, AttemptFailure)
    assert (ended.kind, ended.sent) == ("not_found", "no")


async def test_a_header_that_is_none_is_our_fault() -> None:
    """A request that is no HTTP never looks like the provider's failure, and is not quoted."""
    with OpenAIServer() as server:
        ended = await send(posted(server.url, Header("x broken", "a")))
    assert isinstance(ended, AttemptFailure)
    assert (ended.kind, ended.reason) == ("adapter_bug", "the request was no valid HTTP")


async def test_our_own_full_pool_is_not_the_providers_overload() -> None:
    """When all connections are taken, nothing was sent."""
    limits = httpx.Limits(max_connections=1)
    with OpenAIServer([Hang()]) as server:
        async with httpx.AsyncClient(limits=limits, timeout=httpx.Timeout(None, pool=0.05), trust_env=False) as client:
            transport = HttpxTransport(client)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(attempt, server.url, AUDIO, KEY, transport)
                with anyio.fail_after(10):
                    while not server.connections:
                        await anyio.lowlevel.checkpoint()
                ended = await attempt(server.url, transport=transport)
                assert isinstance(ended, AttemptFailure)
                assert (ended.kind, ended.sent) == ("not_connected", "no")
                tasks.cancel_scope.cancel()


async def test_the_backstop_for_silence_is_a_timeout() -> None:
    """Where no caller's scope ends the wait, httpx does, and the audio is known to have left."""
    with OpenAIServer([Hang()]) as server:
        async with httpx.AsyncClient(timeout=httpx.Timeout(10, read=0.1), trust_env=False) as client:
            ended = await attempt(server.url, transport=HttpxTransport(client))
    assert isinstance(ended, AttemptFailure)
    assert (ended.kind, ended.sent) == ("timed_out", "yes")


def test_every_exception_of_httpx_is_in_the_table() -> None:
    """A new version of httpx cannot bring an exception that means nothing here."""
    exported = [getattr(httpx, name) for name in httpx.__all__]
    raised = {each for each in exported if isinstance(each, type) and issubclass(each, Exception)}
    assert raised - set(MISHAPS) == set()
