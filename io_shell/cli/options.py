"""The options that commands share, each described once. `help` is rich markup."""

import math
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from voxplan.engine.request import ResponseFormat, Timestamps

__all__ = ("Format", "Json", "Language", "Prompt", "Route", "Seed", "SpecFile", "Tags", "Temperature", "Times", "TimesOf", "asked_times", "finite")

_LARGEST: Final = 2**63 - 1  # so that JSON holds it

_ROUTING: Final = "Routing"
_REQUEST: Final = "The request"


class TimesOf(StrEnum):
    """`Timestamps` as an enumeration: typer takes no list of literals."""

    WORD = "word"
    SEGMENT = "segment"


_TIMESTAMPS: Final[dict[TimesOf, Timestamps]] = {TimesOf.WORD: "word", TimesOf.SEGMENT: "segment"}


def asked_times(given: Sequence[TimesOf] | None) -> tuple[Timestamps, ...]:
    """What was asked for, each once, in the order given."""
    return tuple(dict.fromkeys(_TIMESTAMPS[times] for times in given or ()))


def finite(value: float | None) -> float | None:
    """`nan` and `inf` read as numbers, and are none that could be asked for."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter("expected a finite number")
    return value


SpecFile = Annotated[
    Path | None,
    typer.Option(
        "--spec",
        "-s",
        metavar="SPEC",
        rich_help_panel=_ROUTING,
        help="The routing spec. [dim]Without one: the recogniser on this machine.[/]",
    ),
]
Route = Annotated[
    str | None,
    typer.Option(
        "--route",
        "-r",
        metavar="ROUTE",
        rich_help_panel=_ROUTING,
        help="A route of the spec. [dim]May be left out when it has one route, or one called `default`.[/]",
    ),
]
Tags = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="TAG", rich_help_panel=_ROUTING, help="A tag of the request. [dim]May be repeated.[/]"),
]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed", metavar="N", min=0, max=_LARGEST, rich_help_panel=_ROUTING, help="Makes what is drawn by chance repeatable."
    ),
]
Format = Annotated[
    ResponseFormat,
    typer.Option("--format", "--response-format", "-f", rich_help_panel=_REQUEST, help="What the transcript is written as."),
]
Language = Annotated[
    str | None,
    typer.Option(
        "--language", "-l", metavar="LANGUAGE", rich_help_panel=_REQUEST, help="The language spoken: `en`, `pt-BR`, `german`, …"
    ),
]
Prompt = Annotated[
    str | None,
    typer.Option(
        "--prompt", metavar="TEXT", rich_help_panel=_REQUEST, help="Names and words to expect, for models that take a prompt."
    ),
]
Temperature = Annotated[
    float | None,
    typer.Option(
        "--temperature",
        metavar="T",
        min=0,
        callback=finite,
        rich_help_panel=_REQUEST,
        help="Sampling temperature, for models that take one.",
    ),
]
Times = Annotated[
    list[TimesOf] | None,
    typer.Option("--timestamps", rich_help_panel=_REQUEST, help="Ask for the times of these. [dim]May be repeated.[/]"),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, for programs.")]
