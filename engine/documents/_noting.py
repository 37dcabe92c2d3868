"""What is wrong in a tree, noted on the way down while short forms are written out."""

from voxplan.engine.documents.tree import IMPLIED_KEYS, MAX_PROBLEMS, Entry, Path, Place, Problem, show_path, written_path
from voxplan.engine.terms.spelling import quoted


class Notes:
    """The problems so far; paths are those of the normal form."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    @property
    def enough(self) -> bool:
        """Whether there are as many problems as anybody reads."""
        return len(self.problems) >= MAX_PROBLEMS

    def report(self, path: Path, place: Place, message: str) -> None:
        """Note one problem."""
        self.problems.append(Problem(path, place, message))

    def once(self, entries: tuple[Entry, ...], path: Path) -> tuple[Entry, ...]:
        """The entries without those whose key was there already: two ways of writing the same key are one too many."""
        kept: dict[str, Entry] = {}
        for entry in entries:
            if (first := kept.setdefault(entry.key, entry)) is not entry:
                message = f"duplicate key {quoted(entry.key)}{inside(path)}, already in line {first.place.line}"
                self.report((*path, entry.key), entry.place, message)
        return tuple(kept.values())


def inside(path: Path) -> str:
    """The words of a message that say in what a key stands."""
    return f" in {quoted(show_path(written_path(path, IMPLIED_KEYS)))}"
