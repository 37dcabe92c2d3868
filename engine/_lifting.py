"""Short forms of routes written out, on the tree: what comes out has the shape of `spec`, node for node.

A list is `first`, a name is `use`, `among` becomes a list of arms with `route` and `weight`, a single kind under `on` a list.
What was written keeps its place. Here is also checked what the types cannot say: that each node has exactly one form, and what
`on` may hold.
"""

from collections.abc import Iterable
from typing import Final

from voxplan.engine.failure import KINDS
from voxplan.engine.spec import RouteNode
from voxplan.engine.spelling import listed, nearest, quoted
from voxplan.engine.tree import Entry, Mapping, Node, Path, Place, Problem, Scalar, Sequence

_FORMS: Final = ("use", "first", "balance")
_NEVER_LISTED: Final = frozenset(kind for kind, rule in KINDS.items() if rule.fallback == "never")


def lift(root: Node) -> tuple[Node, tuple[Problem, ...]]:
    """The document in the normal form, and what is wrong with its nodes."""
    lifting = _Lifting()
    return lifting.document(root), tuple(lifting.problems)


class _Lifting:
    """Collects problems on the way down; paths are those of the normal form."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def document(self, root: Node) -> Node:
        if not isinstance(root, Mapping):
            return root
        return Mapping(tuple(self._section(entry) for entry in root.entries), root.place)

    def _section(self, entry: Entry) -> Entry:
        match entry:
            case Entry("routes", place, Mapping(entries, inner)):
                routes = tuple(Entry(e.key, e.place, self._route(e.value, ("routes", e.key), e.place)) for e in entries)
                return Entry("routes", place, Mapping(routes, inner))
            case Entry("defaults", place, Mapping(entries, inner)):
                return Entry("defaults", place, Mapping(tuple(self._rule(e, ("defaults",)) for e in entries), inner))
            case _:
                return entry

    def _route(self, node: Node, path: Path, key: Place) -> Node:
        match node:
            case Scalar(str(), place):
                return Mapping((Entry("use", place, node),), place)
            case Sequence(_, place):
                return Mapping((Entry("first", key, self._children(node, path)),), place)
            case Mapping(entries, place):
                self._check_form(entries, path, key)
                return Mapping(tuple(self._part(entry, path) for entry in entries), place)
            case _:
                return node

    def _children(self, node: Sequence, path: Path) -> Node:
        items = enumerate(node.items)
        return Sequence(tuple(self._route(item, (*path, "first", index), item.place) for index, item in items), node.place)

    def _part(self, entry: Entry, path: Path) -> Entry:
        """One key of a node."""
        match entry:
            case Entry("first", place, Sequence() as children):
                return Entry("first", place, self._children(children, path))
            case Entry("balance", place, Mapping(entries, inner)):
                parts = tuple(self._among(part, (*path, "balance")) for part in entries)
                return Entry("balance", place, Mapping(parts, inner))
            case Entry("on"):
                return self._on(entry, path)
            case _:
                return self._rule(entry, path)

    def _rule(self, entry: Entry, path: Path) -> Entry:
        match entry:
            case Entry("retry", place, Mapping(entries, inner)):
                parts = tuple(self._on(part, (*path, "retry")) if part.key == "on" else part for part in entries)
                return Entry("retry", place, Mapping(parts, inner))
            case _:
                return entry

    def _among(self, entry: Entry, path: Path) -> Entry:
        match entry:
            case Entry("among", place, Mapping(entries, inner)):
                arms = tuple(_weighted(arm) for arm in entries)
                return Entry("among", place, Sequence(arms, inner))
            case Entry("among", place, Sequence(items, inner)):
                arms = tuple(self._arm(item, (*path, "among", index, "route")) for index, item in enumerate(items))
                return Entry("among", place, Sequence(arms, inner))
            case _:
                return entry

    def _arm(self, node: Node, path: Path) -> Node:
        weight: tuple[Entry, ...] = ()
        route = node
        if isinstance(node, Mapping):
            weight = tuple(entry for entry in node.entries if _means_weight(entry.key))
            route = Mapping(tuple(entry for entry in node.entries if not _means_weight(entry.key)), node.place)
        return Mapping((Entry("route", node.place, self._route(route, path, node.place)), *weight), node.place)

    def _on(self, entry: Entry, path: Path) -> Entry:
        value = entry.value
        kinds = Sequence((value,), value.place) if isinstance(value, Scalar) and isinstance(value.value, str) else value
        for index, kind in enumerate(kinds.items if isinstance(kinds, Sequence) else ()):
            if isinstance(kind, Scalar) and kind.value in _NEVER_LISTED:
                self._report((*path, "on", index), kind.place, f"{quoted(kind.value)} cannot be listed in `on`: it ends the run")
        return Entry(entry.key, entry.place, kinds)

    def _check_form(self, entries: tuple[Entry, ...], path: Path, key: Place) -> None:
        forms = [entry for entry in entries if entry.key in _FORMS]
        # A key that is unknown was probably meant to be the form: `decoding` reports it, once is enough.
        is_known = all(entry.key in RouteNode.__struct_fields__ for entry in entries)
        if not forms and is_known:
            self._report(path, key, f"a route needs exactly one of {listed(_FORMS)}, found none")
        if len(forms) > 1:
            found = _joined(entry.key for entry in forms)
            self._report((*path, forms[1].key), forms[1].place, f"a route needs exactly one of {listed(_FORMS)}, found {found}")
        for entry in entries:
            if entry.key == "on" and [form.key for form in forms] == ["use"]:
                self._report((*path, "on"), entry.place, "`on` belongs to `first` or `balance`, it cannot stand beside `use`")

    def _report(self, path: Path, place: Place, message: str) -> None:
        self.problems.append(Problem(path, place, message))


def _means_weight(key: str) -> bool:
    """Whether the key is `weight`, or a misspelling of it, which then is reported as one."""
    return nearest(key, (*RouteNode.__struct_fields__, "weight")) == "weight"


def _weighted(arm: Entry) -> Node:
    """The arm that `name: weight` stands for."""
    use = Mapping((Entry("use", arm.place, Scalar(arm.key, arm.place)),), arm.place)
    return Mapping((Entry("route", arm.place, use), Entry("weight", arm.place, arm.value)), arm.place)


def _joined(names: Iterable[str]) -> str:
    return " and ".join(quoted(name) for name in names)
