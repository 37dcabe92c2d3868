"""Mistral over real sockets: every option and every format, and what becomes of its refusals."""

from typing import Final, Unpack

import pytest

import voxplan
from tests.conformance.behaviours import Honest, Reply
from tests.conformance.mistral_wire import STAND, MistralWire
from tests.conformance.socket_server import SocketServer
from tests.conformance.stands import KEY_NAME
from tests.sounds import tone
from voxplan.adapters.rendering.events import Delta
from voxplan.engine.language.spec import RouteNode, Spec
from voxplan.engine.terms.request import ResponseFormat
from voxplan.io_shell.options import TranscribeOptions

pytestmark = pytest.mark.anyio

AUDIO: Final = tone()
KEY: Final = "sk-test-0123456789abcdef"


def spec_of(server: SocketServer, model: str | None = None) -> Spec:
    """A spec of one deployment there."""
    return Spec(voxplan=1, deployments={"here": STAND.deployment(server, model)}, routes={"main": RouteNode(use="here")})


async def transcribe(
    server: SocketServer, secret: str = KEY, model: str | None = None, **options: Unpack[TranscribeOptions]
) -> voxplan.Answer:
    """One transcription there."""
    async with voxplan.open(spec_of(server, model), environment={KEY_NAME: secret}) as vox:
        wanted: TranscribeOptions = {"filename": "tone.wav", **options}
        return await vox.transcribe(AUDIO, **wanted)


async def test_text_usage_and_the_name_of_the_exchange() -> None:
    """What Mistral says of a call comes along."""
    with STAND.server() as server:
        answer = await transcribe(server, language="en", temperature=0.5)
    assert answer.text == Honest().text
    assert answer.transcript.request_id == "01a01a72-test"
    assert answer.transcript.usage is not None
    assert (answer.transcript.usage.seconds, answer.transcript.usage.audio_tokens) == (4, 375)


async def test_words_and_speakers() -> None:
    """Asked for together: words with times, each with its speaker."""
    with STAND.server() as server:
        answer = await transcribe(server, timestamps=["word"], diarize=True, keywords=["Ada", "New York"])
        (seen,) = server.seen
    assert [(word.word, word.start, word.speaker) for word in (answer.words or ())][:3] == [
        ("The", 0.0, "speaker_1"),
        ("quick", 0.5, "speaker_1"),
        ("brown", 1.0, "speaker_2"),
    ]
    assert seen.form is not None
    assert seen.form.values("context_bias") == ("Ada", "New_York")


@pytest.mark.parametrize(
    ("response_format", "begins"),
    [
        ("text", "The quick"),
        ("srt", "1\n00:00:00,000 --> 00:00:04,500\n"),
        ("vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:04.500\n"),
        ("verbose_json", '{"task":"transcribe","duration":4.5,'),
        ("diarized_json", '{"task":"transcribe","duration":4.5,'),
    ],
)
async def test_every_format(response_format: ResponseFormat, begins: str) -> None:
    """None of which Mistral knows."""
    with STAND.server() as server:
        answer = await transcribe(server, response_format=response_format)
    assert answer.render().startswith(begins)
    if response_format == "diarized_json":
        assert '"speaker":"A"' in answer.render()
        assert '"speaker":"B"' in answer.render()


async def test_a_stream_is_passed_on_and_ends_in_the_same_answer() -> None:
    """Its deltas are the text, and in the end there is everything, with the language besides."""
    with STAND.server() as server:
        async with voxplan.open(spec_of(server), environment={KEY_NAME: KEY}) as vox:
            async with vox.stream(AUDIO, filename="tone.wav", timestamps=["segment"]) as stream:
                deltas = [event.text async for event in stream if isinstance(event, Delta)]
            answer = stream.answer
        (seen,) = server.seen
    assert seen.form is not None
    assert seen.form.value("stream") == "true"
    assert "".join(deltas) == answer.text == Honest().text
    assert (len(deltas), answer.language) == (len(Honest().text.split()), "en")
    assert [(row.text, row.start, row.end) for row in answer.segments or ()] == [(Honest().text, 0.0, 4.5)]


@pytest.mark.parametrize(("secret", "model", "kind"), [("sk-wrong", None, "unauthorized"), (KEY, "voxtral-huge", "not_found")])
async def test_refusals(secret: str, model: str | None, kind: str) -> None:
    """A wrong key and a wrong model, as Mistral words them."""
    with STAND.server() as server, pytest.raises(voxplan.ProviderError) as raised:
        await transcribe(server, secret, model)
    assert raised.value.kind == kind


async def test_too_much_is_too_large() -> None:
    """Whatever the limit is, its status says so."""
    with SocketServer(MistralWire(max_body_bytes=1000)) as server, pytest.raises(voxplan.ProviderError) as raised:
        await transcribe(server)
    assert raised.value.kind == "too_large"


async def test_a_model_without_room_is_overloaded() -> None:
    """Under 429 like a limit, and yet none."""
    full = b'{"object":"error","message":"Service tier capacity exceeded for this model.","type":"invalid_request_error"}'
    with STAND.server([Reply(429, full)]) as server, pytest.raises(voxplan.ProviderError) as raised:
        await transcribe(server)
    assert raised.value.kind == "overloaded"
