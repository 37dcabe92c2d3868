"""Where a call goes: the address of the endpoint, made of what people write as `base_url`.

It is read as OpenAI's own clients read it, the path before `/audio/transcriptions`, with four kindnesses: slashes at its end do
not matter, a bare host means the provider's usual path, the whole path of the endpoint (also whisper.cpp's `/inference`) is left
as it is, and that of another task of the API is led here. Azure's is the address of the resource, of its `/openai/v1`, of one
deployment, or the whole target of one.
"""

import re
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from voxplan.adapters.exchanging import address, unsent
from voxplan.adapters.openai_shape.dialect import Dialect
from voxplan.adapters.wire import Call
from voxplan.engine.terms.failure import AttemptFailure

__all__ = ("API_VERSION", "PATH", "TRANSLATIONS", "endpoint", "names_model", "names_task")

PATH: Final = "/audio/transcriptions"
TRANSLATIONS: Final = "/audio/translations"

API_VERSION: Final = "2025-04-01-preview"
"""Azure's `api-version` where nobody names one: it serves whisper and the gpt-4o family."""

_WHOLE_PATHS: Final = re.compile(r"/(?:audio/transcriptions|inference)$")
_OTHER_TASKS: Final = re.compile(r"/(?:audio(?:/translations|/speech)?|chat/completions)$")
_RESOURCE: Final = re.compile(r"/openai(?:/deployments)?$")
_DATE: Final = re.compile(r"\s*\d{4}-\d{2}-\d{2}")
_DATED: Final = re.compile(r"api-version=\d{4}-\d{2}-\d{2}")
_IN_A_DEPLOYMENT: Final = re.compile(r"/deployments/[^/]+(?:/audio/(?:transcriptions|translations))?$")


def endpoint(call: Call, dialect: Dialect) -> str | AttemptFailure:
    """The address of the endpoint; a `base_url` comes from the environment as often as not, so it can be anything.

    That of translations stands beside that of transcriptions; whisper.cpp has one for both.
    """
    found = _transcriptions(call, dialect)
    if isinstance(found, AttemptFailure) or not call.options.translate:
        return found
    parts = urlsplit(found)
    return (
        urlunsplit(parts._replace(path=f"{parts.path.removesuffix(PATH)}{TRANSLATIONS}")) if parts.path.endswith(PATH) else found
    )


def _transcriptions(call: Call, dialect: Dialect) -> str | AttemptFailure:
    found = address(call, _home(call.model, dialect))
    if isinstance(found, AttemptFailure):
        return found
    # What `address` leaves out, gateways' addresses do have.
    parts = urlsplit(found)._replace(query=urlsplit((call.base_url or "").strip()).query)
    # A target that was copied may be that of another task.
    parts = parts._replace(path=_OTHER_TASKS.sub(PATH, parts.path))
    if dialect.routing == "deployments":
        return _deployed(call, parts)
    whole = parts.path if _WHOLE_PATHS.search(parts.path) else f"{parts.path or dialect.version}{PATH}"
    return urlunsplit(parts._replace(path=whole))


def names_model(url: str, dialect: Dialect) -> bool:
    """Whether the form has to name the model: not where the address does."""
    return dialect.routing == "path" or _IN_A_DEPLOYMENT.search(urlsplit(url).path) is None


def names_task(url: str) -> bool:
    """Whether the address says what is wanted; whisper.cpp reads it in the form."""
    return urlsplit(url).path.endswith((PATH, TRANSLATIONS))


def _home(model: str, dialect: Dialect) -> str | None:
    name = model.lower()
    return next((host for marker, host in dialect.hosts if marker in name), dialect.base_url)


def _deployed(call: Call, parts: SplitResult) -> str | AttemptFailure:
    api = call.setting("api") or "deployments"
    if api not in {"deployments", "v1"}:
        return unsent("not_found", "the setting `api` is neither `deployments` nor `v1`")
    path = parts.path
    if _IN_A_DEPLOYMENT.search(path) or path.endswith((PATH, "/openai/v1")):
        whole = path if path.endswith(PATH) else f"{path}{PATH}"
    elif api == "v1":
        whole = f"{_RESOURCE.sub('', path)}/openai/v1{PATH}"
    else:
        whole = f"{_RESOURCE.sub('', path)}/openai/deployments/{quote(call.model, safe='')}{PATH}"
    return urlunsplit(parts._replace(path=whole, query=_versioned(call, parts.query, whole)))


def _versioned(call: Call, query: str, path: str) -> str:
    """The query with an `api-version`, which the paths of deployments need.

    `/openai/v1` may have one by name (`preview`); a date, which the environment sets for the others, it refuses.
    """
    if "/openai/v1/" in path:
        dated = "&".join(part for part in query.split("&") if not _DATED.match(part))
        query, version = dated, call.setting("api_version")
        version = None if version is None or _DATE.match(version) else version
    else:
        version = call.setting("api_version") or API_VERSION
    if "api-version=" in query:
        return query
    return "&".join(part for part in (query, version and f"api-version={quote(version.strip(), safe='')}") if part)
