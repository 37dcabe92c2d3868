"""The Files API of Google AI Studio: audio too large for a request is uploaded first, waited for, and deleted afterwards.

The address to upload to is the server's to name. It carries its own permission, so no key goes there.
"""

import re
from collections.abc import Generator
from typing import Final
from urllib.parse import urlsplit

import msgspec

from voxplan.adapters.exchanging import decoded
from voxplan.adapters.google.failures import FAILURES, succeeded
from voxplan.adapters.refusals.failures import bad_answer
from voxplan.adapters.wire import Call, Got, Header, HttpRequest, HttpResponse, Pause, RawBody, Want
from voxplan.engine.terms.failure import AttemptFailure

__all__ = ("File", "delete", "upload", "wait")

_NAME: Final = re.compile(r"files/[A-Za-z0-9_-]+")
_FIRST_PAUSE_MS: Final = 500
_LONGEST_PAUSE_MS: Final = 5000


class File(msgspec.Struct, frozen=True, rename="camel"):
    """An uploaded file; one without a state is ready."""

    name: str
    uri: str
    state: str | None = None


class _Uploaded(msgspec.Struct, frozen=True):
    file: File


def upload(call: Call, base: str, headers: tuple[Header, ...], content_type: str) -> Generator[Want, Got, File | AttemptFailure]:
    """Start, then send the audio. The file may not be ready yet."""
    begun = succeeded((yield _start(call, base, headers, content_type)))
    if isinstance(begun, AttemptFailure):
        return begun
    url = begun.header("x-goog-upload-url") or ""
    if not _is_address(url, base):
        return bad_answer(begun, "no address to upload to")
    steps = (Header("x-goog-upload-offset", "0"), Header("x-goog-upload-command", "upload, finalize"))
    sent = succeeded((yield HttpRequest(method="POST", url=url, headers=steps, body=RawBody(content_type=content_type))))
    if isinstance(sent, AttemptFailure):
        return sent
    found = decoded(sent, _Uploaded, FAILURES)
    return found if isinstance(found, AttemptFailure) else _named(found.file, sent)


def wait(file: File, versioned: str, headers: tuple[Header, ...]) -> Generator[Want, Got, File | AttemptFailure]:
    """The file once it can be used. How long that may take is up to the time that the attempt has."""
    pause_ms = _FIRST_PAUSE_MS
    response = HttpResponse(status=200, headers=(), body=b"")
    while file.state == "PROCESSING":
        yield Pause(ms=pause_ms)
        pause_ms = min(_LONGEST_PAUSE_MS, pause_ms * 2)
        looked = succeeded((yield HttpRequest(method="GET", url=f"{versioned}/{file.name}", headers=headers)))
        if isinstance(looked, AttemptFailure):
            return looked
        found = decoded(looked, File, FAILURES)
        if isinstance(found, AttemptFailure):
            return found
        file, response = File(name=file.name, uri=file.uri, state=found.state), looked
    if file.state == "FAILED":
        return AttemptFailure(
            kind="unsupported",
            reason=f"http {response.status}: the uploaded audio could not be processed",
            sent="yes",
            charged="no",
            status=response.status,
        )
    return file


def delete(file: File, versioned: str, headers: tuple[Header, ...]) -> HttpRequest:
    """Away with it; what is answered does not matter, since it is gone by itself after two days."""
    return HttpRequest(method="DELETE", url=f"{versioned}/{file.name}", headers=headers)


def _start(call: Call, base: str, headers: tuple[Header, ...], content_type: str) -> HttpRequest:
    steps = (
        Header("content-type", "application/json"),
        Header("x-goog-upload-protocol", "resumable"),
        Header("x-goog-upload-command", "start"),
        Header("x-goog-upload-header-content-length", str(call.size or call.audio.bytes or 0)),
        Header("x-goog-upload-header-content-type", content_type),
    )
    body = msgspec.json.encode({"file": {"display_name": "audio"}})
    return HttpRequest(method="POST", url=f"{base}/upload/v1beta/files", headers=(*headers, *steps), body=body)


def _is_address(url: str, base: str) -> bool:
    """Audio that is sent over TLS stays so."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.scheme in {"https", urlsplit(base).scheme}
    except ValueError:
        return False


def _named(file: File, response: HttpResponse) -> File | AttemptFailure:
    """Its name becomes part of addresses."""
    return file if _NAME.fullmatch(file.name) else bad_answer(response, "a file whose name is none")
