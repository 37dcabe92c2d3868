"""Mistakes that a type checker must report, each at the line that says so; if it does not, the types did not arrive."""

from voxplan.engine.terms.failure import AttemptFailure, worst
from voxplan.engine.plans.plan import Plan
from voxplan.engine.terms.quantity import Span, milliseconds, parse_span

AttemptFailure(kind="exploded", reason="no such kind")  # expect: arg-type
AttemptFailure(kind="timed_out")  # expect: call-arg
worst(["timed_out"])  # expect: arg-type
milliseconds(Span(5000), None) + 1  # expect: operator
parse_span(b"5s")  # expect: arg-type


def rename(plan: Plan) -> None:
    plan.route = "another"  # expect: misc
