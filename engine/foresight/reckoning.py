"""The odds of a plan, exactly: every way in which its run can go, each with its probability.

What comes of each call is drawn independently, deployment by deployment, from replies with given probabilities. A run is
rehearsed with the first of the replies at every call, then again for each place where another one was possible, until all have
been seen: no way is missed, none is counted twice, and fractions keep the sum at exactly 1.
"""

import itertools
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final, NamedTuple

from voxplan.engine.foresight.rehearsing import Rehearsal, Reply, rehearse
from voxplan.engine.plans.plan import Plan
from voxplan.engine.runs.run import Check, Passed, Send, Served, Verdict

__all__ = ("Chances", "Odds", "Way", "chances", "reckon", "ways")

Chances = tuple[tuple[Reply, Fraction], ...]
"""What a call to one deployment may come to, and how probable each is; together 1."""

_ANSWER: Final = Reply()
_CERTAIN: Final[Chances] = ((_ANSWER, Fraction(1)),)


class Way(NamedTuple):
    """One way in which a run can go: what every call comes to, in the order in which they start, and how probable that is."""

    probability: Fraction
    replies: tuple[tuple[str, Reply], ...]
    rehearsal: Rehearsal


class Odds(NamedTuple):
    """How a plan ends. `served` includes poor answers; `failed` has a probability for each kind, None where nothing could start.

    `seen` is the probability of all ways that were looked at: 1, unless there were too many.
    """

    served: Fraction
    poor: Fraction
    failed: dict[str | None, Fraction]
    seen: Fraction


def chances(success: Fraction, otherwise: Reply, answer: Reply = _ANSWER) -> Chances:
    """The chances of a deployment that answers with probability `success` and else does `otherwise`."""
    return tuple((reply, share) for reply, share in ((answer, success), (otherwise, 1 - success)) if share)


def reckon(plan: Plan, given: Mapping[str, Chances], most: int = 100_000) -> Odds:
    """The odds of `plan`, over at most `most` ways; a deployment that is not given always answers."""
    served, poor, seen, failed = Fraction(0), Fraction(0), Fraction(0), dict[str | None, Fraction]()
    for way in itertools.islice(ways(plan, given), most):
        seen += way.probability
        ended = way.rehearsal.ended
        if isinstance(ended, Served):
            served += way.probability
            poor += way.probability if ended.poor else 0
        else:
            failed[ended.kind] = failed.get(ended.kind, Fraction(0)) + way.probability
    return Odds(served=served, poor=poor, failed=failed, seen=seen)


def ways(plan: Plan, given: Mapping[str, Chances]) -> Iterator[Way]:
    """Every way in which a run of `plan` can go, each once."""
    ahead: list[tuple[int, ...]] = [()]
    while ahead:
        drawn = _Drawn(given, ahead.pop())
        rehearsal = rehearse(plan, drawn)
        ahead += drawn.others
        yield Way(probability=drawn.probability, replies=tuple(drawn.replies), rehearsal=rehearsal)


class _Drawn:
    """A script that takes the replies of these places first, then always the first one. Lives within one rehearsal.

    `others` are the beginnings of the ways that part from this one where it was free to choose.
    """

    def __init__(self, given: Mapping[str, Chances], places: tuple[int, ...]) -> None:
        self.probability = Fraction(1)
        self.replies: list[tuple[str, Reply]] = []
        self.others: list[tuple[int, ...]] = []
        self._given = given
        self._places = places

    def reply(self, send: Send) -> Reply:
        """The reply at the place that is due."""
        possible = self._given.get(send.deployment, _CERTAIN)
        due = len(self.replies)
        if due == len(self._places):
            self.others += ((*self._places, place) for place in range(1, len(possible)))
            self._places = (*self._places, 0)
        reply, probability = possible[self._places[due]]
        self.probability *= probability
        self.replies.append((send.deployment, reply))
        return reply

    def verdict(self, check: Check) -> Verdict:
        """Guardrails pass everything."""
        del check
        return Passed()
