"""The project's own Python files, parsed: what the tests of this folder look at."""

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

__all__ = ("PACKAGES", "ROOT", "Source", "for_each", "sources")

ROOT = Path(__file__).parents[2]
PACKAGES = ("src", "engine", "adapters", "io_shell")


class Source(NamedTuple):
    """One file: where it is (from the root of the repository), its text, its tree."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """The name under which a file of `PACKAGES` is imported: `voxplan.engine.plans.plan`."""
        inside = [part for part in self.path.with_suffix("").parts if part not in {"src", "voxplan", "__init__"}]
        return ".".join(["voxplan", *inside])

    def at(self, node: ast.stmt | ast.expr) -> str:
        """Where `node` is, in the form that editors open."""
        return f"{self.path}:{node.lineno}"


def sources(*folders: str) -> tuple[Source, ...]:
    """All Python files below `folders` by path; the links in src/ are not followed, so each file is there once."""
    return tuple(_parsed(path) for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))


def for_each(chosen: Iterable[Source]) -> pytest.MarkDecorator:
    """Run the test once for each source, named by its path."""
    listed = tuple(chosen)
    return pytest.mark.parametrize("source", listed, ids=[str(source.path) for source in listed])


def _parsed(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    return Source(path.relative_to(ROOT), text, ast.parse(text, filename=str(path)))
