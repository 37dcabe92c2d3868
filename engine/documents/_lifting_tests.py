"""Short forms of policy tests written out, on the tree: a bare result is a scripted call, a single one a list."""

from voxplan.engine.documents._lifting_conditions import flat
from voxplan.engine.documents._noting import Notes
from voxplan.engine.documents.tree import Entry, Mapping, Node, Path, Scalar, Sequence


def tests(node: Node, notes: Notes) -> Node:
    """The section `tests` in the normal form."""
    if not isinstance(node, Sequence):
        return node
    return Sequence(tuple(_test(item, ("tests", index), notes) for index, item in enumerate(node.items)), node.place)


def _test(node: Node, path: Path, notes: Notes) -> Node:
    if not isinstance(node, Mapping):
        return node
    return Mapping(tuple(_part(entry, path, notes) for entry in node.entries), node.place)


def _part(entry: Entry, path: Path, notes: Notes) -> Entry:
    match entry:
        case Entry("request", place, Mapping(entries, start)):
            return Entry("request", place, Mapping(flat(entries, (*path, "request"), notes), start))
        case Entry("world", place, Mapping(entries, start)):
            scripts = tuple(Entry(each.key, each.place, _script(each.value)) for each in entries)
            return Entry("world", place, Mapping(scripts, start))
        case _:
            return entry


def _script(node: Node) -> Node:
    """What the calls to one deployment come to, one after another."""
    match node:
        case Sequence(items, place):
            return Sequence(tuple(_scripted(item) for item in items), place)
        case Scalar(value) if value is None:
            return node
        case Scalar() | Mapping():
            return Sequence((_scripted(node),), node.place)
        case _:
            return node


def _scripted(node: Node) -> Node:
    return Mapping((Entry("result", node.place, node),), node.place) if isinstance(node, Scalar) else node
