from fractions import Fraction

from tests.making import attempt, first, plan_of, planned, use
from voxplan.engine.foresight.reckoning import Odds, chances, reckon, ways
from voxplan.engine.foresight.rehearsing import Reply
from voxplan.engine.language.spec import Race, Retry, RouteNode
from voxplan.engine.terms.quantity import Span

HALF = Fraction(1, 2)
DOWN = Reply(result="server_error", after_ms=5)


def test_a_list_fails_only_if_all_do() -> None:
    """One way for each place at which it may end."""
    made = plan_of(first(attempt("a"), attempt("b")))
    given = {"a": chances(HALF, DOWN), "b": chances(Fraction(1, 3), DOWN)}
    assert reckon(made, given) == Odds(Fraction(2, 3), Fraction(0), {"server_error": Fraction(1, 3)}, Fraction(1))
    assert [way.probability for way in ways(made, given)].count(HALF) == 1


def test_retries_are_calls_like_others() -> None:
    """Two calls that each fail with a half fail together with a quarter."""
    made = planned(RouteNode(use="a", retry=Retry(times=1)), "a")
    assert reckon(made, {"a": chances(HALF, DOWN)}).served == Fraction(3, 4)


def test_a_race_succeeds_if_one_arm_does() -> None:
    """Whether or not they overlap."""
    made = planned(RouteNode(race=Race(among=(use("a"), use("b")), stagger=Span(1))), "a", "b")
    assert reckon(made, dict.fromkeys("ab", chances(HALF, DOWN))).served == Fraction(3, 4)


def test_who_is_not_given_always_answers() -> None:
    """Nothing else can happen then."""
    assert reckon(plan_of(attempt("a")), {}).served == 1


def test_too_many_ways_are_not_all_seen() -> None:
    """What was seen is told; the rest is not guessed."""
    made = plan_of(first(*map(attempt, "abcdef")))
    odds = reckon(made, dict.fromkeys("abcdef", chances(HALF, DOWN)), most=2)
    assert odds.seen < 1
    assert odds.served + sum(odds.failed.values()) == odds.seen
