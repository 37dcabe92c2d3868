import json
import re
from pathlib import Path

import pytest

from tests.io_shell.cli.typing_commands import typed

OLD = """\
voxplan: 1
deployments:
  house: {provider: openai_compatible, model: m, base_url: "http://house.example/v1"}
  cloud: {provider: openai, model: whisper-1}
routes:
  main: [house, cloud]
"""
RENAMED = OLD.replace("[house, cloud]", "{first: [house, {use: cloud, name: last}]}")
ROUTED = OLD.replace("[house, cloud]", "{when: [{if: {tags: urgent}, then: cloud}], otherwise: [house, cloud]}")


def written(folder: Path, text: str, name: str) -> Path:
    """The spec in a file."""
    path = folder / name
    path.write_text(text)
    return path


def test_specs_that_plan_the_same_are_a_success(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """And it is said on how many inputs; names of nodes do not count."""
    old, new = written(tmp_path, OLD, "old.yaml"), written(tmp_path, RENAMED, "new.yaml")
    ended = typed(capsys, "diff", old, new)
    assert ended.code == 0
    assert ended.out.startswith("the same plans for ")
    assert ended.out.count("\n") == 1


def test_a_difference_comes_with_a_request_that_shows_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Like diff: exit code 1."""
    old, new = written(tmp_path, OLD, "old.yaml"), written(tmp_path, ROUTED, "new.yaml")
    ended = typed(capsys, "diff", old, new)
    lines = ended.out.splitlines()
    assert ended.code == 1
    assert lines[0] == "route `main`: house, cloud → cloud"
    assert lines[1].startswith("    e.g. ")
    assert "tags urgent" in lines[1]
    assert re.fullmatch(r"\d+ differences; \d+ inputs compared", lines[-1])


def test_routes_and_models_count_as_well(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """What only one of them has, and what is behind a name now."""
    changed = OLD.replace("model: m", "model: n").replace("main:", "default:")
    ended = typed(capsys, "diff", written(tmp_path, OLD, "old.yaml"), written(tmp_path, changed, "new.yaml"))
    assert ended.code == 1
    assert ended.out.splitlines()[:2] == ["route `main` is gone", "route `default` is new"]
    assert '`model` of deployment `house`: "m" → "n"' in ended.out


def test_json_holds_witnesses_that_can_be_planned(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Request, view, moment and seed."""
    old, new = written(tmp_path, OLD, "old.yaml"), written(tmp_path, ROUTED, "new.yaml")
    ended = typed(capsys, "diff", old, new, "--json")
    report = json.loads(ended.out)
    assert (ended.code, report["same"], report["routes"], report["deployments"]) == (1, False, [], [])
    difference = report["differences"][0]
    assert difference["witness"]["request"]["tags"] == ["urgent"]
    assert {"view", "moment_ms", "seed"} <= difference["witness"].keys()


def test_a_spec_with_mistakes_cannot_be_compared(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Its author can mend it: exit code 3."""
    old, new = written(tmp_path, OLD, "old.yaml"), written(tmp_path, OLD.replace("cloud]", "clud]"), "new.yaml")
    ended = typed(capsys, "diff", old, new)
    assert ended.code == 3
    assert "unknown deployment `clud`" in ended.err
