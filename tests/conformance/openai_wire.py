"""What OpenAI's transcription endpoint answers, as strictly as its documentation and its recorded answers allow.

Stricter than the live service in one respect: a field that it does not know is refused, where the service has been seen to
ignore it. The rules are a table of checks; the first that objects decides.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from tests.conformance.behaviours import Reply
from tests.conformance.hearing import Table, error_reply, event_stream, json_reply, seconds_of, segment, turns, word_rows
from tests.conformance.requests_seen import Form, Seen
from tests.conformance.stands import Stand

__all__ = ("FORMATS", "MAX_BODY_BYTES", "STAND", "OpenAIWire", "answer_to", "form_problem", "translation_problem")

MAX_BODY_BYTES: Final = 26_214_400
TARGET: Final = "/v1/audio/transcriptions"
TRANSLATIONS: Final = "/v1/audio/translations"
EXTENSIONS: Final = frozenset({"flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm"})

FORMATS: Final[dict[str, frozenset[str]]] = {
    "whisper-1": frozenset({"json", "text", "srt", "verbose_json", "vtt"}),
    "gpt-transcribe": frozenset({"json"}),
    "gpt-4o-transcribe": frozenset({"json", "text"}),
    "gpt-4o-mini-transcribe": frozenset({"json", "text"}),
    "gpt-4o-mini-transcribe-2025-12-15": frozenset({"json", "text"}),
    "gpt-4o-transcribe-diarize": frozenset({"json", "text", "diarized_json"}),
}
OF_A_TRANSLATION: Final = frozenset({"model", "prompt", "response_format", "temperature"})
ONCE: Final = frozenset({"model", "response_format", "language", "prompt", "temperature", "chunking_strategy", "stream"})
OF_A_STRATEGY: Final = {f"chunking_strategy[{key}]" for key in ("type", "prefix_padding_ms", "silence_duration_ms", "threshold")}
REPEATED: Final = frozenset(
    {
        "timestamp_granularities[]",
        "include[]",
        "languages[]",
        "keywords[]",
        "known_speaker_names[]",
        "known_speaker_references[]",
    }
)
# Fields that some models alone take.
WHISPER: Final = "whisper-1"
TRANSCRIBE: Final = "gpt-transcribe"
DIARIZE: Final = "gpt-4o-transcribe-diarize"
ONLY_FOR: Final[dict[str, frozenset[str]]] = {
    "languages[]": frozenset({TRANSCRIBE}),
    "keywords[]": frozenset({TRANSCRIBE}),
    "known_speaker_names[]": frozenset({DIARIZE}),
    "known_speaker_references[]": frozenset({DIARIZE}),
    "timestamp_granularities[]": frozenset({WHISPER}),
    "include[]": frozenset(FORMATS) - {WHISPER, DIARIZE},
    "prompt": frozenset(FORMATS) - {DIARIZE},
}
BY_DURATION: Final = frozenset({WHISPER, TRANSCRIBE})
TOKENS: Final[Table] = {
    "type": "tokens",
    "input_tokens": 37,
    "input_token_details": {"text_tokens": 0, "audio_tokens": 37},
    "output_tokens": 12,
    "total_tokens": 49,
}
MOST_SPEAKERS: Final = 4


@dataclass(frozen=True)
class OpenAIWire:
    """One endpoint: the key it wants (None: any or none) and the largest body it takes."""

    key: str | None = "sk-test-0123456789abcdef"
    max_body_bytes: int = MAX_BODY_BYTES

    def __call__(self, seen: Seen, text: str) -> Reply:
        """The answer to `seen`, in which `text` is heard."""
        if seen.method != "POST" or seen.target not in {TARGET, TRANSLATIONS}:
            return error_reply(404, f"Invalid URL ({seen.method} {seen.target})")
        refused = self._unauthorized(seen) or self._too_large(seen)
        if refused is not None:
            return refused
        if seen.form is None:
            return error_reply(400, "Could not parse multipart form")
        if seen.target == TRANSLATIONS:
            return translation_problem(seen.form) or answer_to(seen.form, text, task="translate")
        return form_problem(seen.form) or answer_to(seen.form, text)

    def _unauthorized(self, seen: Seen) -> Reply | None:
        """As recorded: JSON under text/plain, with the status beside the error."""
        given = seen.headers.get("authorization", "")
        if self.key is None or given == f"Bearer {self.key}":
            return None
        shown = f"{given[7:14]}{'*' * 20}{given[-4:]}"
        message = (
            f"Incorrect API key provided: {shown}. You can find your API key at https://platform.openai.com/account/api-keys."
        )
        error = {"code": "invalid_api_key", "message": message, "param": None, "type": "invalid_request_error"}
        return Reply(401, json.dumps({"error": error, "status": 401}).encode(), content_type="text/plain")

    def _too_large(self, seen: Seen) -> Reply | None:
        if seen.body_bytes <= self.max_body_bytes:
            return None
        message = f"413: Maximum content size limit ({self.max_body_bytes}) exceeded ({seen.body_bytes} bytes read)"
        return error_reply(413, message, kind="server_error")


def form_problem(form: Form, model: str | None = None) -> Reply | None:
    """What is wrong with the form; `model` where the address names it."""
    named = form if model is None else replace(form, fields=(*form.fields, ("model", model)))
    return next(_objections(named), None)


def translation_problem(form: Form, model: str | None = None) -> Reply | None:
    """What is wrong with the form of a translation, which has fewer fields and one model."""
    named = model or form.value("model")
    unknown = next((name for name, _ in form.fields if name not in OF_A_TRANSLATION), None)
    if unknown is not None:
        return error_reply(400, f"Unrecognized request argument supplied: {unknown}", "unknown_parameter", unknown)
    if named in FORMATS and named != WHISPER:
        return error_reply(400, f"Model {named} does not support translations", "unsupported_value", "model")
    return form_problem(form, model)


def _objections(form: Form) -> Iterator[Reply]:
    for check in _CHECKS:
        objection = check(form)
        if objection is not None:
            yield objection


def _check_names(form: Form) -> Reply | None:
    for name, _ in form.fields:
        if name not in ONCE | REPEATED | OF_A_STRATEGY:
            return error_reply(400, f"Unrecognized request argument supplied: {name}", "unknown_parameter", name)
        if name not in REPEATED and len(form.values(name)) > 1:
            return error_reply(400, f"Duplicate field: {name}", "invalid_value", name)
    return None


def _check_required(form: Form) -> Reply | None:
    if form.value("model") is None:
        return error_reply(400, "you must provide a model parameter", param="model")
    if form.file_field != "file":
        return error_reply(400, "Missing required parameter: 'file'.", "missing_required_parameter", "file")
    return None


def _check_model(form: Form) -> Reply | None:
    model = form.value("model") or ""
    if model not in FORMATS:
        return error_reply(404, f"The model `{model}` does not exist or you do not have access to it.", "model_not_found")
    refused = next((name for name, _ in form.fields if model not in ONLY_FOR.get(name, FORMATS)), None)
    if refused is not None:
        return error_reply(400, f"{refused} is not supported by this model", "unsupported_value", refused.removesuffix("[]"))
    return None


def _check_file(form: Form) -> Reply | None:
    extension = form.filename.rpartition(".")[2].lower()
    if extension not in EXTENSIONS:
        return error_reply(400, f"Unsupported file format {extension}", "unsupported_value", "file")
    if not form.audio_bytes:
        return error_reply(400, "Audio file might be corrupted or unsupported", "invalid_value", "file")
    return None


def _check_format(form: Form) -> Reply | None:
    model, wanted = form.value("model") or "", form.value("response_format") or "json"
    if wanted not in FORMATS[model]:
        message = f"response_format '{wanted}' is not compatible with model '{model}'. Use 'json' or 'text' instead."
        return error_reply(400, message, "unsupported_value", "response_format")
    if form.values("timestamp_granularities[]") and wanted != "verbose_json":
        return error_reply(400, "timestamp_granularities needs verbose_json", "invalid_value", "timestamp_granularities")
    if form.values("include[]") and wanted != "json":
        return error_reply(400, "include needs the format json", "invalid_value", "include")
    return None


def _check_values(form: Form) -> Reply | None:
    temperature = form.value("temperature")
    if temperature is not None and not 0 <= float(temperature) <= 1:
        return error_reply(400, "temperature must be between 0 and 1", "invalid_value", "temperature")
    for language in (form.value("language"), *form.values("languages[]")):
        if language is not None and len(language) != len("en"):
            return error_reply(400, f"Invalid language '{language}'", "invalid_language_format", "language")
    if not set(form.values("include[]")) <= {"logprobs"}:
        return error_reply(400, "Invalid value for include", "invalid_value", "include")
    if not set(form.values("timestamp_granularities[]")) <= {"word", "segment"}:
        return error_reply(400, "Invalid value for timestamp_granularities", "invalid_value", "timestamp_granularities")
    if form.value("stream") not in {None, "true", "false"}:
        return error_reply(400, "stream is a boolean", "invalid_value", "stream")
    return None


def _check_strategy(form: Form) -> Reply | None:
    """`auto`, or an object: as fields in brackets or as JSON text."""
    plain, kind = form.value("chunking_strategy"), form.value("chunking_strategy[type]")
    parted = any(name in OF_A_STRATEGY for name, _ in form.fields)
    if plain is not None and plain != "auto":
        parted, kind = True, json.loads(plain).get("type") if plain.startswith("{") else plain
    if parted and kind != "server_vad":
        return error_reply(400, "Invalid chunking_strategy", "invalid_value", "chunking_strategy")
    if form.value("model") == DIARIZE and plain is None and not parted:
        return error_reply(400, "chunking_strategy is required for diarization models", "invalid_value", "chunking_strategy")
    return None


def _check_speakers(form: Form) -> Reply | None:
    names, references = form.values("known_speaker_names[]"), form.values("known_speaker_references[]")
    if len(names) != len(references) or len(names) > MOST_SPEAKERS:
        return error_reply(400, "up to four names, each with a reference", "invalid_value", "known_speaker_names")
    if not all(reference.startswith("data:audio/") for reference in references):
        return error_reply(400, "references are data URLs", "invalid_value", "known_speaker_references")
    return None


_CHECKS: Final[tuple[Callable[[Form], Reply | None], ...]] = (
    _check_names,
    _check_required,
    _check_model,
    _check_file,
    _check_format,
    _check_values,
    _check_strategy,
    _check_speakers,
)


def answer_to(form: Form, text: str, model: str | None = None, task: str = "transcribe") -> Reply:
    """The transcript in the format that was asked for, as a stream where the model streams; every word takes half a second."""
    heard_by, wanted = model or form.value("model") or "", form.value("response_format") or "json"
    by_length: Table = {"type": "duration", "seconds": -(-len(text.split()) // 2)}
    usage = by_length if heard_by in BY_DURATION else TOKENS
    if form.value("stream") == "true" and heard_by != WHISPER:
        return _streamed(form, text, usage, wanted)
    if wanted == "json":
        found = {"languages": [{"code": "en"}]} if heard_by == TRANSCRIBE else {}
        return _reply({**found, "text": text, **_logprobs(form, text), "usage": usage})
    timed: Table = {"task": task, "duration": seconds_of(text), "text": text, "usage": usage}
    if wanted == "diarized_json":
        return _reply({**timed, "segments": _speaker_segments(form, text)})
    if wanted == "verbose_json":
        return _reply({**timed, "language": "english", **_times(form, text)})
    return Reply(200, f"{text}\n".encode(), content_type="text/plain; charset=utf-8")


def _streamed(form: Form, text: str, usage: Table, wanted: str) -> Reply:
    done: Table = {"type": "transcript.text.done", "text": text, **_logprobs(form, text), "usage": usage}
    if wanted == "diarized_json":
        return event_stream(*_speaker_segments(form, text), done)
    pieces = [word if i == 0 else f" {word}" for i, word in enumerate(text.split())]
    deltas: list[Table] = [{"type": "transcript.text.delta", "delta": piece, **_logprobs(form, piece)} for piece in pieces]
    return event_stream(*deltas, done)


def _logprobs(form: Form, text: str) -> Table:
    """One for each word, its space before it."""
    if "logprobs" not in form.values("include[]"):
        return {}
    tokens = [f" {word}" if i or text.startswith(" ") else word for i, word in enumerate(text.split())]
    return {"logprobs": [{"token": token, "logprob": -0.25, "bytes": list(token.encode())} for token in tokens]}


def _speaker_segments(form: Form, text: str) -> list[Table]:
    """Known speakers by their names, the others by letters."""
    names = [*form.values("known_speaker_names[]"), "A", "B"]
    return [
        {
            "type": "transcript.text.segment",
            "id": f"seg_{i}",
            "start": start,
            "end": end,
            "text": f" {said}",
            "speaker": names[speaker],
        }
        for i, (speaker, said, start, end) in enumerate(turns(text))
    ]


def _times(form: Form, text: str) -> Table:
    """Segments unless only words were asked for, words only if they were."""
    granularities = form.values("timestamp_granularities[]") or ("segment",)
    found: Table = {}
    if "segment" in granularities:
        found["segments"] = [segment(text)] if text.split() else []
    if "word" in granularities:
        found["words"] = word_rows(text)
    return found


def _reply(body: Table) -> Reply:
    return json_reply(body, 200, ("x-request-id", "req_test"))


STAND: Final = Stand(
    provider="openai",
    judge=OpenAIWire,
    model=WHISPER,
    path="/v1",
    others=("gpt-transcribe", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", DIARIZE),
)
