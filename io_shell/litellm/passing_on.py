"""Request fields of the provider's own: what of a config can stand under `options`, and what must not."""

import re
from typing import Final

import msgspec

from voxplan.adapters.catalog import CATALOG
from voxplan.engine.documents import tree
from voxplan.engine.documents.tree import Entry, Node, Scalar, Sequence
from voxplan.engine.language.spec import PassedOption
from voxplan.engine.terms.spelling import nearest, quoted
from voxplan.io_shell.litellm.known_keys import ALL_PARAMS
from voxplan.io_shell.litellm.sections import by_reference

__all__ = ("Passed", "Plain", "json_text", "pass_on", "plain")

Plain = str | int | float | bool | list["Plain"] | dict[str, "Plain"] | None

_CREDENTIAL: Final = re.compile(
    r"(?<![A-Za-z])(?i:key)(?![a-z])|[a-z]Key(?![a-z])|(?i:apikey|token(?!s)|secret|passw|auth|credential|cookie|signature)"
)


class Passed(msgspec.Struct, frozen=True):
    """A field that is passed on."""

    value: PassedOption


def pass_on(entry: Entry, provider: str, *, is_guessed: bool) -> Passed | str:
    """The field as it can stand under `options`, or why it cannot; `is_guessed`: it may be a slip of the pen for a parameter."""
    name = quoted(entry.key)
    facts = CATALOG[provider]
    meant = nearest(entry.key, ALL_PARAMS) if is_guessed else None
    if meant is not None and meant != entry.key:
        return f"unknown key {name} in `litellm_params`, did you mean `{meant}`?"
    if entry.key.removesuffix("[]") in facts.owned:
        return f"{name} is not carried over: callers say it with each request"
    if not entry.key or not entry.key.isprintable() or _holds(entry, _CREDENTIAL):
        return f"{name} is not carried over: its name could be that of a secret, which never stands in a spec"
    if _is_referring(entry.value):
        return f"{name} is not carried over: it stands in the environment, and options are passed on as they stand"
    try:
        return Passed(msgspec.convert(plain(entry.value), PassedOption))
    except msgspec.ValidationError:
        return f"{name} is not carried over: only text, numbers, lists and mappings, four levels deep, are passed on"


def plain(node: Node) -> Plain:
    """The node as plain data."""
    match node:
        case tree.Mapping(entries):
            return {entry.key: plain(entry.value) for entry in entries}
        case Sequence(items):
            return [plain(item) for item in items]
        case Scalar(value):
            return value
        case _:
            return None


def json_text(node: Node) -> str:
    """The node as JSON: what a credentials file holds."""
    return msgspec.json.encode(plain(node)).decode()


def _holds(entry: Entry, pattern: re.Pattern[str]) -> bool:
    """Whether the name of the entry, or one within it, is like `pattern`."""
    return pattern.search(entry.key) is not None or any(_holds(each, pattern) for each in _entries(entry.value))


def _entries(node: Node) -> tuple[Entry, ...]:
    match node:
        case tree.Mapping(entries):
            return entries
        case Sequence(items):
            return tuple(entry for item in items for entry in _entries(item))
        case _:
            return ()


def _is_referring(node: Node) -> bool:
    match node:
        case tree.Mapping(entries):
            return any("${" in entry.key or _is_referring(entry.value) for entry in entries)
        case Sequence(items):
            return any(map(_is_referring, items))
        case Scalar(str() as text):
            return by_reference(text) is not None or "${" in text
        case _:
            return False
