"""The Interactions API of Google AI Studio, by which the dedicated model is reached there: its body, its answer.

An answer without `steps` is silence. A word's speaker is a label such as `spk:0`. Word times and a vocabulary exclude each other,
and a text beside the audio is refused: see `asking`.
"""

from collections.abc import Generator, Iterator
from typing import Final

import msgspec
from returns.result import Failure, Success

from voxplan.adapters.exchanging import complete, decoded
from voxplan.adapters.google.asking import Dictation
from voxplan.adapters.google.bodies import Json, layered
from voxplan.adapters.google.durations import times_of
from voxplan.adapters.google.failures import FAILURES, succeeded
from voxplan.adapters.google.generated import lenient
from voxplan.adapters.refusals.failures import bad_answer
from voxplan.adapters.wire import Body, Call, Got, Header, HttpRequest, HttpResponse, Want
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.transcript import Transcript, Usage, Word

__all__ = ("MODE", "REVISION", "interact", "interaction")

_Ended = Success[Transcript] | Failure[AttemptFailure]
_NOTHING: Final = msgspec.Raw(b"null")

MODE: Final = ("generation_config", "transcription_config", "mode")
"""Where in the body the mode stands."""

REVISION: Final = Header("api-revision", "2026-05-20")
"""The revision of the API that the documentation asks for."""


class _Annotation(msgspec.Struct, frozen=True):
    """Something about a stretch of the text; words are of type `word_info`."""

    type: str | None = None
    text: str | None = None
    speaker: str | int | None = None
    start_offset: object = None
    end_offset: object = None


class _Content(msgspec.Struct, frozen=True):
    """A piece of a step."""

    type: str | None = None
    text: str | None = None
    annotations: list[_Annotation] | None = None


class _Step(msgspec.Struct, frozen=True):
    """What the model said, thought or was given."""

    type: str | None = None
    content: list[_Content] | None = None


class _Tokens(msgspec.Struct, frozen=True):
    """The tokens of one modality."""

    modality: str | None = None
    tokens: int | None = None


class _UsageTable(msgspec.Struct, frozen=True):
    """Tokens of one interaction."""

    total_tokens: int | None = None
    total_input_tokens: int | None = None
    total_output_tokens: int | None = None
    input_tokens_by_modality: list[_Tokens] | None = None


class _Interaction(msgspec.Struct, frozen=True):
    """The whole answer; it has steps only where something was said."""

    status: str | None = None
    id: str | None = None
    steps: list[_Step] | None = None
    usage: msgspec.Raw = _NOTHING


def interaction(call: Call, model: str, audio: Json, dictation: Dictation) -> dict[str, object]:
    """The body; `audio` holds either the data or the address of a file. Nothing is kept at Google's unless `options` say so."""
    config: dict[str, object] = {}
    if dictation.languages:
        config["language_codes"] = list(dictation.languages)
    if dictation.keywords:
        config["custom_vocabulary"] = list(dictation.keywords)
    if dictation.words:
        speakers = {"diarization_mode": "speaker"} if dictation.speakers else {}
        config["mode"] = {"type": "verbatim", "timestamp_granularities": ["word"], **speakers}
    asked: dict[str, object] = {"model": model, "input": [{"type": "audio", **audio}]}
    if config:
        asked["generation_config"] = {"transcription_config": config}
    return layered({"store": False}, dict(call.extra), asked)


def interact(call: Call, url: str, headers: tuple[Header, ...], body: Body) -> Generator[Want, Got, _Ended]:
    """One exchange."""
    response = succeeded((yield HttpRequest(method="POST", url=url, headers=headers, body=body)))
    if isinstance(response, AttemptFailure):
        return Failure(response)
    answer = decoded(response, _Interaction, FAILURES)
    if isinstance(answer, AttemptFailure):
        return Failure(answer)
    if answer.status != "completed" and (answer.status or not answer.steps):
        return Failure(_unfinished(answer.status or "", response))
    return complete(_transcript(answer), call.options, response.status)


def _unfinished(status: str, response: HttpResponse) -> AttemptFailure:
    said = f"`{status}`" if status.replace("_", "").isalnum() and status.isascii() else "something unreadable"
    return bad_answer(response, f"the status of the interaction is {said}, not `completed`")


def _transcript(answer: _Interaction) -> Transcript:
    pieces = tuple(_pieces(answer))
    words = tuple(word for piece in pieces for word in _words(piece))
    return Transcript(
        text=" ".join(text for piece in pieces if (text := (piece.text or "").strip())),
        words=words or None,
        usage=_usage(answer.usage),
        request_id=answer.id or None,
    )


def _pieces(answer: _Interaction) -> Iterator[_Content]:
    for step in answer.steps or ():
        if step.type in {"model_output", None}:
            yield from (piece for piece in step.content or () if piece.type in {"text", None})


def _words(piece: _Content) -> Iterator[Word]:
    for row in piece.annotations or ():
        times = times_of(row.start_offset, row.end_offset)
        text = (row.text or "").strip()
        if row.type == "word_info" and text and times is not None:
            speaker = None if row.speaker is None or row.speaker == "" else str(row.speaker)
            yield Word(word=text, start=times[0], end=times[1], speaker=speaker)


def _usage(raw: msgspec.Raw) -> Usage | None:
    table = lenient(raw, _UsageTable)
    if table is None or (table.total_input_tokens is None and table.total_tokens is None):
        return None
    by_modality = {row.modality: row.tokens for row in table.input_tokens_by_modality or ()}
    return Usage(
        kind="tokens",
        input_tokens=table.total_input_tokens,
        output_tokens=table.total_output_tokens,
        total_tokens=table.total_tokens,
        audio_tokens=by_modality.get("audio"),
        text_tokens=by_modality.get("text"),
    )
