"""From a spec in a file, in a string or in memory to a Router, or to every mistake in it with its place."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, Literal

import msgspec
from returns.result import Failure, Success

from voxplan.adapters.catalog import CATALOG
from voxplan.engine.checks.checking import check
from voxplan.engine.checks.finding import Finding
from voxplan.engine.documents.reading import FORMATS, Format, Place, Problem, ReadSpec, read_what_there_is
from voxplan.engine.language.addresses import address_problem
from voxplan.engine.language.spec import Account, Deployment, OptionRules, RouteNode, Spec
from voxplan.engine.plans.compiling import compile_checked, compile_spec
from voxplan.engine.plans.router import Router
from voxplan.io_shell.errors import SpecError
from voxplan.io_shell.zones import zones_of

__all__ = (
    "DEFAULT_SPEC",
    "Examined",
    "Located",
    "Severity",
    "SpecSource",
    "examine",
    "examine_content",
    "load",
    "load_file",
)

DEFAULT_SPEC: Final = Spec(
    voxplan=1,
    deployments={"local": Deployment(provider="local", model="default")},
    routes={"default": RouteNode(use="local", options=OptionRules(stream="emulate"))},
)
"""What holds without any spec: the recogniser on this machine, nothing else. It does not stream: its text comes at its end."""

Severity = Literal["error", "warning"]
SpecSource = Spec | Router | Path | str | None


class Located(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to say about a spec file, and where; without a place when the file itself is at fault. Lines count from 1."""

    severity: Severity
    file: str
    line: int | None = None
    column: int | None = None
    message: str

    @property
    def place(self) -> str:
        """In the form that editors and terminals open: `file:line:column`."""
        return self.file if self.line is None else f"{self.file}:{self.line}:{self.column}"

    def __str__(self) -> str:
        """One line."""
        return f"{self.place}: {self.message}"


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to say about a spec file, errors and warnings in the order of their places; `router` None with errors."""

    router: Router | None
    findings: tuple[Located, ...]

    @property
    def errors(self) -> tuple[Located, ...]:
        """What keeps the spec from being used."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Located, ...]:
        """What is doubtful."""
        return tuple(finding for finding in self.findings if finding.severity == "warning")


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
            return load_file(Path(source))


def _compiled(spec: Spec) -> Router:
    _require_sound(spec)
    zones = zones_of(spec)
    compiled = compile_spec(spec, CATALOG, zones.value_or({}))
    if isinstance(compiled, Failure) or isinstance(zones, Failure):
        errors = (*_failure(compiled), *_failure(zones))
        raise SpecError(tuple(f"{_dotted(finding.path)}: {finding.message}" for finding in errors))
    return compiled.unwrap()


def _failure(result: Success[object] | Failure[tuple[Finding, ...]]) -> tuple[Finding, ...]:
    return result.failure() if isinstance(result, Failure) else ()


def _require_sound(spec: Spec) -> None:
    """Constructors check nothing: what was made in Python is held to the same types and addresses as a document."""
    try:
        msgspec.convert(msgspec.to_builtins(spec), Spec)
    except msgspec.ValidationError as error:
        raise SpecError((str(error),)) from None  # says what was expected and where, never what was found
    entries: tuple[tuple[str, Mapping[str, Account | Deployment]], ...] = (
        ("accounts", spec.accounts),
        ("deployments", spec.deployments),
    )
    problems = tuple(
        f"{section}.{name}.base_url: {problem}"
        for section, named in entries
        for name, entry in named.items()
        if entry.base_url is not None and (problem := address_problem(entry.base_url))
    )
    if problems:
        raise SpecError(problems)


def load_file(path: Path) -> Router:
    """The router of the spec in `path`; raises SpecError with every mistake at once."""
    examined = examine(path)
    if examined.router is None:
        raise SpecError(tuple(map(str, examined.errors)))
    return examined.router


def examine(path: Path, today: date | None = None) -> Examined:
    """Read, check and compile the spec in `path`, whose suffix says its format; without a `today` the clock says it."""
    try:
        content = path.read_bytes() if _form(path) else b""
    except OSError as error:
        return _unreadable(path, f"cannot be read: {(error.strerror or str(error)).lower()}")
    return examine_content(content, path, today)


def examine_content(content: bytes, path: Path, today: date | None = None) -> Examined:
    """The same for what has been read from `path` already."""
    form = _form(path)
    if form is None:
        return _unreadable(path, f"expected a file name that ends in {', '.join(FORMATS)}")
    reading = read_what_there_is(content, form, str(path))
    problems = tuple(_located(path, "error", each.place, each.message) for each in reading.problems)
    if reading.document is None:
        return Examined(router=None, findings=problems)
    zones = zones_of(reading.document.spec)
    findings = _checked(reading.document, reading.problems, _failure(zones), path, today or datetime.now(UTC).date())
    sound = not any(finding.severity == "error" for finding in (*problems, *findings))
    return Examined(
        router=compile_checked(reading.document.spec, CATALOG, zones.unwrap()) if sound else None,
        findings=tuple(sorted((*problems, *findings), key=lambda each: (each.line or 0, each.column or 0, each.message))),
    )


def _form(path: Path) -> Format | None:
    return FORMATS.get(path.suffix.lower())


def _unreadable(path: Path, why: str) -> Examined:
    return Examined(router=None, findings=(Located(severity="error", file=str(path), message=why),))


def _checked(
    document: ReadSpec, problems: tuple[Problem, ...], zoned: tuple[Finding, ...], path: Path, today: date
) -> tuple[Located, ...]:
    """What the names, sizes and zones say, but for what follows from a problem that has been told already."""
    told = [problem.path for problem in problems]
    findings = (*check(document.spec, CATALOG, today), *zoned)
    fresh = [finding for finding in findings if not any(_related(finding.path, each) for each in told)]
    return tuple(_located(path, each.severity, document.locate(each.path), each.message) for each in fresh)


def _related(one: tuple[str | int, ...], other: tuple[str | int, ...]) -> bool:
    """Whether one path is the other or leads to it."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _located(path: Path, severity: Severity, place: Place, message: str) -> Located:
    return Located(severity=severity, file=str(path), line=place.line, column=place.column, message=message)


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(str(step) for step in path)
