from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxplan.engine.checks.course import NOTHING, Course, course_of
from voxplan.engine.terms.quantity import Span

PLACES = [Fraction(each, 7) for each in range(0, 210, 11)] + [Fraction(10**6)]


def bent(chance: Random) -> Course:
    """Any course with a few bends."""
    places = sorted({0, *(chance.randint(1, 10) for _ in range(3))})
    points = tuple((Fraction(place), Fraction(chance.randint(-5, 9))) for place in places)
    return Course(points, Fraction(chance.randint(-3, 3)))


@given(st.randoms(use_true_random=False))
def test_operations_are_those_of_every_length(chance: Random) -> None:
    """Sum, difference, the shorter and the longer are taken for each length by itself."""
    one, two = bent(chance), bent(chance)
    for seconds in PLACES:
        here, there = one.at(seconds), two.at(seconds)
        assert one.plus(two).at(seconds) == here + there
        assert one.minus(two).at(seconds) == here - there
        assert one.shorter(two).at(seconds) == min(here, there)
        assert one.longer(two).at(seconds) == max(here, there)


@given(st.randoms(use_true_random=False))
def test_from_where_on_it_is_not_positive(chance: Random) -> None:
    """From the length that is named it never is again, and just before it still was."""
    course = bent(chance)
    start = course.not_positive_from()
    if start is None:
        assert course.slope > 0 or course.at(Fraction(10**9)) > 0
        return
    assert all(course.at(start + place) <= 0 for place in PLACES)
    assert start == 0 or course.at(start - Fraction(1, 10**6)) > 0


@pytest.mark.parametrize(("span", "seconds", "expected"), [(Span(2000), 5, 2000), (Span(1000, (1, 3)), 6, 1002)])
def test_a_span_is_a_straight_line(span: Span, seconds: int, expected: int) -> None:
    """What an author writes has no bends."""
    assert course_of(span).at(Fraction(seconds)) == expected
    assert course_of(span).plus(NOTHING) == course_of(span)
