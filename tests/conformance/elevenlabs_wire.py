"""What ElevenLabs' speech-to-text answers, as strictly as its API description: FastAPI, so a wrong field is a 422 with a list."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tests.conformance.behaviours import Reply
from tests.conformance.hearing import Table, json_reply
from tests.conformance.requests_seen import Form, Seen
from tests.conformance.stands import Stand

__all__ = ("MAX_BODY_BYTES", "STAND", "ElevenLabsWire")

MAX_BODY_BYTES: Final = 3_000_000_000
PATH: Final = "/v1/speech-to-text"
TRANSCRIPTION_ID: Final = "trn_0123456789"


def _named(names: str) -> frozenset[str]:
    return frozenset(names.split())


MODELS: Final = frozenset({"scribe_v1", "scribe_v1_experimental", "scribe_v2", "scribe_v2_medical"})

SWITCHES: Final = _named(
    "tag_audio_events diarize webhook use_multi_channel no_verbatim use_speaker_library detect_speaker_roles"
)
ONCE: Final = SWITCHES | _named(
    "model_id language_code num_speakers timestamps_granularity diarization_threshold file_format temperature seed"
    " multichannel_output_style webhook_id webhook_metadata entity_detection entity_redaction entity_redaction_mode"
    " numbers_format transcript_edit additional_formats"
)
REPEATED: Final = frozenset({"keyterms", "secondary_language_codes"})
QUERY: Final = frozenset({"enable_logging", "token"})

_HOTTEST: Final = 2.0
_MOST_SPEAKERS: Final = 32
_MOST_KEYTERMS: Final = 1000
_LONGEST_KEYTERM: Final = 50
_LONGEST_KEYTERM_WORDS: Final = 5
_TURN: Final = 2


@dataclass(frozen=True)
class ElevenLabsWire:
    """One workspace: its key, what it may spend, the largest body, and how many channels the audio has."""

    key: str = "sk-test-0123456789abcdef"
    max_body_bytes: int = MAX_BODY_BYTES
    credits: bool = True
    channels: int = 1

    def __call__(self, seen: Seen, text: str) -> Reply:
        """The answer to `seen`, in which `text` is heard."""
        if (seen.method, seen.path) != ("POST", PATH):
            return json_reply({"detail": "Not Found"}, 404)
        if seen.headers.get("xi-api-key") != self.key:
            return _refused(401, "invalid_api_key", "This is no key of ours")
        if not self.credits:
            return _refused(401, "quota_exceeded", "This request is worth more credits than are left")
        if seen.body_bytes > self.max_body_bytes:
            return _refused(413, "file_too_large", "The file is too large")
        if seen.form is None or any(name not in QUERY for name, _ in seen.query):
            return _invalid("file", "this is no form, or a query that nobody knows")
        objection = next(_objections(seen.form), None)
        return objection or _heard(seen.form, text, self.channels)


def _objections(form: Form) -> Iterator[Reply]:
    for check in _CHECKS:
        objection = check(form)
        if objection is not None:
            yield objection


def _check_names(form: Form) -> Reply | None:
    for name, _ in form.fields:
        if name not in ONCE | REPEATED:
            return _invalid(name, "there is no such field")
        if name in ONCE and len(form.values(name)) > 1:
            return _invalid(name, "one value is enough")
    if form.value("model_id") is None:
        return _invalid("model_id", "field is missing", "missing")
    return None if form.file_field == "file" else _invalid("file", "field is missing", "missing")


def _check_model(form: Form) -> Reply | None:
    model = form.value("model_id")
    return None if model in MODELS else _refused(400, "invalid_model_id", f"There is no model {model}")


def _check_switches(form: Form) -> Reply | None:
    wrong = next((name for name, value in form.fields if name in SWITCHES and value.lower() not in {"true", "false"}), None)
    return _invalid(wrong, "input should be a boolean", "bool_parsing") if wrong else None


def _check_values(form: Form) -> Reply | None:
    language, granularity = form.value("language_code"), form.value("timestamps_granularity")
    if language is not None and not (language.isalpha() and language.islower() and len(language) in {2, 3}):
        return _refused(400, "invalid_language_code", f"The language {language} is not known")
    if granularity is not None and granularity not in {"none", "word", "character"}:
        return _invalid("timestamps_granularity", "none, word or character")
    if not 0 <= float(form.value("temperature") or 0) <= _HOTTEST:
        return _invalid("temperature", "from 0 to 2")
    if not 1 <= int(form.value("num_speakers") or 1) <= _MOST_SPEAKERS:
        return _invalid("num_speakers", "from 1 to 32")
    return None


def _check_keyterms(form: Form) -> Reply | None:
    terms = form.values("keyterms")
    if terms and not (form.value("model_id") or "").startswith("scribe_v2"):
        return _refused(400, "unsupported_parameter", "Keyterms are not for this model")
    long = any(len(term) > _LONGEST_KEYTERM or len(term.split()) > _LONGEST_KEYTERM_WORDS for term in terms)
    if len(terms) > _MOST_KEYTERMS or long or any(sign in term for term in terms for sign in "<>{}[]\\"):
        return _invalid("keyterms", "too many, too long, or with signs that they may not have")
    return None


def _check_json(form: Form) -> Reply | None:
    """What is to be JSON; the official client sends `null` for what it was not given."""
    formats = form.value("additional_formats")
    if formats is not None and not isinstance(json.loads(formats), list):
        return _invalid("additional_formats", "a list")
    return None if form.audio_bytes else _refused(400, "empty_file", "The file is empty")


_CHECKS: Final[tuple[Callable[[Form], Reply | None], ...]] = (
    _check_names,
    _check_model,
    _check_switches,
    _check_values,
    _check_keyterms,
    _check_json,
)


def _heard(form: Form, text: str, channels: int) -> Reply:
    """The transcript; with `use_multi_channel` one for each channel, all of which say the same."""
    if (form.value("use_multi_channel") or "").lower() == "true":
        chunks = [{**_chunk(form, text, f"speaker_{number}"), "channel_index": number} for number in range(channels)]
        body: Table = {"transcripts": chunks, **_measured(text)}
    else:
        body = {**_chunk(form, text), **_measured(text)}
    return json_reply(body, 200, ("request-id", "req_test"))


def _measured(text: str) -> Table:
    return {"transcription_id": TRANSCRIPTION_ID, "audio_duration_secs": 0.5 * len(text.split())}


def _chunk(form: Form, text: str, speaker: str | None = None) -> Table:
    tagged = (form.value("tag_audio_events") or "true").lower() == "true" and bool(text)
    heard = f"{text} (laughter)" if tagged else text
    words: list[Table] = []
    if (form.value("timestamps_granularity") or "word") != "none":
        words = list(_words(form, text.split(), speaker))
        if tagged:
            words.append({**_row("(laughter)", len(text.split()), None), "type": "audio_event"})
    return {"language_code": "eng", "language_probability": 0.98, "text": heard, "words": words}


def _words(form: Form, said: list[str], speaker: str | None) -> Iterator[Table]:
    diarized = (form.value("diarize") or "").lower() == "true"
    for i, word in enumerate(said):
        who = f"speaker_{i // _TURN % 2}" if diarized else speaker
        if i:
            yield {"text": " ", "start": 0.5 * i - 0.1, "end": 0.5 * i, "type": "spacing", "speaker_id": who, "logprob": 0.0}
        yield _row(word, i, who)


def _row(word: str, number: int, speaker: str | None) -> Table:
    times: Table = {"start": 0.5 * number, "end": 0.5 * number + 0.4}
    return {"text": word, **times, "type": "word", "speaker_id": speaker, "logprob": -0.02}


def _refused(status: int, code: str, message: str) -> Reply:
    return json_reply({"detail": {"status": code, "message": message}}, status)


def _invalid(field: str, message: str, kind: str = "value_error") -> Reply:
    return json_reply({"detail": [{"loc": ["body", field], "msg": message, "type": kind}]}, 422)


STAND: Final = Stand(provider="elevenlabs", judge=ElevenLabsWire, model="scribe_v2", others=("scribe_v1",))
