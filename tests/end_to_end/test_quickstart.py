"""LiteLLM's quick start by name, against a real server."""

import io
import os
import subprocess
import sys

import anyio
import pytest

import voxplan
from tests.conformance.behaviours import MISBEHAVIOURS, Honest
from tests.conformance.openai_server import KEY, OpenAIServer
from tests.end_to_end.test_failures import AUDIO
from voxplan.io_shell.options import ModelOptions


class Named(io.BytesIO):
    """What `open("talk.wav", "rb")` gives."""

    name = "talk.wav"


def test_a_model_name_and_a_file_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key comes from the environment; OpenAI is meant when nobody else is named."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with OpenAIServer() as server:
        response = voxplan.transcription(model="whisper-1", file=Named(AUDIO), api_base=server.url)
    assert (response.text, str(response)) == (Honest().text, Honest().text)
    (seen,) = server.seen
    assert seen.form is not None
    assert (seen.form.filename, seen.form.value("model")) == ("talk.wav", "whisper-1")


def test_a_key_as_an_argument_is_used_and_never_shown() -> None:
    """Neither in the error nor in the plan."""
    with OpenAIServer() as server:
        assert voxplan.transcription("whisper-1", Named(AUDIO), api_base=server.url, api_key=KEY).text
        with pytest.raises(voxplan.ProviderError) as raised:
            voxplan.transcription("whisper-1", Named(AUDIO), api_base=server.url, api_key="sk-other-key-1234567890")
    assert raised.value.kind == "unauthorized"
    assert "sk-other" not in f"{raised.value}{raised.value.plan}{raised.value.attempts}"


def test_fallbacks_are_tried_in_order() -> None:
    """Each as `provider/model`; the address given belongs to the first alone."""
    with OpenAIServer(script=[MISBEHAVIOURS["503"]]) as server, pytest.raises(voxplan.ProviderError) as raised:
        voxplan.transcription("whisper-1", Named(AUDIO), api_base=server.url, api_key=KEY, fallbacks=["openai/whisper-1"])
    assert [entry.deployment for entry in raised.value.attempts] == ["whisper-1", "openai-whisper-1:2"]


def test_fallbacks_can_be_tested_without_a_failure() -> None:
    """LiteLLM's `mock_testing_fallbacks` lets the model fail, and `simulate` a provider; nobody is asked for either."""
    with OpenAIServer() as server, pytest.raises(voxplan.ProviderError) as raised:
        voxplan.transcription(
            "openai/whisper-1",
            Named(AUDIO),
            api_base=server.url,
            api_key=KEY,
            fallbacks="local/default",
            mock_testing_fallbacks=True,
            simulate={"local": "overloaded"},
        )
    assert server.seen == []
    assert [(entry.deployment, entry.failure and entry.failure.kind) for entry in raised.value.attempts] == [
        ("openai-whisper-1", "server_error"),
        ("local-default:2", "overloaded"),
    ]


def test_num_retries_calls_again() -> None:
    """The same model."""
    with OpenAIServer(script=[MISBEHAVIOURS["503"], Honest()]) as server:
        response = voxplan.transcription("whisper-1", Named(AUDIO), api_base=server.url, api_key=KEY, num_retries=1)
    assert [entry.number for entry in response.attempts] == [1, 2]


