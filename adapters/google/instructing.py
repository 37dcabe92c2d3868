"""The instruction with which a Gemini model that can do many things is made to transcribe."""

from collections.abc import Iterator
from typing import Final

from voxplan.adapters.languages import name_of
from voxplan.engine.terms.request import Options

__all__ = ("instruction",)

_TASK: Final = (
    "Transcribe the speech in this audio word for word, in the language in which it is spoken. Respond with the transcript only: "
    "no comments, no times, no names of speakers, no markup. If nobody speaks, respond with nothing."
)


def instruction(options: Options) -> str:
    """The task, what is known of the language, and the caller's prompt as context."""
    return "\n".join((_TASK, *_languages(options), *_context(options)))


def _languages(options: Options) -> Iterator[str]:
    if options.language is not None:
        yield f"The language is {_named(options.language)}."
    elif options.languages:
        yield f"The languages may be: {', '.join(map(_named, options.languages))}."


def _context(options: Options) -> Iterator[str]:
    if options.prompt is not None:
        yield f"Context, for names and spelling only, not to be repeated: {options.prompt}"


def _named(code: str) -> str:
    name = name_of(code)
    return code if name == code else f"{name.title()} ({code})"
