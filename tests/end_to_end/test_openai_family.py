"""The providers that speak OpenAI's language, through the whole program, over real sockets, at judges as strict as they are."""

from typing import Final, Unpack

import pytest
from msgspec.structs import replace

import voxplan
from tests.conformance import azure_wire, compatible_wire, fireworks_wire, groq_wire, openai_wire, ovhcloud_wire
from tests.conformance.behaviours import MISBEHAVIOURS, BreakStream, Honest
from tests.conformance.socket_server import SocketServer
from tests.conformance.stands import KEY_NAME, Stand
from tests.sounds import tone
from voxplan.adapters.rendering.events import Delta, Done, SegmentEvent
from voxplan.engine.language.spec import Deployment, PassedOption, RouteNode, Spec
from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.request import ResponseFormat
from voxplan.io_shell.options import TranscribeOptions

pytestmark = pytest.mark.anyio

AUDIO: Final = tone()
TEXT: Final = "one two three four"
VOICE: Final = "data:audio/wav;base64,UklGRg=="
DIARIZE: Final = "gpt-4o-transcribe-diarize"

STANDS: Final[dict[str, Stand]] = {
    stand.provider: stand
    for stand in (
        openai_wire.STAND,
        azure_wire.STAND,
        groq_wire.STAND,
        fireworks_wire.STAND,
        ovhcloud_wire.STAND,
        compatible_wire.STAND,
    )
}
ENVIRONMENT: Final = {
    KEY_NAME: "sk-test-0123456789abcdef",
    "WRONG": "sk-wrong-0123456789abcdef",
    "TOKEN": azure_wire.AzureWire().token,
}


def spec_of(deployment: Deployment) -> Spec:
    """A spec of this deployment alone."""
    return Spec(voxplan=1, deployments={"only": deployment}, routes={"main": RouteNode(use="only")})


async def heard(deployment: Deployment, **options: Unpack[TranscribeOptions]) -> voxplan.Answer:
    """One transcription there."""
    async with voxplan.open(spec_of(deployment), environment=ENVIRONMENT) as vox:
        wanted: TranscribeOptions = {"filename": "tone.wav", **options}
        return await vox.transcribe(AUDIO, **wanted)


@pytest.mark.parametrize("response_format", ["json", "text", "srt", "vtt", "verbose_json"])
@pytest.mark.parametrize("provider", STANDS)
async def test_every_format_from_every_provider(provider: str, response_format: ResponseFormat) -> None:
    """Each judge takes what it is sent, and the answer is what was asked for."""
    stand = STANDS[provider]
    with stand.server([Honest(TEXT)]) as server:
        answer = await heard(stand.deployment(server), response_format=response_format)
    assert answer.text == TEXT
    rendered = answer.render(response_format)
    assert "one" in rendered
    assert ("-->" in rendered) == (response_format in {"srt", "vtt"})


@pytest.mark.parametrize("provider", ["openai", "azure", "groq", "fireworks_ai", "ovhcloud"])
async def test_all_that_whisper_takes(provider: str) -> None:
    """Language, prompt, temperature, words and segments at once."""
    stand = STANDS[provider]
    with stand.server([Honest(TEXT)]) as server:
        answer = await heard(
            stand.deployment(server), language="English", prompt="counting", temperature=0.2, timestamps=["word", "segment"]
        )
    assert [word.start for word in answer.transcript.words or ()] == [0.0, 0.5, 1.0, 1.5]
    assert answer.transcript.segments
    assert answer.transcript.language == ("en" if provider != "azure" else answer.transcript.language)


@pytest.mark.parametrize("provider", ["openai", "azure", "groq", "fireworks_ai", "openai_compatible"])
async def test_translations(provider: str) -> None:
    """Whisper puts into English what is said, with times for subtitles; its endpoint is another one."""
    stand = STANDS[provider]
    with stand.server([Honest(TEXT)]) as server:
        answer = await heard(
            stand.deployment(server), translate=True, response_format="verbose_json", prompt="a", temperature=0.2
        )
    assert "/audio/translations" in server.seen[0].target
    assert (answer.text, answer.language, answer.transcript.translated) == (TEXT, "en", True)
    assert answer.to_json()["task"] == "translate"
    assert "-->" in answer.render("srt")


