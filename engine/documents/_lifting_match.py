"""`match` written out as the `when` that it stands for, on the tree.

`match: {on: language, cases: {fi: x, "sv,no": y}, otherwise: z}` has one branch for each case, in the order written, whose
condition is that the fact is one of the values before the colon.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from voxplan.engine.documents._lifting_conditions import NUMBERS, condition, fact_problem
from voxplan.engine.documents._noting import Notes, inside
from voxplan.engine.documents.tree import Broken, Entry, Mapping, Node, Path, Place, Scalar, Sequence
from voxplan.engine.terms.spelling import listed, quoted, suggestion

_KEYS: Final = ("on", "cases", "otherwise")
_DECIMAL: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")
_FLAGS: Final = {"true": True, "false": False}
_FLAG_FACTS: Final = frozenset({"stream", "translate", "diarize"})
_NO_CASES: Final = frozenset({"key.budget_left"})


class Case(NamedTuple):
    """One case: its condition in the normal form (`Broken` when it has been reported), and its route as it was written."""

    place: Place
    condition: Node
    route: Node


def cases(match: Entry, path: Path, notes: Notes) -> tuple[Case, ...]:
    """The cases of the entry `match` of the node at `path`; what is wrong with them is noted."""
    match match.value:
        case Mapping(entries):
            _check_keys(match, entries, path, notes)
        case Broken():
            return ()
        case _:
            notes.report((*path, "match"), match.place, f"expected a mapping of {listed(_KEYS)}")
            return ()
    found = {entry.key: entry for entry in entries}
    fact = _fact(found.get("on"), path, notes)
    match found.get("cases"):
        case Entry(_, place, Mapping(())):
            notes.report((*path, "match", "cases"), place, "`cases` is empty: expected at least one item")
        case Entry(_, _, Mapping(written)):
            return tuple(_cases(fact, written, path, notes))
        case Entry(_, place, value) if not isinstance(value, Broken):
            notes.report((*path, "match", "cases"), place, "expected a mapping of values to routes")
        case _:
            pass
    return ()


def otherwise(match: Entry) -> Entry | None:
    """What `match` does when no case holds."""
    entries = match.value.entries if isinstance(match.value, Mapping) else ()
    return next((entry for entry in entries if entry.key == "otherwise"), None)


def _check_keys(match: Entry, entries: tuple[Entry, ...], path: Path, notes: Notes) -> None:
    where = inside((*path, "match"))
    unknown = [entry for entry in entries if entry.key not in _KEYS]
    for entry in unknown:
        guess = suggestion(entry.key, _KEYS) or f", expected one of {listed(_KEYS)}"
        notes.report((*path, "match", entry.key), entry.place, f"unknown key {quoted(entry.key)}{where}{guess}")
    for key in ("on", "cases"):
        # An unknown key was probably meant to be the missing one: once is enough.
        if not unknown and all(entry.key != key for entry in entries):
            notes.report((*path, "match"), match.place, f"missing key {quoted(key)}{where}")


def _fact(on: Entry | None, path: Path, notes: Notes) -> str | None:
    """The fact that is matched; None when there is none, which has been reported then."""
    if on is None or isinstance(on.value, Broken):
        return None
    name = on.value.value if isinstance(on.value, Scalar) else None
    message = _fact_problem(name) if isinstance(name, str) else "expected the name of a fact such as `language`"
    if message is not None:
        notes.report((*path, "match", "on"), on.value.place, message)
    return name if isinstance(name, str) and message is None else None


def _fact_problem(name: str) -> str | None:
    return f"{quoted(name)} has no cases: write a `when`" if name in _NO_CASES else fact_problem(name)


def _cases(fact: str | None, entries: tuple[Entry, ...], path: Path, notes: Notes) -> Iterator[Case]:
    seen: dict[str, Place] = {}
    for index, entry in enumerate(entries):
        values = tuple(value.strip() for value in entry.key.split(","))
        problem = _values_problem(fact, values) or _repeated(values, seen, entry.place)
        if problem is not None:
            notes.report((*path, "match", "cases", entry.key), entry.place, problem)
        holds: Node = Broken(entry.place)
        if fact is not None and problem is None:
            test = Mapping((Entry(fact, entry.place, _listed(fact, values, entry.place)),), entry.place)
            holds = condition(test, (*path, "when", index, "if"), notes)
        yield Case(entry.place, holds, entry.value)


def _values_problem(fact: str | None, values: tuple[str, ...]) -> str | None:
    """What is wrong with the values of one case."""
    if not all(values):
        return "expected values separated by commas, got an empty one"
    if fact in _FLAG_FACTS and values not in [(flag,) for flag in _FLAGS]:
        return f"expected `true` or `false`, got {quoted(','.join(values))}"
    if fact in NUMBERS and any(_number(value) is None for value in values):
        return f"expected numbers, got {quoted(','.join(values))}"
    return None


def _repeated(values: tuple[str, ...], seen: dict[str, Place], place: Place) -> str | None:
    """The first of the values that has been `seen` already; all of them are noted there."""
    repeated = None
    for value in values:
        if value in seen and repeated is None:
            repeated = f"{quoted(value)} has a case already, in line {seen[value].line}"
        seen.setdefault(value, place)
    return repeated


def _listed(fact: str, values: tuple[str, ...], place: Place) -> Node:
    if fact in _FLAG_FACTS:
        return Scalar(_FLAGS[values[0]], place)
    return Sequence(tuple(Scalar(_number(value) if fact in NUMBERS else value, place) for value in values), place)


def _number(text: str) -> int | float | None:
    if not _DECIMAL.fullmatch(text):
        return None
    return float(text) if "." in text else int(text)
