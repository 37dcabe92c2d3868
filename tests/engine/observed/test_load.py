from hypothesis import given
from hypothesis import strategies as st

from voxplan.engine.language.spec import Limits
from voxplan.engine.observed.load import ALL_FREE, WINDOW_MS, Full, full, full_until, headroom, taken
from voxplan.engine.observed.view import EMPTY_VIEW, IDLE, AccountView, DeploymentView, Load, View
from voxplan.engine.plans.router import RouterDeployment
from voxplan.engine.terms.capability import Capabilities


def deployment(limits: Limits, shared: Limits) -> RouterDeployment:
    """The deployment `a` with the credential `k`."""
    return RouterDeployment(
        name="a",
        provider="any",
        vendor="any",
        credential="k",
        model="m",
        capabilities=Capabilities(),
        limits=limits,
        shared_limits=shared,
    )


def test_without_limits_all_is_free() -> None:
    """However many calls are under way."""
    busy = View(deployments={"a": DeploymentView(load=Load(in_flight=50))})
    assert headroom(busy, deployment(Limits(), Limits()), 0) == ALL_FREE


def test_headroom_is_the_free_share_of_the_tightest_limit() -> None:
    """Of the deployment's own and of its account's."""
    both = deployment(Limits(concurrent=4, requests_per_minute=10), Limits(concurrent=8))
    assert headroom(EMPTY_VIEW, both, 0) == ALL_FREE
    load = Load(in_flight=2, starts_ms=(0, 0, 0))
    view = View(deployments={"a": DeploymentView(load=load)})
    assert headroom(view, both, 0) == 500_000
    crowded = View(deployments=view.deployments, accounts={"k": AccountView(load=Load(in_flight=6))})
    assert headroom(crowded, both, 0) == 250_000


def test_more_calls_than_the_limit_leave_nothing_free() -> None:
    """A view may come from before the limit was lowered."""
    view = View(deployments={"a": DeploymentView(load=Load(in_flight=9))})
    assert headroom(view, deployment(Limits(concurrent=4), Limits()), 0) == 0


def test_starts_count_for_a_minute() -> None:
    """The free share and the limit see the same window."""
    limits = Limits(requests_per_minute=2)
    load = taken(taken(IDLE, limits, 0), limits, 1)
    assert (load.starts_ms, full(load, limits, WINDOW_MS - 1)) == ((0, 1), "2 calls started within a minute")
    view = View(deployments={"a": DeploymentView(load=load)})
    free = [headroom(view, deployment(limits, Limits()), moment_ms) for moment_ms in (1, WINDOW_MS, WINDOW_MS + 1)]
    assert free == [0, 500_000, ALL_FREE]


def test_starts_are_kept_only_under_a_rate_limit() -> None:
    """Nobody else asks for them."""
    assert taken(Load(starts_ms=(0,)), Limits(concurrent=3), 1) == Load(in_flight=1)


@given(st.lists(st.integers(0, 2 * WINDOW_MS), max_size=8), st.integers(1, 4), st.none() | st.integers(1, 4), st.integers(0, 100))
def test_a_full_limit_lasts_until_the_moment_that_is_told(
    starts: list[int], most: int, shared: int | None, passed_ms: int
) -> None:
    """A millisecond before, no call could start; from then on one may, if none has started meanwhile."""
    load = Load(starts_ms=tuple(sorted(starts)))
    view = View(deployments={"a": DeploymentView(load=load)}, accounts={"k": AccountView(load=load)})
    limited = deployment(Limits(requests_per_minute=most), Limits(requests_per_minute=shared))
    moment_ms = 2 * WINDOW_MS + passed_ms
    found = full_until(view, limited, moment_ms)
    if found is None:
        assert full(load, limited.limits, moment_ms) is full(load, limited.shared_limits, moment_ms) is None
        return
    assert found.until_ms is not None
    assert full_until(view, limited, found.until_ms) is None
    assert full_until(view, limited, found.until_ms - 1) == found


def test_nobody_knows_when_a_call_under_way_ends() -> None:
    """Whatever else is full."""
    load = Load(in_flight=1, starts_ms=(0,))
    view = View(deployments={"a": DeploymentView(load=load)})
    assert full_until(view, deployment(Limits(concurrent=1, requests_per_minute=1), Limits()), 5) == Full(None)
