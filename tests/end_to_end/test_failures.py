"""Real failures over real sockets: each maps to its kind, the fallback serves, and the trail tells the truth."""

import io
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import anyio
import pytest

import voxplan
from tests.conformance.behaviours import MISBEHAVIOURS, Behaviour, Drip, Hang, Honest, Reply
from tests.conformance.openai_server import OpenAIServer, refused_url
from tests.sounds import tone
from voxplan.engine.language.spec import Accept, Backoff, Deployment, Retry, RouteNode, Spec
from voxplan.engine.runs.run import Send, TrailEntry
from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.quantity import Span
from voxplan.io_shell.running import Happened

pytestmark = pytest.mark.anyio

# Long enough for an exchange on a busy machine, short enough to wait for.
SHORT: Final = Span(1_500)

KIND_OF: Final[dict[str, FailureKind]] = {
    "500": "server_error",
    "503": "overloaded",
    "429 with Retry-After": "rate_limited",
    "redirect": "not_found",
    "hang": "timed_out",
    "slow drip of the body": "timed_out",
    "truncated JSON": "bad_answer",
    "hang-up before an answer": "server_error",
    "reset in mid-answer": "server_error",
    "HTML with 200": "bad_answer",
    "other JSON with 200": "bad_answer",
    "nothing with 200": "bad_answer",
    "broken compression with 200": "bad_answer",
    "reset in mid-upload": "server_error",
}


AUDIO: Final = tone()


def spec_of(*urls: str, rules: RouteNode | None = None) -> Spec:
    """A route that tries the servers in order."""
    names = ("first", "second", "third")[: len(urls)]
    deployments = {
        name: Deployment(provider="openai_compatible", model="whisper-1", base_url=url, api_key="${KEY}")
        for name, url in zip(names, urls, strict=True)
    }
    children = tuple(RouteNode(use=name) for name in names)
    root = rules or RouteNode(timeout=SHORT)
    route = RouteNode(first=children, timeout=root.timeout, retry=root.retry, accept=root.accept, deadline=root.deadline)
    return Spec(voxplan=1, deployments=deployments, routes={"main": route})


async def transcribe(spec: Spec, key: str = OpenAIServer().key or "") -> voxplan.Answer:
    """One transcription of the tone."""
    async with voxplan.open(spec, environment={"KEY": key}) as vox:
        return await vox.transcribe(AUDIO, filename="tone.wav")


def told(trail: tuple[TrailEntry, ...]) -> list[tuple[str, str]]:
    """The trail as (deployment, kind or `accepted`)."""
    return [(entry.deployment, "accepted" if entry.failure is None else entry.failure.kind) for entry in trail]


@pytest.fixture
def healthy() -> Iterator[OpenAIServer]:
    """A server that always answers."""
    with OpenAIServer() as server:
        yield server


@pytest.mark.parametrize("name", MISBEHAVIOURS)
async def test_a_misbehaving_provider_fails_in_its_kind_and_the_fallback_serves(name: str, healthy: OpenAIServer) -> None:
    """Whatever the first does, the second is asked with the same audio."""
    with OpenAIServer(script=[MISBEHAVIOURS[name]] * 2) as broken:
        answer = await transcribe(spec_of(broken.url, healthy.url))
    assert told(answer.attempts) == [("first", KIND_OF[name]), ("second", "accepted")]
    assert (answer.served_by, answer.text) == ("second", Honest().text)
    form = healthy.seen[-1].form
    assert form is not None
    assert form.audio_bytes == len(AUDIO)


