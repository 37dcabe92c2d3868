"""Policy tests as an author writes them: a request, a scripted world, and what the route must then do.

They stand in the spec under `tests` and are run by `voxplan test`; nothing that is planned depends on them.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from voxplan.engine.language.condition import LanguageCode
from voxplan.engine.language.table import Table
from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.quantity import ClockTime, Money, Span
from voxplan.engine.terms.request import ResponseFormat, Timestamps

__all__ = ("PolicyExpectation", "PolicyRequest", "PolicyTest", "Scripted")


class PolicyRequest(Table, frozen=True, kw_only=True):
    """The facts of the request of a test; what is left out is absent. `route` may be left out when the spec has only one."""

    route: str | None = None
    audio_seconds: Annotated[float, Meta(ge=0)] | None = msgspec.field(default=None, name="audio.seconds")
    audio_bytes: Annotated[int, Meta(ge=0)] | None = msgspec.field(default=None, name="audio.bytes")
    audio_format: str | None = msgspec.field(default=None, name="audio.format")
    audio_channels: Annotated[int, Meta(ge=1)] | None = msgspec.field(default=None, name="audio.channels")
    language: LanguageCode | None = None
    languages: tuple[LanguageCode, ...] = ()
    prompt: str | None = None
    keywords: tuple[str, ...] = ()
    temperature: float | None = None
    response_format: ResponseFormat = "json"
    timestamps: tuple[Timestamps, ...] = ()
    translate: bool = False
    diarize: bool = False
    known_speakers: tuple[str, ...] = ()
    """Their names: how they sound decides nothing."""
    logprobs: bool = False
    chunking_strategy: str | None = None
    stream: bool = False
    user: str | None = None
    key: str | None = None
    key_tags: tuple[str, ...] = msgspec.field(default=(), name="key.tags")
    key_budget_left: Money | None = msgspec.field(default=None, name="key.budget_left")
    tags: tuple[str, ...] = ()
    metadata: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    fallbacks: tuple[str, ...] = ()
    deadline: Span | None = None
    retries: Annotated[int, Meta(ge=0, le=100)] | None = None
    time: ClockTime | None = None
    """The time of day (UTC, on a Thursday) at which the request comes; chance decides nothing here."""


class Scripted(Table, frozen=True, kw_only=True):
    """What one call to a deployment comes to: its `result`, after how long, with which text or Retry-After.

    Written as the bare result where that is all. `hangs` never answers.
    """

    result: Literal["ok", "hangs"] | FailureKind
    after: Span = Span(1000)
    text: str = "A transcript."
    retry_after: Span | None = None


class PolicyExpectation(Table, frozen=True, kw_only=True):
    """What must come of it; what is left out is not looked at.

    `attempts` are the deployments that are called, in order, retries included; `failure` the kind in which the run fails, or
    `refused` when no plan is made; `within` the longest it may take.
    """

    attempts: tuple[str, ...] | None = None
    served_by: str | None = None
    failure: Literal["refused"] | FailureKind | None = None
    never: tuple[str, ...] = ()
    within: Span | None = None
    costs_at_most: Money | None = None


class PolicyTest(Table, frozen=True, kw_only=True):
    """One test: `request` comes, `world` answers (what it does not name answers well), `expect` must hold for every seed."""

    name: str
    request: PolicyRequest = PolicyRequest()
    world: dict[str, tuple[Scripted, ...]] = msgspec.field(default_factory=dict[str, tuple[Scripted, ...]])
    expect: PolicyExpectation
