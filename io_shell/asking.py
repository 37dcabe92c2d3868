"""What a caller asks for, made sure of before anything is opened or sent.

Type checkers see most of this; callers without one get the same in words, instead of a call that is paid for in vain.
"""

import base64
import binascii
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeVar, cast, get_args

import msgspec
from returns.result import Failure

from voxplan.adapters.languages import code_of
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.failure import LISTABLE, FailureKind
from voxplan.engine.terms.quantity import parse_span
from voxplan.engine.terms.request import KnownSpeaker, Options, ResponseFormat, Simulation, Timestamps
from voxplan.engine.terms.spelling import listed, quoted, suggestion
from voxplan.io_shell.errors import RequestError

__all__ = (
    "asked_choice",
    "asked_chunking",
    "asked_count",
    "asked_deadline",
    "asked_flag",
    "asked_language",
    "asked_languages",
    "asked_metadata",
    "asked_names",
    "asked_number",
    "asked_options",
    "asked_route",
    "asked_seed",
    "asked_simulation",
    "asked_speakers",
    "asked_text",
    "asked_timestamps",
)

T = TypeVar("T")

_VOICE: Final = re.compile(r"data:audio/[A-Za-z0-9.+-]+(?:;[A-Za-z0-9.+-]+=[A-Za-z0-9.+-]+)*;base64,")


def asked_route(router: Router, route: str | None) -> str:
    """The name of the route: the one asked for, else `default`, else the only one there is."""
    routes = router.routes
    if route is None:
        if "default" not in routes and len(routes) != 1:
            raise RequestError(f"which route? the spec has {listed(routes)}", code="which_route")
        return "default" if "default" in routes else next(iter(routes))
    if asked_text("route", route) not in routes:
        raise RequestError(f"unknown route `{route}`{suggestion(route, routes)}", code="unknown_route")
    return route


def asked_options(  # noqa: PLR0913 - one for each option
    language: str | None,
    prompt: str | None,
    temperature: float | None,
    response_format: ResponseFormat,
    timestamps: Timestamps | Sequence[Timestamps],
    diarize: bool,
    *,
    languages: str | Sequence[str] = (),
    keywords: str | Sequence[str] = (),
    known_speakers: Mapping[str, str] | None = None,
    translate: bool = False,
    logprobs: bool = False,
    chunking_strategy: str | Mapping[str, object] | None = None,
    stream: bool = False,
) -> Options:
    """What the caller wants of the transcription."""
    if language is not None and languages:
        raise RequestError("`language` says what is spoken, `languages` what may be: give one of the two")
    return Options(
        language=asked_language(language),
        prompt=asked_text("prompt", prompt),
        temperature=asked_number("temperature", temperature),
        response_format=asked_choice("response_format", response_format, ResponseFormat),
        timestamps=asked_timestamps(timestamps),
        diarize=asked_flag("diarize", diarize),
        languages=asked_languages(languages),
        keywords=asked_names("keywords", keywords),
        known_speakers=asked_speakers(known_speakers),
        translate=asked_flag("translate", translate),
        logprobs=asked_flag("logprobs", logprobs),
        chunking_strategy=asked_chunking(chunking_strategy),
        stream=asked_flag("stream", stream),
    )


def asked_language(language: str | None) -> str | None:
    """The code of a language given by code, tag or name; None stays unknown."""
    if language is None:
        return None
    code = code_of(asked_text("language", language) or "")
    if code is None:
        raise RequestError(f"unknown language `{language}`: expected a code such as `en` or a name such as `english`")
    return code


def asked_languages(wanted: str | Sequence[str]) -> tuple[str, ...]:
    """The codes of the languages that may be spoken, each once, in their order; one alone may stand without a list."""
    codes = (asked_language(name) for name in asked_names("languages", wanted))
    return tuple(dict.fromkeys(code for code in codes if code is not None))


def asked_speakers(wanted: Mapping[str, str] | None) -> tuple[KnownSpeaker, ...]:
    """Names with the voices that belong to them; no message shows a voice."""
    voices = _by_name("known_speakers", wanted, "a data URL of its voice")
    return tuple(_speaker(name, reference) for name, reference in voices.items())


def _speaker(name: str, reference: str) -> KnownSpeaker:
    if not asked_text("known_speakers", name):
        raise RequestError("`known_speakers` holds an empty name")
    if not _is_voice(asked_text("known_speakers", reference) or ""):
        raise RequestError(f"`known_speakers`: the voice of {quoted(name)} is no data URL of audio (`data:audio/wav;base64,…`)")
    return KnownSpeaker(name=name, reference=reference)


def _is_voice(reference: str) -> bool:
    head = _VOICE.match(reference)
    try:
        return head is not None and bool(base64.b64decode(reference[head.end() :], validate=True))
    except (binascii.Error, ValueError):
        return False


def asked_chunking(wanted: str | Mapping[str, object] | None) -> str | None:
    """`auto`, or an object, which may be given as JSON text, as JSON text in one way of writing; none stays none."""
    if wanted is None or wanted == "auto":
        return None if wanted is None else "auto"
    try:
        given: object = msgspec.json.decode(wanted) if isinstance(wanted, str) else wanted
        if isinstance(given, Mapping) and _is_said(cast("Mapping[object, object]", given)):
            return msgspec.json.encode(given, order="deterministic").decode()
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):
        pass
    shown = quoted(wanted) if isinstance(wanted, str) else f"of type {type(wanted).__name__}"
    raise RequestError(f'`chunking_strategy` is {shown}: expected `auto` or an object such as `{{"type": "server_vad"}}`')


