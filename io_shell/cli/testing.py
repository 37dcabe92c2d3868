"""`voxplan test`: every policy test of every spec, with the reasons of those that fail. Sends nothing and needs no key."""

from pathlib import Path

import msgspec

from voxplan.engine.foresight.expecting import Unmet, run_policy_test
from voxplan.io_shell.cli.orders import RunTests
from voxplan.io_shell.cli.streams import write_json, write_result
from voxplan.io_shell.cli.wording import counted
from voxplan.io_shell.errors import EXIT_CODES, SpecError
from voxplan.io_shell.loading import Located, examine

__all__ = ("FAILED", "TestReport", "TestedSpec", "carry_out")

FAILED = 1


class TestReport(msgspec.Struct, frozen=True, kw_only=True):
    """One policy test: whether it passed, and every expectation that did not hold."""

    name: str
    passed: bool
    unmet: tuple[Unmet, ...]


class TestedSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be said of one spec file; with `errors` no test was run."""

    file: str
    ok: bool
    errors: tuple[Located, ...]
    tests: tuple[TestReport, ...]


def carry_out(order: RunTests) -> int:
    """Run the tests of all specs, however many are broken; the exit code."""
    reports = tuple(_report(path) for path in order.specs)
    if order.json:
        write_json(reports)
    else:
        write_result("".join(_lines(report) for report in reports))
    if any(report.errors for report in reports):
        return EXIT_CODES[SpecError]
    return 0 if all(report.ok for report in reports) else FAILED


def _report(path: Path) -> TestedSpec:
    examined = examine(path)
    router = examined.router
    if router is None:
        return TestedSpec(file=str(path), ok=False, errors=examined.errors, tests=())
    tested = (run_policy_test(router, test) for test in router.spec.tests)
    tests = tuple(TestReport(name=each.name, passed=each.passed, unmet=each.unmet) for each in tested)
    return TestedSpec(file=str(path), ok=all(test.passed for test in tests), errors=(), tests=tests)


def _lines(report: TestedSpec) -> str:
    """A line for each test, one for each reason, and one that sums up."""
    found = [str(each) for each in report.errors]
    for test in report.tests:
        found.append(f"{'passed' if test.passed else 'FAILED'}  {test.name}")
        found.extend(f"        {unmet}" for unmet in test.unmet)
    return "".join(f"{line}\n" for line in (*found, f"{report.file}: {_summary(report)}"))


def _summary(report: TestedSpec) -> str:
    if report.errors:
        return f"{counted(len(report.errors), 'error')}, so no test was run"
    if not report.tests:
        return "no tests: they would stand under `tests`"
    failed = sum(not test.passed for test in report.tests)
    count = counted(len(report.tests), "test")
    return f"ok: {count}" if not failed else f"{failed} of {count} failed"
