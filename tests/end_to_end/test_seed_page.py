"""LiteLLM's page on `/audio/transcriptions`, step by step as printed there: with voxplan in its place, every command works.

Replaced are only the address of the server and the path of the recording. Where the page's configuration leads to a provider,
`api_base` leads to the kit's server instead.
"""

import json
import shlex
import shutil
import subprocess
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

import voxplan
from tests.conformance.behaviours import MISBEHAVIOURS, Honest, Reply
from tests.conformance.kit import STANDS
from tests.conformance.requests_seen import Seen
from tests.conformance.socket_server import SocketServer
from tests.end_to_end.gateway_process import GatewayProcess, not_served, serving
from tests.sounds import tone

AUDIO: Final = tone()
TEXT: Final = Honest().text
PROVIDER_KEY: Final = "sk-test-0123456789abcdef"
KEYS: Final = {"OPENAI_API_KEY": PROVIDER_KEY, "GROQ_API_KEY": PROVIDER_KEY}

# The page has lost its indentation.
CONFIG: Final = """\
model_list:
- model_name: whisper
  litellm_params:
    model: whisper-1
    api_key: os.environ/OPENAI_API_KEY
  model_info:
    mode: audio_transcription

general_settings:
  master_key: sk-1234
"""

TEST: Final = r"""
curl --location 'http://0.0.0.0:8000/v1/audio/transcriptions' \
--header 'Authorization: Bearer sk-1234' \
--form 'file=@"/Users/krrishdholakia/Downloads/gettysburg.wav"' \
--form 'model="whisper"'
"""

FALLBACKS: Final = r"""
curl --location 'http://0.0.0.0:4000/v1/audio/transcriptions' \
--header 'Authorization: Bearer sk-1234' \
--form 'file=@"gettysburg.wav"' \
--form 'model="groq/whisper-large-v3"' \
--form 'fallbacks[]="openai/whisper-1"'
"""

MOCK_TESTING: Final = r"""
curl --location 'http://0.0.0.0:4000/v1/audio/transcriptions' \
--header 'Authorization: Bearer sk-1234' \
--form 'file=@"gettysburg.wav"' \
--form 'model="groq/whisper-large-v3"' \
--form 'fallbacks[]="openai/whisper-1"' \
--form 'mock_testing_fallbacks=true'
"""

# Of these two models the page shows no configuration: the names are those of its commands.
TWO_MODELS: Final = """\
model_list:
- model_name: groq/whisper-large-v3
  litellm_params:
    model: groq/whisper-large-v3
    api_key: os.environ/GROQ_API_KEY
    api_base: {groq}
- model_name: openai/whisper-1
  litellm_params:
    model: openai/whisper-1
    api_key: os.environ/OPENAI_API_KEY
    api_base: {openai}

general_settings:
  master_key: sk-1234
"""

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")


class Answered(NamedTuple):
    """What curl was answered."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def text(self) -> object:
        """The transcript."""
        body: dict[str, object] = json.loads(self.body)
        return body.get("text")

    @property
    def error(self) -> Mapping[str, Any]:
        """What is in the envelope."""
        body: dict[str, Mapping[str, Any]] = json.loads(self.body)
        return body["error"]


class Providers(NamedTuple):
    """The kit's servers behind the gateway."""

    groq: SocketServer
    openai: SocketServer


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """The page's recording."""
    path = tmp_path / "gettysburg.wav"
    path.write_bytes(AUDIO)
    return path


@pytest.fixture(scope="module")
def started_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GatewayProcess, Providers]]:
    """Groq and OpenAI, and the gateway with the configuration of the page's second half in front of them."""
    with STANDS["groq"].server() as groq, STANDS["openai"].server() as openai:
        addresses = {"groq": STANDS["groq"].base_url(groq), "openai": STANDS["openai"].base_url(openai)}
        with started(tmp_path_factory.mktemp("page"), TWO_MODELS.format(**addresses)) as gateway:
            yield gateway, Providers(groq, openai)


