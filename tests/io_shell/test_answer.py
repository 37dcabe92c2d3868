import pytest

from tests.plans import attempt, failure, plan_of, transcript
from voxplan.engine.plans.pricing import Cost
from voxplan.engine.runs.run import Ending, TrailEntry
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.io_shell.answer import Answer

KNOWN, ESTIMATED = Cost(5_000_000, estimated=False), Cost(4_000_000, estimated=True)


def call(deployment: str, cost: int | None, failed: AttemptFailure | None = None, ending: Ending | None = None) -> TrailEntry:
    """One call of a trail, which was accepted unless it failed."""
    return TrailEntry(
        attempt=1,
        node=f"r/{deployment}",
        deployment=deployment,
        number=1,
        started_ms=0,
        ended_ms=1,
        ending=ending or ("failed" if failed else "accepted"),
        failure=failed,
        cost=cost,
    )


def answer(*trail: TrailEntry, served_cost: Cost | None) -> Answer:
    """What `a` answered after this trail."""
    return Answer(
        transcript=transcript("hi"),
        served_by="a",
        attempts=trail,
        skipped=(),
        plan=plan_of(attempt("a")),
        seed=0,
        moment_ms=0,
        served_cost=served_cost,
    )


REFUSED, BROKEN = failure("unauthorized", charged="no"), failure("server_error", charged="maybe")
POOR = failure("poor_quality", charged="yes")


@pytest.mark.parametrize(
    ("trail", "served", "cost", "certainty"),
    [
        ((call("a", 6_000_000),), KNOWN, 0.005, "known"),
        ((call("a", None),), ESTIMATED, 0.004, "estimated"),
        ((call("a", None),), None, None, "unknown"),
        ((call("a", 0),), Cost(0, estimated=False), 0.0, "known"),
        ((call("b", 0, REFUSED), call("a", 6_000_000)), KNOWN, 0.005, "known"),
        ((call("b", 6_000_000, BROKEN), call("a", 6_000_000)), KNOWN, 0.011, "estimated"),
        ((call("b", 6_000_000, POOR), call("a", 6_000_000)), KNOWN, 0.011, "known"),
        ((call("b", None, BROKEN), call("a", 6_000_000)), KNOWN, None, "unknown"),
        ((call("a", 6_000_000), call("b", 1_000_000, ending="lost")), KNOWN, 0.006, "estimated"),
        ((call("a", 6_000_000, POOR), call("b", 0, REFUSED)), KNOWN, 0.005, "known"),
        ((call("a", 6_000_000, BROKEN), call("a", 6_000_000)), KNOWN, 0.011, "estimated"),
    ],
)
def test_what_a_run_cost(trail: tuple[TrailEntry, ...], served: Cost | None, cost: float | None, certainty: str) -> None:
    """The call that served by what was counted, the others at most; unknown as soon as one of them is, never 0."""
    found = answer(*trail, served_cost=served)
    assert found.cost == (None if cost is None else pytest.approx(cost))
    assert found.cost_certainty == certainty


def test_what_is_not_counted_costs_at_most_what_it_may() -> None:
    """Where nobody says what the call that served came to, its price does."""
    found = answer(call("a", 6_000_000), served_cost=None)
    assert (found.cost, found.cost_certainty) == (0.006, "known")
