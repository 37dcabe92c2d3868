"""OpenAI's own client at the kit's judge: it proves that the judge takes what real clients send."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.behaviours import Honest
from tests.conformance.openai_wire import STAND

openai = pytest.importorskip("openai")

pytestmark = pytest.mark.filterwarnings("ignore")

Client = Any  # whoever has no such package checks the types of this file too

AUDIO = ("talk.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav")
TEXT = "one two three four"


@pytest.fixture
def client() -> Iterator[Client]:
    """A client at a judge that hears four words."""
    with STAND.server([Honest(TEXT)]) as server, at(STAND.base_url(server)) as opened:
        yield opened


def at(base_url: str, key: str | None = None) -> Client:
    """A client that asks once."""
    return openai.OpenAI(base_url=base_url, api_key=key or STAND.key, max_retries=0)


@pytest.mark.parametrize("model", [STAND.model, *STAND.others[:-1]])
def test_it_hears(client: Client, model: str) -> None:
    """Every model but the one that insists on a chunking strategy."""
    assert client.audio.transcriptions.create(model=model, file=AUDIO).text == TEXT


def test_it_gives_times(client: Client) -> None:
    """Lists go as repeated fields with brackets."""
    heard = client.audio.transcriptions.create(
        model="whisper-1", file=AUDIO, response_format="verbose_json", timestamp_granularities=["word", "segment"]
    )
    assert heard.words is not None
    assert [(word.word, word.start) for word in heard.words][:2] == [("one", 0.0), ("two", 0.5)]
    assert heard.segments is not None


def test_it_translates(client: Client) -> None:
    """At its own endpoint, by Whisper alone."""
    heard = client.audio.translations.create(model="whisper-1", file=AUDIO, response_format="verbose_json", prompt="names")
    assert (heard.text, heard.language) == (TEXT, "english")
    with pytest.raises(openai.BadRequestError):
        client.audio.translations.create(model="gpt-4o-transcribe", file=AUDIO)
    with pytest.raises(openai.BadRequestError):
        client.audio.translations.create(model="whisper-1", file=AUDIO, extra_body={"language": "fi"})


def test_it_tells_speakers_apart(client: Client) -> None:
    """An object goes as a field for each of its keys; known speakers as two lists."""
    heard = client.audio.transcriptions.create(
        model="gpt-4o-transcribe-diarize",
        file=AUDIO,
        response_format="diarized_json",
        chunking_strategy={"type": "server_vad", "threshold": 0.5},
        extra_body={"known_speaker_names": ["Ann"], "known_speaker_references": ["data:audio/wav;base64,QQ=="]},
    )
    assert [segment.speaker for segment in heard.segments] == ["Ann", "A"]


def test_it_streams(client: Client) -> None:
    """Deltas and the end, with log probabilities."""
    events = list(client.audio.transcriptions.create(model="gpt-4o-transcribe", file=AUDIO, stream=True, include=["logprobs"]))
    assert "".join(event.delta for event in events if event.type == "transcript.text.delta") == TEXT
    assert events[-1].type == "transcript.text.done"
    (done,) = (event for event in events if event.type == "transcript.text.done")
    assert [each["token"] for each in done.to_dict()["logprobs"]] == ["one", " two", " three", " four"]


def test_a_wrong_key() -> None:
    """The client knows the refusal for what it is."""
    with STAND.server() as server, at(STAND.base_url(server), "sk-wrong") as client, pytest.raises(openai.AuthenticationError):
        client.audio.transcriptions.create(model="whisper-1", file=AUDIO)


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("gpt-4o-transcribe", {"response_format": "srt"}),
        ("gpt-4o-transcribe-diarize", {}),
        ("gpt-4o-transcribe-diarize", {"prompt": "names", "chunking_strategy": "auto"}),
        ("whisper-1", {"include": ["logprobs"]}),
        ("whisper-1", {"temperature": 2}),
        ("whisper-1", {"extra_body": {"diarise": True}}),
    ],
)
def test_what_a_model_cannot_do(client: Client, model: str, options: dict[str, object]) -> None:
    """It is refused, as the service refuses it."""
    with pytest.raises(openai.BadRequestError):
        client.audio.transcriptions.create(model=model, file=AUDIO, **options)
