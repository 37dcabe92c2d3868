"""The options that commands share, each described once; `help` is rich markup."""

import math
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from voxplan.engine.terms.failure import LISTABLE, FailureKind
from voxplan.engine.terms.request import ResponseFormat, Timestamps
from voxplan.engine.terms.spelling import suggestion

__all__ = (
    "FLAG",
    "Chunking",
    "Deadline",
    "Diarize",
    "Fallbacks",
    "Format",
    "Json",
    "KeyStoreFile",
    "Keywords",
    "Language",
    "Languages",
    "Logprobs",
    "Metadata",
    "MockTestingFallbacks",
    "Moment",
    "Output",
    "Prompt",
    "Retries",
    "Route",
    "Seconds",
    "Seed",
    "Simulate",
    "Size",
    "Speakers",
    "SpecFile",
    "Tags",
    "Temperature",
    "Times",
    "TimesOf",
    "Translate",
    "User",
    "ViewFile",
    "asked_kinds",
    "asked_pairs",
    "asked_times",
    "not_negative",
    "whole",
)

_ROUTING: Final = "Routing"
_REQUEST: Final = "The request"
_TESTING: Final = "Testing fallbacks"

_LARGEST: Final = 2**63 - 1  # so that any JSON reader holds it
FLAG: Final = " "  # typer would say <bool>, which nobody can type


class TimesOf(StrEnum):
    """`Timestamps` as an enumeration: typer takes no list of literals."""

    WORD = "word"
    SEGMENT = "segment"


_TIMESTAMPS: Final[dict[TimesOf, Timestamps]] = {TimesOf.WORD: "word", TimesOf.SEGMENT: "segment"}


def asked_times(given: Sequence[TimesOf] | None) -> tuple[Timestamps, ...]:
    """What was asked for, each once, in the order given."""
    return tuple(dict.fromkeys(_TIMESTAMPS[times] for times in given or ()))


def asked_pairs(option: str, given: Sequence[str] | None) -> tuple[tuple[str, str], ...]:
    """`NAME=VALUE`, as often as given."""
    pairs = [pair.partition("=") for pair in given or ()]
    for name, equals, value in pairs:
        if not (name and equals):
            raise typer.BadParameter(f"expected NAME=VALUE, got `{name}{equals}{value}`", param_hint=f"'{option}'")
    return tuple((name, value) for name, _, value in pairs)


def asked_kinds(option: str, given: Sequence[str] | None) -> tuple[tuple[str, FailureKind], ...]:
    """`NAME=KIND`, as often as given."""
    kinds: dict[str, FailureKind] = {kind: kind for kind in LISTABLE}
    pairs = asked_pairs(option, given)
    for name, kind in pairs:
        if kind not in kinds:
            message = f"`{kind}` is no failure of a call{suggestion(kind, kinds)} (`{name}={kind}`)"
            raise typer.BadParameter(message, param_hint=f"'{option}'")
    return tuple((name, kinds[kind]) for name, kind in pairs)


def not_negative(value: float | None) -> float | None:
    """`nan` and `inf` read as numbers, and are none that could be asked for."""
    if value is not None and not (math.isfinite(value) and value >= 0):
        raise typer.BadParameter(f"expected a number of at least 0, got `{value:g}`")
    return value


