import os
from collections.abc import Callable
from pathlib import Path

import pytest

from voxplan.io_shell.errors import SpecError
from voxplan.io_shell.serving.files import Shared, WatchedFile


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file."""
    path = tmp_path / "spec.yaml"
    path.write_bytes(b"one")
    return path


def _written(path: Path) -> None:
    path.write_bytes(b"other")


def _replaced_by_the_same_size(path: Path) -> None:
    other = path.with_suffix(".new")
    other.write_bytes(b"two")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)


def _made_again(path: Path) -> None:
    path.unlink()
    path.write_bytes(b"other")


def _linked(path: Path) -> None:
    other = path.with_name("other.yaml")
    other.write_bytes(b"two")
    path.unlink()
    path.symlink_to(other)


@pytest.mark.parametrize("change", [_written, _replaced_by_the_same_size, _made_again, _linked])
def test_a_change_is_seen_once(file: Path, change: Callable[[Path], None]) -> None:
    """However it was made."""
    watched = WatchedFile(file)
    assert not watched.has_changed()
    change(file)
    assert [watched.has_changed(), watched.has_changed()] == [True, False]


def test_a_file_that_is_gone_has_not_changed(file: Path) -> None:
    """Not until it is there again, and then it cannot be read as it was."""
    watched = WatchedFile(file)
    file.unlink()
    assert not watched.has_changed()
    with pytest.raises(SpecError, match="cannot be read: no such file"):
        watched.read()
    file.write_bytes(b"again")
    assert watched.has_changed()
    assert watched.read() == b"again"


def test_nobody_looks_where_nobody_watches(file: Path) -> None:
    """It can still be read."""
    watched = WatchedFile(file, watching=False)
    _written(file)
    assert not watched.has_changed()
    assert watched.read() == b"other"


def test_what_is_published_is_read() -> None:
    """The newest, whether it is longer or shorter; who published it knows it already."""
    with Shared(b"first") as shared:
        for content in (b"second and longer", b"third", b""):
            shared.publish(content)
            assert shared.read() == content
            assert not shared.has_changed()
