"""Speech-to-Text v2, synchronous: audio of at most a minute in, results with words, speakers and confidences out.

Each result is a stretch of speech with an end; where it begins, its first word says, or else the end of the one before. A body
without results is silence. Which features a model knows is a table, because one that it does not know is answered by 400.
"""

import math
from collections.abc import Generator, Iterator
from itertools import chain, groupby
from typing import Final, NamedTuple

import msgspec
from returns.result import Failure, Success

from voxplan.adapters.exchanging import complete, decoded, unsent
from voxplan.adapters.google.asking import language_tags
from voxplan.adapters.google.bodies import HOLE, hollow, layered, passed
from voxplan.adapters.google.durations import seconds_of, times_of
from voxplan.adapters.google.failures import FAILURES, succeeded
from voxplan.adapters.google.tags import TAGS
from voxplan.adapters.languages import code_of
from voxplan.adapters.measures import speaker
from voxplan.adapters.refusals.failures import bad_answer
from voxplan.adapters.wire import Body, Call, Got, Header, HttpRequest, Want
from voxplan.engine.terms.capability import Capabilities, PriceFacts
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import needs_speakers, needs_times
from voxplan.engine.terms.transcript import Segment, Transcript, Usage, Word

__all__ = ("MODELS", "OTHERWISE", "recognise", "recognition", "usual_location")

_Ended = Success[Transcript] | Failure[AttemptFailure]

# 10 MB or 60 s; 400 beyond. What it decodes by itself [D].
_ANY: Final = Capabilities(
    segments=True,
    containers=("wav", "flac", "ogg", "mp3", "m4a", "mp4", "webm", "amr"),
    max_bytes=10_000_000,
    max_seconds=60.0,
    source="docs.cloud.google.com/speech-to-text, google-cloud-speech 2.41.0",
)

# $0.016 a minute, by the second.
_CHIRP_PRICE: Final = PriceFacts(
    per_minute=16_000_000, step_ms=1000, source="cloud.google.com/speech-to-text/pricing, November 2026"
)

_CHIRP: Final = msgspec.structs.replace(_ANY, languages="any")
_CHIRP_2: Final = msgspec.structs.replace(_CHIRP, words=True, keywords=True, price=_CHIRP_PRICE)
_CHIRP_3: Final = msgspec.structs.replace(_CHIRP_2, diarization=True, prompt=True)
# These detect no language: they have to be told one.
_TOLD: Final = msgspec.structs.replace(_ANY, languages=tuple(TAGS), words=True, keywords=True)
_TOLD_APART: Final = msgspec.structs.replace(_TOLD, diarization=True)

MODELS: Final[tuple[tuple[str, Capabilities], ...]] = (
    ("chirp_3", _CHIRP_3),
    ("chirp_2", _CHIRP_2),
    ("chirp", _CHIRP),
    ("long", _TOLD_APART),
    ("short", _TOLD),
    ("telephony", _TOLD_APART),
    ("telephony_short", _TOLD),
)

OTHERWISE: Final = msgspec.structs.replace(_ANY, languages=tuple(TAGS))

# Where a model is served first of all: chirp_3 in multi-regions and not globally, the older ones in one region [D].
_LOCATIONS: Final = (("chirp_3", "us"), ("chirp", "us-central1"))
_ELSEWHERE: Final = "global"

# How much likelier a keyword becomes; from 0 to 20 is allowed, and Google's own examples say 10.
_BOOST: Final = 10
_MOST_SPEAKERS: Final = 6


def usual_location(model: str) -> str:
    """Where to look for a model when the deployment does not say."""
    return next((location for marker, location in _LOCATIONS if model.startswith(marker)), _ELSEWHERE)


def recognition(call: Call) -> Body | AttemptFailure:
    """The body; the language is the request's, else that of the deployment's options, else detected by models that can."""
    options, detects = call.options, call.model.startswith("chirp")
    tags: object = list(language_tags(call)) or passed(call.extra, "config", "languageCodes") or (["auto"] if detects else None)
    if tags is None:
        return unsent("unsupported", "the model detects no language: it has to be told which one is spoken")
    features: dict[str, object] = {}
    if needs_times(options) or needs_speakers(options):
        features["enableWordTimeOffsets"] = True
    if needs_speakers(options):
        features["diarizationConfig"] = {"minSpeakerCount": 1, "maxSpeakerCount": _MOST_SPEAKERS}
    if options.prompt is not None:
        features["customPromptConfig"] = {"customPrompt": options.prompt}
    config: dict[str, object] = {"model": call.model, "languageCodes": tags, "features": features}
    if options.keywords:
        phrases = [{"value": word, "boost": _BOOST} for word in options.keywords]
        config["adaptation"] = {"phraseSets": [{"inlinePhraseSet": {"phrases": phrases}}]}
    usual: dict[str, object] = {"features": {"enableAutomaticPunctuation": True}}
    if passed(call.extra, "config", "explicitDecodingConfig") is None:
        usual["autoDecodingConfig"] = {}
    return hollow(layered({"config": usual}, dict(call.extra), {"config": config}, {"content": HOLE}))


def recognise(call: Call, url: str, headers: tuple[Header, ...], body: Body) -> Generator[Want, Got, _Ended]:
    """One exchange."""
    response = succeeded((yield HttpRequest(method="POST", url=url, headers=headers, body=body)))
    if isinstance(response, AttemptFailure):
        return Failure(response)
    answer = decoded(response, _Answer, FAILURES)
    if isinstance(answer, AttemptFailure):
        return Failure(answer)
    if answer.results is None and answer.metadata is None and response.body.strip() != b"{}":
        return Failure(bad_answer(response, "neither results nor metadata where a transcript should be"))
    return complete(_transcript(answer), call.options, response.status)


