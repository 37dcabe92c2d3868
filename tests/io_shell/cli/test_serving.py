"""`voxplan serve` up to the moment at which it would listen, where somebody else does."""

import socket
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.io_shell.cli.typing_commands import Ended, typed

SPEC = "voxplan: 1\ndeployments: {here: {provider: local, model: default}}\nroutes: {r: here}\n"
CONFIG = """\
model_list:
  - model_name: whisper
    litellm_params: {model: whisper-1, api_key: os.environ/OPENAI_API_KEY}
general_settings: {master_key: sk-1234}
"""
LONG = "sk-0123456789abcdef"
TAKEN = "address already in use"


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the one who runs these tests."""
    for name in ("VOXPLAN_MASTER_KEY", "LITELLM_MASTER_KEY", "VOXPLAN_KEYS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A spec of one route."""
    path = tmp_path / "routing.yaml"
    path.write_text(SPEC, encoding="utf-8")
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """LiteLLM's quick start."""
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.fixture
def taken() -> Generator[str]:
    """A port on which somebody listens, at every address of this machine."""
    both = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both else socket.AF_INET
    with socket.create_server(("", 0), family=family, dualstack_ipv6=both) as server:
        yield str(server.getsockname()[1])


def served(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Ended:
    """`voxplan serve`, which cannot go on for ever."""
    return typed(capsys, "serve", *arguments)


def test_a_port_that_is_taken_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, spec: Path, taken: str
) -> None:
    """It names both, and the exit code is that of a wrong request."""
    monkeypatch.setenv("VOXPLAN_MASTER_KEY", LONG)
    ended = served(capsys, spec, "--port", taken)
    assert (ended.code, ended.err) == (4, f"voxplan: cannot listen on `127.0.0.1` port {taken}: {TAKEN}\n")


def test_a_host_that_is_none_is_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, spec: Path) -> None:
    """As well."""
    monkeypatch.setenv("VOXPLAN_MASTER_KEY", LONG)
    ended = served(capsys, spec, "--host", "no such host")
    assert (ended.code, len(ended.err.splitlines())) == (4, 1)
    assert "cannot listen on `no such host`" in ended.err


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", *(["::1"] if socket.has_dualstack_ipv6() else [])])
def test_on_this_machine_a_missing_key_is_a_warning(
    capsys: pytest.CaptureFixture[str], spec: Path, taken: str, host: str
) -> None:
    """Before it listens."""
    assert "no key in `VOXPLAN_MASTER_KEY`: only for this machine" in served(capsys, spec, "--host", host, "--port", taken).err


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
@pytest.mark.parametrize("key", [None, "sk-1234"])
def test_elsewhere_it_wants_a_key(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, spec: Path, key: str | None, host: str
) -> None:
    """One line that says how to go on, and never the key."""
    if key is not None:
        monkeypatch.setenv("VOXPLAN_MASTER_KEY", key)
    ended = served(capsys, spec, "--host", host)
    assert (ended.code, len(ended.err.splitlines())) == (4, 1)
    assert "set `VOXPLAN_MASTER_KEY` to a key of at least 16 letters, or listen on 127.0.0.1" in ended.err
    assert "sk-1234" not in ended.err


def test_with_a_key_it_listens_anywhere(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, spec: Path, taken: str
) -> None:
    """Without a word about it."""
    monkeypatch.setenv("VOXPLAN_MASTER_KEY", LONG)
    ended = served(capsys, spec, "--host", "0.0.0.0", "--port", taken)
    assert len(ended.err.splitlines()) == 1
    assert TAKEN in ended.err
    assert LONG not in ended.err


def test_a_spec_with_mistakes_is_not_served(capsys: pytest.CaptureFixture[str], spec: Path) -> None:
    """They are said, each with its place, and nothing of keys."""
    spec.write_text(SPEC.replace("r: here", "r: nowhere"), encoding="utf-8")
    ended = served(capsys, spec)
    assert ended.code == 3
    assert f"{spec}:3:" in ended.err
    assert "key" not in ended.err


