"""Where transcripts are written with --output: one file for each input, and never two onto one name.

A name is the input's without its extension; inputs that would meet there keep the extension. All of that is settled, and what
exists is respected, before any work begins.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from voxplan.engine.terms.request import ResponseFormat
from voxplan.io_shell.errors import RequestError

__all__ = ("EXTENSIONS", "STDIN", "output_paths")

STDIN: Final = "-"

EXTENSIONS: Final[dict[ResponseFormat, str]] = {
    "text": "txt",
    "json": "json",
    "srt": "srt",
    "vtt": "vtt",
    "verbose_json": "json",
    "diarized_json": "json",
}


def output_paths(folder: Path, files: Sequence[str], response_format: ResponseFormat, *, force: bool) -> tuple[Path, ...]:
    """The path for each of `files`, in their order; raises RequestError when two are one, or when one exists without `force`."""
    paths = tuple(folder / name for name in _names(files, EXTENSIONS[response_format]))
    _refuse_twins(files, paths)
    _refuse_folder(folder)
    inputs = {Path(file).resolve() for file in files if file != STDIN}
    for path in paths:
        if path.resolve() in inputs:
            raise RequestError(f"`{path}` is an input: writing the transcript there would destroy it")
        if path.exists() and not force:
            raise RequestError(f"`{path}` exists (--force replaces it)")
    return paths


def _names(files: Sequence[str], extension: str) -> list[str]:
    """Stems where they are distinct, whole names otherwise, with the extension of the format.

    >>> _names(("a/talk.mp3", "b/song.mp3", "c/song.wav", "-"), "txt")
    ['talk.txt', 'song.mp3.txt', 'song.wav.txt', 'stdin.txt']
    """
    whole = [Path(file).name if file != STDIN else "stdin" for file in files]
    stems = [Path(name).stem for name in whole]
    met = Counter(stem.casefold() for stem in stems)
    names = [stem if met[stem.casefold()] == 1 else name for stem, name in zip(stems, whole, strict=True)]
    # A whole name may meet somebody's stem: `a.wav` and `a.mp3` beside `a.wav.ogg`.
    chosen = names if len({name.casefold() for name in names}) == len(names) else whole
    return [f"{name}.{extension}" for name in chosen]


def _refuse_twins(files: Sequence[str], paths: Sequence[Path]) -> None:
    seen: dict[str, str] = {}
    for file, path in zip(files, paths, strict=True):
        other = seen.setdefault(str(path).casefold(), file)
        if other is not file or files.count(file) > 1:
            raise RequestError(f"`{other}` and `{file}` would both be written to `{path}`")


def _refuse_folder(folder: Path) -> None:
    """Make the folder now: that it cannot be should not be found out after an hour of work."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise RequestError(f"cannot make the folder `{folder}`: {(problem.strerror or str(problem)).lower()}") from None
