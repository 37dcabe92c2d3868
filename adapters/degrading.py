"""What becomes of options that a deployment cannot do, where the spec lets them be dropped or emulated.

Before the call: what the adapter is asked for. After it: what is built from what came. The answer lists both (law C2).
"""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from voxplan.engine.plans.plan import Degrade
from voxplan.engine.terms.capability import Capabilities, CapabilityName, for_task, offers
from voxplan.engine.terms.request import Options, Timestamps
from voxplan.engine.terms.transcript import Segment, Transcript, Word

__all__ = ("completed", "reduced", "words_of")

_NOTHING_ASKED: Final = Options()
_GIVEN_AS: Final[dict[Timestamps, CapabilityName]] = {"segment": "segments", "word": "words"}


def reduced(options: Options, degrades: tuple[Degrade, ...], can: Capabilities) -> Options:
    """The options with which a deployment that `can` do only so much is called."""
    can = for_task(can, options)
    for degrade in degrades:
        match degrade.option:
            case "timestamps":
                options = replace(options, timestamps=_times(options, degrade, can))
            case "keywords" if degrade.how == "emulated":
                options = replace(options, keywords=(), prompt=_prompt(options))
            case option:
                options = replace(options, **{option: getattr(_NOTHING_ASKED, option)})
    return options


def _prompt(options: Options) -> str:
    """The prompt with the keywords at its end: Whisper models go on as the text before them was spelt."""
    return " ".join(part for part in (options.prompt, ", ".join(options.keywords)) if part)


def _times(options: Options, degrade: Degrade, can: Capabilities) -> tuple[Timestamps, ...]:
    """Segments, where words are to be made of them; else only the times that there are."""
    if degrade.how == "emulated":
        return ("segment",)
    return tuple(times for times in options.timestamps if offers(can, _GIVEN_AS[times]))


def completed(transcript: Transcript, options: Options, degrades: tuple[Degrade, ...]) -> Transcript:
    """The transcript for what was asked: a translation says that it is one; emulated words have estimated times.

    Whatever was spoken, and whatever the provider calls it, the text of a translation is in English.
    """
    if options.translate:
        transcript = replace(transcript, translated=True, language="en")
    emulated = any(degrade.option == "timestamps" and degrade.how == "emulated" for degrade in degrades)
    if not emulated or transcript.words is not None or transcript.segments is None:
        return transcript
    return replace(transcript, words=tuple(word for segment in transcript.segments for word in words_of(segment)))


def words_of(segment: Segment) -> Iterator[Word]:
    """The words of a segment, its time shared out among them by their letters.

    >>> [(word.word, word.start, word.end) for word in words_of(Segment(text="to be, or not", start=1.0, end=3.0))]
    [('to', 1.0, 1.4), ('be,', 1.4, 2.0), ('or', 2.0, 2.4), ('not', 2.4, 3.0)]
    """
    words = segment.text.split()
    letters, passed = sum(map(len, words)), 0
    lasts = segment.end - segment.start
    for word in words:
        start, passed = segment.start + lasts * passed / letters, passed + len(word)
        yield Word(word=word, start=start, end=segment.start + lasts * passed / letters, speaker=segment.speaker)
