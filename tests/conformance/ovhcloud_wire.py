"""What OVHcloud's transcription endpoint answers: verbose_json unless told otherwise, speakers in a list of their own.

Without a key it takes ten megabytes; with a wrong one nothing.
"""

from dataclasses import dataclass
from typing import Final

from tests.conformance.behaviours import Reply
from tests.conformance.form_rules import FormRules, number, one_of, text
from tests.conformance.hearing import Table, json_reply, seconds_of, segment, turns, word_rows
from tests.conformance.requests_seen import Form, Seen
from tests.conformance.stands import Stand

__all__ = ("STAND", "OvhcloudWire")

TARGET: Final = "/v1/audio/transcriptions"
MOST_BYTES: Final = 2_048_000_000
MOST_BYTES_ANONYMOUS: Final = 10_000_000
RULES: Final = FormRules(
    once={
        "model": one_of("whisper-large-v3", "whisper-large-v3-turbo"),
        "language": text,
        "prompt": text,
        "temperature": number(0, 1),
        "response_format": one_of("json", "text", "verbose_json"),
        "diarize": one_of("true", "false"),
        "chunking_strategy": one_of("auto"),
        "chunking_strategy[type]": one_of("server_vad"),
        "chunking_strategy[prefix_padding_ms]": number(0, 60_000),
        "chunking_strategy[silence_duration_ms]": number(0, 60_000),
        "chunking_strategy[threshold]": number(0, 1),
    },
    repeated={"timestamp_granularities[]": one_of("word", "segment")},
)
EXTENSIONS: Final = frozenset({"mp3", "mp4", "aac", "m4a", "wav", "flac", "ogg", "opus", "webm", "mpeg", "mpga"})


@dataclass(frozen=True)
class OvhcloudWire:
    """One endpoint; its key is optional."""

    key: str = "sk-test-0123456789abcdef"

    def __call__(self, seen: Seen, text: str) -> Reply:
        """The answer to `seen`, in which `text` is heard."""
        given = seen.headers.get("authorization")
        if (seen.method, seen.target) != ("POST", TARGET):
            return _error(404, "Not Found")
        if given not in {None, f"Bearer {self.key}"}:
            return _error(401, "Unauthorized")
        if seen.form is None:
            return _error(422, "expected a multipart form")
        if seen.body_bytes > (MOST_BYTES_ANONYMOUS if given is None else MOST_BYTES):
            return _error(413, "the file is too large")
        return _problem(seen.form) or _answer(seen.form, text)


def _problem(form: Form) -> Reply | None:
    found, wanted = RULES.problem(form), form.value("response_format") or "verbose_json"
    if found is not None:
        return _error(422, found[1])
    if form.filename.rpartition(".")[2].lower() not in EXTENSIONS:
        return _error(400, "Audio is too long: 10800 seconds, max 10800 allowed")
    if wanted != "verbose_json" and (form.value("diarize") == "true" or form.values("timestamp_granularities[]")):
        return _error(400, "diarize and timestamp_granularities need verbose_json")
    return None


def _answer(form: Form, text: str) -> Reply:
    usage: Table = {"type": "duration", "seconds": -(-len(text.split()) // 2)}
    match form.value("response_format") or "verbose_json":
        case "text":
            return Reply(200, text.encode(), content_type="text/plain")
        case "json":
            return json_reply({"text": text, "usage": usage})
        case _:
            granularities = form.values("timestamp_granularities[]") or ("segment",)
            spoken = turns(text) if form.value("diarize") == "true" else []
            timed: Table = {
                "task": "transcribe",
                "success": True,
                "language": "en",
                "duration": seconds_of(text),
                "text": text,
                "words": word_rows(text) if "word" in granularities else [],
                "segments": [segment(text, 1)] if text and "segment" in granularities else [],
                "diarization": [
                    {"speaker": speaker, "text": said, "start": start, "end": end} for speaker, said, start, end in spoken
                ],
                "usage": usage,
            }
            return json_reply(timed)


def _error(status: int, message: str) -> Reply:
    return json_reply({"message": message}, status)


STAND: Final = Stand(
    provider="ovhcloud", judge=OvhcloudWire, model="whisper-large-v3", path="/v1", others=("whisper-large-v3-turbo",)
)
