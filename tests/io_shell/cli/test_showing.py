import json
from pathlib import Path

import pytest

from tests.io_shell.cli.typing_commands import typed

SPEC = """\
voxplan: 1
deployments:
  whisper-1: {provider: openai, model: whisper-1}
  server: {provider: openai_compatible, model: m, base_url: "${NOT_SET}"}
  local: {provider: local, model: default}
routes:
  whisper:
    first:
      - use: whisper-1
        retry: {times: 1}
      - use: server
        timeout: 5s
      - local
  strict: {first: [whisper-1, local], on: [overloaded, timed_out]}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A spec whose keys and addresses are nowhere."""
    path = tmp_path / "x.yaml"
    path.write_text(SPEC)
    return path


def test_a_plan_is_a_tree(capsys: pytest.CaptureFixture[str], spec: Path) -> None:
    """Forms, deployments and rules, whole; no key and no address is needed."""
    ended = typed(capsys, "plan", "-s", spec, "-r", "whisper", "--seconds", "30", "--seed", "7", "--moment", "1")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0] == "whisper  first, on *"
    assert lines[1] == "├── whisper-1  openai"
    assert "├── server  openai_compatible" in lines
    assert "│   timeout 5 s" in lines
    assert "└── local" in lines
    assert "1 retry after " in ended.out
    assert lines[-1] == "seed 7  moment 1"


def test_what_is_left_out_is_said_with_all_reasons(capsys: pytest.CaptureFixture[str], spec: Path) -> None:
    """One a line."""
    ended = typed(capsys, "plan", "-s", spec, "-r", "whisper", "--language", "fi", "--prompt", "hi")
    told = ended.out.partition("left out\n")[2].splitlines()
    assert told[0].split(maxsplit=1) == ["local", "cannot transcribe language `fi`"]
    assert told[1].strip() == "takes no prompt"


def test_no_plan_is_the_callers_fault_when_nobody_could_ever_do_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The reasons are on standard error, exit code 4."""
    ended = typed(capsys, "plan", "--language", "fi")
    assert (ended.code, ended.out) == (4, "")
    assert "there is no plan" in ended.err
    assert "cannot transcribe language `fi`" in ended.err


def test_edges_tell_what_follows_what(capsys: pytest.CaptureFixture[str], spec: Path) -> None:
    """Kinds that lead to the same place share a line."""
    ended = typed(capsys, "plan", "-s", spec, "-r", "whisper", "--edges")
    told = ended.out.partition("after whisper-1\n")[2].partition("\n\n")[0]
    assert [line.split(maxsplit=1)[0] for line in told.splitlines()] == ["cancelled,", "rate_limited", "overloaded,", "anything"]
    assert "whisper-1 again if told when, then server, then local" in told


def test_an_on_list_is_shown_as_it_is(capsys: pytest.CaptureFixture[str], spec: Path) -> None:
    """Names where they are shorter than the difference from `*`."""
    assert "strict  first, on overloaded, timed_out\n" in typed(capsys, "plan", "-s", spec, "-r", "strict").out


def test_json_holds_plan_and_edges(capsys: pytest.CaptureFixture[str], spec: Path) -> None:
    """The same command line gives the same bytes."""
    line = ("plan", "-s", spec, "-r", "whisper", "--seed", "7", "--moment", "1", "--json")
    first, second = typed(capsys, *line), typed(capsys, *line)
    assert first == second
    document = json.loads(first.out)
    assert document["plan"]["route"] == "whisper"
    assert len(document["edges"]) == 3 * 17
    assert (document["seed"], document["moment_ms"], document["refusal"]) == (7, 1, None)


def test_json_holds_the_refusal(capsys: pytest.CaptureFixture[str]) -> None:
    """With the exit code of people's output."""
    ended = typed(capsys, "plan", "--language", "fi", "--json")
    document = json.loads(ended.out)
    assert ended.code == 4
    assert (document["plan"], document["refusal"]["code"]) == (None, "nothing_eligible")


def test_a_view_takes_what_cools_off_out(capsys: pytest.CaptureFixture[str], spec: Path, tmp_path: Path) -> None:
    """At the moment given."""
    view = tmp_path / "view.json"
    cooling = {"circuit": "open", "until_ms": 9000, "cause": "overloaded"}
    view.write_text(json.dumps({"deployments": {"server": cooling}}))
    line = ("plan", "-s", spec, "-r", "whisper", "--view", view)
    assert "cools off for 1000 ms more after overloaded" in typed(capsys, *line, "--moment", "8000").out
    assert "left out" not in typed(capsys, *line, "--moment", "9000").out


def test_a_view_of_another_spec_is_told(capsys: pytest.CaptureFixture[str], spec: Path, tmp_path: Path) -> None:
    """What it says of names that the spec does not have is passed over, not kept silent."""
    view = tmp_path / "view.json"
    view.write_text(json.dumps({"deployments": {"servr": {}}, "accounts": {"elsewhere": {}}}))
    ended = typed(capsys, "plan", "-s", spec, "-r", "whisper", "--view", view)
    assert ended.code == 0
    assert f"{view}: warning: no deployment `servr` in the spec, did you mean `server`?" in ended.err
    assert f"{view}: warning: no credential `elsewhere` in the spec" in ended.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("-r", "whispr"), 4, "unknown route `whispr`, did you mean `whisper`?"),
        ((), 4, "which route? the spec has `strict`, `whisper`"),
        (("-r", "whisper", "-l", "en!"), 4, "unknown language `en!`"),
        (("-r", "whisper", "--view", "none.json"), 4, "none.json: cannot be read"),
        (("-r", "whisper", "--view", __file__), 4, "test_showing.py:1:1: not JSON: expected a value"),
    ],
)
def test_what_is_asked_wrongly_is_one_line(
    capsys: pytest.CaptureFixture[str], spec: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    """With the exit code of the caller's faults."""
    ended = typed(capsys, "plan", "-s", spec, *arguments)
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (code, "", 1)
    assert message in ended.err


def test_a_broken_spec_is_told_line_by_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """With its places, exit code 3."""
    path = tmp_path / "x.yaml"
    path.write_text("voxplan: 1\ndeployments: {}\nroutes: {a: b, c: d}\n")
    ended = typed(capsys, "plan", "-s", path)
    assert (ended.code, ended.out) == (3, "")
    assert [line.startswith(f"voxplan: {path}:3:") for line in ended.err.splitlines()] == [True, True]
