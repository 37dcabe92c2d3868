"""How times, money and failure kinds are written for people, in plans, trails and tables alike."""

from collections.abc import Sequence
from typing import Final

from voxplan.engine.plans.pricing import Cost
from voxplan.engine.terms.amounts import print_money
from voxplan.engine.terms.failure import STAR, FailureKind
from voxplan.engine.terms.quantity import Money

__all__ = ("cost_text", "counted", "kinds_text", "money_text", "seconds_text", "span_text")

_SECOND_MS: Final = 1000
_MINUTE_MS: Final = 60 * _SECOND_MS
_MILLIONTH: Final = 1000
_HOUR_MS: Final = 60 * _MINUTE_MS


def span_text(ms: int) -> str:
    """A duration, exactly, in units that can be pictured.

    >>> [span_text(ms) for ms in (0, 412, 5075, 119_000, 644_200, 3_600_000)]
    ['0 ms', '412 ms', '5.075 s', '119 s', '10 min 44.2 s', '1 h']
    """
    if ms < _SECOND_MS:
        return f"{ms} ms"
    if ms < 2 * _MINUTE_MS:
        return f"{ms / 1000:.10g} s"
    hours, rest_ms = divmod(ms, _HOUR_MS)
    minutes, rest_ms = divmod(rest_ms, _MINUTE_MS)
    parts = ((hours, "h"), (minutes, "min"), (rest_ms / 1000, "s"))
    return " ".join(f"{size:.10g} {unit}" for size, unit in parts if size)


def money_text(nano: int) -> str:
    """Billionths of a dollar as dollars, rounded to millionths where it is at least one of them.

    >>> money_text(6_000_000), money_text(1_000_001), money_text(7)
    ('$0.006', '$0.001', '$0.000000007')
    """
    return print_money(Money(nano if nano < _MILLIONTH else round(nano / _MILLIONTH) * _MILLIONTH))


def cost_text(cost: Cost | None) -> str:
    """What something costs, with how sure that is.

    >>> [cost_text(cost) for cost in (Cost(6_000_000, estimated=False), Cost(6_000_000, estimated=True), None)]
    ['$0.006', 'about $0.006', 'unknown']
    """
    if cost is None:
        return "unknown"
    return f"about {money_text(cost.nano)}" if cost.estimated else money_text(cost.nano)


def seconds_text(ms: int) -> str:
    """A measured time, rounded to hundredths of a second: `0.41 s`."""
    return f"{ms / 1000:.2f} s"


def kinds_text(kinds: Sequence[FailureKind]) -> str:
    """Failure kinds as an author might write them: `*` for all that it covers, differences from it where they are shorter.

    >>> kinds_text(STAR), kinds_text(("overloaded", "timed_out"))
    ('*', 'overloaded, timed_out')
    >>> kinds_text(tuple(kind for kind in STAR if kind != "overloaded")), kinds_text(("invalid_request", *STAR))
    ('* but overloaded', '* and invalid_request')
    """
    more = [kind for kind in kinds if kind not in STAR]
    fewer = [kind for kind in STAR if kind not in kinds]
    if len(more) + len(fewer) >= len(kinds):
        return ", ".join(kinds)
    return f"*{_listed(' and ', more)}{_listed(' but ', fewer)}"


def counted(count: int, noun: str) -> str:
    """A count with its noun.

    >>> counted(1, "route"), counted(3, "route")
    ('1 route', '3 routes')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _listed(word: str, kinds: Sequence[str]) -> str:
    return f"{word}{', '.join(kinds)}" if kinds else ""
