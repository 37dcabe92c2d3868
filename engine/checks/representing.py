"""Representatives: for every fact that conditions look at, values such that each request is like one of them.

A condition compares a fact with the values that it lists, so all values between two neighbours of that list are alike, and so
are all that no list has. What is enumerated here is therefore exact: two requests that agree in the representatives of every
fact satisfy the same conditions. Tags are many-valued, so each tag is a fact of its own (`tags=vip`: present or not).
"""

import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, get_args

import msgspec
from msgspec.structs import replace

from voxplan.engine.language.condition import Condition, MoneyRange, NumberRange
from voxplan.engine.terms.request import AudioFacts, Options, Request, ResponseFormat, Timestamps

__all__ = ("Facts", "Value", "fact_of", "parts_of", "representatives", "request_of", "unlisted")

Value = str | int | float | bool | None
Facts = dict[str, tuple[Value, ...]]
"""Representative values of each fact, the plainest first."""

_TEXTS: Final[Mapping[str, str]] = {
    "route": "route",
    "audio_format": "audio.format",
    "language": "language",
    "response_format": "response_format",
    "user": "user",
    "key": "key",
}
_NUMBERS: Final[Mapping[str, str]] = {
    "audio_seconds": "audio.seconds",
    "audio_bytes": "audio.bytes",
    "audio_channels": "audio.channels",
}
_SETS: Final[Mapping[str, str]] = {"timestamps": "timestamps", "key_tags": "key.tags", "tags": "tags"}
_FLAGS: Final = ("stream", "translate", "diarize")
_METADATA: Final = "metadata."
_CLOSED: Final[Mapping[str, tuple[str, ...]]] = {"response_format": get_args(ResponseFormat), "timestamps": get_args(Timestamps)}
_FRESH: Final[Mapping[str, tuple[str, ...]]] = {"language": ("en", "fi", "sv"), "audio.format": ("wav", "mp3", "flac")}
_LEAST: Final[Mapping[str, int]] = {"audio.channels": 1}


def parts_of(condition: Condition) -> Iterator[Condition]:
    """The tests that stand right in `condition`, each alone; one that takes any of several texts is an `any` of tests of one.

    What `all`, `any` and `not` hold is not looked into.
    """
    for key in (*_NUMBERS, *_FLAGS, "key_budget_left", "known", "sample", "time"):
        if getattr(condition, key) is not None:
            yield replace(Condition(), **{key: getattr(condition, key)})
    for key in (*_TEXTS, *_SETS):
        values: Sequence[str] | None = getattr(condition, key)
        if values is not None:
            yield _any(replace(Condition(), **{key: (value,)}) for value in values)
    for name, texts in (condition.metadata or {}).items():
        yield _any(Condition(metadata={name: (text,)}) for text in texts)


def _any(tests: Iterable[Condition]) -> Condition:
    several = tuple(tests)
    return several[0] if len(several) == 1 else Condition(any=several)


def fact_of(test: Condition) -> str | None:
    """The fact that a single test looks at; None for a sample, a time, or what is always known."""
    for key, name in (*_TEXTS.items(), *_NUMBERS.items()):
        if getattr(test, key) is not None:
            return name
    for key, name in _SETS.items():
        if (values := getattr(test, key)) is not None:
            return f"{name}={values[0]}"
    if test.metadata:
        return _METADATA + next(iter(test.metadata))
    if test.key_budget_left is not None:
        return "key.budget_left"
    if test.known is not None:
        return test.known if test.known not in {"route", "response_format", *_FLAGS} else None
    return next((name for name in _FLAGS if getattr(test, name) is not None), None)


def representatives(tests: Iterable[Condition], routes: Sequence[str]) -> Facts:
    """The representative values of every fact that `tests`, which are single, look at; `routes` are the names of all routes."""
    gathered: dict[str, list[Condition]] = {}
    for test in tests:
        name = fact_of(test)
        if name is not None:
            gathered.setdefault(name, []).append(test)
    facts = {name: tuple(dict.fromkeys(_values(name, about))) for name, about in gathered.items()}
    return facts if "route" not in facts else {**facts, "route": tuple(routes)}


