"""The text fields of a form by their names, and the types that text can be read as.

Clients write lists and objects in several ways, and all of them are read: `name[]=a`, `name[0]=a`, `name=a` and `name=["a"]`
for a list; `name[key]=a` and `name={"key": "a"}` for an object. An empty value is no value: that is how clients write one that
they leave out. What is of another type is a FieldProblem that names the field; nothing is taken for what it is not.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, cast

import msgspec

from voxplan.engine.terms.spelling import quoted

__all__ = ("FieldProblem", "FormValues", "flag_of", "is_number", "number_of", "whole_of")

_LONGEST_MESSAGE: Final = 600
_LONGEST_NAME: Final = 100
_NAME: Final = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_DEEPEST: Final = 8
_INDEX: Final = re.compile(r"[0-9]{0,4}")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,3})?")
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,9}")
_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}


class FieldProblem(Exception):
    """The caller's form is at fault. `param` names the field, `code` is OpenAI's where it has one."""

    status: Final = 400

    def __init__(self, message: str, param: str | None = None, code: str | None = "invalid_value") -> None:
        """`message` is one line for the caller; what a caller wrote may be long, so it is cut."""
        whole = "".join(letter if letter.isprintable() else "?" for letter in message[: _LONGEST_MESSAGE + 1])
        self.message = whole if len(whole) <= _LONGEST_MESSAGE else whole[:_LONGEST_MESSAGE] + "…"
        self.param = None if param is None else param[:_LONGEST_NAME]
        self.code = code
        super().__init__(self.message)


class _Part(NamedTuple):
    """One field of the form: the names in its brackets, and its text."""

    path: tuple[str, ...]
    text: str


class FormValues:
    """The fields of a form, grouped by the name before their brackets."""

    def __init__(self, fields: Sequence[tuple[str, str]]) -> None:
        """`fields` are names and texts, in the order of the form."""
        self._parts: dict[str, list[_Part]] = {}
        for written, text in fields:
            name, path = _parted(written)
            self._parts.setdefault(name, []).append(_Part(path, text))

    @property
    def names(self) -> tuple[str, ...]:
        """The names that are there, each once, without brackets."""
        return tuple(self._parts)

    def one(self, name: str) -> str | None:
        """The one value of a field."""
        parts = self._parts.get(name, [])
        if len(parts) > 1:
            raise FieldProblem(f"`{name}` is given {len(parts)} times: expected one value", name)
        if any(part.path for part in parts):
            raise FieldProblem(f"`{name}` takes one value: write it without brackets", name)
        return (parts[0].text or None) if parts else None

    def many(self, name: str) -> tuple[str, ...]:
        """The values of a list, in their order."""
        parts = self._parts.get(name, [])
        if len(parts) == 1 and not parts[0].text:
            return ()
        return tuple(value for part in parts for value in _items(name, part))

    def table(self, name: str) -> dict[str, object]:
        """The entries of an object: those of JSON as they are, those in brackets as text or lists of text."""
        parts = [part for part in self._parts.get(name, []) if part.path or part.text]
        if len(parts) == 1 and not parts[0].path:
            found = _decoded(name, parts[0].text)
            if not isinstance(found, dict):
                raise FieldProblem(f"`{name}` is {quoted(parts[0].text)}: expected an object of JSON", name)
            return cast("dict[str, object]", found)
        return _entries(name, parts)

    def plain(self, name: str) -> bool:
        """Whether the field stands there by itself, without brackets."""
        return any(not part.path and part.text for part in self._parts.get(name, []))


def is_number(text: str) -> bool:
    """Whether `text` writes a number."""
    return _NUMBER.fullmatch(text) is not None


def number_of(name: str, text: str) -> float:
    """The number that `text` writes."""
    if not is_number(text):
        raise FieldProblem(f"`{name}` is {quoted(text)}: expected a number", name, "invalid_type")
    return float(text)


def whole_of(name: str, text: str) -> int:
    """The whole number that `text` writes."""
    if _WHOLE.fullmatch(text) is None:
        raise FieldProblem(f"`{name}` is {quoted(text)}: expected a whole number", name, "invalid_type")
    return int(text)


def flag_of(name: str, text: str) -> bool:
    """True or false; clients write them in their own languages' ways."""
    found = _FLAGS.get(text.lower())
    if found is None:
        raise FieldProblem(f"`{name}` is {quoted(text)}: expected `true` or `false`", name, "invalid_type")
    return found


def _parted(written: str) -> tuple[str, tuple[str, ...]]:
    """`chunking_strategy[type]` as its name and the names in brackets; other text is a name as it stands."""
    match = _NAME.fullmatch(written)
    if match is None:
        return written, ()
    return match[1], tuple(match[2][1:-1].split("][")) if match[2] else ()


def _items(name: str, part: _Part) -> Iterator[str]:
    if len(part.path) > 1 or (part.path and _INDEX.fullmatch(part.path[0]) is None):
        raise FieldProblem(f"`{name}` is a list: write `{name}[]` for each of its values", name)
    if part.path or not part.text.lstrip().startswith("["):
        yield part.text
        return
    found = _decoded(name, part.text)
    values = cast("list[object]", found) if isinstance(found, list) else []
    for value in values:
        if not isinstance(value, str):
            raise FieldProblem(f"`{name}` holds {_kind(value)}: expected text in each place of the list", name, "invalid_type")
        yield value


def _entries(name: str, parts: list[_Part]) -> dict[str, object]:
    found: dict[str, object] = {}
    for part in parts:
        if not part.path:
            raise FieldProblem(f"`{name}` is given more than once: expected one object", name)
        if len(part.path) > _DEEPEST or not _placed(found, part.path, part.text):
            raise FieldProblem(f"`{name}` is an object: write `{name}[key]` once for each of its entries, or JSON", name)
    return found


def _placed(table: dict[str, object], path: tuple[str, ...], text: str) -> bool:
    """Put the text where its path says, in an inner object or list if need be; False where something else is."""
    key, *rest = path
    if not key:
        return False
    if len(rest) == 1 and _INDEX.fullmatch(rest[0]) is not None:
        values = table.setdefault(key, [])
        if isinstance(values, list):
            cast("list[object]", values).append(text)
        return isinstance(values, list)
    if rest:
        inner = table.setdefault(key, {})
        return isinstance(inner, dict) and _placed(cast("dict[str, object]", inner), tuple(rest), text)
    if key in table:
        return False
    table[key] = text
    return True


def _decoded(name: str, text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise FieldProblem(f"`{name}` is {quoted(text)}: this is no JSON", name) from None


def _kind(value: object) -> str:
    if value is None or isinstance(value, bool | int | float):
        return quoted(value)
    return "an object" if isinstance(value, dict) else "a list"
