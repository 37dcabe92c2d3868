"""The request to Mistral: one form, the fields first. It takes no prompt, but words to expect, each a `context_bias`."""

from collections.abc import Iterator
from typing import Final

from voxplan.adapters.audio.media import media_type
from voxplan.adapters.endpoints import endpoint
from voxplan.adapters.languages import code_of
from voxplan.adapters.passing import pairs, text_of
from voxplan.adapters.wire import Call, Header, HttpRequest, Multipart, Secret
from voxplan.engine.terms.request import Options, needs_speakers, needs_times

__all__ = ("asked", "impossible")

_PATH: Final = "/v1/audio/transcriptions"

# `context_bias`: no blanks and no commas in an entry, `_` in their place [D].
_SEPARATORS: Final = str.maketrans({",": "_", " ": "_", "\t": "_", "\n": "_", "\r": "_", "\u00a0": "_"})


def asked(call: Call, base: str) -> HttpRequest:
    """The one request of a call."""
    key = (Header("authorization", Secret("Bearer ")),) if call.has_key else ()
    accepted = "text/event-stream" if call.options.stream else "application/json"
    return HttpRequest(
        method="POST",
        url=endpoint(base, _PATH),
        headers=(Header("accept", accepted), *key),
        body=Multipart(
            fields=tuple(_fields(call)),
            file_field="file",
            filename=call.filename,
            content_type=media_type(call.filename),
        ),
        stream=call.options.stream,
    )


def _fields(call: Call) -> Iterator[tuple[str, str]]:
    """The text fields, model first; words to expect add to those of the deployment."""
    options = call.options
    yield "model", call.model
    if options.language is not None:
        yield "language", code_of(options.language) or options.language
    if options.temperature is not None:
        yield "temperature", text_of(options.temperature)
    if needs_speakers(options):
        yield "diarize", "true"
    granularity = _granularity(options)
    if granularity is not None:
        yield "timestamp_granularities[]", granularity
    yield from (("context_bias", bias) for keyword in options.keywords if (bias := _bias(keyword)))
    if options.stream:
        yield "stream", "true"
    for name, value in call.extra:
        yield from pairs(name, value)


def _granularity(options: Options) -> str | None:
    """The one kind of times: words where they are asked for, else segments where anything is made of them; speakers need one."""
    if "word" in options.timestamps:
        return "word"
    made = needs_times(options) or needs_speakers(options) or options.response_format == "verbose_json"
    return "segment" if made else None


def _bias(keyword: str) -> str:
    return "_".join(part for part in keyword.translate(_SEPARATORS).split("_") if part)


def impossible(options: Options) -> str | None:
    """What is asked and cannot be sent, or None: nothing is dropped silently (law C2)."""
    asked = (
        (bool(options.languages), "takes no list of languages that may be spoken"),
        (options.prompt is not None, "takes no prompt"),
        (bool(options.known_speakers), "recognises no speakers by their voice"),
        (options.translate, "does not translate into English"),
        (options.logprobs, "gives no log probabilities"),
        (options.chunking_strategy is not None, "takes no chunking strategy"),
    )
    return next((f"the model {cannot}" for is_asked, cannot in asked if is_asked), None)
