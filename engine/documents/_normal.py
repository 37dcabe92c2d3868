"""The normal form of a spec as plain data: every short form written out, and everything that has no order sorted.

Two things with the same normal form are planned alike. What printing and digests share about structs stands here too.
"""

from collections.abc import Callable
from functools import cache
from typing import Final, cast

import msgspec

from voxplan.engine.language.condition import Condition, NumberRange, TimeWindow
from voxplan.engine.language.spec import Arm, Deployment, Retry, RouteNode, Selector, Weight
from voxplan.engine.terms.quantity import ClockTime, Money, Share, Size, Span

Data = str | int | float | bool | list["Data"] | dict[str, "Data"]
"""What all three formats can say."""

_EXACT: Final = 2**53  # the whole numbers up to here are the same as float and as int

_SETS: Final = (Condition, NumberRange, Retry, Selector, TimeWindow)
"""Structs in whose lists order and repetition mean nothing; so it is in those of deployments, but not in what they pass on."""


def canonical(value: object) -> bytes:
    """The normal form as bytes, the same for everything that is planned alike."""
    return _encoded(_normal(value))


def given(struct: msgspec.Struct) -> dict[str, object]:
    """The fields that say something: those that differ from their defaults."""
    said: dict[str, object] = {}
    for field in _fields(type(struct)):
        value: object = getattr(struct, field.name)
        factory = field.default_factory
        default: object = factory() if callable(factory) else field.default
        if value != default:
            said[field.encode_name] = value
    return said


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """The fields of a kind of struct: msgspec evaluates all annotations each time it is asked, which is most of a digest."""
    return msgspec.structs.fields(kind)


def laid_out(value: object, inner: Callable[[object], Data]) -> Data:
    """The value as data, its parts as `inner` makes them."""
    match value:
        case msgspec.Struct():
            return {key: inner(part) for key, part in given(value).items()}
        case dict():
            return {key: inner(part) for key, part in cast("dict[str, object]", value).items()}
        case tuple():
            return [inner(part) for part in cast("tuple[object, ...]", value)]
        case bool() | str():
            return value
        case int() | float():
            return number(value)
        case _:
            raise TypeError(f"a spec holds no {type(value).__name__}")


def number(value: Weight) -> Weight:
    """The number, whole ones as int: 1 and 1.0 mean the same."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT else value


def _normal(value: object) -> Data:
    match value:
        case Span(base_ms, per_second):
            return [base_ms, *per_second]
        case Share(whole) | Money(whole) | Size(whole) | ClockTime(whole):
            return whole
        case RouteNode() | Deployment():
            unordered = {"on"} if isinstance(value, RouteNode) else given(value).keys() - {"options"}
            return {key: _set(part) if key in unordered else _normal(part) for key, part in given(value).items()}
        case tuple() if value and isinstance(value[0], Arm):
            return sorted((_normal(arm) for arm in cast("tuple[Arm, ...]", value)), key=_encoded)
        case _ if isinstance(value, _SETS):
            return laid_out(value, _set)
        case _:
            return laid_out(value, _normal)


def _set(value: object) -> Data:
    """A list, or lists in a mapping, whose order means nothing; anything else as it is."""
    match value:
        case tuple():
            parts = {_encoded(part): part for part in map(_normal, cast("tuple[object, ...]", value))}
            return [part for _, part in sorted(parts.items())]
        case dict():
            return laid_out(cast("dict[str, object]", value), _set)
        case _:
            return _normal(value)


def _encoded(data: Data) -> bytes:
    return msgspec.json.encode(data, order="deterministic")
