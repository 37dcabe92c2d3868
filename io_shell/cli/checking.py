"""`voxplan check`: every mistake of every spec, each with its place."""

from pathlib import Path

import msgspec

from voxplan.io_shell.cli.orders import Check
from voxplan.io_shell.cli.streams import write_json, write_result
from voxplan.io_shell.cli.wording import counted
from voxplan.io_shell.errors import EXIT_CODES, SpecError
from voxplan.io_shell.loading import Located, examine

__all__ = ("SpecReport", "carry_out")


class SpecReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be said of one spec file. `routes`, `deployments` and `digest` are None when it has errors."""

    file: str
    ok: bool
    errors: tuple[Located, ...]
    warnings: tuple[Located, ...]
    routes: int | None = None
    deployments: int | None = None
    digest: str | None = None


def carry_out(order: Check) -> int:
    """Check all specs, however many are broken; the exit code."""
    reports = tuple(_report(path, strict=order.strict) for path in order.specs)
    if order.json:
        write_json(reports)
    else:
        write_result("".join(_lines(report) for report in reports))
    return 0 if all(report.ok for report in reports) else EXIT_CODES[SpecError]


def _report(path: Path, *, strict: bool) -> SpecReport:
    examined = examine(path)
    router = examined.router
    return SpecReport(
        file=str(path),
        ok=router is not None and not (strict and examined.warnings),
        errors=examined.errors,
        warnings=examined.warnings,
        routes=None if router is None else len(router.routes),
        deployments=None if router is None else len(router.deployments),
        digest=None if router is None else router.digest,
    )


def _lines(report: SpecReport) -> str:
    """A line for each finding, and one that sums up."""
    found = [str(each) for each in report.errors] + [f"{each.place}: warning: {each.message}" for each in report.warnings]
    counts = ", ".join(
        counted(len(each), noun) for each, noun in ((report.errors, "error"), (report.warnings, "warning")) if each
    )
    if report.ok and report.routes is not None and report.deployments is not None:
        size = f"{counted(report.routes, 'route')}, {counted(report.deployments, 'deployment')}"
        found.append(f"{report.file}: ok: {size}{counts and f' ({counts})'}")
    else:
        found.append(f"{report.file}: {counts}")
    return "".join(f"{line}\n" for line in found)
