"""TOML 1.0 as nodes with places: values from the standard library, places from a scan of the text.

The scan accepts every TOML document and some that are none. It goes first and holds the limits on depth and number, so that the
parser, which recurses and takes quadratic time over long dotted keys, only sees text that is harmless. A value whose place the
scan does not know gets that of the nearest key around it.
"""

import re
import tomllib
from collections.abc import Iterator
from typing import Final, cast

from voxplan.engine.documents._building import MOST_DIGITS, TOO_LARGE, Building, Lines, Unreadable, library_message
from voxplan.engine.documents.tree import MAX_DEPTH, Entry, Node, Path, Place, Problem

_BLANK: Final = re.compile(r"[ \t\r\n]*+(?:#[^\n]*+[ \t\r\n]*+)*+")
_SPACE: Final = re.compile(r"[ \t]*+")
_KEY: Final = re.compile(r"""[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+'""")
_TEXT: Final = re.compile(
    r'''"""(?:[^"\\]|\\[\s\S]|"(?!""))*+"{3,5}|'''
    r"""\'\'\'(?:[^']|'(?!''))*+'{3,5}|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+'"""
)
_OTHER: Final = re.compile(r"[^,\]}#\n\r\"'\[{]++")
_POSITION: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def parse_toml(text: str, building: Building) -> Node:
    """The whole document as one node."""
    scan = _Scan(text, building)
    scan.document()
    if building.problems:
        raise Unreadable(building.problems.pop())
    try:
        # Windows line ends count as one character in the parser and as two here; lines and columns are the same.
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(str(error), text) from None
    return _node(values, (), scan, Place(1, 1), building)


def _unreadable(message: str, text: str) -> Unreadable:
    found = _POSITION.search(message)
    end = Lines(text).place(len(text))
    place = Place(int(found[1]), int(found[2])) if found and found[1] else end
    return Unreadable(Problem((), place, f"not TOML: {library_message(_POSITION.sub('', message))}"))


def _node(value: object, path: Path, scan: "_Scan", around: Place, building: Building) -> Node:
    place = scan.values.get(path, around)
    if isinstance(value, dict):
        return building.mapping(path, place, list(_entries(cast("dict[str, object]", value), path, scan, place, building)))
    if isinstance(value, list):
        items = enumerate(cast("list[object]", value))
        return building.sequence(place, [_node(inner, (*path, index), scan, place, building) for index, inner in items])
    if isinstance(value, str | int | float):
        return building.scalar(path, place, value)
    return building.report(path, place, "dates and times have no meaning here: write the text in quotes")


def _entries(table: dict[str, object], path: Path, scan: "_Scan", around: Place, building: Building) -> Iterator[Entry]:
    for key, inner in table.items():
        place = scan.keys.get((*path, key), around)
        yield Entry(key, place, _node(inner, (*path, key), scan, place, building))


class _Scan:
    """Finds the places of keys and values, from left to right."""

    def __init__(self, text: str, building: Building) -> None:
        self.keys: dict[Path, Place] = {}
        self.values: dict[Path, Place] = {}
        self._text, self._building, self._lines, self._at = text, building, Lines(text), 0
        self._tables: dict[Path, int] = {}
        self._headers: set[Path] = set()

    def document(self) -> None:
        """All statements: tables, and keys with values."""
        table: Path = ()
        while self._peek():
            if self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Path:
        """`[a.b]` or `[[a.b]]`: the path that the keys below it stand at."""
        doubled = self._text.startswith("[[", self._at)
        self._at += 2 if doubled else 1
        parts = self._key()
        path, place = self._named((), parts), parts[-1][1]
        self._take("]]" if doubled else "]")
        if doubled:
            self._building.count((*path, 0), place)
            self._tables[path] = self._tables.get(path, -1) + 1
            path = (*path, self._tables[path])
        elif path in self._headers:
            self._building.duplicate(path, place, self.keys[path])
        self._headers.add(path)
        self.values.setdefault(path, place)
        return path

    def _pair(self, table: Path) -> None:
        parts = self._key()
        path = self._named(table, parts)
        self._take("=")
        if path in self.values:
            self._building.duplicate(path, parts[-1][1], self.keys[path])
        self._value(path)

    def _named(self, table: Path, parts: list[tuple[str, Place]]) -> Path:
        """The path of a dotted key below `table`; of a list of tables, the latest one is meant."""
        path = table
        for name, place in parts:
            latest = self._tables.get(path)
            path = (*path, name) if latest is None else (*path, latest, name)
            if path not in self.keys:
                self._building.count(path, place)
                self.keys[path] = place
        return path

    def _key(self) -> list[tuple[str, Place]]:
        parts: list[tuple[str, Place]] = []
        while True:
            self._peek(_SPACE)
            place = self._place()
            found = _KEY.match(self._text, self._at)
            if found is None or len(parts) > MAX_DEPTH:
                raise self._stop("expected a key" if found is None else f"a key of more than {MAX_DEPTH} parts")
            self._at = found.end()
            parts.append((_unquoted(found[0]), place))
            if self._peek(_SPACE) != ".":
                return parts
            self._at += 1

    def _value(self, path: Path) -> None:
        first, place = self._peek(_SPACE), self._place()
        self._building.count(path, place, nodes=0 if path in self.keys else 1)
        self.values.setdefault(path, place)
        if first == "[":
            self._list(path)
        elif first == "{":
            self._table(path)
        else:
            found = (_TEXT if first in {'"', "'"} else _OTHER).match(self._text, self._at)
            if found is None:
                raise self._stop("expected a value")
            if first not in {'"', "'"} and len(found[0].rstrip()) > MOST_DIGITS:
                self._building.report(path, place, TOO_LARGE)
            self._at = found.end()

    def _list(self, path: Path) -> None:
        index = 0
        self._at += 1
        while self._peek() != "]":
            self._value((*path, index))
            index += 1
            if self._peek() != "]":
                self._take(",")
        self._at += 1

    def _table(self, path: Path) -> None:
        self._at += 1
        while self._peek() != "}":
            self._pair(path)
            if self._peek() != "}":
                self._take(",")
        self._at += 1

    def _peek(self, blank: re.Pattern[str] = _BLANK) -> str:
        """The next character that is not blank, '' at the end."""
        found = blank.match(self._text, self._at)
        self._at = found.end() if found is not None else self._at
        return self._text[self._at : self._at + 1]

    def _take(self, expected: str) -> None:
        self._peek(_SPACE)
        if not self._text.startswith(expected, self._at):
            raise self._stop(f"expected `{expected}`")
        self._at += len(expected)

    def _place(self) -> Place:
        return self._lines.place(self._at)

    def _stop(self, message: str) -> Unreadable:
        return Unreadable(Problem((), self._place(), f"not TOML: {message}"))


def _unquoted(key: str) -> str:
    if key[0] == '"' and "\\" in key:
        try:
            return str(tomllib.loads(f"key = {key}")["key"])
        except ValueError:
            return key
    return key[1:-1] if key[0] in {'"', "'"} else key
