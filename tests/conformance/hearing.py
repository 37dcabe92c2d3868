"""What the judges hear: a text with times that anybody can work out. Word i lasts from 0.5*i to 0.5*i + 0.4 seconds."""

import json
from typing import Final

from tests.conformance.behaviours import Reply

__all__ = ("Table", "error_reply", "event_stream", "json_reply", "seconds_of", "segment", "turns", "word_rows")

Table = dict[str, object]

_WORDS_OF_A_TURN: Final = 2


def seconds_of(text: str) -> float:
    """How long the text takes."""
    return 0.5 * len(text.split())


def word_rows(text: str) -> list[Table]:
    """The words with their times, without punctuation, as Whisper gives them."""
    return [{"word": word.strip(".,"), "start": 0.5 * i, "end": 0.5 * i + 0.4} for i, word in enumerate(text.split())]


def segment(text: str, number: int = 0, start: float = 0.0) -> Table:
    """One segment in Whisper's terms."""
    return {
        "id": number,
        "seek": 0,
        "start": start,
        "end": start + seconds_of(text),
        "text": f" {text}",
        "tokens": [50364],
        "temperature": 0.0,
        "avg_logprob": -0.25,
        "compression_ratio": 1.2,
        "no_speech_prob": 0.01,
    }


def turns(text: str) -> list[tuple[int, str, float, float]]:
    """Two speakers, 0 and 1, who say two words each in turn: who, what, from, to."""
    said = text.split()
    starts = range(0, len(said), _WORDS_OF_A_TURN)
    parts = [(i, said[i : i + _WORDS_OF_A_TURN]) for i in starts]
    return [(i // _WORDS_OF_A_TURN % 2, " ".join(part), 0.5 * i, 0.5 * (i + len(part))) for i, part in parts]


def json_reply(body: Table, status: int = 200, *headers: tuple[str, str]) -> Reply:
    """A JSON answer."""
    return Reply(status, json.dumps(body).encode(), headers=headers)


def error_reply(
    status: int, message: str, code: str | None = None, param: str | None = None, kind: str = "invalid_request_error"
) -> Reply:
    """A refusal in OpenAI's envelope."""
    return json_reply({"error": {"message": message, "type": kind, "param": param, "code": code}}, status)


def event_stream(*events: Table) -> Reply:
    """Server-sent events, a chunk for each, and `[DONE]`."""
    pieces = [f"data: {json.dumps(event)}\n\n".encode() for event in events]
    return Reply(200, content_type="text/event-stream; charset=utf-8", pieces=(*pieces, b"data: [DONE]\n\n"))
