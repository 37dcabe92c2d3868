"""`voxplan capabilities`: what each model can do, what it takes and costs, as far as that is known, and where it stands.

Without a spec, everything that voxplan knows of its providers; with one, its deployments, with the prices that it gives them.
"""

from collections.abc import Iterator
from typing import Final, Literal, get_args

import msgspec

from voxplan.adapters.catalog import CATALOG
from voxplan.engine.capability import Capabilities, PriceFacts, lacks
from voxplan.engine.request import Options, Request, ResponseFormat
from voxplan.engine.router import Router
from voxplan.engine.spelling import listed, quoted, suggestion
from voxplan.io_shell.cli.capabilities_page import CapabilitiesPage
from voxplan.io_shell.cli.orders import ShowCapabilities
from voxplan.io_shell.cli.streams import draw, write_json
from voxplan.io_shell.errors import RequestError
from voxplan.io_shell.loading import load

__all__ = ("ModelReport", "carry_out")

_FORMATS: Final[tuple[ResponseFormat, ...]] = get_args(ResponseFormat)


class ModelReport(msgspec.Struct, frozen=True, kw_only=True):
    """One model, or all models of a provider that are not named (`model` None). `deployment` is its name in the spec.

    Money is in billionths of a US dollar. What is not known is null: no limit, no list of languages or containers, no price.
    """

    deployment: str | None
    provider: str
    model: str | None
    formats: tuple[ResponseFormat, ...]
    times: tuple[str, ...]
    speakers: bool
    prompt: bool
    temperature: bool
    languages: tuple[str, ...] | Literal["any"] | None
    streaming: bool
    max_bytes: int | None
    max_seconds: float | None
    containers: tuple[str, ...] | None
    price: PriceFacts | None
    source: str


def carry_out(order: ShowCapabilities) -> int:
    """Show what there is to know; the exit code."""
    provider = order.provider
    if provider is not None and provider not in CATALOG:
        raise RequestError(_unknown(provider))
    every = _known() if order.spec is None else _deployed(load(order.spec))
    reports = tuple(report for report in every if provider in {None, report.provider})
    if order.json:
        write_json(reports)
    elif reports:
        draw(CapabilitiesPage(reports))
    else:
        raise RequestError(f"the spec has no deployment of provider {quoted(provider)}")
    return 0
