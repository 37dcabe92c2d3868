"""Every page does what it says."""

import os
import wave
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.docs.pages import LANGUAGES, PAGES, fences, relative
from tests.docs.session import Session

TALK_S = 4.5

each_page = pytest.mark.parametrize("page", PAGES, ids=relative)


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Somebody who reads a page in an empty folder, with a recording."""
    speech = _speech()
    monkeypatch.chdir(tmp_path)
    with wave.open(str(speech)) as whole, wave.open("talk.wav", "wb") as talk:
        talk.setparams(whole.getparams())
        talk.writeframes(whole.readframes(int(TALK_S * whole.getframerate())))
    return Session(tmp_path, monkeypatch)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the commands are for a POSIX shell")
@each_page
def test_page_does_what_it_says(page: Path, reader: Session) -> None:
    """Each spec is right, each program runs, each command prints what the page shows."""
    reader.run(page)


@each_page
def test_no_block_goes_unread(page: Path) -> None:
    """Each block is in a language that is run, or known to be for people only."""
    assert [language for language in fences(page.read_text(encoding="utf-8")) if language not in LANGUAGES] == []


def _speech() -> Path:
    """The recording that comes with the recogniser."""
    package = find_spec("moonshine_voice")
    if package is None or package.origin is None:
        pytest.skip("needs the extra `local`")
    return Path(package.origin).parent / "assets" / "two_cities.wav"
