"""Hypothesis strategies for the policy tests of a spec: every key, over the routes and deployments that there are."""

from functools import cache
from typing import Literal, get_args

import msgspec
from hypothesis import strategies as st

from tests.condition_strategies import clock_times, marks, maybe, monies, some, spans, texts
from voxplan.engine.language.policy import PolicyExpectation, PolicyRequest, PolicyTest, Scripted
from voxplan.engine.terms.failure import LISTABLE, FailureKind
from voxplan.engine.terms.request import ResponseFormat, Timestamps

__all__ = ("policy_tests",)


@st.composite
def policy_tests(draw: st.DrawFn, routes: tuple[str, ...], deployments: tuple[str, ...]) -> PolicyTest:
    """Tests of a spec with these routes and deployments. Only what is drawn here knows their names: the rest is built once."""
    named = st.sampled_from(deployments)
    listed = st.lists(named, max_size=3, unique=True).map(tuple)
    expected = draw(_expectations())
    request = msgspec.structs.replace(
        draw(_requests()),
        route=draw(st.sampled_from(routes)),
        fallbacks=draw(st.lists(st.sampled_from((*deployments, *routes)), max_size=3, unique=True).map(tuple)),
    )
    return PolicyTest(
        name=draw(texts()),
        request=request,
        world=draw(st.dictionaries(named, _calls(), max_size=3)),
        expect=msgspec.structs.replace(
            expected,
            attempts=draw(maybe(st.lists(named, max_size=3).map(tuple))),
            served_by=draw(maybe(named)) if expected.failure is None else None,
            never=draw(listed),
        ),
    )


@cache
def _requests() -> st.SearchStrategy[PolicyRequest]:
    listed = st.just(()) | some(texts())
    return st.builds(PolicyRequest, route=st.just("")) | st.builds(
        PolicyRequest,
        route=st.just(""),
        audio_seconds=maybe(st.sampled_from((0.0, 0.5, 30.0)) | st.floats(0, 1e6)),
        audio_bytes=maybe(st.integers(0, 2**40)),
        audio_format=maybe(texts()),
        audio_channels=maybe(st.integers(1, 8)),
        language=maybe(_languages()),
        languages=st.just(()) | some(_languages()),
        prompt=maybe(texts()),
        keywords=listed,
        temperature=maybe(st.sampled_from((0.0, 0.2, 1.0))),
        response_format=st.sampled_from(get_args(ResponseFormat)),
        timestamps=st.just(()) | some(st.sampled_from(get_args(Timestamps))),
        translate=st.booleans(),
        diarize=st.booleans(),
        known_speakers=listed,
        logprobs=st.booleans(),
        chunking_strategy=maybe(texts()),
        stream=st.booleans(),
        user=maybe(texts()),
        key=maybe(texts()),
        key_tags=listed,
        key_budget_left=maybe(monies()),
        tags=listed,
        metadata=st.dictionaries(marks() | texts(), texts(), max_size=2),
        deadline=maybe(spans(min_ms=1)),
        retries=maybe(st.integers(0, 100)),
        time=maybe(clock_times()),
    )


@cache
def _languages() -> st.SearchStrategy[str]:
    return st.sampled_from(("fi", "en", "yue"))


@cache
def _scripted() -> st.SearchStrategy[Scripted]:
    results: tuple[Literal["ok", "hangs"] | FailureKind, ...] = ("ok", "hangs", *LISTABLE)
    bare = st.builds(Scripted, result=st.sampled_from(results))
    return bare | st.builds(
        Scripted, result=st.sampled_from(results), after=spans(), text=texts(), retry_after=maybe(spans(audio=False))
    )


@cache
def _calls() -> st.SearchStrategy[tuple[Scripted, ...]]:
    return st.lists(_scripted(), min_size=1, max_size=3).map(tuple)


@cache
def _expectations() -> st.SearchStrategy[PolicyExpectation]:
    """What is expected apart from deployments."""
    failures: tuple[Literal["refused"] | FailureKind, ...] = ("refused", *LISTABLE)
    return st.builds(
        PolicyExpectation,
        failure=maybe(st.sampled_from(failures)),
        within=maybe(spans()),
        costs_at_most=maybe(monies()),
    )
