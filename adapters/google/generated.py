"""The answers of generateContent, whole or in pieces, made into a Transcript.

Strict about the text and about why it ended: only an answer that its model ended by itself is a transcript, since one that was
cut off or held back must not pass for the whole. Lenient beside it.
"""

from collections.abc import Iterator
from typing import Final, TypeVar

import msgspec

from voxplan.adapters.google.durations import times_of
from voxplan.adapters.languages import code_of
from voxplan.adapters.refusals.failures import CHARGED, bad_answer
from voxplan.adapters.wire import HttpResponse
from voxplan.engine.terms.failure import AttemptFailure, FailureKind
from voxplan.engine.terms.transcript import Segment, Transcript, Usage, Word

__all__ = ("Answer", "delta_of", "joined", "lenient", "transcript_of", "unfinished")

T = TypeVar("T")

_NOTHING: Final = msgspec.Raw(b"null")

_HELD_BACK: Final[tuple[FailureKind, str]] = ("content_filtered", "the transcript was held back")

# Why an answer can end (google-genai, `FinishReason`), where that is not `STOP`: most judge what was said.
_ENDINGS: Final[dict[str, tuple[FailureKind, str]]] = {
    "BLOCKLIST": _HELD_BACK,
    "ESCALATION": _HELD_BACK,
    "LANGUAGE": ("unsupported", "the model does not know the language"),
    "MAX_TOKENS": ("bad_answer", "the transcript broke off at the longest answer of the model"),
    "MODEL_ARMOR": _HELD_BACK,
    "PROHIBITED_CONTENT": _HELD_BACK,
    "RECITATION": _HELD_BACK,
    "SAFETY": _HELD_BACK,
    "SPII": _HELD_BACK,
}
_OTHER_ENDING: Final[tuple[FailureKind, str]] = ("bad_answer", "the model did not end its answer")
_WHOLE: Final = "STOP"


class _WordRow(msgspec.Struct, frozen=True, rename="camel"):
    """One word of the dedicated model."""

    word: str | None = None
    start_offset: object = None
    end_offset: object = None


class _Turn(msgspec.Struct, frozen=True, rename="camel"):
    """What the dedicated model heard: all of it, or one speaker's turn."""

    text: str | None = None
    language_code: str | None = None
    speaker_label: str | int | None = None
    start_offset: object = None
    end_offset: object = None
    words: list[_WordRow] | None = None


class _Part(msgspec.Struct, frozen=True, rename="camel"):
    """A piece of the answer; a thought is none of it."""

    text: str | None = None
    thought: bool | None = None
    audio_transcription: _Turn | None = None


class _Content(msgspec.Struct, frozen=True):
    """The parts of a candidate."""

    parts: list[_Part] | None = None


class _Candidate(msgspec.Struct, frozen=True, rename="camel"):
    """One answer; there is only ever one."""

    content: _Content | None = None
    finish_reason: str | None = None


class _Feedback(msgspec.Struct, frozen=True, rename="camel"):
    """What was thought of the request; a reason to block it is the whole answer."""

    block_reason: str | None = None


class _Modality(msgspec.Struct, frozen=True, rename="camel"):
    """The tokens of one modality."""

    modality: str | None = None
    token_count: int | None = None


class _UsageTable(msgspec.Struct, frozen=True, rename="camel"):
    """Tokens; those of thoughts are paid like those of the answer."""

    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    total_token_count: int | None = None
    prompt_tokens_details: list[_Modality] | None = None


class Answer(msgspec.Struct, frozen=True, rename="camel"):
    """One whole answer, or one piece of a stream."""

    candidates: list[_Candidate] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: msgspec.Raw = _NOTHING
    response_id: str | None = None


def lenient(raw: msgspec.Raw, shape: type[T]) -> T | None:
    """What stands beside the text, if it can be read."""
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def joined(pieces: tuple[Answer, ...]) -> Answer:
    """The whole of a stream: all parts, and the last that was said about everything else."""
    candidates = [piece.candidates[0] for piece in pieces if piece.candidates]
    parts = [part for each in candidates if each.content is not None for part in each.content.parts or ()]
    reasons = [each.finish_reason for each in candidates if each.finish_reason]
    counted = [piece.usage_metadata for piece in pieces if bytes(piece.usage_metadata) != bytes(_NOTHING)]
    whole = _Candidate(content=_Content(parts=parts), finish_reason=reasons[-1] if reasons else None)
    return Answer(
        candidates=[whole] if candidates else None,
        prompt_feedback=next((piece.prompt_feedback for piece in pieces if piece.prompt_feedback is not None), None),
        usage_metadata=counted[-1] if counted else _NOTHING,
        response_id=next((piece.response_id for piece in pieces if piece.response_id), None),
    )


def delta_of(piece: Answer) -> str:
    """The text that a piece of a stream adds."""
    return "".join(part.text or "" for part in _parts(piece))


