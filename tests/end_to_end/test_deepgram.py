"""Deepgram over real sockets: what is asked for arrives there, and what comes back is what was asked for."""

import hashlib

import pytest

import voxplan
from tests.conformance.behaviours import Honest, Reply
from tests.conformance.deepgram_wire import REQUEST_ID, STAND, DeepgramWire
from tests.conformance.socket_server import SocketServer
from tests.end_to_end.one_deployment import AUDIO, There
from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.request import ResponseFormat

pytestmark = pytest.mark.anyio

HEARD = Honest().text


async def test_the_audio_arrives_as_it_is() -> None:
    """With all options in the query; a name of the exchange and the seconds come back."""
    with STAND.server() as server:
        answer = await There(STAND, server).transcribe(keywords=["fox", "red deer"])
        (seen,) = server.seen
    assert hashlib.sha256(seen.body).digest() == hashlib.sha256(AUDIO).digest()
    assert seen.headers["content-type"].startswith("audio/")
    assert seen.query == (
        ("model", "nova-3"),
        ("detect_language", "true"),
        ("keyterm", "fox"),
        ("keyterm", "red deer"),
        ("smart_format", "true"),
    )
    said = answer.transcript
    assert (said.text, said.language, said.request_id, said.seconds) == (HEARD, "en", REQUEST_ID, 4.5)


@pytest.mark.parametrize(
    ("response_format", "begins"),
    [
        ("text", "The quick"),
        ("srt", "1\n00:00:00,000 --> 00:00:04,400\n"),
        ("vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:04.400\n"),
        ("verbose_json", '{"task":"transcribe",'),
        ("diarized_json", '{"task":"transcribe",'),
    ],
)
async def test_every_format(response_format: ResponseFormat, begins: str) -> None:
    """None of which Deepgram knows."""
    with STAND.server() as server:
        answer = await There(STAND, server).transcribe(response_format=response_format, language="en")
    written = answer.render()
    assert written.startswith(begins)
    assert ('"speaker":"B"' in written) is (response_format == "diarized_json")


@pytest.mark.parametrize("model", [STAND.model, *STAND.others])
async def test_every_model_takes_what_is_asked_of_all(model: str) -> None:
    """Words, speakers, a language with a region, one out of several."""
    with STAND.server() as server:
        there = There(STAND, server, model)
        answer = await there.transcribe(timestamps=["word"], diarize=True, languages=["en", "de"])
        await there.transcribe(language="en-GB")
    assert [(word.word, word.speaker) for word in answer.words or ()][1:3] == [("quick", "0"), ("brown", "1")]


async def test_channels_are_transcribed_apart() -> None:
    """Where the deployment says so."""
    with SocketServer(DeepgramWire(channels=2)) as server:
        answer = await There(STAND, server, options={"multichannel": True}).transcribe(timestamps=["segment"])
    assert answer.text == f"{HEARD}\n{HEARD}"
    assert [segment.speaker for segment in answer.segments or ()] == ["channel 0", "channel 1"]


@pytest.mark.parametrize(
    ("wire", "options", "kind"),
    [
        (DeepgramWire(key="another"), {}, "unauthorized"),
        (DeepgramWire(money=False), {}, "out_of_quota"),
        (DeepgramWire(max_body_bytes=10), {}, "too_large"),
        (DeepgramWire(), {"no_such_option": True}, "unsupported"),
    ],
)
async def test_each_refusal_has_its_kind(wire: DeepgramWire, options: dict[str, bool], kind: FailureKind) -> None:
    """In Deepgram's own words."""
    with SocketServer(wire) as server, pytest.raises(voxplan.ProviderError) as raised:
        await There(STAND, server, options=options).transcribe()
    assert raised.value.kind == kind


async def test_a_busy_server_says_so() -> None:
    """And when to come again, if it knows."""
    busy = Reply(429, b'{"err_code":"TOO_MANY_REQUESTS","err_msg":"wait"}', headers=(("Retry-After", "3"),))
    with STAND.server([busy]) as server, pytest.raises(voxplan.ProviderError) as raised:
        await There(STAND, server).transcribe()
    assert raised.value.kind == "rate_limited"