async def test_a_server_that_does_not_translate() -> None:
    """The route goes on, and the server stays well for all other requests."""
    house = STANDS["openai_compatible"]
    mute = Stand("openai_compatible", lambda: compatible_wire.CompatibleWire(translates=False), house.model, house.path)
    with mute.server([Honest(TEXT)]) as first, STANDS["openai"].server([Honest(TEXT)]) as second:
        spec = Spec(
            voxplan=1,
            deployments={"mute": mute.deployment(first), "able": STANDS["openai"].deployment(second)},
            routes={"main": RouteNode(first=(RouteNode(use="mute"), RouteNode(use="able")))},
        )
        async with voxplan.open(spec, environment=ENVIRONMENT) as vox:
            translated = await vox.transcribe(AUDIO, translate=True, filename="tone.wav")
            transcribed = await vox.transcribe(AUDIO, filename="tone.wav")
    assert (translated.served_by, transcribed.served_by) == ("able", "mute")
    assert [entry.failure.kind for entry in translated.attempts if entry.failure is not None] == ["unsupported"]


@pytest.mark.parametrize(
    ("provider", "model"), [("openai", DIARIZE), ("azure", "team-diarize"), ("fireworks_ai", None), ("ovhcloud", None)]
)
async def test_speakers(provider: str, model: str | None) -> None:
    """Two of them, whatever the provider calls them."""
    stand = STANDS[provider]
    with stand.server([Honest(TEXT)]) as server:
        answer = await heard(stand.deployment(server, model), response_format="diarized_json")
    assert len({segment.speaker for segment in answer.transcript.segments or ()}) == 2


async def test_what_openais_models_take_alone() -> None:
    """Languages and keywords of the one, known speakers and a strategy of the other, log probabilities of most."""
    stand = STANDS["openai"]
    with stand.server([Honest(TEXT)] * 3) as server:
        newest = await heard(
            stand.deployment(server, "gpt-transcribe"), languages=["de", "en"], keywords=["Ada"], logprobs=True, prompt="p"
        )
        await heard(
            stand.deployment(server, DIARIZE),
            response_format="diarized_json",
            known_speakers={"Ann": VOICE},
            chunking_strategy={"type": "server_vad", "threshold": 0.4},
        )
    assert [each.token for each in newest.transcript.logprobs or ()] == ["one", " two", " three", " four"]
    speakers = server.seen[1].form
    assert speakers is not None
    assert speakers.value("chunking_strategy[threshold]") == "0.4"


@pytest.mark.parametrize("base_model", [None, "whisper-1"])
async def test_what_stands_behind_a_deployment_of_azure(base_model: str | None) -> None:
    """A name that says nothing gives text alone, until the spec says more."""
    stand = STANDS["azure"]
    settings = {} if base_model is None else {"base_model": base_model}
    with stand.server([Honest(TEXT)]) as server:
        deployment = replace(stand.deployment(server, "speech one"), settings=settings)
        if base_model is None:
            with pytest.raises(voxplan.RequestError, match="gives no times"):
                await heard(deployment, response_format="srt")
            return
        answer = await heard(deployment, response_format="srt")
    assert "-->" in answer.render("srt")


@pytest.mark.parametrize("settings", [{"api": "v1"}, {"api_version": "2024-06-01"}, {"ad_token": "${TOKEN}"}])
async def test_the_ways_into_azure(settings: dict[str, str]) -> None:
    """The address of the resource, another version, a token instead of a key."""
    stand = STANDS["azure"]
    with stand.server([Honest(TEXT)]) as server:
        key = None if "ad_token" in settings else f"${{{KEY_NAME}}}"
        answer = await heard(replace(stand.deployment(server), settings=settings, api_key=key))
    assert answer.text == TEXT


@pytest.mark.parametrize(
    ("provider", "options"),
    [
        ("fireworks_ai", {"vad_model": "silero", "min_speakers": 2}),
        ("openai_compatible", {"hotwords": "Ada", "seed": 7, "vllm_xargs": {"a": 1}}),
        ("ovhcloud", {"chunking_strategy": {"type": "server_vad", "threshold": 0.3}}),
    ],
)
async def test_a_providers_own_options(provider: str, options: dict[str, PassedOption]) -> None:
    """They arrive, and the judge knows them."""
    stand = STANDS[provider]
    with stand.server([Honest(TEXT)]) as server:
        answer = await heard(replace(stand.deployment(server), options=options))
    assert answer.text == TEXT


