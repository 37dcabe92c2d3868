"""From a spec in a file, in a string or in memory to a Router, or to every mistake in it with its place."""

from pathlib import Path
from typing import Final

import msgspec
from returns.result import Failure

from voxplan.adapters.catalog import CATALOG
from voxplan.engine.checking import Finding, check
from voxplan.engine.compiling import compile_checked, compile_spec
from voxplan.engine.reading import FORMATS, ReadSpec, format_problem, read
from voxplan.engine.router import Router
from voxplan.engine.spec import Deployment, RouteNode, Spec
from voxplan.io_shell.errors import SpecError

__all__ = (
    "DEFAULT_SPEC",
    "Loaded",
    "SpecSource",
    "load",
    "load_file",
)

DEFAULT_SPEC: Final = Spec(
    voxplan=1,
    deployments={"local": Deployment(provider="local", model="default")},
    routes={"default": RouteNode(use="local")},
)
"""What holds without any spec: the recogniser on this machine, nothing else."""

SpecSource = Spec | Router | Path | str | None


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """A spec file that compiles: its router, the spec, and one located line for each doubtful thing in it."""

    router: Router
    spec: Spec
    warnings: tuple[str, ...]


def load(source: SpecSource) -> Router:
    """The router of a spec: from a file's path, a Spec, a Router, or None for the embedded default.

    Raises SpecError with every mistake at once.
    """
    match source:
        case Router():
            return source
        case Spec() | None:
            return _compiled(source or DEFAULT_SPEC)
        case _:
            return load_file(Path(source)).router


def _compiled(spec: Spec) -> Router:
    compiled = compile_spec(spec, CATALOG)
    if isinstance(compiled, Failure):
        raise SpecError(tuple(f"{_dotted(finding.path)}: {finding.message}" for finding in compiled.failure()))
    return compiled.unwrap()


def load_file(path: Path) -> Loaded:
    """Read, check and compile the spec in `path`, whose suffix says its format."""
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        raise SpecError((f"{path}: expected a file name that ends in {', '.join(FORMATS)}",))
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SpecError((f"{path}: cannot be read: {(error.strerror or str(error)).lower()}",)) from None
    found = read(content, form, str(path))
    if isinstance(found, Failure):
        raise SpecError(tuple(format_problem(problem, str(path)) for problem in found.failure()))
    return _checked(found.unwrap(), path)


def _checked(document: ReadSpec, path: Path) -> Loaded:
    findings = check(document.spec, CATALOG)
    errors = _located(document, path, tuple(finding for finding in findings if finding.severity == "error"))
    if errors:
        raise SpecError(errors)
    warnings = _located(document, path, findings)
    return Loaded(router=compile_checked(document.spec, CATALOG), spec=document.spec, warnings=warnings)


def _located(document: ReadSpec, path: Path, findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """One line for each finding, in the order of their places."""
    placed = sorted((document.locate(finding.path), finding.message) for finding in findings)
    return tuple(f"{path}:{place.line}:{place.column}: {message}" for place, message in placed)


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(str(step) for step in path)
