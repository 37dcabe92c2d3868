import json

import pytest

from tests.io_shell.cli.typing_commands import typed
from voxplan.engine.documents.schema import json_schema


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """As one JSON document on standard output, nothing else."""
    ended = typed(capsys, "schema")
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out) == json_schema()
