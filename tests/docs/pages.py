"""The pages of the documentation, and what a reader would run on them.

    yaml      a routing spec; its first line may name the file that it is saved as (`# whisper.yaml`). It has no mistakes and no
              doubtful parts, unless `<!-- mistakes -->` stands before it; its policy tests pass, unless it is
              `<!-- broken promises -->`
    toml      the same
    python    a program; the blocks of one page share their names
    console   commands after `$`, and what they print
    text      what the block before printed
    sh        for people only: it installs, or it takes longer than a test may. mermaid is a drawing

In what is printed `…` stands for anything within a line, a line of `…` for any number of lines, and a measured time (`0.41 s`) or
a moment (`1795367675196`) for any other.

A program after `<!-- with a key -->` runs with an OpenAI key, and OpenAI's address leads to a server of these tests. After
`<!-- with the kit -->` every deployment leads to the kit's server of its provider, and its key is set.
"""

import re
from pathlib import Path
from typing import Final

__all__ = ("LANGUAGES", "PAGES", "ROOT", "fences", "matches", "prose", "relative")

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
LANGUAGES: Final = frozenset({"yaml", "toml", "python", "console", "text", "sh", "mermaid"})

_FENCE: Final = re.compile(r"^ *```(.*)$", re.MULTILINE)
_MEASURED: Final = re.compile(r"\b\d{13}\b|(?:\\ )*\d+\\\.\d+\\ s\b")
_BLOCK: Final = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)


def relative(page: Path) -> str:
    """The page's path as people write it."""
    return page.relative_to(ROOT).as_posix()


def fences(text: str) -> list[str]:
    """What stands behind the opening fence of each block."""
    return [found.strip() for found in _FENCE.findall(text)[::2]]


def prose(page: Path) -> str:
    """The text of the page without its blocks."""
    return _BLOCK.sub("", page.read_text(encoding="utf-8"))


def matches(expected: str, printed: str) -> bool:
    r"""Whether `printed` is what the page says, but for blanks at the ends of lines.

    >>> matches("a\n…\nb in  0.50 s", "a\n1\n2\nb in 10.31 s\n"), matches("a … c", "a\nc")
    (True, False)
    """
    lines = [".*(?:\n.*)*" if line.strip() == "…" else _line(line) for line in _lines(expected)]
    return re.fullmatch("\n".join(lines), "\n".join(_lines(printed))) is not None


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def _line(expected: str) -> str:
    return ".*".join(_MEASURED.sub(_any_number, re.escape(part)) for part in expected.split("…"))


def _any_number(measured: re.Match[str]) -> str:
    return r"\d{13}" if measured[0].isdigit() else r" *\d+(?:\.\d+)? s"
