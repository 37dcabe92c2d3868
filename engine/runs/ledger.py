"""The ledger of a run: what was sent, and what it may cost. A call reserves its worst cost when sent, and settles at its end.

One line for each call that went out; simulated and denied calls leave none. An open line says the worst: the audio may have left
and may be charged. So one sum is both what was spent and what is still reserved (laws B5, B7), and one look at the lines says
whether the audio may be sent again (law R6). Money is in billionths of a dollar.
"""

from collections.abc import Callable
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from voxplan.engine.terms.failure import AttemptFailure, Certainty

__all__ = ("Budget", "Ledger", "Line", "Replay", "affords", "cost", "may_replay", "release", "reserve", "settle", "spent")

Budget = tuple[str, int]
"""The node that has the budget, and how much it is."""

Replay = Literal["always", "if_uncharged", "if_unsent", "never"]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One call: its worst cost (None: nobody knows), whether the audio left and is charged, and whether that is its last word."""

    attempt: int
    node: str
    worst: int | None
    sent: Certainty = "maybe"
    charged: Certainty = "maybe"
    settled: bool = False


Ledger = tuple[Line, ...]


def reserve(ledger: Ledger, attempt: int, node: str, worst: int | None) -> Ledger:
    """The ledger when call `attempt` goes out from `node`."""
    return (*ledger, Line(attempt=attempt, node=node, worst=worst))


def release(ledger: Ledger, attempt: int) -> Ledger:
    """The ledger when call `attempt` did not go out after all."""
    return tuple(line for line in ledger if line.attempt != attempt)


def settle(ledger: Ledger, attempt: int, failure: AttemptFailure | None) -> Ledger:
    """The ledger when call `attempt` has ended. One that lost, and was stopped, counts as sent and charged, like an answer."""
    sent: Certainty = "yes" if failure is None else failure.sent
    charged: Certainty = "yes" if failure is None else failure.charged
    return tuple(replace(line, sent=sent, charged=charged, settled=True) if line.attempt == attempt else line for line in ledger)


def cost(ledger: Ledger, attempt: int) -> int | None:
    """What call `attempt` costs at most: nothing if it left no line or is not charged; None when nobody knows."""
    return next((_cost(line) for line in ledger if line.attempt == attempt), 0)


def spent(ledger: Ledger, node: str) -> int:
    """What the calls of `node` and below cost at most together; those whose price nobody knows are not counted."""
    return sum(_cost(line) or 0 for line in ledger if line.node == node or line.node.startswith(f"{node}/"))


def affords(ledger: Ledger, budgets: tuple[Budget, ...], worst: int | None) -> bool:
    """Whether one more call of this worst cost keeps within all `budgets`. A price that nobody knows never does (law C5)."""
    return all(worst is not None and spent(ledger, node) + worst <= most for node, most in budgets)


def may_replay(ledger: Ledger, rule: Replay) -> bool:
    """Whether the audio may be sent now, after all that has been sent before."""
    return all(_HARMLESS[rule](line) for line in ledger)


def _cost(line: Line) -> int | None:
    return 0 if line.charged == "no" else line.worst


# Which earlier call does not forbid another one.
_HARMLESS: Final[dict[Replay, Callable[[Line], bool]]] = {
    "always": lambda _: True,
    "if_uncharged": lambda line: line.charged == "no",
    "if_unsent": lambda line: line.sent == "no",
    "never": lambda _: False,
}
