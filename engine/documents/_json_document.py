"""JSON (RFC 8259) as nodes with places. The standard library's decoder gives no places, hence this scanner."""

import json
import re
from typing import Final

from voxplan.engine.documents._building import Building, Lines, Unreadable, to_number
from voxplan.engine.documents.tree import Entry, Node, Path, Problem, Value

_BLANK: Final = re.compile(r"[ \t\r\n]*")
_STRING: Final = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"')
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORD: Final = re.compile(r"[A-Za-z]+")
_WORDS: Final[dict[str, Value]] = {"null": None, "true": True, "false": False}


def parse_json(text: str, building: Building) -> Node:
    """The whole document as one node."""
    scanner = _Scanner(text, building)
    root = scanner.value(())
    if scanner.peek():
        raise scanner.stop("expected the end of the document")
    return root


class _Scanner:
    """Reads values from left to right; `at` is the offset of the next character."""

    def __init__(self, text: str, building: Building) -> None:
        self._text, self._building, self._lines = text, building, Lines(text)
        self._at = 0

    def peek(self) -> str:
        """The next character that is not blank, '' at the end."""
        blank = _BLANK.match(self._text, self._at)
        self._at = blank.end() if blank is not None else self._at
        return self._text[self._at : self._at + 1]

    def stop(self, message: str) -> Unreadable:
        """A syntax error here."""
        return Unreadable(Problem((), self._lines.place(self._at), f"not JSON: {message}"))

    def value(self, path: Path) -> Node:
        """The next value, which stands at `path`."""
        first = self.peek()
        place = self._lines.place(self._at)
        self._building.count(path, place)
        if first == "{":
            return self._building.mapping(path, place, self._entries(path))
        if first == "[":
            return self._building.sequence(place, self._items(path))
        return self._building.scalar(path, place, self._string() if first == '"' else self._literal())

    def _entries(self, path: Path) -> list[Entry]:
        entries: list[Entry] = []
        self._at += 1
        while self._another("}", after=bool(entries)):
            if self.peek() != '"':
                raise self.stop("expected a key in double quotes")
            place = self._lines.place(self._at)
            key = self._string()
            self._take(":")
            value = self.value((*path, key))
            # INVARIANT: keys are text that every format can hold; the check is the one for values.
            self._building.scalar(path, place, key)
            entries.append(Entry(key, place, value))
        return entries

    def _items(self, path: Path) -> list[Node]:
        items: list[Node] = []
        self._at += 1
        while self._another("]", after=bool(items)):
            items.append(self.value((*path, len(items))))
        return items

    def _another(self, closing: str, *, after: bool) -> bool:
        """Step over the comma or the closing bracket, and say whether a value follows; `after`: there was one before."""
        if self.peek() == closing:
            self._at += 1
            return False
        if after:
            self._take(",")
        return True

    def _take(self, character: str) -> None:
        if self.peek() != character:
            raise self.stop(f"expected `{character}`")
        self._at += 1

    def _string(self) -> str:
        found = _STRING.match(self._text, self._at)
        if found is None:
            raise self.stop("text without end, or with a bad escape or control character")
        self._at = found.end()
        return str(json.loads(found[0])) if "\\" in found[0] else found[0][1:-1]

    def _literal(self) -> Value:
        word = _WORD.match(self._text, self._at)
        if word is not None and word[0] in _WORDS:
            self._at = word.end()
            return _WORDS[word[0]]
        number = _NUMBER.match(self._text, self._at)
        if number is None:
            raise self.stop("expected a value")
        self._at = number.end()
        return to_number(number[0], whole=number[1] is None and number[2] is None)
