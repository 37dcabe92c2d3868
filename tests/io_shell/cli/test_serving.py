"""`voxplan serve` up to the moment at which it listens."""

from pathlib import Path

import pytest
import uvicorn

from tests.io_shell.cli.typing_commands import typed

SPEC = "voxplan: 1\ndeployments: {here: {provider: local, model: default}}\nroutes: {r: here}\n"
LONG = "sk-0123456789abcdef"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A spec of one route."""
    path = tmp_path / "routing.yaml"
    path.write_text(SPEC, encoding="utf-8")
    return path


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Where it would listen."""
    found: list[tuple[str, int]] = []

    def run(app: object, host: str, port: int, **_: object) -> None:
        """Nothing."""
        del app
        found.append((host, port))

    monkeypatch.setattr(uvicorn, "run", run)
    return found


def test_it_listens_on_this_machine(capsys: pytest.CaptureFixture[str], spec: Path, listening: list[tuple[str, int]]) -> None:
    """Without a key with a warning; it says where."""
    err = typed(capsys, "serve", spec).err
    assert listening == [("127.0.0.1", 8000)]
    assert "no key in `VOXPLAN_MASTER_KEY`: only for this machine" in err
    assert "http://127.0.0.1:8000/v1/audio/transcriptions" in err


@pytest.mark.parametrize("key", [None, "sk-1234"])
def test_elsewhere_it_wants_a_key(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    spec: Path,
    listening: list[tuple[str, int]],
    key: str | None,
) -> None:
    """One line that says how to go on, and never the key."""
    if key is not None:
        monkeypatch.setenv("VOXPLAN_MASTER_KEY", key)
    said = typed(capsys, "serve", spec, "--host", "0.0.0.0")
    assert listening == []
    assert "listen on 127.0.0.1" in said.err
    assert "sk-1234" not in said.err


def test_with_a_key_it_listens_anywhere(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, spec: Path, listening: list[tuple[str, int]]
) -> None:
    """On the port that was asked for."""
    monkeypatch.setenv("VOXPLAN_MASTER_KEY", LONG)
    err = typed(capsys, "serve", spec, "--host", "0.0.0.0", "--port", "4000").err
    assert listening == [("0.0.0.0", 4000)]
    assert LONG not in err


def test_a_spec_with_mistakes_is_not_served(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, listening: list[tuple[str, int]]
) -> None:
    """They are said, each with its place."""
    path = tmp_path / "wrong.yaml"
    path.write_text(SPEC.replace("r: here", "r: nowhere"), encoding="utf-8")
    said = typed(capsys, "serve", path)
    assert listening == []
    assert "nowhere" in said.err
