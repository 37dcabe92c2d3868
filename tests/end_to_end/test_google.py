"""Google's services over real sockets: by key, by token, inline, by way of a file, in a stream."""

import json
from collections.abc import Iterator, Sequence
from typing import Final, Unpack

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

import voxplan
from tests.conformance import gemini_wire, vertex_wire
from tests.conformance.behaviours import Behaviour, BreakStream, HangUp, Honest, Reply
from tests.conformance.gemini_wire import GeminiWire
from tests.conformance.socket_server import SocketServer
from tests.conformance.stands import KEY_NAME, Stand
from tests.end_to_end.test_failures import told
from tests.io_shell.credentials.token_servers import TokenServer, service_account, token_server
from tests.sounds import tone
from voxplan.adapters.rendering.events import Delta
from voxplan.engine.language.spec import RouteNode, Spec
from voxplan.engine.terms.request import ResponseFormat
from voxplan.io_shell.options import TranscribeOptions

pytestmark = pytest.mark.anyio

AUDIO: Final = tone()
KEY: Final = "sk-test-0123456789abcdef"
PRIVATE: Final = rsa.generate_private_key(public_exponent=65537, key_size=2048)
FLASH: Final = "gemini-2.5-flash"
DEDICATED: Final = "gemini-3.5-transcribe"
GEMINI: Final = gemini_wire.STAND
EXPRESS: Final = vertex_wire.STAND
BY_TOKEN: Final = vertex_wire.TOKEN_STAND

TOO_LARGE_INLINE: Final = tone(480)
"""15.4 MB, of which base64 makes more than 20."""


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kit needs no time to look at a file."""

    async def sleep(_: float) -> None:
        """Not at all."""

    monkeypatch.setattr("voxplan.io_shell.meeting.sleep", sleep)


def answer_tokens(tokens: Sequence[str]) -> Iterator[tuple[int, object]]:
    """One token after another, and then the last one for ever."""
    for token in tokens:
        yield 200, {"access_token": token, "expires_in": 3599, "token_type": "Bearer"}
    while True:
        yield 200, {"access_token": tokens[-1], "expires_in": 3599, "token_type": "Bearer"}


@pytest.fixture
def tokens() -> Iterator[TokenServer]:
    """Google's token service."""
    replies = answer_tokens([vertex_wire.TOKEN])
    with token_server(lambda _: next(replies)) as server:
        yield server


def spec_of(server: SocketServer, stand: Stand, model: str | None = None) -> Spec:
    """A spec of one deployment there."""
    return Spec(voxplan=1, deployments={"here": stand.deployment(server, model)}, routes={"main": RouteNode(use="here")})


async def transcribe(
    server: SocketServer,
    stand: Stand,
    model: str | None = None,
    audio: bytes = AUDIO,
    environment: dict[str, str] | None = None,
    **options: Unpack[TranscribeOptions],
) -> voxplan.Answer:
    """One transcription there."""
    async with voxplan.open(spec_of(server, stand, model), environment={KEY_NAME: KEY, **(environment or {})}) as vox:
        wanted: TranscribeOptions = {"filename": "tone.wav", **options}
        return await vox.transcribe(audio, **wanted)


def account(tokens: TokenServer) -> dict[str, str]:
    """The environment with the key file of a service account."""
    return {vertex_wire.CREDENTIALS_NAME: json.dumps(service_account(f"{tokens.url}/token", PRIVATE))}


FORMATS: Final[dict[ResponseFormat, str]] = {
    "text": "The quick",
    "srt": "1\n00:00:00,000 --> ",
    "vtt": "WEBVTT\n\n00:00:00.000 --> ",
    "verbose_json": '{"task":"transcribe"',
    "diarized_json": '{"task":"transcribe"',
}


@pytest.mark.parametrize("response_format", FORMATS)
@pytest.mark.parametrize("stand", [GEMINI, EXPRESS], ids=lambda stand: str(stand.provider))
async def test_every_format_of_the_dedicated_model(stand: Stand, response_format: ResponseFormat) -> None:
    """None of which Google knows."""
    with stand.server() as server:
        answer = await transcribe(server, stand, response_format=response_format)
    assert answer.render().startswith(FORMATS[response_format])
    assert answer.text == Honest().text
    if response_format == "diarized_json":
        assert '"speaker":"A"' in answer.render()
        assert '"speaker":"B"' in answer.render()


