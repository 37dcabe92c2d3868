"""The facts about one transcription that are known before any call is made. Never the audio bytes.

Absent audio facts and language are *unknown*; absent user, key, tags and metadata are a *known none*.
"""

from typing import Final, Literal

import msgspec

from voxplan.engine.terms.failure import FailureKind

__all__ = (
    "MADE_OF_TIMES",
    "AudioFacts",
    "KnownSpeaker",
    "Option",
    "Options",
    "Request",
    "ResponseFormat",
    "Simulation",
    "Timestamps",
    "needs_speakers",
    "needs_times",
)

ResponseFormat = Literal["json", "text", "srt", "vtt", "verbose_json", "diarized_json"]
Timestamps = Literal["segment", "word"]

Option = Literal[
    "language",
    "languages",
    "prompt",
    "keywords",
    "temperature",
    "timestamps",
    "diarize",
    "known_speakers",
    "logprobs",
    "chunking_strategy",
    "stream",
]
"""An option that some provider cannot do: what an `options` rule may name."""


class AudioFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of the audio: size in bytes, seconds, container name (`wav`, `mp3`, …), channels."""

    bytes: int | None = None
    seconds: float | None = None
    format: str | None = None
    channels: int | None = None


class KnownSpeaker(msgspec.Struct, frozen=True, kw_only=True):
    """A speaker to be recognised: a name, and a `data:` URL with some seconds of the voice."""

    name: str
    reference: str


class Options(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the caller wants of the transcription. Every attempt gets exactly these, save its listed degrades (law F7).

    `language` is what is spoken, `languages` are what may be. `keywords` are words to expect, as names and terms.
    `translate` wants the text in English, whatever is spoken. `logprobs` asks for the log probability of each token.
    `chunking_strategy` is OpenAI's: `auto`, or an object as JSON text.
    """

    language: str | None = None
    languages: tuple[str, ...] = ()
    prompt: str | None = None
    keywords: tuple[str, ...] = ()
    temperature: float | None = None
    response_format: ResponseFormat = "json"
    timestamps: tuple[Timestamps, ...] = ()
    translate: bool = False
    diarize: bool = False
    known_speakers: tuple[KnownSpeaker, ...] = ()
    logprobs: bool = False
    chunking_strategy: str | None = None
    stream: bool = False


MADE_OF_TIMES: Final = frozenset[ResponseFormat]({"srt", "vtt", "diarized_json"})
"""The formats that cannot be made without times."""


def needs_times(options: Options) -> bool:
    """Whether an answer without any times would not do: the format is made of them, or they are asked for by name."""
    return options.response_format in MADE_OF_TIMES or bool(options.timestamps)


def needs_speakers(options: Options) -> bool:
    """Whether speakers are to be told apart."""
    return options.diarize or options.response_format == "diarized_json"


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
    and only narrows; so does `retries`, how often each deployment is asked again at most. `allowed`: the routes and deployments
    that the caller may name, as route or fallback (None: all); what an allowed route reaches is allowed with it.
    `key_budget_left` is in billionths of a US dollar; None is no limit.
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
    retries: int | None = None
    allowed: tuple[str, ...] | None = None
    simulate: Simulation | None = None
