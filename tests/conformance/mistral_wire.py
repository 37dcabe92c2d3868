"""What Mistral's transcription endpoint answers, as strictly as its official client and its recorded answers allow.

It gives one kind of times, and words come as segments of one word each. The language is null even where one was sent.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tests.conformance.behaviours import Reply
from tests.conformance.form_rules import FormRules, number, one_of, text
from tests.conformance.hearing import Table, json_reply, seconds_of, turns
from tests.conformance.requests_seen import Form, Seen
from tests.conformance.stands import Stand

__all__ = ("STAND", "MistralWire")

TARGET: Final = "/v1/audio/transcriptions"
MODELS: Final = frozenset({"voxtral-mini-latest", "voxtral-mini-2602", "voxtral-mini-2507"})
OLD: Final = frozenset({"voxtral-mini-2507"})
GRANULARITIES: Final = ("timestamp_granularities", "timestamp_granularities[]")
MAX_BODY_BYTES: Final = 1_000_000_000


def _biasing(value: str) -> bool:
    return bool(value) and not any(letter.isspace() or letter == "," for letter in value)


RULES: Final = FormRules(
    once={
        "model": text,
        "language": lambda value: value.isalpha() and len(value) == len("en"),
        "temperature": number(0, 2),
        "stream": one_of("true", "false"),
        "diarize": one_of("true", "false"),
        "speaker_references": text,
    },
    repeated={"context_bias": _biasing, **dict.fromkeys(GRANULARITIES, one_of("segment", "word"))},
    needed=("model",),
)


@dataclass(frozen=True)
class MistralWire:
    """One account."""

    key: str = "sk-test-0123456789abcdef"
    max_body_bytes: int = MAX_BODY_BYTES

    def __call__(self, seen: Seen, text: str) -> Reply:
        """The answer to `seen`, in which `text` is heard."""
        if (seen.method, seen.path) != ("POST", TARGET) or seen.query:
            return json_reply({"detail": "Not Found"}, 404)
        if seen.headers.get("authorization") != f"Bearer {self.key}":
            return json_reply({"detail": "Invalid API Key"}, 401, CORRELATION)
        if seen.body_bytes > self.max_body_bytes:
            return _error(413, "Request entity too large", "request_too_large")
        if seen.form is None:
            return _unprocessable("file", "no multipart form")
        return _problem(seen.form) or _heard(seen.form, text)


CORRELATION: Final = ("mistral-correlation-id", "01a01a72-test")


def _problem(form: Form) -> Reply | None:
    found = RULES.problem(form)
    if found is not None:
        return _unprocessable(*found)
    model = form.value("model") or ""
    if model not in MODELS:
        return _error(400, f"Invalid model: {model}", "invalid_model", "1500")
    if model in OLD and (form.value("diarize") == "true" or form.values("context_bias") or "word" in _kinds(form)):
        return _error(400, "This model only gives segments", "invalid_request_error", "3051")
    if len(_kinds(form)) > 1:
        return _unprocessable(GRANULARITIES[0], "List should have at most 1 item")
    return None


def _heard(form: Form, text: str) -> Reply:
    body = _body(form, text)
    if form.value("stream") != "true":
        return json_reply(body, 200, CORRELATION, ("x-ratelimit-audio-seconds-query-cost", "3"))
    events = _events(body, list(_rows(form, text)), text)
    pieces = tuple(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)
    return Reply(200, content_type="text/event-stream; charset=utf-8", headers=(CORRELATION,), pieces=pieces)


def _events(body: Table, rows: list[Table], text: str) -> Iterator[Table]:
    yield {"type": "transcription.language", "audio_language": "en"}
    for number_, word in enumerate(text.split()):
        yield {"type": "transcription.text.delta", "text": f" {word}" if number_ else word}
    yield from ({**row, "type": "transcription.segment"} for row in rows)
    yield {"type": "transcription.done", **body}


def _body(form: Form, text: str) -> Table:
    words = len(text.split())
    usage: Table = {
        "prompt_audio_seconds": int(seconds_of(text)),
        "prompt_tokens": 5,
        "completion_tokens": words,
        "total_tokens": 380 + words,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 375},
    }
    rows = list(_rows(form, text))
    return {"model": form.value("model"), "text": text, "language": None, "segments": rows, "usage": usage, "finish_reason": None}


def _rows(form: Form, text: str) -> Iterator[Table]:
    """Nothing unless times or speakers were asked for; a word is a segment where words were."""
    diarized = form.value("diarize") == "true"
    if not diarized and not _kinds(form):
        return
    spoken = turns(text) if diarized else [(0, text, 0.0, seconds_of(text))] if text else []
    for who, said, start, end in spoken:
        each = [(word, start + 0.5 * i, start + 0.5 * i + 0.4) for i, word in enumerate(said.split())]
        for part, begin, until in each if "word" in _kinds(form) else [(said, start, end)]:
            speaker = f"speaker_{who + 1}" if diarized else None
            yield {"type": "transcription_segment", "text": f" {part}", "start": begin, "end": until, "speaker_id": speaker}


def _kinds(form: Form) -> tuple[str, ...]:
    return tuple(value for name in GRANULARITIES for value in form.values(name))


def _unprocessable(name: str, message: str) -> Reply:
    return json_reply(
        {"detail": [{"type": "value_error", "loc": ["body", name], "msg": message, "input": None}]}, 422, CORRELATION
    )


def _error(status: int, message: str, kind: str, code: str | None = None) -> Reply:
    return json_reply({"object": "error", "message": message, "type": kind, "param": None, "code": code}, status, CORRELATION)


STAND: Final = Stand(
    provider="mistral", judge=MistralWire, model="voxtral-mini-latest", path="/v1", others=("voxtral-mini-2507",)
)
