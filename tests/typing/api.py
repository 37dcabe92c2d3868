"""Ways to use voxplan that must satisfy a type checker. Only read by mypy, from an installed wheel; never run."""

from typing import assert_type

from returns.result import Failure, Success

import voxplan
from voxplan.engine.failure import KINDS, AttemptFailure, FailureKind, worst
from voxplan.engine.plan import Attempt, First, Node, Plan, attempts, digest
from voxplan.engine.quantity import Span, milliseconds, parse_span


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
        case First():
            return node.node


def describe(plan: Plan) -> tuple[str, list[str]]:
    return digest(plan), [attempt.deployment for attempt in attempts(plan.root)]


def blame(failures: list[AttemptFailure]) -> str:
    kind = worst(tuple(failure.kind for failure in failures))
    assert_type(kind, FailureKind)
    return KINDS[kind].meaning


assert_type(milliseconds(Span(5000), None), int | None)
