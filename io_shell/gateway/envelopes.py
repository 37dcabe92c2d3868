"""What went wrong, in OpenAI's error envelope, on which its clients raise the right exception.

Who is to blame decides the type, the failure kind the status. A message says what happened in our own words: what a provider
worded is in the trail alone, which only those callers get who may see it, and a fault of ours says no more than that it is one.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from voxplan.adapters.refusals.scrubbing import scrubbed
from voxplan.adapters.rendering.events import error_to_sse
from voxplan.engine.runs.run import Skipped, TrailEntry
from voxplan.engine.terms.failure import KINDS, AttemptFailure, FailureKind
from voxplan.engine.terms.spelling import quoted, suggestion
from voxplan.io_shell.audio.problem import AudioProblem
from voxplan.io_shell.errors import (
    HTTP_STATUS,
    AdapterBug,
    MissingExtra,
    ProviderError,
    RequestCode,
    RequestError,
    SpecError,
)
from voxplan.io_shell.gateway.answers import Headers, Reply, trail_headers
from voxplan.io_shell.gateway.form_problem import FormProblem
from voxplan.io_shell.gateway.values import FieldProblem

__all__ = (
    "TYPES",
    "ErrorType",
    "Problem",
    "Refused",
    "envelope_event",
    "enveloped",
    "problem_of",
    "refused_key",
    "stated",
    "unknown_model",
)

ErrorType = Literal[
    "invalid_request_error",
    "authentication_error",
    "permission_error",
    "rate_limit_error",
    "insufficient_quota",
    "server_error",
]


class _Shape(NamedTuple):
    """What OpenAI's envelope says of a failure kind, beside its status."""

    type: ErrorType
    code: str
    param: str | None = None


TYPES: Final[Mapping[FailureKind, _Shape]] = {
    "cancelled": _Shape("invalid_request_error", "cancelled"),
    "blocked": _Shape("invalid_request_error", "blocked"),
    "content_filtered": _Shape("invalid_request_error", "content_filter"),
    "invalid_request": _Shape("invalid_request_error", "invalid_value"),
    "rate_limited": _Shape("rate_limit_error", "rate_limit_exceeded"),
    "overloaded": _Shape("server_error", "overloaded"),
    "timed_out": _Shape("server_error", "timed_out"),
    "server_error": _Shape("server_error", "provider_failed"),
    "not_connected": _Shape("server_error", "provider_not_connected"),
    "bad_answer": _Shape("server_error", "provider_bad_answer"),
    "poor_quality": _Shape("server_error", "poor_quality"),
    "too_large": _Shape("invalid_request_error", "too_large", "file"),
    "unsupported": _Shape("invalid_request_error", "unsupported_value"),
    "out_of_quota": _Shape("insufficient_quota", "insufficient_quota"),
    "not_found": _Shape("server_error", "provider_model_not_found"),
    "unauthorized": _Shape("server_error", "provider_key_refused"),
    "adapter_bug": _Shape("server_error", "internal_error"),
}
"""Upstream's key and upstream's model are the operator's, so their failures must not look like the caller's own."""

_NOTHING_BEGAN: Final = _Shape("server_error", "unavailable")
_LIMITED: Final = TYPES["rate_limited"]
_BROKEN: Final = _Shape("server_error", "guardrail_failed")

# OpenAI's clients call again after any 5xx unless told not to. Here nothing would have changed.
_HOPELESS: Final = frozenset[FailureKind]({"out_of_quota", "not_found", "unauthorized", "adapter_bug"})

# Said by our adapters before anything was sent, so it is no provider's wording, and the caller can act on it.
_TELLING: Final = frozenset[FailureKind]({"unsupported", "too_large"})

# Nobody refused a key that was never sent. Which variable is missing is the operator's to know: the trail tells.
_UNSENT: Final[Mapping[FailureKind, str]] = {"unauthorized": "the gateway has no key for it"}

_OURS: Final = "a fault of the gateway itself: its log says more"
_FAULTS: Final[Mapping[type[Exception], tuple[str, str]]] = {
    SpecError: ("the gateway's spec has mistakes: its log names them", "spec_error"),
    MissingExtra: ("the gateway lacks a part that this needs: its log names it", "not_installed"),
}
_LONGEST: Final = 600
_FIRST_OF_OURS: Final = 500  # statuses from here on are not the caller's fault


