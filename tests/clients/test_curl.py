"""curl at the gateway, with what it does on its own account: waiting for a go-ahead, reading its input, showing a stream."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.clients.world import AUDIO, KEY, TEXT, World
from tests.conformance.behaviours import Drip

CURL: Final = shutil.which("curl")
# Beyond a megabyte curl asks with `Expect: 100-continue` before it sends.
LARGE: Final = AUDIO + bytes(8 << 20)

pytestmark = pytest.mark.skipif(CURL is None, reason="no curl on this machine")


class Told(NamedTuple):
    """Curl's exit code, the status, how much it uploaded, and the body."""

    code: int
    status: int
    uploaded: int
    body: str


def curl(there: World, *arguments: str, key: str = KEY, path: str = "/v1/audio/transcriptions", given: bytes = b"") -> Told:
    """One command; `given` is its standard input."""
    line = [CURL or "curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "30"]
    line += ["--header", f"Authorization: Bearer {key}", "--write-out", "\n%{http_code} %{size_upload}", *arguments]
    ended = subprocess.run([*line, f"{there.address}{path}"], input=given, capture_output=True, timeout=60, check=False)
    body, _, told = ended.stdout.decode().rpartition("\n")
    status, uploaded = told.split()
    return Told(ended.returncode, int(status), int(uploaded), body)


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    """A large recording."""
    path = tmp_path / "talk.wav"
    path.write_bytes(LARGE)
    return path


@pytest.mark.parametrize("order", ["file first", "model first"])
def test_a_large_file(there: World, audio: Path, order: str) -> None:
    """Whole, wherever the model stands in the form."""
    fields = ["--form", f"file=@{audio}", "--form", "model=whisper"]
    told = curl(there, *(fields if order == "file first" else (*fields[2:], *fields[:2])))
    assert (told.code, told.status, json.loads(told.body)["text"]) == (0, 200, TEXT)
    form = there.upstream.seen[0].form
    assert form is not None
    assert form.audio_bytes == len(LARGE)


def test_a_large_file_with_a_wrong_key_is_not_uploaded(there: World, audio: Path) -> None:
    """The answer comes instead of the go-ahead."""
    told = curl(there, "--form", f"file=@{audio}", "--form", "model=whisper", key="sk-wrong")
    assert (told.code, told.status, json.loads(told.body)["error"]["code"]) == (0, 401, "invalid_api_key")
    assert told.uploaded < len(LARGE) // 2


def test_audio_from_a_pipe(there: World) -> None:
    """Its length is not known before it has been read, so the body comes in chunks."""
    told = curl(
        *(there, "--form", "file=@-;filename=talk.wav", "--form", "model=whisper"),
        *("--header", "Transfer-Encoding: chunked"),
        given=AUDIO,
    )
    assert (told.status, json.loads(told.body)["text"]) == (200, TEXT)


def test_a_stream(there: World, audio: Path) -> None:
    """One event after another, with the end mark."""
    there.upstream.expect(Drip(pause_s=0.001, text="one two three"))
    told = curl(there, "--no-buffer", "--form", f"file=@{audio}", "--form", "model=live", "--form", "stream=true")
    events = [line.removeprefix("data: ") for line in told.body.splitlines() if line]
    assert [json.loads(event)["type"] for event in events[:-1]] == [*["transcript.text.delta"] * 3, "transcript.text.done"]
    assert events[-1] == "[DONE]"


@pytest.mark.parametrize(
    ("arguments", "path", "status"),
    [
        (("--request", "GET"), "/v1/audio/transcriptions", 405),
        (("--request", "POST"), "/v1/audio/transcription", 404),
        (("--form", "model=whisper"), "/v1/chat/completions", 404),
    ],
)
def test_another_address_or_method(there: World, arguments: tuple[str, ...], path: str, status: int) -> None:
    """OpenAI's envelope, as for everything else."""
    told = curl(there, *arguments, path=path)
    assert told.status == status
    assert json.loads(told.body)["error"]["type"] == "invalid_request_error"
