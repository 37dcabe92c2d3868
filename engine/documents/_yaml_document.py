"""YAML with the 1.2 core schema as nodes with places, from PyYAML's events.

Events rather than PyYAML's own nodes: they stop as soon as a document is too deep or too large, alias bombs are counted before
they are laid out, and libyaml and the pure Python parser behave the same. `CORE` says what a plain scalar means; `printing`
quotes whatever it matches. Merge keys, tags, directives and several documents are refused: one way to write a thing. Only for a
document that somebody else defined merge keys may be laid out, as YAML 1.1 has them.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

import yaml

from voxplan.engine.documents._building import Building, Lines, Unreadable, library_message, to_number
from voxplan.engine.documents.tree import Broken, Entry, Mapping, Node, Path, Place, Problem, Scalar, Sequence, Value
from voxplan.engine.terms.spelling import quoted

CORE: Final[tuple[tuple[str, re.Pattern[str], Callable[[str], Value]], ...]] = (
    # YAML 1.2.2, section 10.3.2; what matches none of these is text: `no`, `on`, `12:30`, `1_000`, `2024-01-01`.
    ("tag:yaml.org,2002:null", re.compile(r"(?:~|null|Null|NULL|)\Z"), lambda _: None),
    ("tag:yaml.org,2002:bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), lambda text: text.lower() == "true"),
    ("tag:yaml.org,2002:int", re.compile(r"[-+]?[0-9]+\Z"), lambda text: to_number(text, whole=True)),
    ("tag:yaml.org,2002:int", re.compile(r"0o[0-7]{1,400}\Z"), lambda text: int(text, 8)),
    ("tag:yaml.org,2002:int", re.compile(r"0x[0-9a-fA-F]{1,400}\Z"), lambda text: int(text, 16)),
    ("tag:yaml.org,2002:float", re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z"), float),
    ("tag:yaml.org,2002:float", re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z"), lambda _: float("inf")),
)

_TEXT_TAGS: Final = frozenset({"!", "tag:yaml.org,2002:str"})
_COLLECTION_TAGS: Final = frozenset({None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
# What neither libyaml nor PyYAML reads as a character of a document; YAML 1.2.2, section 5.1.
_NOT_YAML: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_DIRECTIVE: Final = re.compile(r"^%", re.MULTILINE)
_HINTS: Final = {
    "while scanning an alias": '; a `*` of its own has to be quoted: `"*"`',
    "while parsing a flow mapping": "; inside `{…}`, text with one of `{}[],` has to be quoted",
    "while parsing a flow sequence": "; inside `[…]`, text with one of `{}[],` has to be quoted",
}

_Loader = type[yaml.SafeLoader] | type[yaml.CSafeLoader]
LOADER: Final[_Loader] = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


def parse_yaml(text: str, building: Building, loader: _Loader = LOADER, *, merging: bool = False) -> Node:
    """The document as one node. `merging`: merge keys (`<<`) are laid out."""
    _refuse_at_once(text)
    reader = _Reader(yaml.parse(text, Loader=loader), building, merging=merging)
    try:
        return reader.document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = reader.place if mark is None else Place(mark.line + 1, mark.column + 1)
        said = library_message(error.problem or "not readable") + _HINTS.get(error.context or "", "")
    except (yaml.YAMLError, ValueError, OverflowError):
        # The pure Python scanner passes on what `chr` raises for an escape such as "\UFFFFFFFF".
        place, said = reader.place, "bad escape or character in the text that follows"
    raise Unreadable(Problem((), place, f"not YAML: {said}"))


def _refuse_at_once(text: str) -> None:
    if found := _NOT_YAML.search(text):
        raise Unreadable(Problem((), Lines(text).place(found.start()), f"not YAML: character `U+{ord(found[0]):04X}`"))
    # Within a spec no other line starts with `%`; libyaml takes quadratic time over many `%TAG`.
    if found := _DIRECTIVE.search(text):
        raise Unreadable(Problem((), Lines(text).place(found.start()), "directives (`%…`) have no meaning here"))


class _Reader:
    """Turns events into nodes; `place` is that of the latest event."""

    def __init__(self, events: Iterator[yaml.Event], building: Building, *, merging: bool) -> None:
        self._events, self._building, self._merging = events, building, merging
        self._anchors: dict[str, tuple[Node, int] | None] = {}
        self.place = Place(1, 1)

    def document(self) -> Node:
        """The only document of the stream."""
        while not isinstance(event := self._next(), yaml.DocumentStartEvent):
            if isinstance(event, yaml.StreamEndEvent):
                raise Unreadable(Problem((), Place(1, 1), "the document is empty"))
        root = self._node(self._next(), ())
        while not isinstance(event := self._next(), yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                raise Unreadable(Problem((), self.place, "expected one document, found a second"))
        return root

    def _next(self) -> yaml.Event:
        event = next(self._events)
        if event.start_mark is not None:
            self.place = Place(event.start_mark.line + 1, event.start_mark.column + 1)
        return event

    def _node(self, event: yaml.Event, path: Path) -> Node:
        place = self.place
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event.anchor, path)
        before = self._building.nodes
        self._building.count(path, place)
        anchor = event.anchor if isinstance(event, yaml.NodeEvent) else None
        if anchor is not None:
            self._anchors[anchor] = None
        node = self._content(event, path, place)
        if anchor is not None:
            self._anchors[anchor] = node, self._building.nodes - before
        return node

    def _content(self, event: yaml.Event, path: Path, place: Place) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path, place)
        if isinstance(event, yaml.CollectionStartEvent) and event.tag not in _COLLECTION_TAGS:
            self._building.report(path, place, "a tag (`!…`) has no meaning here")
        if isinstance(event, yaml.SequenceStartEvent):
            return self._building.sequence(place, list(self._items(path)))
        return self._building.mapping(path, place, list(self._entries(path)))

    def _alias(self, anchor: str | None, path: Path) -> Node:
        if anchor is None or anchor not in self._anchors:
            return self._building.report(path, self.place, "this alias (`*…`) has no anchor above it")
        known = self._anchors[anchor]
        if known is None:
            return self._building.report(path, self.place, "this alias (`*…`) stands inside of what it repeats")
        node, nodes = known
        # INVARIANT: the nodes are counted before they are measured, so that measuring costs no more than the budget.
        self._building.count(path, self.place, nodes=nodes)
        self._building.count(path, self.place, nodes=0, height=_height(node))
        return node

    def _scalar(self, event: yaml.ScalarEvent, path: Path, place: Place) -> Node:
        if event.tag is not None and event.tag not in _TEXT_TAGS:
            return self._building.report(path, place, "a tag (`!…`) has no meaning here")
        is_plain = event.tag is None and event.implicit[0]
        return self._building.scalar(path, place, plain_value(event.value) if is_plain else event.value)

    def _items(self, path: Path) -> Iterator[Node]:
        index = 0
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            yield self._node(event, (*path, index))
            index += 1

    def _entries(self, path: Path) -> Iterator[Entry]:
        said, merged = set[str](), dict[str, Entry]()
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            place = self.place
            if self._merging and _is_merge(event):
                merged |= {entry.key: entry for entry in self._merged(path, place)}
                continue
            key = self._key(event, path)
            value = self._node(self._next(), (*path, key if key is not None else "?"))
            if key is not None:
                said.add(key)
                yield Entry(key, place, value)
        yield from (entry for key, entry in merged.items() if key not in said)

    def _merged(self, path: Path, place: Place) -> Iterator[Entry]:
        """The entries of what follows a merge key: of several mappings the first goes before the others, so it comes last."""
        self._building.count(path, place)
        node = self._node(self._next(), (*path, "<<"))
        for each in reversed(node.items) if isinstance(node, Sequence) else (node,):
            if isinstance(each, Mapping):
                yield from each.entries
            elif not isinstance(each, Broken):
                self._building.report(path, place, "after a merge key (`<<`) comes a mapping, or a list of them")

    def _key(self, event: yaml.Event, path: Path) -> str | None:
        """The text of a key; None when it is none, which has been reported then."""
        place, merge = self.place, _is_merge(event)
        node = self._node(event, (*path, "?"))
        match node:
            case Scalar(str() as key) if not merge:
                return key
            case Scalar(str()):
                self._building.report(path, place, "a merge key (`<<`) has no meaning here: write the keys out")
            case Scalar(value):
                self._building.report(path, place, f"expected text as key, got {quoted(value)}: write it in quotes")
            case Sequence() | Mapping():
                self._building.report(path, place, "expected text as key")
            case _:
                pass
        return None


def _is_merge(event: yaml.Event) -> bool:
    return isinstance(event, yaml.ScalarEvent) and event.implicit[0] and event.value == "<<"


def plain_value(text: str) -> Value:
    """What a scalar without quotes means.

    >>> plain_value("no"), plain_value("0o17"), plain_value("~")
    ('no', 15, None)
    """
    return next((convert(text) for _, pattern, convert in CORE if pattern.match(text)), text)


def _height(node: Node) -> int:
    match node:
        case Sequence(items):
            return 1 + max(map(_height, items), default=0)
        case Mapping(entries):
            return 1 + max((_height(entry.value) for entry in entries), default=0)
        case _:
            return 0
