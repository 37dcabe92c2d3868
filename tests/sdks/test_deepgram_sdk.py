"""The official client of Deepgram, pointed at the kit: proof that the kit is what it says."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.conformance.deepgram_wire import DeepgramWire
from tests.conformance.socket_server import SocketServer
from tests.end_to_end.test_failures import AUDIO

deepgram = pytest.importorskip("deepgram")
pytestmark = pytest.mark.filterwarnings("ignore")

HEARD = "The quick brown fox jumps over the lazy dog."


@contextmanager
def client(server: SocketServer, key: str = DeepgramWire.key) -> Generator[Any, None, None]:
    """A client that takes the server for Deepgram, and closes what it has opened."""
    url = f"http://127.0.0.1:{server.port}"
    environment = deepgram.DeepgramClientEnvironment(base=url, agent=url, production=url, agent_rest=url)
    with httpx.Client() as http:
        yield deepgram.DeepgramClient(api_key=key, environment=environment, httpx_client=http)


def test_the_client_hears_the_text_its_words_and_its_speakers() -> None:
    """With every option that the adapter sends."""
    with SocketServer(DeepgramWire()) as server, client(server) as asking:
        answer = asking.listen.v1.media.transcribe_file(
            request=AUDIO,
            model="nova-3",
            smart_format=True,
            utterances=True,
            diarize_model="latest",
            detect_language=True,
            keyterm=["fox", "lazy dog"],
        )
    channel = answer.results.channels[0]
    assert channel.alternatives[0].transcript == HEARD
    assert channel.alternatives[0].words[1].speaker == 0
    assert channel.detected_language == "en"
    assert [row.speaker for row in answer.results.utterances] == [0, 1, 0, 1, 0]


def test_a_wrong_key_is_refused() -> None:
    """As the client knows it."""
    with (
        SocketServer(DeepgramWire()) as server,
        client(server, "another") as asking,
        pytest.raises(deepgram.core.ApiError) as raised,
    ):
        asking.listen.v1.media.transcribe_file(request=AUDIO, model="nova-3")
    assert (raised.value.status_code, raised.value.body["err_code"]) == (401, "INVALID_AUTH")


@pytest.mark.parametrize("wrong", [{"keywords": ["fox:2"]}, {"model": "nova-9"}, {"language": "de_DE"}])
def test_a_wrong_option_is_refused(wrong: dict[str, object]) -> None:
    """Keywords are for older models."""
    with SocketServer(DeepgramWire()) as server, client(server) as asking, pytest.raises(deepgram.core.ApiError) as raised:
        asking.listen.v1.media.transcribe_file(request=AUDIO, **{"model": "nova-3", **wrong})
    assert raised.value.status_code == 400
