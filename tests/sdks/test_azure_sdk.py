"""OpenAI's client for Azure at the kit's judge, which is lenient here: the client names the model in the form besides."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.azure_wire import STAND, AzureWire
from tests.conformance.behaviours import Honest
from tests.conformance.socket_server import SocketServer

openai = pytest.importorskip("openai")

pytestmark = pytest.mark.filterwarnings("ignore")

Client = Any  # whoever has no such package checks the types of this file too

AUDIO = ("talk.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav")
TEXT = "one two three four"
URL = "/openai/deployments/whisper/audio/transcriptions"


@pytest.fixture
def server() -> Iterator[SocketServer]:
    """A judge that hears four words, and does not mind a model beside the deployment."""
    with SocketServer(AzureWire(lenient=True), [Honest(TEXT)]) as opened:
        yield opened


def at(server: SocketServer, version: str = "2024-06-01", **opened_by: str) -> Client:
    """A client that asks once."""
    by = opened_by or {"api_key": STAND.key or ""}
    return openai.AzureOpenAI(azure_endpoint=STAND.base_url(server), api_version=version, max_retries=0, **by)


@pytest.mark.parametrize("opened_by", [{}, {"azure_ad_token": AzureWire().token}])
def test_it_hears(server: SocketServer, opened_by: dict[str, str]) -> None:
    """By key and by token."""
    with at(server, **opened_by) as client:
        assert client.audio.transcriptions.create(model="whisper", file=AUDIO).text == TEXT
    assert server.seen[0].path == URL


def test_a_wrong_key(server: SocketServer) -> None:
    """The client knows the refusal for what it is."""
    with at(server, api_key="wrong") as client, pytest.raises(openai.AuthenticationError):
        client.audio.transcriptions.create(model="whisper", file=AUDIO)


@pytest.mark.parametrize(("version", "deployment"), [("2024-06-01", "nothing"), ("1999-01-01", "whisper")])
def test_what_is_not_there(server: SocketServer, version: str, deployment: str) -> None:
    """No such deployment; no such version."""
    with at(server, version) as client, pytest.raises(openai.NotFoundError):
        client.audio.transcriptions.create(model=deployment, file=AUDIO)


def test_what_a_model_cannot_do(server: SocketServer) -> None:
    """By the model behind the deployment."""
    with at(server) as client, pytest.raises(openai.BadRequestError):
        client.audio.transcriptions.create(model="my-gpt-4o-transcribe", file=AUDIO, response_format="vtt")
