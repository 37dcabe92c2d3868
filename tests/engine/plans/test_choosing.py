import pytest

from tests.making import CATALOG, planned, router, spec, use
from voxplan.engine.language.condition import Condition, NumberRange
from voxplan.engine.language.spec import (
    Arm,
    Balance,
    Branch,
    Deployment,
    Guardrail,
    OptionRules,
    Price,
    RouteNode,
    Selector,
    Spec,
    Strategy,
)
from voxplan.engine.language.spec import Race as RaceForm
from voxplan.engine.observed.view import EMPTY_VIEW
from voxplan.engine.plans.compiling import compile_checked
from voxplan.engine.plans.plan import Attempt, Degrade, First, Plan, Race, Refusal, attempts
from voxplan.engine.plans.planning import plan
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.capability import Capabilities, PriceFacts, ProviderFacts, TokenPrices
from voxplan.engine.terms.quantity import Money, Span
from voxplan.engine.terms.request import AudioFacts, Options, Request

LONG = Condition(audio_seconds=NumberRange(over=100))
BY_LENGTH = RouteNode(when=(Branch(if_=LONG, then=use("a")),), otherwise=use("b"))


def made(found: Router, *, seconds: float | None = None, options: Options | None = None) -> Plan:
    """The plan of route `r` for audio of this length, which must exist."""
    request = Request(route="r", audio=AudioFacts(seconds=seconds), options=options or Options())
    return plan(found, request, EMPTY_VIEW, 0, 1).unwrap()


def refused(found: Router, *, options: Options | None = None) -> Refusal:
    """Why there is no plan of route `r`."""
    return plan(found, Request(route="r", options=options or Options()), EMPTY_VIEW, 0, 1).failure()


def names(found: Plan) -> list[str]:
    """The deployments of a plan, in its order."""
    return [attempt.deployment for attempt in attempts(found.root)]


def with_deployments(root: RouteNode, guardrails: dict[str, Guardrail] | None = None, **deployments: Deployment) -> Router:
    """The router of these deployments whose one route is `r`."""
    written = Spec(voxplan=1, deployments=deployments, routes={"r": root}, guardrails=guardrails or {})
    return compile_checked(written, CATALOG)


def test_the_first_branch_that_holds_is_taken() -> None:
    """The other one is left out with what speaks against it."""
    found = made(router(BY_LENGTH, "a", "b"), seconds=12)
    assert names(found) == ["b"]
    (left,) = found.left_out
    assert (left.node, left.deployments) == ("r/a", ("a",))
    assert left.reasons[0].detail == "`audio.seconds` is 12, not over 100"


def test_what_is_unknown_selects_no_branch() -> None:
    """Neither the condition nor its negation."""
    root = RouteNode(when=(Branch(if_=LONG, then=use("a")), Branch(if_=Condition(not_=LONG), then=use("a"))), otherwise=use("b"))
    assert names(made(router(root, "a", "b"))) == ["b"]


def test_a_when_without_a_branch_is_left_out() -> None:
    """A `first` passes over it."""
    root = RouteNode(first=(RouteNode(when=(Branch(if_=LONG, then=use("a")),)), use("b")))
    assert names(made(router(root, "a", "b"), seconds=1)) == ["b"]


def test_the_deadline_of_a_when_holds_on_its_branch() -> None:
    """The earlier of both."""
    root = RouteNode(when=(Branch(if_=LONG, then=RouteNode(use="a", deadline=Span(900))),), deadline=Span(500))
    assert made(router(root, "a"), seconds=200).root.deadline_ms == 500


def test_a_race_keeps_the_order_of_its_arms() -> None:
    """They are named below it."""
    found = planned(RouteNode(race=RaceForm(among=(use("b"), use("a")), stagger=Span(700))), "a", "b")
    assert isinstance(found.root, Race)
    assert ([arm.node for arm in found.root.arms], found.root.stagger_ms) == (["r/b", "r/a"], 700)


def test_a_race_that_may_not_send_twice_runs_as_first() -> None:
    """One attempt below with `replay` is enough."""
    careful = RouteNode(use="b", replay="if_unsent")
    found = planned(RouteNode(race=RaceForm(among=(use("a"), careful), stagger=Span(700))), "a", "b")
    assert isinstance(found.root, First)
    assert [attempt.replay for attempt in attempts(found.root)] == ["always", "if_unsent"]


def test_where_selects_deployments_by_name() -> None:
    """Those that have the tag, in a race and in a balance."""
    eu = Deployment(provider="any", model="m", tags=("eu",))
    us = Deployment(provider="any", model="m", tags=("us",))
    root = RouteNode(race=RaceForm(where=Selector(tags=("eu",)), stagger=Span(0)))
    assert names(made(with_deployments(root, c=eu, a=eu, b=us))) == ["a", "c"]


def test_require_keeps_out_what_does_not_satisfy_it() -> None:
    """All of them hold, whatever stands inside; the refusal says each."""
    eu = Deployment(provider="any", model="m", region="eu")
    root = RouteNode(first=(use("a"), RouteNode(use="b", require=Selector(tags=("x",)))), require=Selector(region=("eu",)))
    found = refused(with_deployments(root, a=Deployment(provider="any", model="m"), b=eu))
    assert [[reason.detail for reason in left.reasons] for left in found.left_out] == [
        ["has no region, required `eu`"],
        ["lacks tag `x`"],
    ]