def asked_choice(name: str, value: T, choices: object) -> T:
    """The value, if it is one of the literal type `choices`."""
    known = get_args(choices)
    if value not in known:
        raise RequestError(f"unknown {name} `{value}`: expected one of {listed(known)}{suggestion(str(value), known)}")
    return value


def asked_flag(name: str, value: bool) -> bool:
    """True or false, and nothing that is merely taken for it."""
    if not isinstance(value, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise RequestError(f"`{name}` is `{value}`: expected true or false")
    return value


def asked_timestamps(wanted: Timestamps | Sequence[Timestamps]) -> tuple[Timestamps, ...]:
    """The kinds of times asked for; one alone may stand without a list."""
    kinds: tuple[Timestamps, ...] = (wanted,) if isinstance(wanted, str) else _each("timestamps", wanted)
    return tuple(asked_choice("timestamps", kind, Timestamps) for kind in kinds)


def asked_names(name: str, wanted: str | Sequence[str]) -> tuple[str, ...]:
    """Names; one alone may stand without a list."""
    names = (wanted,) if isinstance(wanted, str) else _each(name, wanted)
    for each in names:
        if not asked_text(name, each):
            raise RequestError(f"`{name}` holds an empty name")
    return names


def _each(name: str, wanted: Sequence[T]) -> tuple[T, ...]:
    """What a list holds. What a mapping says beside its names would be lost."""
    if isinstance(wanted, Mapping | bytes | bytearray) or not isinstance(wanted, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise RequestError(f"`{name}` is {_kind(wanted)}: expected a list")
    return tuple(wanted)


def _by_name(name: str, wanted: Mapping[str, T] | None, what: str) -> Mapping[str, T]:
    """What a mapping of names holds; none holds nothing."""
    if wanted is not None and not isinstance(wanted, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise RequestError(f"`{name}` is {_kind(wanted)}: expected names, each with {what}")
    for each in wanted or {}:
        asked_text(name, each)
    return wanted or {}


def _kind(value: object) -> str:
    return "nothing" if value is None else f"of type {type(value).__name__}"


def asked_metadata(wanted: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    """Pairs of text, in the order of their names."""
    pairs = sorted(_by_name("metadata", wanted, "text").items())
    for name, value in pairs:
        if asked_text(f"metadata.{name}", value) is None:
            raise RequestError(f"`metadata.{name}` is nothing: expected text")
    return tuple(pairs)


def asked_deadline(wanted: float | str | None) -> int | None:
    """Milliseconds from seconds, or from a duration such as `30s`; none stays none."""
    if wanted is None:
        return None
    if not isinstance(wanted, str | float | int):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise RequestError(f"`deadline` is {_kind(wanted)}: expected seconds, or a duration such as `30s`")
    parsed = parse_span(wanted)
    if isinstance(parsed, Failure):
        raise RequestError(f"`deadline`: {parsed.failure()}")
    span = parsed.unwrap()
    if span.depends_on_audio or span.base_ms == 0:
        raise RequestError(f"`deadline` is `{wanted}`: expected some time, such as `30s`")
    return span.base_ms


def asked_simulation(wanted: Mapping[str, FailureKind] | None, *, first_child: bool) -> Simulation | None:
    """Failures to pretend, by the names of deployments or providers, and in the first child of the plan; None for none."""
    failures = tuple(sorted(_by_name("simulate", wanted, "a kind of failure").items()))
    for name, kind in failures:
        if kind not in LISTABLE:
            raise RequestError(
                f"cannot simulate `{kind}` at `{name}`: no such failure of a call{suggestion(str(kind), LISTABLE)}"
            )
    return Simulation(failures=failures, first_child=first_child) if failures or first_child else None


def asked_number(name: str, value: float | None, *, least: float = 0.0) -> float | None:
    """A finite number of at least `least`, or none."""
    if value is None:
        return None
    if not _is_number(value) or not _is_finite(value) or value < least:
        raise RequestError(f"`{name}` is `{value}`: expected a number of at least {least:g}")
    return value


def asked_count(name: str, value: int, *, most: int = 100) -> int:
    """A whole number from 0 to `most`."""
    if not _is_number(value) or not 0 <= value <= most or value % 1:
        raise RequestError(f"`{name}` is `{value}`: expected a whole number from 0 to {most}")
    return value


def asked_text(name: str, value: str | None) -> str | None:
    """Text that can be sent, or none."""
    if value is None:
        return None
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise RequestError(f"`{name}` is of type {type(value).__name__}: expected text")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise RequestError(f"`{name}` holds characters that are no text") from None
    return value


def asked_seed(seed: int | None) -> int | None:
    """A whole number, or none."""
    if seed is not None and (not _is_number(seed) or isinstance(seed, float)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise RequestError(f"`seed` is `{seed}`: expected a whole number")
    return seed


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond every float
        return False


def _is_said(wanted: Mapping[object, object]) -> bool:
    """Whether all of it would arrive: an empty object would not, and what is not finite would be `null`."""
    return bool(wanted) and all(not isinstance(value, float) or math.isfinite(value) for value in wanted.values())
