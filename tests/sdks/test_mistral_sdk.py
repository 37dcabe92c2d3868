"""Mistral's own client against the kit's Mistral: what the kit takes and gives is what the client sends and reads."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.behaviours import Honest
from tests.conformance.mistral_wire import STAND
from tests.conformance.socket_server import SocketServer
from tests.sounds import tone

client_module = pytest.importorskip("mistralai.client")
errors = pytest.importorskip("mistralai.client.errors")
pytestmark = pytest.mark.filterwarnings("ignore")

MODEL = STAND.model


@pytest.fixture
def server() -> Iterator[SocketServer]:
    """The kit's Mistral."""
    with STAND.server() as running:
        yield running


def transcriptions(server: SocketServer, key: str | None = STAND.key) -> Any:  # noqa: ANN401 - the client is optional
    """The client's transcriptions."""
    return client_module.Mistral(api_key=key, server_url=f"http://127.0.0.1:{server.port}").audio.transcriptions


def test_the_client_reads_a_transcript(server: SocketServer) -> None:
    """Text, times, speakers and usage, with every option that the client has."""
    file = {"content": tone(), "file_name": "tone.wav"}
    said = transcriptions(server).complete(
        model=MODEL,
        file=file,
        language="en",
        temperature=0.5,
        diarize=True,
        context_bias=["Ada", "New_York"],
        timestamp_granularities=["word"],
    )
    assert said.text == Honest().text
    assert [row.text.strip() for row in said.segments] == Honest().text.split()
    assert {row.speaker_id for row in said.segments} == {"speaker_1", "speaker_2"}
    assert (said.segments[1].start, said.segments[1].end) == (0.5, 0.9)
    assert said.usage.prompt_audio_seconds == 4


def test_the_client_reads_a_stream(server: SocketServer) -> None:
    """The deltas are the text, and the last event has all of it."""
    file = {"content": tone(), "file_name": "tone.wav"}
    with transcriptions(server).stream(model=MODEL, file=file, timestamp_granularities=["segment"]) as stream:
        events = list(stream)
    assert "".join(event.data.text for event in events if event.event == "transcription.text.delta") == Honest().text
    assert [event.event for event in events[-2:]] == ["transcription.segment", "transcription.done"]
    assert events[-1].data.text == Honest().text


@pytest.mark.parametrize(
    ("key", "wrong", "status"),
    [
        ("sk-wrong", {}, 401),
        (STAND.key, {"temperature": 7.0}, 422),
        (STAND.key, {"context_bias": ["New York"]}, 422),
        (STAND.key, {"timestamp_granularities": ["word", "segment"]}, 422),
        (STAND.key, {"model": "voxtral-huge"}, 400),
    ],
)
def test_the_client_is_refused(server: SocketServer, key: str, wrong: dict[str, object], status: int) -> None:
    """A wrong key, a wrong value, a wrong model: the client raises its own error."""
    options = {"model": MODEL, "file": {"content": tone(), "file_name": "tone.wav"}, **wrong}
    with pytest.raises(errors.SDKError) as raised:
        transcriptions(server, key).complete(**options)
    assert raised.value.status_code == status
