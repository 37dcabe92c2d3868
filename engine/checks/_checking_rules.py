"""Rules that stand where they mean something, with values that can hold; guardrails that exist and are used."""

from collections.abc import Iterator
from typing import Final

from voxplan.engine.checks._nodes import all_rules, nodes
from voxplan.engine.checks.finding import Finding, error, warning
from voxplan.engine.documents._normal import given
from voxplan.engine.documents.tree import Path
from voxplan.engine.language.spec import Guardrail, Rules, Spec
from voxplan.engine.terms.quantity import Span
from voxplan.engine.terms.spelling import listed, quoted, suggestion

GUARDRAIL_KINDS: Final[tuple[str, ...]] = ("custom",)
"""Who can carry a guardrail out."""


def check_rules(spec: Spec) -> Iterator[Finding]:
    """The rules of `defaults` and of all nodes."""
    if spec.defaults.name is not None:
        yield error(("defaults", "name"), "`name` names a node of a route and cannot stand in `defaults`")
    yield from _check_values(("defaults",), spec.defaults)
    roots: set[Path] = {("routes", name) for name in spec.routes}
    for path, node in nodes(spec):
        yield from _check_values(path, node)
        is_root = path in roots
        if node.when_all_poor is not None and not is_root:
            yield error((*path, "when_all_poor"), "`when_all_poor` belongs to the root of a route")
        if node.name is not None and is_root:
            yield warning((*path, "name"), "the root of a route is named by the route; this `name` changes nothing")


def check_guardrails(spec: Spec) -> Iterator[Finding]:
    """The guardrails that rules name, and those that there are."""
    used: set[str] = set()
    for path, rules in all_rules(spec):
        for index, name in enumerate(rules.guardrails or ()):
            used.add(name)
            if name not in spec.guardrails:
                yield error((*path, "guardrails", index), f"unknown guardrail `{name}`{suggestion(name, spec.guardrails)}")
    for name, guardrail in spec.guardrails.items():
        yield from _check_guardrail(("guardrails", name), guardrail)
        if name not in used:
            yield warning(("guardrails", name), f"no route uses guardrail `{name}`")


def _check_guardrail(path: Path, guardrail: Guardrail) -> Iterator[Finding]:
    if guardrail.kind not in GUARDRAIL_KINDS:
        known = f"expected {'one of ' if len(GUARDRAIL_KINDS) > 1 else ''}{listed(GUARDRAIL_KINDS)}"
        yield error((*path, "kind"), f"unknown kind of guardrail {quoted(guardrail.kind)}, {known}")
    if guardrail.timeout.depends_on_audio:
        yield error((*path, "timeout"), "the `timeout` of a guardrail is for a text and cannot depend on `audio.seconds`")
    if guardrail.timeout == Span(0):
        yield error((*path, "timeout"), "with a `timeout` of 0 nothing could ever pass")


def _check_values(path: Path, rules: Rules) -> Iterator[Finding]:
    for key, span in (("deadline", rules.deadline), ("timeout", rules.timeout)):
        if span == Span(0):
            yield error((*path, key), f"with a `{key}` of 0 nothing could ever run")
    if rules.budget is not None and rules.budget.nano < 0:
        yield error((*path, "budget"), "a `budget` is at least `$0`")
    if rules.require is not None and not given(rules.require):
        yield warning((*path, "require"), "this `require` requires nothing")
    yield from _check_waits(path, rules)


def _check_waits(path: Path, rules: Rules) -> Iterator[Finding]:
    if rules.retry is None:
        return
    backoff = (*path, "retry", "backoff")
    waits = (((*backoff, "base"), rules.retry.backoff.base), ((*backoff, "cap"), rules.retry.backoff.cap))
    for at, span in (*waits, ((*path, "retry", "patience"), rules.retry.patience or Span(0))):
        if span.depends_on_audio:
            yield error(at, f"`{at[-1]}` is a wait between calls and cannot depend on `audio.seconds`")
