"""OpenAI's client for JavaScript at the gateway. `make clients` installs it where npm is."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from tests.clients.world import AUDIO, KEY, TEXT, World
from tests.conformance.behaviours import MISBEHAVIOURS, Behaviour, BreakStream, Hang, Reply

FOLDER: Final = Path(__file__).parent / "node"
NODE: Final = shutil.which("node")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(NODE is None, reason="no node on this machine"),
    pytest.mark.skipif(not (FOLDER / "node_modules").is_dir(), reason="no node_modules: `make clients` installs them"),
]

Told = dict[str, Any]


def asked(there: World, folder: Path, behaviour: str, key: str = KEY) -> Told:
    """What the client made of one behaviour: its value, or the name of its exception with what that says."""
    audio = folder / "tone.wav"
    audio.write_bytes(AUDIO)
    environment = {**os.environ, "GATEWAY": there.address, "KEY": key, "AUDIO": str(audio)}
    ended = subprocess.run(
        [NODE or "node", "asking.mjs", behaviour], cwd=FOLDER, env=environment, capture_output=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr.decode()
    told: Told = json.loads(ended.stdout)
    return told


def test_the_text(there: World, tmp_path: Path) -> None:
    """From a file that is read as it is sent."""
    assert asked(there, tmp_path, "text")["value"]["text"] == TEXT


def test_bytes_in_memory(there: World, tmp_path: Path) -> None:
    """As browsers have them."""
    assert asked(there, tmp_path, "bytes")["value"]["text"] == TEXT


def test_every_format(there: World, tmp_path: Path) -> None:
    """Objects where the format is JSON, text where it is not: the client goes by the content type."""
    found = asked(there, tmp_path, "formats")["value"]
    assert {name: found[name]["text"] for name in ("json", "verbose_json")} == {"json": TEXT, "verbose_json": TEXT}
    assert found["text"].strip() == TEXT
    assert found["srt"].startswith("1\n00:00:00,000 --> ")
    assert found["vtt"].startswith("WEBVTT\n\n")


def test_times(there: World, tmp_path: Path) -> None:
    """Words and segments."""
    found = asked(there, tmp_path, "times")["value"]
    assert len(found["words"]) == len(TEXT.split())
    assert found["segments"]


def test_speakers(there: World, tmp_path: Path) -> None:
    """An object goes in this client's own way of writing it."""
    found = asked(there, tmp_path, "speakers")["value"]
    assert {segment["speaker"] for segment in found["segments"]} == {"A", "B"}


def test_a_stream(there: World, tmp_path: Path) -> None:
    """Deltas, and the end."""
    *deltas, end = asked(there, tmp_path, "stream")["value"]
    assert "".join(event["delta"] for event in deltas) == TEXT
    assert (end["type"], end["text"]) == ("transcript.text.done", TEXT)


def test_headers_tell_who_served(there: World, tmp_path: Path) -> None:
    """With the raw response."""
    assert asked(there, tmp_path, "headers")["value"] == {"text": TEXT, "served_by": "whisper-there"}


def test_a_translation(there: World, tmp_path: Path) -> None:
    """At its own address."""
    assert asked(there, tmp_path, "translation")["value"]["text"] == TEXT
    assert there.upstream.seen[0].path == "/v1/audio/translations"


def test_the_models(there: World, tmp_path: Path) -> None:
    """The routes."""
    assert set(asked(there, tmp_path, "models")["value"]) == {"whisper", "live", "speakers"}


def test_fallbacks(there: World, tmp_path: Path) -> None:
    """A list beside the client's own fields."""
    there.upstream.expect(MISBEHAVIOURS["503"])
    assert asked(there, tmp_path, "fallbacks")["value"]["text"] == TEXT


def test_it_tries_again(there: World, tmp_path: Path) -> None:
    """As often as it was told to, and no sooner than the provider asked for."""
    there.upstream.expect(Reply(429, b"{}", headers=(("retry-after", "1"),)))
    assert asked(there, tmp_path, "tries_again")["value"]["text"] == TEXT
    assert len(there.upstream.seen) == 2


def test_azure_s_client(there: World, tmp_path: Path) -> None:
    """Its route stands in the address."""
    assert asked(there, tmp_path, "azure")["value"]["text"] == TEXT


def test_a_wrong_key(there: World, tmp_path: Path) -> None:
    """It knows the refusal for what it is."""
    told = asked(there, tmp_path, "text", key="sk-wrong")
    assert (told["error"], told["status"], told["code"]) == ("AuthenticationError", 401, "invalid_api_key")


@pytest.mark.parametrize(
    ("behaviour", "error", "status", "param"),
    [("unknown_model", "NotFoundError", 404, "model"), ("wrong_value", "BadRequestError", 400, "temperature")],
)
def test_what_the_caller_did_wrong(there: World, tmp_path: Path, behaviour: str, error: str, status: int, param: str) -> None:
    """The exception is the one that the client has for it, with the parameter."""
    told = asked(there, tmp_path, behaviour)
    assert (told["error"], told["status"], told["param"]) == (error, status, param)


@pytest.mark.parametrize(
    ("behaviour", "upstream", "error", "status", "retry_after"),
    [
        ("fails", MISBEHAVIOURS["500"], "InternalServerError", 502, None),
        ("fails", MISBEHAVIOURS["429 with Retry-After"], "RateLimitError", 429, "7"),
        ("times_out", Hang(), "APIConnectionTimeoutError", None, None),
        ("broken_stream", BreakStream(after=2), "APIError", None, None),
    ],
)
def test_what_a_provider_did_wrong(
    there: World,
    tmp_path: Path,
    behaviour: str,
    upstream: Behaviour,
    error: str,
    status: int | None,
    retry_after: str | None,
) -> None:
    """The exception is the one that the client has for it."""
    there.upstream.expect(upstream)
    told = asked(there, tmp_path, behaviour)
    assert (told["error"], told.get("status"), told["retry_after"]) == (error, status, retry_after)
