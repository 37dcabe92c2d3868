"""OpenAI's client for Python at the gateway: what it returns, and what it raises."""

import time
from typing import Any

import pytest

from tests.clients.world import AUDIO, KEY, TEXT, World
from tests.conformance.behaviours import MISBEHAVIOURS, BreakStream, Hang, Reply

openai = pytest.importorskip("openai")

pytestmark = pytest.mark.filterwarnings("ignore")

Client = Any  # whoever has no such package checks the types of this file too

FILE = ("tone.wav", AUDIO, "audio/wav")


def at(there: World, key: str = KEY, max_retries: int = 0) -> Client:
    """A client at the gateway, which asks once unless told to try again."""
    return openai.OpenAI(base_url=f"{there.address}/v1", api_key=key, max_retries=max_retries)


def test_the_text(there: World) -> None:
    """The plainest call there is; nothing came that was not asked for."""
    with at(there) as client:
        heard = client.audio.transcriptions.create(model="whisper", file=FILE)
    assert heard.text == TEXT
    assert {"segments", "words"} & heard.to_dict().keys() == set()


@pytest.mark.parametrize(
    ("response_format", "beginning"), [("text", TEXT), ("srt", "1\n00:00:00,000 --> "), ("vtt", "WEBVTT\n\n00:00:00.000")]
)
def test_text_and_subtitles_are_plain_text(there: World, response_format: str, beginning: str) -> None:
    """The client hands out the body as it is."""
    with at(there) as client:
        heard = client.audio.transcriptions.create(model="whisper", file=FILE, response_format=response_format)
    assert isinstance(heard, str)
    assert heard.startswith(beginning)


def test_times(there: World) -> None:
    """Words and segments where they were asked for."""
    with at(there) as client:
        heard = client.audio.transcriptions.create(
            model="whisper", file=FILE, response_format="verbose_json", timestamp_granularities=["word", "segment"]
        )
    assert [word.word for word in heard.words] == [word.word for word in sorted(heard.words, key=lambda word: word.start)]
    assert "".join(segment.text for segment in heard.segments).strip() == TEXT
    assert heard.duration > 0


def test_speakers(there: World) -> None:
    """Segments by speaker, with an object for the chunking."""
    with at(there) as client:
        heard = client.audio.transcriptions.create(
            model="speakers", file=FILE, response_format="diarized_json", chunking_strategy={"type": "server_vad"}
        )
    assert {segment.speaker for segment in heard.segments} == {"A", "B"}


def test_log_probabilities(there: World) -> None:
    """One for each token."""
    with at(there) as client:
        heard = client.audio.transcriptions.create(model="live", file=FILE, include=["logprobs"])
    assert heard.logprobs[0].token == TEXT.split()[0]


def test_a_stream(there: World) -> None:
    """Deltas whose texts make up the transcript, then all of it."""
    with at(there) as client:
        events = list(client.audio.transcriptions.create(model="live", file=FILE, stream=True))
    assert "".join(event.delta for event in events if event.type == "transcript.text.delta") == TEXT
    assert (events[-1].type, events[-1].text) == ("transcript.text.done", TEXT)


def test_a_stream_that_breaks_raises(there: World) -> None:
    """After what had come, and not as if that were all."""
    there.upstream.expect(BreakStream(after=2))
    came: list[str] = []
    with at(there) as client, pytest.raises(openai.APIError):
        came.extend(event.type for event in client.audio.transcriptions.create(model="live", file=FILE, stream=True))
    assert came == ["transcript.text.delta"] * 2


@pytest.mark.parametrize(("response_format", "beginning"), [("text", TEXT), ("srt", "1\n"), ("vtt", "WEBVTT\n\n")])
def test_a_translation(there: World, response_format: str, beginning: str) -> None:
    """At its own address, in the formats of a transcription."""
    with at(there) as client:
        told = client.audio.translations.create(model="whisper", file=FILE)
        written = client.audio.translations.create(model="whisper", file=FILE, response_format=response_format)
    assert told.text == TEXT
    assert written.startswith(beginning)
    assert {seen.path for seen in there.upstream.seen} == {"/v1/audio/translations"}


def test_a_model_that_does_not_translate(there: World) -> None:
    """A transcript in another language is not what was asked for."""
    with at(there) as client, pytest.raises(openai.BadRequestError):
        client.audio.translations.create(model="live", file=FILE)
    assert there.upstream.seen == []


def test_headers_tell_who_served(there: World) -> None:
    """They are at hand with the raw response."""
    with at(there) as client:
        raw = client.audio.transcriptions.with_raw_response.create(model="whisper", file=FILE)
    assert raw.headers["x-voxplan-served-by"] == "whisper-there"
    assert raw.parse().text == TEXT


def test_the_models(there: World) -> None:
    """The routes."""
    with at(there) as client:
        assert {model.id for model in client.models.list()} == {"whisper", "live", "speakers"}


def test_fallbacks_travel_in_the_extra_body(there: World) -> None:
    """As users of the page that they know write them."""
    there.upstream.expect(MISBEHAVIOURS["503"])
    with at(there) as client:
        raw = client.audio.transcriptions.with_raw_response.create(
            model="whisper", file=FILE, extra_body={"fallbacks": ["live"]}, response_format="json"
        )
    assert (raw.headers["x-voxplan-served-by"], raw.headers["x-litellm-attempted-fallbacks"]) == ("live-there", "1")


