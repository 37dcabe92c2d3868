"""JSON bodies made of three layers, with a hole for the audio.

What voxplan would send by itself is replaced by what the deployment's `options` say, and both by what the request asks for.
"""

from collections.abc import Iterable, Mapping
from typing import Final, cast

import msgspec

from voxplan.adapters.wire import Base64Body
from voxplan.engine.language.spec import PassedOption

__all__ = ("HOLE", "Json", "hollow", "layered", "passed")

Json = Mapping[str, object]

# No JSON text holds a raw NUL: inside strings it is written `\u0000`.
_NUL: Final = b"\x00"

HOLE: Final = msgspec.Raw(b'"' + _NUL + b'"')
"""The string that the audio becomes, in base64."""


def layered(*layers: Json) -> dict[str, object]:
    """One object: objects are merged, everything else is replaced by what a later layer says.

    >>> layered({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}})
    {'a': {'b': 3, 'c': 2}}
    """
    made: dict[str, object] = {}
    for layer in layers:
        for name, value in layer.items():
            inner = _table(value)
            made[name] = value if inner is None else layered(_table(made.get(name)) or {}, inner)
    return made


def passed(extra: Iterable[tuple[str, PassedOption]], *path: str) -> object:
    """What a deployment's `options` say at `path`, or None."""
    found: object = dict(extra)
    for name in path:
        found = (_table(found) or {}).get(name)
    return found


def hollow(body: Json) -> Base64Body:
    """The body around its `HOLE`."""
    before, _, after = msgspec.json.encode(body).partition(_NUL)
    return Base64Body(before=before, after=after)


def _table(value: object) -> Json | None:
    return cast("Json", value) if isinstance(value, Mapping) else None
