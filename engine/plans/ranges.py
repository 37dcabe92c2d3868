"""Ranges of numbers and of money as conditions write them: which of its bounds a number misses, in words."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from voxplan.engine.language.condition import MoneyRange, NumberRange
from voxplan.engine.terms.amounts import print_money
from voxplan.engine.terms.quantity import Money

__all__ = ("Range", "amount_range", "number_range")

_LONG: Final = 10**15  # from here on, an exponent is shorter


class Range(NamedTuple):
    """`over` and `under` are not part of it; `among` None is every number. `text` writes a number for people."""

    over: float | None
    under: float | None
    among: tuple[float, ...] | None
    text: Callable[[float], str]

    def missed(self, number: float) -> Iterator[str]:
        """What the number is not, for each bound that it misses; nothing when it is in the range.

        >>> list(number_range(NumberRange(over=10, under=5)).missed(7.5))
        ['not over 10', 'not under 5']
        """
        if self.over is not None and number <= self.over:
            yield f"not over {self.text(self.over)}"
        if self.under is not None and number >= self.under:
            yield f"not under {self.text(self.under)}"
        if self.among is not None and number not in self.among:
            yield f"not {' or '.join(map(self.text, self.among))}"


def number_range(wanted: NumberRange) -> Range:
    """The range of a plain number."""
    return Range(wanted.over, wanted.under, wanted.in_, _number_text)


def amount_range(wanted: MoneyRange) -> Range:
    """The range of an amount, in billionths of a US dollar."""
    over, under = (None if bound is None else bound.nano for bound in (wanted.over, wanted.under))
    return Range(over, under, None, _amount_text)


def _number_text(number: float) -> str:
    return f"{number:.0f}" if abs(number) < _LONG and number == int(number) else str(number)


def _amount_text(nano: float) -> str:
    # INVARIANT: an amount is a whole number; the only other is what is left where there is no limit.
    if not isinstance(nano, int):
        return "without limit"
    return print_money(Money(nano)) if nano >= 0 else f"-{print_money(Money(-nano))}"
