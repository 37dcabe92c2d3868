import itertools

import pytest

from tests.making import router, spec, use
from voxplan.engine.checks.reaching import unreachable
from voxplan.engine.language.condition import Condition, MoneyRange, NumberRange, Sample, TimeWindow
from voxplan.engine.language.spec import Arm, Balance, Branch, Race, RouteNode
from voxplan.engine.terms.quantity import ClockTime, Money, Share

NEVER = "this branch is never taken: its condition can never hold"
TAKEN = "this branch is never taken: whenever its condition holds, an earlier branch is taken"
AROUND = "this branch is never taken: its condition cannot hold where the conditions around it do"
OTHERWISE = "`otherwise` is never taken: one of the branches before it always is"


def found(*conditions: Condition, root: RouteNode | None = None) -> list[tuple[object, str]]:
    """What is never reached in a `when` of these, with an `otherwise`."""
    branches = tuple(Branch(if_=condition, then=use("a")) for condition in conditions)
    written = spec({"r": root or RouteNode(when=branches, otherwise=use("a"))}, "a")
    return [(finding.path[-1], finding.message) for finding in unreachable(written)]


def over(seconds: float) -> Condition:
    """Longer audio than that."""
    return Condition(audio_seconds=NumberRange(over=seconds))


@pytest.mark.parametrize(
    "condition",
    [
        Condition(audio_seconds=NumberRange(over=10, under=5)),
        Condition(audio_seconds=NumberRange(over=5, in_=(1, 5))),
        Condition(audio_seconds=NumberRange(under=0)),
        Condition(audio_bytes=NumberRange(over=3, under=4)),
        Condition(audio_channels=NumberRange(under=1)),
        Condition(key_budget_left=MoneyRange(over=Money(3), under=Money(4))),
        Condition(all=(Condition(user=("a",)), Condition(user=("b",)))),
        Condition(language=("fi",), not_=Condition(known="language")),
        Condition(tags=("x",), not_=Condition(known="tags")),
        Condition(stream=True, any=(Condition(stream=False), Condition(audio_seconds=NumberRange(under=0)))),
        Condition(sample=Sample(share=Share(0))),
        Condition(sample=Sample(share=Share(500_000)), not_=Condition(sample=Sample(share=Share(600_000)))),
        Condition(route=("nobody",)),
        Condition(not_=Condition(known="response_format")),
    ],
)
def test_a_condition_that_never_holds(condition: Condition) -> None:
    """Contradictions between bounds, between values, and with what is never unknown."""
    assert found(condition) == [(0, NEVER)]


@pytest.mark.parametrize(
    "conditions",
    [
        (over(20), over(10)),
        (Condition(language=("fi",)), Condition(not_=Condition(language=("fi",)))),
        (Condition(tags=("x",)), Condition(tags=("y",)), Condition(known="tags")),
        (Condition(audio_bytes=NumberRange(over=3, under=5)),),
        (Condition(time=TimeWindow(to=ClockTime(60))), Condition(not_=Condition(time=TimeWindow(from_=ClockTime(60))))),
        (Condition(sample=Sample(share=Share(100), by="user")), Condition(sample=Sample(share=Share(100), by="key"))),
        (Condition(metadata={"x": ("1",)}), Condition(metadata={"y": ("1",)})),
    ],
)
def test_nothing_is_said_of_what_can_be_reached(conditions: tuple[Condition, ...]) -> None:
    """Also where a fact may be unknown, so that neither a condition nor its negation holds."""
    assert found(*conditions) == []


def test_earlier_branches_may_take_all() -> None:
    """A wider condition before a narrower one; both sides before `otherwise`."""
    assert found(over(10), over(20)) == [(1, TAKEN)]
    assert found(Condition(tags=("x", "y")), Condition(tags=("y",))) == [(1, TAKEN)]
    assert found(Condition(stream=True), Condition(stream=False)) == [("otherwise", OTHERWISE)]


def test_conditions_around_count_as_well() -> None:
    """What lies below a branch that is never taken is not told again."""
    inner = RouteNode(when=(Branch(if_=Condition(user=("b",)), then=use("a")),), otherwise=use("a"))
    outer = RouteNode(when=(Branch(if_=Condition(user=("a",)), then=RouteNode(race=_race(inner))),))
    assert found(root=outer) == [(0, AROUND)]
    dead = RouteNode(when=(Branch(if_=Condition(route=("x",)), then=inner),), otherwise=use("a"))
    assert found(root=dead) == [(0, NEVER)]


def _race(route: RouteNode) -> Race:
    return Race(among=(use("a"), route), stagger=router(use("a"), "a").deployments["a"].shortest)


def test_an_arm_of_weight_zero_is_never_chosen() -> None:
    """It stands in no plan; a standby belongs in a `first`."""
    balance = Balance(among=(Arm(route=use("a"), weight=1), Arm(route=RouteNode(use="a", name="b"), weight=0)))
    assert found(root=RouteNode(balance=balance)) == [(1, "this arm is never chosen: its weight is 0")]


def test_a_search_that_takes_too_long_says_nothing() -> None:
    """Nine pigeons never fit into eight holes, but to know that takes longer than anyone waits."""
    at = {(bird, hole): Condition(tags=(f"{bird} in {hole}",)) for bird in range(9) for hole in range(8)}
    housed = [Condition(any=tuple(at[bird, hole] for hole in range(8))) for bird in range(9)]
    alone = [
        Condition(not_=Condition(all=(at[one, hole], at[two, hole])))
        for hole in range(8)
        for one, two in itertools.combinations(range(9), 2)
    ]
    assert found(Condition(all=(*housed, *alone))) == []