@pytest.mark.parametrize("stand", [GEMINI, EXPRESS], ids=lambda stand: str(stand.provider))
async def test_words_and_speakers(stand: Stand) -> None:
    """With times."""
    with stand.server() as server:
        answer = await transcribe(server, stand, timestamps=["word"], diarize=True, language="en")
    words = list(answer.words or ())
    assert [(word.word, word.start) for word in words][:3] == [("The", 0.0), ("quick", 0.5), ("brown", 1.0)]
    assert words[0].speaker != words[1].speaker
    assert words[0].speaker == words[2].speaker


@pytest.mark.parametrize("stand", [GEMINI, EXPRESS], ids=lambda stand: str(stand.provider))
@pytest.mark.parametrize("model", [DEDICATED, FLASH])
async def test_silence_is_an_empty_text(stand: Stand, model: str) -> None:
    """Whichever way it is told."""
    with stand.server([Honest("")]) as server:
        answer = await transcribe(server, stand, model)
    assert answer.text == ""


@pytest.mark.parametrize("stand", [GEMINI, EXPRESS], ids=lambda stand: str(stand.provider))
async def test_a_stream_is_passed_on(stand: Stand) -> None:
    """Word by word, and the answer is the whole."""
    with stand.server() as server:
        async with voxplan.open(spec_of(server, stand, FLASH), environment={KEY_NAME: KEY}) as vox:
            async with vox.stream(AUDIO, filename="tone.wav", prompt="a fox", temperature=0.5) as stream:
                deltas = [event.text async for event in stream if isinstance(event, Delta)]
            answer = stream.answer
    assert "".join(deltas) == answer.text == Honest().text
    assert len(deltas) == len(Honest().text.split())


async def test_a_stream_that_breaks_off_is_no_answer() -> None:
    """What was heard until then must not pass for the whole."""
    with GEMINI.server([BreakStream()]) as server:
        async with voxplan.open(spec_of(server, GEMINI, FLASH), environment={KEY_NAME: KEY}) as vox:
            with pytest.raises(voxplan.ProviderError) as raised:
                async with vox.stream(AUDIO, filename="tone.wav") as stream:
                    _ = [event async for event in stream]
    assert raised.value.kind == "server_error"


@pytest.mark.parametrize("model", [DEDICATED, FLASH])
async def test_large_audio_by_way_of_a_file(model: str) -> None:
    """Uploaded as it is, and deleted in the end."""
    judge = GeminiWire(looks_until_active=2)
    with SocketServer(judge) as server:
        answer = await transcribe(server, GEMINI, model, TOO_LARGE_INLINE)
        assert [(seen.method, seen.path.rpartition("/")[2].rpartition(":")[2]) for seen in server.seen] == [
            ("POST", "files"),
            ("POST", "files"),
            ("GET", "a1"),
            ("GET", "a1"),
            ("POST", "interactions" if model == DEDICATED else "generateContent"),
            ("DELETE", "a1"),
        ]
        assert server.seen[1].body_bytes == len(TOO_LARGE_INLINE)
        assert "x-goog-api-key" not in server.seen[1].headers
    assert (answer.text, judge.files) == (Honest().text, {})


@pytest.mark.parametrize("last", [HangUp(), Reply(500, b"{}")])
async def test_a_file_that_cannot_be_deleted_costs_nothing(last: Behaviour) -> None:
    """Not even when the connection breaks."""
    honest = [Honest()] * 4
    with GEMINI.server([*honest, last]) as server:
        answer = await transcribe(server, GEMINI, FLASH, TOO_LARGE_INLINE)
        assert server.seen[-1].method == "DELETE"
    assert answer.text == Honest().text


async def test_a_file_that_cannot_be_processed() -> None:
    """It is deleted all the same."""
    judge = GeminiWire(processing_fails=True)
    with SocketServer(judge) as server, pytest.raises(voxplan.ProviderError) as raised:
        await transcribe(server, GEMINI, FLASH, TOO_LARGE_INLINE)
    assert (raised.value.kind, judge.files) == ("unsupported", {})


