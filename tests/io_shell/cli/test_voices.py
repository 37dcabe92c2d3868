from base64 import b64decode
from pathlib import Path

import pytest

from tests.io_shell.cli.typing_commands import typed
from voxplan.io_shell.asking import asked_speakers
from voxplan.io_shell.cli.voices import MOST_BYTES, voices
from voxplan.io_shell.errors import RequestError

WAVE = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(20)
FLAC = b"fLaC" + bytes(60)


def written(path: Path, content: bytes) -> str:
    """A file with that content."""
    path.write_bytes(content)
    return str(path)


def test_a_voice_becomes_a_data_url_by_what_it_holds(tmp_path: Path) -> None:
    """Its name is not believed; what comes out is what the API takes, and holds the very bytes."""
    found = voices((("Bo", written(tmp_path / "bo.mp3", WAVE)), ("Ann", written(tmp_path / "ann", FLAC))))
    assert list(found) == ["Bo", "Ann"]
    for (head, content), name in zip((("audio/wav", WAVE), ("audio/flac", FLAC)), found, strict=True):
        start, _, data = found[name].partition(",")
        assert start == f"data:{head};base64"
        assert b64decode(data) == content
    assert [speaker.name for speaker in asked_speakers(found)] == ["Bo", "Ann"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"<html><body>", "is an HTML page"),
        (bytes(10), "is no audio"),
        (b"RIFF" + bytes(MOST_BYTES), "is too large"),
    ],
    ids=["empty", "page", "bytes", "large"],
)
def test_a_voice_is_a_short_recording(tmp_path: Path, content: bytes, why: str) -> None:
    """One line says whose is not, and why."""
    file = written(tmp_path / "a.wav", content)
    with pytest.raises(RequestError) as raised:
        voices([("Ann", file)])
    assert str(raised.value).startswith("the voice of `Ann`, ")
    assert why in str(raised.value)


def test_a_speaker_has_one_voice(tmp_path: Path) -> None:
    """The same name twice is a mistake."""
    file = written(tmp_path / "a.wav", WAVE)
    with pytest.raises(RequestError, match="the speaker `Ann` is given twice"):
        voices([("Ann", file), ("Ann", file)])


def test_a_voice_that_is_not_there_is_told_before_any_work(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """With the caller's exit code."""
    ended = typed(capsys, "transcribe", written(tmp_path / "talk.wav", WAVE), "--speaker", f"Ann={tmp_path / 'no.wav'}")
    assert (ended.code, ended.out) == (4, "")
    assert "the voice of `Ann`" in ended.err
    assert "no such file or directory" in ended.err


def test_a_plan_reads_no_voice(capsys: pytest.CaptureFixture[str]) -> None:
    """That somebody is to be recognised is enough: the recogniser on this machine cannot."""
    ended = typed(capsys, "plan", "--speaker", "Ann=nowhere.wav")
    assert ended.code == 4
    assert "recognises no speakers by their voice" in ended.err
