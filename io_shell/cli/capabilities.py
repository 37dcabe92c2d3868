"""`voxplan capabilities`: what each model can do, what it takes and what it costs, as far as that is known.

Without a spec, all that voxplan knows of its providers; with one, its deployments.
"""

from voxplan.adapters.catalog import CATALOG
from voxplan.engine.terms.spelling import listed, quoted, suggestion
from voxplan.io_shell.cli.model_page import ModelPage
from voxplan.io_shell.cli.model_report import deployed_models, known_models
from voxplan.io_shell.cli.orders import ShowCapabilities
from voxplan.io_shell.cli.streams import draw, write_json
from voxplan.io_shell.errors import RequestError
from voxplan.io_shell.loading import load

__all__ = ("carry_out",)


def carry_out(order: ShowCapabilities) -> int:
    """Show what there is to know; the exit code."""
    _require_known(order.provider)
    models = known_models() if order.spec is None else deployed_models(load(order.spec))
    reports = tuple(report for report in models if order.provider in {None, report.provider})
    if order.json:
        write_json(reports)
    elif reports:
        draw(ModelPage(reports))
    else:
        raise RequestError(f"the spec has no deployment of provider {quoted(order.provider)}")
    return 0


def _require_known(provider: str | None) -> None:
    if provider is not None and provider not in CATALOG:
        close = suggestion(provider, CATALOG) or f"; there are {listed(CATALOG)}"
        raise RequestError(f"unknown provider {quoted(provider)}{close} (a spec is named by `--spec`)")
