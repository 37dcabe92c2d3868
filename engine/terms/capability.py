"""What a provider's model can do, as data; unknown counts as absent (law C5)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal, get_args

import msgspec
from msgspec.structs import replace

from voxplan.engine.terms.request import MADE_OF_TIMES, AudioFacts, Option, Options, Request

__all__ = (
    "CAPABILITY_NAMES",
    "NO_STREAM",
    "TAKES_AT_MOST",
    "Capabilities",
    "CapabilityName",
    "Lack",
    "PriceFacts",
    "ProviderFacts",
    "Retirement",
    "Setting",
    "TokenPrices",
    "asks",
    "audio_lacks",
    "for_task",
    "lacks",
    "offers",
)

CapabilityName = Literal[
    "segments",
    "words",
    "diarization",
    "prompt",
    "temperature",
    "streaming",
    "languages_hint",
    "keywords",
    "known_speakers",
    "logprobs",
    "chunking_strategy",
    "translate",
]
CAPABILITY_NAMES: Final[tuple[CapabilityName, ...]] = get_args(CapabilityName)
NO_STREAM: Final = "does not stream"
TAKES_AT_MOST: Final = "takes at most"
_NO_OPTIONS: Final = Options()


class PriceFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a call costs, in billionths of a US dollar; times in milliseconds.

    By the minute of audio and by the call: audio is billed for at least `minimum_ms`, rounded up to whole steps of `step_ms`, and
    `by_channel` once for each channel. Or by the token, for a million of them: `tokens`; then `per_minute` is what a minute
    of speech comes to, an estimate. `estimated` also where the figures themselves are not certain. An estimate puts prices in
    order and is shown as one; no budget relies on it. `source` says where the figures stand, and when they were read.
    """

    per_minute: int = 0
    per_request: int = 0
    minimum_ms: int = 0
    step_ms: int = 0
    by_channel: bool = False
    tokens: "TokenPrices | None" = None
    estimated: bool = False
    source: str = ""


