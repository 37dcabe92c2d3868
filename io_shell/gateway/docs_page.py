"""The gateway described for people: the OpenAPI document as one page of HTML that needs nothing but itself.

No script, no font, no picture from anywhere: it works without a network, and in a browser that trusts nobody.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Final, cast

from voxplan.io_shell.gateway.docs_style import STYLE

__all__ = ("docs_page",)

_Table = Mapping[str, object]

_KEY: Final = "$VOXPLAN_KEY"
_SAMPLES: Final[Mapping[str, str]] = {
    "transcribe": "-F file=@talk.mp3 -F model=whisper",
    "translate": "-F file=@rede.mp3 -F model=whisper",
    "plan": "-d model=whisper -d seconds=90",
    "create_key": """-H 'content-type: application/json' -d '{"name": "alice", "allowed": ["whisper"]}'""",
}
"""What is sent in the examples."""

_SAMPLE_ERROR: Final = {
    "error": {
        "message": "unknown model `whispr`, did you mean `whisper`?",
        "type": "invalid_request_error",
        "param": "model",
        "code": "model_not_found",
    }
}
_STREAMED: Final = ("transcribe", "With the text as it comes:", "-N -F file=@talk.mp3 -F model=whisper -F stream=true")
_AUDIO: Final = "Transcription"
_MOST_VALUES: Final = 6  # of an enumeration that is shown as a type
_WORDS: Final = {"string": "text", "integer": "whole number", "boolean": "true or false", "binary": "file"}
_VALUES: Final = {"model": "whisper", "key": "alice"}


def docs_page(document: _Table, address: str) -> str:
    """The page for the gateway at `address`, which its examples call."""
    info, operations = _table(document, "info"), list(_operations(document))
    groups = list(dict.fromkeys(str(each["group"]) for each in operations))
    body = "".join(
        (
            _navigation(groups, operations),
            "<main>",
            f"<header><h1>{_text(info['title'])} <small>{_text(info['version'])}</small></h1>",
            f"<p>{_prose(info['description'])}</p>{_about(document, address)}</header>",
            *(_section(document, group, operations, address) for group in groups),
            _errors(document),
            "</main>",
        )
    )
    title = f"<title>{_text(info['title'])}</title>"
    viewport = (
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
    )
    head = f'<head><meta charset="utf-8">{viewport}{title}<style>{STYLE}</style></head>'
    return f'<!doctype html><html lang="en">{head}<body id="top">{body}</body></html>\n'


def _operations(document: _Table) -> Iterator[dict[str, object]]:
    """Each operation once, at the address to use, with the others beside it."""
    found: dict[str, dict[str, object]] = {}
    for path, methods in _table(document, "paths").items():
        for method, told in cast("Mapping[str, _Table]", methods).items():
            name, _, number = str(told["operationId"]).rpartition("_")
            if name in found and number.isdecimal():
                cast("list[str]", found[name]["also"]).append(path)
                continue
            group = cast("list[str]", told["tags"])[0]
            also: list[str] = []
            own = {"name": str(told["operationId"]), "group": group, "method": method.upper(), "path": path, "also": also}
            found[str(told["operationId"])] = {**told, **own}
    yield from found.values()


def _navigation(groups: Iterable[str], operations: Iterable[_Table]) -> str:
    listed = list(operations)
    parts = [
        f"<h2>{_text(group)}</h2><ul>" + "".join(_link(each) for each in listed if each["group"] == group) + "</ul>"
        for group in groups
    ]
    return (
        f'<nav><a class="home" href="#top">voxplan</a>{"".join(parts)}<h2>All</h2><ul><li><a href="#errors">Errors</a></ul></nav>'
    )


def _link(operation: _Table) -> str:
    return f'<li><a href="#{_text(operation["name"])}">{_method(operation)} {_text(operation["path"])}</a></li>'


def _about(document: _Table, address: str) -> str:
    """How to call it at all."""
    keys = document.get("security")
    how = (
        "Every request shows a key: <code>Authorization: Bearer …</code>, or <code>api-key: …</code> as Azure's clients do."
        if keys
        else "No key is asked for."
    )
    key = "YOUR_KEY" if keys else "none"
    client = f'from openai import OpenAI\n\nclient = OpenAI(base_url="{address}/v1", api_key="{key}")'
    models = "In what follows <code>whisper</code> stands for one of the models that <code>/v1/models</code> lists."
    how = f"{how} {models}"
    return f'<p>{how} For programs there is <a href="openapi.json">openapi.json</a>.</p><pre>{escape(client)}</pre>'


def _section(document: _Table, group: str, operations: Iterable[_Table], address: str) -> str:
    parts = (_article(document, each, address) for each in operations if each["group"] == group)
    return f"<section><h2>{_text(group)}</h2>{''.join(parts)}</section>"


def _article(document: _Table, operation: _Table, address: str) -> str:
    also = cast("list[str]", operation["also"])
    more = f'<p class="also">also at {", ".join(f"<code>{_text(path)}</code>" for path in also)}</p>' if also else ""
    return "".join(
        (
            f'<article id="{_text(operation["name"])}"><h3>{_prose(operation["summary"])}</h3>',
            f'<p class="address">{_method(operation)} <code>{_text(operation["path"])}</code>{_open(operation)}</p>',
            f"<p>{_prose(operation['description'])}</p>" if "description" in operation else "",
            more,
            _samples(operation, address, keys=bool(document.get("security"))),
            _parameters(operation),
            _fields(document, operation),
            _answers(operation),
            "</article>",
        )
    )


def _open(operation: _Table) -> str:
    return ' <span class="note">no key</span>' if operation.get("security") == [] else ""


def _samples(operation: _Table, address: str, *, keys: bool) -> str:
    name = str(operation["name"])
    shown = [("", _SAMPLES.get(name, "")), *([(_STREAMED[1], _STREAMED[2])] if name == _STREAMED[0] else [])]
    return "".join(
        f"{f'<p>{_text(said)}</p>' if said else ''}<pre>{escape(_curl(operation, address, sent, keys=keys))}</pre>"
        for said, sent in shown
    )


def _curl(operation: _Table, address: str, sent: str, *, keys: bool) -> str:
    path = str(operation["path"])
    for name, value in _VALUES.items():
        path = path.replace(f"{{{name}}}", value)
    method = "" if operation["method"] == "GET" or sent else f"-X {operation['method']} "
    key = f' \\\n  -H "authorization: Bearer {_KEY}"' if keys and operation.get("security") != [] else ""
    rest = f" \\\n  {sent}" if sent else ""
    return f"curl {method}{address}{path}{key}{rest}"


def _parameters(operation: _Table) -> str:
    told = cast("list[_Table]", operation.get("parameters", []))
    rows = (_row(str(each["name"]), _table(each, "schema"), each["description"], note=str(each["in"])) for each in told)
    return _listing("Parameters", rows, folded=True)


def _fields(document: _Table, operation: _Table) -> str:
    if "requestBody" not in operation:
        return ""
    content = _table(_table(operation, "requestBody"), "content")
    schema = _resolved(document, _table(cast("_Table", next(iter(content.values()))), "schema"))
    needed = cast("list[str]", schema.get("required", []))
    properties = cast("Mapping[str, _Table]", schema["properties"])
    rows = (
        _row(name, each, each.get("description", ""), note="needed" if name in needed else "")
        for name, each in properties.items()
    )
    kinds = "</code> or <code>".join(map(_text, content))
    # Two operations have nearly the same form as the first, which is the place to look.
    folded = operation["group"] == _AUDIO and operation["name"] != _STREAMED[0]
    return _listing(f"Fields of <code>{kinds}</code>", rows, folded=folded)


def _answers(operation: _Table) -> str:
    """The good answer, its headers, and the statuses of errors."""
    responses = cast("Mapping[str, _Table]", operation["responses"])
    status, good = next(iter(responses.items()))
    kinds = " ".join(f"<code>{_text(kind)}</code>" for kind in _table(good, "content"))
    headers = cast("Mapping[str, _Table]", good.get("headers", {}))
    table = _listing(
        "Headers of the answer", (_row(name, {}, each["description"]) for name, each in headers.items()), folded=True
    )
    errors = " ".join(f'<a class="status" href="#errors">{code}</a>' for code in list(responses)[1:])
    told = f" Errors: {errors}" if errors else ""
    return f'<p class="answers">Answers <b>{status}</b> with {kinds}.{told}</p>{table}'


def _errors(document: _Table) -> str:
    """What all errors have in common."""
    statuses = sorted(
        {
            (status, str(_resolved(document, each)["description"]))
            for operation in _operations(document)
            for status, each in cast("Mapping[str, _Table]", operation["responses"]).items()
            if status >= "400"
        }
    )
    rows = (_row(status, {}, phrase) for status, phrase in statuses)
    said = (
        "Every error is JSON in OpenAI's envelope. <code>retry-after</code> says how long to wait, in seconds, if that is known."
    )
    shown = f"<pre>{escape(json.dumps(_SAMPLE_ERROR, indent=2, ensure_ascii=False))}</pre>"
    return f'<section id="errors"><h2>Errors</h2><article><p>{said}</p>{shown}{_listing("", rows)}</article></section>'


def _listing(title: str, rows: Iterable[str], *, folded: bool = False) -> str:
    """Names and what they mean; `folded` shows the title alone until it is opened."""
    listed = "".join(rows)
    if not listed:
        return ""
    if folded:
        return f"<details><summary>{title}</summary><dl>{listed}</dl></details>"
    return f"{f'<h4>{title}</h4>' if title else ''}<dl>{listed}</dl>"


def _row(name: str, schema: _Table, meaning: object, *, note: str = "") -> str:
    kind = _kind(schema)
    told = "".join(
        (f' <span class="type">{_text(kind)}</span>' if kind else "", f' <span class="note">{note}</span>' if note else "")
    )
    return f"<div><dt><code>{_text(name)}</code>{told}</dt><dd>{_prose(meaning)}</dd></div>"


def _kind(schema: _Table) -> str:
    """The type in a word or two."""
    if "enum" in schema:
        values = [str(value) for value in cast("list[object]", schema["enum"])]
        return "" if len(values) > _MOST_VALUES else " | ".join(values)
    if "anyOf" in schema:
        kinds = (_kind(each) for each in cast("list[_Table]", schema["anyOf"]))
        return " or ".join(dict.fromkeys(kind for kind in kinds if kind != "null"))
    kind = str(schema.get("type", ""))
    if kind == "array":
        return f"list of {_kind(_table(schema, 'items')) or 'text'}"
    return _WORDS.get("binary" if schema.get("format") == "binary" else kind, kind)


def _resolved(document: _Table, schema: _Table) -> _Table:
    """A schema or a response with what it refers to."""
    if "$ref" in schema:
        found = document
        for step in str(schema["$ref"]).removeprefix("#/").split("/"):
            found = _table(found, step)
        return _resolved(document, found)
    if "allOf" in schema:
        inner = [_resolved(document, each) for each in cast("list[_Table]", schema["allOf"])]
        return {name: value for each in (*inner, schema) for name, value in each.items() if name != "allOf"}
    return schema


def _method(operation: _Table) -> str:
    method = str(operation["method"])
    return f'<span class="method {method.lower()}">{method}</span>'


def _prose(value: object) -> str:
    """Text in which backticks enclose code."""
    parts = escape(str(value)).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))


def _text(value: object) -> str:
    return escape(str(value))


def _table(value: _Table, name: str) -> _Table:
    return cast("_Table", value[name])
