"""The facts about one transcription that are known before any call is made. Never the audio bytes.

Absent audio facts and language are *unknown*; absent user, key, tags and metadata are a *known none*.
"""

from typing import Literal

import msgspec

from voxplan.engine.terms.failure import FailureKind

__all__ = ("AudioFacts", "Option", "Options", "Request", "ResponseFormat", "Simulation", "Timestamps")

ResponseFormat = Literal["json", "text", "srt", "vtt", "verbose_json"]
Timestamps = Literal["segment", "word"]

Option = Literal["language", "prompt", "temperature", "timestamps", "diarize", "stream"]
"""An option that some provider cannot do: what an `options` rule may name."""


class AudioFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of the audio: size in bytes, seconds, container name (`wav`, `mp3`, …), channels."""

    bytes: int | None = None
    seconds: float | None = None
    format: str | None = None
    channels: int | None = None


class Options(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the caller wants of the transcription. Every attempt gets exactly these, save its listed degrades (law F7)."""

    language: str | None = None
    prompt: str | None = None
    temperature: float | None = None
    response_format: ResponseFormat = "json"
    timestamps: tuple[Timestamps, ...] = ()
    diarize: bool = False
    stream: bool = False


class Simulation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Failures to pretend, for testing fallbacks: no simulated attempt is ever sent.

    `failures` maps the name of a deployment, else of a provider, to the kind in which its attempts fail. `first_child`: every
    attempt of the first child of the plan's root fails with `server_error` (LiteLLM's `mock_testing_fallbacks`).
    """

    failures: tuple[tuple[str, FailureKind], ...] = ()
    first_child: bool = False


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One transcription as the planner sees it.

    `fallbacks` are deployments or routes to try after the route, inside the rules of its root; `deadline_ms` bounds the whole run
    and only narrows. `allowed`: the routes and deployments that the caller may name, as route or fallback (None: all); what an
    allowed route reaches is allowed with it. `key_budget_left` is in billionths of a US dollar; None is no limit.
    """

    route: str
    audio: AudioFacts = AudioFacts()
    options: Options = Options()
    user: str | None = None
    key: str | None = None
    key_tags: tuple[str, ...] = ()
    key_budget_left: int | None = None
    tags: tuple[str, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()
    fallbacks: tuple[str, ...] = ()
    deadline_ms: int | None = None
    allowed: tuple[str, ...] | None = None
    simulate: Simulation | None = None
