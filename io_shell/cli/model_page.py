"""Models for people: one table where it fits, else one block for each model, so that nothing is ever cut.

A dash, and in blocks what is not listed, is what is not there or not known.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from voxplan.engine.terms.amounts import print_money
from voxplan.engine.terms.capability import Retirement
from voxplan.engine.terms.quantity import Money
from voxplan.io_shell.cli.model_report import ModelReport, PriceReport
from voxplan.io_shell.cli.wording import span_text

__all__ = ("ModelPage", "alike", "price_text", "retirement_text")

_UNKNOWN: Final = "-"
_MEANS: Final = "no, or not known: such an ability counts as absent, such a limit keeps nobody out; about is an estimate"
_GAP: Final = 2
_HEADING: Final = 14  # that of all blocks is the same


class ModelPage:
    """A renderable; how wide the screen is decides its form."""

    def __init__(self, reports: tuple[ModelReport, ...]) -> None:
        """Of at least one model."""
        self._reports = reports

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table and its sources, or the blocks."""
        sources = tuple(dict.fromkeys(source for report in self._reports for source in _sources(report)))
        columns = _columns(self._reports, sources)
        widths = _widths(columns, options.max_width)
        if widths is None:
            yield from _blocks(self._reports)
            yield Text(f"\nwhat is not listed is {_MEANS}", style="dim")
        else:
            yield _table(columns, widths)
            yield Text("\n".join(("", *(f"[{number}] {source}" for number, source in enumerate(sources, 1)))), style="dim")
            yield Text(f"\n- is {_MEANS}", style="dim")


def _columns(reports: tuple[ModelReport, ...], sources: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Each column with its heading; sources by their numbers."""
    rows = tuple({**_name(report), **_facts(report), "source": _numbers(report, sources)} for report in reports)
    return tuple((heading, *(row[heading] for row in rows)) for heading in rows[0])


def _widths(columns: Sequence[Sequence[str]], room: int) -> tuple[int, ...] | None:
    """How wide each column is where all together have `room`; None when words would have to be cut."""
    least = [max(cell_len(word) for cell in column for word in cell.split()) for column in columns]
    widths = [max(map(cell_len, column)) for column in columns]
    room -= _GAP * len(columns)
    if sum(least) > room:
        return None
    while sum(widths) > room:
        width, number = max((width, number) for number, width in enumerate(widths) if width > least[number])
        widths[number] = width - 1
    return tuple(widths)


def _table(columns: Sequence[Sequence[str]], widths: Sequence[int]) -> Table:
    """The first cell of each column is its heading."""
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False)
    for (heading, *_), width in zip(columns, widths, strict=True):
        table.add_column(Text(heading, style="bold"), width=width)
    for row in zip(*(cells for _, *cells in columns), strict=True):
        table.add_row(*map(Text, row))
    return table


def _numbers(report: ModelReport, sources: tuple[str, ...]) -> str:
    return " ".join(f"[{sources.index(source) + 1}]" for source in _sources(report))


def _blocks(reports: tuple[ModelReport, ...]) -> Iterator[Text | Table]:
    for number, (names, report) in enumerate(alike(reports)):
        named = [value for heading, value in _name(report).items() if heading != "model"]
        yield Text.assemble("\n" if number else "", (" ".join((*named, ", ".join(names))), "bold"))
        block = Table.grid(padding=(0, 2, 0, 0))
        block.add_column(style="dim", no_wrap=True, min_width=_HEADING)
        block.add_column(overflow="fold")
        for heading, fact in (*_facts(report).items(), *(("source", source) for source in _sources(report))):
            if fact != _UNKNOWN:
                block.add_row(f"  {heading}", Text(fact))
        yield block


def alike(reports: Iterable[ModelReport]) -> Iterator[tuple[tuple[str, ...], ModelReport]]:
    """Models of which all the same is known: their names, and one report for all."""
    named: dict[ModelReport, list[str]] = {}
    for report in reports:
        named.setdefault(replace(report, model=None), []).append("any other" if report.model is None else report.model)
    for report, names in named.items():
        yield tuple(names), report


def _name(report: ModelReport) -> dict[str, str]:
    deployment = {} if report.deployment is None else {"deployment": report.deployment}
    return {**deployment, "provider": report.provider, "model": "any other" if report.model is None else report.model}


def _facts(report: ModelReport) -> dict[str, str]:
    """Each fact under its heading."""
    return {
        "formats": _listed(report.formats),
        "times": _listed(report.times),
        "speakers": _able(report.speakers),
        "prompt": _able(report.prompt),
        "temperature": _able(report.temperature),
        "languages": report.languages if isinstance(report.languages, str) else _listed(report.languages),
        "streaming": _able(report.streaming),
        "more": _listed(report.more),
        "most bytes": _UNKNOWN if report.max_bytes is None else f"{report.max_bytes:,}",
        "most seconds": _UNKNOWN if report.max_seconds is None else f"{report.max_seconds:g}",
        "containers": _listed(report.containers),
        "price": price_text(report.price),
        "until": retirement_text(report.retirement) or _UNKNOWN,
    }


def _sources(report: ModelReport) -> tuple[str, ...]:
    price = "" if report.price is None else report.price.source
    end = "" if report.retirement is None else report.retirement.source
    return tuple(dict.fromkeys(source for source in (report.source, price, end) if source))


def _listed(names: Iterable[str] | None) -> str:
    return " ".join(names or ()) or _UNKNOWN


def _able(can: bool) -> str:
    return "yes" if can else _UNKNOWN


def price_text(price: PriceReport | None) -> str:
    """What it costs, how sure that is, and how the audio is measured."""
    if price is None:
        return "unknown"
    amounts = ((price.per_minute, "a minute"), (price.per_request, "a call"))
    costs = " and ".join(f"{print_money(Money(nano))} {unit}" for nano, unit in amounts if nano)
    about = "about " if costs and price.certainty == "estimated" else ""
    lengths = ((price.minimum_ms, "at least"), (price.step_ms, "in steps of"))
    measured = (*(f"{words} {span_text(ms)}" for ms, words in lengths if ms), *(("each channel",) if price.by_channel else ()))
    if price.tokens is None:
        return ", ".join((about + (costs or "free"), *measured))
    kinds = (("audio", price.tokens.audio_in), ("text", price.tokens.text_in), ("output", price.tokens.out))
    told = ", ".join(f"{print_money(Money(nano))} {kind}" for kind, nano in kinds)
    return ", ".join(part for part in (f"{about}{costs}", *measured, f"by a million tokens: {told}") if part)


def retirement_text(retirement: Retirement | None) -> str:
    """When it is switched off, and what comes in its place."""
    if retirement is None:
        return ""
    return retirement.on + (f", then {retirement.successor}" if retirement.successor else "")
