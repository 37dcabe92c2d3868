"""Durations as functions of the length of the audio: exact, and piecewise linear.

A Span is one straight line. Sums, the shorter and the longer of two durations bend it, but never make it anything else, so
questions about every length of audio have exact answers.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise

import msgspec

from voxplan.engine.terms.quantity import Span

__all__ = ("NOTHING", "Course", "course_of")


class Course(msgspec.Struct, frozen=True):
    """Milliseconds for each length of audio: straight from point to point (seconds, milliseconds), then on with `slope` for ever.

    The first point is at 0 seconds.
    """

    points: tuple[tuple[Fraction, Fraction], ...]
    slope: Fraction

    def at(self, seconds: Fraction) -> Fraction:
        """The duration for audio of this length.

        >>> course_of(Span(1000, (50, 1))).at(Fraction(2))
        Fraction(1100, 1)
        """
        for (x, y), (next_x, next_y) in pairwise(self.points):
            if seconds <= next_x:
                return y + (next_y - y) * (seconds - x) / (next_x - x)
        last_x, last_y = self.points[-1]
        return last_y + self.slope * (seconds - last_x)

    def plus(self, other: "Course") -> "Course":
        """One after the other."""
        return _combined(self, other, lambda one, two: one + two)

    def minus(self, other: "Course") -> "Course":
        """How much longer than the other; negative where it is shorter."""
        return _combined(self, other, lambda one, two: one - two)

    def shorter(self, other: "Course") -> "Course":
        """The shorter of both, for each length by itself."""
        return _combined(self, other, min)

    def longer(self, other: "Course") -> "Course":
        """The longer of both, for each length by itself."""
        return _combined(self, other, max)

    def not_positive_from(self) -> Fraction | None:
        """The length from which on it is never above 0; None if there is none.

        >>> course_of(Span(1000)).minus(course_of(Span(0, (10, 1)))).not_positive_from()
        Fraction(100, 1)
        """
        last_x, last_y = self.points[-1]
        if self.slope > 0 or (self.slope == 0 and last_y > 0):
            return None
        if last_y > 0:
            return last_x - last_y / self.slope
        start = last_x
        for (x, y), (next_x, next_y) in reversed(tuple(pairwise(self.points))):
            if y > 0:
                return x + (next_x - x) * y / (y - next_y)
            start = x
        return start


def course_of(span: Span) -> Course:
    """The duration that an author wrote."""
    return Course(((Fraction(0), Fraction(span.base_ms)),), Fraction(*span.per_second))


NOTHING = course_of(Span(0))


def _combined(one: Course, two: Course, operation: Callable[[Fraction, Fraction], Fraction]) -> Course:
    places = sorted({x for x, _ in (*one.points, *two.points)} | set(_crossings(one, two)))
    # INVARIANT: the two do not cross between two places, nor after the last, so the result is straight there.
    points = tuple((x, operation(one.at(x), two.at(x))) for x in places)
    last_x, last_y = points[-1]
    slope = operation(one.at(last_x + 1), two.at(last_x + 1)) - last_y
    return Course(tuple(_bends(points, slope)), slope)


def _crossings(one: Course, two: Course) -> Iterator[Fraction]:
    places = sorted({x for x, _ in (*one.points, *two.points)})
    for x, next_x in pairwise((*places, places[-1] + 1)):
        before, after = one.at(x) - two.at(x), one.at(next_x) - two.at(next_x)
        crossing = x + (next_x - x) * before / (before - after) if before != after else x
        if x < crossing and (crossing < next_x or x == places[-1]):
            yield crossing


def _bends(points: tuple[tuple[Fraction, Fraction], ...], slope: Fraction) -> Iterator[tuple[Fraction, Fraction]]:
    """The points at which the direction changes, and the first."""
    direction: Fraction | None = None
    for (x, y), after in zip(points, (*points[1:], None), strict=True):
        onward = slope if after is None else (after[1] - y) / (after[0] - x)
        if onward != direction:
            yield x, y
        direction = onward
