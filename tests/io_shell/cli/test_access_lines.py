import json
import os
import sys

import pytest
from msgspec.structs import replace

from voxplan.io_shell.cli.access_lines import access_writer, text_line
from voxplan.io_shell.gateway.access import Access

ACCESS = Access(
    time="2026-11-23T02:29:14.005Z",
    call_id="0123456789abcdef",
    method="POST",
    path="/v1/audio/transcriptions",
    status=200,
    duration_ms=1240,
    key="alice",
    model="whisper",
    served_by="groq",
    attempts=2,
    cost=0.0006,
)


def test_a_line_for_people() -> None:
    """What there is, in one line; nothing that a terminal would obey."""
    told = "02:29:14.005  POST /v1/audio/transcriptions 200 1.24 s  key alice  whisper  by groq  2 calls  $0.000600  01234567"
    assert text_line(ACCESS) == told
    assert "\x1b" not in text_line(replace(ACCESS, path="/\x1b[2J"))


def test_programs_get_every_field(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody looks at it, that is what is written."""
    write = access_writer(None)
    assert write is not None
    write(ACCESS)
    record = json.loads(capsys.readouterr().out)
    assert set(record) == set(Access.__struct_fields__)
    assert (record["route"], record["status"]) == (None, 200)


def test_nothing_is_written_where_nothing_is_wanted() -> None:
    """Then nobody has to make it."""
    assert access_writer("none") is None


def test_a_log_that_nobody_reads_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The requests matter more."""
    reading, writing = os.pipe()
    os.close(reading)
    broken = os.fdopen(writing, "w", encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", broken)
    write = access_writer("json")
    assert write is not None
    write(ACCESS)
    with pytest.raises(BrokenPipeError):
        broken.close()
