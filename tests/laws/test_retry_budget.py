"""Law R5: retries and hedges, over all requests together, stay a share of the first calls.

Exactly: in the 60 seconds up to any retry or hedge, itself included, there are at most `least` of them and `share` of the first
calls of those seconds. Fallbacks are neither.
"""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.laws.cases import Case, cases, planned
from tests.laws.simulation import simulate
from tests.laws.worlds import World
from tests.strategies import worlds
from voxplan.engine.language.spec import CoolingRules, Limits, RetryBudget
from voxplan.engine.observed.admission import EXTRAS, TALLY_MS, admit
from voxplan.engine.observed.health import observe
from voxplan.engine.observed.load import NO_LIMITS, WINDOW_MS
from voxplan.engine.observed.view import EMPTY_VIEW, View
from voxplan.engine.runs.run import Cause, Observation, Send
from voxplan.engine.terms.failure import KINDS, FailureKind
from voxplan.engine.terms.quantity import Share
from voxplan.io_shell.keeper import Keeper

Granted = list[tuple[int, Cause]]
MILLION = 1_000_000

budgets = st.builds(
    RetryBudget,
    share=st.builds(Share, st.sampled_from((0, 200_000, 333_333, 500_000, MILLION)) | st.integers(0, MILLION)),
    least=st.integers(0, 3),
)


class Asked(NamedTuple):
    """`times` calls to one deployment in a row, `after_ms` after what was before; each ends in `kind` as soon as it has begun."""

    after_ms: int
    deployment: str
    cause: Cause
    times: int
    kind: FailureKind | None


HISTORIES = st.lists(
    st.builds(
        Asked,
        after_ms=st.sampled_from((0, 1, 999, TALLY_MS - 1, TALLY_MS, 30_000, WINDOW_MS)) | st.integers(0, WINDOW_MS),
        deployment=st.sampled_from(("a", "b", "c")),
        cause=st.sampled_from(("first", "first", "fallback", "retry", "hedge")),
        times=st.integers(1, 8),
        kind=st.none() | st.sampled_from(tuple(KINDS)),
    ),
    max_size=30,
)


def history(asked: list[Asked], budget: RetryBudget) -> tuple[View, Granted, int]:
    """The view after these askings, what was granted and when, and the moment; limits and circuits deny some too."""
    view, moment_ms, granted = EMPTY_VIEW, 0, Granted()
    for each in asked:
        moment_ms += each.after_ms
        for _ in range(each.times):
            view, denied = admit(view, Limits(requests_per_minute=20), send(each, moment_ms), moment_ms, NO_LIMITS, budget)
            if denied is not None:
                continue
            granted.append((moment_ms, each.cause))
            seen = Observation(
                deployment=each.deployment, credential=each.deployment, started_ms=moment_ms, ended_ms=moment_ms, kind=each.kind
            )
            view = observe(view, seen, CoolingRules())
    return view, granted, moment_ms


def send(asked: Asked, at_ms: int) -> Send:
    """One call."""
    return Send(
        attempt=1,
        node="r",
        deployment=asked.deployment,
        credential=asked.deployment,
        number=1,
        at_ms=at_ms,
        until_ms=at_ms + 1,
        whole=True,
        cause=asked.cause,
    )


def assert_kept(granted: Granted, budget: RetryBudget) -> None:
    """The budget is kept in the 60 seconds up to every retry and hedge."""
    for place, (moment_ms, cause) in enumerate(granted):
        if cause in EXTRAS:
            window = [made for at_ms, made in granted[: place + 1] if at_ms > moment_ms - WINDOW_MS]
            extras, firsts = sum(made in EXTRAS for made in window), window.count("first")
            assert extras * MILLION <= budget.least * MILLION + budget.share.millionths * firsts


@given(HISTORIES, budgets)
def test_r5_no_minute_has_more_retries_and_hedges_than_the_budget(asked: list[Asked], budget: RetryBudget) -> None:
    """R5: whatever is asked for, and however it ends."""
    assert_kept(history(asked, budget)[1], budget)


@given(HISTORIES, budgets)
def test_r5_a_retry_is_denied_only_when_the_budget_is_spent(asked: list[Asked], budget: RetryBudget) -> None:
    """R5, its other side: not while the retries of 70 seconds are within what the first calls of 50 seconds allow."""
    view, granted, moment_ms = history(asked, budget)
    retry = send(Asked(0, "another", "retry", 1, None), moment_ms)
    denied = admit(view, NO_LIMITS, retry, moment_ms, NO_LIMITS, budget)[1]
    extras = sum(cause in EXTRAS for at_ms, cause in granted if at_ms > moment_ms - WINDOW_MS - TALLY_MS)
    firsts = sum(cause == "first" for at_ms, cause in granted if at_ms > moment_ms - WINDOW_MS + TALLY_MS)
    if (extras + 1) * MILLION <= budget.least * MILLION + budget.share.millionths * firsts:
        assert denied is None
    fallback = replace(retry, cause="fallback")
    assert admit(view, NO_LIMITS, fallback, moment_ms, NO_LIMITS, budget)[1] is None


@given(cases(), st.lists(st.tuples(worlds(), st.sampled_from((0, 5, 30_000))), min_size=1, max_size=3), budgets)
def test_r5_runs_stay_within_the_budget_of_their_spec(case: Case, runs: list[tuple[World, int]], budget: RetryBudget) -> None:
    """R5: over all runs that share a view, one after another; what was simulated costs no retry."""
    keeper = Keeper(replace(case.router, spec=replace(case.router.spec, retry_budget=budget)))
    granted: Granted = []
    moment_ms = 0
    for world, after_ms in runs:
        moment_ms += after_ms
        done = simulate(planned(case), world, moment_ms, keeper)
        granted.extend((each.at_ms, each.cause) for each in done.sent if each.simulated is None)
        moment_ms = max(moment_ms, *(at_ms for at_ms, _ in (*done.commands, *done.events)))
    assert_kept(granted, budget)


def test_r5_is_false_for_a_minute_that_ends_later() -> None:
    """R5, stronger: the first calls that allowed a retry may be older than a minute soon after, while the retry is not."""
    budget = RetryBudget(share=Share(MILLION), least=0)
    asked = [Asked(0, "a", "first", 1, None), Asked(WINDOW_MS - TALLY_MS, "a", "retry", 1, None)]
    _, granted, _ = history(asked, budget)
    later_ms = WINDOW_MS
    assert [cause for at_ms, cause in granted if at_ms > later_ms - WINDOW_MS] == ["retry"]