class _WordRow(msgspec.Struct, frozen=True, rename="camel"):
    """One word. A start of zero is left out."""

    word: str | None = None
    start_offset: object = None
    end_offset: object = None
    speaker_label: str | int | None = None
    confidence: float | None = None


class _Alternative(msgspec.Struct, frozen=True):
    """What was heard; the first of them is the likeliest."""

    transcript: str | None = None
    confidence: float | None = None
    words: list[_WordRow] | None = None


class _Result(msgspec.Struct, frozen=True, rename="camel"):
    """A stretch of speech."""

    alternatives: list[_Alternative] | None = None
    result_end_offset: object = None
    language_code: str | None = None
    channel_tag: int | None = None


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    """What Google counted."""

    request_id: str | None = None
    total_billed_duration: object = None


class _Answer(msgspec.Struct, frozen=True):
    """The whole answer."""

    results: list[_Result] | None = None
    metadata: _Metadata | None = None


class _Stretch(NamedTuple):
    """One result with something in it; `channel` is told only where several were recognised apart."""

    text: str
    words: tuple[Word, ...]
    end: float | None
    confidence: float | None
    channel: int | None


def _transcript(answer: _Answer) -> Transcript:
    results, metadata = answer.results or [], answer.metadata or _Metadata()
    several = len({each.channel_tag for each in results} - {None}) > 1
    stretches = tuple(stretch for each in results if (stretch := _stretch(each, several=several)) is not None)
    ends = tuple(end for each in results if (end := seconds_of(each.result_end_offset)) is not None)
    words = tuple(sorted((word for stretch in stretches for word in stretch.words), key=lambda word: word.start))
    billed = seconds_of(metadata.total_billed_duration)
    codes = (code_of(each.language_code) for each in results if each.language_code)
    return Transcript(
        text="\n".join(" ".join(stretch.text for stretch in channel) for channel in _channels(stretches)),
        language=next((code for code in codes if code is not None and code != "auto"), None),
        # What is billed is rounded up, and so never the length.
        seconds=max(ends, default=None),
        segments=_in_time([_segments(channel) for channel in _channels(stretches)]),
        words=words or None,
        confidence=_mean(stretches),
        usage=None if billed is None else Usage(kind="duration", seconds=billed),
        request_id=metadata.request_id or None,
    )


def _channels(stretches: tuple[_Stretch, ...]) -> tuple[tuple[_Stretch, ...], ...]:
    """What was said on each channel, the first channel first."""
    found: dict[int, list[_Stretch]] = {}
    for stretch in stretches:
        found.setdefault(stretch.channel or 0, []).append(stretch)
    return tuple(tuple(found[number]) for number in sorted(found))


def _in_time(channels: list[tuple[Segment, ...] | None]) -> tuple[Segment, ...] | None:
    """The segments of all channels; none at all when one has none."""
    known = [channel for channel in channels if channel is not None]
    whole = known and len(known) == len(channels)
    return tuple(sorted(chain(*known), key=lambda each: each.start)) if whole else None


def _stretch(result: _Result, *, several: bool) -> _Stretch | None:
    best = result.alternatives[0] if result.alternatives else _Alternative()
    text = (best.transcript or "").strip()
    if not text:
        return None
    channel = result.channel_tag if several else None
    words = tuple(_words(best, channel))
    return _Stretch(text, words, seconds_of(result.result_end_offset), _share(best.confidence), channel)


def _words(best: _Alternative, channel: int | None) -> Iterator[Word]:
    for row in best.words or ():
        times = times_of(row.start_offset, row.end_offset)
        text = (row.word or "").strip()
        if text and times is not None:
            who = speaker(row.speaker_label, channel)
            yield Word(word=text, start=times[0], end=times[1], speaker=who, confidence=_share(row.confidence))


def _segments(stretches: tuple[_Stretch, ...]) -> tuple[Segment, ...] | None:
    """One for each result, or for each turn where speakers take turns in it; none at all when one has no end."""
    found: list[Segment] = []
    for stretch in stretches:
        end = stretch.words[-1].end if stretch.words else stretch.end
        if end is None:
            return None
        start = stretch.words[0].start if stretch.words else min(found[-1].end if found else 0.0, end)
        turns = tuple(tuple(turn) for _, turn in groupby(stretch.words, key=lambda word: word.speaker))
        if len(turns) > 1:
            found.extend(_turn(turn, stretch) for turn in turns)
        else:
            who = stretch.words[0].speaker if stretch.words else speaker(None, stretch.channel)
            found.append(Segment(text=stretch.text, start=start, end=max(start, end), speaker=who, confidence=stretch.confidence))
    return tuple(found) or None


def _turn(words: tuple[Word, ...], stretch: _Stretch) -> Segment:
    between = " " if " " in stretch.text else ""
    return Segment(
        text=between.join(word.word for word in words),
        start=words[0].start,
        end=max(words[0].start, words[-1].end),
        speaker=words[0].speaker,
        confidence=stretch.confidence,
    )


def _mean(stretches: tuple[_Stretch, ...]) -> float | None:
    """The mean over the letters; None unless every result has one."""
    known = [(stretch.confidence, len(stretch.text)) for stretch in stretches if stretch.confidence is not None]
    if not known or len(known) < len(stretches):
        return None
    return math.fsum(confidence * letters for confidence, letters in known) / sum(letters for _, letters in known)


def _share(confidence: float | None) -> float | None:
    """A confidence of 0 means that none was computed."""
    return confidence if confidence is not None and 0 < confidence <= 1 else None
