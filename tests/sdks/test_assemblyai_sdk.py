"""The official client of AssemblyAI, pointed at the kit: proof that the kit is what it says."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.conformance.assemblyai_wire import AssemblyAIWire
from tests.conformance.socket_server import SocketServer
from tests.end_to_end.test_failures import AUDIO

assemblyai = pytest.importorskip("assemblyai")
pytestmark = pytest.mark.filterwarnings("ignore")

HEARD = "The quick brown fox jumps over the lazy dog."


@pytest.fixture
def wire() -> AssemblyAIWire:
    """The account."""
    return AssemblyAIWire()


@pytest.fixture
def server(wire: AssemblyAIWire) -> Iterator[SocketServer]:
    """Its server."""
    with SocketServer(wire) as server:
        yield server


@contextmanager
def transcriber(server: SocketServer, key: str = AssemblyAIWire.key, **config: Any) -> Generator[Any, None, None]:  # noqa: ANN401 - the client's own
    """A client that takes the server for AssemblyAI, does not wait long between two looks, and closes what it has opened."""
    settings = assemblyai.Settings(api_key=key, base_url=f"http://127.0.0.1:{server.port}", polling_interval=0.1)
    asked = assemblyai.TranscriptionConfig(**{"speech_models": ["universal-3-pro"], **config})
    client = assemblyai.Client(settings=settings)
    with client.http_client:
        yield assemblyai.Transcriber(client=client, config=asked)


def test_the_client_hears_the_text_its_words_and_its_speakers(server: SocketServer, wire: AssemblyAIWire) -> None:
    """It uploads, submits and asks until the job is done."""
    with transcriber(server, language_detection=True, speaker_labels=True, keyterms_prompt=["fox"]) as asking:
        answer = asking.transcribe(AUDIO)
    assert answer.text == HEARD
    assert [(row.speaker, row.start) for row in answer.utterances][:3] == [("A", 0), ("B", 1000), ("A", 2000)]
    assert answer.words[1].end == 900
    assert len(wire.uploads) == len(wire.jobs) == 1
    assert [seen.method for seen in server.seen] == ["POST", "POST", "GET", "GET", "GET"]


def test_a_failed_job_says_why(server: SocketServer, wire: AssemblyAIWire) -> None:
    """Under 200."""
    wire.fails = "Audio duration is too short."
    with transcriber(server, language_code="en") as asking:
        answer = asking.transcribe(AUDIO)
    assert (answer.status, answer.error) == (assemblyai.TranscriptStatus.error, "Audio duration is too short.")


def test_a_wrong_key_is_refused(server: SocketServer) -> None:
    """At the upload."""
    with transcriber(server, "another") as asking, pytest.raises(assemblyai.TranscriptError, match="Authentication error"):
        asking.transcribe(AUDIO)


@pytest.mark.parametrize(
    "wrong",
    [
        {"speech_models": ["universal-0"]},
        {"language_code": "fi"},
        {"prompt": "a ship", "keyterms_prompt": ["fox"]},
        {"temperature": 0.5, "speech_models": ["universal-2"]},
    ],
)
def test_a_wrong_option_is_refused(server: SocketServer, wrong: dict[str, Any]) -> None:
    """At the job."""
    with transcriber(server, **wrong) as asking, pytest.raises(assemblyai.TranscriptError):
        asking.transcribe(AUDIO)
