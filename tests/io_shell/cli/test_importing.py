import json
from pathlib import Path

import pytest

from tests.io_shell.cli.typing_commands import typed
from voxplan.io_shell.loading import load_file

CONFIG = """\
model_list:
  - model_name: groq/whisper
    litellm_params: {model: groq/whisper-large-v3, api_key: gsk-literal}
"""


def config(folder: Path, text: str = CONFIG) -> Path:
    """The config in a file."""
    path = folder / "config.yaml"
    path.write_text(text)
    return path


def test_the_spec_is_printed_and_the_rest_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """On the two outputs, each remark with its place; no key on either."""
    path = config(tmp_path)
    ended = typed(capsys, "import", "litellm", path)
    assert ended.code == 0
    assert ended.out.startswith("# Made from")
    assert f"{path}:3:52: warning: `api_key` stands in the file" in ended.err
    assert "gsk-literal" not in ended.out + ended.err


def test_the_spec_is_written_and_can_be_loaded(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A file that exists is replaced only by force."""
    path, output = config(tmp_path), tmp_path / "routing.yaml"
    assert typed(capsys, "import", "litellm", path, "--output", output)[:2] == (0, "")
    assert set(load_file(output).routes) == {"groq:whisper"}
    again = typed(capsys, "import", "litellm", path, "--output", output)
    assert again.code == 4
    assert "exists: --force replaces it" in again.err
    assert typed(capsys, "import", "litellm", path, "--output", output, "--force").code == 0


def test_json_is_for_programs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The variables to set, the routes behind LiteLLM's names, the warnings with places; nothing on standard error."""
    ended = typed(capsys, "import", "litellm", config(tmp_path), "--json")
    report = json.loads(ended.out)
    assert (report["ok"], report["variables"], report["model_names"]) == (
        True,
        ["GROQ_API_KEY"],
        {"groq/whisper": "groq:whisper"},
    )
    assert [each["line"] for each in report["warnings"]] == [2, 3]
    assert ended.err == ""


@pytest.mark.parametrize("text", ["", "model_list: []", "a: *b"])
def test_what_cannot_be_imported_says_why(capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str) -> None:
    """One line, exit code 3, nothing written."""
    ended = typed(capsys, "import", "litellm", config(tmp_path, text), "--output", tmp_path / "out.yaml")
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (3, "", 1)
    assert not (tmp_path / "out.yaml").exists()


def test_a_file_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """As for specs."""
    ended = typed(capsys, "import", "litellm", tmp_path / "none.yaml")
    assert ended.code == 3
    assert "none.yaml: cannot be read: no such file or directory" in ended.err
