"""Policy tests, run: each request is planned and rehearsed in its scripted world, for every seed, and held to what is expected.

An expectation must hold whatever chance decides, so one that holds only for some seeds is not met. Every deployment is well when
the request comes, and nothing is denied. A request without a time comes at noon.
"""

from collections.abc import Iterator
from typing import Final

import msgspec
from returns.result import Success

from voxplan.engine.foresight.rehearsing import Rehearsal, Reply, World, rehearse
from voxplan.engine.language.policy import PolicyExpectation, PolicyRequest, PolicyTest, Scripted
from voxplan.engine.observed.view import EMPTY_VIEW
from voxplan.engine.plans.plan import Refusal
from voxplan.engine.plans.planning import plan
from voxplan.engine.plans.router import Router
from voxplan.engine.runs.run import Served
from voxplan.engine.terms.amounts import print_money
from voxplan.engine.terms.quantity import Money, milliseconds, print_span
from voxplan.engine.terms.request import AudioFacts, KnownSpeaker, Options, Request
from voxplan.engine.terms.spelling import listed, quoted

__all__ = ("SEEDS", "Tested", "Unmet", "moment_of", "request_of", "run_policy_test", "world_of")

SEEDS: Final = tuple(range(20))
"""Always the same, so that a test that passes passes again. What happens to a fifth of all requests is among them with 99 %."""

_MIDNIGHT_MS: Final = 1_767_225_600_000  # 2026-01-01, a Thursday, UTC
_NOON: Final = 12 * 60
_MINUTE_MS: Final = 60_000
_ANSWER_MS: Final = 1000


class Unmet(msgspec.Struct, frozen=True, kw_only=True):
    """An expectation that did not hold, in one line, and for which seeds."""

    why: str
    seeds: tuple[int, ...]

    def __str__(self) -> str:
        """The line, with the seeds where not all are meant."""
        if self.seeds == SEEDS:
            return self.why
        if len(self.seeds) == 1:
            return f"{self.why} (seed {self.seeds[0]})"
        return f"{self.why} (seed {self.seeds[0]} and {len(self.seeds) - 1} more of {len(SEEDS)})"


class Tested(msgspec.Struct, frozen=True, kw_only=True):
    """One policy test that has been run; it passed if nothing is `unmet`."""

    name: str
    unmet: tuple[Unmet, ...]

    @property
    def passed(self) -> bool:
        """Whether all that was expected held for every seed."""
        return not self.unmet


def run_policy_test(router: Router, test: PolicyTest) -> Tested:
    """Hold the router to `test`."""
    seeds: dict[str, list[int]] = {}
    for seed in SEEDS:
        for why in _judged(test.expect, _rehearsed(router, test, seed), test.request):
            seeds.setdefault(why, []).append(seed)
    return Tested(name=test.name, unmet=tuple(Unmet(why=why, seeds=tuple(found)) for why, found in seeds.items()))


def _rehearsed(router: Router, test: PolicyTest, seed: int) -> Rehearsal | Refusal:
    request, moment_ms = request_of(router, test.request), moment_of(test.request)
    made = plan(router, request, EMPTY_VIEW, moment_ms, seed)
    return rehearse(made.unwrap(), world_of(test), moment_ms) if isinstance(made, Success) else made.failure()


def request_of(router: Router, written: PolicyRequest) -> Request:
    """The request that an author describes; without a route it asks for the only one there is."""
    deadline = written.deadline
    return Request(
        route=written.route or next(iter(router.routes)),
        audio=AudioFacts(
            bytes=written.audio_bytes,
            seconds=written.audio_seconds,
            format=written.audio_format,
            channels=written.audio_channels,
        ),
        options=_options(written),
        user=written.user,
        key=written.key,
        key_tags=written.key_tags,
        key_budget_left=None if written.key_budget_left is None else written.key_budget_left.nano,
        tags=written.tags,
        metadata=tuple(sorted(written.metadata.items())),
        fallbacks=written.fallbacks,
        deadline_ms=None if deadline is None else milliseconds(deadline, written.audio_seconds),
        retries=written.retries,
    )


