"""Writes docs/laws.md: each law, its statement, and the tests that hold it.

    python -m tests.laws.table            write the page
    python -m tests.laws.table --check    say whether it is stale or a law has no test; exit code 1 if so

The tests are found by their names, without importing them: `test_w1_…` in this folder tests the law W1.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from tests.laws.statements import CHAPTERS

__all__ = ("PAGE", "LawTest", "law_tests", "page", "problems")

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "laws.md"
FOLDER: Final = ROOT / "tests" / "laws"

_NAME: Final = re.compile(r"test_([a-z]\d)_(\w+)")
_FALSE: Final = re.compile(r"(^|_)(is|are)_false(_|$)")
_HEAD: Final = """\
# The laws

What must hold for every spec, every request and every world is written down as a law. Each law is one or more property tests, and
this page is made from them: `python -m tests.laws.table` writes it, and a test fails when it is stale or when a law has no test.
The words are those of the [glossary](glossary.md).

A test that says *is false* keeps a counterexample: a stronger form of the law that looks right and is not.
"""


class LawTest(NamedTuple):
    """One test: the law that it is named after, what it says in words, and the file that it stands in."""

    law: str
    words: str
    file: Path

    @property
    def is_counterexample(self) -> bool:
        """Whether it shows that a stronger form is false, so that the law itself still wants a test."""
        return _FALSE.search(self.words.replace(" ", "_")) is not None


def law_tests(folder: Path = FOLDER) -> Iterator[LawTest]:
    """The tests below `folder` that are named after a law, by file and place in it."""
    for file in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (name := _NAME.fullmatch(node.name)):
                yield LawTest(name[1].upper(), name[2].replace("_", " "), file)


def page(tests: tuple[LawTest, ...]) -> str:
    """The whole page."""
    return "\n".join((_HEAD, *(_chapter(name, laws, tests) for name, laws in CHAPTERS.items())))


def problems(tests: tuple[LawTest, ...]) -> list[str]:
    """One line for each law without a test, and for each test named after a law that is not there."""
    laws = {law for chapter in CHAPTERS.values() for law in chapter}
    held = {test.law for test in tests if not test.is_counterexample}
    return [
        *(f"law {law} has no test" for chapter in CHAPTERS.values() for law in chapter if law not in held),
        *(f"{test.file.name}: no law {test.law} ({test.words})" for test in tests if test.law not in laws),
    ]


def _chapter(name: str, laws: dict[str, str], tests: tuple[LawTest, ...]) -> str:
    rows = (f"| {law} | {statement} | {_links(law, tests)} |" for law, statement in laws.items())
    return "\n".join((f"## {name}\n", "| law | statement | tests |", "|---|---|---|", *rows, ""))


def _links(law: str, tests: tuple[LawTest, ...]) -> str:
    links = (f"[{test.words}](../{test.file.relative_to(ROOT).as_posix()})" for test in tests if test.law == law)
    return "<br>".join(links) or "none yet"


def main() -> int:
    """Write the page, or check it."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true", help="write nothing")
    check: bool = arguments.parse_args().check
    tests = tuple(law_tests())
    found = problems(tests)
    if not check:
        PAGE.write_text(page(tests), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page(tests):
        found.append("docs/laws.md is stale: run `python -m tests.laws.table`")
    sys.stdout.write("".join(f"{line}\n" for line in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