def _values(name: str, tests: Sequence[Condition]) -> Iterator[Value]:
    base = name.partition("=")[0]
    if base in _SETS.values():
        return iter((False, True))
    if name in _FLAGS:
        return iter((False, True))
    if name in _CLOSED:
        return iter(_CLOSED[name])
    if name in _NUMBERS.values():
        return _numbers(name, [bound for test in tests for bound in _bounds(_range(test))])
    if name == "key.budget_left":
        return _amounts([bound for test in tests for bound in _money(test.key_budget_left)])
    return _texts(name, [text for test in tests for text in _listed(name, test)])


def _listed(name: str, test: Condition) -> tuple[str, ...]:
    if test.metadata is not None:
        return tuple(text for texts in test.metadata.values() for text in texts)
    key = next((key for key, fact in _TEXTS.items() if fact == name), None)
    return () if key is None else getattr(test, key) or ()


def _texts(name: str, listed: Sequence[str]) -> Iterator[Value]:
    """None, one text that is not listed, and all that are."""
    yield None
    yield unlisted(name, listed)
    yield from listed


def unlisted(name: str, listed: Collection[str]) -> str:
    """A value of the fact called `name` that is none of `listed`."""
    numbered = (f"other{number}" for number in itertools.count(2))
    return next(text for text in itertools.chain(_FRESH.get(name, ()), ("other",), numbered) if text not in listed)


def _range(test: Condition) -> NumberRange:
    return test.audio_seconds or test.audio_bytes or test.audio_channels or NumberRange()


def _bounds(span: NumberRange) -> Iterator[float]:
    yield from (bound for bound in (span.over, span.under, *(span.in_ or ())) if bound is not None)


def _money(span: MoneyRange | None) -> Iterator[int]:
    if span is not None:
        yield from (bound.nano for bound in (span.over, span.under) if bound is not None)


def _numbers(name: str, bounds: Sequence[float]) -> Iterator[Value]:
    """None, every bound, and one number in each gap around the bounds. Bytes and channels are whole."""
    least = _LEAST.get(name, 0)
    yield from (None, least)
    points = _between(sorted({*bounds})) if name == "audio.seconds" else _around(bounds)
    yield from (point for point in points if least <= point < math.inf)


def _between(bounds: Sequence[float]) -> Iterator[float]:
    yield 30.0 if not bounds else bounds[-1] * 2 + 1
    yield from bounds
    for lower, upper in zip((0.0, *bounds), bounds, strict=False):
        yield lower + (upper - lower) / 2


def _around(bounds: Iterable[float]) -> list[int]:
    """The whole numbers next to each bound: one of them is in every gap that holds a whole number."""
    return sorted({near for bound in bounds for near in range(math.floor(bound) - 1, math.ceil(bound) + 2)} or {1})


def _amounts(bounds: Sequence[int]) -> Iterator[Value]:
    yield from (None, 0)
    yield from (amount for amount in _around(bounds) if amount >= 0)


def request_of(route: str, values: Mapping[str, Value]) -> Request:
    """The plainest request in which the facts have these values; facts of other names are not looked at."""
    known: dict[str, Value] = {"route": route, **{name: value for name, value in values.items() if value is not None}}
    options: dict[str, object] = {key: known[key] for key in Options.__struct_fields__ if key in known}
    tree: dict[str, object] = {key: known[key] for key in ("route", "user", "key") if key in known}
    tree["audio"] = {key: known[f"audio.{key}"] for key in AudioFacts.__struct_fields__ if f"audio.{key}" in known}
    tree["options"] = {**options, "timestamps": _members("timestamps", values)}
    tree["metadata"] = [(key.removeprefix(_METADATA), value) for key, value in known.items() if key.startswith(_METADATA)]
    tree["tags"], tree["key_tags"] = _members("tags", values), _members("key.tags", values)
    tree["key_budget_left"] = known.get("key.budget_left")
    return msgspec.convert(tree, Request)


def _members(name: str, values: Mapping[str, Value]) -> list[str]:
    found = [each.partition("=")[2] for each, present in values.items() if present and each.startswith(f"{name}=")]
    return sorted(found)