@pytest.mark.parametrize("provider", STANDS)
async def test_a_wrong_key(provider: str) -> None:
    """Each says it in its own way."""
    stand = STANDS[provider]
    with stand.server() as server, pytest.raises(voxplan.ProviderError) as raised:
        await heard(replace(stand.deployment(server), api_key="${WRONG}"))
    assert raised.value.kind == "unauthorized"
    assert "sk-wrong" not in str(raised.value)


@pytest.mark.parametrize(
    ("behaviour", "kind"), [("503", "overloaded"), ("429 with Retry-After", "rate_limited"), ("HTML with 200", "bad_answer")]
)
@pytest.mark.parametrize("provider", STANDS)
async def test_what_goes_wrong(provider: str, behaviour: str, kind: FailureKind) -> None:
    """The kinds are the same for all."""
    stand = STANDS[provider]
    with stand.server([MISBEHAVIOURS[behaviour]]) as server, pytest.raises(voxplan.ProviderError) as raised:
        await heard(stand.deployment(server))
    assert raised.value.kind == kind


async def test_without_a_key() -> None:
    """OVHcloud takes strangers."""
    stand = STANDS["ovhcloud"]
    with stand.server([Honest(TEXT)]) as server:
        answer = await heard(replace(stand.deployment(server), api_key=None))
    assert answer.text == TEXT
    assert "authorization" not in server.seen[0].headers


LIVE: Final = [
    ("openai", "gpt-4o-transcribe"),
    ("openai", "gpt-transcribe"),
    ("azure", "my-gpt-4o-transcribe"),
    ("openai_compatible", None),
    ("openai_compatible", compatible_wire.VOXTRAL),
]


async def streamed(deployment: Deployment, **options: Unpack[TranscribeOptions]) -> tuple[list[object], voxplan.Answer]:
    """The events of one transcription, and its answer."""
    wanted: TranscribeOptions = {"filename": "tone.wav", **options}
    async with (
        voxplan.open(spec_of(deployment), environment=ENVIRONMENT) as vox,
        vox.stream(AUDIO, **wanted) as stream,
    ):
        events: list[object] = [event async for event in stream]
        return events, stream.answer


@pytest.mark.parametrize(("provider", "model"), LIVE)
async def test_streams(provider: str, model: str | None) -> None:
    """Word by word as the provider sends them, and the same text at the end."""
    stand = STANDS[provider]
    with stand.server([Honest(TEXT)]) as server:
        events, answer = await streamed(stand.deployment(server, model))
        form = server.seen[0].form
    assert form is not None
    assert form.value("stream") == "true"
    deltas = [event.text for event in events if isinstance(event, Delta)]
    assert len(deltas) == 4
    assert "".join(deltas).strip() == TEXT == answer.text
    assert isinstance(events[-1], Done)


async def test_streams_like_localais() -> None:
    """Its last event has times."""
    with SocketServer(compatible_wire.CompatibleWire(kind="localai"), [Honest(TEXT)]) as server:
        _, answer = await streamed(STANDS["openai_compatible"].deployment(server))
    assert (answer.text, answer.transcript.language) == (TEXT, "en")
    assert answer.transcript.segments


async def test_speakers_in_a_stream() -> None:
    """Each segment comes whole, with who speaks."""
    stand = STANDS["openai"]
    with stand.server([Honest(TEXT)]) as server:
        events, answer = await streamed(stand.deployment(server, DIARIZE), response_format="diarized_json")
    assert len([event for event in events if isinstance(event, SegmentEvent)]) == 2
    assert [segment.speaker for segment in answer.transcript.segments or ()] == ["A", "B"]


async def test_times_in_a_stream_of_a_server_that_has_none() -> None:
    """The answer is asked for as a whole."""
    stand = STANDS["openai_compatible"]
    with stand.server([Honest(TEXT)]) as server:
        _, answer = await streamed(stand.deployment(server), response_format="srt")
    assert "-->" in answer.render("srt")


@pytest.mark.parametrize(("provider", "model"), LIVE)
async def test_a_stream_that_breaks(provider: str, model: str | None) -> None:
    """It is a failure, however much has come."""
    stand = STANDS[provider]
    with stand.server([BreakStream(after=2)]) as server, pytest.raises(voxplan.ProviderError) as raised:
        await streamed(stand.deployment(server, model))
    assert raised.value.kind in {"server_error", "bad_answer"}
