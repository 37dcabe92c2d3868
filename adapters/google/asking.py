"""What a call asks of Google's models, and what none of them can be asked for."""

from typing import Final, Literal, NamedTuple

from voxplan.adapters.exchanging import unsent
from voxplan.adapters.google.bodies import passed
from voxplan.adapters.google.tags import tag_of
from voxplan.adapters.wire import Call
from voxplan.engine.terms.capability import Capabilities, lacks
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import Request, needs_speakers, needs_times

__all__ = ("Dictation", "dictation", "is_dedicated", "is_live", "language_tags", "model_name", "undoable")

_MOST_KEYWORDS: Final = 1000
_TIMED_S: Final = 1800.0  # half an hour with word times or speakers, where an hour is the limit without


class Dictation(NamedTuple):
    """What the dedicated model is asked for beside the text."""

    words: bool
    speakers: bool
    languages: tuple[str, ...]
    keywords: tuple[str, ...]


def model_name(model: str) -> str:
    """The bare name of a model that may be written as its resource."""
    return model.removeprefix("publishers/google/").removeprefix("models/")


def is_dedicated(model: str) -> bool:
    """Whether it is a Gemini model made for transcription, which takes no instructions."""
    name = model.lower()
    return "gemini" in name and "transcribe" in name


def is_live(model: str) -> bool:
    """Whether a Gemini model is spoken to over WebSockets only."""
    name = model.lower()
    return "gemini" in name and "-live" in name


def undoable(call: Call, can: Capabilities) -> AttemptFailure | None:
    """The refusal of a call that asks for something that its model cannot do: nothing is dropped in silence."""
    lacking = lacks(can, Request(route="", options=call.options))
    return unsent("unsupported", f"the model {lacking[0].detail}") if lacking else None


def language_tags(call: Call) -> tuple[str, ...]:
    """The tags of the language that is spoken, or else of those that may be."""
    options = call.options
    return tuple(map(tag_of, (options.language,) if options.language is not None else options.languages))


def dictation(call: Call, *mode: str) -> Dictation | AttemptFailure:
    """What the dedicated model is asked for; `mode` is where in a body its mode stands.

    Word times and speakers exclude a vocabulary and the mode `smart`: each such pair is answered by 400. Where times are only
    welcome, as in verbose_json, they are left out instead.
    """
    options, said = call.options, passed(call.extra, *mode)
    smart = isinstance(said, str) and said.lower() == "smart"
    needed = needs_times(options) or needs_speakers(options)
    long = call.audio.seconds is not None and call.audio.seconds > _TIMED_S
    if len(options.keywords) > _MOST_KEYWORDS:
        return unsent("unsupported", f"the model takes at most {_MOST_KEYWORDS} keywords")
    obstacle: Literal["keywords", "the mode `smart`"] | None = (
        "keywords" if options.keywords else "the mode `smart`" if smart else None
    )
    if needed and obstacle is not None:
        return unsent("unsupported", f"the model gives no times and no speakers together with {obstacle}")
    if needed and long:
        return unsent("too_large", f"the model gives times and speakers for at most {_TIMED_S:g} s")
    welcome = options.response_format == "verbose_json" and obstacle is None and not long and call.audio.seconds is not None
    return Dictation(
        words=needed or welcome, speakers=needs_speakers(options), languages=language_tags(call), keywords=options.keywords
    )