@pytest.mark.parametrize(
    ("stand", "model", "options"),
    [
        (GEMINI, FLASH, {"language": "en", "prompt": "a fox"}),
        (GEMINI, FLASH, {"languages": ["en", "de"], "temperature": 0.0}),
        (GEMINI, DEDICATED, {"keywords": ["fox"], "language": "en"}),
        (GEMINI, DEDICATED, {"languages": ["en", "de"], "timestamps": ["segment"]}),
        (EXPRESS, FLASH, {"language": "en", "prompt": "a fox", "temperature": 1.0}),
        (EXPRESS, DEDICATED, {"keywords": ["fox"], "languages": ["en", "de"]}),
    ],
)
async def test_every_option_is_one_that_google_knows(stand: Stand, model: str, options: TranscribeOptions) -> None:
    """The kit refuses whatever it does not know."""
    with stand.server() as server:
        answer = await transcribe(server, stand, model, **options)
        assert len(server.seen) == 1
    assert answer.text == Honest().text


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("chirp_3", {}),
        ("chirp_3", {"language": "en", "timestamps": ["word"], "diarize": True, "keywords": ["fox"], "prompt": "a fox"}),
        ("chirp_3", {"language": "zh"}),
        ("chirp_2", {"timestamps": ["word"], "keywords": ["fox"]}),
        ("long", {"language": "de", "response_format": "srt", "diarize": True}),
        (DEDICATED, {"diarize": True, "response_format": "vtt"}),
        (FLASH, {"prompt": "a fox"}),
    ],
)
async def test_google_cloud_by_token(tokens: TokenServer, model: str, options: TranscribeOptions) -> None:
    """One token, whichever service it is; the model is found without being told where."""
    with BY_TOKEN.server() as server:
        answer = await transcribe(server, BY_TOKEN, model, environment=account(tokens), **options)
        assert len(server.seen) == len(tokens.asked) == 1
    assert answer.text == Honest().text


async def test_what_a_recogniser_says_of_a_call(tokens: TokenServer) -> None:
    """Length, confidence, what was billed, and the name of the exchange."""
    with BY_TOKEN.server() as server:
        answer = await transcribe(server, BY_TOKEN, environment=account(tokens), diarize=True)
    found = answer.transcript
    assert (found.language, found.seconds, found.confidence, found.request_id) == ("en", 4.5, 0.9, "req_test")
    assert found.usage is not None
    assert found.usage.seconds == 5.0
    assert [segment.speaker for segment in found.segments or ()][:2] == ["1", "2"]


async def test_a_token_that_is_refused_is_not_used_again() -> None:
    """The call fails, and the next one, whichever deployment it goes to, has another."""
    replies = answer_tokens(["stale-token-of-google", vertex_wire.TOKEN])
    with token_server(lambda _: next(replies)) as tokens, BY_TOKEN.server() as server:
        deployments = {name: BY_TOKEN.deployment(server) for name in ("first", "second")}
        root = RouteNode(first=(RouteNode(use="first"), RouteNode(use="second")))
        spec = Spec(voxplan=1, deployments=deployments, routes={"main": root})
        async with voxplan.open(spec, environment=account(tokens)) as vox:
            answer = await vox.transcribe(AUDIO, filename="tone.wav")
        assert len(tokens.asked) == 2
    assert told(answer.attempts) == [("first", "unauthorized"), ("second", "accepted")]
    assert "stale" not in str(answer.attempts)


@pytest.mark.parametrize(
    ("stand", "model", "key", "kind"),
    [
        (GEMINI, DEDICATED, "sk-wrong", "unauthorized"),
        (GEMINI, FLASH, "sk-wrong", "unauthorized"),
        (GEMINI, "gemini-9", KEY, "not_found"),
        (EXPRESS, DEDICATED, "sk-wrong", "unauthorized"),
        (EXPRESS, "gemini-9", KEY, "not_found"),
    ],
)
async def test_refusals(stand: Stand, model: str, key: str, kind: str) -> None:
    """A wrong key is 400 here, and yet about the key."""
    with stand.server() as server, pytest.raises(voxplan.ProviderError) as raised:
        await transcribe(server, stand, model, environment={KEY_NAME: key})
    assert raised.value.kind == kind
    assert key not in str(raised.value)


async def test_no_credentials_at_all() -> None:
    """Nothing is sent."""
    with BY_TOKEN.server() as server:
        with pytest.raises(voxplan.ProviderError) as raised:
            await transcribe(server, BY_TOKEN)
        assert (raised.value.kind, server.seen) == ("unauthorized", [])


@pytest.mark.parametrize("options", [{"response_format": "srt"}, {"timestamps": ["word"]}, {"diarize": True}])
async def test_times_are_never_invented(options: TranscribeOptions) -> None:
    """A model that is told to transcribe is not asked for them."""
    with GEMINI.server() as server:
        with pytest.raises(voxplan.VoxplanError):
            await transcribe(server, GEMINI, FLASH, **options)
        assert server.seen == []
