"""Tokens of Google's, by google-auth: from a credentials file, from its JSON, or from what the machine has.

Imported only when a token is wanted: google-auth is an extra. Its requests go through httpx, which is there anyway.
"""

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, cast

import google.auth
import httpx
from google.auth import exceptions, transport
from typing_extensions import override

from voxplan.adapters.wire import Granted
from voxplan.io_shell.credentials.issuing import Issued, NotIssued

__all__ = ("SCOPE", "issue")

SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"

_TIMEOUT_S: Final = 30.0
_UNREACHED: Final[Callable[[str], Exception]] = exceptions.TransportError
_AWS: Final = "urn:ietf:params:aws:token-type:aws4_request"
_Table = Mapping[str, object]
_Load = Callable[..., object]


class _Credentials(Protocol):
    """What all kinds of google-auth's credentials share."""

    token: str | None
    expiry: object
    quota_project_id: str | None

    def refresh(self, request: transport.Request) -> None:
        """Get a token."""


_LoadOfTheMachine = Callable[..., tuple[_Credentials, str | None]]


def issue(settings: Mapping[str, str], sending: httpx.BaseTransport | None = None) -> Issued:
    """A token by the setting `credentials`, the path of a file or the JSON that stands in it; else by what the machine has.

    `sending` carries the requests out instead of httpx's own transport.
    """
    with httpx.Client(timeout=_TIMEOUT_S, follow_redirects=False, transport=sending) as client:
        request = _Request(client)
        credentials, project = _loaded(settings.get("credentials"), request)
        _refresh(credentials, request)
    token = credentials.token
    if not token:
        raise NotIssued("unauthorized", "google's token service gave no access token")
    granted = Granted(project=project, quota_project=credentials.quota_project_id or None)
    return Issued(token=token, expires_s=_expiry_s(credentials), granted=granted)


def _loaded(given: str | None, request: transport.Request) -> tuple[_Credentials, str | None]:
    """The credentials, and the project that they belong to."""
    try:
        if given is None:
            return _of_the_machine(request)
        text = given if given.lstrip().startswith("{") else Path(given).expanduser().read_text(encoding="utf-8")
        info: object = json.loads(text)
        if not isinstance(info, dict):
            raise NotIssued("unauthorized", "the google credentials are no JSON object")
        return _of(cast("_Table", info))
    except exceptions.DefaultCredentialsError:
        reason = "no google credentials: neither the setting `credentials` nor application default credentials are there"
        raise NotIssued("unauthorized", reason) from None
    except OSError as problem:
        raise NotIssued("unauthorized", f"the google credentials file cannot be read ({type(problem).__name__})") from None
    except (exceptions.GoogleAuthError, ValueError, KeyError, TypeError, AttributeError, RuntimeError):
        raise NotIssued("unauthorized", "the google credentials are not such as google-auth can read") from None


def _of_the_machine(request: transport.Request) -> tuple[_Credentials, str | None]:
    """GOOGLE_APPLICATION_CREDENTIALS, gcloud's own file, the metadata server."""
    load: _LoadOfTheMachine = getattr(google.auth, "default")  # noqa: B009 - its types are incomplete
    return load(scopes=[SCOPE], request=request)


def _of(info: _Table) -> tuple[_Credentials, str | None]:
    kind = str(info.get("type"))
    reader = _external(info) if kind == "external_account" else _READERS.get(kind)
    if reader is None:
        raise NotIssued("unauthorized", "the google credentials are of no type that google-auth knows")
    module, method = reader
    load: _Load = getattr(import_module(module).Credentials, method)  # google-auth's own types are incomplete
    credentials = load(info, scopes=[SCOPE])
    project = info.get("project_id")
    return cast("_Credentials", credentials), project if isinstance(project, str) and project else None


def _external(info: _Table) -> tuple[str, str]:
    """Workload identity: the token of another cloud, of a program, or of a file or address."""
    source = info.get("credential_source")
    if info.get("subject_token_type") == _AWS:
        return "google.auth.aws", "from_info"
    by_program = isinstance(source, dict) and "executable" in source
    return "google.auth.pluggable" if by_program else "google.auth.identity_pool", "from_info"


# The module whose class `Credentials` reads a type of file, and its method for it.
_READERS: Final[Mapping[str, tuple[str, str]]] = {
    "authorized_user": ("google.oauth2.credentials", "from_authorized_user_info"),
    "external_account_authorized_user": ("google.auth.external_account_authorized_user", "from_info"),
    "impersonated_service_account": ("google.auth.impersonated_credentials", "from_impersonated_service_account_info"),
    "service_account": ("google.oauth2.service_account", "from_service_account_info"),
}


def _refresh(credentials: _Credentials, request: transport.Request) -> None:
    try:
        credentials.refresh(request)
    except exceptions.TransportError:
        raise NotIssued("not_connected", "google's token service cannot be reached") from None
    except exceptions.RefreshError as problem:
        if getattr(problem, "retryable", False) or isinstance(problem.__cause__, exceptions.TransportError):
            raise NotIssued("not_connected", "google's token service gave no answer that helps") from None
        raise NotIssued("unauthorized", f"google refused the credentials{_code(problem)}") from None
    except (exceptions.GoogleAuthError, ValueError, KeyError, TypeError, AttributeError, OSError):
        raise NotIssued("unauthorized", "google-auth cannot use the credentials") from None


def _code(problem: exceptions.RefreshError) -> str:
    """The code of the refusal, such as `invalid_grant`; what else is said may name accounts."""
    told: object = problem.args[1] if len(problem.args) > 1 else None
    code = cast("_Table", told).get("error") if isinstance(told, dict) else None
    return f": `{code}`" if isinstance(code, str) and code.replace("_", "").isalpha() and code.isascii() else ""


def _expiry_s(credentials: _Credentials) -> float:
    """google-auth keeps it in UTC without saying so."""
    expiry = credentials.expiry
    return expiry.replace(tzinfo=UTC).timestamp() if isinstance(expiry, datetime) else math.inf


class _Response(transport.Response):
    """An answer as google-auth wants it."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response

    @property
    @override
    def status(self) -> int:
        return self._response.status_code

    @property
    @override
    def headers(self) -> Mapping[str, str]:
        return self._response.headers

    @property
    @override
    def data(self) -> bytes:
        return self._response.content


class _Request(transport.Request):
    """google-auth's requests, sent by httpx."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    @override
    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **kwargs: object,
    ) -> _Response:
        """Send once; whatever goes wrong is a TransportError."""
        try:
            response = self._client.request(
                method, url, content=body, headers=dict(headers or {}), timeout=_TIMEOUT_S if timeout is None else timeout
            )
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            raise _UNREACHED(type(problem).__name__) from problem
        return _Response(response)