@pytest.mark.parametrize(("status", "kind"), [(200, "bad_answer"), (500, "server_error")])
@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"text": ' * 100_000, b'{"text": "", "x": ' + b"[" * 100_000])
async def test_json_that_nests_without_end_is_an_answer_like_any_other(
    status: int, kind: FailureKind, body: bytes, healthy: OpenAIServer
) -> None:
    """No provider's answer is our fault."""
    with OpenAIServer(script=[Reply(status, body)]) as broken:
        answer = await transcribe(spec_of(broken.url, healthy.url))
    assert told(answer.attempts) == [("first", kind), ("second", "accepted")]


async def test_a_redirect_is_told_as_one(healthy: OpenAIServer) -> None:
    """The model is known; the address is wrong."""
    with OpenAIServer(script=[MISBEHAVIOURS["redirect"]]) as moved:
        answer = await transcribe(spec_of(moved.url, healthy.url))
    failure = answer.attempts[0].failure
    assert failure is not None
    assert failure.reason.endswith(": redirects elsewhere")


async def test_a_refused_connection_was_not_sent(healthy: OpenAIServer) -> None:
    """The failure knows that nothing left."""
    answer = await transcribe(spec_of(refused_url(), healthy.url))
    failure = answer.attempts[0].failure
    assert failure is not None
    assert (failure.kind, failure.sent, failure.charged) == ("not_connected", "no", "no")


async def test_an_empty_transcript_is_an_answer_unless_a_gate_says_no(healthy: OpenAIServer) -> None:
    """Silence is silence; an author who knows better says `not_empty`."""
    for accept, trail in (
        (None, [("first", "accepted")]),
        (Accept(not_empty=True), [("first", "poor_quality"), ("second", "accepted")]),
    ):
        with OpenAIServer(script=[Honest(text="")]) as silent:
            rules = RouteNode(timeout=SHORT, accept=accept)
            answer = await transcribe(spec_of(silent.url, healthy.url, rules=rules))
        assert told(answer.attempts) == trail


async def test_retry_after_is_waited_for_within_patience() -> None:
    """The same deployment is called again, no sooner than it asked."""
    busy = Reply(429, b'{"error":{"message":"slow down"}}', headers=(("Retry-After", "1"),))
    with OpenAIServer(script=[busy, Honest()]) as server:
        rules = RouteNode(timeout=SHORT, retry=Retry(times=1, backoff=Backoff(base=Span(0), cap=Span(2_000))))
        answer = await transcribe(spec_of(server.url, rules=rules))
    assert told(answer.attempts) == [("first", "rate_limited"), ("first", "accepted")]
    assert answer.attempts[1].started_ms - answer.attempts[0].ended_ms >= 1_000


@pytest.mark.parametrize("behaviour", [Hang(), Drip()], ids=["hang", "drip"])
async def test_a_run_ends_by_its_deadline(behaviour: Behaviour) -> None:
    """Whatever the providers do; the error has the trail."""
    with OpenAIServer(script=[behaviour] * 2) as slow:
        rules = RouteNode(timeout=Span(60_000), deadline=Span(700))
        with pytest.raises(voxplan.ProviderError) as raised:
            await transcribe(spec_of(slow.url, slow.url, rules=rules))
    assert raised.value.kind == "timed_out"
    (entry,) = raised.value.attempts
    assert entry.ended_ms == 700
    assert [skipped.reason for skipped in raised.value.skipped] == ["too_little_time"]


async def test_a_wrong_key_is_refused_once_for_all_that_share_it() -> None:
    """Two deployments with one key and one address: the second is not asked."""
    with OpenAIServer() as server, pytest.raises(voxplan.ProviderError) as raised:
        await transcribe(spec_of(server.url, server.url), key="sk-wrong-0123456789abcdefghij")
    assert raised.value.kind == "unauthorized"
    assert len(server.seen) == 1
    assert [skipped.reason for skipped in raised.value.skipped] == ["credential_refused"]
    assert "sk-wrong" not in str(raised.value)


async def test_a_key_that_is_not_set_fails_before_anything_is_sent(healthy: OpenAIServer) -> None:
    """The message names the variable."""
    async with voxplan.open(spec_of(healthy.url), environment={}) as vox:
        with pytest.raises(voxplan.ProviderError, match="environment variable `KEY` is not set"):
            await vox.transcribe(AUDIO, filename="tone.wav")
    assert healthy.seen == []


async def test_a_deployment_that_keeps_failing_is_left_out_until_it_has_cooled() -> None:
    """After three failures in a row the next request goes to the second at once."""
    with OpenAIServer(script=[MISBEHAVIOURS["500"]] * 9) as broken, OpenAIServer() as healthy:
        async with voxplan.open(spec_of(broken.url, healthy.url), environment={"KEY": healthy.key or ""}) as vox:
            for _ in range(3):
                await vox.transcribe(AUDIO, filename="tone.wav")
            answer = await vox.transcribe(AUDIO, filename="tone.wav")
    assert told(answer.attempts) == [("second", "accepted")]
    assert [(left.deployments, left.reasons[0].code) for left in answer.plan.left_out] == [(("first",), "cooling")]


async def test_cancelled_in_mid_upload_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The call is observed as cancelled, which changes no health; no spool file stays."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes the connection and never reads
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/v1"
        rules = RouteNode(timeout=Span(60_000))
        async with voxplan.open(spec_of(url, rules=rules), environment={"KEY": "k"}) as vox:
            with anyio.move_on_after(0.5) as scope:
                await vox.transcribe(io.BytesIO(tone(200)), filename="tone.wav")
            assert scope.cancelled_caught
            seen = vox.view.of("first")
    assert (seen.circuit, seen.failures, seen.load.in_flight) == ("closed", 0, 0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fields", [{"api_key": "sk-live-0123456789"}, {"base_url": "http://bob:hunter2@127.0.0.1:1"}])
async def test_a_spec_made_in_python_holds_no_secret_either(fields: dict[str, str]) -> None:
    """It is refused like a document that holds one, and the message does not repeat it."""
    written = Deployment(provider="openai_compatible", model="m", **{"base_url": "http://127.0.0.1:1", **fields})  # type: ignore[arg-type]
    with pytest.raises(voxplan.SpecError) as raised:
        async with voxplan.open(Spec(voxplan=1, deployments={"a": written}, routes={"r": RouteNode(use="a")})):
            pass
    assert "sk-live" not in str(raised.value)
    assert "hunter2" not in str(raised.value)


async def test_an_address_is_checked_when_its_reference_is_filled_in() -> None:
    """Before the first request, without repeating what may be a password."""
    for value, said in (("http://bob:hunter2@127.0.0.1:1/v1", "without user and password"), ("nonsense", "expected a url")):
        with pytest.raises(voxplan.SpecError, match=said) as raised:
            async with voxplan.open(spec_of("${U}"), environment={"KEY": "k", "U": value}):
                pass
        assert "hunter2" not in str(raised.value)


async def test_a_closed_spec_says_so(healthy: OpenAIServer) -> None:
    """It starts nothing that nobody would stop."""
    async with voxplan.open(spec_of(healthy.url), environment={"KEY": "k"}) as vox:
        pass
    with pytest.raises(voxplan.RequestError, match="has been closed"):
        await vox.transcribe(AUDIO, filename="tone.wav")


async def test_a_failed_run_can_be_planned_again() -> None:
    """With its seed and moment."""
    with OpenAIServer(script=[MISBEHAVIOURS["500"]]) as broken:
        async with voxplan.open(spec_of(broken.url), environment={"KEY": broken.key or ""}) as vox:
            with pytest.raises(voxplan.ProviderError) as raised:
                await vox.transcribe(AUDIO, filename="tone.wav", seed=11)
    assert raised.value.seed == 11
    assert raised.value.moment_ms is not None


async def test_a_file_that_shrinks_while_it_is_sent_is_the_callers_fault(tmp_path: Path) -> None:
    """No provider's health suffers, and the failure says what happened."""
    path = tmp_path / "talk.wav"
    path.write_bytes(tone(200))

    def shrink(happened: Happened) -> None:
        if isinstance(happened.what, Send):
            path.write_bytes(tone(1))

    with OpenAIServer() as server:
        async with voxplan.open(spec_of(server.url), environment={"KEY": server.key or ""}) as vox:
            with pytest.raises(voxplan.RequestError, match="became shorter while it was read"):
                await vox.transcribe(path, observers=[shrink])
            seen = vox.view.of("first")
    assert (seen.circuit, seen.failures) == ("closed", 0)
