import logging

import anyio
import pytest
from returns.result import Failure, Success

from tests.making import CATALOG, attempt, failure, first, guardrail, plan_of, race, spec, use
from tests.virtual_time import Backend, run_virtually
from voxplan.engine.plans.compiling import compile_checked
from voxplan.engine.plans.plan import Node, Plan
from voxplan.engine.runs.run import (
    Blocked,
    Broke,
    Cancel,
    Check,
    Checked,
    Delta,
    Denied,
    Failed,
    Finish,
    Observe,
    Passed,
    Release,
    Send,
    Served,
    Unserved,
    Verdict,
)
from voxplan.engine.terms.transcript import Transcript
from voxplan.io_shell.clock import LoopClock
from voxplan.io_shell.keeper import Keeper
from voxplan.io_shell.running import CallOutcome, Happened, Ran, Tell, run_plan

pytestmark = pytest.mark.anyio

NAMES = ("a", "b", "c")


def keeper() -> Keeper:
    """A keeper that knows deployments a, b and c."""
    return Keeper(compile_checked(spec({f"r-{name}": use(name) for name in NAMES}, *NAMES), CATALOG))


class Provider:
    """Each deployment fails, hangs, raises, streams or answers after so many milliseconds, as told; by default it answers."""

    def __init__(self, a: str | int = "fail", b: str | int = 0, c: str | int = 0) -> None:
        self.told = {"a": a, "b": b, "c": c}
        self.called: list[str] = []
        self.under_way = 0

    async def __call__(self, send: Send, tell: Tell) -> CallOutcome:
        """Do as told."""
        self.called.append(send.deployment)
        self.under_way += 1
        try:
            return await self._act(self.told[send.deployment], send, tell)
        finally:
            self.under_way -= 1

    async def _act(self, told: str | int, send: Send, tell: Tell) -> CallOutcome:
        if isinstance(told, int):
            await anyio.sleep(told / 1000)
            return Success(Transcript(text=f"from {send.deployment}"))
        if told == "raise":
            raise ValueError("a secret value")
        if told == "stream":
            tell()
            tell()
            await anyio.sleep(0.05)
            return Success(Transcript(text="in pieces"))
        if told == "hang":
            await anyio.sleep_forever()
        return Failure(failure("server_error"))


async def run(root: Node | Plan, provider: Provider, *, watch: list[Happened] | None = None, kept: Keeper | None = None) -> Ran:
    """Run a plan, or one of this root."""
    observers = () if watch is None else (watch.append,)
    plan = root if isinstance(root, Plan) else plan_of(root)
    return await run_plan(plan, provider, kept or keeper(), LoopClock(0), observers)


def served(ran: Ran) -> str:
    """The text that a run serves, which it must."""
    assert isinstance(ran.ended, Served), ran.ended
    return ran.ended.transcript.text


A_THEN_B = first(attempt("a", timeout_ms=50), attempt("b"))


async def test_the_run_returns_the_transcript_that_it_serves() -> None:
    """With the run and how it ended."""
    ran = await run(A_THEN_B, Provider())
    assert ran.ended == Served(attempt=2, transcript=Transcript(text="from b"))
    assert [entry.deployment for entry in ran.run.trail] == ["a", "b"]


async def test_a_call_that_hangs_is_stopped_at_its_until() -> None:
    """And nothing of it remains."""
    ran = await run(A_THEN_B, Provider("hang"))
    failed = ran.run.trail[0].failure
    assert failed is not None
    assert (failed.kind, ran.run.trail[0].ended_ms) == ("timed_out", 50)
    assert served(ran) == "from b"


async def test_an_adapter_that_raises_is_blamed_by_name(caplog: pytest.LogCaptureFixture) -> None:
    """The failure names the kind of fault, not its text, which might hold anything."""
    caplog.set_level(logging.CRITICAL, "voxplan")
    ran = await run(A_THEN_B, Provider("raise"))
    failed = ran.run.trail[0].failure
    assert failed is not None
    assert (failed.kind, failed.reason) == ("adapter_bug", "ValueError in the adapter of `a`")
    assert served(ran) == "from b"


