"""The tables of "Read the view" are those of the code."""

import re

import msgspec

from tests.docs.pages import ROOT, prose
from voxplan.engine.observed.view import AccountView, DeploymentView, Latency, Load, Tally, View

TEXT = prose(ROOT / "docs" / "how-to" / "read-the-view.md")


def test_keys() -> None:
    """Each key that a view may have is in the table of its section, in the order of the code."""
    sections: dict[str, type[msgspec.Struct]] = {
        "What a view says": View,
        "A deployment": DeploymentView,
        "An account": AccountView,
        "Load": Load,
        "Latency": Latency,
        "A tally": Tally,
    }
    for heading, struct in sections.items():
        section = re.split(r"^#+ ", TEXT.partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
        assert re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE) == list(struct.__struct_fields__), heading