def whole(value: int | None) -> int | None:
    """A count, a size, a moment or a seed."""
    if value is not None and not 0 <= value <= _LARGEST:
        raise typer.BadParameter(f"expected a whole number from 0 to {_LARGEST}, got `{value}`")
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
        help="A route of the spec. [dim]Not needed when it has only one, or one called `default`.[/]",
    ),
]
Tags = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="TAG", rich_help_panel=_ROUTING, help="A tag of the request. [dim]May be repeated.[/]"),
]
User = Annotated[
    str | None, typer.Option("--user", metavar="USER", rich_help_panel=_ROUTING, help="Who asks, where conditions go by it.")
]
Metadata = Annotated[
    list[str] | None,
    typer.Option(
        "--metadata", metavar="NAME=VALUE", rich_help_panel=_ROUTING, help="Metadata of the request. [dim]May be repeated.[/]"
    ),
]
Fallbacks = Annotated[
    list[str] | None,
    typer.Option(
        "--fallback",
        metavar="NAME",
        rich_help_panel=_ROUTING,
        help="A deployment or route to try after the route. [dim]May be repeated.[/]",
    ),
]
Deadline = Annotated[
    str | None,
    typer.Option("--deadline", metavar="TIME", rich_help_panel=_ROUTING, help="The longest that all may take: `30s`, `2m`, …"),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="DIR", help="Write each transcript into a file in this folder.")
]
Retries = Annotated[
    int | None,
    typer.Option(
        "--retries",
        metavar="N",
        min=0,
        max=100,
        rich_help_panel=_ROUTING,
        help="Ask each deployment again at most so often, where the spec would more often.",
    ),
]
Simulate = Annotated[
    list[str] | None,
    typer.Option(
        "--simulate",
        metavar="NAME=KIND",
        rich_help_panel=_TESTING,
        help="Let a deployment or provider fail without being called: `openai=rate_limited`. [dim]May be repeated.[/]",
    ),
]
MockTestingFallbacks = Annotated[
    bool,
    typer.Option(
        "--mock-testing-fallbacks",
        metavar=FLAG,
        rich_help_panel=_TESTING,
        help="Let whatever comes first fail without being called.",
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed", metavar="N", callback=whole, rich_help_panel=_ROUTING, help="Makes what is drawn by chance repeatable."
    ),
]
ViewFile = Annotated[
    Path | None,
    typer.Option(
        "--view",
        metavar="FILE",
        rich_help_panel=_ROUTING,
        help="The health of deployments, as JSON. [dim]Without one: all well.[/]",
    ),
]
Moment = Annotated[
    int | None,
    typer.Option(
        "--moment",
        metavar="MS",
        callback=whole,
        rich_help_panel=_ROUTING,
        help="When, in milliseconds since 1970. [dim]Default: now.[/]",
    ),
]
Seconds = Annotated[
    float | None,
    typer.Option("--seconds", metavar="N", callback=not_negative, rich_help_panel=_REQUEST, help="How long the audio is."),
]
Size = Annotated[
    int | None, typer.Option("--bytes", metavar="N", callback=whole, rich_help_panel=_REQUEST, help="How large the audio is.")
]
Format = Annotated[
    ResponseFormat,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT",
        rich_help_panel=_REQUEST,
        help="What the transcript is written as: text, json, srt, vtt, verbose_json or diarized_json.",
    ),
]
Language = Annotated[
    str | None,
    typer.Option(
        "--language", "-l", metavar="LANG", rich_help_panel=_REQUEST, help="The language spoken: `en`, `pt-BR`, `german`, …"
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
        callback=not_negative,
        rich_help_panel=_REQUEST,
        help="Sampling temperature, for models that take one.",
    ),
]
Times = Annotated[
    list[TimesOf] | None,
    typer.Option(
        "--timestamps",
        metavar="OF",
        rich_help_panel=_REQUEST,
        help="Ask for times: `word` or `segment`. [dim]May be repeated.[/]",
    ),
]
Translate = Annotated[
    bool, typer.Option("--translate", metavar=FLAG, rich_help_panel=_REQUEST, help="The text in English, whatever is spoken.")
]
Diarize = Annotated[
    bool, typer.Option("--diarize", metavar=FLAG, rich_help_panel=_REQUEST, help="Tell speakers apart, by models that can.")
]
Languages = Annotated[
    list[str] | None,
    typer.Option(
        "--languages",
        metavar="LANG",
        rich_help_panel=_REQUEST,
        help="A language that may be spoken, for models that take a list of them. [dim]May be repeated.[/]",
    ),
]
Keywords = Annotated[
    list[str] | None,
    typer.Option(
        "--keyword",
        metavar="WORD",
        rich_help_panel=_REQUEST,
        help="A name or a term to expect, for models that take keywords. [dim]May be repeated.[/]",
    ),
]
Speakers = Annotated[
    list[str] | None,
    typer.Option(
        "--speaker",
        metavar="NAME=FILE",
        rich_help_panel=_REQUEST,
        help="A speaker to recognise, by a recording of a few seconds of the voice. [dim]May be repeated.[/]",
    ),
]
Logprobs = Annotated[
    bool,
    typer.Option("--logprobs", metavar=FLAG, rich_help_panel=_REQUEST, help="The log probability of each token, with --json."),
]
Chunking = Annotated[
    str | None,
    typer.Option(
        "--chunking-strategy",
        metavar="HOW",
        rich_help_panel=_REQUEST,
        help="How OpenAI cuts the audio: `auto`, or an object as JSON.",
    ),
]
KeyStoreFile = Annotated[
    Path,
    typer.Option("--store", metavar="FILE", envvar="VOXPLAN_KEYS", help="The file of the keys.", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", metavar=FLAG, help="One JSON document on standard output, for programs.")]
