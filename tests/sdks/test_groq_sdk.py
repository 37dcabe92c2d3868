"""Groq's own client at the kit's judge."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.behaviours import Honest
from tests.conformance.groq_wire import STAND

groq = pytest.importorskip("groq")

pytestmark = pytest.mark.filterwarnings("ignore")

Client = Any  # whoever has no such package checks the types of this file too

AUDIO = ("talk.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav")
TEXT = "one two three four"


@pytest.fixture
def client() -> Iterator[Client]:
    """A client at a judge that hears four words."""
    with STAND.server([Honest(TEXT)]) as server, at(f"http://127.0.0.1:{server.port}") as opened:
        yield opened


def at(base_url: str, key: str | None = None) -> Client:
    """A client that asks once; it writes `/openai/v1` itself."""
    return groq.Groq(base_url=base_url, api_key=key or STAND.key, max_retries=0)


@pytest.mark.parametrize("model", [STAND.model, *STAND.others])
def test_it_hears(client: Client, model: str) -> None:
    """The text begins with a space, as recorded."""
    assert client.audio.transcriptions.create(model=model, file=AUDIO).text == f" {TEXT}"


def test_it_gives_times(client: Client) -> None:
    """Words and segments stand beside the text."""
    heard = client.audio.transcriptions.create(
        model=STAND.model, file=AUDIO, response_format="verbose_json", timestamp_granularities=["word", "segment"]
    )
    assert [word["word"] for word in heard.words] == TEXT.split()


def test_it_translates(client: Client) -> None:
    """The turbo model does not."""
    assert client.audio.translations.create(model=STAND.model, file=AUDIO, temperature=0.2).text == f" {TEXT}"
    with pytest.raises(groq.BadRequestError):
        client.audio.translations.create(model=STAND.others[0], file=AUDIO)


def test_a_wrong_key() -> None:
    """The client knows the refusal for what it is."""
    with (
        STAND.server() as server,
        at(f"http://127.0.0.1:{server.port}", "gsk-wrong") as client,
        pytest.raises(groq.AuthenticationError),
    ):
        client.audio.transcriptions.create(model=STAND.model, file=AUDIO)


@pytest.mark.parametrize(
    "options",
    [{"response_format": "srt"}, {"prompt": "x" * 897}, {"timestamp_granularities": ["word"]}, {"extra_body": {"stream": True}}],
)
def test_what_it_does_not_know(client: Client, options: dict[str, object]) -> None:
    """It is refused, as the service refuses it."""
    with pytest.raises(groq.BadRequestError):
        client.audio.transcriptions.create(model=STAND.model, file=AUDIO, **options)