def test_what_this_environment_lacks_is_said_first(capsys: pytest.CaptureFixture[str], spec: Path) -> None:
    """An address that is not set would fail every request."""
    there = "{provider: openai_compatible, model: m, base_url: '${NOT_SET_HERE}'}"
    spec.write_text(SPEC.replace("{provider: local, model: default}", there), encoding="utf-8")
    ended = served(capsys, spec)
    assert ended.code == 3
    assert "`NOT_SET_HERE`" in ended.err


def test_a_file_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """As for every command."""
    ended = served(capsys, tmp_path / "none.yaml")
    assert (ended.code, len(ended.err.splitlines())) == (3, 1)
    assert "cannot be read: no such file" in ended.err


@pytest.mark.parametrize("arguments", [[], ["routing.yaml", "--config", "config.yaml"]])
def test_it_is_a_spec_or_a_config(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """Neither is as wrong as both."""
    ended = served(capsys, *arguments)
    assert ended.code == 2
    assert "expected a SPEC or `--config CONFIG`" in ended.err


def test_a_config_is_served_with_what_is_to_be_said_of_it(capsys: pytest.CaptureFixture[str], config: Path, taken: str) -> None:
    """Each remark with its place in the config, and that its key is weak; never the key."""
    ended = served(capsys, "--config", config, "--port", taken)
    assert ended.code == 4
    assert f"{config}:4:20: warning: `master_key` is one that is known to everybody: take another" in ended.err
    assert f"the master key in `{config}` is short: only for this machine" in ended.err
    assert "sk-1234" not in ended.err


def test_elsewhere_the_key_of_a_config_is_too_weak(capsys: pytest.CaptureFixture[str], config: Path) -> None:
    """It does not listen, and says how to go on."""
    ended = served(capsys, "--config", config, "--host", "0.0.0.0")
    assert ended.code == 4
    assert "set `VOXPLAN_MASTER_KEY`" in ended.err.splitlines()[-1]


@pytest.mark.parametrize("key", ["sk-1234", "os.environ/NOT_SET_HERE"])
def test_our_own_variable_goes_before_a_config(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, config: Path, taken: str, key: str
) -> None:
    """So that a config with a weak key, or one that is not there, can stay as it is."""
    monkeypatch.setenv("VOXPLAN_MASTER_KEY", LONG)
    config.write_text(CONFIG.replace("sk-1234", key), encoding="utf-8")
    ended = served(capsys, "--config", config, "--host", "0.0.0.0", "--port", taken)
    assert TAKEN in ended.err
    assert "short" not in ended.err


@pytest.mark.parametrize(("says", "weak"), [("master_key: sk-1234", True), ("{}", False)])
def test_a_config_goes_before_the_variable_of_litellm(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, config: Path, taken: str, says: str, weak: bool
) -> None:
    """As there: clients have the key that stands in the config."""
    monkeypatch.setenv("LITELLM_MASTER_KEY", LONG)
    config.write_text(CONFIG.replace("{master_key: sk-1234}", "{" + says.strip("{}") + "}"), encoding="utf-8")
    ended = served(capsys, "--config", config, "--port", taken)
    assert TAKEN in ended.err
    assert ("is short" in ended.err) == weak


def test_a_key_that_a_config_has_elsewhere_has_to_be_there(capsys: pytest.CaptureFixture[str], config: Path) -> None:
    """Or everybody could come in."""
    config.write_text(CONFIG.replace("sk-1234", "os.environ/NOT_SET_HERE"), encoding="utf-8")
    ended = served(capsys, "--config", config)
    assert ended.code == 3
    assert "`master_key` needs the environment variable `NOT_SET_HERE`, which is not set" in ended.err


def test_a_config_without_a_spec_in_it_is_not_served(capsys: pytest.CaptureFixture[str], config: Path) -> None:
    """It says why."""
    config.write_text("model_list: []\n", encoding="utf-8")
    ended = served(capsys, "--config", config)
    assert ended.code == 3
    assert "there is nothing to carry over" in ended.err
