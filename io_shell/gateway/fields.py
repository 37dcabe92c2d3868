"""What a caller of the gateway asks for: the fields of OpenAI's form, and of LiteLLM's, as the options of a transcription.

Everything is checked here that can be without the spec and the audio, so that what is left for the library to refuse are names.
A field says more than a header of the same meaning. Where calls go, and with which key, is not the caller's to say.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, cast

import msgspec

from voxplan.engine.language.gateway import UnknownFields
from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.request import ResponseFormat, Timestamps
from voxplan.engine.terms.spelling import listed, quoted, suggestion
from voxplan.io_shell.asking import (
    asked_choice,
    asked_chunking,
    asked_count,
    asked_deadline,
    asked_language,
    asked_languages,
    asked_metadata,
    asked_names,
    asked_number,
    asked_simulation,
    asked_speakers,
    asked_text,
)
from voxplan.io_shell.errors import RequestError
from voxplan.io_shell.gateway.values import FieldProblem, FormValues, flag_of, is_number, number_of, whole_of
from voxplan.io_shell.options import TranscribeOptions

__all__ = ("FIELDS", "MOOT", "REFUSED", "Asked", "FieldProblem", "asked_fields")

FIELDS: Final[Mapping[str, str]] = {
    "model": "the route to take",
    "url": "where the audio is, instead of a `file`, if the spec allows that",
    "language": "what is spoken: a code such as `en`, or a name",
    "languages": "what may be spoken",
    "prompt": "text that comes before, or that shows the style",
    "keywords": "words to expect",
    "response_format": "`json`, `text`, `srt`, `vtt`, `verbose_json` or `diarized_json`",
    "temperature": "of the sampling, from 0",
    "timestamp_granularities": "`segment`, `word` or both",
    "include": "`logprobs`",
    "stream": "the text as it comes",
    "chunking_strategy": "`auto`, or an object",
    "known_speaker_names": "speakers to recognise",
    "known_speaker_references": "their voices as data URLs, in the same order",
    "diarize": "speakers told apart",
    "user": "who asks in the end",
    "metadata": "an object of text, which the spec's conditions see; its `tags` are tags",
    "tags": "labels, which the spec's conditions see",
    "fallbacks": "deployments or routes to try after the route",
    "mock_testing_fallbacks": "lets fail what comes first, without a call",
    "simulate": "an object: deployments or providers that fail without a call, and in which kind",
    "timeout": "seconds for everything, or a duration such as `30s`",
    "num_retries": "more calls to a deployment that failed, at most: the spec says how many there may be",
}
"""Every text field that a form may have, without brackets, and what it means."""

REFUSED: Final = frozenset(
    {
        *("api_base", "api_key", "api_version", "azure_ad_token", "base_url", "custom_llm_provider", "extra_body"),
        *("extra_headers", "organization", "user_config", "vertex_credentials"),
    }
)
"""LiteLLM's fields that would send the audio elsewhere or under another key: refused, whatever is done with unknown ones."""

MOOT: Final = frozenset({"cache", "caching", "no-log", "litellm_call_id", "litellm_session_id", "litellm_trace_id"})
"""LiteLLM's fields about caches and logs, which change nothing about an answer here: taken, and told as ignored."""

