import pytest
from returns.result import Failure

from tests.making import CATALOG, planned, router, spec, use
from voxplan.engine.language.spec import Accept, Arm, Backoff, Balance, Deployment, Retry, RouteNode, Rules, Spec
from voxplan.engine.observed.view import EMPTY_VIEW, DeploymentView, View
from voxplan.engine.plans.compiling import compile_checked
from voxplan.engine.plans.plan import First, Plan, Refusal, attempts
from voxplan.engine.plans.planning import plan
from voxplan.engine.terms.quantity import Span
from voxplan.engine.terms.request import AudioFacts, Options, Request


def names(found: Plan) -> list[str]:
    """The deployments of a plan, in its order."""
    return [attempt.deployment for attempt in attempts(found.root)]


def balance(weights: dict[str, int], spill: int | None = None) -> RouteNode:
    """A `balance` of deployments by weight."""
    arms = tuple(Arm(route=use(name), weight=weight) for name, weight in weights.items())
    return RouteNode(balance=Balance(among=arms, spill=spill))


def refusal(
    root: RouteNode, *deployments: str, request: Request | None = None, view: View = EMPTY_VIEW, moment_ms: int = 0
) -> Refusal:
    """Why there is no plan."""
    found = plan(router(root, *deployments), request or Request(route="r"), view, moment_ms, 1)
    assert isinstance(found, Failure)
    return found.failure()


def cooling(**until_ms: int) -> View:
    """A view in which these deployments cool off until then."""
    return View(
        deployments={
            name: DeploymentView(circuit="open", until_ms=until, cause="rate_limited") for name, until in until_ms.items()
        }
    )


def test_first_keeps_the_order_of_the_spec() -> None:
    """The plan's tree has the children as written, named below their route."""
    found = planned(RouteNode(first=(use("b"), use("a"))), "a", "b")
    assert isinstance(found.root, First)
    assert [child.node for child in found.root.children] == ["r/b", "r/a"]


def test_balance_spills_to_as_many_as_it_says() -> None:
    """The others are left out with the reason."""
    found = planned(balance({"a": 1, "b": 1, "c": 1}, spill=1), "a", "b", "c")
    assert len(names(found)) == 2
    (left,) = found.left_out
    assert [reason.code for reason in left.reasons] == ["not_spilled"]


def test_weight_zero_is_in_no_plan() -> None:
    """And says so."""
    found = planned(balance({"a": 1, "b": 0}), "a", "b")
    assert names(found) == ["a"]
    assert found.left_out[0].reasons[0].detail == "weight is 0"


def test_a_cooling_deployment_is_left_out() -> None:
    """The reason names how long and what for."""
    found = planned(RouteNode(first=(use("a"), use("b"))), "a", "b", view=cooling(a=2_000), moment_ms=500)
    assert names(found) == ["b"]
    assert found.left_out[0].reasons[0].detail == "cools off for 1500 ms more after rate_limited"


def test_after_its_cooling_a_deployment_is_planned_again() -> None:
    """At the very moment."""
    assert names(planned(use("a"), "a", view=cooling(a=2_000), moment_ms=2_000)) == ["a"]


def test_when_all_cool_the_first_to_be_done_is_tried() -> None:
    """The plan says so."""
    found = planned(RouteNode(first=(use("a"), use("b"))), "a", "b", view=cooling(a=3_000, b=2_000))
    assert (names(found), found.cooling_try) == (["b"], "b")


def test_when_all_cool_an_author_may_refuse() -> None:
    """The refusal says how long to wait."""
    found = refusal(RouteNode(use="a", when_all_cooling="refuse"), "a", view=cooling(a=2_000), moment_ms=700)
    assert (found.code, found.retry_after_ms) == ("nothing_eligible", 1_300)


def test_an_unknown_route_names_those_there_are() -> None:
    """For the caller's error message."""
    found = refusal(use("a"), "a", request=Request(route="q"))
    assert (found.code, found.routes) == ("unknown_route", ("r",))