class Full(Keeper):
    """Denies `a`, and whatever else it is told to."""

    full = frozenset({"a"})

    def admit(self, send: Send, moment_ms: int) -> str | None:
        """Full is full."""
        return "full" if send.deployment in self.full else super().admit(send, moment_ms)


async def test_a_denied_call_is_never_made() -> None:
    """Admission is asked before the performer."""
    provider = Provider()
    ran = await run(A_THEN_B, provider, kept=Full(compile_checked(spec({"r": use("b")}, "b"), CATALOG)))
    assert provider.called == ["b"]
    assert [entry.detail for entry in ran.run.skipped] == ["full"]


def test_a_denial_is_answered_before_anything_else_happens() -> None:
    """Two arms end at one instant: what follows from the first, a call that is denied, comes before the second."""
    kept = Full(compile_checked(spec({"r": use("b")}, *NAMES), CATALOG))
    arms = race(first(attempt("b"), attempt("a"), node="r/1"), attempt("c"), stagger_ms=10)

    async def main() -> list[Happened]:
        watch = list[Happened]()

        async def perform(send: Send, tell: Tell) -> CallOutcome:
            del tell
            await anyio.sleep(0.05 - send.at_ms / 1000)
            return Failure(failure("server_error"))

        await run_plan(plan_of(arms), perform, kept, LoopClock(0), (watch.append,))
        return watch

    for backend in ("asyncio", "trio"):
        events = [each for each in run_virtually(backend, main) if isinstance(each.what, Failed | Denied)]
        assert [each.moment_ms for each in events] == [50, 50, 50]
        assert [type(each.what) for each in events] == [Failed, Denied, Failed]


async def test_cancelled_from_outside_it_observes_what_was_out() -> None:
    """The slot is free again, and health has not changed."""
    kept, watch = keeper(), list[Happened]()
    with anyio.move_on_after(0.02) as scope:
        await run(attempt("a", timeout_ms=60_000), Provider("hang"), watch=watch, kept=kept)
    assert scope.cancelled_caught
    assert (kept.view.of("a").load.in_flight, kept.view.of("a").failures) == (0, 0)
    assert [type(each.what) for each in watch[-3:]] == [Cancel, Observe, Finish]


