"""What a provider's model can do, as data; unknown counts as absent (law C5)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from voxplan.engine.terms.request import AudioFacts, Option, Options, Request

__all__ = (
    "CAPABILITY_NAMES",
    "Capabilities",
    "CapabilityName",
    "Lack",
    "PriceFacts",
    "ProviderFacts",
    "asks",
    "audio_lacks",
    "lacks",
    "offers",
)

CapabilityName = Literal["segments", "words", "diarization", "prompt", "temperature", "streaming"]
_NO_OPTIONS: Final = Options()
CAPABILITY_NAMES: Final[tuple[CapabilityName, ...]] = ("segments", "words", "diarization", "prompt", "temperature", "streaming")


class PriceFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a call costs, in billionths of a US dollar; times in milliseconds.

    Audio is billed for at least `minimum_ms`, rounded up to whole steps of `step_ms`. `source` says where the figure stands.
    """

    per_minute: int = 0
    per_request: int = 0
    minimum_ms: int = 0
    step_ms: int = 0
    source: str = ""


class Capabilities(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one model can do.

    `languages`: the ISO 639-1 codes it knows, `any` when it detects every language, None when nobody knows. `segments` and
    `words` say whether the answer carries times, `diarization` whether it names speakers. `containers` are the audio formats it
    takes; like `max_bytes` and `max_seconds` None where no limit is documented. `price` None is an unknown price. `source` says
    where all this stands.
    """

    languages: tuple[str, ...] | Literal["any"] | None = None
    segments: bool = False
    words: bool = False
    diarization: bool = False
    prompt: bool = False
    temperature: bool = False
    streaming: bool = False
    containers: tuple[str, ...] | None = None
    max_bytes: int | None = None
    max_seconds: float | None = None
    price: PriceFacts | None = None
    source: str = ""


class ProviderFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the engine has to know of a provider: which keys its deployments need and what its models can do.

    `models` maps a model name to its capabilities; `otherwise` holds for every model not named there.
    """

    provider: str
    takes_key: bool = True
    needs_key: bool = True
    takes_base_url: bool = True
    needs_base_url: bool = False
    otherwise: Capabilities = Capabilities()
    models: tuple[tuple[str, Capabilities], ...] = ()
    vendor: str | None = None
    default_key: str | None = None

    def capabilities(self, model: str) -> Capabilities:
        """The capabilities of `model`."""
        return dict(self.models).get(model, self.otherwise)


class Lack(msgspec.Struct, frozen=True):
    """One thing the request asks for that a model cannot do.

    `option` names what could be dropped or emulated instead; None for what the audio itself asks (its size, its container).
    `emulable`: what was asked can be built from what the model does give.
    """

    detail: str
    option: Option | None = None
    emulable: bool = False


def offers(capabilities: Capabilities, name: CapabilityName) -> bool:
    """Whether the model is known to have the capability."""
    return _OFFERED[name](capabilities)


_OFFERED: Final[Mapping[CapabilityName, Callable[[Capabilities], bool]]] = {
    "segments": lambda can: can.segments or can.words,
    "words": lambda can: can.words,
    "diarization": lambda can: can.diarization,
    "prompt": lambda can: can.prompt,
    "temperature": lambda can: can.temperature,
    "streaming": lambda can: can.streaming,
}


def lacks(capabilities: Capabilities, request: Request) -> tuple[Lack, ...]:
    """Everything the request asks for that a model with these capabilities cannot do; empty when it can serve.

    Unknown facts of the audio exclude nothing. Formats are rendered here, so a format only needs the times it is made of.
    """
    return (*_option_lacks(capabilities, request), *audio_lacks(capabilities, request.audio))


def asks(options: Options) -> bool:
    """Whether the options ask for anything that some model lacks."""
    if options == _NO_OPTIONS:  # most requests: one comparison
        return False
    return options.response_format in {"srt", "vtt"} or replace(options, response_format="json") != _NO_OPTIONS


def _option_lacks(can: Capabilities, request: Request) -> Iterator[Lack]:
    options = request.options
    if options.language is not None and can.languages != "any" and options.language not in (can.languages or ()):
        known = "cannot transcribe" if can.languages else "is not known to transcribe"
        yield Lack(f"{known} language `{options.language}`", "language")
    if "word" in options.timestamps and not can.words:
        yield Lack("gives no word times", "timestamps", emulable=can.segments)
    needs_times = options.response_format in {"srt", "vtt"} or "segment" in options.timestamps
    if needs_times and not (can.segments or can.words):
        # Subtitles are made of times: without any, there is nothing to drop that would leave the format.
        subtitles = options.response_format in {"srt", "vtt"}
        detail = f"gives no times, which `{options.response_format}` needs" if subtitles else "gives no segment times"
        yield Lack(detail, None if subtitles else "timestamps")
    asks: tuple[tuple[Option, bool, bool], ...] = (
        ("diarize", options.diarize, can.diarization),
        ("prompt", options.prompt is not None, can.prompt),
        ("temperature", options.temperature is not None, can.temperature),
    )
    for option, asked, able in asks:
        if asked and not able:
            yield Lack(_CANNOT[option], option)
    if options.stream and not can.streaming:
        yield Lack("does not stream", "stream", emulable=True)


_CANNOT: Final[Mapping[Option, str]] = {
    "diarize": "does not tell speakers apart",
    "prompt": "takes no prompt",
    "temperature": "takes no temperature",
}


def audio_lacks(can: Capabilities, audio: AudioFacts) -> tuple[Lack, ...]:
    """Why the model cannot take the audio, whatever is asked of it."""
    found: list[Lack] = []
    if can.containers is not None and audio.format is not None and audio.format not in can.containers:
        found.append(Lack(f"takes no `{audio.format}`"))
    if can.max_bytes is not None and audio.bytes is not None and audio.bytes > can.max_bytes:
        found.append(Lack(f"takes at most {can.max_bytes} bytes"))
    if can.max_seconds is not None and audio.seconds is not None and audio.seconds > can.max_seconds:
        found.append(Lack(f"takes at most {can.max_seconds:g} s"))
    return tuple(found)
