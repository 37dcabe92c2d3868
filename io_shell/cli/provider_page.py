"""Providers for people: all of them in short, or one with everything that its deployments can say. Nothing is ever cut."""

from collections.abc import Iterable, Iterator
from typing import Final

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from voxplan.io_shell.cli.model_page import ModelPage, alike, price_text, retirement_text
from voxplan.io_shell.cli.model_report import ModelReport
from voxplan.io_shell.cli.provider_report import ProviderReport, SettingReport
from voxplan.io_shell.cli.wording import span_text

__all__ = ("overview", "provider_page")

_HINT: Final = "about is an estimate; `voxplan providers NAME` tells all about one, with where it is stated"


def overview(reports: tuple[ProviderReport, ...]) -> Group:
    """A block for each provider: what it needs, and its models, those that are alike together."""
    parts: list[RenderableType] = []
    for report in reports:
        name = Text.assemble((report.provider, "bold"), " ")
        parts += [_Run(0, (name, *_joined(_needs(report), ",", "dim")), 2), *_models(report.models), Text()]
    return Group(*parts, Text(_HINT, style="dim"))


def provider_page(report: ProviderReport) -> Group:
    """What its deployments can say, and every model with every fact."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for heading, fact in _facts(report):
        table.add_row(Text(f"  {heading}", style="dim"), Text(fact))
    return Group(Text(report.provider, style="bold"), table, Text(), ModelPage(report.models))


class _Run:
    """Parts in a row, as many in each line as there is room for: no part is broken that fits into a line."""

    def __init__(self, indent: int, parts: Iterable[Text], hanging: int = 0) -> None:
        """`hanging` is how much further all lines but the first are indented."""
        self._indent = indent
        self._hanging = hanging
        self._parts = tuple(parts)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines."""
        room = max(1, options.max_width - self._indent - self._hanging)
        lines: list[Text] = []
        for part in self._parts:
            if lines and lines[-1].cell_len + 1 + part.cell_len <= room:
                lines[-1] = Text.assemble(lines[-1], " ", part)
            else:
                lines.append(part)
        pieces = [piece for line in lines for piece in line.wrap(console, room, overflow="fold")]
        for number, piece in enumerate(pieces):
            piece.rstrip()
            yield Text.assemble(" " * (self._indent + (self._hanging if number else 0)), piece)


def _joined(parts: Iterable[str], mark: str, style: str = "") -> list[Text]:
    """The parts, with the mark after each but the last."""
    listed = [*parts]
    return [Text(part + (mark if number < len(listed) else ""), style=style) for number, part in enumerate(listed, 1)]


def _models(models: tuple[ModelReport, ...]) -> Iterator[RenderableType]:
    """For each its name and price, what it can do, and when it ends."""
    for names, model in alike(models):
        *others, last = _joined(names, ",", "cyan")
        yield _Run(2, (*others, Text.assemble(last, f"  {_short_price(model)}")))
        yield _Run(4, _joined(_abilities(model), ","))
        if end := retirement_text(model.retirement):
            yield _Run(4, (Text(f"until {end}", style="yellow"),))


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
        yield f"up to {_size(model.max_bytes)}"
    if model.max_seconds is not None:
        yield f"up to {span_text(round(model.max_seconds * 1000))}"


def _size(count: int) -> str:
    """About how much it is; the page of the provider says it exactly."""
    unit, name = (10**9, "GB") if count >= 10**9 else (10**6, "MB")
    return f"{count / unit:.4g} {name}"


_FEW: Final = 3


def _needs(report: ProviderReport) -> Iterator[str]:
    """Key, address and settings: what has to be said, and what can be."""
    key = [f"key {report.default_key}" if report.default_key else "an api_key"] if report.needs_key else []
    address = ["a base_url"] if report.needs_base_url else []
    needed = (*key, *address, *_settings(report, needed=True))
    free = ["an api_key"] if report.takes_key and not report.needs_key else []
    optional = (*free, *_settings(report, needed=False))
    yield from _led("needs", needed or ("nothing",))
    yield from _led("takes", optional)


def _settings(report: ProviderReport, *, needed: bool) -> Iterator[str]:
    yield from _led("settings", [setting.name for setting in report.settings if setting.needed is needed])


def _led(word: str, parts: Iterable[str]) -> Iterator[str]:
    """The word before the first of the parts."""
    for number, part in enumerate(parts):
        yield part if number else f"{word} {part}"


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
