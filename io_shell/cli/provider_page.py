"""Providers for people: all of them in short, or one with everything that its deployments can say. Nothing is ever cut."""

from collections.abc import Iterator
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from voxplan.io_shell.cli.model_page import ModelPage, price_text, retirement_text
from voxplan.io_shell.cli.model_report import ModelReport
from voxplan.io_shell.cli.provider_report import ProviderReport, SettingReport

__all__ = ("overview", "provider_page")

_HINT: Final = "about is an estimate; `voxplan providers NAME` tells all about one, with where it is stated"


def overview(reports: tuple[ProviderReport, ...]) -> Group:
    """A block for each provider: what it needs, and its models."""
    parts: list[RenderableType] = []
    for report in reports:
        parts += [Text.assemble((report.provider, "bold"), (f"  {_needs(report)}", "dim")), *_models(report.models), Text()]
    return Group(*parts, Text(_HINT, style="dim"))


def provider_page(report: ProviderReport) -> Group:
    """What its deployments can say, and every model with every fact."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for heading, fact in _facts(report):
        table.add_row(Text(f"  {heading}", style="dim"), Text(fact))
    return Group(Text(report.provider, style="bold"), table, Text(), ModelPage(report.models))


def _models(models: tuple[ModelReport, ...]) -> Iterator[RenderableType]:
    """For each its name and price, what it can do, and when it ends."""
    for model in models:
        yield _indented(Text.assemble((model.model or "any other", "cyan"), f"  {_short_price(model)}"), 2)
        yield _indented(Text(", ".join(_abilities(model))), 4)
        if end := retirement_text(model.retirement):
            yield _indented(Text(f"until {end}", style="yellow"), 4)


def _indented(text: Text, columns: int) -> Padding:
    return Padding(text, (0, 0, 0, columns), expand=False)


def _short_price(model: ModelReport) -> str:
    """Of a price by the token, what a minute comes to is enough here."""
    return "price unknown" if model.price is None else price_text(model.price).partition(", by a million tokens")[0]


def _abilities(model: ModelReport) -> Iterator[str]:
    yield from (f"{times} times" for times in model.times)
    if not model.times:
        yield "text"
    named = (
        ("speakers", model.speakers),
        ("prompt", model.prompt),
        ("temperature", model.temperature),
        ("streaming", model.streaming),
    )
    yield from (name for name, able in named if able)
    yield from (name.replace("_", " ") for name in model.more)
    if isinstance(model.languages, tuple):
        yield f"languages {' '.join(model.languages)}" if len(model.languages) <= _FEW else f"{len(model.languages)} languages"
    if model.max_bytes is not None:
        yield f"up to {model.max_bytes:,} bytes"
    if model.max_seconds is not None:
        yield f"up to {model.max_seconds:g} s"


_FEW: Final = 3


def _needs(report: ProviderReport) -> str:
    """Key, address and needed settings, in a line."""
    needed = [f"setting {setting.name}" for setting in report.settings if setting.needed]
    address = ["a base_url"] if report.needs_base_url else []
    key = [] if not report.takes_key else [f"key {report.default_key}"] if report.default_key else []
    key = key or (["an api_key"] if report.needs_key else [])
    return f"needs {', '.join((*key, *address, *needed))}" if key or address or needed else "needs nothing"


def _facts(report: ProviderReport) -> Iterator[tuple[str, str]]:
    key = f"default {report.default_key}" if report.default_key else _wanted(takes=report.takes_key, needed=report.needs_key)
    yield "api_key", key
    yield "base_url", _wanted(takes=report.takes_base_url, needed=report.needs_base_url)
    for setting in report.settings:
        yield f"setting {setting.name}", _setting(setting)
    yield "options", "passed on as they stand" if report.takes_options else "none"
    if report.takes_options and report.owned:
        yield "", f"but not {', '.join(report.owned)}"


def _wanted(*, takes: bool, needed: bool) -> str:
    return "required" if needed else "optional" if takes else "none"


def _setting(setting: SettingReport) -> str:
    notes = (
        *(("required",) if setting.needed else ()),
        *(("by reference only",) if setting.secret else ()),
        *((f"default {setting.default}",) if setting.default is not None else ()),
    )
    return setting.meaning + (f" ({', '.join(notes)})" if notes else "")
