"""What OpenAI's transcription endpoint answers, as strictly as its documentation and its recorded answers allow.

Stricter than the live service in one respect: a field that it does not know is refused, where the service has been seen to
ignore it. The rules are a table of checks; the first that objects decides.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tests.conformance.behaviours import Reply
from tests.conformance.requests_seen import Form, Seen

__all__ = ("MAX_BODY_BYTES", "OpenAIWire")

MAX_BODY_BYTES: Final = 26_214_400
TARGET: Final = "/v1/audio/transcriptions"
EXTENSIONS: Final = frozenset({"flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm"})

FORMATS: Final[dict[str, frozenset[str]]] = {
    "whisper-1": frozenset({"json", "text", "srt", "verbose_json", "vtt"}),
    "gpt-transcribe": frozenset({"json"}),
    "gpt-4o-transcribe": frozenset({"json", "text"}),
    "gpt-4o-mini-transcribe": frozenset({"json", "text"}),
    "gpt-4o-transcribe-diarize": frozenset({"json", "text", "diarized_json"}),
}
ONCE: Final = frozenset({"model", "response_format", "language", "prompt", "temperature", "chunking_strategy"})
REPEATED: Final = frozenset({"timestamp_granularities[]"})
BY_DURATION: Final = frozenset({"whisper-1", "gpt-transcribe"})
TOKENS: Final = {"type": "tokens", "input_tokens": 37, "output_tokens": 12, "total_tokens": 49}
DIARIZE: Final = "gpt-4o-transcribe-diarize"


@dataclass(frozen=True)
class OpenAIWire:
    """One endpoint: the key it wants (None: any or none) and the largest body it takes."""

    key: str | None = "sk-test-0123456789abcdef"
    max_body_bytes: int = MAX_BODY_BYTES

    def __call__(self, seen: Seen, text: str) -> Reply:
        """The answer to `seen`, in which `text` is heard."""
        if (seen.method, seen.target) != ("POST", TARGET):
            return _error(404, f"Invalid URL ({seen.method} {seen.target})")
        refused = self._unauthorized(seen) or self._too_large(seen)
        if refused is not None:
            return refused
        if seen.form is None:
            return _error(400, "Could not parse multipart form")
        objection = next(_objections(seen.form), None)
        return objection or _heard(seen.form, text)

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
        return _error(413, message, kind="server_error")


def _objections(form: Form) -> Iterator[Reply]:
    for check in _CHECKS:
        objection = check(form)
        if objection is not None:
            yield objection


def _check_names(form: Form) -> Reply | None:
    for name, _ in form.fields:
        if name not in ONCE | REPEATED:
            return _error(400, f"Unrecognized request argument supplied: {name}", "unknown_parameter", name)
        if name in ONCE and len(form.values(name)) > 1:
            return _error(400, f"Duplicate field: {name}", "invalid_value", name)
    return None


def _check_required(form: Form) -> Reply | None:
    if form.value("model") is None:
        return _error(400, "you must provide a model parameter", param="model")
    if form.file_field != "file":
        return _error(400, "Missing required parameter: 'file'.", "missing_required_parameter", "file")
    return None


def _check_model(form: Form) -> Reply | None:
    model = form.value("model")
    if model in FORMATS:
        return None
    return _error(404, f"The model `{model}` does not exist or you do not have access to it.", "model_not_found")


def _check_file(form: Form) -> Reply | None:
    extension = form.filename.rpartition(".")[2].lower()
    if extension not in EXTENSIONS:
        return _error(400, f"Unsupported file format {extension}", "unsupported_value", "file")
    if not form.audio_bytes:
        return _error(400, "Audio file might be corrupted or unsupported", "invalid_value", "file")
    return None


def _check_format(form: Form) -> Reply | None:
    model, wanted = form.value("model") or "", form.value("response_format") or "json"
    if wanted not in FORMATS[model]:
        message = f"response_format '{wanted}' is not compatible with model '{model}'. Use 'json' or 'text' instead."
        return _error(400, message, "unsupported_value", "response_format")
    if form.values("timestamp_granularities[]") and wanted != "verbose_json":
        return _error(400, "timestamp_granularities needs verbose_json", "invalid_value", "timestamp_granularities")
    return None


def _check_values(form: Form) -> Reply | None:
    temperature, language = form.value("temperature"), form.value("language")
    if temperature is not None and not 0 <= float(temperature) <= 1:
        return _error(400, "temperature must be between 0 and 1", "invalid_value", "temperature")
    if language is not None and len(language) != len("en"):
        return _error(400, f"Invalid language '{language}'", "invalid_language_format", "language")
    return None


def _check_diarize(form: Form) -> Reply | None:
    if form.value("model") != DIARIZE:
        return None
    if form.value("chunking_strategy") is None:
        return _error(400, "chunking_strategy is required for diarization models", "invalid_value", "chunking_strategy")
    if form.value("prompt") is not None:
        return _error(400, "prompt is not supported for diarization models", "unsupported_value", "prompt")
    return None


_CHECKS: Final[tuple[Callable[[Form], Reply | None], ...]] = (
    _check_names,
    _check_required,
    _check_model,
    _check_file,
    _check_format,
    _check_values,
    _check_diarize,
)


def _heard(form: Form, text: str) -> Reply:
    """The transcript in the format that was asked for; every word takes half a second."""
    model, wanted = form.value("model") or "", form.value("response_format") or "json"
    said = text.split()
    seconds = 0.5 * len(said)
    usage = {"type": "duration", "seconds": -(-len(said) // 2)} if model in BY_DURATION else dict(TOKENS)
    if wanted == "json":
        return _json({"text": text, "usage": usage})
    timed: dict[str, object] = {"task": "transcribe", "duration": seconds, "text": text, "usage": usage}
    if wanted == "diarized_json":
        segment = {
            "type": "transcript.text.segment",
            "id": "seg_0",
            "start": 0.0,
            "end": seconds,
            "text": f" {text}",
            "speaker": "A",
        }
        return _json({**timed, "segments": [segment] if said else []})
    if wanted == "verbose_json":
        return _json({**timed, "language": "english", **_times(form, said)})
    return Reply(200, f"{text}\n".encode(), content_type="text/plain; charset=utf-8")


def _times(form: Form, said: list[str]) -> dict[str, object]:
    """Segments unless only words were asked for, words only if they were."""
    granularities = form.values("timestamp_granularities[]") or ("segment",)
    segment = {
        "id": 0,
        "seek": 0,
        "start": 0.0,
        "end": 0.5 * len(said),
        "text": " " + " ".join(said),
        "tokens": [50364],
        "temperature": 0.0,
        "avg_logprob": -0.25,
        "compression_ratio": 1.2,
        "no_speech_prob": 0.01,
    }
    words = [{"word": word.strip(".,"), "start": 0.5 * i, "end": 0.5 * i + 0.4} for i, word in enumerate(said)]
    found: dict[str, object] = {}
    if "segment" in granularities:
        found["segments"] = [segment] if said else []
    if "word" in granularities:
        found["words"] = words
    return found


def _error(
    status: int, message: str, code: str | None = None, param: str | None = None, kind: str = "invalid_request_error"
) -> Reply:
    return _json({"error": {"message": message, "type": kind, "param": param, "code": code}}, status)


def _json(body: dict[str, object], status: int = 200) -> Reply:
    return Reply(status, json.dumps(body).encode(), headers=(("x-request-id", "req_test"),))
