"""Groq's client at the gateway: it writes `/openai/v1` itself."""

from typing import Any

import pytest

from tests.clients.world import AUDIO, KEY, TEXT, World
from tests.conformance.behaviours import MISBEHAVIOURS

groq = pytest.importorskip("groq")

pytestmark = pytest.mark.filterwarnings("ignore")

Client = Any  # whoever has no such package checks the types of this file too

FILE = ("tone.wav", AUDIO, "audio/wav")


def at(there: World, key: str = KEY) -> Client:
    """A client that asks once, at the gateway's bare address."""
    return groq.Groq(base_url=there.address, api_key=key, max_retries=0)


def test_the_text(there: World) -> None:
    """The plainest call there is."""
    with at(there) as client:
        assert client.audio.transcriptions.create(model="whisper", file=FILE).text == TEXT


def test_times(there: World) -> None:
    """Words and segments stand beside the text."""
    with at(there) as client:
        heard = client.audio.transcriptions.create(
            model="whisper", file=FILE, response_format="verbose_json", timestamp_granularities=["word", "segment"]
        )
    assert len(heard.words) == len(TEXT.split())
    assert heard.segments[0]["start"] == 0


def test_a_translation(there: World) -> None:
    """At the address below the same path."""
    with at(there) as client:
        assert client.audio.translations.create(model="whisper", file=FILE).text == TEXT


def test_the_models(there: World) -> None:
    """The routes."""
    with at(there) as client:
        assert {model.id for model in client.models.list().data} == {"whisper", "live", "speakers"}


@pytest.mark.parametrize(("model", "key", "raised"), [("whisper", "no", "AuthenticationError"), ("whispr", KEY, "NotFoundError")])
def test_what_the_caller_did_wrong(there: World, model: str, key: str, raised: str) -> None:
    """Each is the exception that the client has for it."""
    with at(there, key) as client, pytest.raises(getattr(groq, raised)):
        client.audio.transcriptions.create(model=model, file=FILE)


def test_a_rate_limit(there: World) -> None:
    """With the wait that the provider asked for."""
    there.upstream.expect(MISBEHAVIOURS["429 with Retry-After"])
    with at(there) as client, pytest.raises(groq.RateLimitError) as limited:
        client.audio.transcriptions.create(model="whisper", file=FILE)
    assert limited.value.response.headers["retry-after"] == "7"
