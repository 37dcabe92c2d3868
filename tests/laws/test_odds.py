"""Law Q4: however the probability of success is found, it is the same."""

import math
from fractions import Fraction
from itertools import islice
from random import Random
from typing import Final, Literal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from returns.result import Success

from tests.laws.named_routes import named_route, router_of, spec_of, timed_route
from tests.laws.shell import Scripted, run_in
from tests.laws.worlds import Call, World
from tests.random_specs import DEPLOYMENTS
from tests.virtual_time import BACKENDS, Backend, run_virtually
from voxplan.engine.foresight.reckoning import Chances, Way, reckon, ways
from voxplan.engine.foresight.rehearsing import Reply, rehearse
from voxplan.engine.observed.view import EMPTY_VIEW
from voxplan.engine.plans.plan import Plan
from voxplan.engine.plans.planning import plan
from voxplan.engine.runs.run import Check, Failed, Passed, Send, Served, TrailEntry, Verdict
from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.request import AudioFacts, Request

MOST_WAYS: Final = 300
RUNS: Final = 400
KINDS: Final[tuple[FailureKind, ...]] = ("server_error", "rate_limited", "not_connected", "invalid_request", "unauthorized")
RESULTS: Final[tuple[Literal["ok", "hangs"] | FailureKind, ...]] = ("ok", "ok", "hangs", *KINDS)
PARTS: Final = ((1,), (1, 1), (1, 2), (3, 1), (1, 1, 1))


class Drawn:
    """A script in which every call is drawn anew."""

    def __init__(self, given: dict[str, Chances], chance: Random) -> None:
        """Draw from `given` by `chance`."""
        self.given = given
        self.chance = chance

    def reply(self, send: Send) -> Reply:
        """One of the replies, as often as its probability says."""
        possible = self.given[send.deployment]
        return self.chance.choices([reply for reply, _ in possible], [float(share) for _, share in possible])[0]

    def verdict(self, check: Check) -> Verdict:
        """All pass."""
        del check
        return Passed()


def some_chances(chance: Random) -> Chances:
    """What calls to one deployment come to."""
    parts = chance.choice(PARTS)
    results = chance.sample(RESULTS, len(parts))
    replies = [
        Reply(result=result, after_ms=chance.choice((0, 200, 1500)), retry_after_ms=chance.choice((None, 100)))
        for result in results
    ]
    return tuple((reply, Fraction(part, sum(parts))) for reply, part in zip(replies, parts, strict=True))


@st.composite
def gambles(draw: st.DrawFn) -> tuple[Plan, dict[str, Chances]]:
    """A plan whose runs can go in a few hundred ways at most, and the chances of every deployment."""
    chance = draw(st.randoms(use_true_random=False))
    root = timed_route(chance, named_route(chance, ("first", "race", "balance"), depth=2))
    request = Request(route="main", audio=AudioFacts(seconds=10.0))
    made = plan(router_of(spec_of(root)), request, EMPTY_VIEW, 0, chance.getrandbits(32))
    assume(isinstance(made, Success))
    given_chances = {name: some_chances(chance) for name in DEPLOYMENTS}
    assume(len([*islice(ways(made.unwrap(), given_chances), MOST_WAYS + 1)]) <= MOST_WAYS)
    return made.unwrap(), given_chances


@given(gambles(), st.integers(0, 2**32))
def test_q4_simulation_and_enumeration_agree(gamble: tuple[Plan, dict[str, Chances]], seed: int) -> None:
    """Q4: all ways together have probability 1, and the share of simulated runs that serve is close to the exact one."""
    made, chances = gamble
    odds = reckon(made, chances)
    drawn = Drawn(chances, Random(seed))
    served = sum(isinstance(rehearse(made, drawn).ended, Served) for _ in range(RUNS))
    assert odds.seen == 1 == odds.served + sum(odds.failed.values())
    # Six standard deviations, and one run for where there are hardly any.
    assert abs(served - RUNS * odds.served) <= 1 + 6 * math.sqrt(RUNS * odds.served * (1 - odds.served))


@pytest.mark.parametrize("backend", BACKENDS)
@given(gambles())
def test_q4_real_runs_and_enumeration_agree(backend: Backend, gamble: tuple[Plan, dict[str, Chances]]) -> None:
    """Q4: each way that is enumerated is how the real loop goes in that world, so the probabilities are those of real runs."""
    made, chances = gamble
    every = [*ways(made, chances)]

    async def main() -> Fraction:
        served = Fraction(0)
        for way in every:
            ran, trace = await run_in(made, Scripted(world_of(way)))
            assert seen(ran.run.trail) == seen(way.rehearsal.run.trail)
            assert ran.run.skipped == way.rehearsal.run.skipped
            served += 0 if trace.served is None else way.probability
        return served

    assert run_virtually(backend, main) == reckon(made, chances).served


def seen(trail: tuple[TrailEntry, ...]) -> list[tuple[object, ...]]:
    """What an onlooker sees of each call; a rehearsal words reasons otherwise."""
    return [
        (each.node, each.number, each.started_ms, each.ended_ms, each.ending, each.failure and each.failure.kind)
        for each in trail
    ]


def world_of(way: Way) -> World:
    """The world in which a run goes that way."""
    happened = [each.what for each in way.rehearsal.happenings]
    sends = [what for what in happened if isinstance(what, Send)]
    failures = {what.attempt: what.failure for what in happened if isinstance(what, Failed)}
    calls: dict[tuple[str, int], Call] = {}
    for send, (_, reply) in zip(sends, way.replies, strict=True):
        call = Call(takes_ms=None if reply.result == "hangs" else reply.after_ms, text=reply.text)
        if reply.result != "ok" and reply.result != "hangs":  # noqa: PLR1714 - a type checker follows this
            call = call._replace(kind=reply.result, retry_after_ms=reply.retry_after_ms)
        if (failure := failures.get(send.attempt)) is not None:
            call = call._replace(sent=failure.sent, charged=failure.charged)
        calls[send.deployment, send.number] = call
    return World(calls)
