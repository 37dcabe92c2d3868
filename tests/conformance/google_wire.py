"""What Google's services have in common on the wire: the envelope of errors, strict JSON, and the answers of generateContent."""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from typing import Final, cast

from tests.conformance.behaviours import Reply
from tests.conformance.requests_seen import Seen

__all__ = (
    "Json",
    "Refused",
    "audio_of",
    "generated",
    "google_error",
    "google_json",
    "known",
    "said_with_times",
    "table",
    "tables",
)

Json = Mapping[str, object]

_GENERATION: Final = frozenset(
    {"temperature", "topP", "topK", "maxOutputTokens", "seed", "responseMimeType", "thinkingConfig", "audioTranscriptionConfig"}
)
_TRANSCRIPTION: Final = frozenset({"languageCodes", "customVocabulary", "wordTimestamp", "diarization", "mode"})
_NEXT: Final = re.compile(r"_([a-z])")
_TOP: Final = frozenset({"contents", "generationConfig", "safetySettings", "systemInstruction", "labels"})


class Refused(Exception):
    """The request breaks a rule; `reply` says so."""

    def __init__(self, message: str, status: int = 400, word: str = "INVALID_ARGUMENT", reason: str | None = None) -> None:
        super().__init__(message)
        self.reply = google_error(message, status, word, reason)


def google_error(message: str, status: int, word: str, reason: str | None = None, *, in_list: bool = False) -> Reply:
    """The envelope, with an ErrorInfo where there is a reason."""
    error: dict[str, object] = {"code": status, "message": message, "status": word}
    if reason is not None:
        info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
        error["details"] = [info]
    body: object = {"error": error}
    return Reply(status, json.dumps([body] if in_list else body).encode(), content_type="application/json; charset=UTF-8")


