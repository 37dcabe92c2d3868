"""The tables and commands of the README are those of the project."""

import re
import tomllib

from tests.docs.pages import ROOT, prose
from voxplan.io_shell.errors import EXIT_CODES

README = ROOT / "README.md"


def test_extras() -> None:
    """Each extra is in the table, in the order of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert re.findall(r"^\| `(\w+)` \|", prose(README), flags=re.MULTILINE) == list(project["optional-dependencies"])


def test_exit_codes() -> None:
    """Each exception has the exit code that the table says."""
    told = {name: int(code) for code, name in re.findall(r"^\| (\d+) \| `(\w+)` \|", prose(README), flags=re.MULTILINE)}
    assert told == {error.__name__: code for error, code in EXIT_CODES.items()}


def test_commands_can_be_made() -> None:
    """Each `make` of the README is a target."""
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    wanted = re.findall(r"^make ([a-z-]+)", README.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert wanted == ["demo", "test"]
    assert set(wanted) <= set(targets)