@pytest.fixture
def gateway(started_once: tuple[GatewayProcess, Providers]) -> GatewayProcess:
    """The one gateway of the tests that let nothing fail for long."""
    return started_once[0]


@pytest.fixture
def providers(started_once: tuple[GatewayProcess, Providers]) -> Providers:
    """The servers behind it, which have seen nothing yet."""
    for server in started_once[1]:
        server.seen.clear()
    return started_once[1]


@contextmanager
def started(folder: Path, config: str) -> Generator[GatewayProcess]:
    """The gateway, as the page starts it: `--config config.yaml`."""
    path = folder / "config.yaml"
    path.write_text(config, encoding="utf-8")
    with serving("--config", path, environment=KEYS) as gateway:
        yield gateway


def curled(command: str, gateway: GatewayProcess, recording: Path, *more: str) -> Answered:
    """The page's command, with the address and the recording that there are here; `more` is put behind it."""
    line = command
    for printed, here in (
        ("http://0.0.0.0:8000", gateway.address),
        ("http://0.0.0.0:4000", gateway.address),
        ("/Users/krrishdholakia/Downloads/gettysburg.wav", str(recording)),
        ('"gettysburg.wav"', f'"{recording}"'),
    ):
        line = line.replace(printed, here)
    line = f"{line.strip()} {shlex.join((*more, '--silent', '--show-error', '--include', '--noproxy', '*'))}"
    ended = subprocess.run(["/bin/sh", "-c", line], capture_output=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    head, _, body = ended.stdout.partition(b"\r\n\r\n")
    while head.startswith(b"HTTP/1.1 100"):
        head, _, body = body.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = (each.partition(": ") for each in lines)
    return Answered(int(first.split()[1]), {name.lower(): value for name, _, value in headers}, body.decode())


def test_the_python_snippet(recording: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`from voxplan import transcription` and the rest of the page's first example."""

    def hear(_: Seen, text: str) -> Reply:
        return Reply(200, json.dumps({"text": text}).encode())

    with SocketServer(hear) as server, recording.open("rb") as audio_file:
        monkeypatch.setenv("OPENAI_API_KEY", PROVIDER_KEY)
        transcription = partial(voxplan.transcription, api_base=f"http://127.0.0.1:{server.port}/v1")
        response = transcription(model="whisper", file=audio_file)
        print(f"response: {response}")  # noqa: T201 - as printed there
    assert capsys.readouterr().out == f"response: {TEXT}\n"
    assert server.seen[0].headers["authorization"] == f"Bearer {PROVIDER_KEY}"


def test_the_python_snippet_names_a_model_that_openai_has(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`whisper` is `whisper-1` there."""
    monkeypatch.setenv("OPENAI_API_KEY", PROVIDER_KEY)
    with pytest.raises(voxplan.ProviderError, match="`whisper-1` rate_limited"):
        voxplan.transcription(model="whisper", file=recording, simulate={"openai": "rate_limited"})


def test_the_configuration_boots_with_a_warning(tmp_path: Path) -> None:
    """On this machine's own address, though everybody knows its key; the warning names the line that it is about."""
    with started(tmp_path, CONFIG) as gateway:
        (warning,) = (line for line in gateway.log.splitlines() if "config.yaml:10:" in line)
        assert "warning" in warning
        assert "master_key" in warning
        assert PROVIDER_KEY not in gateway.log


def test_elsewhere_the_configuration_is_refused_in_one_line(tmp_path: Path) -> None:
    """The line says how to go on, and no key."""
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    refused = not_served("--config", path, "--host", "0.0.0.0", environment=KEYS)
    assert refused.code not in {0, 1}
    (line,) = refused.said.splitlines()
    assert "master key in" in line
    assert "config.yaml" in line
    assert "VOXPLAN_MASTER_KEY" in line
    assert "127.0.0.1" in line
    assert "sk-1234" not in line


@needs_curl
def test_curl(tmp_path: Path, recording: Path) -> None:
    """The first command: the text, and the recording came whole to the provider, under its key."""
    with STANDS["openai"].server() as openai:
        config = CONFIG.replace("model: whisper-1\n", f"model: whisper-1\n    api_base: {STANDS['openai'].base_url(openai)}\n")
        with started(tmp_path, config) as gateway:
            answer = curled(TEST, gateway, recording)
    assert (answer.status, answer.text) == (200, TEXT)
    (seen,) = openai.seen
    assert seen.headers["authorization"] == f"Bearer {PROVIDER_KEY}"
    assert seen.form is not None
    assert (seen.form.value("model"), seen.form.audio_bytes) == ("whisper-1", len(AUDIO))


@needs_curl
def test_curl_with_fallbacks(gateway: GatewayProcess, recording: Path, providers: Providers) -> None:
    """The second command: a model's name may have a slash; nothing fails, so nothing falls back."""
    answer = curled(FALLBACKS, gateway, recording)
    assert (answer.status, str(answer.text).strip(), answer.headers["x-litellm-attempted-fallbacks"]) == (200, TEXT, "0")
    assert [len(server.seen) for server in providers] == [1, 0]


@needs_curl
def test_curl_with_mock_testing(gateway: GatewayProcess, recording: Path, providers: Providers) -> None:
    """The third command: what comes first fails without a call."""
    providers.openai.expect(Honest("from openai"))
    answer = curled(MOCK_TESTING, gateway, recording)
    assert (answer.status, answer.text, answer.headers["x-litellm-attempted-fallbacks"]) == (200, "from openai", "1")
    assert [len(server.seen) for server in providers] == [0, 1]


@needs_curl
def test_curl_when_the_first_model_fails(gateway: GatewayProcess, recording: Path, providers: Providers) -> None:
    """The second command falls back, and the recording arrives whole a second time."""
    # LiteLLM's own two retries come before the fallback.
    providers.groq.expect(*[MISBEHAVIOURS["503"]] * 3)
    providers.openai.expect(Honest("from openai"))
    answer = curled(FALLBACKS, gateway, recording)
    assert (answer.status, answer.text, answer.headers["x-litellm-attempted-fallbacks"]) == (200, "from openai", "1")
    assert [len(server.seen) for server in providers] == [3, 1]
    assert len({seen.form.audio_sha256 for server in providers for seen in server.seen if seen.form is not None}) == 1


@needs_curl
@pytest.mark.parametrize(
    ("printed", "instead", "status", "code"),
    [
        ("Bearer sk-1234", "Bearer sk-4321", 401, "invalid_api_key"),
        ('model="groq/whisper-large-v3"', 'model="groq/whisper-large-v4"', 404, "model_not_found"),
        ('fallbacks[]="openai/whisper-1"', 'fallbacks[]="openai/whisper-7"', 400, "model_not_found"),
    ],
)
def test_curl_with_a_slip(
    gateway: GatewayProcess, recording: Path, providers: Providers, printed: str, instead: str, status: int, code: str
) -> None:
    """The envelope says what it is."""
    answer = curled(FALLBACKS.replace(printed, instead), gateway, recording)
    assert (answer.status, answer.error["code"]) == (status, code)
    assert [len(server.seen) for server in providers] == [0, 0]


@needs_curl
@pytest.mark.parametrize(
    ("response_format", "content_type", "beginning"),
    [
        ("text", "text/plain; charset=utf-8", TEXT),
        ("srt", "text/plain; charset=utf-8", "1\n00:00:00,000 --> "),
        ("vtt", "text/vtt; charset=utf-8", "WEBVTT\n\n"),
    ],
)
def test_curl_for_subtitles(
    gateway: GatewayProcess, recording: Path, response_format: str, content_type: str, beginning: str
) -> None:
    """The second command with one more field: what Groq cannot write itself is written here."""
    answer = curled(FALLBACKS, gateway, recording, "--form", f"response_format={response_format}")
    assert (answer.status, answer.headers["content-type"]) == (200, content_type)
    assert answer.body.lstrip().startswith(beginning)
