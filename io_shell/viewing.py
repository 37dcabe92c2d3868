"""The view as a JSON document: to be kept for a postmortem, sent with a bug report, or planned with by `voxplan plan --view`.

What is at its default is left out, so the view of a healthy service is short. Reading is as strict as that of a spec: nothing
unknown is passed over, nothing is coerced.
"""

from collections.abc import Iterator
from typing import Final

import msgspec
from returns.result import Failure, Success

from voxplan.engine.documents.decoding import Language, decode
from voxplan.engine.documents.document import parse_document
from voxplan.engine.documents.tree import Problem, show_path
from voxplan.engine.observed.view import View
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.spelling import quoted, suggestion

__all__ = ("print_view", "read_view", "strangers")

_LANGUAGE: Final = Language(leaves={}, nouns={}, secrets=frozenset(), implied=frozenset())


def print_view(view: View) -> str:
    """The view as indented JSON that `read_view` reads back as the same view. Equal views print alike."""
    return msgspec.json.format(msgspec.json.encode(view, order="deterministic"), indent=2).decode() + "\n"


def read_view(content: bytes) -> Success[View] | Failure[str]:
    """Read a view; never raises. The failure is the first mistake, `line:column: path: message`."""
    parsed = parse_document(content, "json")
    if isinstance(parsed, Failure):
        return Failure(_first(parsed.failure()))
    document = parsed.unwrap()
    decoded = decode(document.root, View, _LANGUAGE)
    problems = (*document.problems, *decoded.problems)
    if problems or decoded.value is None:
        return Failure(_first(problems))
    return Success(decoded.value)


def strangers(view: View, router: Router) -> Iterator[str]:
    """One line for each deployment and credential of the view that the spec does not have: it says nothing there."""
    credentials = sorted({deployment.credential for deployment in router.deployments.values()})
    for noun, found, known in (("deployment", view.deployments, router.deployments), ("credential", view.accounts, credentials)):
        yield from (f"no {noun} {quoted(name)} in the spec{suggestion(name, known)}" for name in found if name not in known)


def _first(problems: tuple[Problem, ...]) -> str:
    first = min(problems, key=_place)
    path = f"{show_path(first.path)}: " if first.path else ""
    return f"{first.place.line}:{first.place.column}: {path}{first.message}"


def _place(problem: Problem) -> tuple[int, int]:
    return problem.place.line, problem.place.column