class TokenPrices(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Billionths of a US dollar for a million tokens: of audio heard, of text read (prompts), of text written."""

    audio_in: int
    text_in: int
    out: int


class Capabilities(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one model can do.

    `languages_hint`: it takes several languages that may be spoken. `retirement` says when the provider switches it off.
    `translate`: it can put what is said into English, and has then none of what `translate_without` lists.
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
    languages_hint: bool = False
    keywords: bool = False
    known_speakers: bool = False
    logprobs: bool = False
    chunking_strategy: bool = False
    translate: bool = False
    translate_without: tuple[CapabilityName | Literal["language"], ...] = ()
    containers: tuple[str, ...] | None = None
    max_bytes: int | None = None
    max_seconds: float | None = None
    price: PriceFacts | None = None
    retirement: "Retirement | None" = None
    source: str = ""


class Retirement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The day, as `YYYY-MM-DD`, on which a provider switches a model off, and the model that it names in its place."""

    on: str
    successor: str | None = None
    source: str = ""


class Setting(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing beside key and address that a provider's deployments can say under `settings`.

    A `secret` one stands in a spec by reference only. `default` may hold references: it counts when what it names is set.
    """

    name: str
    meaning: str
    needed: bool = False
    secret: bool = False
    default: str | None = None


class ProviderFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the engine has to know of a provider: which keys its deployments need and what its models can do.

    `models` maps a model name to its capabilities; `otherwise` holds for every model not named there, after `families`: the first
    whose marker occurs in the model's name (lower-case). `settings` are what its deployments can say beside key and address.
    `owned` are the request fields that voxplan sets itself, so that no `options` map may. With `channels_option` among a
    deployment's options every channel is transcribed, and billed. `model_setting` is the setting that says which model stands
    behind a deployment that the provider lets its customers name.
    """

    provider: str
    takes_key: bool = True
    needs_key: bool = True
    takes_base_url: bool = True
    needs_base_url: bool = False
    otherwise: Capabilities = Capabilities()
    models: tuple[tuple[str, Capabilities], ...] = ()
    families: tuple[tuple[str, Capabilities], ...] = ()
    settings: tuple[Setting, ...] = ()
    owned: tuple[str, ...] = ()
    takes_options: bool = True
    channels_option: str | None = None
    vendor: str | None = None
    default_key: str | None = None
    model_setting: str | None = None

    def known_model(self, model: str, settings: Mapping[str, str]) -> str:
        """The model by which a deployment is judged: what its `model_setting` says, else its own.

        >>> azure = ProviderFacts(provider="azure", model_setting="base_model")
        >>> azure.known_model("my-deployment", {"base_model": "whisper-1"}), azure.known_model("my-deployment", {})
        ('whisper-1', 'my-deployment')
        """
        return settings.get(self.model_setting or "", model)

    def capabilities(self, model: str) -> Capabilities:
        """The capabilities of `model`."""
        named = dict(self.models).get(model)
        if named is not None:
            return named
        return next((can for marker, can in self.families if marker in model.lower()), self.otherwise)


class Lack(msgspec.Struct, frozen=True):
    """One thing the request asks for that a model cannot do.

    `option` names what could be dropped or emulated instead; None for what the audio itself asks (its size, its container).
    `emulable`: what was asked can be built from what the model does give. `about` is what of the request it is about, also where
    nothing could be dropped.
    """

    detail: str
    option: Option | None = None
    emulable: bool = False
    only: Literal["response_format", "translate"] | None = None

    @property
    def about(self) -> "Option | Literal['response_format', 'translate'] | None":
        """What of the request's options; None for the audio."""
        return self.option or self.only


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
    "languages_hint": lambda can: can.languages_hint,
    "keywords": lambda can: can.keywords,
    "known_speakers": lambda can: can.known_speakers,
    "logprobs": lambda can: can.logprobs,
    "chunking_strategy": lambda can: can.chunking_strategy,
    "translate": lambda can: can.translate,
}


def for_task(capabilities: Capabilities, options: Options) -> Capabilities:
    """What of the capabilities there is for these options: less, with some models, where a translation is wanted."""
    missing = [name for name in capabilities.translate_without if options.translate and name != "language"]
    return replace(capabilities, **dict.fromkeys(missing, False)) if missing else capabilities


def lacks(capabilities: Capabilities, request: Request) -> tuple[Lack, ...]:
    """Everything the request asks for that a model with these capabilities cannot do; empty when it can serve.

    Unknown facts of the audio exclude nothing. Formats are rendered here, so a format only needs the times it is made of.
    """
    return (*_option_lacks(capabilities, request), *audio_lacks(capabilities, request.audio))


def asks(options: Options) -> bool:
    """Whether the options ask for anything that some model lacks."""
    if options == _NO_OPTIONS:  # most requests: one comparison
        return False
    return options.response_format in MADE_OF_TIMES or replace(options, response_format="json") != _NO_OPTIONS


def _option_lacks(capabilities: Capabilities, request: Request) -> Iterator[Lack]:
    options, can = request.options, for_task(capabilities, request.options)
    if options.translate and not can.translate:
        # A transcript in another language is not what was asked: there is nothing to drop.
        yield Lack("does not translate into English", only="translate")
    if options.language is not None and options.translate and "language" in can.translate_without:
        yield Lack("takes no language when it translates", "language")
    elif options.language is not None and can.languages != "any" and options.language not in (can.languages or ()):
        known = "cannot transcribe" if can.languages else "is not known to transcribe"
        yield Lack(f"{known} language `{options.language}`", "language")
    yield from _time_lacks(can, options)
    if options.response_format == "diarized_json" and not can.diarization:
        # Nothing to drop would leave the format.
        yield Lack("does not tell speakers apart, which `diarized_json` needs", only="response_format")
    elif options.diarize and not can.diarization:
        yield Lack("does not tell speakers apart", "diarize")
    for option, asked, able, cannot in _ASKED:
        if asked(options) and not able(can):
            # What to expect can be said in a prompt too.
            yield Lack(cannot, option, emulable=option == "stream" or (option == "keywords" and can.prompt))


def _time_lacks(can: Capabilities, options: Options) -> Iterator[Lack]:
    if "word" in options.timestamps and not can.words:
        yield Lack("gives no word times", "timestamps", emulable=can.segments)
    made_of_times = options.response_format in MADE_OF_TIMES
    if (made_of_times or "segment" in options.timestamps) and not (can.segments or can.words):
        # Subtitles are made of times: without any, there is nothing to drop that would leave the format.
        if made_of_times:
            yield Lack(f"gives no times, which `{options.response_format}` needs", only="response_format")
        else:
            yield Lack("gives no segment times", "timestamps")


_Asked = tuple[Option, Callable[[Options], bool], Callable[[Capabilities], bool], str]

_ASKED: Final[tuple[_Asked, ...]] = (
    ("languages", lambda o: bool(o.languages), lambda can: can.languages_hint, "takes no list of languages that may be spoken"),
    ("prompt", lambda o: o.prompt is not None, lambda can: can.prompt, "takes no prompt"),
    ("keywords", lambda o: bool(o.keywords), lambda can: can.keywords, "takes no keywords"),
    ("temperature", lambda o: o.temperature is not None, lambda can: can.temperature, "takes no temperature"),
    ("known_speakers", lambda o: bool(o.known_speakers), lambda can: can.known_speakers, "recognises no speakers by their voice"),
    ("logprobs", lambda o: o.logprobs, lambda can: can.logprobs, "gives no log probabilities"),
    (
        "chunking_strategy",
        lambda o: o.chunking_strategy is not None,
        lambda can: can.chunking_strategy,
        "takes no chunking strategy",
    ),
    ("stream", lambda o: o.stream, lambda can: can.streaming, NO_STREAM),
)


def audio_lacks(can: Capabilities, audio: AudioFacts) -> tuple[Lack, ...]:
    """Why the model cannot take the audio, whatever is asked of it."""
    found: list[Lack] = []
    if can.containers is not None and audio.format is not None and audio.format not in can.containers:
        found.append(Lack(f"takes no `{audio.format}`"))
    if can.max_bytes is not None and audio.bytes is not None and audio.bytes > can.max_bytes:
        found.append(Lack(f"{TAKES_AT_MOST} {can.max_bytes} bytes"))
    if can.max_seconds is not None and audio.seconds is not None and audio.seconds > can.max_seconds:
        found.append(Lack(f"{TAKES_AT_MOST} {can.max_seconds:g} s"))
    return tuple(found)
