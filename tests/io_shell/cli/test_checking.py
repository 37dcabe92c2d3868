import json
from pathlib import Path

import pytest

from tests.io_shell.cli.typing_commands import typed

GOOD = "voxplan: 1\ndeployments:\n  local: {provider: local, model: default}\nroutes:\n  main: local\n"
FIVE_MISTAKES = """\
voxplan: 1
deployments:
  whisper: {provider: opnai, model: whisper-1}
  server: {provider: openai_compatible, model: m}
  bare: {model: m}
routes:
  main: [whisper, servr]
  other:
    balance: {among: {whisper: 0}}
"""
DOUBTFUL = GOOD.replace("routes:", "  idle: {provider: local, model: default}\nroutes:")


def written(folder: Path, text: str, name: str = "x.yaml") -> Path:
    """The spec in a file."""
    path = folder / name
    path.write_text(text)
    return path


def test_a_good_spec_is_summed_up(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """What is in it, and nothing on standard error."""
    path = written(tmp_path, GOOD)
    assert typed(capsys, "check", path) == (0, f"{path}: ok: 1 route, 1 deployment\n", "")


def test_five_mistakes_are_five_located_lines(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """File, line, column, message; the sum; exit code 3."""
    path = written(tmp_path, FIVE_MISTAKES)
    ended = typed(capsys, "check", path)
    lines = [line.removeprefix(f"{path}:") for line in ended.out.splitlines()]
    assert ended.code == 3
    assert [line.partition(" ")[2] for line in lines] == [
        "unknown provider `opnai`, did you mean `openai`?",
        "provider `openai_compatible` needs a `base_url`",
        "deployment `bare` needs a `provider` or an `account`",
        "unknown deployment `servr`, did you mean `server`?",
        "all weights are 0: nothing could be chosen",
        "5 errors",
    ]
    assert [line.split(":")[0] for line in lines[:5]] == ["3", "4", "5", "7", "9"]


def test_every_spec_is_checked_however_many_are_broken(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A missing file is one line too."""
    good = written(tmp_path, GOOD)
    ended = typed(capsys, "check", tmp_path / "none.yaml", good)
    assert ended.code == 3
    assert "none.yaml: cannot be read: no such file or directory" in ended.out
    assert f"{good}: ok" in ended.out


def test_warnings_are_told_and_are_errors_only_when_strict(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The same line both times."""
    path = written(tmp_path, DOUBTFUL)
    easy, strict = typed(capsys, "check", path), typed(capsys, "check", "--strict", path)
    assert (easy.code, strict.code) == (0, 3)
    assert "warning: no route uses deployment `idle`" in easy.out
    assert easy.out.splitlines()[0] == strict.out.splitlines()[0]


def test_json_tells_programs_the_same(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """One object for each spec, with places as numbers."""
    good, bad = written(tmp_path, GOOD), written(tmp_path, FIVE_MISTAKES, "bad.yaml")
    ended = typed(capsys, "check", good, bad, "--json")
    first, second = json.loads(ended.out)
    assert (first["ok"], first["routes"], first["errors"]) == (True, 1, [])
    assert (second["ok"], second["routes"], len(second["errors"])) == (False, None, 5)
    assert second["errors"][0] == {
        "severity": "error",
        "file": str(bad),
        "line": 3,
        "column": second["errors"][0]["column"],
        "message": "unknown provider `opnai`, did you mean `openai`?",
    }
