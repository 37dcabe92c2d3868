"""One mapping of the config, read key by key; what nobody asked for is left over, and told.

LiteLLM reads YAML 1.1 and takes nearly anything: numbers may stand in quotes, `yes` is true. `null` is as good as absent.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from voxplan.engine.documents import tree
from voxplan.engine.documents.tree import Entry, Node, Place, Scalar, Sequence
from voxplan.engine.terms.spelling import quoted, suggestion
from voxplan.io_shell.litellm.remarks import Remarks, Use

__all__ = ("Section", "by_reference", "is_absent", "not_filled_in")

_USES: Final[tuple[Use, ...]] = ("import", "serve")
_TRUE: Final = frozenset({"true", "yes", "on", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "0"})
_NUMBER: Final = re.compile(
    r"[-+]?[0-9][0-9_]{0,30}(?:\.[0-9]{0,30})?(?:[eE][-+]?[0-9]{1,3})?|[-+]?\.[0-9]{1,30}(?:[eE][-+]?[0-9]{1,3})?"
)
_REFERENCE: Final = re.compile(r"os\.environ/(.*)", re.DOTALL)
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def by_reference(text: str) -> str | None:
    """The variable that a value of LiteLLM's names; None when it is no reference, "" when none that can be written here.

    >>> by_reference("os.environ/KEY"), by_reference("sk-1"), by_reference("os.environ/a-b")
    ('KEY', None, '')
    """
    found = _REFERENCE.fullmatch(text.strip())
    if found is None:
        return None
    return found[1] if _VARIABLE.fullmatch(found[1]) else ""


def not_filled_in(text: str, use: Use) -> str:
    """Why a value that is no secret is missing where a reference is still in its place."""
    name = by_reference(text) or "?"
    if use == "serve":
        return f"the environment variable `{name}` is not set"
    return f"that stands in the environment, and only `voxplan serve --config` reads it there, where `{name}` is set"


def is_absent(node: Node | None) -> bool:
    """Whether there is nothing: no key, or `null`."""
    return node is None or (isinstance(node, Scalar) and node.value is None)


class Section:
    """A mapping called `name` in messages; `place` is where it stands."""

    def __init__(self, node: Node | None, name: str, place: Place, remarks: Remarks) -> None:
        """Of no node, or one that is no mapping, nothing can be read; the latter is told."""
        self.name, self.place, self.remarks = name, place, remarks
        entries = node.entries if isinstance(node, tree.Mapping) else ()
        self._entries = {entry.key: entry for entry in entries}
        self._read: set[str] = set()
        if not is_absent(node) and not isinstance(node, tree.Mapping):
            remarks.warn(place, f"{quoted(name)} is no mapping, and is not carried over")

    def take(self, key: str) -> Node | None:
        """What stands at `key`; None when there is nothing."""
        self._read.add(key)
        entry = self._entries.get(key)
        return None if entry is None or is_absent(entry.value) else entry.value

    def at(self, key: str) -> Place:
        """Where `key` stands, or the section without it."""
        return self._entries[key].place if key in self._entries else self.place

    def warn(self, key: str, message: str, only: Use | None = None) -> None:
        """Say something about the value at `key`."""
        self.remarks.warn(self.at(key), message, only=only)

    def text(self, key: str) -> str | None:
        """Text as it stands, also that of a number; None when there is none."""
        match self.take(key):
            case None:
                return None
            case Scalar(str() as text) if text.strip():
                return text.strip()
            case Scalar(bool() as value):
                return str(value).lower()
            case Scalar(int() | float() as value):
                return str(value)
            case _:
                self.warn(key, f"`{key}` is no text, and is not carried over")
                return None

    def plain(self, key: str) -> str | None:
        """Text that is no reference."""
        found = self.text(key)
        if found is None or by_reference(found) is None:
            return found
        self._tell_reference(key, found)
        return None

    def number(self, key: str) -> float | None:
        """A number from 0, whole ones as `int`."""
        match self.take(key):
            case None:
                return None
            case Scalar(bool()):
                found = None
            case Scalar(int() | float() as value):
                found = value
            case Scalar(str() as text) if by_reference(text) is not None:
                self._tell_reference(key, text)
                return None
            case Scalar(str() as text):
                found = _number(text.strip())
            case _:
                found = None
        if found is None or not math.isfinite(found) or found < 0:
            self.warn(key, f"`{key}` is no number from 0, and is not carried over")
            return None
        return int(found) if found == int(found) else found

    def whole(self, key: str, least: int, most: int) -> int | None:
        """A whole number; what lies outside of the bounds is brought to them, and told."""
        found = self.number(key)
        if found is None:
            return None
        held = min(max(round(found), least), most)
        if held != found:
            self.warn(key, f"`{key}` is a whole number from {least} to {most} here: carried over as {held}")
        return held

    def flag(self, key: str) -> bool | None:
        """A switch."""
        match self.take(key):
            case None:
                return None
            case Scalar(value) if str(value).lower() in _TRUE | _FALSE:
                return str(value).lower() in _TRUE
            case Scalar(str() as text) if by_reference(text) is not None:
                self._tell_reference(key, text)
                return None
            case _:
                self.warn(key, f"`{key}` is neither true nor false, and is not carried over")
                return None

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, or one alone."""
        node = self.take(key)
        items = node.items if isinstance(node, Sequence) else () if node is None else (node,)
        found = tuple(str(item.value).strip() for item in items if isinstance(item, Scalar) and str(item.value).strip())
        if len(found) < len(items):
            self.warn(key, f"`{key}` has entries that are no text, which are not carried over")
        return tuple(dict.fromkeys(found))

    def items(self, key: str) -> tuple[Node, ...]:
        """The entries of a list."""
        node = self.take(key)
        if node is not None and not isinstance(node, Sequence):
            self.warn(key, f"`{key}` is no list, and is not carried over")
        return node.items if isinstance(node, Sequence) else ()

    def inner(self, key: str) -> "Section":
        """The mapping at `key`, empty when there is none."""
        return Section(self.take(key), key, self.at(key), self.remarks)

    def entries(self) -> tuple[Entry, ...]:
        """Everything that is there and not `null`, which is read by that."""
        self._read.update(self._entries)
        return tuple(entry for entry in self._entries.values() if not is_absent(entry.value))

    def left(self) -> Iterator[Entry]:
        """What nobody has read, and is not `null`."""
        unread = [entry for key, entry in self._entries.items() if key not in self._read]
        yield from (entry for entry in unread if not is_absent(entry.value))

    def tell_left(self, known: Mapping[str, str], others: Iterable[str] = ()) -> None:
        """A remark on each key that was not read: why, where that is `known`; else that nobody knows it.

        `others` are keys that are read where they are there, for guesses.
        """
        for entry in self.left():
            why = known.get(entry.key)
            if why is not None:
                self.remarks.warn(entry.place, f"`{entry.key}` is not carried over: {why}")
            else:
                guess = suggestion(entry.key, {*known, *others})
                self.remarks.warn(entry.place, f"unknown key {quoted(entry.key)} in {quoted(self.name)}{guess or ', left out'}")

    def _tell_reference(self, key: str, text: str) -> None:
        for use in _USES:
            self.warn(key, f"`{key}` is not carried over: {not_filled_in(text, use)}", use)


def _number(text: str) -> float | None:
    return float(text.replace("_", "")) if _NUMBER.fullmatch(text) else None
