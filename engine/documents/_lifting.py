"""Short forms of routes written out, on the tree: what comes out has the shape of `spec`, node for node.

A list is `first`, a name is `use`, `match` is `when`, `among` becomes a list of arms with `route` and `weight`, or `where`.
What was written keeps its place. Here is also checked what the types cannot say: that each node has exactly one form, and what
may stand beside which. Conditions, `match` and policy tests have modules of their own.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Final

from voxplan.engine.documents import _lifting_match
from voxplan.engine.documents._lifting_conditions import condition
from voxplan.engine.documents._lifting_tests import tests
from voxplan.engine.documents._noting import Notes, inside
from voxplan.engine.documents.tree import Broken, Entry, Mapping, Node, Path, Place, Problem, Scalar, Sequence
from voxplan.engine.language.spec import RouteNode
from voxplan.engine.terms.failure import KINDS
from voxplan.engine.terms.spelling import listed, nearest, quoted

_FORMS: Final = ("use", "first", "balance", "when", "match", "race")
_BESIDE: Final = {"on": ("first", "balance", "race"), "otherwise": ("when",)}
_KEYS: Final = (*RouteNode.__struct_fields__, "match")
_NEVER_LISTED: Final = frozenset(kind for kind, rule in KINDS.items() if rule.fallback == "never")
_IN_ORDER: Final = "a race starts its arms in order; weights belong to `balance`"

_Arm = Callable[[Node, Path], Node]
"""Writes out one arm of an `among`, whose path is the index in it."""


def lift(root: Node) -> tuple[Node, tuple[Problem, ...]]:
    """The document in the normal form, and what is wrong with its nodes."""
    lifting = _Lifting()
    return lifting.document(root), tuple(lifting.notes.problems)


class _Lifting:
    """Collects problems on the way down; paths are those of the normal form."""

    def __init__(self) -> None:
        self.notes = Notes()

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
            case Entry("tests", place, value):
                return Entry("tests", place, tests(value, self.notes))
            case _:
                return entry

    def _route(self, node: Node, path: Path, key: Place) -> Node:
        match node:
            case Scalar(str(), place):
                return Mapping((Entry("use", place, node),), place)
            case Sequence(_, place):
                return Mapping((Entry("first", key, self._children(node, (*path, "first"))),), place)
            case Mapping(entries, place):
                entries = self._known_forms(entries, path)
                self._check_form(entries, path, key)
                return Mapping(tuple(part for entry in entries for part in self._parts(entry, path)), place)
            case _:
                return node

    def _children(self, node: Sequence, path: Path) -> Node:
        items = enumerate(node.items)
        return Sequence(tuple(self._route(item, (*path, index), item.place) for index, item in items), node.place)

    def _parts(self, entry: Entry, path: Path) -> Iterator[Entry]:
        """What one key of a node says in the normal form."""
        match entry:
            case Entry("match"):
                yield from self._match(entry, path)
            case Entry("first", place, Sequence() as children):
                yield Entry("first", place, self._children(children, (*path, "first")))
            case Entry("balance", place, Mapping(entries, inner)):
                parts = self._arms(entries, (*path, "balance"), self._weighted_arm)
                yield Entry("balance", place, Mapping(parts, inner))
            case Entry("race", place, Mapping(entries, inner)):
                yield Entry("race", place, Mapping(self._arms(entries, (*path, "race"), self._arm_in_order), inner))
            case Entry("when", place, Sequence(items, inner)):
                branches = tuple(self._branch(item, (*path, "when", index)) for index, item in enumerate(items))
                yield Entry("when", place, Sequence(branches, inner))
            case Entry("otherwise", place, value):
                yield Entry("otherwise", place, self._route(value, (*path, "otherwise"), place))
            case _:
                yield self._on(entry, path) if entry.key == "on" else self._rule(entry, path)

    def _rule(self, entry: Entry, path: Path) -> Entry:
        match entry:
            case Entry("retry", place, Mapping(entries, inner)):
                parts = tuple(self._on(part, (*path, "retry")) if part.key == "on" else part for part in entries)
                return Entry("retry", place, Mapping(parts, inner))
            case _:
                return entry

    def _branch(self, node: Node, path: Path) -> Node:
        if not isinstance(node, Mapping):
            return node
        return Mapping(tuple(self._branch_part(entry, path) for entry in node.entries), node.place)

    def _branch_part(self, entry: Entry, path: Path) -> Entry:
        match entry:
            case Entry("if", place, value):
                return Entry("if", place, condition(value, (*path, "if"), self.notes))
            case Entry("then", place, value):
                return Entry("then", place, self._route(value, (*path, "then"), place))
            case _:
                return entry

    def _match(self, entry: Entry, path: Path) -> Iterator[Entry]:
        branches = tuple(
            Mapping(
                (
                    Entry("if", case.place, case.condition),
                    Entry("then", case.place, self._route(case.route, (*path, "when", index, "then"), case.place)),
                ),
                case.place,
            )
            for index, case in enumerate(_lifting_match.cases(entry, path, self.notes))
        )
        # Without cases something has been reported.
        yield Entry("when", entry.place, Sequence(branches, entry.place) if branches else Broken(entry.place))
        if otherwise := _lifting_match.otherwise(entry):
            yield from self._parts(otherwise, path)

    def _arms(self, entries: tuple[Entry, ...], path: Path, arm: _Arm) -> tuple[Entry, ...]:
        """The keys of a `balance` or `race`."""
        for entry in entries:
            if entry.key == "where":
                message = "`where` stands in `among`: write `among: {where: …}`"
                self.notes.report((*path, "where"), entry.place, message)
        return tuple(self._among(entry, path, arm) for entry in entries if entry.key != "where")

    def _among(self, entry: Entry, path: Path, arm: _Arm) -> Entry:
        among = (*path, "among")
        match entry:
            case Entry("among", place, Mapping(()) | Sequence(())):
                self.notes.report(among, place, "`among` is empty: expected at least one item")
                return Entry("among", place, Broken(place))
            case Entry("among", _, Mapping(entries)) if any(map(_selects, entries)):
                return self._where(entries, path)
            case Entry("among", place, Mapping(entries, inner)):
                if path[-1] == "race":
                    self.notes.report(among, place, _IN_ORDER)
                    return Entry("among", place, Broken(place))
                return Entry("among", place, Sequence(tuple(_weighted(each) for each in entries), inner))
            case Entry("among", place, Sequence(items, inner)):
                arms = tuple(arm(item, (*among, index)) for index, item in enumerate(items))
                return Entry("among", place, Sequence(arms, inner))
            case _:
                return entry

    def _where(self, entries: tuple[Entry, ...], path: Path) -> Entry:
        """The deployments that a selector takes, in the place of arms by name."""
        for entry in entries:
            if not _selects(entry):
                message = f"{quoted(entry.key)} cannot stand beside `where`: arms are either named or selected"
                self.notes.report((*path, "where", entry.key), entry.place, message)
        return next(entry for entry in entries if _selects(entry))

    def _weighted_arm(self, node: Node, path: Path) -> Node:
        weight: tuple[Entry, ...] = ()
        route = node
        if isinstance(node, Mapping):
            weight = tuple(entry for entry in node.entries if _means_weight(entry.key))
            route = Mapping(tuple(entry for entry in node.entries if not _means_weight(entry.key)), node.place)
        return Mapping((Entry("route", node.place, self._route(route, (*path, "route"), node.place)), *weight), node.place)

    def _arm_in_order(self, node: Node, path: Path) -> Node:
        if isinstance(node, Mapping):
            for entry in node.entries:
                if entry.key == "weight":
                    self.notes.report((*path, "weight"), entry.place, _IN_ORDER)
            node = Mapping(tuple(entry for entry in node.entries if entry.key != "weight"), node.place)
        return self._route(node, path, node.place)

    def _on(self, entry: Entry, path: Path) -> Entry:
        kinds = entry.value.items if isinstance(entry.value, Sequence) else (entry.value,)
        for index, kind in enumerate(kinds):
            if isinstance(kind, Scalar) and kind.value in _NEVER_LISTED:
                message = f"{quoted(kind.value)} cannot be listed in `on`: it ends the run"
                self.notes.report((*path, "on", index), kind.place, message)
        return entry

    def _known_forms(self, entries: tuple[Entry, ...], path: Path) -> tuple[Entry, ...]:
        """The entries without a misspelt `match`, which `decoding` does not know and would call something else."""
        known: list[Entry] = []
        for entry in entries:
            is_match = not self.notes.enough and _means_match(entry.key)
            known.append(Entry("match", entry.place, Broken(entry.place)) if is_match else entry)
            if is_match:
                message = f"unknown key {quoted(entry.key)}{inside(path)}, did you mean `match`?"
                self.notes.report((*path, entry.key), entry.place, message)
        return tuple(known)

    def _check_form(self, entries: tuple[Entry, ...], path: Path, key: Place) -> None:
        forms = [entry for entry in entries if entry.key in _FORMS]
        # A key that is unknown was probably meant to be the form: `decoding` reports it, once is enough.
        is_known = all(entry.key in _KEYS for entry in entries)
        if not forms and is_known:
            self.notes.report(path, key, f"a route needs exactly one of {listed(_FORMS)}, found none")
        if len(forms) > 1:
            found = _joined((entry.key for entry in forms), "and")
            self.notes.report(
                (*path, forms[1].key), forms[1].place, f"a route needs exactly one of {listed(_FORMS)}, found {found}"
            )
        if len(forms) == 1:
            self._check_beside(forms[0].key, entries, path)

    def _check_beside(self, form: str, entries: tuple[Entry, ...], path: Path) -> None:
        for entry in entries:
            owners = _BESIDE.get(entry.key, (form,))
            if form not in owners:
                where = _joined(owners, "or")
                message = f"`{entry.key}` belongs to {where}, it cannot stand beside `{form}`"
                if (entry.key, form) == ("otherwise", "match"):
                    message = "the `otherwise` of a `match` stands inside of it"
                self.notes.report((*path, entry.key), entry.place, message)


@lru_cache(maxsize=1000)
def _means_weight(key: str) -> bool:
    """Whether the key is `weight`, or a misspelling of it, which then is reported as one."""
    return nearest(key, (*_KEYS, "weight")) == "weight"


@lru_cache(maxsize=1000)
def _means_match(key: str) -> bool:
    """Whether the key is a misspelling of `match`."""
    return key not in _KEYS and nearest(key, _KEYS) == "match"


def _selects(entry: Entry) -> bool:
    """Whether the entry of an `among` is a selector; with a number it is the weight of a deployment of that name."""
    match entry:
        case Entry("where", _, Scalar(int() | float())):
            return False
        case _:
            return entry.key == "where"


def _weighted(arm: Entry) -> Node:
    """The arm that `name: weight` stands for."""
    use = Mapping((Entry("use", arm.place, Scalar(arm.key, arm.place)),), arm.place)
    return Mapping((Entry("route", arm.place, use), Entry("weight", arm.place, arm.value)), arm.place)


def _joined(names: Iterable[str], word: str) -> str:
    """Names in backticks, the last one after `word`.

    >>> _joined(("first", "balance", "race"), "or")
    '`first`, `balance` or `race`'
    """
    *before, last = map(quoted, names)
    return f"{', '.join(before)} {word} {last}" if before else last
