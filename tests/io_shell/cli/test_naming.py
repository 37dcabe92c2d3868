from pathlib import Path

import pytest

from voxplan.io_shell.cli.naming import output_paths
from voxplan.io_shell.errors import RequestError


def names(folder: Path, *files: str) -> list[str]:
    """The names of the outputs."""
    return [path.name for path in output_paths(folder, files, "srt", force=False)]


def test_stems_that_meet_keep_their_extensions(tmp_path: Path) -> None:
    """Also when they differ only in case, which some file systems do not tell apart."""
    assert names(tmp_path, "x/a.wav", "b.wav") == ["a.srt", "b.srt"]
    assert names(tmp_path, "a.wav", "A.mp3", "b.wav") == ["a.wav.srt", "A.mp3.srt", "b.srt"]


def test_a_whole_name_that_meets_a_stem_makes_all_names_whole(tmp_path: Path) -> None:
    """No two inputs share an output, however they are named."""
    assert names(tmp_path, "a.wav", "a.mp3", "a.wav.ogg") == ["a.wav.srt", "a.mp3.srt", "a.wav.ogg.srt"]


@pytest.mark.parametrize("files", [("x/a.wav", "y/a.wav"), ("a.wav", "a.wav")])
def test_inputs_that_cannot_be_told_apart_are_refused(tmp_path: Path, files: tuple[str, ...]) -> None:
    """Before any work."""
    with pytest.raises(RequestError, match="would both be written to"):
        names(tmp_path, *files)


def test_a_file_that_exists_is_replaced_only_by_force(tmp_path: Path) -> None:
    """It is named."""
    (tmp_path / "a.srt").touch()
    with pytest.raises(RequestError, match=r"a\.srt` exists"):
        names(tmp_path, "a.wav")
    assert output_paths(tmp_path, ("a.wav",), "srt", force=True) == (tmp_path / "a.srt",)


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    """Not even by force."""
    (tmp_path / "a.json").touch()
    with pytest.raises(RequestError, match="is an input"):
        output_paths(tmp_path, (str(tmp_path / "a.json"),), "json", force=True)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file stands in the way."""
    (tmp_path / "out").touch()
    with pytest.raises(RequestError, match="cannot make the folder"):
        names(tmp_path / "out", "a.wav")
