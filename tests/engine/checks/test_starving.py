import pytest

from tests.making import CATALOG, use
from voxplan.engine.checks.finding import Finding
from voxplan.engine.checks.starving import starving
from voxplan.engine.language.condition import Condition
from voxplan.engine.language.spec import Arm, Balance, Branch, Deployment, Race, Retry, RouteNode, Rules, Selector, Spec
from voxplan.engine.terms.quantity import Span

ABC = (use("a"), use("b"), use("c"))
FAST = Span(10_000)


def starved(root: RouteNode, defaults: Rules | None = None, **others: RouteNode) -> list[Finding]:
    """What is said of a spec with the route `r`; `d` needs three seconds, `e` is in no region."""
    deployments = {name: Deployment(provider="any", model="m", region="eu") for name in "abc"}
    deployments |= {"d": Deployment(provider="any", model="m", shortest=Span(3000)), "e": Deployment(provider="any", model="m")}
    written = Spec(voxplan=1, deployments=deployments, routes={"r": root, **others}, defaults=defaults or Rules())
    return [*starving(written, CATALOG)]


def places(root: RouteNode, defaults: Rules | None = None) -> list[tuple[object, ...]]:
    """Where, below the route."""
    return [finding.path[2:] for finding in starved(root, defaults)]


def test_default_timeouts_leave_no_time_within_a_short_deadline() -> None:
    """The first one that starves is named, with numbers and what to do about it."""
    (finding,) = starved(RouteNode(first=ABC, deadline=Span(60_000)))
    assert finding.path == ("routes", "r", "first", 1)
    assert finding.message == (
        "`b` is never reached in time when `a` hangs: with 60 s of audio that takes 660 s of a deadline of 60 s; "
        "give every attempt a `timeout`"
    )


def test_longer_audio_may_leave_no_time() -> None:
    """From which length on is told where it is not for all."""
    (finding,) = starved(RouteNode(first=ABC, timeout=Span(20_000, (1000, 1)), deadline=Span(60_000, (1500, 1))))
    assert finding.message.startswith("`c` is not reached in time for audio of 40 s or longer when `a`, `b` hang: ")


@pytest.mark.parametrize(
    "root",
    [
        RouteNode(first=ABC),
        RouteNode(first=ABC, timeout=FAST, deadline=Span(30_000)),
        RouteNode(first=ABC, deadline=Span(60_000), on=("server_error",)),
        RouteNode(first=ABC, deadline=Span(60_000), replay="never"),
        RouteNode(first=(use("a"), use("a")), deadline=Span(60_000)),
        RouteNode(first=(use("e"), use("a")), deadline=Span(60_000), require=Selector(region=("eu",))),
        RouteNode(first=(RouteNode(use="a", deadline=Span(1000)), use("b")), deadline=Span(60_000)),
        RouteNode(race=Race(among=ABC, stagger=Span(1000)), deadline=Span(60_000)),
    ],
)
def test_nothing_is_said_of_who_has_time_or_is_kept_out_by_something_else(root: RouteNode) -> None:
    """No deadline, enough time, an `on` without `timed_out`, one call at most, a deployment that is not tried."""
    assert starved(root) == []


def test_a_deadline_in_defaults_counts() -> None:
    """Rules around every route are rules."""
    assert places(RouteNode(first=ABC), Rules(deadline=Span(60_000))) == [("first", 1)]


def test_less_than_the_shortest_is_no_time() -> None:
    """A deployment that needs three seconds is not started with two."""
    (finding,) = starved(RouteNode(first=(use("a"), use("b"), use("d")), timeout=FAST, deadline=Span(22_000)))
    assert "`d` is never reached" in finding.message
    assert "which leaves less than its `shortest`" in finding.message


def test_the_least_is_counted_where_the_request_decides() -> None:
    """A branch that need not be taken takes no time."""
    branch = RouteNode(when=(Branch(if_=Condition(stream=True), then=use("a")),))
    assert places(RouteNode(first=(branch, use("b"), use("c")), deadline=Span(60_000))) == [("first", 2)]


def test_arms_of_a_race_starve_when_the_stagger_outlasts_the_deadline() -> None:
    """The third arm would start after two staggers."""
    assert places(RouteNode(race=Race(among=ABC, stagger=Span(1000)), deadline=Span(2000))) == [("race", "among", 2)]


@pytest.mark.parametrize(("spill", "said"), [(None, 1), (1, 0), (0, 0)])
def test_the_last_arm_of_a_balance_may_starve(spill: int | None, said: int) -> None:
    """One finding for all arms, at the balance; fewer fallbacks take less time."""
    balance = Balance(among=tuple(Arm(route=arm) for arm in ABC), spill=spill)
    found = starved(RouteNode(balance=balance, timeout=FAST, deadline=Span(20_000)))
    assert [finding.path[2:] for finding in found] == [("balance",)] * said
    assert all("when drawn last and the other arms hang" in finding.message for finding in found)


def test_a_route_that_starves_inside_another_is_told_in_its_own_place() -> None:
    """With the name of the route whose deadline it is."""
    inner = RouteNode(first=(use("b"), use("c")), timeout=FAST)
    found = starved(RouteNode(first=(RouteNode(use="a", timeout=FAST), use("s")), deadline=Span(20_000)), s=inner)
    assert [(finding.path, finding.message.partition(" is ")[0]) for finding in found] == [
        (("routes", "s", "first", 1), "in route `r`, `c`")
    ]


def test_a_retry_that_hangs_is_not_counted_twice() -> None:
    """It may find no time to wait, so only the first call is certain."""
    patient = Retry(times=2, on=("timed_out",))
    assert places(RouteNode(first=(RouteNode(use="a", retry=patient), use("b")), timeout=FAST, deadline=Span(20_000))) == []
