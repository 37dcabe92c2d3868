"""A document once its format is forgotten: scalars, sequences and mappings, each with its place in the text.

Keys are text, mappings have no duplicate keys, numbers are finite and fit 64 bits, text holds no lone surrogates: whoever
makes nodes (`document`) sees to that. Whoever reads them (`decoding`) may recurse: a tree is at most `MAX_DEPTH` deep and has
at most `MAX_NODES` nodes.
"""

from typing import Final

import msgspec

__all__ = (
    "IMPLIED_KEYS",
    "MAX_DEPTH",
    "MAX_NODES",
    "MAX_PROBLEMS",
    "SECRET_KEYS",
    "Broken",
    "Entry",
    "Mapping",
    "Node",
    "Path",
    "Place",
    "Problem",
    "Scalar",
    "Sequence",
    "Value",
    "show_path",
    "written_path",
)

# Chosen so that the largest spec anyone writes by hand or from a template fits, and the worst document is refused in a second.
# A level costs `decoding` ten frames of the thousand that Python allows, and the caller has used some of them already.
MAX_DEPTH: Final = 50
MAX_NODES: Final = 100_000
MAX_PROBLEMS: Final = 100

SECRET_KEYS: Final = frozenset({"api_key", "base_url", "settings"})
"""Keys at which a secret may stand: no message shows what does, however malformed (law S5)."""

IMPLIED_KEYS: Final = frozenset({"route"})
"""Keys of the normal form that no author writes, where they follow an index."""

Path = tuple[str | int, ...]
"""Keys and indices (from 0) that lead from the root to a node."""

Value = str | int | float | bool | None


class Place(msgspec.Struct, frozen=True, order=True):
    """Where something starts in the text; line and column count characters from 1."""

    line: int
    column: int


class Scalar(msgspec.Struct, frozen=True):
    """One value."""

    value: Value
    place: Place


class Sequence(msgspec.Struct, frozen=True):
    """A list."""

    items: tuple["Node", ...]
    place: Place


class Entry(msgspec.Struct, frozen=True):
    """One key of a mapping, and what stands at it; `place` is that of the key."""

    key: str
    place: Place
    value: "Node"


class Mapping(msgspec.Struct, frozen=True):
    """Keys with values, in the order of the document."""

    entries: tuple[Entry, ...]
    place: Place


class Broken(msgspec.Struct, frozen=True):
    """Stands where a value was that has been reported as a problem, so that nobody reports it twice."""

    place: Place


Node = Scalar | Sequence | Mapping | Broken


class Problem(msgspec.Struct, frozen=True):
    """What is wrong, where: one line for people that never holds a secret."""

    path: Path
    place: Place
    message: str


def show_path(path: Path) -> str:
    """The path as people write it.

    >>> show_path(("routes", "whisper", "first", 1, "use"))
    'routes.whisper.first[1].use'
    """
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def written_path(path: Path, implied: frozenset[str]) -> Path:
    """The path without the keys `implied` where they follow an index.

    >>> written_path(("among", 0, "route", "first"), IMPLIED_KEYS)
    ('among', 0, 'first')
    """
    steps = zip((None, *path), path, strict=False)
    return tuple(step for before, step in steps if not (isinstance(before, int) and step in implied))
