"""`include`: the other files of a config, put together with it as LiteLLM does: lists one behind the other, all else replaced.

INVARIANT: no document has as many lines as `_APART`, so a line of an included file, counted on from there, is found again.
"""

from pathlib import Path
from typing import Final

import msgspec
from returns.result import Failure

from voxplan.engine.documents import tree
from voxplan.engine.documents.document import MAX_BYTES, parse_document
from voxplan.engine.documents.tree import Entry, Node, Place, Problem, Scalar, Sequence
from voxplan.engine.terms.spelling import quoted
from voxplan.io_shell.litellm.remarks import Remarks

__all__ = ("Files", "put_together")

_APART: Final = 2 * MAX_BYTES
_MOST_FILES: Final = 100
_KEY: Final = "include"


class Files:
    """The files of a config, and in which of them a place is."""

    def __init__(self, name: str) -> None:
        """Of the file that includes the others."""
        self._names = [name]

    def add(self, name: str) -> int:
        """The number of one more."""
        self._names.append(name)
        return len(self._names) - 1

    def name(self, place: Place) -> str:
        """The file of a place."""
        return self._names[place.line // _APART]

    def line(self, place: Place) -> int:
        """The line there."""
        return place.line % _APART

    def label(self, place: Place) -> str:
        """For a comment, which is read beside the config.

        >>> Files("config.yaml").label(Place(7, 1))
        'line 7'
        """
        line = f"line {self.line(place)}"
        return line if place.line < _APART else f"{Path(self.name(place)).name}, {line}"


def put_together(root: Node, files: Files, remarks: Remarks) -> tuple[Node, tuple[Problem, ...]]:
    """The whole config, and what was wrong with an included file; each file is read once."""
    main = Path(files.name(root.place))
    found, waiting = _without(root), [(main, entry) for entry in _entries(root)]
    problems: list[Problem] = []
    seen = {main.resolve()}
    while waiting and len(seen) < _MOST_FILES:
        declared, entry = waiting.pop(0)
        path = _path(declared, entry, main)
        if path.resolve() in seen:
            continue
        seen.add(path.resolve())
        included = _read(path, entry.place, files)
        if isinstance(included, tuple):
            problems.extend(included)
            continue
        found = _merged(found, _without(included), remarks)
        waiting.extend((path, each) for each in _entries(included))
    return found, tuple(problems)


def _entries(root: Node) -> tuple[Scalar, ...]:
    """The paths; what is none is told when the key is read as a list of texts."""
    entries = root.entries if isinstance(root, tree.Mapping) else ()
    listed = next((each.value for each in entries if each.key == _KEY), None)
    items = listed.items if isinstance(listed, Sequence) else ()
    return tuple(item for item in items if isinstance(item, Scalar) and isinstance(item.value, str))


def _without(root: Node) -> Node:
    """Without a list of paths; anything else at that key stays, to be told."""
    if not isinstance(root, tree.Mapping):
        return root
    entries = tuple(each for each in root.entries if each.key != _KEY or not _all_texts(each.value))
    return msgspec.structs.replace(root, entries=entries)


def _all_texts(node: Node) -> bool:
    items = node.items if isinstance(node, Sequence) else (node,)
    return isinstance(node, Sequence) and all(isinstance(each, Scalar) and isinstance(each.value, str) for each in items)


def _path(declared: Path, entry: Scalar, main: Path) -> Path:
    """Beside the file that declares it, else beside the first, where older configs of LiteLLM's have them."""
    beside, older = (each.parent / str(entry.value) for each in (declared, main))
    return older if older.exists() and not beside.exists() else beside


def _read(path: Path, place: Place, files: Files) -> Node | tuple[Problem, ...]:
    """The document, with its places among those of all files."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return (Problem((), place, f"`include`: {quoted(str(path))} cannot be read: {reason}"),)
    shift = files.add(str(path)) * _APART
    parsed = parse_document(content, "yaml", merging=True)
    problems = parsed.failure() if isinstance(parsed, Failure) else parsed.unwrap().problems
    if isinstance(parsed, Failure) or problems:
        return tuple(msgspec.structs.replace(each, place=_shifted_place(each.place, shift)) for each in problems)
    return _shifted(parsed.unwrap().root, shift)


def _shifted_place(place: Place, shift: int) -> Place:
    return Place(place.line + shift, place.column)


def _shifted(node: Node, shift: int) -> Node:
    place = _shifted_place(node.place, shift)
    match node:
        case tree.Mapping(entries):
            moved = (Entry(each.key, _shifted_place(each.place, shift), _shifted(each.value, shift)) for each in entries)
            return tree.Mapping(tuple(moved), place)
        case Sequence(items):
            return Sequence(tuple(_shifted(each, shift) for each in items), place)
        case _:
            return msgspec.structs.replace(node, place=place)


def _merged(base: Node, included: Node, remarks: Remarks) -> Node:
    if not isinstance(included, tree.Mapping) or not isinstance(base, tree.Mapping):
        remarks.warn(included.place, "an included file is a mapping: not carried over")
        return base
    entries = {each.key: each for each in base.entries}
    for each in included.entries:
        old = entries.get(each.key)
        if old is None:
            entries[each.key] = each
        elif isinstance(old.value, Sequence) and isinstance(each.value, Sequence):
            both = Sequence((*old.value.items, *each.value.items), old.value.place)
            entries[each.key] = Entry(each.key, old.place, both)
        else:
            remarks.warn(
                old.place, f"{quoted(each.key)} is not carried over: an included file has it too, and LiteLLM takes that"
            )
            entries[each.key] = each
    return tree.Mapping(tuple(entries.values()), base.place)
