"""What servers at home answer: vLLM, with streams as it streams chats, and LocalAI and speaches, with OpenAI's events."""

from dataclasses import dataclass
from typing import Final, Literal

from tests.conformance.behaviours import Reply
from tests.conformance.form_rules import FormRules, number, one_of, text
from tests.conformance.hearing import Table, event_stream, json_reply, seconds_of, segment, word_rows
from tests.conformance.requests_seen import Form, Seen
from tests.conformance.stands import Stand

__all__ = ("STAND", "CompatibleWire")

TARGET: Final = "/v1/audio/transcriptions"
TRANSLATIONS: Final = "/v1/audio/translations"
VOXTRAL: Final = "mistralai/Voxtral-Mini-3B-2507"
MODELS: Final = frozenset({"openai/whisper-large-v3", VOXTRAL})
MAX_BYTES: Final = 25 * 1024 * 1024
RULES: Final = FormRules(
    once={
        "model": text,
        "language": text,
        "prompt": text,
        "temperature": number(0, 2),
        "response_format": one_of("json", "text", "verbose_json"),
        "stream": one_of("true", "false"),
        "hotwords": text,
        "seed": number(0, 2**63),
        "top_p": number(0, 1),
        "stream_include_usage": one_of("true", "false"),
        "vllm_xargs": text,
    },
    repeated={"timestamp_granularities[]": one_of("word", "segment")},
    needed=("model",),
)

TRANSLATION_RULES: Final = FormRules(
    once={name: RULES.once[name] for name in ("model", "prompt", "temperature", "response_format", "seed")}, needed=("model",)
)


@dataclass(frozen=True)
class CompatibleWire:
    """One server; `key` None takes everybody. `kind` is how it streams; one that does not translate has no such path."""

    key: str | None = "sk-test-0123456789abcdef"
    kind: Literal["vllm", "localai"] = "vllm"
    translates: bool = True

    def __call__(self, seen: Seen, text: str) -> Reply:
        """The answer to `seen`, in which `text` is heard."""
        if self.key is not None and seen.headers.get("authorization") != f"Bearer {self.key}":
            return json_reply({"error": "Unauthorized"}, 401)
        if seen.method != "POST" or seen.target not in {TARGET, TRANSLATIONS} or not self._serves(seen.target):
            return json_reply({"detail": "Not Found"}, 404)
        if seen.form is None:
            return json_reply({"detail": [{"loc": ["body", "file"], "msg": "Field required", "type": "missing"}]}, 422)
        if seen.form.audio_bytes > MAX_BYTES:
            return _error(400, "Maximum file size exceeded", "BadRequestError")
        return _problem(seen.form, translating=seen.target == TRANSLATIONS) or self._answer(seen.form, text)

    def _serves(self, target: str) -> bool:
        return self.translates or target == TARGET

    def _answer(self, form: Form, text: str) -> Reply:
        if form.value("stream") == "true":
            return _chunks(form, text) if self.kind == "vllm" else _events(text)
        if form.value("response_format") != "verbose_json":
            return json_reply({"text": text, "usage": {"type": "duration", "seconds": -(-len(text.split()) // 2)}})
        timed: Table = {"text": text, "language": "en", "segments": [segment(text)] if text else [], "words": None}
        if self.kind == "localai" and "word" in form.values("timestamp_granularities[]"):
            timed["words"] = [{"text": row["word"], "start": row["start"], "end": row["end"]} for row in word_rows(text)]
        return json_reply({**timed, "duration": str(seconds_of(text))})


def _problem(form: Form, *, translating: bool) -> Reply | None:
    found, wanted = (TRANSLATION_RULES if translating else RULES).problem(form), form.value("response_format") or "json"
    if found is not None:
        return _error(400, found[1], "BadRequestError")
    if form.value("model") not in MODELS:
        return _error(404, f"The model `{form.value('model')}` does not exist.", "NotFoundError")
    if translating and form.value("model") == VOXTRAL:
        return _error(400, "The model does not support Translations API", "BadRequestError")
    if wanted == "verbose_json" and (form.value("model") == VOXTRAL or form.value("stream") == "true"):
        return _error(400, "Currently do not support verbose_json here", "BadRequestError")
    return None


def _chunks(form: Form, text: str) -> Reply:
    def chunk(content: str, finish: str | None = None) -> Table:
        choice = {"delta": {"content": content}, "finish_reason": finish}
        return {"id": "trsc-1", "object": "transcription.chunk", "created": 1, "model": "m", "choices": [choice]}

    usage: Table = {"prompt_tokens": 37, "completion_tokens": 12, "total_tokens": 49}
    last: list[Table] = [{**chunk(""), "choices": [], "usage": usage}] if form.value("stream_include_usage") == "true" else []
    return event_stream(*(chunk(f" {word}") for word in text.split()), chunk("", "stop"), *last)


def _events(text: str) -> Reply:
    deltas: list[Table] = [{"type": "transcript.text.delta", "delta": f" {word}"} for word in text.split()]
    done: Table = {"type": "transcript.text.done", "text": text, "language": "en", "duration": seconds_of(text)}
    return event_stream(*deltas, {**done, "segments": [segment(text)] if text else []})


def _error(status: int, message: str, kind: str) -> Reply:
    return json_reply({"error": {"message": message, "type": kind, "param": None, "code": status}}, status)


STAND: Final = Stand(
    provider="openai_compatible", judge=CompatibleWire, model="openai/whisper-large-v3", path="/v1", others=(VOXTRAL,)
)
