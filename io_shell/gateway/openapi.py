"""The gateway described for programs: an OpenAPI 3.1 document, made from the table of operations.

The same for every gateway and every caller: it names no route, no deployment and no address but the one it was asked at.
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Final

from voxplan import __version__
from voxplan.io_shell.gateway.operations import OPERATIONS, Operation, addressed
from voxplan.io_shell.gateway.schemas import Schema, schemas

__all__ = ("ANSWER_HEADERS", "ASKING_HEADERS", "openapi")

_VERSION: Final = "3.1.0"
_ABOUT: Final = "Speech-to-text behind OpenAI's endpoints: a spec decides who hears the audio, and every answer says who did."
_PARAMETERS: Final[Mapping[str, Mapping[str, object]]] = {
    "model": {"in": "path", "required": True, "schema": {"type": "string", "minLength": 1}, "description": "the route to take"},
    "key": {"in": "path", "required": True, "schema": {"type": "string", "minLength": 1}, "description": "its name or its id"},
    "all": {"in": "query", "schema": {"type": "boolean"}, "description": "whether to list revoked keys too"},
    "api-version": {
        "in": "query",
        "schema": {"type": "string"},
        "description": "what Azure's clients send: nothing depends on it",
    },
}
_AZURE: Final = "/openai/deployments/"

ASKING_HEADERS: Final[Mapping[str, tuple[str, Schema]]] = {
    "x-litellm-timeout": ("as the field `timeout`", {"type": "number", "minimum": 1}),
    "x-litellm-num-retries": ("as the field `num_retries`", {"type": "integer", "minimum": 0, "maximum": 100}),
    "x-litellm-tags": ("as the field `tags`, separated by commas", {"type": "string"}),
    "x-litellm-end-user-id": ("as the field `user`", {"type": "string"}),
    "x-litellm-customer-id": ("the same, where there is no `x-litellm-end-user-id`", {"type": "string"}),
}
"""Headers of a request that say what a field may say; a field says more."""

ANSWER_HEADERS: Final[Mapping[str, str]] = {
    "x-voxplan-served-by": "the deployment whose transcript this is",
    "x-voxplan-attempts": "calls made",
    "x-voxplan-retries": "of them, to a deployment that had failed before",
    "x-voxplan-fallbacks": "of them, to another deployment after a failure",
    "x-voxplan-cost": "what all calls cost, in US dollars",
    "x-voxplan-cost-certainty": "how sure that is",
    "x-voxplan-plan": "the digest of the plan that was followed",
    "x-voxplan-seed": "the seed of its draws, with which `/v1/plan` makes it again",
    "x-voxplan-dropped": "options that the deployment cannot do and went without",
    "x-voxplan-emulated": "options that were made from what the deployment gave",
    "x-voxplan-unchecked": "guardrails that did not come to a verdict and let it pass",
    "x-voxplan-poor": "`true` where no answer passed its gates and this is the best of them",
    "x-voxplan-ignored": "fields of the form that mean nothing here",
    "x-request-id": "the name of the request in the gateway's log",
    "x-litellm-call-id": "the same",
    "x-litellm-model-group": "the model that was asked for",
    "x-litellm-model-id": "as `x-voxplan-served-by`",
}
"""Headers of an answer with a transcript; what is not known has none, and a stream has only what is known at its beginning."""


def openapi(root: str = "", *, wants_keys: bool = True) -> Mapping[str, object]:
    """The document for a gateway at the path `root`, which asks its callers for keys or does not."""
    return {
        "openapi": _VERSION,
        "info": {
            "title": "voxplan gateway",
            "version": __version__,
            "description": _ABOUT,
        },
        "servers": [{"url": root or "/"}],
        "security": _SECURITY if wants_keys else _NONE,
        "tags": [{"name": group} for group in dict.fromkeys(operation.group for operation in OPERATIONS)],
        "paths": _paths(),
        "components": {"schemas": schemas(), "responses": dict(_failures()), "securitySchemes": _SCHEMES},
    }


_NO_SCOPES: Final[list[str]] = []
_NONE: Final[list[str]] = []
_SECURITY: Final = [{"bearer": _NO_SCOPES}, {"apiKey": _NO_SCOPES}]  # one of them is enough
_SCHEMES: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "a key of the gateway, where OpenAI's clients put theirs"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "api-key", "description": "the same, where Azure's clients put it"},
}


def _paths() -> dict[str, dict[str, object]]:
    paths: dict[str, dict[str, object]] = {}
    for operation in OPERATIONS:
        for number, path in enumerate(operation.paths):
            paths.setdefault(addressed(path), {})[operation.method.lower()] = _operation(operation, number, addressed(path))
    return paths


def _operation(operation: Operation, number: int, path: str) -> dict[str, object]:
    """One operation at one of its addresses; the first is the one to use."""
    return {
        "operationId": operation.name if number == 0 else f"{operation.name}_{number}",
        "tags": [operation.group],
        "summary": operation.summary,
        **({"description": operation.details} if operation.details else {}),
        **({"parameters": parameters} if (parameters := list(_parameters(operation, path))) else {}),
        **({"requestBody": _body(operation, path)} if operation.body else {}),
        "responses": dict(_responses(operation)),
        **({"security": []} if operation.is_open else {}),
    }


def _parameters(operation: Operation, path: str) -> Iterator[Mapping[str, object]]:
    in_path = (name for name in ("model", "key") if f"{{{name}}}" in path)
    for name in (*in_path, *operation.query, *(("api-version",) if path.startswith(_AZURE) else ())):
        yield {"name": name, **_PARAMETERS[name]}
    if operation.group == "Transcription":
        for name, (meaning, schema) in ASKING_HEADERS.items():
            yield {"name": name, "in": "header", "schema": schema, "description": meaning}


def _body(operation: Operation, path: str) -> Mapping[str, object]:
    addresses_model = "{model}" in path
    return {"required": True, "content": {kind: _content(name, addresses_model) for kind, name in operation.body.items()}}


def _content(schema: str, addresses_model: bool) -> Mapping[str, object]:
    """A form has to say its model, unless the address does."""
    reference = {"$ref": f"#/components/schemas/{schema}"}
    is_form = schema.endswith("Form") and not addresses_model
    return {"schema": {"allOf": [reference], "required": ["model"]} if is_form else reference}


def _responses(operation: Operation) -> Iterator[tuple[str, object]]:
    content = {kind: {"schema": {"$ref": f"#/components/schemas/{name}"}} for kind, name in operation.answers.items()}
    told = ANSWER_HEADERS if "Transcription" in operation.answers.values() else {}
    headers = {name: {"description": meaning, "schema": {"type": "string"}} for name, meaning in told.items()}
    yield (
        str(operation.status),
        {"description": operation.summary, "content": content, **({"headers": headers} if headers else {})},
    )
    for status in operation.failures:
        own = {
            "description": _phrase(status),
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ready"}}},
        }
        yield str(status), own if operation.name == "ready" else {"$ref": f"#/components/responses/{_name(status)}"}


def _failures() -> Iterator[tuple[str, object]]:
    """Every error in the one envelope."""
    waits = {"retry-after": {"description": "seconds, wherever a wait is known", "schema": {"type": "integer", "minimum": 1}}}
    for status in sorted({status for operation in OPERATIONS for status in operation.failures}):
        yield (
            _name(status),
            {
                "description": _phrase(status),
                "headers": waits,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        )


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase


def _name(status: int) -> str:
    return "".join(word.capitalize() for word in _phrase(status).replace("-", " ").split())
