"""What nodes are called among their siblings: names for plans and for draws."""

from collections.abc import Iterable

from voxplan.engine.language.spec import RouteNode

__all__ = ("form", "label", "unique")

_FORMS = ("use", "first", "balance", "race", "when")


def form(node: RouteNode) -> str:
    """The key that says what kind of node it is."""
    return next((name for name in _FORMS if getattr(node, name) is not None), "first")


def label(node: RouteNode) -> str:
    """What a node is called: its `name`, else what it uses, else its form."""
    return node.name or node.use or form(node)


def unique(labels: Iterable[str]) -> tuple[str, ...]:
    """The labels, with repeats numbered from ~2.

    >>> unique(("a", "b", "a"))
    ('a', 'b', 'a~2')
    """
    seen: dict[str, int] = {}
    numbered: list[str] = []
    for name in labels:
        seen[name] = seen.get(name, 0) + 1
        numbered.append(name if seen[name] == 1 else f"{name}~{seen[name]}")
    return tuple(numbered)
