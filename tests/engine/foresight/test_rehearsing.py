import pytest
from msgspec.structs import replace

from tests.making import attempt, first, plan_of, planned, use
from voxplan.engine.foresight.rehearsing import Reply, World, rehearse
from voxplan.engine.language.spec import Backoff, Race, Retry, RouteNode
from voxplan.engine.plans.plan import GuardrailStep
from voxplan.engine.runs.run import Blocked, Broke, Passed, Served, Unserved
from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.quantity import Span
from voxplan.engine.terms.transcript import Transcript

OK = Reply(after_ms=100, text="hello")


def called(world: World, *deployments: str) -> list[tuple[str, int, int]]:
    """The calls of a plain list in a world: whom, from when, until when."""
    run = rehearse(plan_of(first(*map(attempt, deployments))), world).run
    return [(entry.deployment, entry.started_ms, entry.ended_ms) for entry in run.trail]


def test_an_answer_ends_it() -> None:
    """The transcript is the scripted text, and the run ends when it comes."""
    came = rehearse(plan_of(attempt("a")), World(otherwise=OK), 5000)
    assert came.ended == Served(attempt=1, transcript=Transcript(text="hello"))
    assert came.ended_ms == 5100


def test_what_hangs_ends_at_its_timeout() -> None:
    """Then the next one starts; a reply that would come later hangs as well."""
    world = World(replies={"a": (Reply(result="hangs"),), "b": (Reply(after_ms=1001),)}, otherwise=OK)
    assert called(world, "a", "b", "c") == [("a", 0, 1000), ("b", 1000, 2000), ("c", 2000, 2100)]


def test_an_answer_at_the_last_moment_counts() -> None:
    """At its `until` an answer is in time."""
    assert isinstance(rehearse(plan_of(attempt("a")), World(otherwise=Reply(after_ms=1000))).ended, Served)


def test_the_last_reply_repeats() -> None:
    """One call more than is scripted comes to what the last one came to."""
    busy = Reply(result="overloaded")
    root = RouteNode(use="a", retry=Retry(times=3, backoff=Backoff(base=Span(0), cap=Span(0))))
    made = planned(root, "a")
    came = rehearse(made, World(replies={"a": (Reply(result="server_error"), busy)}))
    kinds = [entry.failure.kind for entry in came.run.trail if entry.failure]
    assert kinds == ["server_error", "overloaded", "overloaded", "overloaded"]
    assert came.ended == Unserved(kind="overloaded")


def test_arms_of_a_race_overlap() -> None:
    """The second arm starts while the first is under way, and wins."""
    made = planned(RouteNode(race=Race(among=(use("a"), use("b")), stagger=Span(300))), "a", "b")
    came = rehearse(made, World(replies={"a": (Reply(result="hangs"),)}, otherwise=OK))
    ended = {entry.deployment: (entry.started_ms, entry.ending) for entry in came.run.trail}
    assert ended == {"a": (0, "lost"), "b": (300, "accepted")}
    assert came.ended_ms == 400


@pytest.mark.parametrize(
    ("verdict", "ended"),
    [
        (Passed(transcript=Transcript(text="…")), Served(attempt=1, transcript=Transcript(text="…"))),
        (Blocked(why="card"), Unserved(kind="blocked", guardrail="cards", why="card")),
        (Broke(why="down"), Unserved(kind="blocked", guardrail="cards", why="down", broke=True)),
    ],
)
def test_guardrails_say_what_is_scripted(verdict: Passed | Blocked | Broke, ended: Served | Unserved) -> None:
    """Their verdict comes at once and is what the run goes by."""
    step = GuardrailStep(name="cards", kind="custom", timeout_ms=1000)
    root = replace(attempt("a"), guardrails=(step,))
    assert rehearse(plan_of(root), World(verdicts={"cards": verdict}, otherwise=OK)).ended == ended


@pytest.mark.parametrize(("kind", "calls"), [("not_connected", 2), ("rate_limited", 2), ("server_error", 1), ("timed_out", 1)])
def test_failures_are_as_certain_as_those_of_adapters(kind: FailureKind, calls: int) -> None:
    """Under `if_uncharged` only what is certainly not charged leads on."""
    made = planned(RouteNode(first=(use("a"), use("b")), replay="if_uncharged"), "a", "b")
    came = rehearse(made, World(replies={"a": (Reply(result=kind),)}, otherwise=OK))
    assert len(came.run.trail) == calls


def test_everything_that_happened_is_told_in_order() -> None:
    """Commands and events with their moments; the last one ends the run."""
    came = rehearse(plan_of(attempt("a")), World(otherwise=OK), 7)
    assert [(each.at_ms, type(each.what).__name__) for each in came.happenings] == [
        (7, "Send"),
        (107, "Answered"),
        (107, "Observe"),
        (107, "Finish"),
    ]
