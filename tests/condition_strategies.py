"""Hypothesis strategies for what stands inside of routes: amounts, conditions, selectors, rules about options.

What they make is valid wherever the names that they are given exist. Strategies are built once, as far as the names allow:
building them costs more than drawing from them.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TypeVar, get_args

from hypothesis import strategies as st

from voxplan.engine.language.condition import Condition, Day, MoneyRange, NumberRange, Sample, TimeWindow
from voxplan.engine.language.spec import Deployment, OptionRules, Selector
from voxplan.engine.terms.amounts import MAX_NANO, MAX_SIZE, MILLIONTHS
from voxplan.engine.terms.capability import CAPABILITY_NAMES
from voxplan.engine.terms.quantity import ClockTime, Money, Share, Size, Span
from voxplan.engine.terms.request import ResponseFormat, Timestamps

__all__ = (
    "clock_times",
    "conditions",
    "marks",
    "maybe",
    "monies",
    "option_rules",
    "selectors",
    "shares",
    "sizes",
    "some",
    "spans",
    "texts",
    "wheres",
    "with_some",
)

T = TypeVar("T")

_PER_SECOND = ((50, 1), (1000, 1), (500, 1), (1, 2), (1, 1_000_000), (2_500_001, 1_000_000))
_FACTS = (
    *("route", "audio.seconds", "audio.bytes", "audio.format", "audio.channels", "language", "response_format", "timestamps"),
    *("stream", "translate", "diarize", "user", "key", "key.tags", "key.budget_left", "tags", "metadata.plan", "metadata.a.b"),
)
_ZONES = ("UTC", "Europe/Helsinki", "America/New_York")
_BY = ("user", "key", "metadata.plan")
_ODD_TEXTS = (
    *("no", "~", "null", "1_000", "12:30", "0o7", "1e3", "<<", "=", "*", "#", "ä😀", "'", '"', "- a", "a: b", "", " x ", "\r\n"),
    *("where", "a,b", "5%", "$1"),
)


def maybe(values: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    """One of the values, or none."""
    return st.none() | values


def some(values: st.SearchStrategy[T], *, most: int = 3) -> st.SearchStrategy[tuple[T, ...]]:
    """At least one of the values, each at most once."""
    return st.lists(values, min_size=1, max_size=most, unique=True).map(tuple)


@st.composite
def with_some(
    draw: st.DrawFn,
    kind: Callable[..., T],
    values: Mapping[str, st.SearchStrategy[object]],
    names: st.SearchStrategy[set[str]],
) -> T:
    """One of that kind with a value for each of the names that are drawn: without `st.builds`, which would be built each time."""
    return kind(**{name: draw(values[name]) for name in sorted(draw(names))})


@cache
def texts() -> st.SearchStrategy[str]:
    """Free text, with much that looks like something else in YAML."""
    return st.sampled_from(_ODD_TEXTS) | st.text(st.characters(codec="utf-8"), max_size=12)


@cache
def marks() -> st.SearchStrategy[str]:
    """Names of metadata that a condition can look at."""
    return st.sampled_from(("plan", "a.b", "tier:1", "ä", "1"))


@cache
def spans(*, min_ms: int = 0, max_ms: int = 3_600_000, audio: bool = True) -> st.SearchStrategy[Span]:
    """Durations; with `audio`, some of them depend on the length of the audio."""
    common = tuple(ms for ms in (500, 1000, 8000, 60_000) if min_ms <= ms <= max_ms)
    base = st.integers(min_ms, max_ms) | st.sampled_from((min_ms, *common))
    if not audio:
        return st.builds(Span, base)
    per_second = st.sampled_from(_PER_SECOND) | st.integers(1, 3_000_000_000).map(_millionths)
    return st.builds(Span, base) | st.builds(Span, base, per_second)


def _millionths(count: int) -> tuple[int, int]:
    divisor = math.gcd(count, 1_000_000)
    return count // divisor, 1_000_000 // divisor


@cache
def shares() -> st.SearchStrategy[Share]:
    """Shares from nothing to all."""
    return st.builds(Share, st.sampled_from((0, 1, 5000, 50_000, MILLIONTHS)) | st.integers(0, MILLIONTHS))


@cache
def sizes() -> st.SearchStrategy[Size]:
    """Amounts of data, round ones in both kinds of units among them."""
    return st.builds(
        Size, st.sampled_from((1, 1000, 1024, 1536, 25 * 10**6, 1 << 20, 1 << 30, MAX_SIZE)) | st.integers(1, MAX_SIZE)
    )


@cache
def monies(*, least: int = 0) -> st.SearchStrategy[Money]:
    """Amounts of money, most of them small."""
    common = st.sampled_from((least, 1, 50_000_000, 10**9, MAX_NANO))
    return st.builds(Money, common | st.integers(least, 10**10) | st.integers(least, MAX_NANO))


@cache
def clock_times() -> st.SearchStrategy[ClockTime]:
    """Times of day that a window may begin at."""
    return st.builds(ClockTime, st.sampled_from((0, 480, 1439)) | st.integers(0, 24 * 60 - 1))


@cache
def number_ranges(*, whole: bool = False) -> st.SearchStrategy[NumberRange]:
    """Ranges in which there is a number."""
    numbers: st.SearchStrategy[float] = st.integers(1, 10_000).map(float)
    if not whole:
        numbers |= st.sampled_from((0.5, 0.1, 1500.25)) | st.floats(0.001, 1e6, allow_nan=False)
    gaps = st.tuples(numbers, numbers).filter(lambda pair: pair[0] + 1 < pair[1])
    return (
        st.builds(NumberRange, over=numbers)
        | st.builds(NumberRange, under=numbers)
        | gaps.map(lambda pair: NumberRange(over=pair[0], under=pair[1]))
        | st.builds(NumberRange, in_=some(numbers))
        | some(numbers).map(lambda listed: NumberRange(over=0.0, in_=listed))
    )


@cache
def _money_ranges() -> st.SearchStrategy[MoneyRange]:
    gaps = st.tuples(monies(), monies()).filter(lambda pair: pair[0].nano + 1 < pair[1].nano)
    return (
        st.builds(MoneyRange, over=monies())
        | st.builds(MoneyRange, under=monies())
        | gaps.map(lambda pair: MoneyRange(over=pair[0], under=pair[1]))
    )


@cache
def _samples() -> st.SearchStrategy[Sample]:
    return st.builds(Sample, share=shares(), by=maybe(st.sampled_from(_BY)), salt=st.just("") | texts())


@cache
def _windows() -> st.SearchStrategy[TimeWindow]:
    windows = st.builds(
        TimeWindow,
        from_=clock_times(),
        to=clock_times() | st.just(ClockTime(24 * 60)),
        days=maybe(some(st.sampled_from(get_args(Day)))),
        zone=st.sampled_from(_ZONES),
    )
    return windows.filter(lambda window: window.from_ != window.to)


@cache
def _tests() -> dict[str, st.SearchStrategy[object]]:
    listed = some(texts())
    return {
        "known": st.sampled_from(_FACTS),
        "sample": _samples(),
        "time": _windows(),
        "audio_seconds": number_ranges(),
        "audio_bytes": number_ranges(whole=True),
        "audio_format": listed,
        "audio_channels": number_ranges(whole=True),
        "language": st.lists(st.sampled_from(("fi", "sv", "no", "yue")), min_size=1, max_size=3, unique=True).map(tuple),
        "response_format": some(st.sampled_from(get_args(ResponseFormat))),
        "timestamps": some(st.sampled_from(get_args(Timestamps))),
        "stream": st.booleans(),
        "translate": st.booleans(),
        "diarize": st.booleans(),
        "user": listed,
        "key": listed,
        "key_tags": listed,
        "key_budget_left": _money_ranges(),
        "tags": listed,
        "metadata": st.dictionaries(marks(), listed, min_size=1, max_size=2),
    }


@cache
def conditions(routes: tuple[str, ...], *, depth: int = 2) -> st.SearchStrategy[Condition]:
    """Conditions of every kind, nested at most `depth` deep; `routes` are the routes of the spec."""
    tests: dict[str, st.SearchStrategy[object]] = {**_tests(), "route": some(st.sampled_from(routes))}
    if depth:
        inner = conditions(routes, depth=depth - 1)
        several = st.lists(inner, min_size=1, max_size=2).map(tuple)
        tests |= {"all": several, "any": several, "not_": inner}
    return with_some(Condition, tests, st.sets(st.sampled_from(sorted(tests)), min_size=1, max_size=2))


@cache
def selectors() -> st.SearchStrategy[Selector]:
    """What a `require` may ask for, whether or not any deployment has it."""
    return st.builds(
        Selector,
        region=maybe(some(texts())),
        provider=maybe(some(st.sampled_from(("openai", "local", "deepgram")))),
        tags=maybe(some(texts())),
        capability=maybe(some(st.sampled_from(CAPABILITY_NAMES))),
    )


@st.composite
def wheres(draw: st.DrawFn, deployments: Sequence[Deployment]) -> Selector:
    """Selectors that take at least one of these deployments: by what it says itself."""
    one = draw(st.sampled_from(deployments))
    others = draw(st.just(()) | some(texts(), most=1))
    asked = draw(st.sets(st.sampled_from(("region", "provider", "tags"))))
    return Selector(
        region=(*others, one.region) if one.region is not None and "region" in asked else None,
        provider=(one.provider,) if one.provider is not None and "provider" in asked else None,
        tags=one.tags[:1] if one.tags and "tags" in asked else None,
    )


@cache
def option_rules() -> st.SearchStrategy[OptionRules]:
    """Rules for some options, or for none."""
    refused_or_dropped = maybe(st.sampled_from(("refuse", "drop")))
    return st.builds(
        OptionRules,
        language=refused_or_dropped,
        languages=refused_or_dropped,
        prompt=refused_or_dropped,
        keywords=maybe(st.sampled_from(("refuse", "emulate", "drop"))),
        known_speakers=refused_or_dropped,
        logprobs=refused_or_dropped,
        chunking_strategy=refused_or_dropped,
        temperature=refused_or_dropped,
        timestamps=maybe(st.sampled_from(("refuse", "emulate", "drop"))),
        diarize=refused_or_dropped,
        stream=maybe(st.sampled_from(("refuse", "emulate"))),
    )
