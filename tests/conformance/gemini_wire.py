"""What Google AI Studio answers: generateContent, the Interactions API and the Files API, as strictly as they are documented."""

import re
from dataclasses import dataclass, field
from typing import Final

from tests.conformance.behaviours import Reply
from tests.conformance.google_wire import (
    Json,
    Refused,
    audio_of,
    generated,
    google_error,
    google_json,
    known,
    said_with_times,
    table,
    tables,
)
from tests.conformance.requests_seen import Seen
from tests.conformance.stands import Stand

__all__ = ("MAX_BODY_BYTES", "STAND", "GeminiWire")

MAX_BODY_BYTES: Final = 20 * 1024 * 1024
MEDIA_TYPES: Final = frozenset({"audio/wav", "audio/mp3", "audio/aiff", "audio/aac", "audio/ogg", "audio/flac"})
PROMPTED: Final = frozenset({"gemini-2.5-flash", "gemini-2.5-pro", "gemini-2.5-flash-lite"})
DEDICATED: Final = "gemini-3.5-transcribe"

_MODEL: Final = re.compile(r"/v1beta/models/([^/:]+):(generateContent|streamGenerateContent)")
_FILE: Final = re.compile(r"/v1beta/(files/[a-z0-9]+)")
_WRONG_KEY: Final = "API key not valid. Please pass a valid API key."
_SUBSCRIBED: Final = frozenset({"model", "store", "input", "generation_config"})
_TRANSCRIPTION: Final = frozenset({"language_codes", "custom_vocabulary", "mode"})


@dataclass
class _File:
    media_type: str
    size: int
    looked_at: int = 0
    bytes: int = 0


@dataclass
class GeminiWire:
    """One account; files are processed until somebody has looked at them so often, or fail then."""

    key: str = "sk-test-0123456789abcdef"
    max_body_bytes: int = MAX_BODY_BYTES
    looks_until_active: int = 1
    processing_fails: bool = False
    files: dict[str, _File] = field(default_factory=dict[str, _File])
    begun: int = 0

    def __call__(self, seen: Seen, text: str) -> Reply:
        """The answer to `seen`, in which `text` is heard."""
        try:
            return self._answered(seen, text)
        except Refused as refused:
            return refused.reply

    def _answered(self, seen: Seen, text: str) -> Reply:
        if seen.path == "/upload/v1beta/files" and seen.query:
            return self._upload(seen)
        if seen.headers.get("x-goog-api-key") != self.key:
            in_list = seen.path.endswith("/interactions")
            return google_error(_WRONG_KEY, 400, "INVALID_ARGUMENT", None if in_list else "API_KEY_INVALID", in_list=in_list)
        if (file := _FILE.fullmatch(seen.path)) is not None:
            return self._file(seen, file[1])
        if seen.method != "POST":
            raise Refused("Not found.", 404, "NOT_FOUND")
        if seen.headers.get("content-type", "").partition(";")[0] != "application/json":
            raise Refused("Unsupported content type.")
        if seen.body_bytes > self.max_body_bytes:
            raise Refused(f"Request payload size exceeds the limit: {self.max_body_bytes} bytes.")
        if seen.path == "/upload/v1beta/files":
            return self._start(seen)
        if seen.path == "/v1beta/interactions":
            return self._interaction(seen, text)
        return self._generated(seen, text)

    def _generated(self, seen: Seen, text: str) -> Reply:
        match = _MODEL.fullmatch(seen.path)
        if match is None or match[1] not in PROMPTED:
            raise Refused("The model is not found for API version v1beta.", 404, "NOT_FOUND")
        if match[2] == "streamGenerateContent" and seen.query != (("alt", "sse"),):
            raise Refused("Expected alt=sse.")
        return generated(seen, match[1], text, MEDIA_TYPES, self._active(seen))

    def _active(self, seen: Seen) -> frozenset[str]:
        names = (name for name, file in self.files.items() if file.looked_at >= self.looks_until_active)
        return frozenset(f"{_origin(seen)}/v1beta/{name}" for name in names)

    def _start(self, seen: Seen) -> Reply:
        """The first step of a resumable upload: the address for the second comes in a header."""
        wanted = {"x-goog-upload-protocol": "resumable", "x-goog-upload-command": "start"}
        if any(seen.headers.get(name) != value for name, value in wanted.items()):
            raise Refused("Not a resumable upload.")
        known(table(seen.json(), ""), frozenset({"file"}))
        length = seen.headers.get("x-goog-upload-header-content-length", "")
        media_type = seen.headers.get("x-goog-upload-header-content-type", "")
        if not length.isdecimal() or media_type not in MEDIA_TYPES:
            raise Refused("Length and type of the upload are missing.")
        self.begun += 1
        self.files[f"files/a{self.begun}"] = _File(media_type, int(length))
        url = f"{_origin(seen)}/upload/v1beta/files?upload_id={self.begun}&upload_protocol=resumable"
        return google_json({}, (("X-Goog-Upload-URL", url), ("X-Goog-Upload-Status", "active")))

    def _upload(self, seen: Seen) -> Reply:
        name = f"files/a{dict(seen.query).get('upload_id')}"
        commands = {"x-goog-upload-offset": "0", "x-goog-upload-command": "upload, finalize"}
        if name not in self.files or any(seen.headers.get(key) != value for key, value in commands.items()):
            raise Refused("No such upload.", 404, "NOT_FOUND")
        if seen.body_bytes != self.files[name].size:
            raise Refused("The upload is not as long as promised.")
        self.files[name].bytes = seen.body_bytes
        return google_json({"file": self._shown(seen, name)}, (("X-Goog-Upload-Status", "final"),))

    def _file(self, seen: Seen, name: str) -> Reply:
        if name not in self.files:
            raise Refused("You do not have permission to access the File.", 403, "PERMISSION_DENIED")
        if seen.method == "DELETE":
            del self.files[name]
            return google_json({})
        self.files[name].looked_at += 1
        return google_json(self._shown(seen, name))

    def _shown(self, seen: Seen, name: str) -> Json:
        file = self.files[name]
        ended = "FAILED" if self.processing_fails else "ACTIVE"
        return {
            "name": name,
            "uri": f"{_origin(seen)}/v1beta/{name}",
            "mimeType": file.media_type,
            "sizeBytes": str(file.bytes),
            "state": ended if file.looked_at >= self.looks_until_active else "PROCESSING",
        }

    def _interaction(self, seen: Seen, text: str) -> Reply:
        body = table(seen.json(), "")
        known(body, _SUBSCRIBED)
        if body.get("model") != DEDICATED:
            raise Refused("The model is not found for API version v1beta.", 404, "NOT_FOUND")
        self._check_input(seen, tables(body.get("input"), "input"))
        config = table(body.get("generation_config", {}), "generation_config")
        known(config, frozenset({"temperature", "transcription_config"}))
        dictation = table(config.get("transcription_config", {}), "transcription_config")
        known(dictation, _TRANSCRIPTION)
        return google_json(_heard(text, *_mode(dictation)))

    def _check_input(self, seen: Seen, given: list[Json]) -> None:
        """One audio, and nothing beside it; as it is, or as the step of a user, which is how Google's own client puts it."""
        if len(given) == 1 and given[0].get("type") == "user_input":
            known(given[0], frozenset({"type", "content"}))
            given = tables(given[0].get("content"), "content")
        if len(given) != 1 or given[0].get("type") != "audio":
            raise Refused("Developer instruction is not enabled for this model")
        known(given[0], frozenset({"type", "data", "uri", "mime_type"}))
        if ("data" in given[0]) == ("uri" in given[0]):
            raise Refused("An audio needs exactly one of data and uri.")
        if "data" in given[0]:
            audio_of(given[0]["data"])
        elif given[0]["uri"] not in self._active(seen):
            raise Refused("You do not have permission to access the File.", 403, "PERMISSION_DENIED")


