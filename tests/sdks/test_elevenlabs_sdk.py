"""The official client of ElevenLabs, pointed at the kit: proof that the kit is what it says."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.conformance.elevenlabs_wire import ElevenLabsWire
from tests.conformance.socket_server import SocketServer
from tests.end_to_end.test_failures import AUDIO

elevenlabs = pytest.importorskip("elevenlabs")
pytestmark = pytest.mark.filterwarnings("ignore")

HEARD = "The quick brown fox jumps over the lazy dog."


@contextmanager
def client(server: SocketServer, key: str = ElevenLabsWire.key) -> Generator[Any, None, None]:
    """A client that takes the server for ElevenLabs, and closes what it has opened."""
    with httpx.Client() as http:
        yield elevenlabs.ElevenLabs(api_key=key, base_url=f"http://127.0.0.1:{server.port}", httpx_client=http)


def test_the_client_hears_the_text_its_words_and_its_speakers() -> None:
    """With every field that the adapter sends."""
    with SocketServer(ElevenLabsWire()) as server, client(server) as asking:
        answer = asking.speech_to_text.convert(
            file=("tone.wav", AUDIO, "audio/wav"),
            model_id="scribe_v2",
            language_code="en",
            tag_audio_events=False,
            timestamps_granularity="word",
            diarize=True,
            temperature=0.5,
            keyterms=["fox", "lazy dog"],
        )
    assert (answer.text, answer.language_code) == (HEARD, "eng")
    words = [word for word in answer.words if word.type == "word"]
    assert [word.text for word in words] == HEARD.split()
    assert [word.speaker_id for word in words[:3]] == ["speaker_0", "speaker_0", "speaker_1"]


def test_sounds_are_tagged_unless_one_says_no() -> None:
    """That is the service's default."""
    with SocketServer(ElevenLabsWire()) as server, client(server) as asking:
        answer = asking.speech_to_text.convert(file=("tone.wav", AUDIO, "audio/wav"), model_id="scribe_v2")
    assert answer.text == f"{HEARD} (laughter)"
    assert answer.words[-1].type == "audio_event"


def test_channels_are_transcribed_apart() -> None:
    """One transcript for each."""
    with SocketServer(ElevenLabsWire(channels=2)) as server, client(server) as asking:
        speech = asking.speech_to_text
        answer = speech.convert(file=("tone.wav", AUDIO, "audio/wav"), model_id="scribe_v2", use_multi_channel=True)
    assert [chunk.channel_index for chunk in answer.transcripts] == [0, 1]


def test_a_wrong_key_is_refused() -> None:
    """As the client knows it."""
    with (
        SocketServer(ElevenLabsWire()) as server,
        client(server, "another") as asking,
        pytest.raises(elevenlabs.core.ApiError) as raised,
    ):
        asking.speech_to_text.convert(file=("tone.wav", AUDIO, "audio/wav"), model_id="scribe_v2")
    assert (raised.value.status_code, raised.value.body["detail"]["status"]) == (401, "invalid_api_key")


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"temperature": 3.0}, 422),
        ({"keyterms": ["a " * 6]}, 422),
        ({"model_id": "scribe_v0"}, 400),
        ({"language_code": "German"}, 400),
    ],
)
def test_a_wrong_option_is_refused(wrong: dict[str, object], status: int) -> None:
    """In FastAPI's way, or in the service's own."""
    with SocketServer(ElevenLabsWire()) as server, client(server) as asking, pytest.raises(elevenlabs.core.ApiError) as raised:
        asking.speech_to_text.convert(file=("tone.wav", AUDIO, "audio/wav"), **{"model_id": "scribe_v2", **wrong})
    assert raised.value.status_code == status
