"""Short forms of conditions written out, on the tree.

A number under a fact that is a number is `in`; `metadata.x` stands in `metadata`; `audio: {seconds: …}`, which is what TOML
makes of `audio.seconds = …`, is `audio.seconds`. A single text where a list is meant needs nothing here: `decoding` knows it.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from voxplan.engine.documents._noting import Notes, inside
from voxplan.engine.documents.tree import Broken, Entry, Mapping, Node, Path, Scalar, Sequence
from voxplan.engine.language.condition import Condition
from voxplan.engine.terms.spelling import listed, nearest, quoted, suggestion

NUMBERS: Final = frozenset({"audio.seconds", "audio.bytes", "audio.channels"})
"""Facts that are numbers."""

_CONNECTIVES: Final = frozenset({"all", "any", "not", "known", "sample", "time", "metadata"})
FACTS: Final = tuple(field.encode_name for field in msgspec.structs.fields(Condition) if field.encode_name not in _CONNECTIVES)
_METADATA: Final = re.compile(r"metadata\.[^\s]+")
_NESTED: Final = frozenset({"audio", "key"})
_FAMILIES: Final = (*sorted(_NESTED), "metadata")


def condition(node: Node, path: Path, notes: Notes) -> Node:
    """The condition in the normal form."""
    if not isinstance(node, Mapping):
        return node
    entries = flat(node.entries, path, notes)
    return Mapping(tuple(_test(entry, (*path, entry.key), notes) for entry in entries), node.place)


def flat(entries: tuple[Entry, ...], path: Path, notes: Notes) -> tuple[Entry, ...]:
    """Facts by their full names, all `metadata` in one mapping."""
    full = tuple(inner for entry in entries for inner in _unnested(entry) if not _misspelt(inner, path, notes))
    named = notes.once(full, path)
    marked = tuple(_mark(entry) for entry in named if _METADATA.fullmatch(entry.key))
    if not marked:
        return named
    others = [entry for entry in named if not _METADATA.fullmatch(entry.key)]
    whole = next((entry for entry in others if entry.key == "metadata"), None)
    if whole is not None and not isinstance(whole.value, Mapping):
        return tuple(others)
    place, together = (marked[0].place, marked)
    if whole is not None and isinstance(whole.value, Mapping):
        place, together = whole.place, (*whole.value.entries, *marked)
    metadata = Entry("metadata", place, Mapping(notes.once(together, (*path, "metadata")), place))
    return (*(entry for entry in others if entry is not whole), metadata)


def fact_problem(name: str) -> str | None:
    """What is wrong with `name` as the name of a fact; None if it is one."""
    if name in FACTS or _METADATA.fullmatch(name):
        return None
    guess = suggestion(name, FACTS) or f", expected one of {listed((*FACTS, 'metadata.x'))}"
    return f"unknown fact {quoted(name)}{guess}"


def _mark(entry: Entry) -> Entry:
    """`metadata.x` as it stands inside of `metadata`."""
    return Entry(entry.key.removeprefix("metadata."), entry.place, entry.value)


def _misspelt(entry: Entry, path: Path, notes: Notes) -> bool:
    """Whether the key was meant to be `metadata.x`, which is reported here: no list of known keys has it."""
    family, dot, name = entry.key.partition(".")
    if not dot or family in _FAMILIES or nearest(family, _FAMILIES) != "metadata":
        return False
    guess = quoted(f"metadata.{name}")
    notes.report((*path, entry.key), entry.place, f"unknown key {quoted(entry.key)}{inside(path)}, did you mean {guess}?")
    return True


def _unnested(entry: Entry) -> Iterator[Entry]:
    match entry:
        case Entry(key, _, Mapping(entries)) if key in _NESTED:
            yield from (Entry(f"{key}.{inner.key}", inner.place, inner.value) for inner in entries)
        case _:
            yield entry


def _test(entry: Entry, path: Path, notes: Notes) -> Entry:
    """One key of a condition."""
    match entry:
        case Entry("all" | "any", place, Sequence(items, start)):
            parts = tuple(condition(item, (*path, index), notes) for index, item in enumerate(items))
            return Entry(entry.key, place, Sequence(parts, start))
        case Entry("not", place, value):
            return Entry(entry.key, place, condition(value, path, notes))
        case Entry("known", place, Scalar(str(name), where)) if message := fact_problem(name):
            notes.report(path, where, message)
            return Entry(entry.key, place, Broken(where))
        case Entry(key, place, value) if key in NUMBERS:
            return Entry(key, place, _range(value))
        case _:
            return entry


def _range(node: Node) -> Node:
    """A number, or a list of them, stands for those that are allowed."""
    is_number = isinstance(node, Scalar) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool)
    return Mapping((Entry("in", node.place, node),), node.place) if is_number or isinstance(node, Sequence) else node
