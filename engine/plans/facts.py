"""The facts of a request by the names that specs use, and which of them are known.

A fact has values as text, or is a number. Nobody knows an absent `audio.*` or `language`; an absent user, key, tag or metadata is
known to be none.
"""

import math
from collections.abc import Callable, Mapping
from typing import Final

from voxplan.engine.terms.request import Request

__all__ = ("METADATA", "NUMBERS", "TEXTS", "flag_text", "is_known", "numeric", "textual")

METADATA: Final = "metadata."
"""What the name of a metadatum begins with."""

TEXTS: Final[Mapping[str, Callable[[Request], tuple[str, ...] | None]]] = {
    "route": lambda request: (request.route,),
    "audio.format": lambda request: _one(request.audio.format),
    "language": lambda request: _one(request.options.language),
    "response_format": lambda request: (request.options.response_format,),
    "timestamps": lambda request: request.options.timestamps,
    "stream": lambda request: (flag_text(request.options.stream),),
    "translate": lambda request: (flag_text(request.options.translate),),
    "diarize": lambda request: (flag_text(request.options.diarize),),
    "user": lambda request: _one(request.user) or (),
    "key": lambda request: _one(request.key) or (),
    "key.tags": lambda request: request.key_tags,
    "tags": lambda request: request.tags,
}
"""Facts with values; metadata besides. None when nobody knows, empty when it is known that there is none."""

NUMBERS: Final[Mapping[str, Callable[[Request], float | None]]] = {
    "audio.seconds": lambda request: _measured(request.audio.seconds),
    "audio.bytes": lambda request: _measured(request.audio.bytes),
    "audio.channels": lambda request: _measured(request.audio.channels),
    # Without a limit there is always more left than any amount.
    "key.budget_left": lambda request: math.inf if request.key_budget_left is None else request.key_budget_left,
}
"""Facts that are numbers; None when nobody knows. Money is in billionths of a US dollar."""


def textual(name: str, request: Request) -> tuple[str, ...] | None:
    """The values of the fact called `name`, one of `TEXTS` or a metadatum.

    >>> textual("user", Request(route="r")), textual("language", Request(route="r"))
    ((), None)
    """
    if name.startswith(METADATA):
        key = name.removeprefix(METADATA)
        return tuple(value for known, value in request.metadata if known == key)
    return TEXTS[name](request)


def numeric(name: str, request: Request) -> float | None:
    """The number that is the fact called `name`, one of `NUMBERS`."""
    return NUMBERS[name](request)


def is_known(name: str, request: Request) -> bool:
    """Whether there is a value, a tag, a limit: what `known` asks. Never unknown itself.

    >>> is_known("user", Request(route="r", user="ann")), is_known("key.budget_left", Request(route="r"))
    (True, False)
    """
    if name in NUMBERS:
        number = numeric(name, request)
        return number is not None and math.isfinite(number)
    return bool(textual(name, request))


def flag_text(value: bool) -> str:
    """A flag as an author writes it."""
    return "true" if value else "false"


def _one(value: str | None) -> tuple[str, ...] | None:
    return None if value is None else (value,)


def _measured(number: float | None) -> float | None:
    """A size or a length; what cannot be one is as good as unknown."""
    return number if number is not None and math.isfinite(number) and number >= 0 else None