def test_an_attempt_beyond_the_budget_never_exists() -> None:
    """Nor does one whose price nobody knows."""
    dear = Deployment(provider="any", model="m", price=Price(per_request=Money(20)))
    cheap = Deployment(provider="any", model="m", price=Price(per_request=Money(5)))
    root = RouteNode(first=(use("a"), use("b"), use("c")), budget=Money(10))
    found = made(with_deployments(root, a=dear, b=cheap, c=Deployment(provider="any", model="m")))
    assert names(found) == ["b"]
    assert [left.reasons[0].code for left in found.left_out] == ["over_budget", "price_unknown"]
    assert (found.bounds.cost, found.root.budget) == (5, 10)


@pytest.mark.parametrize(
    ("price", "why"),
    [
        (None, "what a call costs is not known"),
        (PriceFacts(per_request=1, estimated=True), "its price is only an estimate"),
        (PriceFacts(per_minute=1, tokens=TokenPrices(audio_in=1, text_in=1, out=1)), "its price is only an estimate"),
        (PriceFacts(per_minute=1), "what a call costs is not known without the length of the audio"),
        (
            PriceFacts(per_minute=1, by_channel=True),
            "what a call costs is not known without the number of channels of the audio",
        ),
    ],
)
def test_a_budget_says_why_a_price_is_of_no_use(price: PriceFacts | None, why: str) -> None:
    """Nobody knows it, it is an estimate, or something of the audio is missing."""
    facts = ProviderFacts(provider="any", needs_key=False, otherwise=Capabilities(price=price))
    root = RouteNode(use="a", budget=Money(10))
    (left,) = refused(compile_checked(spec({"r": root}, "a"), {"any": facts})).left_out
    (reason,) = left.reasons
    assert (reason.code, reason.detail) == ("price_unknown", f"{why}, and the budget is $0.00000001")


def test_an_option_is_degraded_only_where_the_spec_says_so() -> None:
    """Each attempt lists it."""
    plain = Deployment(provider="bare", model="m")
    root = RouteNode(first=(use("a"), RouteNode(use="b", options=OptionRules(prompt="drop"))))
    found = made(with_deployments(root, a=plain, b=plain), options=Options(prompt="names: Åsa"))
    assert isinstance(found.root, First)
    (attempt,) = found.root.children
    assert isinstance(attempt, Attempt)
    assert (attempt.deployment, attempt.degrades) == ("b", (Degrade(option="prompt", how="dropped"),))


def test_option_rules_are_replaced_one_by_one() -> None:
    """The inner rule for one option leaves the outer one for another."""
    plain = Deployment(provider="bare", model="m")
    root = RouteNode(first=(RouteNode(use="a", options=OptionRules(temperature="drop")),), options=OptionRules(prompt="drop"))
    found = made(with_deployments(root, a=plain), options=Options(prompt="x", temperature=0.1))
    (attempt,) = attempts(found.root)
    assert [degrade.option for degrade in attempt.degrades] == ["prompt", "temperature"]


def test_guardrails_add_up_innermost_first() -> None:
    """Those on the input stand with the plan, once, and only where there is a prompt."""
    rails = {"in": Guardrail(kind="custom", stage="input"), "x": Guardrail(kind="custom"), "y": Guardrail(kind="custom")}
    inner = RouteNode(use="a", guardrails=("y", "in"))
    root = RouteNode(first=(inner, use("b")), guardrails=("x", "in"))
    plain = Deployment(provider="any", model="m")
    compiled = with_deployments(root, rails, a=plain, b=plain)
    found = made(compiled, options=Options(prompt="x"))
    assert [[step.name for step in attempt.guardrails] for attempt in attempts(found.root)] == [["y", "x"], ["x"]]
    assert [step.name for step in found.input_guardrails] == ["in"]
    assert made(compiled).input_guardrails == ()


def test_arms_that_were_not_reached_stand_in_one_line() -> None:
    """So that a decision costs what it decides."""
    arms = tuple(Arm(route=use(name)) for name in "abcd")
    found = planned(RouteNode(balance=Balance(among=arms, spill=0)), *"abcd")
    (left,) = found.left_out
    assert (left.node, len(left.deployments), left.reasons[0].code) == ("r", 3, "not_spilled")


@pytest.mark.parametrize(
    ("by", "came"),
    [("weight", "were drawn first"), ("cost", "came first by `cost`"), ("latency", "came first by `latency`")],
)
def test_nobody_says_drawn_where_nothing_was_drawn(by: Strategy, came: str) -> None:
    """Where arms are ordered by a score, the reason names it."""
    found = planned(RouteNode(balance=Balance(among=tuple(Arm(route=use(name)) for name in "ab"), by=by, spill=0)), *"ab")
    (left,) = found.left_out
    assert left.reasons[0].detail == f"other arms {came} and `spill` ends before it"


def test_a_named_route_stands_in_its_place() -> None:
    """Under the name by which it is used; its draws are those of its own route."""
    inner = RouteNode(balance=Balance(among=(Arm(route=use("a")), Arm(route=use("b")))))
    found = compile_checked(spec({"r": RouteNode(first=(use("s"), use("c"))), "s": inner}, "a", "b", "c"), CATALOG)
    of_r, of_s = (plan(found, Request(route=name), EMPTY_VIEW, 0, 5).unwrap() for name in "rs")
    assert names(of_r)[:2] == names(of_s)
    assert next(attempts(of_r.root)).node.startswith("r/s/")
