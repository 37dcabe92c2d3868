"""Keys that stand in the config become variables of the environment: their names in the spec, their values beside it."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from voxplan.engine.documents import tree
from voxplan.engine.documents.tree import Node, Scalar, Sequence
from voxplan.io_shell.litellm.sections import by_reference
from voxplan.io_shell.references import missing_references

__all__ = ("Variables", "referenced")

_NOT_IN_A_NAME: Final = re.compile(r"[^A-Z0-9_]+")


class Variables:
    """Names for values; the same value has the same name, and no name that means something else already is taken."""

    def __init__(self, taken: Iterable[str], given: dict[str, str]) -> None:
        """`taken` are names that mean something else; `given` are those that the config sets itself."""
        self._taken = {*taken, *given}
        self.values = dict(given)
        self._names: dict[str, str] = {}

    def named(self, value: str, wanted: str) -> str:
        """The variable that holds `value`, `wanted` if that is free."""
        if value not in self._names:
            base = _NOT_IN_A_NAME.sub("_", wanted.upper()).strip("_") or "KEY"
            base = f"_{base}" if base[0].isdigit() else base
            name, number = base, 2
            while name in self._taken:
                name, number = f"{base}_{number}", number + 1
            self._taken.add(name)
            self._names[value] = name
            self.values[name] = value
        return self._names[value]

    @property
    def named_here(self) -> frozenset[str]:
        """The names that values got until now."""
        return frozenset(self._names.values())


def referenced(node: Node) -> Iterator[str]:
    """The variables that the document names."""
    match node:
        case Scalar(str() as text):
            if name := by_reference(text):
                yield name
            yield from missing_references(text, {})  # ours, which an address may hold
        case Sequence(items):
            for item in items:
                yield from referenced(item)
        case tree.Mapping(entries):
            for entry in entries:
                yield from referenced(entry.value)
        case _:
            pass
