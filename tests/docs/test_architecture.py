"""The page on architecture speaks of things that exist."""

import re
from typing import get_args

from tests.docs.pages import ROOT, prose
from voxplan.engine.runs.run import Command, Event

TEXT = prose(ROOT / "docs" / "architecture.md")


def test_modules_exist() -> None:
    """Each file and folder that the page names is there."""
    named = re.findall(r"`((?:engine|adapters|io_shell|tests)/[\w/.]*)`", TEXT)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_commands_and_events() -> None:
    """The tables list every command and every event, in the order of the code."""
    named = re.findall(r"^\| `(\w+)` \|", TEXT.partition("## Driver and shell")[2], flags=re.MULTILINE)
    assert named == [struct.__name__ for struct in (*get_args(Command), *get_args(Event))]
