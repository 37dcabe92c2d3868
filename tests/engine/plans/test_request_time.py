"""What a request says of its own: fallbacks, a deadline, what its caller may use, failures to pretend."""

from msgspec.structs import replace

from tests.making import CATALOG, router, use
from voxplan.engine.language.condition import Condition
from voxplan.engine.language.spec import Arm, Balance, Branch, Deployment, Retry, RouteNode, Selector, Spec
from voxplan.engine.language.spec import Race as RaceForm
from voxplan.engine.observed.view import EMPTY_VIEW
from voxplan.engine.plans.compiling import compile_checked
from voxplan.engine.plans.plan import First, Plan, Race, Refusal, attempts
from voxplan.engine.plans.planning import plan
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.quantity import Span
from voxplan.engine.terms.request import Request, Simulation

BALANCED = RouteNode(balance=Balance(among=(Arm(route=use("a")), Arm(route=use("b")))), timeout=Span(700), deadline=Span(9_000))
ROUTER = router(BALANCED, "a", "b", "c")


def made(
    found: Router = ROUTER,
    *,
    fallbacks: tuple[str, ...] = (),
    deadline_ms: int | None = None,
    allowed: tuple[str, ...] | None = None,
    failures: dict[str, FailureKind] | None = None,
    first_child: bool = False,
) -> Plan | Refusal:
    """What becomes of a request for route `r`."""
    asked = Simulation(failures=tuple((failures or {}).items()), first_child=first_child)
    simulate = None if asked == Simulation() else asked
    request = Request(route="r", fallbacks=fallbacks, deadline_ms=deadline_ms, allowed=allowed, simulate=simulate)
    result = plan(found, request, EMPTY_VIEW, 0, 1)
    return result.value_or(None) or result.failure()


def planned(found: Plan | Refusal) -> Plan:
    """The plan, which must exist."""
    assert isinstance(found, Plan)
    return found


def refused(found: Plan | Refusal) -> tuple[str, tuple[str, ...]]:
    """The code of the refusal, which must be one, and the names in it."""
    assert isinstance(found, Refusal)
    return found.code, found.names


def simulated(found: Plan) -> dict[str, str | None]:
    """The pretended failure of each deployment."""
    return {attempt.deployment: attempt.simulated for attempt in attempts(found.root)}


def test_retries_only_narrow() -> None:
    """Fewer than the spec has, for the fallbacks too; never more."""
    found = router(replace(BALANCED, retry=Retry(times=2)), "a", "b", "c")

    def times(asked: int | None) -> set[int]:
        request = Request(route="r", fallbacks=("c",), retries=asked)
        made_of = plan(found, request, EMPTY_VIEW, 0, 1).unwrap()
        return {len(attempt.delays_ms) for attempt in attempts(made_of.root)}

    assert (times(None), times(0), times(1), times(2), times(9)) == ({2}, {0}, {1}, {2}, {2})


def test_fallbacks_come_after_the_route_inside_its_rules() -> None:
    """Its timeout and its deadline hold for them too."""
    root = planned(made(fallbacks=("c",))).root
    assert isinstance(root, First)
    assert ([child.node for child in root.children], root.deadline_ms) == (["r/r", "r/c"], 9_000)
    assert [attempt.timeout_ms for attempt in attempts(root)] == [700, 700, 700]


def test_fallbacks_change_no_draw_of_the_route() -> None:
    """The first choice is the same with and without."""
    plain, more = planned(made()), planned(made(fallbacks=("c",)))
    assert [each.deployment for each in attempts(plain.root)] == [each.deployment for each in attempts(more.root)][:2]


def test_an_unknown_fallback_is_refused() -> None:
    """By name."""
    assert refused(made(fallbacks=("c", "d"))) == ("unknown_fallback", ("d",))


def test_fallbacks_may_not_make_a_route_too_large() -> None:
    """A route may expand to 256 attempts, whoever adds them."""
    many = router(RouteNode(use="a", retry=Retry(times=90)), "a", "b", "c")
    assert refused(made(many, fallbacks=("b", "c"))) == ("too_many_attempts", ("b", "c"))


def test_a_caller_uses_only_what_is_allowed() -> None:
    """Neither another route nor another fallback."""
    assert planned(made(fallbacks=("c",), allowed=("r", "c"))).bounds.deployments == ("a", "b", "c")
    assert refused(made(fallbacks=("c",), allowed=("r",))) == ("not_allowed", ("c",))
    assert refused(made(allowed=("c",))) == ("not_allowed", ("r",))


def test_the_deadline_of_a_request_only_narrows() -> None:
    """The earlier of both holds."""
    assert planned(made(deadline_ms=100)).root.deadline_ms == 100
    assert planned(made(deadline_ms=10_000)).root.deadline_ms == 9_000


def test_failures_are_pretended_by_deployment_or_by_provider() -> None:
    """The deployment's own comes first."""
    found = planned(made(failures={"any": "rate_limited", "b": "timed_out"}))
    assert simulated(found) == {"a": "rate_limited", "b": "timed_out"}


def test_an_unknown_name_cannot_be_simulated() -> None:
    """It would silently test nothing."""
    assert refused(made(failures={"x": "rate_limited"})) == ("unknown_simulation", ("x",))


def test_the_first_child_can_be_made_to_fail() -> None:
    """With a fallback that is the whole route; without, the first arm."""
    assert simulated(planned(made(fallbacks=("c",), first_child=True))) == {"a": "server_error", "b": "server_error", "c": None}
    assert sorted(map(str, simulated(planned(made(first_child=True))).values())) == ["None", "server_error"]


def test_the_first_arm_of_a_race_is_its_first_child() -> None:
    """And a lone attempt its own."""
    racing = router(RouteNode(race=RaceForm(among=(use("a"), use("b")), stagger=Span(0))), "a", "b")
    root = planned(made(racing, first_child=True)).root
    assert isinstance(root, Race)
    assert [attempt.simulated for attempt in attempts(root)] == ["server_error", None]
    assert simulated(planned(made(router(use("a"), "a"), first_child=True))) == {"a": "server_error"}


def test_fallbacks_stay_inside_the_branch_that_is_taken() -> None:
    """Whatever a caller adds, it cannot leave the region that the branch for its request requires."""
    patient = Condition(tags=("patient",))
    inside = RouteNode(use="a", require=Selector(region=("eu",)), deadline=Span(500))
    spec = Spec(
        voxplan=1,
        deployments={name: Deployment(provider="any", model="m", region=region) for name, region in (("a", "eu"), ("b", "us"))},
        routes={"r": use("s"), "s": RouteNode(when=(Branch(if_=patient, then=inside),), otherwise=use("a"))},
    )
    found = compile_checked(spec, CATALOG)
    requests = [Request(route="r", fallbacks=("b",), tags=tags) for tags in (("patient",), ())]
    plans = [plan(found, request, EMPTY_VIEW, 0, 1).unwrap() for request in requests]
    assert [[attempt.deployment for attempt in attempts(made.root)] for made in plans] == [["a"], ["a", "b"]]
    assert (plans[0].root.deadline_ms, plans[0].left_out[-1].reasons[0].detail) == (500, "region is `us`, required `eu`")