class _Asked(NamedTuple):
    """What OpenAI's envelope says of a request that the library refuses, for what of it."""

    status: int
    code: str
    param: str | None = None


_REFUSED: Final[Mapping[RequestCode, _Asked]] = {
    "which_route": _Asked(400, "missing_required_parameter", "model"),
    "unknown_route": _Asked(404, "model_not_found", "model"),
    "unknown_fallback": _Asked(400, "model_not_found", "fallbacks"),
    "unknown_simulation": _Asked(400, "invalid_value", "simulate"),
    "not_allowed": _Asked(403, "not_allowed"),
    "too_many_attempts": _Asked(400, "invalid_value", "fallbacks"),
    "too_large": _Asked(413, "too_large", "file"),
    "incapable": _Asked(400, "unsupported_value"),
    "closed": _Asked(503, "shutting_down"),
}


# The fields of the form for options that are called otherwise there.
_FIELDS: Final = {
    "timestamps": "timestamp_granularities",
    "known_speakers": "known_speaker_names",
    "logprobs": "include",
    "translate": "model",
}


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What goes into an envelope. `message` is one line; `trail` the calls and what did not start, for callers who may see it."""

    status: int
    message: str
    type: ErrorType
    param: str | None = None
    code: str | None = None
    retry_after_ms: int | None = None
    headers: Headers = ()
    trail: tuple[Mapping[str, object], ...] = ()


class Refused(Exception):
    """The gateway says no, and why."""

    def __init__(self, problem: Problem) -> None:
        """`problem` is what the caller is told."""
        super().__init__(problem.message)
        self.problem = problem


def problem_of(error: Exception, *, trail: bool = False) -> Problem:
    """What the caller is told of `error`; any exception that is not voxplan's own is a fault of the gateway."""
    match error:
        case ProviderError():
            return _unserved(error, trail=trail)
        case RequestError():
            return _request(error)
        case Refused():
            return error.problem
        case AudioProblem():
            return stated(413 if error.kind == "too_large" else 400, error.message, param="file", code="invalid_audio")
        case FormProblem() | FieldProblem():
            return stated(error.status, error.message, param=error.param, code=error.code)
        case _:
            message, code = _FAULTS.get(type(error), (_OURS, "internal_error"))
            return stated(500, message, code=code)


def stated(
    status: int, message: str, *, param: str | None = None, code: str | None = None, retry_after_ms: int | None = None
) -> Problem:
    """A problem of the gateway's own, whose status says who is to blame."""
    return Problem(
        status=status, message=_line(message), type=_type(status), param=param, code=code, retry_after_ms=retry_after_ms
    )


def unknown_model(model: str, known: Iterable[str]) -> Problem:
    """No such route; `known` are those that this caller may see."""
    return stated(404, f"unknown model {quoted(model)}{suggestion(model, known)}", param="model", code="model_not_found")


def refused_key(*, given: bool) -> Problem:
    """No key, or a wrong one, of which nothing is repeated."""
    message = "this key is not known here" if given else "this gateway wants a key: send `Authorization: Bearer …`"
    return replace(stated(401, message, code="invalid_api_key"), headers=(("www-authenticate", "Bearer"),))


def enveloped(problem: Problem, headers: Headers = ()) -> Reply:
    """The problem as an answer; `headers` are further ones."""
    error = _envelope(problem)
    wait = () if problem.retry_after_ms is None else (("retry-after", _seconds(problem.retry_after_ms)),)
    return Reply(
        status=problem.status,
        content_type="application/json",
        body=msgspec.json.encode({"error": error}),
        headers=(*headers, *problem.headers, *wait),
    )


def envelope_event(problem: Problem) -> str:
    """The problem as the last event of a stream that has begun."""
    return error_to_sse(problem.message, problem.type, problem.code, problem.param)


def _envelope(problem: Problem) -> dict[str, object]:
    told: dict[str, object] = {
        "message": problem.message,
        "type": problem.type,
        "param": problem.param,
        "code": problem.code,
    }
    return told | ({"trail": problem.trail} if problem.trail else {})


