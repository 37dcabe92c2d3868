"""What the bodies of requests and answers are made of, as JSON Schema for the OpenAPI document.

Answers that are structs describe themselves. Written out here are forms, whose fields are text that means something, and the
answers that have OpenAI's shapes.
"""

import inspect
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final, cast, get_args

import msgspec

from voxplan.adapters.audio.containers import EXTENSIONS
from voxplan.engine.terms.failure import LISTABLE
from voxplan.engine.terms.request import ResponseFormat
from voxplan.io_shell.gateway.envelopes import ErrorType
from voxplan.io_shell.gateway.fields import FIELDS
from voxplan.io_shell.gateway.health import HealthReport
from voxplan.io_shell.gateway.models import ModelList
from voxplan.io_shell.gateway.planned import PLAN_FIELDS
from voxplan.io_shell.keys.asking import NewKey
from voxplan.io_shell.keys.key import KeyState, VirtualKey
from voxplan.io_shell.plan_report import PlanReport

__all__ = ("SHAPES", "Schema", "schemas")

Schema = Mapping[str, object]

_TEXT: Final[Schema] = {"type": "string"}
_NUMBER: Final[Schema] = {"type": "number"}
_WHOLE: Final[Schema] = {"type": "integer"}
_FLAG: Final[Schema] = {"type": "boolean"}
_LIST: Final[Schema] = {"type": "array", "items": {"type": "string", "minLength": 1}}
_TABLE: Final[Schema] = {"type": "object"}
_LANGUAGE: Final[Schema] = {"type": "string", "examples": ["en"]}
_AUDIO: Final[Schema] = {"type": "string", "format": "binary", "description": "the audio, with its name"}


def _one_of(values: object) -> Schema:
    return {"type": "string", "enum": list(cast("tuple[str, ...]", values))}


SHAPES: Final[Mapping[str, Schema]] = {
    "model": {"type": "string", "minLength": 1, "examples": ["whisper"]},
    "url": {"type": "string", "format": "uri"},
    "language": _LANGUAGE,
    "languages": {"type": "array", "items": _LANGUAGE},
    "prompt": _TEXT,
    "keywords": _LIST,
    "response_format": {**_one_of(get_args(ResponseFormat)), "default": "json"},
    "temperature": {"type": "number", "minimum": 0},
    "timestamp_granularities": {"type": "array", "items": _one_of(("segment", "word"))},
    "include": {"type": "array", "items": _one_of(("logprobs",))},
    "stream": _FLAG,
    "chunking_strategy": {"anyOf": [{"type": "string", "enum": ["auto"]}, {"type": "object", "minProperties": 1}]},
    "known_speaker_names": _LIST,
    "known_speaker_references": _LIST,
    "diarize": _FLAG,
    "user": _TEXT,
    "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
    "tags": _LIST,
    "fallbacks": _LIST,
    "mock_testing_fallbacks": _FLAG,
    "simulate": {"type": "object", "additionalProperties": _one_of(sorted(LISTABLE)), "examples": [{"groq": "rate_limited"}]},
    "timeout": {"anyOf": [{"type": "number", "minimum": 1}, {"type": "string", "examples": ["30s"]}]},
    "num_retries": {"type": "integer", "minimum": 0, "maximum": 100},
    "seconds": {"type": "number", "exclusiveMinimum": 0},
    "bytes": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "examples": ["25MB"]}]},
    "format": _one_of(EXTENSIONS),
    "channels": {"type": "integer", "minimum": 1, "maximum": 64},
    "translate": _FLAG,
    "seed": _WHOLE,
}
"""The types of the fields of all forms."""


def _object(properties: Mapping[str, Schema], *needed: str) -> Schema:
    return {"type": "object", "properties": dict(properties), **({"required": list(needed)} if needed else {})}


