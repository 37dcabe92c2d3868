"""Conditions, and requests that meet them as often as not: few values of everything, so that they collide."""

from functools import cache

from hypothesis import strategies as st

from voxplan.engine.language.condition import Condition, MoneyRange, NumberRange, Sample, TimeWindow
from voxplan.engine.plans.wall_clock import DAYS
from voxplan.engine.terms.quantity import ClockTime, Money, Share
from voxplan.engine.terms.request import AudioFacts, Options, Request
from voxplan.engine.terms.zone import UTC, Zone

__all__ = ("HELSINKI", "ZONES", "conditions", "requests", "windows")

HELSINKI = Zone((0, 1_774_746_000, 1_792_890_000), (7200, 10_800, 7200))
"""Winter and summer of 2026."""

ZONES = {"UTC": UTC, "Europe/Helsinki": HELSINKI}
FACTS = ("audio.seconds", "audio.format", "language", "user", "key.tags", "key.budget_left", "tags", "metadata.plan", "route")
NAMES = st.sampled_from(("a", "b", "c"))
NUMBERS = st.sampled_from((0, 1, 2, 30, 1500)) | st.floats(0, 100)


@cache
def requests() -> st.SearchStrategy[Request]:
    """Requests in which any fact may be absent."""
    names = st.lists(NAMES, max_size=2, unique=True).map(tuple)
    return st.builds(
        Request,
        route=NAMES,
        audio=st.builds(
            AudioFacts,
            bytes=st.none() | st.sampled_from((0, 1, 30)),
            seconds=st.none() | NUMBERS.map(float),
            format=st.none() | st.sampled_from(("wav", "mp3")),
            channels=st.none() | st.sampled_from((1, 2)),
        ),
        options=st.builds(
            Options,
            language=st.none() | st.sampled_from(("fi", "sv")),
            timestamps=st.sampled_from(((), ("word",), ("segment", "word"))),
            stream=st.booleans(),
        ),
        user=st.none() | NAMES,
        key=st.none() | NAMES,
        key_tags=names,
        key_budget_left=st.none() | st.integers(-1, 3),
        tags=names,
        metadata=st.dictionaries(st.sampled_from(("plan", "team")), NAMES).map(lambda table: tuple(table.items())),
    )


def windows() -> st.SearchStrategy[TimeWindow]:
    """Windows of any length, over midnight or not."""
    times = st.integers(0, 24 * 60).map(ClockTime)
    days = st.none() | st.lists(st.sampled_from(DAYS), min_size=1, unique=True).map(tuple)
    return st.builds(TimeWindow, from_=times, to=times, days=days, zone=st.sampled_from(tuple(ZONES)))


@cache
def conditions() -> st.SearchStrategy[Condition]:
    """Conditions of every key, composed."""
    return st.recursive(_plain(), _composed, max_leaves=8)


def _plain() -> st.SearchStrategy[Condition]:
    names = st.lists(NAMES, min_size=1, max_size=2, unique=True).map(tuple)
    ranges = st.builds(NumberRange, over=st.none() | NUMBERS, under=st.none() | NUMBERS, in_=st.none() | st.tuples(NUMBERS))
    amounts = st.none() | st.integers(0, 3).map(Money)
    return st.one_of(
        st.builds(Condition, route=names),
        st.builds(Condition, audio_seconds=ranges),
        st.builds(Condition, audio_bytes=ranges, audio_channels=ranges),
        st.builds(Condition, audio_format=st.just(("wav",)), language=st.sampled_from((("fi",), ("sv", "fi")))),
        st.builds(Condition, response_format=st.just(("json", "srt")), timestamps=st.just(("word",))),
        st.builds(Condition, stream=st.booleans()),
        st.builds(Condition, translate=st.booleans()),
        st.builds(Condition, diarize=st.booleans()),
        st.builds(Condition, user=names),
        st.builds(Condition, key=names, key_tags=names),
        st.builds(Condition, key_budget_left=st.builds(MoneyRange, over=amounts, under=amounts)),
        st.builds(Condition, tags=names),
        st.builds(Condition, metadata=st.dictionaries(st.sampled_from(("plan", "team")), names, min_size=1)),
        st.builds(Condition, known=st.sampled_from(FACTS)),
        st.builds(Condition, sample=samples()),
        st.builds(Condition, time=windows()),
    )


def samples() -> st.SearchStrategy[Sample]:
    """Shares of users, of plans, of chance."""
    shares = st.integers(0, 10**6).map(Share)
    return st.builds(Sample, share=shares, by=st.sampled_from((None, "user", "metadata.plan")), salt=st.sampled_from(("", "x")))


def _composed(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.builds(Condition, all=several) | st.builds(Condition, any=several) | st.builds(Condition, not_=inner)
