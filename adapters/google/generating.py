"""generateContent, as both of Google's addresses for Gemini models speak it: the body, one exchange, and the stream.

A model that is told to transcribe gets an instruction beside the audio; the dedicated model gets the audio alone.
"""

from collections.abc import Generator
from typing import Final

import msgspec
from returns.result import Failure, Success

from voxplan.adapters.exchanging import complete, decoded, misused
from voxplan.adapters.google.asking import Dictation
from voxplan.adapters.google.bodies import Json, layered
from voxplan.adapters.google.failures import FAILURES, refused, succeeded
from voxplan.adapters.google.generated import Answer, delta_of, joined, transcript_of, unfinished
from voxplan.adapters.google.instructing import instruction
from voxplan.adapters.refusals.failures import bad_answer
from voxplan.adapters.wire import (
    Body,
    Call,
    Done,
    Got,
    Header,
    HttpRequest,
    HttpResponse,
    NextEvent,
    ServerEvent,
    StreamEnded,
    Streaming,
    Tell,
    Want,
)
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.transcript import Transcript

__all__ = ("dictated", "generate", "instructed", "method_of")

_Ended = Success[Transcript] | Failure[AttemptFailure]
_STATUSES: Final = range(400, 600)


def method_of(call: Call) -> str:
    """What stands behind the model in the address."""
    return "streamGenerateContent?alt=sse" if call.options.stream else "generateContent"


def instructed(call: Call, audio: Json) -> dict[str, object]:
    """The body for a model that has to be told what to do; `audio` is the part that holds it."""
    asked: dict[str, object] = {"contents": [{"role": "user", "parts": [{"text": instruction(call.options)}, audio]}]}
    if call.options.temperature is not None:
        asked["generationConfig"] = {"temperature": call.options.temperature}
    return layered(dict(call.extra), asked)


def dictated(call: Call, audio: Json, dictation: Dictation) -> dict[str, object]:
    """The body for the dedicated model. It answers a part with text, or a system instruction, by 400."""
    config: dict[str, object] = {}
    if dictation.languages:
        config["languageCodes"] = list(dictation.languages)
    if dictation.keywords:
        config["customVocabulary"] = list(dictation.keywords)
    if dictation.words:
        config["wordTimestamp"] = True
    if dictation.speakers:
        config["diarization"] = True
    asked: dict[str, object] = {"contents": [{"role": "user", "parts": [audio]}]}
    if config:
        asked["generationConfig"] = {"audioTranscriptionConfig": config}
    return layered(dict(call.extra), asked)


def generate(call: Call, url: str, headers: tuple[Header, ...], body: Body) -> Generator[Want, Got, _Ended]:
    """One exchange; the transcript, unless the answer is not whole."""
    got = yield HttpRequest(method="POST", url=url, headers=headers, body=body, stream=call.options.stream)
    if isinstance(got, Streaming):
        return (yield from _streamed(call, got))
    response = succeeded(got)
    if isinstance(response, AttemptFailure):
        return Failure(response)
    answer = _read(response)
    if isinstance(answer, AttemptFailure):
        return Failure(answer)
    return _ended(call, answer, response, whole=not response.body.lstrip().startswith(b"["))


def _read(response: HttpResponse) -> Answer | AttemptFailure:
    """A whole answer; without `alt=sse` a stream is a list of its pieces, of which an error may be one."""
    if not response.body.lstrip().startswith(b"["):
        return decoded(response, Answer, FAILURES)
    pieces = decoded(response, list[msgspec.Raw], FAILURES)
    if isinstance(pieces, AttemptFailure):
        return pieces
    read: list[Answer] = []
    for each in pieces:
        piece = _piece(bytes(each), response)
        if isinstance(piece, AttemptFailure):
            return piece
        read.append(piece)
    return joined(tuple(read))


def _ended(call: Call, answer: Answer, response: HttpResponse, *, whole: bool) -> _Ended:
    stopped = unfinished(answer, response, whole=whole)
    return Failure(stopped) if stopped is not None else complete(transcript_of(answer), call.options, response.status)


def _streamed(call: Call, opened: Streaming) -> Generator[Want, Got, _Ended]:
    """Every event is a whole answer with some more of the text; the last one says why it ended."""
    pieces: list[Answer] = []
    text, told = "", 0
    while not isinstance(got := (yield NextEvent()), StreamEnded):
        if not isinstance(got, ServerEvent):
            return Failure(misused(got, "ServerEvent"))
        piece = _piece(got.data.encode(), opened)
        if isinstance(piece, AttemptFailure):
            return Failure(piece)
        pieces.append(piece)
        text += delta_of(piece)
        shown = text.strip()  # what has been told is always its beginning
        if len(shown) > told:
            done = yield Tell(delta=shown[told:])
            if not isinstance(done, Done):
                return Failure(misused(done, "Done"))
            told = len(shown)
    return _ended(call, joined(tuple(pieces)), opened, whole=False)


def _piece(body: bytes, opened: HttpResponse) -> Answer | AttemptFailure:
    """What an event says. An error in mid-stream carries the status that it would have had."""
    error = _error_status(body)
    if error is not None:
        return refused(HttpResponse(status=error, headers=opened.headers, body=body))
    response = HttpResponse(status=opened.status, headers=opened.headers, body=body)
    return decoded(response, Answer, FAILURES) if body.strip() else bad_answer(response, "an empty event")


class _Error(msgspec.Struct, frozen=True):
    code: int | None = None


class _ErrorBody(msgspec.Struct, frozen=True):
    error: _Error


def _error_status(body: bytes) -> int | None:
    try:
        code = msgspec.json.decode(body, type=_ErrorBody).error.code
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return code if code in _STATUSES else None
