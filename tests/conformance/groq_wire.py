"""What Groq's transcription endpoint answers: no subtitles, no streams, prompts of at most 896 characters."""

from dataclasses import dataclass
from typing import Final

from tests.conformance.behaviours import Reply
from tests.conformance.form_rules import FormRules, number, one_of, text
from tests.conformance.hearing import Table, error_reply, json_reply, seconds_of, segment, word_rows
from tests.conformance.requests_seen import Form, Seen
from tests.conformance.stands import Stand

__all__ = ("STAND", "GroqWire")

TARGET: Final = "/openai/v1/audio/transcriptions"
TRANSLATIONS: Final = "/openai/v1/audio/translations"
TRANSLATING: Final = "whisper-large-v3"
MODELS: Final = ("whisper-large-v3", "whisper-large-v3-turbo")
MAX_BODY_BYTES: Final = 100_000_000
LONGEST_PROMPT: Final = 896
RULES: Final = FormRules(
    once={
        "model": text,
        "language": lambda value: len(value) == len("en"),
        "prompt": text,
        "response_format": one_of("json", "text", "verbose_json"),
        "temperature": number(0, 1),
    },
    repeated={"timestamp_granularities[]": one_of("word", "segment")},
    needed=("model",),
    extensions=frozenset({"flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm"}),
)

TRANSLATION_RULES: Final = FormRules(
    once={name: RULES.once[name] for name in ("model", "prompt", "response_format", "temperature")},
    needed=("model",),
    extensions=RULES.extensions,
)


@dataclass(frozen=True)
class GroqWire:
    """One endpoint and its key."""

    key: str = "sk-test-0123456789abcdef"

    def __call__(self, seen: Seen, text: str) -> Reply:
        """The answer to `seen`, in which `text` is heard."""
        if seen.method != "POST" or seen.target not in {TARGET, TRANSLATIONS}:
            return error_reply(404, f"Unknown request URL: {seen.method} {seen.target}", "unknown_url")
        if seen.headers.get("authorization") != f"Bearer {self.key}":
            return error_reply(401, "Invalid API Key", "invalid_api_key")
        if seen.body_bytes > MAX_BODY_BYTES:
            return error_reply(413, "Request Entity Too Large", "request_too_large")
        if seen.form is None:
            return error_reply(400, "request must be a multipart form")
        translating = seen.target == TRANSLATIONS
        return _problem(seen.form, translating=translating) or _answer(
            seen.form, text, "translate" if translating else "transcribe"
        )


def _problem(form: Form, *, translating: bool) -> Reply | None:
    found, prompt = (TRANSLATION_RULES if translating else RULES).problem(form), form.value("prompt") or ""
    if found is not None:
        return error_reply(400, found[1])
    if form.value("model") not in MODELS:
        model = form.value("model")
        return error_reply(404, f"The model `{model}` does not exist or you do not have access to it.", "model_not_found")
    if translating and form.value("model") != TRANSLATING:
        return error_reply(400, f"The model `{form.value('model')}` does not support translations")
    if len(prompt) > LONGEST_PROMPT:
        limit = f"prompt length must be {LONGEST_PROMPT} characters or fewer"
        return error_reply(400, f"{limit}, but provided prompt contains {len(prompt)} characters")
    if form.values("timestamp_granularities[]") and form.value("response_format") != "verbose_json":
        return error_reply(400, "timestamp_granularities needs verbose_json")
    return None


def _answer(form: Form, text: str, task: str) -> Reply:
    """Texts begin with a space; nothing is counted; the language is a name with a capital."""
    said = f" {text}" if text else ""
    own: Table = {"x_groq": {"id": "req_groq"}}
    match form.value("response_format"):
        case "text":
            return Reply(200, said.encode(), content_type="text/plain; charset=UTF-8")
        case "verbose_json":
            granularities = form.values("timestamp_granularities[]") or ("segment",)
            timed: Table = {"task": task, "language": "English", "duration": seconds_of(text), "text": said}
            if "segment" in granularities:
                timed["segments"] = [segment(text)] if text else []
            if "word" in granularities:
                timed["words"] = word_rows(text)
            return json_reply({**timed, **own})
        case _:
            return json_reply({"text": said, **own})


STAND: Final = Stand(
    provider="groq", judge=GroqWire, model="whisper-large-v3", path="/openai/v1", others=("whisper-large-v3-turbo",)
)