_USAGE: Final[Schema] = {
    "type": "object",
    "description": "`type` says what was counted: `duration` or `tokens`",
    "properties": {
        "type": _one_of(("duration", "tokens")),
        "seconds": _NUMBER,
        "input_tokens": _WHOLE,
        "output_tokens": _WHOLE,
        "total_tokens": _WHOLE,
    },
    "required": ["type"],
}
_SEGMENT: Final = _object(
    {
        "id": {"type": ["integer", "string"]},
        "start": _NUMBER,
        "end": _NUMBER,
        "text": _TEXT,
        "speaker": _TEXT,
        "avg_logprob": _NUMBER,
        "compression_ratio": _NUMBER,
        "no_speech_prob": _NUMBER,
        "temperature": _NUMBER,
    },
    *("id", "start", "end", "text"),
)
_WORD: Final = _object({"word": _TEXT, "start": _NUMBER, "end": _NUMBER, "speaker": _TEXT, "confidence": _NUMBER}, "word")
_TRANSCRIPTION: Final = _object(
    {
        "text": _TEXT,
        "task": _one_of(("transcribe", "translate")),
        "language": _TEXT,
        "duration": _NUMBER,
        "segments": {"type": "array", "items": _SEGMENT},
        "words": {"type": "array", "items": _WORD},
        "logprobs": {"type": "array", "items": _object({"token": _TEXT, "logprob": _NUMBER}, "token", "logprob")},
        "usage": _USAGE,
    },
    "text",
)
_ERROR: Final = _object(
    {
        "message": _TEXT,
        "type": _one_of(get_args(ErrorType)),
        "param": {"type": ["string", "null"]},
        "code": {"type": ["string", "null"]},
        "trail": {"type": "array", "items": _TABLE, "description": "the calls that were made, for keys that may see them"},
    },
    *("message", "type", "param", "code"),
)
_WRITTEN: Final[Mapping[str, Schema]] = {
    "Transcription": {**_TRANSCRIPTION, "description": "`json`; with times `verbose_json`, with speakers `diarized_json`"},
    "Text": _TEXT,
    "Events": {"type": "string", "description": "lines `data: {…}` of OpenAI's transcript events, and `data: [DONE]` at the end"},
    "Alive": {"type": "string"},
    "Ready": _object({"status": _one_of(("healthy", "starting", "shutting down"))}, "status"),
    "Document": _TABLE,
    "Error": _object({"error": _ERROR}, "error"),
}


@cache
def schemas() -> Mapping[str, Schema]:
    """Every schema that the table of operations names, and what those are made of; anybody may ask for them often."""
    structs = (PlanReport, HealthReport, ModelList, NewKey, VirtualKey)
    _, described = msgspec.json.schema_components(structs, ref_template="#/components/schemas/{name}")
    found = {name: cast("Schema", _cleaned(schema)) for name, schema in described.items()}
    planned = {name: told for name, told in FIELDS.items() if name != "url"}
    return {
        **found,
        **_WRITTEN,
        "TranscriptionForm": {**_form(FIELDS), "anyOf": [{"required": ["file"]}, {"required": ["url"]}]},
        "PlanForm": _form({**planned, **PLAN_FIELDS}),
        **_keys(found.pop("VirtualKey")),
    }


def _form(fields: Mapping[str, str]) -> Schema:
    told = {name: {"description": meaning, **SHAPES.get(name, _TEXT)} for name, meaning in fields.items()}
    return _object({"file": _AUDIO, **told})


def _keys(key: Schema) -> dict[str, Schema]:
    """A key as it is shown: the struct, and what is said beside it."""
    properties = cast("Mapping[str, Schema]", key["properties"])
    shown = {"object": _one_of(("key",)), **properties, "state": _one_of(get_args(KeyState))}
    listed: Schema = {"type": "array", "items": {"$ref": "#/components/schemas/Key"}}
    return {
        "Key": _object(shown, *shown),
        "CreatedKey": _object({**shown, "secret": _TEXT}, *shown, "secret"),
        "KeyList": _object({"object": _one_of(("list",)), "data": listed}, "object", "data"),
    }


def _cleaned(value: object) -> object:
    """A schema whose texts are indented no more than they were meant to be."""
    if isinstance(value, dict):
        table = cast("dict[str, object]", value)
        return {name: _cleaned(each) for name, each in table.items()}
    if isinstance(value, str):
        return inspect.cleandoc(value)
    return [_cleaned(each) for each in cast("Sequence[object]", value)] if isinstance(value, list | tuple) else value