def unfinished(answer: Answer, response: HttpResponse, *, whole: bool = False) -> AttemptFailure | None:
    """Why the answer is not all that was said, or None.

    A stream without a reason has broken off. An answer that came as a `whole` is one if it has text.
    """
    blocked = answer.prompt_feedback.block_reason if answer.prompt_feedback is not None else None
    if blocked:
        return _stopped("content_filtered", f"the prompt was blocked: {_word(blocked)}", answer, response)
    if not answer.candidates:
        return bad_answer(response, "no candidates where a transcript should be")
    reason = answer.candidates[0].finish_reason
    if reason == _WHOLE or (whole and not reason and _text(tuple(_parts(answer)))):
        return None
    kind, why = _ENDINGS.get(reason or "", _OTHER_ENDING)
    return _stopped(kind, f"{why}: {_word(reason or '')}", answer, response)


def transcript_of(answer: Answer) -> Transcript:
    """The transcript in an answer that is whole."""
    parts = tuple(_parts(answer))
    turns = tuple(part.audio_transcription for part in parts if part.audio_transcription is not None)
    words = tuple(word for turn in turns for word in _words(turn))
    return Transcript(
        text=_text(parts),
        language=next((code for turn in turns if turn.language_code and (code := code_of(turn.language_code))), None),
        # Words carry times and speakers; turns count where one has none, although they may last for minutes.
        segments=None if words and all(turn.words or not _said(turn) for turn in turns) else _segments(turns),
        words=words or None,
        usage=_usage(answer.usage_metadata),
        request_id=answer.response_id or None,
    )


def _stopped(kind: FailureKind, why: str, answer: Answer, response: HttpResponse) -> AttemptFailure:
    return AttemptFailure(
        kind=kind,
        reason=f"http {response.status}: {why}",
        sent="yes",
        charged="maybe" if kind == "unsupported" else CHARGED[kind],
        status=response.status,
        request_id=answer.response_id or None,
    )


def _word(reason: str) -> str:
    """One of Google's own names for things, and nothing else that could stand there."""
    return f"`{reason}`" if reason.replace("_", "").isalnum() and reason.isascii() else "without a reason that can be read"


def _parts(answer: Answer) -> Iterator[_Part]:
    content = answer.candidates[0].content if answer.candidates else None
    yield from (part for part in (content.parts or () if content is not None else ()) if not part.thought)


def _text(parts: tuple[_Part, ...]) -> str:
    """The text stands in the parts, in what was heard in them, or in both: then it counts once."""
    if all(part.audio_transcription is None for part in parts):
        return "".join(part.text or "" for part in parts).strip()
    written = tuple(part for part in parts if part.text)
    heard = tuple(part for part in parts if not part.text)
    twice = _bare(written) == _bare(heard)
    return " ".join(text for part in (written if twice else parts) if (text := _once(part)))


def _once(part: _Part) -> str:
    written = (part.text or "").strip()
    return written or (_said(part.audio_transcription) if part.audio_transcription is not None else "")


def _said(turn: _Turn) -> str:
    return (turn.text or "").strip()


def _bare(parts: tuple[_Part, ...]) -> str:
    return "".join("".join(_once(part).split()) for part in parts)


def _words(turn: _Turn) -> Iterator[Word]:
    for row in turn.words or ():
        times = times_of(row.start_offset, row.end_offset)
        text = (row.word or "").strip()
        if text and times is not None:
            yield Word(word=text, start=times[0], end=times[1], speaker=_speaker(turn))


def _segments(turns: tuple[_Turn, ...]) -> tuple[Segment, ...] | None:
    """One for each turn in which something was said; none at all when one has no times."""
    found: list[Segment] = []
    for turn in turns:
        spoken = tuple(_words(turn))
        around = (spoken[0].start, max(word.end for word in spoken)) if spoken else None
        times = times_of(turn.start_offset, turn.end_offset) or around
        if times is None and _said(turn):
            return None
        if times is not None and _said(turn):
            found.append(Segment(text=_said(turn), start=times[0], end=times[1], speaker=_speaker(turn)))
    return tuple(found) or None


def _speaker(turn: _Turn) -> str | None:
    return None if turn.speaker_label is None or turn.speaker_label == "" else str(turn.speaker_label)


def _usage(raw: msgspec.Raw) -> Usage | None:
    table = lenient(raw, _UsageTable)
    if table is None or (table.prompt_token_count is None and table.total_token_count is None):
        return None
    by_modality = {row.modality: row.token_count for row in table.prompt_tokens_details or ()}
    written = (table.candidates_token_count, table.thoughts_token_count)
    return Usage(
        kind="tokens",
        input_tokens=table.prompt_token_count,
        output_tokens=sum(count or 0 for count in written),
        total_tokens=table.total_token_count,
        audio_tokens=by_modality.get("AUDIO"),
        text_tokens=by_modality.get("TEXT"),
    )
