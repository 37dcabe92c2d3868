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
from voxplan.engine.terms.failure import AttemptFailure, FailureKind

__all__ = ("File", "delete", "upload", "wait")

_NAME: Final = re.compile(r"files/[A-Za-z0-9_-]+")
_FIRST_PAUSE_MS: Final = 500
_LONGEST_PAUSE_MS: Final = 5000
_LONGEST_WAIT_MS: Final = 1_200_000

# Looks in a row that say nothing about the file, and what passes by itself.
_PATIENCE: Final = 3
_OK: Final = 200
_PASSING: Final[frozenset[FailureKind]] = frozenset({"rate_limited", "overloaded", "server_error", "timed_out"})


class File(msgspec.Struct, frozen=True, rename="camel"):
    """An uploaded file; one without a state is ready."""

    name: str
    uri: str
    state: str | None = None


class _State(msgspec.Struct, frozen=True):
    """How a file is getting on; one that failed has an `error` beside it."""

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
    """The file once it can be used: within twenty minutes, or the time that the attempt has."""
    pause_ms, waited_ms, patience, state = _FIRST_PAUSE_MS, 0, _PATIENCE, file.state
    while state == "PROCESSING":
        if waited_ms >= _LONGEST_WAIT_MS:
            return _unready("timed_out", "the uploaded audio is still being processed")
        yield Pause(ms=pause_ms)
        waited_ms, pause_ms = waited_ms + pause_ms, min(_LONGEST_PAUSE_MS, pause_ms * 2)
        looked = _looked((yield HttpRequest(method="GET", url=f"{versioned}/{file.name}", headers=headers)))
        if isinstance(looked, _State):
            state, patience = looked.state, _PATIENCE
            continue
        patience -= 1
        if patience == 0 or looked.kind not in _PASSING:
            return looked
    return _unready("unsupported", "the uploaded audio could not be processed") if state == "FAILED" else file


def delete(file: File, versioned: str, headers: tuple[Header, ...]) -> HttpRequest:
    """Away with it; what is answered does not matter, since it is gone by itself after two days."""
    return HttpRequest(method="DELETE", url=f"{versioned}/{file.name}", headers=headers)


def _looked(got: Got) -> _State | AttemptFailure:
    response = succeeded(got)
    if isinstance(response, AttemptFailure):
        return response
    try:
        return msgspec.json.decode(response.body, type=_State)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return bad_answer(response, "no file where one was asked about")


def _unready(kind: FailureKind, why: str) -> AttemptFailure:
    return AttemptFailure(kind=kind, reason=f"http {_OK}: {why}", sent="yes", charged="no", status=_OK)


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
