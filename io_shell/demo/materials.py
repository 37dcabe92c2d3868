"""What the demo is made with: the spec, which lies in a checkout, and the recording, which lies in the recogniser's wheel."""

from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

from voxplan.io_shell.errors import MissingExtra, RequestError

__all__ = ("Materials", "find_materials")

_SPEC: Final = Path("specs", "first.yaml")
_RECORDING: Final = Path("assets", "two_cities.wav")


class Materials(NamedTuple):
    """Two files."""

    spec: Path
    recording: Path


def find_materials() -> Materials:
    """Both; raises an error that says what to do when one is missing."""
    return Materials(spec=_find_spec(), recording=_find_recording())


def _find_spec() -> Path:
    # In a checkout this file is io_shell/demo/materials.py, whatever symlink led here.
    spec = Path(__file__).resolve().parents[2] / _SPEC
    if not spec.is_file():
        raise RequestError(f"the demo runs from a checkout of voxplan, where `{_SPEC.as_posix()}` is: git clone, then make demo")
    return spec.relative_to(Path.cwd()) if spec.is_relative_to(Path.cwd()) else spec


def _find_recording() -> Path:
    # Found without importing it: the package loads its native library at once.
    package = find_spec("moonshine_voice")
    if package is None or package.origin is None:
        raise MissingExtra("the recogniser on this machine", "local")
    recording = Path(package.origin).parent / _RECORDING
    if not recording.is_file():
        raise RequestError("this moonshine-voice has no recording in it: pip install 'moonshine-voice==0.1.0'")
    return recording