def google_json(body: object, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """A success."""
    return Reply(200, json.dumps(body).encode(), content_type="application/json; charset=UTF-8", headers=headers)


def table(value: object, where: str) -> Json:
    """An object, or the refusal of anything else."""
    if not isinstance(value, dict):
        raise Refused(f'Invalid JSON payload received. Value at "{where}" is no object.')
    return cast("Json", value)


def tables(value: object, where: str) -> list[Json]:
    """A list of objects."""
    if not isinstance(value, list):
        raise Refused(f'Invalid JSON payload received. Value at "{where}" is no list.')
    return [table(each, where) for each in cast("list[object]", value)]


def camel(value: object) -> object:
    """Names of fields may be written either way (protobuf's JSON): here as `mimeType`, whatever came."""
    if isinstance(value, dict):
        named = cast("Json", value)
        return {_NEXT.sub(lambda match: match[1].upper(), name): camel(inner) for name, inner in named.items()}
    return [camel(each) for each in cast("list[object]", value)] if isinstance(value, list) else value


def known(found: Json, names: frozenset[str]) -> None:
    """Google refuses every field that it does not know."""
    for name in found:
        if name not in names:
            raise Refused(f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.')


def audio_of(data: object) -> int:
    """The size of the audio in base64, of either alphabet."""
    try:
        size = len(base64.b64decode(str(data).replace("-", "+").replace("_", "/"), validate=True))
    except binascii.Error:
        raise Refused("Base64 decoding failed.") from None
    if not size:
        raise Refused("The audio is empty.")
    return size


def said_with_times(text: str) -> Iterator[tuple[int, str, str, str]]:
    """Each word with its number, its start and its end as durations."""
    for number, word in enumerate(text.split()):
        yield number, word, f"{0.5 * number:g}s", f"{0.5 * number + 0.4:.3f}s"


def generated(seen: Seen, model: str, text: str, media_types: frozenset[str], files: frozenset[str]) -> Reply:
    """What generateContent answers to a body, or the refusal of it; `files` are the addresses that may stand for audio."""
    body = table(camel(seen.json()), "")
    known(body, _TOP)
    contents = tables(body.get("contents"), "contents")
    if len(contents) != 1 or contents[0].get("role") != "user":
        raise Refused("Please use a valid role: user, model.")
    parts = tables(contents[0].get("parts"), "contents[0].parts")
    config = table(body.get("generationConfig", {}), "generationConfig")
    known(config, _GENERATION)
    for part in parts:
        _check_part(part, media_types, files)
    instructions = [part for part in parts if "text" in part]
    if len(parts) - len(instructions) != 1:
        raise Refused("The request has no audio.")
    dedicated = "transcribe" in model
    if dedicated and (instructions or "systemInstruction" in body):
        raise Refused("Developer instruction is not enabled for this model")
    if not dedicated and ("audioTranscriptionConfig" in config or not instructions):
        # A model that is not told to transcribe would answer what was said.
        raise Refused("Audio transcription is not enabled for this model")
    dictation = table(config.get("audioTranscriptionConfig", {}), "audioTranscriptionConfig")
    _check_dictation(dictation)
    return _streamed(text) if "streamGenerateContent" in seen.path else google_json(_answer(text, dictation, dedicated=dedicated))


def _check_part(part: Json, media_types: frozenset[str], files: frozenset[str]) -> None:
    known(part, frozenset({"text", "inlineData", "fileData"}))
    if "text" in part:
        return
    here, elsewhere = "inlineData" in part, "fileData" in part
    if here == elsewhere:
        raise Refused("A part needs exactly one of data.")
    audio = table(part["inlineData" if here else "fileData"], "part")
    known(audio, frozenset({"mimeType", "data" if here else "fileUri"}))
    if audio.get("mimeType") not in media_types:
        raise Refused(f"Unsupported MIME type: {audio.get('mimeType')}")
    if here:
        audio_of(audio.get("data"))
    elif audio.get("fileUri") not in files:
        raise Refused("You do not have permission to access the File or it may not exist.", 403, "PERMISSION_DENIED")


def _check_dictation(dictation: Json) -> None:
    known(dictation, _TRANSCRIPTION)
    detailed = dictation.get("wordTimestamp") or dictation.get("diarization")
    if detailed and dictation.get("customVocabulary"):
        raise Refused("custom_vocabulary cannot be combined with word_timestamp or diarization.")
    if detailed and dictation.get("mode") == "SMART":
        raise Refused("SMART mode cannot be combined with word_timestamp or diarization.")


def _answer(text: str, dictation: Json, *, dedicated: bool) -> Json:
    """Speakers take turns with every word; whoever is not told apart has no label."""
    parts: list[dict[str, object]] = [{"text": text}] if text else []
    if dedicated and text:
        parts = (
            _turns(text, dictation) if dictation.get("wordTimestamp") else [{"text": text, "audioTranscription": {"text": text}}]
        )
    content: dict[str, object] = {"role": "model", **({"parts": parts} if parts else {})}
    return {"candidates": [{"content": content, "finishReason": "STOP"}], **_metadata(text)}


def _turns(text: str, dictation: Json) -> list[dict[str, object]]:
    rows = list(said_with_times(text))
    turns = [[row] for row in rows] if dictation.get("diarization") else [rows]
    return [
        {
            "text": " ".join(word for _, word, _, _ in turn),
            "audioTranscription": {
                "text": " ".join(word for _, word, _, _ in turn),
                "languageCode": "en-US",
                **({"speakerLabel": f"spk_{turn[0][0] % 2 + 1}"} if dictation.get("diarization") else {}),
                "startOffset": turn[0][2],
                "endOffset": turn[-1][3],
                "words": [{"word": word, "startOffset": start, "endOffset": end} for _, word, start, end in turn],
            },
        }
        for turn in turns
    ]


def _streamed(text: str) -> Reply:
    """Word by word, each with the space before it; the last event alone says why it ended."""
    words = text.split()
    pieces = [word if not number else f" {word}" for number, word in enumerate(words)]
    events: list[Json] = [{"candidates": [{"content": {"role": "model", "parts": [{"text": piece}]}}]} for piece in pieces]
    events.append({"candidates": [{"content": {"role": "model"}, "finishReason": "STOP"}], **_metadata(text)})
    written = tuple(f"data: {json.dumps(event)}\r\n\r\n".encode() for event in events)
    return Reply(200, content_type="text/event-stream", pieces=written)


def _metadata(text: str) -> Json:
    heard, written = 25 * len(text.split()), len(text.split())
    usage = {
        "promptTokenCount": heard,
        "candidatesTokenCount": written,
        "totalTokenCount": heard + written,
        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": heard}],
    }
    return {"usageMetadata": usage, "modelVersion": "test", "responseId": "resp_test"}
