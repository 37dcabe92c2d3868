"""Makes the nodes of one document and notes what is wrong with them; the three formats share it.

INVARIANT: every node passes through here, so the limits on number and depth hold for all formats, also for what a YAML alias
repeats. Problems that leave the rest readable are collected; the others raise `Unreadable`, which only `document` catches.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Sequence as Items
from typing import Final

from voxplan.engine.documents.tree import (
    MAX_DEPTH,
    MAX_NODES,
    MAX_PROBLEMS,
    SECRET_KEYS,
    Broken,
    Entry,
    Mapping,
    Node,
    Path,
    Place,
    Problem,
    Scalar,
    Sequence,
    Value,
    show_path,
)
from voxplan.engine.terms.spelling import quoted

TOO_LARGE: Final = "expected a finite number of at most 64 bits"
MOST_DIGITS: Final = 400  # more than any finite float has; converting endless digits takes quadratic time
_LINE_BREAK: Final = re.compile(r"\r\n|\n|\r")
_QUOTED: Final = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


class Unreadable(Exception):
    """Nothing after this problem can be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Lines:
    """Where the lines of a text start."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in _LINE_BREAK.finditer(text))]

    def place(self, offset: int) -> Place:
        """The place of the character at `offset`."""
        line = bisect_right(self._starts, offset)
        return Place(line, offset - self._starts[line - 1] + 1)


class Building:
    """The nodes and problems of one document so far."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._nodes = 0

    @property
    def nodes(self) -> int:
        """How many nodes there are, those repeated by aliases counted again."""
        return self._nodes

    def count(self, path: Path, place: Place, *, nodes: int = 1, height: int = 0) -> None:
        """Take `nodes` more nodes at `path`, the deepest of them `height` below it, or stop."""
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise Unreadable(Problem((), place, f"too large: more than {MAX_NODES} values, counting what aliases repeat"))
        if len(path) + height > MAX_DEPTH:
            raise Unreadable(Problem((), place, f"nested more than {MAX_DEPTH} deep"))

    def report(self, path: Path, place: Place, message: str) -> Broken:
        """Note a problem and go on with nothing in the value's place."""
        problem = Problem(shown(path), place, message)
        if len(self.problems) >= MAX_PROBLEMS:
            raise Unreadable(problem)
        self.problems.append(problem)
        return Broken(place)

    def scalar(self, path: Path, place: Place, value: Value) -> Node:
        """A value that every format can hold."""
        if isinstance(value, str) and _SURROGATE.search(value):
            return self.report(path, place, "text with half of a surrogate pair")
        if isinstance(value, float) and not math.isfinite(value):
            return self.report(path, place, TOO_LARGE)
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            return self.report(path, place, TOO_LARGE)
        return Scalar(value, place)

    def sequence(self, place: Place, items: Items[Node]) -> Node:
        """A list."""
        return Sequence(tuple(items), place)

    def mapping(self, path: Path, place: Place, entries: Items[Entry]) -> Node:
        """A mapping; of entries with the same key the first is kept and the others are problems."""
        kept: dict[str, Entry] = {}
        for entry in entries:
            if (first := kept.setdefault(entry.key, entry)) is not entry:
                self.duplicate((*path, entry.key), entry.place, first.place)
        return Mapping(tuple(kept.values()), place)

    def duplicate(self, path: Path, place: Place, first: Place) -> None:
        """Note that the key at the end of `path` stands there a second time."""
        visible = shown(path)
        named, parent = (f" {quoted(str(path[-1]))}", path[:-1]) if visible == path else ("", visible)
        where = f" in {quoted(show_path(parent))}" if parent else ""
        self.report(path, place, f"duplicate key{named}{where}, already in line {first.line}")


def shown(path: Path) -> Path:
    """The part of a path that may be shown: nothing below a secret."""
    for index, step in enumerate(path):
        if step in SECRET_KEYS:
            return path[: index + 1]
    return path


def library_message(message: str) -> str:
    """What a parser says, in our style, without any longer piece of the document that it may quote."""
    shortened = _QUOTED.sub(_short_quote, re.sub(r"\([^)]*\)", "…", message))
    return (shortened[:1].lower() + shortened[1:]).rstrip(".")


def _short_quote(found: re.Match[str]) -> str:
    inner: str = found[1] or found[2] or ""
    # PyYAML writes the kinds of its tokens as <block end>.
    return f"`{inner}`" if len(inner) == 1 or inner.startswith("<") else "…"


def to_number(text: str, *, whole: bool) -> int | float:
    """The number written as `text` in decimal digits; infinite when it is far beyond 64 bits."""
    if not whole:
        return float(text)
    return int(text) if len(text) <= MOST_DIGITS else float("inf")
