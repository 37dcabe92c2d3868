"""google-genai, Google's own client, against the judges: the kit is proved by a client that nobody here wrote."""

import base64
import io
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.behaviours import Honest
from tests.conformance.gemini_wire import STAND as GEMINI
from tests.conformance.gemini_wire import GeminiWire
from tests.conformance.socket_server import SocketServer
from tests.conformance.vertex_wire import PROJECT, TOKEN, VertexWire

genai = pytest.importorskip("google.genai")
oauth2 = pytest.importorskip("google.oauth2.credentials")
pytestmark = pytest.mark.filterwarnings("ignore")

AUDIO = b"RIFF" + bytes(1000)
PROMPT = "Transcribe."
TEXT = Honest().text


@pytest.fixture
def server() -> Iterator[SocketServer]:
    """Google AI Studio."""
    with SocketServer(GeminiWire()) as running:
        yield running


def studio(server: SocketServer, key: str | None = GEMINI.key) -> Any:  # noqa: ANN401 - the type belongs to an optional package
    """A client of Google AI Studio."""
    return genai.Client(api_key=key, vertexai=False, http_options=_options(server, "v1beta"))


def cloud(server: SocketServer, token: str = TOKEN, project: str = PROJECT, location: str = "global") -> Any:  # noqa: ANN401 - the type belongs to an optional package
    """A client of Google Cloud."""
    credentials = oauth2.Credentials(token)
    return genai.Client(
        vertexai=True, project=project, location=location, credentials=credentials, http_options=_options(server, "v1")
    )


def _options(server: SocketServer, version: str) -> Any:  # noqa: ANN401 - the same
    return genai.types.HttpOptions(
        base_url=f"http://127.0.0.1:{server.port}", api_version=version, retry_options=genai.types.HttpRetryOptions(attempts=1)
    )


def audio(media_type: str = "audio/wav") -> Any:  # noqa: ANN401 - the same
    """The audio as a part."""
    return genai.types.Part.from_bytes(data=AUDIO, mime_type=media_type)


def test_a_model_that_is_told_to_transcribe(server: SocketServer) -> None:
    """In one piece."""
    with studio(server) as client:
        answer = client.models.generate_content(model="gemini-2.5-flash", contents=[PROMPT, audio()])
    assert answer.text == TEXT
    assert answer.candidates[0].finish_reason == "STOP"


def test_a_stream(server: SocketServer) -> None:
    """Piece by piece."""
    with studio(server) as client:
        pieces = list(client.models.generate_content_stream(model="gemini-2.5-flash", contents=[PROMPT, audio()]))
    assert len(pieces) > 2
    assert "".join(piece.text or "" for piece in pieces) == TEXT


def test_a_file(server: SocketServer) -> None:
    """Uploaded, waited for, transcribed, deleted."""
    with studio(server) as client:
        file = client.files.upload(file=io.BytesIO(AUDIO), config={"mime_type": "audio/wav"})
        assert file.state == "PROCESSING"
        with pytest.raises(genai.errors.ClientError):
            client.models.generate_content(model="gemini-2.5-flash", contents=[PROMPT, file])
        ready = client.files.get(name=file.name)
        assert ready.state == "ACTIVE"
        assert client.models.generate_content(model="gemini-2.5-flash", contents=[PROMPT, ready]).text == TEXT
        client.files.delete(name=file.name)
        with pytest.raises(genai.errors.ClientError) as raised:
            client.files.get(name=file.name)
    assert raised.value.code == 403


def test_the_dedicated_model_by_interactions(server: SocketServer) -> None:
    """With words and speakers."""
    mode = {"type": "verbatim", "timestamp_granularities": ["word"], "diarization_mode": "speaker"}
    data = base64.b64encode(AUDIO).decode()
    with studio(server) as client:
        answer = client.interactions.create(
            model="gemini-3.5-transcribe",
            store=False,
            input=[{"type": "audio", "data": data, "mime_type": "audio/wav"}],
            generation_config={"transcription_config": {"language_codes": ["en-US"], "mode": mode}},
        )
    (step,) = answer.steps
    content = step.content[0]
    assert (answer.status, content.text) == ("completed", TEXT)
    assert [word.speaker for word in content.annotations][:2] == ["spk:0", "spk:1"]


@pytest.mark.parametrize(
    ("model", "media_type", "config", "code"),
    [
        ("gemini-2.5-flash", "audio/midi", {}, 400),
        ("gemini-2.5-flash", "audio/wav", {"audio_transcription_config": {"word_timestamp": True}}, 400),
        ("gemini-9", "audio/wav", {}, 404),
    ],
)
def test_what_is_wrong_is_refused(
    server: SocketServer, model: str, media_type: str, config: dict[str, object], code: int
) -> None:
    """A media type, an option of other models, an unknown model."""
    with studio(server) as client, pytest.raises(genai.errors.ClientError) as raised:
        client.models.generate_content(model=model, contents=[PROMPT, audio(media_type)], config=config)
    assert raised.value.code == code


def test_a_wrong_key(server: SocketServer) -> None:
    """400, and yet about the key."""
    with studio(server, "sk-other") as client, pytest.raises(genai.errors.ClientError) as raised:
        client.models.generate_content(model="gemini-2.5-flash", contents=[PROMPT, audio()])
    assert (raised.value.code, raised.value.status) == (400, "INVALID_ARGUMENT")
    assert "API key not valid" in str(raised.value)


def test_google_cloud() -> None:
    """The dedicated model with words and speakers, which wants the audio alone; and another in a stream."""
    config = {"audio_transcription_config": {"word_timestamp": True, "diarization": True, "language_codes": ["en-US"]}}
    with SocketServer(VertexWire()) as server, cloud(server) as client:
        answer = client.models.generate_content(model="gemini-3.5-transcribe", contents=[audio()], config=config)
        heard = [part.audio_transcription for part in answer.candidates[0].content.parts]
        stream = client.models.generate_content_stream(model="gemini-2.5-flash", contents=[PROMPT, audio()])
        assert "".join(piece.text or "" for piece in stream) == TEXT
        with pytest.raises(genai.errors.ClientError) as told:
            client.models.generate_content(model="gemini-3.5-transcribe", contents=[PROMPT, audio()])
    assert " ".join(turn.text for turn in heard) == TEXT
    assert [turn.speaker_label for turn in heard][:2] == ["spk_1", "spk_2"]
    assert heard[1].words[0].start_offset == "0.5s"
    assert told.value.code == 400


@pytest.mark.parametrize(
    ("other", "code"), [({"token": "other"}, 401), ({"project": "other"}, 403), ({"location": "us-central1"}, 404)]
)
def test_google_cloud_refuses(other: dict[str, str], code: int) -> None:
    """A wrong token, somebody else's project, a model where it is not."""
    with (
        SocketServer(VertexWire()) as server,
        cloud(server, **other) as client,
        pytest.raises(genai.errors.ClientError) as raised,
    ):
        client.models.generate_content(model="gemini-3.5-transcribe", contents=[audio()])
    assert raised.value.code == code
