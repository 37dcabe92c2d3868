"""The shape of the code: small files and functions, names that say something, tests that say what they test."""

import ast
import re

from tests.architecture.sources import PACKAGES, Source, for_each, sources

MOST_LINES_OF_A_FILE = 500
MOST_LINES_OF_A_FUNCTION = 60
EMPTY_WORDS = frozenset({"common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"})
# Spelt apart, because this file is read as well.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")

Function = ast.FunctionDef | ast.AsyncFunctionDef

every_file = for_each(sources(*PACKAGES, "tests", "bench"))
every_test_file = for_each(sources("tests"))


@every_file
def test_files_are_small(source: Source) -> None:
    """No file is so long that nobody reads it whole."""
    assert len(source.text.splitlines()) <= MOST_LINES_OF_A_FILE


@every_file
def test_functions_are_small(source: Source) -> None:
    """No function is longer than a screen."""
    long = [function for function in functions(source) if _lines(function) > MOST_LINES_OF_A_FUNCTION]
    assert [f"{source.at(function)} {function.name}: {_lines(function)} lines" for function in long] == []


@every_file
def test_module_names_are_nouns_of_the_domain(source: Source) -> None:
    """No part of a module's path is a drawer for anything."""
    words = {word for part in source.path.with_suffix("").parts for word in part.split("_")}
    assert words & EMPTY_WORDS == set()


@every_file
def test_nothing_is_left_for_later(source: Source) -> None:
    """What is missing is an issue, not a remark in the source."""
    lines = enumerate(source.text.splitlines(), start=1)
    assert [f"{source.path}:{number}" for number, line in lines if UNFINISHED.search(line)] == []


@every_test_file
def test_tests_say_what_they_test(source: Source) -> None:
    """Each test has a docstring: one sentence, the behaviour."""
    tests = [function for function in functions(source) if function.name.startswith("test_")]
    assert [f"{source.at(test)} {test.name}" for test in tests if not ast.get_docstring(test)] == []


def functions(source: Source) -> list[Function]:
    """All functions and methods of the file."""
    return [node for node in ast.walk(source.tree) if isinstance(node, Function)]


def _lines(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1
