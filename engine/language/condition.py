"""Conditions as an author means them: what may stand after `if`, in normal form.

Structured, so that they can be decided, compared and drawn; there is no expression language. All keys of a condition hold
together. How one is decided, with its three values, is in `deciding`.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from voxplan.engine.language.table import Table
from voxplan.engine.terms.quantity import ClockTime, Money, Share
from voxplan.engine.terms.request import ResponseFormat, Timestamps

__all__ = ("Condition", "Day", "Fact", "LanguageCode", "MoneyRange", "NumberRange", "Sample", "TextList", "TimeWindow")

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

TextList = Annotated[tuple[str, ...], Meta(min_length=1)]
"""Any of these; a single text is written without the list."""

LanguageCode = Annotated[str, Meta(pattern=r"^[a-z]{2,3}$", description="an ISO 639 code in lower case such as `fi` or `yue`")]
"""A language as requests have it, whatever way a caller wrote it: `fi-FI` and `Finnish` are `fi` by then."""

Fact = Annotated[
    str,
    Meta(
        pattern=r"^(route|audio\.(seconds|bytes|format|channels)|language|response_format|timestamps|stream|translate|diarize|user|key"
        r"|key\.tags|key\.budget_left|tags|metadata\.[^\s]+)$",
        description="a fact of the request such as `audio.seconds`, `language`, `user` or `metadata.plan`",
    ),
]
"""The name of a fact about the request."""


class NumberRange(Table, frozen=True, kw_only=True):
    """A number `over` and `under` these, bounds excluded, and one of those listed in `in`. A plain number means `in`."""

    over: float | None = None
    under: float | None = None
    in_: Annotated[tuple[float, ...], Meta(min_length=1)] | None = msgspec.field(default=None, name="in")


class MoneyRange(Table, frozen=True, kw_only=True):
    """Money `over` and `under` these, bounds excluded."""

    over: Money | None = None
    under: Money | None = None


class Sample(Table, frozen=True, kw_only=True):
    """A stable share of the values of `by` (`user`, `key` or `metadata.x`), so that the same user always falls on the same side.

    Without `by`, or where the request lacks it, chance decides each request by itself. Samples with the same `salt` agree.
    """

    share: Share
    by: Annotated[str, Meta(pattern=r"^(user|key|metadata\.[^\s]+)$", description="`user`, `key` or `metadata.x`")] | None = None
    salt: str = ""


class TimeWindow(Table, frozen=True, kw_only=True):
    """The time of day in `zone`: from `from`, until just before `to`, on `days` (default: all).

    A window whose `to` is not after its `from` reaches into the next day; its day is the one on which it began.
    """

    from_: ClockTime = msgspec.field(default=ClockTime(0), name="from")
    to: ClockTime = ClockTime(24 * 60)
    days: Annotated[tuple[Day, ...], Meta(min_length=1)] | None = None
    zone: str = "UTC"


class Condition(Table, frozen=True, kw_only=True):
    """What must be true of the request. Every key that is there must hold."""

    all: Annotated[tuple["Condition", ...], Meta(min_length=1)] | None = None
    any: Annotated[tuple["Condition", ...], Meta(min_length=1)] | None = None
    not_: "Condition | None" = msgspec.field(default=None, name="not")
    known: Fact | None = None
    sample: Sample | None = None
    time: TimeWindow | None = None
    route: TextList | None = None
    audio_seconds: NumberRange | None = msgspec.field(default=None, name="audio.seconds")
    audio_bytes: NumberRange | None = msgspec.field(default=None, name="audio.bytes")
    audio_format: TextList | None = msgspec.field(default=None, name="audio.format")
    audio_channels: NumberRange | None = msgspec.field(default=None, name="audio.channels")
    language: Annotated[tuple[LanguageCode, ...], Meta(min_length=1)] | None = None
    response_format: Annotated[tuple[ResponseFormat, ...], Meta(min_length=1)] | None = None
    timestamps: Annotated[tuple[Timestamps, ...], Meta(min_length=1)] | None = None
    stream: bool | None = None
    translate: bool | None = None
    diarize: bool | None = None
    user: TextList | None = None
    key: TextList | None = None
    key_tags: TextList | None = msgspec.field(default=None, name="key.tags")
    key_budget_left: MoneyRange | None = msgspec.field(default=None, name="key.budget_left")
    tags: TextList | None = None
    metadata: dict[str, TextList] | None = None