def _mode(dictation: Json) -> tuple[bool, bool]:
    """Whether words and speakers are wanted."""
    mode = dictation.get("mode", "verbatim")
    detailed = table({"type": mode} if isinstance(mode, str) else mode, "mode")
    known(detailed, frozenset({"type", "timestamp_granularities", "diarization_mode"}))
    asked = [name for name in ("timestamp_granularities", "diarization_mode") if name in detailed]
    if detailed.get("type") not in {"verbatim", "smart"}:
        raise Refused("Unknown mode.")
    if asked and detailed["type"] == "smart":
        raise Refused(f"Unknown parameter '{asked[0]}'")
    if asked and dictation.get("custom_vocabulary"):
        raise Refused("custom_vocabulary cannot be combined with timestamps or diarization.")
    return detailed.get("timestamp_granularities") == ["word"], detailed.get("diarization_mode") == "speaker"


def _heard(text: str, words: bool, speakers: bool) -> Json:
    """Without a word there are no steps."""
    tokens = 25 * len(text.split())
    usage = {
        "total_tokens": tokens,
        "total_input_tokens": tokens,
        "total_output_tokens": 0,
        "input_tokens_by_modality": [{"modality": "audio", "tokens": tokens}],
    }
    head: dict[str, object] = {"id": "v1_test", "status": "completed", "model": DEDICATED, "usage": usage}
    if not text:
        return head
    annotations = [
        {
            "type": "word_info",
            "text": word,
            **({"speaker": f"spk:{number % 2}"} if speakers else {}),
            "start_offset": start,
            "end_offset": end,
        }
        for number, word, start, end in said_with_times(text)
    ]
    content = {"type": "text", "text": text, **({"annotations": annotations} if words else {})}
    return {**head, "steps": [{"type": "model_output", "content": [content]}]}


def _origin(seen: Seen) -> str:
    return f"http://{seen.headers['host']}"


STAND: Final = Stand(provider="gemini", judge=GeminiWire, model=DEDICATED, others=("gemini-2.5-flash",))
