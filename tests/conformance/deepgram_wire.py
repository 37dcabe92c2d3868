"""What Deepgram's endpoint for recorded audio answers, as strictly as its documentation and its recorded answers allow.

Stricter than the live service in one respect: an option that it does not know is refused. The rules are a table of checks; the
first that objects decides.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tests.conformance.behaviours import Reply
from tests.conformance.hearing import Table, json_reply
from tests.conformance.requests_seen import Seen
from tests.conformance.stands import Stand

__all__ = ("MAX_BODY_BYTES", "STAND", "DeepgramWire")

MAX_BODY_BYTES: Final = 2_000_000_000
PATH: Final = "/v1/listen"
REQUEST_ID: Final = "019ffae2-f950-77b1-972c-4fe8558d5f60"


def _named(names: str) -> frozenset[str]:
    return frozenset(names.split())


SWITCHES: Final = _named(
    "smart_format punctuate paragraphs numerals measurements dictation filler_words profanity_filter utterances multichannel"
    " diarize detect_entities sentiment topics intents mip_opt_out"
)
ONCE: Final = SWITCHES | _named(
    "model language version diarize_model utt_split encoding sample_rate callback callback_method summarize custom_topic_mode"
    " custom_intent_mode"
)
REPEATED: Final = _named(
    "detect_language keyterm keywords search replace redact tag extra custom_topic custom_intent language_hint"
)
TRADES: Final = (
    "nova-2-meeting nova-2-phonecall nova-2-finance nova-2-conversationalai nova-2-voicemail nova-2-video nova-2-medical"
    " nova-2-drivethru nova-2-automotive nova-2-atc"
)
MODELS: Final = _named(
    "nova-3 nova-3-general nova-3-medical nova-2 nova-2-general nova nova-general enhanced base whisper whisper-tiny"
    " whisper-base whisper-small whisper-medium whisper-large"
) | _named(TRADES)
ENGLISH_ONLY: Final = frozenset({"nova-3-medical"}) | _named(TRADES)

_LANGUAGE: Final = re.compile(r"multi|[a-z]{2,3}(?:-[A-Za-z0-9]+)*")
_TURN: Final = 2
_CONFIDENCE: Final = 0.98


@dataclass(frozen=True)
class DeepgramWire:
    """One project: its key, the largest body it takes, and how many channels the audio has."""

    key: str = "sk-test-0123456789abcdef"
    max_body_bytes: int = MAX_BODY_BYTES
    channels: int = 1
    money: bool = True

    def __call__(self, seen: Seen, text: str) -> Reply:
        """The answer to `seen`, in which `text` is heard."""
        if (seen.method, seen.path) != ("POST", PATH):
            return Reply(404, b"Not Found", content_type="text/plain")
        if seen.headers.get("authorization") != f"Token {self.key}":
            return _refused(401, "INVALID_AUTH", "These credentials are not valid.")
        if not self.money:
            return _refused(402, "ASR_PAYMENT_REQUIRED", "The project has no credits left.")
        if seen.body_bytes > self.max_body_bytes:
            return _refused(413, "PAYLOAD_TOO_LARGE", "The body is too large.")
        objection = next(_objections(seen), None)
        return objection or _heard(dict(seen.query), text, self.channels)


def _objections(seen: Seen) -> Iterator[Reply]:
    for check in _CHECKS:
        objection = check(seen)
        if objection is not None:
            yield objection


def _check_names(seen: Seen) -> Reply | None:
    names = [name for name, _ in seen.query]
    unknown = next((name for name in names if name not in ONCE | REPEATED), None)
    if unknown is not None:
        return _refused(400, "Bad Request", f"Bad Request: no option is called {unknown}")
    doubled = next((name for name in ONCE if names.count(name) > 1), None)
    return _refused(400, "Bad Request", f"Bad Request: {doubled} is there twice") if doubled else None


def _check_values(seen: Seen) -> Reply | None:
    for name, value in seen.query:
        if name in SWITCHES and value not in {"true", "false"}:
            return _refused(400, "Bad Request", f"Bad Request: {name} is true or false")
        if name == "diarize_model" and value not in {"latest", "v1", "v2"}:
            return _refused(400, "Bad Request", "Bad Request: no such diarize_model")
        if not value:
            return _refused(400, "Bad Request", f"Bad Request: {name} is empty")
    return None


def _check_model(seen: Seen) -> Reply | None:
    """Every request should name a model; the language belongs to it."""
    query = dict(seen.query)
    model, language = query.get("model", "base-general"), query.get("language", "en")
    english = language.partition("-")[0] == "en"
    if model not in MODELS or not _LANGUAGE.fullmatch(language) or (model in ENGLISH_ONLY and not english):
        message = f"Bad Request: No such model/language/tier combination found. ({model}, {language})"
        return _refused(400, "Bad Request", message)
    return None


def _check_languages(seen: Seen) -> Reply | None:
    asked = [value for name, value in seen.query if name == "detect_language"]
    fits = asked in (["true"], ["false"]) or all(_LANGUAGE.fullmatch(each) and each not in {"true", "false"} for each in asked)
    return None if fits else _refused(400, "Bad Request", "Bad Request: detect_language is a switch, or codes")


def _check_words(seen: Seen) -> Reply | None:
    names, model = {name for name, _ in seen.query}, dict(seen.query).get("model", "")
    if "keywords" in names and model.startswith(("nova-3", "whisper")):
        return _refused(400, "Bad Request", f"Bad Request: keywords are not for {model}")
    if "keyterm" in names and not model.startswith("nova-3"):
        return _refused(400, "Bad Request", f"Bad Request: keyterm is not for {model}")
    return None


def _check_body(seen: Seen) -> Reply | None:
    kind = seen.headers.get("content-type", "").partition(";")[0]
    if not kind.startswith(("audio/", "video/")) and kind != "application/octet-stream":
        body: Table = {
            "category": "UNSUPPORTED_MEDIA",
            "message": "This content type is not taken.",
            "details": kind,
            "request_id": REQUEST_ID,
        }
        return json_reply(body, 415)
    return None if seen.body else _refused(400, "Bad Request", "Bad Request: failed to process audio: there is none")


_CHECKS: Final[tuple[Callable[[Seen], Reply | None], ...]] = (
    _check_names,
    _check_values,
    _check_model,
    _check_languages,
    _check_words,
    _check_body,
)


def _heard(query: dict[str, str], text: str, channels: int) -> Reply:
    """The transcript; several channels say the same, where they are asked for."""
    said, asked = text.split(), {name for name, value in query.items() if value != "false"}
    heard = range(channels if "multichannel" in asked else 1)
    listed = [_channel(said, query, asked) for _ in heard]
    results: Table = {"channels": listed}
    if "utterances" in asked:
        results["utterances"] = [row for number in heard for row in _utterances(said, number, asked)]
    metadata = {"request_id": REQUEST_ID, "duration": 0.5 * len(said), "channels": len(heard), "transaction_key": "deprecated"}
    return json_reply({"metadata": metadata, "results": results}, 200, ("dg-request-id", REQUEST_ID))


def _channel(said: list[str], query: dict[str, str], asked: set[str]) -> Table:
    words = [_word(word, i, asked) for i, word in enumerate(said)]
    formatted = "smart_format" in asked or "punctuate" in asked
    transcript = " ".join(said) if formatted else " ".join(_plain(word) for word in said)
    channel: Table = {"alternatives": [{"transcript": transcript, "confidence": _CONFIDENCE, "words": words}]}
    if "detect_language" in asked:
        wanted = query["detect_language"]
        channel |= {"detected_language": "en" if wanted == "true" else wanted, "language_confidence": 0.99}
    return channel


def _word(word: str, number: int, asked: set[str]) -> Table:
    row: Table = {"word": _plain(word), "start": 0.5 * number, "end": 0.5 * number + 0.4, "confidence": _CONFIDENCE}
    if "smart_format" in asked or "punctuate" in asked:
        row["punctuated_word"] = word
    return row | ({"speaker": number // _TURN % 2, "speaker_confidence": 0.9} if _diarized(asked) else {})


def _utterances(said: list[str], channel: int, asked: set[str]) -> Iterator[Table]:
    """One; with speakers, one for each turn."""
    length = _TURN if _diarized(asked) else max(1, len(said))
    for i in range(0, len(said), length):
        part = said[i : i + length]
        row: Table = {
            "start": 0.5 * i,
            "end": 0.5 * (i + len(part)) - 0.1,
            "confidence": _CONFIDENCE,
            "channel": channel,
            "transcript": " ".join(part),
            "words": [_word(word, i + n, asked) for n, word in enumerate(part)],
            "id": f"u{channel}-{i}",
        }
        yield row | ({"speaker": i // _TURN % 2} if _diarized(asked) else {})


def _diarized(asked: set[str]) -> bool:
    return bool(asked & {"diarize", "diarize_model"})


def _plain(word: str) -> str:
    return word.strip(".,!?").lower()


def _refused(status: int, code: str, message: str) -> Reply:
    return json_reply({"err_code": code, "err_msg": message, "request_id": REQUEST_ID}, status)


STAND: Final = Stand(provider="deepgram", judge=DeepgramWire, model="nova-3", others=("nova-2", "whisper-large"))
