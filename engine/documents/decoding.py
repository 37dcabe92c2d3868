"""A tree of nodes to a value of a msgspec struct type, with all problems at once and the place of every path.

msgspec's own decoding stops at the first error and knows no places. This one reads the same type descriptions and is stricter:
nothing is coerced, nothing unknown is passed over, and null never stands for absent (law T6): a field of type `X | None` may be
left out, it may not be null. A single text or number stands for a list of one. Patterns have to match the whole text. What the
keys mean is none of its business.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final, Generic, NamedTuple, TypeVar

from msgspec import inspect
from returns.result import Failure, Success

from voxplan.engine.documents import tree
from voxplan.engine.documents.tree import MAX_PROBLEMS, Broken, Entry, Node, Path, Place, Problem, Scalar, show_path, written_path
from voxplan.engine.terms.spelling import listed, nearest, quoted, suggestion

__all__ = ("Decoded", "Language", "Leaf", "decode")

T = TypeVar("T")

Leaf = Callable[[str | float], Success[object] | Failure[str]]
"""Reads a struct that is written as one text or number; its failure says what was expected."""


class Language(NamedTuple):
    """What a decoder has to know beyond the types.

    `leaves`: structs written as one text or number. `nouns`: what messages call a struct. `secrets`: keys whose content no
    message shows. `implied`: keys that no author writes, left out of the paths in messages where they follow an index.
    """

    leaves: Mapping[type, Leaf]
    nouns: Mapping[type, str]
    secrets: frozenset[str]
    implied: frozenset[str]


class Decoded(NamedTuple, Generic[T]):
    """The value, None if there are problems; the places of all paths that the document has.

    `salvaged` is what can be made of the tree without what is wrong in it, so that more may be said about the rest; None when
    that is too little. Without problems it is the value.
    """

    value: T | None
    salvaged: T | None
    problems: tuple[Problem, ...]
    places: dict[Path, Place]


class _Nothing:
    """Stands for a value that could not be decoded, which has been reported."""


class _Enough(Exception):
    """There are as many problems as anybody reads."""


_NOTHING: Final = _Nothing()
_BOUNDS: Final = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


def decode(root: Node, type_: type[T], language: Language) -> Decoded[T]:
    """Decode the whole tree; never raises. With problems in the tree already (`Broken`), the value is None."""
    decoder = _Decoder(language)
    try:
        info = _described(type_)  # type: ignore[arg-type] # for mypy, the class has its instances' `__hash__`
        value = decoder.value(info, root, (), root.place)
    except _Enough:
        value = _NOTHING
    salvaged = value if isinstance(value, type_) else None
    return Decoded(salvaged if decoder.whole else None, salvaged, tuple(decoder.problems), decoder.places)


@cache
def _described(type_: type) -> inspect.Type:
    """What the type consists of; to find out takes as long as to decode a document."""
    return inspect.type_info(type_)


class _Decoder:
    """Collects problems and places on the way down; `whole` as long as nothing had to be left out."""

    def __init__(self, language: Language) -> None:
        self.whole = True
        self.problems: list[Problem] = []
        self.places: dict[Path, Place] = {}
        self._language = language

    def value(self, info: inspect.Type, node: Node, path: Path, key: Place) -> object:
        """The value of `node`, whose key stands at `key`; `_NOTHING` after a problem."""
        self.places[path] = node.place if isinstance(node, Scalar) else key
        described = ""
        if isinstance(info, inspect.Metadata):
            described = _description(info)
            info = info.type
        if isinstance(node, Broken):
            self.whole = False
            return _NOTHING
        if isinstance(info, inspect.UnionType):
            return self._one_of(info, node, path, key)
        if isinstance(info, inspect.StructType) and info.cls in self._language.leaves:
            return self._leaf(info, node, path)
        if isinstance(info, inspect.VarTupleType) and _is_plain(info.item_type):
            node = _as_list(node)
        if isinstance(node, Scalar):
            return self._scalar(info, node.value, path, described)
        return self._collection(info, node, path, described)

    def _collection(self, info: inspect.Type, node: Node, path: Path, described: str) -> object:
        match info, node:
            case inspect.StructType(), tree.Mapping():
                return self._struct(info, node, path)
            case inspect.DictType(), tree.Mapping():
                return self._dict(info, node, path)
            case inspect.VarTupleType(), tree.Sequence():
                return self._tuple(info, node, path)
            case _:
                return self._unexpected(path, described or self._noun(info), node)

    def _scalar(self, info: inspect.Type, found: tree.Value, path: Path, described: str) -> object:
        match info, found:
            case inspect.LiteralType(), _:
                return self._literal(info, found, path)
            case inspect.StrType(), str():
                return self._text(info, found, path, described)
            case inspect.BoolType(), bool():
                return found
            case inspect.IntType(), int() if not isinstance(found, bool):
                return self._number(info, found, path)
            case inspect.FloatType(), int() | float() if not isinstance(found, bool):
                return self._number(info, float(found), path)
            case _:
                return self._unexpected(path, described or self._noun(info), Scalar(found, self.places[path]))

    def _struct(self, info: inspect.StructType, node: tree.Mapping, path: Path) -> object:
        fields = {field.encode_name: field for field in info.fields}
        values: dict[str, object] = {}
        meant: set[str | None] = set()
        for entry in node.entries:
            field = fields.get(entry.key)
            if field is None:
                self._unknown_key(entry, fields, path)
                meant.add(nearest(entry.key, fields))
            else:
                values[field.name] = self._optional(field, entry, (*path, entry.key))
        missing = [name for name, field in fields.items() if field.required and field.name not in values]
        for name in missing:
            if name not in meant:
                self._report(path, self.places[path], f"missing key {quoted(name)}{self._inside(path)}")
        return _made(info, {name: value for name, value in values.items() if value is not _NOTHING})

    def _optional(self, field: inspect.Field, entry: Entry, path: Path) -> object:
        if not field.required and isinstance(entry.value, Scalar) and entry.value.value is None:
            self.places[path] = entry.place
            return self._report(path, entry.place, f"{quoted(entry.key)} is null: leave the key out, or give it a value")
        return self.value(field.type, entry.value, path, entry.place)

    def _unknown_key(self, entry: Entry, fields: Mapping[str, inspect.Field], path: Path) -> None:
        guess = suggestion(entry.key, fields) or f", expected {'one of ' if len(fields) > 1 else ''}{listed(fields)}"
        self._report((*path, entry.key), entry.place, f"unknown key {quoted(entry.key)}{self._inside(path)}{guess}")

    def _dict(self, info: inspect.DictType, node: tree.Mapping, path: Path) -> object:
        values: dict[object, object] = {}
        for entry in node.entries:
            inner = (*path, entry.key)
            key = self.value(info.key_type, Scalar(entry.key, entry.place), inner, entry.place)
            values[key] = self.value(info.value_type, entry.value, inner, entry.place)
        return {key: value for key, value in values.items() if key is not _NOTHING and value is not _NOTHING}

    def _tuple(self, info: inspect.VarTupleType, node: tree.Sequence, path: Path) -> object:
        items = [self.value(info.item_type, item, (*path, index), item.place) for index, item in enumerate(node.items)]
        if len(items) < (info.min_length or 0):
            return self._report(path, self.places[path], f"{quoted(_last_key(path))} is empty: expected at least one item")
        return _NOTHING if _NOTHING in items else tuple(items)

    def _one_of(self, info: inspect.UnionType, node: Node, path: Path, key: Place) -> object:
        choices = [choice for choice in info.types if not isinstance(choice, inspect.NoneType)]
        literals = [choice for choice in choices if isinstance(choice, inspect.LiteralType)]
        if literals and len(literals) == len(choices):
            merged = inspect.LiteralType(tuple(value for choice in literals for value in choice.values))
            return self.value(merged, node, path, key)
        fitting = next((choice for choice in choices if isinstance(choice, _kind_of(node))), None)
        if fitting is None and any(isinstance(choice, inspect.BoolType) for choice in choices):
            nested = any(isinstance(choice, inspect.DictType) for choice in choices)
            return self._unexpected(path, _ANYTHING if nested else _ANY_SCALAR, node)
        return self.value(fitting or choices[-1], node, path, key)

    def _leaf(self, info: inspect.StructType, node: Node, path: Path) -> object:
        if not isinstance(node, Scalar) or node.value is None or isinstance(node.value, bool):
            return self._unexpected(path, self._noun(info), node)
        match self._language.leaves[info.cls](node.value):
            case Success(value):
                return value
            case Failure(message):
                return self._report(path, node.place, message)

    def _literal(self, info: inspect.LiteralType, found: tree.Value, path: Path) -> object:
        for value in info.values:
            # The types are compared because True == 1 == 1.0.
            if type(value) is type(found) and value == found:
                return found
        texts = [value for value in info.values if isinstance(value, str)]
        if isinstance(found, str) and (guess := suggestion(found, texts)):
            return self._report(path, self.places[path], f"unknown value {quoted(found)} in {quoted(_last_key(path))}{guess}")
        return self._unexpected(path, self._noun(info), Scalar(found, self.places[path]))

    def _text(self, info: inspect.StrType, text: str, path: Path, described: str) -> object:
        if _fits(info, text):
            return text
        return self._unexpected(path, described or "other text", Scalar(text, self.places[path]))

    def _number(self, info: inspect.IntType | inspect.FloatType, number: float, path: Path) -> object:
        bounds = {"ge": info.ge, "gt": info.gt, "le": info.le, "lt": info.lt}
        holds = {
            "ge": info.ge is None or number >= info.ge,
            "gt": info.gt is None or number > info.gt,
            "le": info.le is None or number <= info.le,
            "lt": info.lt is None or number < info.lt,
        }
        for bound, words in _BOUNDS.items():
            if not holds[bound]:
                return self._unexpected(path, f"{words} {bounds[bound]}", Scalar(number, self.places[path]))
        return number

    def _unexpected(self, path: Path, expected: str, node: Node) -> _Nothing:
        got = "" if self._language.secrets.intersection(path) else f", got {_kind(node)}"
        return self._report(path, self.places[path], f"expected {expected}{got}")

    def _report(self, path: Path, place: Place, message: str) -> _Nothing:
        if len(self.problems) >= MAX_PROBLEMS:
            raise _Enough
        self.problems.append(Problem(path, place, message))
        self.whole = False
        return _NOTHING

    def _inside(self, path: Path) -> str:
        steps = written_path(path, self._language.implied)
        return f" in {quoted(show_path(steps))}" if steps else ""

    def _noun(self, info: inspect.Type) -> str:
        match info:
            case inspect.StructType(cls=cls):
                return self._language.nouns.get(cls, "a mapping")
            case inspect.LiteralType(values=values):
                return f"{'one of ' if len(values) > 1 else ''}{listed(sorted(map(str, values)))}"
            case _:
                return _NOUNS.get(type(info), "something else")


_NOUNS: Final[Mapping[type[inspect.Type], str]] = {
    inspect.BoolType: "`true` or `false`",
    inspect.DictType: "a mapping",
    inspect.FloatType: "a number",
    inspect.IntType: "a whole number",
    inspect.StrType: "text",
    inspect.VarTupleType: "a list",
}


_ANY_SCALAR: Final = "text, a number, `true` or `false`"
_ANYTHING: Final = f"{_ANY_SCALAR}, a list or a mapping"
_SCALARS: Final[Mapping[type, type[inspect.Type]]] = {
    bool: inspect.BoolType,
    float: inspect.FloatType,
    int: inspect.IntType,
    str: inspect.StrType,
}


def _kind_of(node: Node) -> type[inspect.Type]:
    """Which of several types the node is meant for: whole numbers stay whole, lists and mappings what they are."""
    match node:
        case Scalar(value):
            return _SCALARS.get(type(value), inspect.NoneType)
        case tree.Mapping():
            return inspect.DictType
        case _:
            return inspect.VarTupleType


def _made(info: inspect.StructType, values: dict[str, object]) -> object:
    """The struct with these values; where a required text is missing, which has been reported, the empty one stands in."""
    for field in info.fields:
        if field.required and field.name not in values:
            if not isinstance(_bare(field.type), inspect.StrType):
                return _NOTHING
            values[field.name] = ""
    make: Callable[..., object] = info.cls
    return make(**values)


def _as_list(node: Node) -> Node:
    """A single value stands for a list of one; null is no value."""
    return node if not isinstance(node, Scalar) or node.value is None else tree.Sequence((node,), node.place)


def _is_plain(info: inspect.Type) -> bool:
    """Whether what has this type is written as one text or number."""
    return isinstance(_bare(info), (inspect.StrType, inspect.LiteralType, inspect.FloatType, inspect.UnionType))


def _bare(info: inspect.Type) -> inspect.Type:
    return info.type if isinstance(info, inspect.Metadata) else info


def _description(info: inspect.Metadata) -> str:
    match info:
        case inspect.Metadata(extra_json_schema={"description": str(text)}):
            return text
        case _:
            return ""


def _kind(node: Node) -> str:
    match node:
        case Scalar(value):
            return quoted(value)
        case tree.Sequence():
            return "a list"
        case _:
            return "a mapping"


def _fits(info: inspect.StrType, text: str) -> bool:
    if info.max_length is not None and len(text) > info.max_length:
        return False
    return info.pattern is None or re.fullmatch(info.pattern, text) is not None


def _last_key(path: Path) -> str:
    return next((step for step in reversed(path) if isinstance(step, str)), "the document")
