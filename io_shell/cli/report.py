"""What became of one file, as one JSON object for programs. Every key is always there; what is not known is null."""

import os

import msgspec

from voxplan.engine.plans.plan import Plan, digest
from voxplan.engine.runs.run import Skipped, TrailEntry
from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.request import Option
from voxplan.engine.terms.transcript import Segment, TokenLogprob, Usage, Word
from voxplan.io_shell.answer import Answer, CostCertainty
from voxplan.io_shell.errors import ProviderError, VoxplanError, exit_code

__all__ = ("FileReport", "PlanName", "Problem", "failed", "served")


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no transcript: the exception by blame, and for a failed run its failure kind."""

    error: str
    message: str
    exit_code: int
    kind: FailureKind | None = None
    retry_after_ms: int | None = None


class PlanName(msgspec.Struct, frozen=True, kw_only=True):
    """Which plan was carried out; `voxplan plan` shows it again, given `seed` and `moment_ms`."""

    route: str
    digest: str
    spec_digest: str
    seed: int | None = None
    moment_ms: int | None = None


class FileReport(msgspec.Struct, frozen=True, kw_only=True):
    """One file. `output` is where the transcript was written; `poor` that it failed its gates and was the best there was.

    `dropped` and `emulated` are options that the deployment cannot do; `cost` what all calls cost, in US dollars, and
    `cost_certainty` whether that is known.
    """

    file: str
    text: str | None = None
    language: str | None = None
    seconds: float | None = None
    segments: tuple[Segment, ...] | None = None
    words: tuple[Word, ...] | None = None
    logprobs: tuple[TokenLogprob, ...] | None = None
    usage: Usage | None = None
    served_by: str | None = None
    poor: bool = False
    dropped: tuple[Option, ...] = ()
    emulated: tuple[Option, ...] = ()
    cost: float | None = None
    cost_certainty: CostCertainty = "unknown"
    attempts: tuple[TrailEntry, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    plan: PlanName | None = None
    output: str | None = None
    error: Problem | None = None


def served(file: str, answer: Answer, output: str | None) -> FileReport:
    """The report of a file with a transcript."""
    heard = answer.transcript
    return FileReport(
        file=_readable(file),
        text=heard.text,
        language=heard.language,
        seconds=heard.seconds,
        segments=heard.segments,
        words=heard.words,
        logprobs=heard.logprobs,
        usage=heard.usage,
        served_by=answer.served_by,
        poor=answer.poor,
        dropped=answer.dropped,
        emulated=answer.emulated,
        cost=answer.cost,
        cost_certainty=answer.cost_certainty,
        attempts=answer.attempts,
        skipped=answer.skipped,
        plan=_named(answer.plan, answer.seed, answer.moment_ms),
        output=None if output is None else _readable(output),
    )


def failed(file: str, error: VoxplanError) -> FileReport:
    """The report of a file without one."""
    ran = error if isinstance(error, ProviderError) else ProviderError("")
    problem = Problem(
        error=type(error).__name__,
        message=_readable(str(error)),
        exit_code=exit_code(error),
        kind=ran.kind,
        retry_after_ms=ran.retry_after_ms,
    )
    plan = None if ran.plan is None else _named(ran.plan, None, None)
    return FileReport(file=_readable(file), attempts=ran.attempts, skipped=ran.skipped, plan=plan, error=problem)


def _named(plan: Plan, seed: int | None, moment_ms: int | None) -> PlanName:
    return PlanName(route=plan.route, digest=digest(plan), spec_digest=plan.spec_digest, seed=seed, moment_ms=moment_ms)


def _readable(name: str) -> str:
    """A file name may hold bytes that are no text, which JSON cannot say."""
    return os.fsencode(name).decode("utf-8", "replace")
