"""What a provider's model can do, as data; unknown counts as absent (law C5)."""

import msgspec

from voxplan.engine.request import Request

__all__ = ("Capabilities", "ProviderFacts", "incapable")


class Capabilities(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one model can do.

    `languages` None means every language (the model detects it); otherwise the ISO 639-1 codes it knows. `segments` and
    `words` say whether the answer carries times. `max_bytes` and `max_seconds` are None where no limit is documented.
    """

    languages: tuple[str, ...] | None = None
    segments: bool = False
    words: bool = False
    prompt: bool = False
    temperature: bool = False
    max_bytes: int | None = None
    max_seconds: float | None = None


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


def incapable(capabilities: Capabilities, request: Request) -> tuple[str, ...]:
    """Every reason why a model with these capabilities cannot serve the request; empty when it can.

    Unknown facts of the audio exclude nothing. Formats are rendered here, so a format only needs the times it is made of.
    """
    options, audio = request.options, request.audio
    reasons: list[str] = []
    known = capabilities.languages
    if known is not None and options.language is not None and options.language not in known:
        reasons.append(f"cannot transcribe language `{options.language}`")
    if "word" in options.timestamps and not capabilities.words:
        reasons.append("gives no word times")
    needs_times = options.response_format in {"srt", "vtt"} or "segment" in options.timestamps
    if needs_times and not (capabilities.segments or capabilities.words):
        reasons.append(f"gives no times, which `{options.response_format}` needs")
    if options.prompt is not None and not capabilities.prompt:
        reasons.append("takes no prompt")
    if options.temperature is not None and not capabilities.temperature:
        reasons.append("takes no temperature")
    if capabilities.max_bytes is not None and audio.bytes is not None and audio.bytes > capabilities.max_bytes:
        reasons.append(f"takes at most {capabilities.max_bytes} bytes")
    if capabilities.max_seconds is not None and audio.seconds is not None and audio.seconds > capabilities.max_seconds:
        reasons.append(f"takes at most {capabilities.max_seconds:g} s")
    return tuple(reasons)
