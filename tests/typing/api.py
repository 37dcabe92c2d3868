"""Ways to use voxplan that must satisfy a type checker. Only read by mypy, from an installed wheel; never run."""

from typing import assert_type

from returns.result import Failure, Success

import voxplan
from voxplan.engine.terms.failure import KINDS, AttemptFailure, FailureKind, worst
from voxplan.engine.plans.plan import Attempt, First, Node, Plan, Race, attempts, digest
from voxplan.engine.terms.quantity import Span, milliseconds, parse_span


def version() -> str:
    return voxplan.__version__


def read_duration(text: str) -> Span | None:
    match parse_span(text):
        case Success(span):
            assert_type(span, Span)
            return span
        case Failure(message):
            assert_type(message, str)
            return None


def name_of(node: Node) -> str:
    match node:
        case Attempt():
            return node.deployment
        case First() | Race():
            return node.node


def describe(plan: Plan) -> tuple[str, list[str]]:
    return digest(plan), [attempt.deployment for attempt in attempts(plan.root)]


def blame(failures: list[AttemptFailure]) -> str:
    kind = worst(tuple(failure.kind for failure in failures))
    assert_type(kind, FailureKind)
    return KINDS[kind].meaning


async def polite(judged: voxplan.Judged) -> voxplan.Verdict:
    if judged.transcript is None:
        return voxplan.Blocked("no prompts here")
    return voxplan.Passed(transcript=voxplan.redact(judged.transcript, str.title))


async def serve(audio: bytes) -> str:
    async with voxplan.open("routing.yaml", guardrails={"polite": polite}) as vox:
        answer = await vox.transcribe(audio, fallbacks=["spare"], deadline="30s", simulate={"openai": "rate_limited"})
        assert_type(answer.cost, float | None)
        return answer.text


assert_type(milliseconds(Span(5000), None), int | None)
