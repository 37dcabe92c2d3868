"""`voxplan providers`: whom audio can go to, what their deployments need, what their models can do and what they cost."""

from voxplan.adapters.catalog import CATALOG
from voxplan.engine.terms.spelling import listed, quoted, suggestion
from voxplan.io_shell.cli.orders import ShowProviders
from voxplan.io_shell.cli.provider_page import overview, provider_page
from voxplan.io_shell.cli.provider_report import known_providers
from voxplan.io_shell.cli.streams import draw, write_json
from voxplan.io_shell.errors import RequestError

__all__ = ("carry_out",)


def carry_out(order: ShowProviders) -> int:
    """Show all of them, or the one that was named; the exit code."""
    reports = tuple(report for report in known_providers() if order.provider in {None, report.provider})
    if not reports:
        close = suggestion(order.provider or "", CATALOG) or f"; there are {listed(CATALOG)}"
        raise RequestError(f"unknown provider {quoted(order.provider)}{close}")
    if order.json:
        write_json(reports)
    else:
        draw(overview(reports) if order.provider is None else provider_page(reports[0]))
    return 0
