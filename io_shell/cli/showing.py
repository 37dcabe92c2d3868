"""`voxplan plan`: what would be attempted for a request. Sends nothing, opens no connection and needs no key."""

import secrets
import time
from pathlib import Path

from msgspec.structs import replace
from returns.result import Failure

from voxplan.engine.observed.view import EMPTY_VIEW, View
from voxplan.engine.plans.plan import Refusal
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.request import KnownSpeaker, Options, Request
from voxplan.io_shell.asking import (
    asked_chunking,
    asked_deadline,
    asked_language,
    asked_languages,
    asked_metadata,
    asked_names,
    asked_route,
    asked_simulation,
)
from voxplan.io_shell.cli.attempt_lines import Likely
from voxplan.io_shell.cli.edge_page import edge_page
from voxplan.io_shell.cli.orders import ShowPlan
from voxplan.io_shell.cli.plan_page import left_out_table, plan_page
from voxplan.io_shell.cli.streams import draw, people_console, tell, write_json
from voxplan.io_shell.errors import RequestError, exit_code
from voxplan.io_shell.failing import refused
from voxplan.io_shell.loading import load
from voxplan.io_shell.plan_report import PlanReport, likely_costs, plan_report
from voxplan.io_shell.viewing import read_view, strangers

__all__ = ("carry_out",)


def carry_out(order: ShowPlan) -> int:
    """Plan and show; the exit code."""
    router = load(order.spec)
    report = plan_report(
        router,
        _request(order, router),
        _view(order.view, router),
        moment_ms=round(time.time() * 1000) if order.moment_ms is None else order.moment_ms,
        seed=secrets.randbits(63) if order.seed is None else order.seed,
    )
    if report.refusal is not None:
        return _show_refusal(order, report, report.refusal)
    return _show(order, report, likely_costs(router, order.audio, estimates_only=True))


def _request(order: ShowPlan, router: Router) -> Request:
    way = order.way
    return Request(
        route=asked_route(router, way.route),
        audio=order.audio,
        options=_options(order),
        user=way.user,
        tags=asked_names("tags", way.tags),
        metadata=asked_metadata(dict(way.metadata)),
        fallbacks=asked_names("fallbacks", way.fallbacks),
        deadline_ms=asked_deadline(way.deadline),
        retries=way.retries,
        simulate=asked_simulation(dict(way.simulate), first_child=way.mock_testing_fallbacks),
    )


def _options(order: ShowPlan) -> Options:
    """Which speakers are known decides about a plan, not how they sound: no file is read."""
    said = order.options
    return replace(
        said,
        language=asked_language(said.language),
        languages=asked_languages(said.languages),
        keywords=asked_names("keywords", said.keywords),
        known_speakers=tuple(KnownSpeaker(name=name, reference="") for name, _ in order.speakers),
        chunking_strategy=asked_chunking(said.chunking_strategy),
    )


def _show(order: ShowPlan, report: PlanReport, likely: Likely) -> int:
    if order.json:
        write_json(report)
    elif report.plan is not None:
        page = plan_page(report.plan, report.seed, report.moment_ms, likely)
        draw(page, edge_page(report.plan)) if order.edges else draw(page)
    return 0


def _show_refusal(order: ShowPlan, report: PlanReport, refusal: Refusal) -> int:
    """The reasons are for people; a program finds them in the report."""
    if order.json:
        write_json(report)
    error = refused(refusal)
    if refusal.left_out:
        tell(f"there is no plan: no deployment of route `{refusal.route}` can take this request")
        people_console().print(left_out_table(refusal.left_out))
    else:
        tell(str(error))
    return exit_code(error)


def _view(path: Path | None, router: Router) -> View:
    """The view in a JSON file, as `print_view` writes it; all well without a file. What the spec does not have is told."""
    if path is None:
        return EMPTY_VIEW
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise RequestError(f"{path}: cannot be read: {(problem.strerror or str(problem)).lower()}") from None
    read = read_view(content)
    if isinstance(read, Failure):
        raise RequestError(f"{path}:{read.failure()}")
    view = read.unwrap()
    for line in strangers(view, router):
        tell(f"{path}: warning: {line}")
    return view
