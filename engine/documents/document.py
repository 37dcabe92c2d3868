"""Any bytes to a tree of nodes with places, or to problems: YAML, TOML and JSON, one meaning (law S4).

What a document can say is what all three formats can say. This module knows nothing of routing: what the keys mean is read in
`reading`. It takes bounded time for every input, because size, depth and number of values are limited before any is laid out.
"""

import re
from typing import Final, Literal

import msgspec
from returns.result import Failure, Success

from voxplan.engine.documents._building import Building, Lines, Unreadable
from voxplan.engine.documents._json_document import parse_json
from voxplan.engine.documents._toml_document import parse_toml
from voxplan.engine.documents._yaml_document import parse_yaml
from voxplan.engine.documents.tree import Node, Place, Problem

__all__ = ("FORMATS", "MAX_BYTES", "Document", "Format", "parse_document")

Format = Literal["yaml", "toml", "json"]

FORMATS: Final[dict[str, Format]] = {".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".json": "json"}
"""The format of a file by its suffix."""

MAX_BYTES: Final = 1 << 20

_PARSERS: Final = {"toml": parse_toml, "json": parse_json}
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


class Document(msgspec.Struct, frozen=True):
    """What could be read, and what was wrong with the rest of it."""

    root: Node
    problems: tuple[Problem, ...]


def parse_document(
    content: bytes | str, form: Format, *, merging: bool = False
) -> Success[Document] | Failure[tuple[Problem, ...]]:
    """Read a document. Never raises; a failure has at least one problem.

    `merging`: it is not ours to say how YAML is written, so merge keys (`<<`) are laid out.
    """
    building = Building()
    try:
        text = _text(content)
        root = parse_yaml(text, building, merging=merging) if form == "yaml" else _PARSERS[form](text, building)
    except Unreadable as stop:
        return Failure((*building.problems, stop.problem))
    return Success(Document(root, tuple(building.problems)))


def _text(content: bytes | str) -> str:
    if len(content) > MAX_BYTES:
        raise _refusal("", f"too large: more than {MAX_BYTES // 1024} KiB")
    text = content if isinstance(content, str) else _decoded(content)
    if found := _SURROGATE.search(text):
        raise _refusal(text[: found.start()], "not UTF-8 text")
    if not text.strip("\ufeff \t\r\n"):
        raise _refusal("", "the document is empty")
    return text.removeprefix("\ufeff")


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refusal(content[: error.start].decode("utf-8"), "not UTF-8 text") from None


def _refusal(before: str, message: str) -> Unreadable:
    place = Lines(before).place(len(before)) if before else Place(1, 1)
    return Unreadable(Problem((), place, message))
