"""The specs that people start from: no fault in any of them, and every promise that they make holds."""

import re
from pathlib import Path

import pytest

from voxplan.engine.foresight.expecting import run_policy_test
from voxplan.io_shell.loading import examine, load

FOLDER = Path(__file__).parents[2] / "specs"
SPECS = sorted(FOLDER.glob("*.yaml"))
MAKES_NO_PROMISE = frozenset({"first.yaml"})  # a first spec is as short as it can be

each_spec = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)


@each_spec
def test_no_fault(spec: Path) -> None:
    """`voxplan check` finds neither mistakes nor doubtful parts."""
    assert [str(finding) for finding in examine(spec).findings] == []


@each_spec
def test_is_explained(spec: Path) -> None:
    """The list of specs has it, and it says itself what it is for."""
    assert f"[{spec.name}]({spec.name})" in (FOLDER / "README.md").read_text(encoding="utf-8")
    assert re.search(r"^# [A-Z].{40,}", spec.read_text(encoding="utf-8"), flags=re.MULTILINE)


@each_spec
def test_promises_hold(spec: Path) -> None:
    """Each of its policy tests passes, as with `voxplan test`."""
    router = load(spec)
    tested = [run_policy_test(router, test) for test in router.spec.tests]
    assert [f"{test.name}: {unmet}" for test in tested for unmet in test.unmet] == []


@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec.name not in MAKES_NO_PROMISE], ids=lambda spec: spec.name)
def test_makes_promises(spec: Path) -> None:
    """It has policy tests, each with a name of its own."""
    names = [test.name for test in load(spec).spec.tests]
    assert len(names) >= 4
    assert sorted(set(names)) == sorted(names)