_PREFIX: Final = "x-litellm-"
_STREAMED: Final = frozenset[ResponseFormat]({"json", "text", "diarized_json"})


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One form. `options` are those of `Vox.transcribe`, or with `stream` of `Vox.stream`; their `route` is `model`.

    `ignored` names fields that mean nothing here.
    """

    model: str
    options: TranscribeOptions
    stream: bool = False
    ignored: tuple[str, ...] = ()

    @property
    def response_format(self) -> ResponseFormat:
        """In which format the answer is wanted."""
        return self.options.get("response_format", "json")


def asked_fields(
    fields: Sequence[tuple[str, str]],
    headers: Mapping[str, str] | None = None,
    *,
    model: str | None = None,
    unknown_fields: UnknownFields = "refuse",
) -> Asked:
    """What the text fields of a form ask for. Raises FieldProblem for the first that is at fault.

    `headers` are those of the request; only `x-litellm-…` ones are looked at. `model` is that of the address, where it names one
    as Azure's does: it says more than the form's.
    """
    values, said = FormValues(fields), _litellm(headers or {})
    ignored = _unknown(values, unknown_fields)
    stream = _flag(values, "stream")
    options: TranscribeOptions = {**_wanted(values, stream=stream), **_about(values, said), **_way(values, said)}
    options["route"] = route = _model(values, model)
    return Asked(
        model=route,
        options=options,
        stream=stream,
        ignored=ignored,
    )


def _model(values: FormValues, addressed: str | None) -> str:
    name = addressed or values.one("model")
    if name is None:
        raise FieldProblem("which model? the form has no field `model`", "model", "missing_required_parameter")
    with _blaming("model"):
        return asked_text("model", name) or name


def _unknown(values: FormValues, unknown_fields: UnknownFields) -> tuple[str, ...]:
    """The fields that mean nothing, if that is allowed."""
    for name in values.names:
        if name in REFUSED:
            raise FieldProblem(f"`{name}` is not the caller's to say: the gateway's spec does", name, "unsupported_parameter")
        if name == "file":
            raise FieldProblem("`file` is text: expected a file with its name, as `-F file=@talk.mp3` sends it", "file")
    ignored = tuple(name for name in values.names if name not in FIELDS)
    unknown = next((name for name in ignored if name not in MOOT), None)
    if unknown is not None and unknown_fields == "refuse":
        raise FieldProblem(f"unknown field {quoted(unknown)}{suggestion(unknown, FIELDS)}", unknown, "unknown_parameter")
    return ignored


def _wanted(values: FormValues, *, stream: bool) -> TranscribeOptions:
    """What the caller wants of the transcription."""
    with _blaming("language", code="invalid_language_format"):
        language = asked_language(values.one("language"))
    with _blaming("languages", code="invalid_language_format"):
        languages = asked_languages(values.many("languages"))
    if language is not None and languages:
        raise FieldProblem("`language` says what is spoken, `languages` what may be: give one of the two", "languages")
    with _blaming("prompt"):
        prompt = asked_text("prompt", values.one("prompt"))
    return TranscribeOptions(
        language=language,
        languages=languages,
        prompt=prompt,
        keywords=_names(values, "keywords"),
        temperature=_temperature(values),
        response_format=_format(values, stream=stream),
        timestamps=_timestamps(values),
        diarize=_flag(values, "diarize"),
        known_speakers=_speakers(values),
        logprobs=_logprobs(values),
        chunking_strategy=_chunking(values),
    )


def _about(values: FormValues, said: Mapping[str, str]) -> TranscribeOptions:
    """What conditions may look at."""
    table = values.table("metadata")
    tags = (*_names(values, "tags"), *_inner_tags(table.pop("tags", None)), *_commas(said.get("tags", "")))
    with _blaming("user"):
        user = asked_text("user", values.one("user") or said.get("end-user-id") or said.get("customer-id"))
    with _blaming("metadata"):
        pairs = asked_metadata({name: _as_text(value) for name, value in table.items() if value is not None})
    with _blaming("tags"):
        labels = asked_names("tags", tuple(dict.fromkeys(tags)))
    return TranscribeOptions(user=user, metadata=dict(pairs), tags=labels)


def _way(values: FormValues, said: Mapping[str, str]) -> TranscribeOptions:
    """Where the request may go, how long that may take, and which failures are pretended."""
    pretended = cast("dict[str, FailureKind]", values.table("simulate"))
    with _blaming("simulate"):
        asked_simulation(pretended, first_child=False)
    return TranscribeOptions(
        fallbacks=_names(values, "fallbacks"),
        deadline=_deadline(values, said),
        retries=_retries(values, said),
        simulate=pretended or None,
        mock_testing_fallbacks=_flag(values, "mock_testing_fallbacks"),
    )


def _temperature(values: FormValues) -> float | None:
    text = values.one("temperature")
    with _blaming("temperature"):
        return None if text is None else asked_number("temperature", number_of("temperature", text))


def _format(values: FormValues, *, stream: bool) -> ResponseFormat:
    written = cast("ResponseFormat", values.one("response_format") or "json")
    with _blaming("response_format"):
        wanted: ResponseFormat = asked_choice("response_format", written, ResponseFormat)
    if stream and wanted not in _STREAMED:
        message = (
            f"a stream has no `response_format` {quoted(wanted)}: expected one of {listed(sorted(_STREAMED))}, or no `stream`"
        )
        raise FieldProblem(message, "response_format", "unsupported_value")
    return wanted


def _timestamps(values: FormValues) -> tuple[Timestamps, ...]:
    """Some clients put both into one value, as some providers want it."""
    name = "timestamp_granularities"
    kinds = dict.fromkeys(kind for value in values.many(name) for kind in _commas(value) or (value,))
    with _blaming(name):
        return tuple(asked_choice(name, cast("Timestamps", kind), Timestamps) for kind in kinds)


def _logprobs(values: FormValues) -> bool:
    included = values.many("include")
    for each in included:
        if each != "logprobs":
            raise FieldProblem(f"`include` holds {quoted(each)}: expected `logprobs`", "include")
    return bool(included)


def _chunking(values: FormValues) -> str | None:
    name = "chunking_strategy"
    with _blaming(name):
        if values.plain(name):
            return asked_chunking(values.one(name))
        table = {key: _scalar(value) for key, value in values.table(name).items()}
        return asked_chunking(table) if table else None


def _speakers(values: FormValues) -> dict[str, str] | None:
    names, voices = values.many("known_speaker_names"), values.many("known_speaker_references")
    if len(names) != len(voices):
        message = (
            f"{len(names)} `known_speaker_names` and {len(voices)} `known_speaker_references`: expected a voice for each name"
        )
        raise FieldProblem(message, "known_speaker_names" if len(names) < len(voices) else "known_speaker_references")
    speakers = dict(zip(names, voices, strict=True))
    if len(speakers) < len(names):
        raise FieldProblem("`known_speaker_names` holds a name more than once", "known_speaker_names")
    param = "known_speaker_names" if "" in speakers else "known_speaker_references"
    with _blaming(param, keyword="known_speakers"):
        asked_speakers(speakers)
    return speakers or None


def _deadline(values: FormValues, said: Mapping[str, str]) -> str | None:
    """The time for everything. Seconds are rounded to whole milliseconds: clients compute them."""
    param, text = _said("timeout", values, said)
    if text is None:
        return None
    with _blaming(param, keyword="deadline"):
        ms = asked_deadline(round(number_of(param, text), 3) if is_number(text) else text)
    return f"{ms}ms"


def _retries(values: FormValues, said: Mapping[str, str]) -> int | None:
    param, text = _said("num_retries", values, said)
    with _blaming(param):
        return None if text is None else asked_count(param, whole_of(param, text))


def _said(name: str, values: FormValues, said: Mapping[str, str]) -> tuple[str, str | None]:
    """What a field says, else the header of the same meaning; and which of the two it was."""
    written, header = values.one(name), name.replace("_", "-")
    if written is not None or header not in said:
        return name, written
    return f"{_PREFIX}{header}", said[header] or None


def _names(values: FormValues, name: str) -> tuple[str, ...]:
    with _blaming(name):
        return asked_names(name, values.many(name))


def _flag(values: FormValues, name: str) -> bool:
    text = values.one(name)
    return text is not None and flag_of(name, text)


def _inner_tags(given: object) -> tuple[str, ...]:
    """Tags in the metadata, where LiteLLM's callers put them; one alone may stand without a list."""
    tags = cast("list[object]", given) if isinstance(given, list) else [] if given is None else [given]
    if not all(isinstance(tag, str) for tag in tags):
        raise FieldProblem("`metadata.tags` is no list of text", "metadata", "invalid_type")
    return tuple(cast("list[str]", tags))


def _as_text(value: object) -> str:
    """Text as it is, anything else as JSON writes it: conditions compare text."""
    return value if isinstance(value, str) else msgspec.json.encode(value, order="deterministic").decode()


def _scalar(value: object) -> object:
    """Fields in brackets are text; numbers and flags among them are meant as such."""
    try:
        found: object = msgspec.json.decode(value) if isinstance(value, str) else value
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return value
    return found if isinstance(found, bool | int | float) else value


def _commas(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())


def _litellm(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that LiteLLM's clients send, without their prefix."""
    lower = {name.lower(): value for name, value in headers.items()}
    return {name.removeprefix(_PREFIX): value for name, value in lower.items() if name.startswith(_PREFIX)}


@contextmanager
def _blaming(param: str, *, keyword: str | None = None, code: str = "invalid_value") -> Generator[None]:
    """What the library refuses is a problem of the field `param`; the message names it instead of the library's `keyword`."""
    try:
        yield
    except RequestError as refused:
        message = str(refused)
        raise FieldProblem(message.replace(f"`{keyword}`", f"`{param}`", 1) if keyword else message, param, code) from None
    except RecursionError:
        raise FieldProblem(f"`{param}` is nested too deeply", param, code) from None
