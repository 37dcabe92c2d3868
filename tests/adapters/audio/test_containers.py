import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxplan.adapters.audio.containers import EXTENSIONS, HEAD_BYTES, container_of, fitting_filename, foreign_kind

AUDIO = {
    b"RIFF\0\0\0\0WAVEfmt ": "wav",
    b"fLaC\0\0\0\x22": "flac",
    b"OggS\0\x02": "ogg",
    b"ID3\x04\0\0\0\0\0\x05aaaaa\xff\xfb\x90\x00": "mp3",
    b"ID3\x04\0\0\0\0\0\x05aaaaa\xff\xf1\x50\x80": "aac",
    b"\xff\xfb\x90\x00": "mp3",
    b"\xff\xf1\x50\x80": "aac",
    b"\0\0\0\x20ftypM4A ": "m4a",
    b"\0\0\0\x20ftypisom": "mp4",
    b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm": "webm",
    b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska": "mkv",
    b"#!AMR\n<": "amr",
    b"FORM\0\0\0\0AIFF": "aiff",
    b"caff\0\x01\0\0": "caf",
}

NOT_AUDIO = {
    b"\x89PNG\r\n\x1a\n\0\0": "a PNG image",
    b"\xff\xd8\xff\xe0": "a JPEG image",
    b"%PDF-1.7\n": "a PDF document",
    b"PK\x03\x04\x14\0": "a ZIP archive",
    b"\0\0\0\x1cftypavif": "a HEIF image",
    b"  <!DOCTYPE HTML><p>": "an HTML page",
    b"<?xml version": "an XML document",
    b'{"error": 1}': "JSON",
    b"dear diary": "text",
    "\ufeffp\xe4iv\xe4kirja".encode("utf-16"): "text",
    "päiväkirja".encode(): "text",
}


@pytest.mark.parametrize(("head", "container"), AUDIO.items())
def test_a_container_is_known_by_its_first_bytes(head: bytes, container: str) -> None:
    """Each container of the table is recognised, and is not taken for something else."""
    assert (container_of(head), foreign_kind(head)) == (container, None)


@pytest.mark.parametrize(("head", "kind"), NOT_AUDIO.items())
def test_what_is_not_audio_is_named(head: bytes, kind: str) -> None:
    """Each foreign kind is named, and is no container."""
    assert (foreign_kind(head), container_of(head)) == (kind, None)


@given(st.binary(max_size=200))
def test_any_bytes_are_looked_at_without_error(head: bytes) -> None:
    """Whatever the bytes, the answer is a container of the table or none."""
    assert container_of(head) in {None, *EXTENSIONS}


def test_nested_tags_do_not_exhaust_the_stack() -> None:
    """A head made of nothing but ID3 tags is still one lookup."""
    assert container_of(b"ID3\x04\0\0\0\0\0\0" * (HEAD_BYTES // 10)) == "mp3"


@given(st.text(max_size=40), st.sampled_from([None, *EXTENSIONS]))
def test_a_filename_is_bare_and_fits(name: str, container: str | None) -> None:
    """No folder and no control character survives, and the extension is one of the container's."""
    fitting = fitting_filename(name, container)
    assert fitting
    assert fitting.isprintable()
    assert not {"/", "\\"} & set(fitting)
    assert container is None or fitting.rpartition(".")[2].lower() in EXTENSIONS[container]


def test_a_fitting_extension_is_kept() -> None:
    """Only an extension that does not fit is replaced."""
    assert fitting_filename("talk.OPUS", "ogg") == "talk.OPUS"
    assert fitting_filename("talk.wav", "ogg") == "talk.ogg"
