"""LiteLLM's own client at the gateway, as those who change from its proxy call it. `make clients` installs it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.clients.world import AUDIO, KEY, TEXT, World
from tests.conformance.behaviours import MISBEHAVIOURS, Behaviour, Hang

# It wants an older `openai` than the other tests, so it has an environment of its own inside that of the tests.
PYTHON: Final = Path(sys.prefix, "litellm", "bin", "python")
PROGRAM: Final = Path(__file__).with_name("asking_litellm.py")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON.exists(), reason="LiteLLM is not installed: `make clients` installs it"),
]

Told = dict[str, Any]
Ask = Callable[..., Told]


@pytest.fixture(scope="module")
def process() -> Iterator["subprocess.Popen[str]"]:
    """One process for all calls: to import LiteLLM takes seconds, and without this variable it would phone home."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE", "COV_"))}
    environment = {**outside, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    line = [PYTHON, PROGRAM]
    with subprocess.Popen(
        line, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as opened:
        yield opened
        assert opened.stdin is not None
        opened.stdin.close()
        assert opened.wait(30) == 0


@pytest.fixture
def ask(process: "subprocess.Popen[str]", there: World, tmp_path: Path) -> Ask:
    """One call at the gateway, of which the test says what is not usual."""
    audio = tmp_path / "tone.wav"
    audio.write_bytes(AUDIO)

    def call(**options: object) -> Told:
        usual = {"model": "openai/whisper", "file": str(audio), "api_base": f"{there.address}/v1", "api_key": KEY}
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({**usual, "max_retries": 0, **options}) + "\n")
        process.stdin.flush()
        told: Told = json.loads(process.stdout.readline())
        return told

    return call


def test_the_text(ask: Ask) -> None:
    """`litellm.transcription(model="openai/whisper", api_base=…)`."""
    assert ask()["text"] == TEXT


@pytest.mark.parametrize(("response_format", "beginning"), [("text", TEXT), ("srt", "1\n00:00:00,000"), ("vtt", "WEBVTT\n\n")])
def test_text_and_subtitles(ask: Ask, response_format: str, beginning: str) -> None:
    """It takes the text of the body."""
    assert ask(response_format=response_format)["text"].startswith(beginning)


def test_times(ask: Ask) -> None:
    """Words and segments."""
    told = ask(response_format="verbose_json", timestamp_granularities=["word", "segment"])
    assert len(told["words"]) == len(TEXT.split())
    assert told["segments"]


def test_a_model_without_times(ask: Ask) -> None:
    """It asks that of its proxy by the name of the model, and gets the text."""
    assert ask(model="openai/live", response_format="json")["text"] == TEXT


@pytest.mark.parametrize(
    ("model", "path"), [("litellm_proxy/whisper", "/v1"), ("groq/whisper", "/openai/v1"), ("azure/whisper", "")]
)
def test_other_providers_of_its(ask: Ask, there: World, model: str, path: str) -> None:
    """Each writes the address in its own way."""
    assert ask(model=model, api_base=f"{there.address}{path}", api_version="2024-10-21")["text"] == TEXT


def test_fallbacks_travel_in_the_extra_body(ask: Ask, there: World) -> None:
    """As for OpenAI's client."""
    there.upstream.expect(MISBEHAVIOURS["503"])
    assert ask(response_format="json", extra_body={"fallbacks": ["live"]})["text"] == TEXT


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"api_key": "sk-wrong"}, "AuthenticationError"),
        ({"model": "openai/whispr"}, "NotFoundError"),
        ({"temperature": "hot"}, "BadRequestError"),
    ],
)
def test_what_the_caller_did_wrong(ask: Ask, options: dict[str, object], error: str) -> None:
    """The exception is the one for it."""
    assert ask(**options)["error"] == error


@pytest.mark.parametrize(
    ("behaviour", "options", "error", "status"),
    [
        (MISBEHAVIOURS["429 with Retry-After"], {}, "RateLimitError", 429),
        (MISBEHAVIOURS["500"], {}, "InternalServerError", 502),
        (Hang(), {"extra_body": {"timeout": 0.3}}, "InternalServerError", 504),
    ],
)
def test_what_a_provider_did_wrong(
    ask: Ask, there: World, behaviour: Behaviour, options: dict[str, object], error: str, status: int
) -> None:
    """The exception is the one for it."""
    there.upstream.expect(behaviour)
    told = ask(**options)
    assert (told["error"], told["status"]) == (error, status)
