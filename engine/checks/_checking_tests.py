"""Policy tests that could pass: routes and deployments that exist, results that a call can have."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from voxplan.engine.checks.finding import Finding, error, warning
from voxplan.engine.documents._normal import given
from voxplan.engine.documents.tree import Path
from voxplan.engine.language.policy import PolicyExpectation, PolicyRequest, PolicyTest, Scripted
from voxplan.engine.language.spec import Spec
from voxplan.engine.terms.failure import KINDS
from voxplan.engine.terms.spelling import quoted, suggestion

_NO_CALL: Final = frozenset(kind for kind, rule in KINDS.items() if rule.fallback == "never")
"""Kinds in which runs end, but no call."""


_NEVER: Final[Mapping[str, str]] = {
    "blocked": "guardrails pass everything in a test",
    "cancelled": "nobody goes away in a test",
}


def check_tests(spec: Spec) -> Iterator[Finding]:
    """All tests."""
    seen: set[str] = set()
    for index, test in enumerate(spec.tests):
        path: Path = ("tests", index)
        if test.name in seen:
            yield warning((*path, "name"), f"another test has the name {quoted(test.name)}")
        seen.add(test.name)
        yield from _check_request((*path, "request"), test.request, spec)
        yield from _check_world((*path, "world"), test, spec)
        yield from _check_expectation((*path, "expect"), test.expect, spec)


def _check_request(path: Path, request: PolicyRequest, spec: Spec) -> Iterator[Finding]:
    if request.route is None and len(spec.routes) != 1:
        yield error(path, f"a test needs a `route`: the spec has {len(spec.routes)}")
    if request.route is not None and request.route not in spec.routes:
        yield error((*path, "route"), f"unknown route `{request.route}`{suggestion(request.route, spec.routes)}")
    yield from _unknown((*path, "fallbacks"), request.fallbacks, (*spec.deployments, *spec.routes))


def _check_world(path: Path, test: PolicyTest, spec: Spec) -> Iterator[Finding]:
    for name, calls in test.world.items():
        if name not in spec.deployments:
            yield error((*path, name), f"unknown deployment {quoted(name)}{suggestion(name, spec.deployments)}")
        if not calls:
            yield error((*path, name), f"{quoted(name)} is empty: expected at least one result")
        for index, call in enumerate(calls):
            yield from _check_call((*path, name, index), call)


def _check_call(path: Path, call: Scripted) -> Iterator[Finding]:
    if call.result in _NO_CALL:
        yield error((*path, "result"), f"no call comes to {quoted(call.result)}")


def _check_expectation(path: Path, expected: PolicyExpectation, spec: Spec) -> Iterator[Finding]:
    yield from _unknown((*path, "attempts"), expected.attempts or (), spec.deployments)
    yield from _unknown((*path, "never"), expected.never, spec.deployments)
    served = expected.served_by
    if served is not None and served not in spec.deployments:
        yield error((*path, "served_by"), f"unknown deployment {quoted(served)}{suggestion(served, spec.deployments)}")
    if served is not None and expected.failure is not None:
        yield error((*path, "failure"), "a run is either served or fails: `served_by` and `failure` cannot both hold")
    if why := _NEVER.get(expected.failure or ""):
        yield error((*path, "failure"), f"{quoted(expected.failure or '')} never comes of a test: {why}")
    if not given(expected):
        yield warning(path, "this test expects nothing")


def _unknown(path: Path, names: Iterable[str], known: Iterable[str]) -> Iterator[Finding]:
    there = frozenset(known)
    for index, name in enumerate(names):
        if name not in there:
            yield error((*path, index), f"unknown deployment {quoted(name)}{suggestion(name, there)}")