@pytest.mark.parametrize(
    ("model", "options", "key", "raised", "param"),
    [
        ("whisper", {}, "sk-wrong", "AuthenticationError", None),
        ("whispr", {}, KEY, "NotFoundError", "model"),
        ("whisper", {"temperature": "hot"}, KEY, "BadRequestError", "temperature"),
        ("whisper", {"response_format": "bogus"}, KEY, "BadRequestError", "response_format"),
        ("whisper", {"extra_body": {"api_base": "http://evil.example"}}, KEY, "BadRequestError", "api_base"),
        ("whisper", {"extra_body": {"tempersture": 0}}, KEY, "BadRequestError", "tempersture"),
        ("whisper", {"file": ("empty.wav", b"")}, KEY, "BadRequestError", "file"),
    ],
)
def test_what_the_caller_did_wrong(
    there: World, model: str, options: dict[str, object], key: str, raised: str, param: str | None
) -> None:
    """Each is the exception that the client has for it, with the parameter, and nothing is sent to a provider."""
    with at(there, key) as client, pytest.raises(getattr(openai, raised)) as refused:
        client.audio.transcriptions.create(**{"model": model, "file": FILE, **options})
    assert refused.value.param == param
    assert there.upstream.seen == []


@pytest.mark.parametrize(
    ("behaviour", "raised", "status"),
    [
        ("500", "InternalServerError", 502),
        ("503", "InternalServerError", 503),
        ("429 with Retry-After", "RateLimitError", 429),
        ("HTML with 200", "InternalServerError", 502),
        ("hang-up before an answer", "InternalServerError", 502),
    ],
)
def test_what_a_provider_did_wrong(there: World, behaviour: str, raised: str, status: int) -> None:
    """Each is the exception that the client has for it."""
    there.upstream.expect(MISBEHAVIOURS[behaviour])
    with at(there) as client, pytest.raises(getattr(openai, raised)) as failed:
        client.audio.transcriptions.create(model="whisper", file=FILE)
    assert failed.value.status_code == status
    assert failed.value.response.headers.get("retry-after") == ("7" if status == 429 else None)


def test_the_client_waits_as_long_as_the_provider_asked(there: World) -> None:
    """Its own retry obeys the header, and succeeds."""
    there.upstream.expect(Reply(429, b'{"error":{"message":"slow down"}}', headers=(("retry-after", "1"),)))
    began = time.monotonic()
    with at(there, max_retries=1) as client:
        assert client.audio.transcriptions.create(model="whisper", file=FILE).text == TEXT
    assert time.monotonic() - began >= 1
    assert len(there.upstream.seen) == 2


def test_the_client_does_not_try_again_what_stays_hopeless(there: World) -> None:
    """The gateway's own key was refused: no retry by anybody changes that."""
    there.upstream.expect(*[Reply(401, b'{"error":{"message":"no","code":"invalid_api_key"}}')] * 3)
    with at(there, max_retries=2) as client, pytest.raises(openai.InternalServerError):
        client.audio.transcriptions.create(model="whisper", file=FILE)
    assert len(there.upstream.seen) == 1


def test_the_client_s_own_timeout(there: World) -> None:
    """It raises, whatever the gateway does."""
    there.upstream.expect(Hang())
    with at(there) as client, pytest.raises(openai.APITimeoutError):
        client.audio.transcriptions.create(model="whisper", file=FILE, timeout=0.3)


def test_the_timeout_of_the_form(there: World) -> None:
    """The gateway gives up in time, and says so."""
    there.upstream.expect(Hang())
    with at(there) as client, pytest.raises(openai.InternalServerError) as failed:
        client.audio.transcriptions.create(model="whisper", file=FILE, extra_body={"timeout": 0.3})
    assert (failed.value.status_code, failed.value.code) == (504, "timed_out")


def test_azure_s_client(there: World) -> None:
    """Its route stands in the address, its key in a header of its own."""
    with openai.AzureOpenAI(
        azure_endpoint=there.address, azure_deployment="whisper", api_version="2024-10-21", api_key=KEY, max_retries=0
    ) as client:
        heard = client.audio.transcriptions.create(model="whisper", file=FILE)
        subtitles = client.audio.transcriptions.create(model="whisper", file=FILE, response_format="vtt")
    assert heard.text == TEXT
    assert subtitles.startswith("WEBVTT")


def test_azure_s_client_without_a_deployment_of_its_own(there: World) -> None:
    """Then the model is that of each call; the address is made of it."""
    with openai.AzureOpenAI(azure_endpoint=there.address, api_version="2024-10-21", api_key=KEY, max_retries=0) as client:
        events = list(client.audio.transcriptions.create(model="live", file=FILE, stream=True))
        with pytest.raises(openai.NotFoundError):
            client.audio.transcriptions.create(model="nowhere", file=FILE)
    assert events[-1].text == TEXT


def test_azure_s_client_translates(there: World) -> None:
    """Below its deployment's address."""
    with openai.AzureOpenAI(azure_endpoint=there.address, api_version="2024-10-21", api_key=KEY, max_retries=0) as client:
        assert client.audio.translations.create(model="whisper", file=FILE).text == TEXT


def test_azure_s_client_with_a_wrong_key(there: World) -> None:
    """It is told so."""
    with (
        openai.AzureOpenAI(azure_endpoint=there.address, api_version="2024-10-21", api_key="no", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError),
    ):
        client.audio.transcriptions.create(model="whisper", file=FILE)
