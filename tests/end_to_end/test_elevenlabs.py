"""ElevenLabs over real sockets: what is asked for arrives there, and what comes back is what was asked for."""

import hashlib

import pytest

import voxplan
from tests.conformance.behaviours import Honest
from tests.conformance.elevenlabs_wire import STAND, TRANSCRIPTION_ID, ElevenLabsWire
from tests.conformance.socket_server import SocketServer
from tests.end_to_end.one_deployment import AUDIO, There
from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.request import ResponseFormat

pytestmark = pytest.mark.anyio

HEARD = Honest().text


async def test_the_audio_arrives_in_a_form() -> None:
    """With all options beside it; a name of the exchange and the seconds come back."""
    with STAND.server() as server:
        answer = await There(STAND, server).transcribe(language="deu", keywords=["fox", "red deer"], temperature=0.5)
        (seen,) = server.seen
    assert seen.form is not None
    assert seen.form.audio_sha256 == hashlib.sha256(AUDIO).hexdigest()
    assert seen.form.fields == (
        ("model_id", "scribe_v2"),
        ("language_code", "de"),
        ("timestamps_granularity", "word"),
        ("tag_audio_events", "false"),
        ("temperature", "0.5"),
        ("keyterms", "fox"),
        ("keyterms", "red deer"),
    )
    said = answer.transcript
    assert (said.text, said.language, said.request_id, said.seconds) == (HEARD, "en", TRANSCRIPTION_ID, 4.5)


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
    """Of segments that are made of words."""
    with STAND.server() as server:
        answer = await There(STAND, server).transcribe(response_format=response_format)
    written = answer.render()
    assert written.startswith(begins)
    assert ('"speaker":"B"' in written) is (response_format == "diarized_json")


@pytest.mark.parametrize("model", [STAND.model, *STAND.others])
async def test_every_model_takes_what_is_asked_of_all(model: str) -> None:
    """Words and speakers."""
    with STAND.server() as server:
        answer = await There(STAND, server, model).transcribe(timestamps=["word"], diarize=True)
    assert [(word.word, word.speaker) for word in answer.words or ()][1:3] == [("quick", "speaker_0"), ("brown", "speaker_1")]


async def test_sounds_are_tagged_where_the_deployment_says_so() -> None:
    """They are no words."""
    with STAND.server() as server:
        there = There(STAND, server, options={"tag_audio_events": True, "enable_logging": False})
        answer = await there.transcribe(timestamps=["word"])
    assert answer.text == f"{HEARD} (laughter)"
    assert [word.word for word in answer.words or ()][-1] == "dog."


async def test_channels_are_transcribed_apart() -> None:
    """Where the deployment says so."""
    with SocketServer(ElevenLabsWire(channels=2)) as server:
        answer = await There(STAND, server, options={"use_multi_channel": True}).transcribe(timestamps=["segment"])
    assert answer.text == f"{HEARD}\n{HEARD}"
    assert {word.speaker for word in answer.words or ()} == {"channel 0 speaker_0", "channel 1 speaker_1"}


@pytest.mark.parametrize(
    ("wire", "options", "kind"),
    [
        (ElevenLabsWire(key="another"), {}, "unauthorized"),
        (ElevenLabsWire(credits=False), {}, "out_of_quota"),
        (ElevenLabsWire(max_body_bytes=10), {}, "too_large"),
        (ElevenLabsWire(), {"no_such_field": True}, "unsupported"),
        (ElevenLabsWire(), {"num_speakers": 33}, "unsupported"),
    ],
)
async def test_each_refusal_has_its_kind(wire: ElevenLabsWire, options: dict[str, bool | int], kind: FailureKind) -> None:
    """Out of credits is no wrong key, though both come under 401."""
    with SocketServer(wire) as server, pytest.raises(voxplan.ProviderError) as raised:
        await There(STAND, server, options=options).transcribe()
    assert raised.value.kind == kind