async def test_an_observer_that_raises_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged."""

    def broken(_: Happened) -> None:
        raise RuntimeError("observer")

    ran = await run_plan(plan_of(A_THEN_B), Provider(), keeper(), LoopClock(0), (broken,))
    assert served(ran) == "from b"
    assert "an observer of the run raised" in caplog.text


async def test_every_call_is_observed_once() -> None:
    """As many observations as entries in the trail."""
    watch = list[Happened]()
    ran = await run(A_THEN_B, Provider(), watch=watch)
    observed = [each.what.attempt for each in watch if isinstance(each.what, Observe)]
    assert observed == [entry.attempt for entry in ran.run.trail]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_arms_overlap_and_the_loser_is_stopped_at_once(backend: Backend) -> None:
    """The second arm starts beside the first, and wins; the run is over when it does."""
    provider, clocks = Provider("hang", 30), list[LoopClock]()
    kept = keeper()

    async def main() -> Ran:
        clocks.append(LoopClock(0))
        arms = race(attempt("a", timeout_ms=60_000), attempt("b"), stagger_ms=100)
        ran = await run_plan(plan_of(arms), provider, kept, clocks[0])
        assert clocks[0].now_ms() == 130
        return ran

    ran = run_virtually(backend, main)
    assert (served(ran), provider.under_way) == ("from b", 0)
    ended = {entry.deployment: (entry.ending, entry.cause, entry.started_ms, entry.ended_ms) for entry in ran.run.trail}
    assert ended == {"a": ("lost", "first", 0, 130), "b": ("accepted", "hedge", 100, 130)}
    assert (kept.view.of("a").load.in_flight, kept.view.of("a").failures) == (0, 0)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_of_answers_at_one_instant_the_earlier_call_wins(backend: Backend) -> None:
    """Whoever speaks first."""
    arms = race(attempt("a"), attempt("b"), attempt("c"), stagger_ms=10)

    async def main() -> Ran:
        return await run(arms, Provider(30, 20, 10))

    assert served(run_virtually(backend, main)) == "from a"


async def test_a_simulated_failure_calls_nobody() -> None:
    """It asks no admission, takes no time, and was not sent."""

    class Untouched(Keeper):
        def admit(self, send: Send, moment_ms: int) -> str | None:
            assert send.deployment != "a"
            return super().admit(send, moment_ms)

    provider, kept = Provider(), Untouched(compile_checked(spec({"r": use("b")}, *NAMES), CATALOG))
    ran = await run(first(attempt("a", simulated="rate_limited"), attempt("b")), provider, kept=kept)
    (entry, _), failed = ran.run.trail, ran.run.trail[0].failure
    assert failed is not None
    assert (provider.called, served(ran)) == (["b"], "from b")
    assert (failed.kind, failed.reason, failed.sent, failed.charged) == ("rate_limited", "simulated", "no", "no")
    assert entry.started_ms == entry.ended_ms
    assert kept.view.of("a").circuit == "closed"


async def test_the_first_text_of_a_stream_commits_the_run() -> None:
    """One delta is an event, however many come; the release is for whoever watches."""
    watch = list[Happened]()
    ran = await run(plan_of(attempt("a"), streams=True), Provider("stream"), watch=watch)
    assert served(ran) == "in pieces"
    told = [each.what for each in watch if isinstance(each.what, Delta | Release)]
    assert told == [Delta(attempt=1), Release(attempt=1)]


CHECKED = attempt("b", guardrails=(guardrail("polite", timeout_ms=40),))


async def judged(judge: object, plan: Plan | None = None, watch: list[Happened] | None = None) -> Ran:
    """The run of an answer that this judge checks."""
    observers = () if watch is None else (watch.append,)
    return await run_plan(plan or plan_of(CHECKED), Provider(), keeper(), LoopClock(0), observers, judge)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def test_what_is_returned_is_what_the_last_guardrail_approved() -> None:
    """Not what the provider said (law G5)."""

    async def polite(check: Check) -> Verdict:
        assert check.transcript == Transcript(text="from b")
        return Passed(transcript=Transcript(text="from b, please"))

    assert served(await judged(polite)) == "from b, please"


async def test_a_guardrail_that_blocks_ends_the_run() -> None:
    """With its name and its reason."""

    async def stern(_: Check) -> Verdict:
        return Blocked("rude")

    assert (await judged(stern)).ended == Unserved(kind="blocked", guardrail="polite", why="rude")


async def test_a_guardrail_that_takes_too_long_broke() -> None:
    """It is stopped at its time, and its run is over (law G4)."""

    async def slow(_: Check) -> Verdict:
        await anyio.sleep_forever()
        raise AssertionError

    assert (await judged(slow)).ended == Unserved(kind="blocked", guardrail="polite", why="no verdict within 40 ms", broke=True)


async def test_a_guardrail_that_raises_broke(caplog: pytest.LogCaptureFixture) -> None:
    """Only the kind of fault is told, to the caller and to the log: its text may hold what was said."""
    watch = list[Happened]()

    async def broken(check: Check) -> Verdict:
        assert check.transcript is not None
        raise ValueError(check.transcript.text)

    ran = await judged(broken, watch=watch)
    assert ran.ended == Unserved(kind="blocked", guardrail="polite", why="ValueError in the guardrail", broke=True)
    assert [each.what for each in watch if isinstance(each.what, Checked)] == [
        Checked(check=1, verdict=Broke(why="ValueError in the guardrail"))
    ]
    assert "the guardrail `polite` raised ValueError" in caplog.text
    assert "from b" not in caplog.text


async def test_cancelled_while_a_guardrail_judges_nothing_goes_on() -> None:
    """The check is stopped, and the run ends as cancelled."""
    watch, judging = list[Happened](), list[str]()

    async def slow(_: Check) -> Verdict:
        judging.append("begun")
        try:
            await anyio.sleep_forever()
        finally:
            judging.append("stopped")
        raise AssertionError

    with anyio.move_on_after(0.02) as scope:
        await judged(slow, plan_of(attempt("b", guardrails=(guardrail("polite", timeout_ms=60_000),))), watch)
    assert (scope.cancelled_caught, judging) == (True, ["begun", "stopped"])
    assert watch[-1].what == Finish(ended=Unserved(kind="cancelled"))
