"""The pure packages stay pure: what they import is a closed list, and what they call cannot look at the world."""

import ast
from collections.abc import Iterator

from tests.architecture.sources import Source, for_each, sources

# Everything the pure packages may import. Each name computes from its arguments alone, the same on every machine. A new name
# here is a decision about the architecture, not a formality.
PURE = frozenset(
    {
        "__future__",
        "base64",
        "bisect",
        "collections",
        "collections.abc",
        "dataclasses",
        "datetime",
        "difflib",
        "enum",
        "fractions",
        "functools",
        "hashlib",
        "heapq",
        "ipaddress",
        "itertools",
        "json",
        "math",
        "msgspec",
        "msgspec.inspect",
        "msgspec.json",
        "msgspec.structs",
        "operator",
        "re",
        "returns.result",
        "string",
        "struct",
        "textwrap",
        "tomli_w",
        "tomllib",
        "types",
        "typing",
        "typing_extensions",
        "unicodedata",
        "urllib.parse",
        "yaml",
        "yaml.nodes",
        "yaml.reader",
        "zlib",
    }
)

# Calls that read the world, change it, or differ from run to run (`hash` of a string and `id` do). `datetime` is for reading
# dates: its clocks are the methods below.
IMPURE_CALLS = frozenset(
    {
        "__import__",
        "breakpoint",
        "compile",
        "eval",
        "exec",
        "globals",
        "hash",
        "id",
        "input",
        "open",
        "print",
        "setattr",
        "vars",
    }
)
IMPURE_METHODS = frozenset({"now", "today", "utcnow"})

INWARD = {"engine": ("voxplan.engine",), "adapters": ("voxplan.adapters", "voxplan.engine")}

engine_and_adapters = for_each(sources("engine", "adapters"))


@engine_and_adapters
def test_imports(source: Source) -> None:
    """A pure module imports the closed list and the packages inward of it, nothing else."""
    inward = INWARD[source.path.parts[0]]
    assert [f"{where} {name}" for name, where in imported(source) if name not in PURE and not name.startswith(inward)] == []


@engine_and_adapters
def test_calls(source: Source) -> None:
    """A pure module opens, prints, executes nothing, and never asks for the time."""
    assert [source.at(call) for call in ast.walk(source.tree) if isinstance(call, ast.Call) and is_impure(call)] == []


@engine_and_adapters
def test_globals(source: Source) -> None:
    """No function of a pure module changes what another one sees."""
    assert [source.at(node) for node in ast.walk(source.tree) if isinstance(node, ast.Global)] == []


def test_planted_impurities_are_found() -> None:
    """The guards above would see an offence: each line of the text is one."""
    text = "import time\nfrom os import environ\nimport urllib.request\nfrom urllib import request\nopen(x)\ndatetime.now()\n"
    planted = Source(sources("engine")[0].path, text, ast.parse(text))
    calls = [node.lineno for node in ast.walk(planted.tree) if isinstance(node, ast.Call) and is_impure(node)]
    assert [name for name, _ in imported(planted) if name not in PURE] == ["time", "os", "urllib.request", "urllib"]
    assert calls == [5, 6]


def imported(source: Source) -> Iterator[tuple[str, str]]:
    """Each imported module with the place; a relative import starts with its dots."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, source.at(node)) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), source.at(node)


def is_impure(call: ast.Call) -> bool:
    """Whether the called name is one that no pure function may call."""
    match call.func:
        case ast.Name(id=name):
            return name in IMPURE_CALLS
        case ast.Attribute(attr=name):
            return name in IMPURE_METHODS
        case _:
            return False
