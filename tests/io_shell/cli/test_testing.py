import json
from pathlib import Path

import pytest

from tests.io_shell.cli.typing_commands import typed

SPEC = """\
voxplan: 1
deployments:
  house: {provider: openai_compatible, model: m, base_url: "http://house.example/v1"}
  cloud: {provider: openai, model: whisper-1}
routes:
  main: [house, cloud]
"""
TESTS = """\
tests:
  - name: the cloud serves when the house is down
    world: {house: not_connected}
    expect: {attempts: [house, cloud], served_by: cloud}
  - name: the house is quick
    request: {audio.seconds: 30}
    expect: {within: 500ms, never: [house]}
"""


def written(folder: Path, text: str, name: str = "x.yaml") -> Path:
    """The spec in a file."""
    path = folder / name
    path.write_text(text)
    return path


def test_each_test_is_a_line_and_each_reason_another(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """At the end the sum; the exit code is 1."""
    path = written(tmp_path, SPEC + TESTS)
    lines = (
        "passed  the cloud serves when the house is down\n"
        "FAILED  the house is quick\n"
        "        expected never to call `house`, got attempts [house]\n"
        "        expected an end within 500 ms, got one after 1000 ms\n"
        f"{path}: 1 of 2 tests failed\n"
    )
    assert typed(capsys, "test", path) == (1, lines, "")


def test_all_that_pass_are_a_success(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Exit code 0."""
    path = written(tmp_path, SPEC + TESTS.replace("500ms, never: [house]", "1s"))
    ended = typed(capsys, "test", path)
    assert (ended.code, ended.out.splitlines()[-1]) == (0, f"{path}: ok: 2 tests")


def test_a_spec_without_tests_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """That is no failure."""
    path = written(tmp_path, SPEC)
    assert typed(capsys, "test", path) == (0, f"{path}: no tests: they would stand under `tests`\n", "")


def test_a_spec_with_mistakes_is_not_tested(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Its mistakes are told, the others are tested, and the exit code is that of a wrong spec."""
    bad, good = written(tmp_path, SPEC.replace("[house, cloud]", "[hous]") + TESTS, "bad.yaml"), written(tmp_path, SPEC + TESTS)
    ended = typed(capsys, "test", bad, good)
    assert ended.code == 3
    assert "unknown deployment `hous`" in ended.out
    assert f"{bad}: 1 error, so no test was run" in ended.out
    assert f"{good}: 1 of 2 tests failed" in ended.out


def test_json_tells_programs_the_same(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """One object for each spec; what was not met with the seeds for which it was not."""
    ended = typed(capsys, "test", written(tmp_path, SPEC + TESTS), "--json")
    (report,) = json.loads(ended.out)
    assert (ended.code, report["ok"], report["errors"]) == (1, False, [])
    assert [test["passed"] for test in report["tests"]] == [True, False]
    assert report["tests"][1]["unmet"][0]["why"] == "expected never to call `house`, got attempts [house]"
    assert len(report["tests"][1]["unmet"][0]["seeds"]) == 20


def test_help_shows_how_a_test_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    """With all its parts."""
    ended = typed(capsys, "test", "--help")
    assert ended.code == 0
    assert "expect: {attempts: [house, cloud], served_by: cloud}" in ended.out
