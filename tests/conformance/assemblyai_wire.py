"""What AssemblyAI answers: uploads, jobs that are queued, processed and completed, and their end, as its API description has it.

A job goes one state on with each look at it. An upload can be used with the key that it came with, and only from the address that
was given for it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, cast

from tests.conformance.behaviours import Reply
from tests.conformance.hearing import Table, json_reply
from tests.conformance.requests_seen import Seen
from tests.conformance.stands import Stand

__all__ = ("MAX_BODY_BYTES", "STAND", "AssemblyAIWire")

MAX_BODY_BYTES: Final = 2_200_000_000


def _named(names: str) -> frozenset[str]:
    return frozenset(names.split())


STATES: Final = ("queued", "processing", "completed")
MODELS: Final = frozenset({"universal-3-5-pro", "universal-3-pro", "universal-2"})
PROMPTED: Final = frozenset({"universal-3-5-pro", "universal-3-pro"})
FEW: Final = {"universal-3-pro": frozenset({"en", "es", "de", "fr", "pt", "it"})}

BOOLEANS: Final = _named(
    "language_detection punctuate format_text disfluencies multichannel speaker_labels filter_profanity redact_pii auto_chapters"
    " entity_detection sentiment_analysis iab_categories content_safety auto_highlights"
)
OBJECTS: Final = frozenset({"language_detection_options", "keyterms_prompt_options", "speech_understanding"})
TEXTS: Final = frozenset({"audio_url", "language_code", "prompt", "webhook_url", "redact_pii_sub"})
NUMBERS: Final = _named(
    "temperature speakers_expected audio_start_from audio_end_at speech_threshold language_confidence_threshold"
)
LISTS: Final = frozenset({"speech_models", "keyterms_prompt", "custom_spelling", "redact_pii_policies"})
DETECTION: Final = frozenset({"expected_languages", "fallback_language", "code_switching"})

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:_[a-z]{2})?")
_JOB: Final = re.compile(r"/v2/transcript/([^/]+)")
_UPLOADED: Final = re.compile(r"http://[^/]+(/upload/\w+)")
_MOST_TERMS: Final = 1000
_TURN: Final = 2


@dataclass
class AssemblyAIWire:
    """One account: the uploads and jobs it remembers. `fails` is why its jobs end in an error."""

    key: str = "sk-test-0123456789abcdef"
    max_body_bytes: int = MAX_BODY_BYTES
    fails: str | None = None
    uploads: set[str] = field(default_factory=set[str])
    jobs: dict[str, Table] = field(default_factory=dict[str, Table])
    looks: dict[str, int] = field(default_factory=dict[str, int])
    deleted: list[str] = field(default_factory=list[str])

    def __call__(self, seen: Seen, text: str) -> Reply:
        """The answer to `seen`, in which `text` is heard."""
        if seen.headers.get("authorization") != self.key:
            return _refused(401, "Authentication error, this API token is missing or wrong")
        job = _JOB.fullmatch(seen.path)
        if (seen.method, seen.path) == ("POST", "/v2/upload"):
            return self._uploaded(seen)
        if (seen.method, seen.path) == ("POST", "/v2/transcript"):
            return self._submitted(seen)
        if job is not None and seen.method in {"GET", "DELETE"}:
            return self._looked_at(seen.method, job[1], text)
        return _refused(404, "There is nothing at this address")

    def _uploaded(self, seen: Seen) -> Reply:
        if seen.headers.get("content-type", "application/octet-stream") != "application/octet-stream" or not seen.body:
            return _refused(400, "Upload needs the bytes of a file")
        if seen.body_bytes > self.max_body_bytes:
            return _refused(413, "The file is too large")
        path = f"/upload/{len(self.uploads):08d}"
        self.uploads.add(path)
        return json_reply({"upload_url": f"http://{seen.headers['host']}{path}"})

    def _submitted(self, seen: Seen) -> Reply:
        asked = seen.json()
        if seen.headers.get("content-type") != "application/json" or not isinstance(asked, dict):
            return _refused(400, "Invalid JSON")
        fields = cast("Table", asked)
        problem = next(_problems(fields), None)
        if problem is not None:
            return _refused(400, problem)
        place = _UPLOADED.fullmatch(str(fields["audio_url"]))
        if place is None or place[1] not in self.uploads:
            return _refused(403, "Cannot access uploaded file")
        name = f"9ea68fd3-{len(self.jobs):04d}"
        self.jobs[name], self.looks[name] = fields, 0
        return json_reply({"id": name, "status": STATES[0], **fields})

    def _looked_at(self, method: str, name: str, text: str) -> Reply:
        """How the job is; a job that was deleted has nothing left."""
        if name not in self.jobs:
            return _refused(404, "Transcript lookup error, transcript id not found")
        if method == "DELETE":
            self.deleted.append(name)
            return json_reply(
                {"id": name, "status": "completed", "text": "Deleted by user.", "audio_url": "http://deleted_by_user"}
            )
        state = STATES[min(self.looks[name], len(STATES) - 1)]
        self.looks[name] += 1
        body: Table = {"id": name, "status": state, "audio_url": self.jobs[name]["audio_url"], "text": None, "words": None}
        if state != STATES[-1]:
            return json_reply(body)
        if self.fails is not None:
            return json_reply({**body, "status": "error", "error": self.fails})
        return json_reply({**body, **_heard(self.jobs[name], text)})


def _problems(fields: Table) -> Iterator[str]:
    """What the API would object to, in its order."""
    for name, value in fields.items():
        yield from _types(name, value)
    models = fields.get("speech_models")
    if not isinstance(models, list) or not models:
        yield "speech_models is required"
        return
    if not set(cast("list[str]", models)) <= MODELS:
        yield "speech_models has a model that does not exist"
    if "audio_url" not in fields:
        yield "audio_url is required"
    yield from _language_problems(fields, cast("list[str]", models))
    yield from _prompt_problems(fields, cast("list[str]", models))


def _types(name: str, value: object) -> Iterator[str]:
    kinds: dict[frozenset[str], tuple[type | tuple[type, ...], str]] = {
        BOOLEANS: (bool, "Boolean"),
        OBJECTS: (dict, "object"),
        TEXTS: (str, "string"),
        NUMBERS: ((int, float), "number"),
        LISTS: (list, "list"),
    }
    kind = next((kind for names, kind in kinds.items() if name in names), None)
    if kind is None:
        yield f"{name} is not a parameter"
    elif not isinstance(value, kind[0]) or (isinstance(value, bool) and name not in BOOLEANS):
        yield f"{name} must be a {kind[1]}"


def _language_problems(fields: Table, models: list[str]) -> Iterator[str]:
    code, options = fields.get("language_code"), cast("Table", fields.get("language_detection_options", {}))
    if code is not None and fields.get("language_detection"):
        yield "language_code cannot be used with language_detection"
    if code is not None and not _LANGUAGE.fullmatch(str(code)):
        yield f"language_code {code} is not supported"
    if code is not None and all(str(code)[:2] not in FEW[model] if model in FEW else False for model in models):
        yield f"language_code {code} is not supported by these models"
    if options and (not fields.get("language_detection") or not options.keys() <= DETECTION):
        yield "language_detection_options are for language_detection"


def _prompt_problems(fields: Table, models: list[str]) -> Iterator[str]:
    terms = cast("list[object]", fields.get("keyterms_prompt", []))
    if "prompt" in fields and not PROMPTED.intersection(models):
        yield "prompt is not supported by these models"
    if "prompt" in fields and terms:
        yield "prompt and keyterms_prompt cannot be used together"
    if "temperature" in fields and "universal-3-pro" not in models:
        yield "temperature is not supported by these models"
    if len(terms) > _MOST_TERMS or not all(isinstance(term, str) for term in terms):
        yield "keyterms_prompt must be at most 1000 strings"


def _heard(asked: Table, text: str) -> Table:
    """The completed job: milliseconds, and whole seconds for all of it."""
    said = text.split()
    diarized = asked.get("speaker_labels") is True
    words = [_word(word, i, diarized=diarized) for i, word in enumerate(said)]
    utterances = list(_utterances(said, words)) if diarized else None
    code = asked.get("language_code", "en_us")
    return {
        "text": text,
        "words": words,
        "utterances": utterances,
        "confidence": 0.94,
        "audio_duration": -(-len(said) // 2),
        "language_code": code,
        "language_confidence": 0.99,
        "error": None,
    }


def _word(word: str, number: int, *, diarized: bool) -> Table:
    speaker = "AB"[number // _TURN % 2] if diarized else None
    return {"text": word, "start": 500 * number, "end": 500 * number + 400, "confidence": 0.97, "speaker": speaker}


def _utterances(said: list[str], words: list[Table]) -> Iterator[Table]:
    for i in range(0, len(said), _TURN):
        part = words[i : i + _TURN]
        times: Table = {"start": part[0]["start"], "end": part[-1]["end"]}
        yield {**times, "text": " ".join(said[i : i + _TURN]), "confidence": 0.95, "speaker": part[0]["speaker"], "words": part}


def _refused(status: int, message: str) -> Reply:
    return json_reply({"error": message}, status)


STAND: Final = Stand(
    provider="assemblyai", judge=AssemblyAIWire, model="universal-3-pro", others=("universal-2", "universal-3-5-pro")
)