def test_it_works_inside_a_running_loop() -> None:
    """A notebook has one."""

    async def cell() -> str:
        return voxplan.transcription("whisper-1", Named(AUDIO), api_base=server.url, api_key=KEY).text

    with OpenAIServer() as server:
        assert anyio.run(cell) == Honest().text


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("opnai/whisper-1", "unknown provider `opnai` in model `opnai/whisper-1`, did you mean `openai`?"),
        ("openai_compatible/whisper-1", "provider `openai_compatible` needs a `base_url`"),
    ],
)
def test_a_wrong_model_is_the_callers_error(model: str, message: str) -> None:
    """One line."""
    with pytest.raises(voxplan.RequestError) as raised:
        voxplan.transcription(model, Named(AUDIO))
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timeout": float("nan")}, "`timeout` is `nan`: expected a number of at least 0.001"),
        ({"timeout": -1}, "`timeout` is `-1`"),
        ({"num_retries": -1}, "`num_retries` is `-1`: expected a whole number from 0 to 100"),
        ({"temperature": "hot"}, "`temperature` is `hot`: expected a number"),
        ({"response_format": "srtt"}, "unknown response_format `srtt`"),
        ({"timestamp_granularities": ["words"]}, "unknown timestamps `words`"),
        ({"api_key": ""}, "`api_key` is empty"),
        ({"prompt": "\udcff"}, "`prompt` holds characters that are no text"),
        ({"api_base": "http://bob:hunter2@127.0.0.1:1/v1"}, "expected a url without user and password"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_sent(options: ModelOptions, message: str) -> None:
    """Nothing is paid for in vain, and nobody else is blamed."""
    with OpenAIServer() as server:
        wanted: ModelOptions = {"api_key": KEY, "api_base": server.url, **options}
        with pytest.raises(voxplan.RequestError) as raised:
            voxplan.transcription("whisper-1", Named(AUDIO), **wanted)
        assert server.seen == []
    assert message in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_one_name_may_stand_without_a_list() -> None:
    """It is not spelt out."""
    with OpenAIServer(script=[MISBEHAVIOURS["503"]]) as server, pytest.raises(voxplan.ProviderError) as raised:
        voxplan.transcription("nova-2", Named(AUDIO), api_base=server.url, api_key=KEY, fallbacks="nova")
    assert [entry.deployment for entry in raised.value.attempts] == ["nova-2", "nova:2"]


@pytest.mark.anyio
async def test_async_twin() -> None:
    """`atranscription` is the same."""
    with OpenAIServer() as server:
        response = await voxplan.atranscription("openai/whisper-1", Named(AUDIO), api_base=server.url, api_key=KEY, timeout=20)
    assert response.text == Honest().text
    assert response.plan.root.deadline_ms == 20_000


def test_the_options_are_written_once() -> None:
    """The typed dictionary lists exactly the keywords of the function that it stands for."""
    assert set(voxplan.atranscription.__kwdefaults__ or ()) == set(ModelOptions.__annotations__)


def test_importing_the_package_loads_no_shell() -> None:
    """Embedders pay for what they use."""
    code = "import sys, voxplan, voxplan.engine.plans.planning; sys.exit('httpx' in sys.modules or 'anyio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=dict(os.environ), check=False).returncode == 0


VOICE = {"Ann": "data:audio/wav;base64,UklGRg=="}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (ModelOptions(translate=True), "does not translate into English"),
        (ModelOptions(diarize=True), "does not tell speakers apart"),
        (ModelOptions(languages=("en", "fi")), "takes no list of languages"),
        (ModelOptions(keywords="Kela"), "takes no keywords"),
        (ModelOptions(known_speakers=VOICE), "recognises no speakers by their voice"),
        (ModelOptions(logprobs=True), "gives no log probabilities"),
        (ModelOptions(chunking_strategy="auto"), "takes no chunking strategy"),
        (ModelOptions(response_format="diarized_json"), "which `diarized_json` needs"),
        (ModelOptions(known_speakers={"Ann": "ann.wav"}), "the voice of `Ann` is no data URL of audio"),
        (ModelOptions(chunking_strategy="vad"), "`chunking_strategy` is `vad`"),
    ],
)
def test_every_option_reaches_the_plan(options: ModelOptions, message: str) -> None:
    """What the recogniser on this machine cannot do is refused, never dropped in silence."""
    with pytest.raises(voxplan.RequestError, match=message):
        voxplan.transcription("local/default", Named(AUDIO), **options)
