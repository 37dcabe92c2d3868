"""The deployment's own request fields, in the ways in which providers want fields: as text, and as JSON."""

from collections.abc import Mapping
from typing import cast

import msgspec

from voxplan.engine.language.spec import PassedOption

__all__ = ("merged", "pairs", "text_of")


def text_of(value: object) -> str:
    """One value as a text field: `true` and `false`, text as it is, lists and objects as JSON.

    >>> text_of(True), text_of(0.5), text_of("a b"), text_of({"a": [1]})
    ('true', '0.5', 'a b', '{"a":[1]}')
    """
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def pairs(name: str, value: PassedOption) -> tuple[tuple[str, str], ...]:
    """The field, once for each value of a list; a list of lists or of objects is one field, as JSON.

    >>> pairs("tag", ("a", "b")), pairs("raw", ({"a": 1},))
    ((('tag', 'a'), ('tag', 'b')), (('raw', '[{"a":1}]'),))
    """
    if isinstance(value, tuple) and not any(isinstance(each, (tuple, dict)) for each in value):
        return tuple((name, text_of(each)) for each in value)
    return ((name, text_of(value)),)


def merged(under: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    """Both objects in one; where both have a value `over` decides, and objects are merged in turn.

    >>> merged({"a": {"x": 1, "y": 1}, "b": 1}, {"a": {"y": 2}})
    {'a': {'x': 1, 'y': 2}, 'b': 1}
    """
    found = dict(under)
    for name, value in over.items():
        below = found.get(name)
        both = isinstance(below, dict) and isinstance(value, dict)
        found[name] = merged(cast("dict[str, object]", below), cast("dict[str, object]", value)) if both else value
    return found