def test_what_a_model_cannot_do_leaves_it_out() -> None:
    """Every true reason is given."""
    english = compile_checked(spec({"r": use("a")}, "a", provider="english"), CATALOG)
    request = Request(route="r", options=Options(language="fi", response_format="srt"))
    found = plan(english, request, EMPTY_VIEW, 0, 1)
    assert isinstance(found, Failure)
    details = [reason.detail for reason in found.failure().left_out[0].reasons]
    assert details == ["cannot transcribe language `fi`", "gives no times, which `srt` needs"]


def test_rules_meet_inwards() -> None:
    """The inner timeout replaces the outer one; the earlier of deadlines that meet wins."""
    inner = RouteNode(use="a", timeout=Span(1_000), deadline=Span(9_000))
    outer = spec({"r": RouteNode(use="s", timeout=Span(5_000), deadline=Span(4_000)), "s": inner}, "a")
    found = plan(compile_checked(outer, CATALOG), Request(route="r"), EMPTY_VIEW, 0, 1).unwrap()
    (attempt,) = attempts(found.root)
    assert (attempt.timeout_ms, attempt.deadline_ms) == (1_000, 4_000)


@pytest.mark.parametrize(("seconds", "timeout_ms", "deadline_ms"), [(10.0, 5_500, 11_000), (None, 600_000, None)])
def test_spans_follow_the_length_of_the_audio(seconds: float | None, timeout_ms: int, deadline_ms: int | None) -> None:
    """Unset when that is unknown: then the built-in timeout holds."""
    root = RouteNode(use="a", timeout=Span(5_000, (50, 1)), deadline=Span(1_000, (1_000, 1)))
    request = Request(route="r", audio=AudioFacts(seconds=seconds))
    found = plan(router(root, "a"), request, EMPTY_VIEW, 0, 1).unwrap()
    (attempt,) = attempts(found.root)
    assert (attempt.timeout_ms, attempt.deadline_ms) == (timeout_ms, deadline_ms)


def test_defaults_stand_around_the_route_that_is_asked_for() -> None:
    """An inner rule replaces them."""
    rules = Rules(timeout=Span(7_000), retry=Retry(times=1, backoff=Backoff(base=Span(0))), accept=Accept(not_empty=True))
    root = RouteNode(first=(use("a"), RouteNode(use="b", timeout=Span(1_000), accept=Accept())))
    found = plan(router(root, "a", "b", defaults=rules), Request(route="r"), EMPTY_VIEW, 0, 1).unwrap()
    a, b = attempts(found.root)
    assert (a.timeout_ms, b.timeout_ms, len(b.delays_ms)) == (7_000, 1_000, 1)
    assert a.gates is not None
    assert b.gates is None


def test_an_attempt_that_could_never_finish_in_time_is_left_out() -> None:
    """Its timeout is under its shortest."""
    slow = Spec(
        voxplan=1,
        deployments={"a": Deployment(provider="any", model="m", shortest=Span(2_000))},
        routes={"r": RouteNode(use="a", timeout=Span(1_000))},
    )
    found = plan(compile_checked(slow, CATALOG), Request(route="r"), EMPTY_VIEW, 0, 1)
    assert isinstance(found, Failure)
    assert found.failure().left_out[0].reasons[0].code == "timeout_below_shortest"


def test_an_attempt_without_retries_says_nothing_of_them() -> None:
    """Plans that do the same are the same."""
    (attempt,) = attempts(planned(use("a"), "a").root)
    assert (attempt.delays_ms, attempt.retry_on, attempt.retry_on_hint, attempt.patience_ms) == ((), (), (), 0)


def test_bounds_hold_calls_and_time() -> None:
    """A deployment that stands twice is called once; a deadline bounds the time."""
    root = RouteNode(first=(use("a"), use("b"), use("a")), timeout=Span(1_000), retry=Retry(times=1), deadline=Span(9_000))
    found = planned(root, "a", "b")
    assert (found.bounds.attempts, found.bounds.longest_ms) == (4, 9_000)
