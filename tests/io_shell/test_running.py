import logging

import anyio
import pytest
from returns.result import Failure, Success

from tests.making import CATALOG, attempt, failure, first, plan_of, spec, use
from voxplan.engine.compiling import compile_checked
from voxplan.engine.plan import Node
from voxplan.engine.run import Cancel, Finish, Observe, Send
from voxplan.engine.transcript import Transcript
from voxplan.io_shell.clock import LoopClock
from voxplan.io_shell.keeper import Keeper
from voxplan.io_shell.running import Happened, Outcome, Ran, run_plan

pytestmark = pytest.mark.anyio


def keeper() -> Keeper:
    """A keeper that knows deployments a and b."""
    return Keeper(compile_checked(spec({"r": use("a"), "s": use("b")}, "a", "b"), CATALOG))


class Provider:
    """Deployment `a` fails, hangs or raises as told; `b` answers."""

    def __init__(self, a: str = "fail") -> None:
        self.a = a
        self.called: list[str] = []

    async def __call__(self, send: Send) -> Outcome:
        """Do as told."""
        self.called.append(send.deployment)
        if send.deployment == "b":
            return Success(Transcript(text="from b"))
        if self.a == "hang":
            await anyio.sleep_forever()
        if self.a == "raise":
            raise ValueError("a secret value")
        return Failure(failure("server_error"))


async def run(root: Node, provider: Provider, *, watch: list[Happened] | None = None, kept: Keeper | None = None) -> Ran:
    """Run a plan of this root."""
    observers = () if watch is None else (watch.append,)
    return await run_plan(plan_of(root), provider, kept or keeper(), LoopClock(0), observers)


A_THEN_B = first(attempt("a", timeout_ms=50), attempt("b"))


async def test_the_run_returns_the_transcript_that_it_serves() -> None:
    """With the run and how it finished."""
    ran = await run(A_THEN_B, Provider())
    assert ran.transcript == Transcript(text="from b")
    assert (ran.finish, [entry.deployment for entry in ran.run.trail]) == (Finish(served=2), ["a", "b"])


async def test_a_call_that_hangs_is_stopped_at_its_until() -> None:
    """And nothing of it remains."""
    ran = await run(A_THEN_B, Provider("hang"))
    failed = ran.run.trail[0].failure
    assert failed is not None
    assert (failed.kind, ran.run.trail[0].ended_ms) == ("timed_out", 50)
    assert ran.transcript is not None


async def test_an_adapter_that_raises_is_blamed_by_name(caplog: pytest.LogCaptureFixture) -> None:
    """The failure names the kind of fault, not its text, which might hold anything."""
    caplog.set_level(logging.CRITICAL, "voxplan")
    ran = await run(A_THEN_B, Provider("raise"))
    failed = ran.run.trail[0].failure
    assert failed is not None
    assert (failed.kind, failed.reason) == ("adapter_bug", "ValueError in the adapter of `a`")
    assert ran.transcript is not None


async def test_a_denied_call_is_never_made() -> None:
    """Admission is asked before the performer."""

    class Full(Keeper):
        def admit(self, send: Send, moment_ms: int) -> str | None:
            return "full" if send.deployment == "a" else super().admit(send, moment_ms)

    provider = Provider()
    ran = await run(A_THEN_B, provider, kept=Full(compile_checked(spec({"r": use("b")}, "b"), CATALOG)))
    assert provider.called == ["b"]
    assert [entry.detail for entry in ran.run.skipped] == ["full"]


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
    assert ran.transcript is not None
    assert "an observer of the run raised" in caplog.text


async def test_every_call_is_observed_once() -> None:
    """As many observations as entries in the trail."""
    watch = list[Happened]()
    ran = await run(A_THEN_B, Provider(), watch=watch)
    observed = [each.what.attempt for each in watch if isinstance(each.what, Observe)]
    assert observed == [entry.attempt for entry in ran.run.trail]
