"""CoolingRules that can be: times that are the same for every request, that come to something, and that end."""

from collections.abc import Iterator
from typing import Final

from voxplan.engine.checks.finding import Finding, error
from voxplan.engine.documents.tree import Path
from voxplan.engine.language.spec import CoolingRules, Spec
from voxplan.engine.terms.quantity import Span, print_span
from voxplan.engine.terms.spelling import quoted

LONGEST_COOLING: Final = Span(86_400_000)
"""A deployment that nobody should call for longer than a day has no place in a spec."""


def check_cooling(spec: Spec) -> Iterator[Finding]:
    """That of all deployments, and that of each which has its own."""
    yield from _cooling(("cooling",), spec.cooling)
    for name, deployment in spec.deployments.items():
        if deployment.cooling is not None:
            yield from _cooling(("deployments", name, "cooling"), deployment.cooling)


def _cooling(path: Path, cooling: CoolingRules) -> Iterator[Finding]:
    for key, span in (("first", cooling.first), ("longest", cooling.longest)):
        if span is None:
            continue
        if span.depends_on_audio:
            yield error((*path, key), f"`{key}` holds between requests and cannot depend on `audio.seconds`")
        elif not 0 < span.base_ms <= LONGEST_COOLING.base_ms:
            most = quoted(print_span(LONGEST_COOLING))
            yield error((*path, key), f"expected more than 0 and at most {most}, got {quoted(print_span(span))}")
    if cooling.longest is not None and cooling.longest.base_ms < cooling.first.base_ms:
        yield error((*path, "longest"), "`longest` is shorter than `first`")
