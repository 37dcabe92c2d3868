"""Everything that the gateway offers over HTTP, as data: addresses, what is sent and what comes back.

`routes` serves this table and `openapi` tells it to the world, so that neither has what the other lacks. Knows no requests.
"""

from typing import Final, Literal

import msgspec

from voxplan.io_shell.errors import HTTP_STATUS

__all__ = ("OPERATIONS", "Group", "Operation", "addressed")

Group = Literal["Transcription", "Models", "Health", "Keys", "About"]

_JSON: Final = "application/json"
_MULTIPART: Final = "multipart/form-data"
_URLENCODED: Final = "application/x-www-form-urlencoded"
_TEXT: Final = "text/plain"
_NEVER_TOLD: Final = 499  # to a caller who has left

_OF_ALL: Final = (401, 408, 500, 503)
_OF_RUNS: Final = tuple(sorted({status for status in HTTP_STATUS.values() if status != _NEVER_TOLD}))


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be asked for.

    The first of `paths` is the one to use; the others are there for clients that write them. `body` and `answers` map content
    types to the names of their schemas. `is_open`: no key is asked for. `works`: it counts against the requests in flight.
    """

    name: str
    group: Group
    method: Literal["GET", "POST", "DELETE"]
    paths: tuple[str, ...]
    summary: str
    details: str = ""
    query: tuple[str, ...] = ()
    body: dict[str, str] = {}
    status: int = 200
    answers: dict[str, str]
    problems: tuple[int, ...] = ()
    is_open: bool = False
    works: bool = False

    @property
    def failures(self) -> tuple[int, ...]:
        """Every status of an error that this may come to."""
        return tuple(sorted({*self.problems, *(() if self.is_open else _OF_ALL)}))


def _of_audio(action: str) -> tuple[str, ...]:
    """Groq's client and Azure's new addresses write `/openai/v1`; in Azure's old one the route stands in the address."""
    return (
        f"/v1/audio/{action}",
        f"/audio/{action}",
        f"/openai/v1/audio/{action}",
        f"/openai/deployments/{{model:path}}/audio/{action}",
    )


_SPOKEN: Final = {
    _JSON: "Transcription",
    _TEXT: "Text",
    "text/vtt": "Text",
}
_OF_FORMS: Final = (400, 403, 404, 413, 415)

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        name="transcribe",
        group="Transcription",
        method="POST",
        paths=_of_audio("transcriptions"),
        summary="Transcribe audio",
        details=(
            "OpenAI's endpoint, with LiteLLM's fields beside it. `model` names a route of the gateway's spec, which decides who "
            "hears the audio and what happens when that fails; the headers of the answer tell. With `stream` the text comes as "
            "server-sent events; if anything fails after the first of them, the last one is the error."
        ),
        body={_MULTIPART: "TranscriptionForm"},
        answers={**_SPOKEN, "text/event-stream": "Events"},
        problems=(*_OF_FORMS, *_OF_RUNS),
        works=True,
    ),
    Operation(
        name="translate",
        group="Transcription",
        method="POST",
        paths=_of_audio("translations"),
        summary="Transcribe audio into English",
        details="Whatever is spoken. Not all models can: for a route without one that can, a 400 names the routes that can.",
        body={_MULTIPART: "TranscriptionForm"},
        answers=_SPOKEN,
        problems=(*_OF_FORMS, *_OF_RUNS),
        works=True,
    ),
    Operation(
        name="plan",
        group="Transcription",
        method="POST",
        paths=("/v1/plan", "/plan"),
        summary="Tell what a transcription would do",
        details=(
            "The same form, with or without the audio. Nothing is sent to any provider. The answer holds the plan with its "
            "bounds and costs, or `refusal` with every reason for every deployment. `digest` is what `x-voxplan-plan` says of "
            "a transcription."
        ),
        body={_MULTIPART: "PlanForm", _URLENCODED: "PlanForm"},
        answers={_JSON: "PlanReport"},
        problems=_OF_FORMS,
        works=True,
    ),
    Operation(
        name="list_models",
        group="Models",
        method="GET",
        paths=("/v1/models", "/models", "/openai/v1/models"),
        summary="List what `model` may be",
        details="The routes that the caller's key allows.",
        answers={_JSON: "ModelList"},
    ),
    Operation(
        name="find_model",
        group="Models",
        method="GET",
        paths=("/v1/models/{model:path}", "/models/{model:path}", "/openai/v1/models/{model:path}"),
        summary="Look up one model",
        answers={_JSON: "Model"},
        problems=(404,),
    ),
    Operation(
        name="health",
        group="Health",
        method="GET",
        paths=("/health",),
        summary="Tell how the deployments are",
        details=(
            "What the worker process that answers has seen of them; nothing is called for it. The status is 200 whatever it "
            "says: a provider's trouble is nothing that a restart would mend."
        ),
        answers={_JSON: "HealthReport"},
    ),
    Operation(
        name="alive",
        group="Health",
        method="GET",
        paths=("/health/liveliness", "/health/liveness"),
        summary="Tell that the process is there",
        answers={_JSON: "Alive"},
        is_open=True,
    ),
    Operation(
        name="ready",
        group="Health",
        method="GET",
        paths=("/health/readiness",),
        summary="Tell whether requests are served",
        details="503 while the gateway starts or shuts down: load balancers should send nobody then.",
        answers={_JSON: "Ready"},
        problems=(503,),
        is_open=True,
    ),
    Operation(
        name="create_key",
        group="Keys",
        method="POST",
        paths=("/v1/keys",),
        summary="Make a virtual key",
        details="For the master key. The secret is in this answer and in no other.",
        body={_JSON: "NewKey"},
        status=201,
        answers={_JSON: "CreatedKey"},
        problems=(400, 403, 404, 413),
    ),
    Operation(
        name="list_keys",
        group="Keys",
        method="GET",
        paths=("/v1/keys",),
        summary="List the virtual keys",
        details="For the master key.",
        query=("all",),
        answers={_JSON: "KeyList"},
        problems=(400, 403, 404),
    ),
    Operation(
        name="revoke_key",
        group="Keys",
        method="DELETE",
        paths=("/v1/keys/{key}",),
        summary="Revoke a virtual key",
        details="For the master key.",
        answers={_JSON: "Key"},
        problems=(403, 404),
    ),
    Operation(
        name="document",
        group="About",
        method="GET",
        paths=("/openapi.json",),
        summary="This description, for programs",
        answers={_JSON: "Document"},
        is_open=True,
    ),
    Operation(
        name="docs",
        group="About",
        method="GET",
        paths=("/docs",),
        summary="This description, for people",
        answers={"text/html": "Text"},
        is_open=True,
    ),
)


def addressed(path: str) -> str:
    """The path as OpenAPI writes it.

    >>> addressed("/v1/models/{model:path}")
    '/v1/models/{model}'
    """
    return path.replace(":path}", "}")