def _options(written: PolicyRequest) -> Options:
    return Options(
        language=written.language,
        languages=written.languages,
        prompt=written.prompt,
        keywords=written.keywords,
        temperature=written.temperature,
        response_format=written.response_format,
        timestamps=written.timestamps,
        translate=written.translate,
        diarize=written.diarize,
        known_speakers=tuple(KnownSpeaker(name=name, reference="") for name in written.known_speakers),
        logprobs=written.logprobs,
        chunking_strategy=written.chunking_strategy,
        stream=written.stream,
    )


def moment_of(written: PolicyRequest) -> int:
    """When the request comes."""
    return _MIDNIGHT_MS + (_NOON if written.time is None else written.time.minutes) * _MINUTE_MS


def world_of(test: PolicyTest) -> World:
    """The world of a test: what is not named answers after a second, and the last thing that is scripted repeats."""
    seconds = test.request.audio_seconds
    replies = {name: tuple(_reply(each, seconds) for each in script) for name, script in test.world.items()}
    return World(replies=replies, otherwise=Reply(after_ms=_ANSWER_MS))


def _reply(written: Scripted, seconds: float | None) -> Reply:
    after_ms, retry_after = milliseconds(written.after, seconds), written.retry_after
    return Reply(
        result=written.result,
        after_ms=written.after.base_ms if after_ms is None else after_ms,
        text=written.text,
        retry_after_ms=None if retry_after is None else milliseconds(retry_after, seconds),
    )


def _judged(expect: PolicyExpectation, came: Rehearsal | Refusal, request: PolicyRequest) -> Iterator[str]:
    """One line for each expectation that does not hold."""
    called = () if isinstance(came, Refusal) else _called(came)
    if expect.attempts is not None and called != expect.attempts:
        yield f"expected attempts {_order(expect.attempts)}, got {_order(called)}"
    ending = _ending(came)
    if expect.served_by is not None and ending != f"served by {quoted(expect.served_by)}":
        yield f"expected to be served by {quoted(expect.served_by)}, got {ending}"
    if expect.failure is not None and ending != _failure(expect.failure):
        yield f"expected {_failure(expect.failure)}, got {ending}"
    for name in expect.never:
        if name in called:
            yield f"expected never to call {quoted(name)}, got attempts {_order(called)}"
    if isinstance(came, Rehearsal):
        yield from _measured(expect, came, request)


def _measured(expect: PolicyExpectation, came: Rehearsal, request: PolicyRequest) -> Iterator[str]:
    took_ms = came.ended_ms - came.run.started_ms
    longest_ms = None if expect.within is None else milliseconds(expect.within, request.audio_seconds)
    if expect.within is not None and longest_ms is None:
        yield f"expected an end within {quoted(print_span(expect.within))}, and the test gives no `audio.seconds`"
    elif longest_ms is not None and took_ms > longest_ms:
        yield f"expected an end within {longest_ms} ms, got one after {took_ms} ms"
    if expect.costs_at_most is None:
        return
    costs = [entry.cost for entry in came.run.trail]
    known = [cost for cost in costs if cost is not None]
    if len(known) < len(costs):
        unpriced = (entry.deployment for entry in came.run.trail if entry.cost is None)
        yield f"expected a cost, and nobody knows the price of {listed(dict.fromkeys(unpriced))}"
    elif sum(known) > expect.costs_at_most.nano:
        yield f"expected a cost of at most {print_money(expect.costs_at_most)}, got {print_money(Money(sum(known)))}"


def _called(came: Rehearsal) -> tuple[str, ...]:
    """The deployments called, in order of start."""
    return tuple(entry.deployment for entry in sorted(came.run.trail, key=lambda entry: entry.attempt))


def _ending(came: Rehearsal | Refusal) -> str:
    if isinstance(came, Refusal):
        return _failure("refused")
    if isinstance(came.ended, Served):
        served = came.ended.attempt
        return next(f"served by {quoted(entry.deployment)}" for entry in came.run.trail if entry.attempt == served)
    return "no attempt that could start" if came.ended.kind is None else _failure(came.ended.kind)


def _failure(kind: str) -> str:
    return "no plan (`refused`)" if kind == "refused" else f"the failure {quoted(kind)}"


def _order(names: tuple[str, ...]) -> str:
    return f"[{', '.join(names)}]"