def _unserved(error: ProviderError, *, trail: bool) -> Problem:
    """Upstream's failure; where nothing was tried, that of the moment."""
    status, shape = _blame(error)
    hopeless = error.kind in _HOPELESS and error.retry_after_ms is None
    return Problem(
        status=status,
        message=_OURS if isinstance(error, AdapterBug) else _line(_told(error)),
        type=shape.type,
        param=shape.param,
        code=shape.code,
        retry_after_ms=error.retry_after_ms,
        headers=(
            *trail_headers(error.attempts, error.plan, error.seed),
            *((("x-should-retry", "false"),) if hopeless else ()),
        ),
        trail=(*map(_call, error.attempts), *map(_absent, error.skipped)) if trail else (),
    )


def _blame(error: ProviderError) -> tuple[int, _Shape]:
    if error.guardrail_broke:
        return 503, _BROKEN
    if error.kind is not None:
        return HTTP_STATUS[error.kind], TYPES[error.kind]
    return (HTTP_STATUS["rate_limited"], _LIMITED) if error.limited else (503, _NOTHING_BEGAN)


def _told(error: ProviderError) -> str:
    """The library's own words where no provider's are among them; else ours for each kind of failure."""
    failed = [_attempt(entry.deployment, entry.failure) for entry in error.attempts if entry.failure is not None]
    if error.guardrail is not None or not failed:
        return str(error)
    if any(entry.ending == "accepted" for entry in error.attempts):
        return scrubbed(str(error), _LONGEST)  # a transcript that lacks what its format is made of
    return f"every attempt failed: {'; '.join(dict.fromkeys(failed))}"


def _attempt(deployment: str, failure: AttemptFailure) -> str:
    return f"{quoted(deployment)} {failure.kind} ({_meaning(failure)})"


def _meaning(failure: AttemptFailure) -> str:
    """What a caller may know: of what was never sent more than of what a provider said."""
    if failure.sent != "no":
        return KINDS[failure.kind].meaning
    return scrubbed(failure.reason) if failure.kind in _TELLING else _UNSENT.get(failure.kind, KINDS[failure.kind].meaning)


def _request(error: RequestError) -> Problem:
    """The caller's fault."""
    if isinstance(error.__context__, AudioProblem):  # of which the library made this one
        return problem_of(error.__context__)
    if error.code is None:
        # What came of a run whose every attempt failed quotes providers.
        return stated(400, scrubbed(str(error), _LONGEST), code="invalid_value")
    # Callers of a gateway know routes as models.
    message = str(error).replace("unknown route", "unknown model", 1) if error.code == "unknown_route" else str(error)
    asked = _REFUSED[error.code]
    about = None if error.about is None else _FIELDS.get(error.about, error.about)
    return stated(asked.status, message, param=asked.param or about, code=asked.code)


def _call(entry: TrailEntry) -> Mapping[str, object]:
    """One call, for callers who may see it: what a provider worded is scrubbed once more."""
    told: dict[str, object] = {
        "deployment": entry.deployment,
        "cause": entry.cause,
        "ending": entry.ending,
        "started_ms": entry.started_ms,
        "ended_ms": entry.ended_ms,
    }
    failure = entry.failure
    if failure is None:
        return told
    seen = {"status": failure.status, "retry_after_ms": failure.retry_after_ms, "request_id": failure.request_id}
    reason = _OURS if failure.kind == "adapter_bug" else scrubbed(failure.reason)
    known = {name: value for name, value in seen.items() if value is not None}
    return told | {"kind": failure.kind, "reason": reason} | known


def _absent(entry: Skipped) -> Mapping[str, object]:
    return {"deployment": entry.deployment, "ending": "not_started", "reason": entry.reason, "detail": entry.detail}


def _type(status: int) -> ErrorType:
    special: Mapping[int, ErrorType] = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
    return special.get(status, "server_error" if status >= _FIRST_OF_OURS else "invalid_request_error")


def _seconds(wait_ms: int) -> str:
    """Whole seconds, never too few."""
    return str(max(1, math.ceil(wait_ms / 1000)))


def _line(message: str) -> str:
    r"""On one line, cut where it is very long.

    >>> _line("two\nlines")
    'two lines'
    """
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in message[: 4 * _LONGEST]).split())
    return line if len(line) <= _LONGEST else line[:_LONGEST].rstrip() + "…"
