"""What every exchange over HTTP has in common: where to send, how to read an answer, and when an answer is all that was asked.

Each step gives its value or the AttemptFailure with which the exchange ends.
"""

import re
from typing import Final, TypeVar
from urllib.parse import urlsplit, urlunsplit

import msgspec
from returns.result import Failure, Success

from voxplan.adapters.refusals.complaints import complains
from voxplan.adapters.refusals.failures import Rule, bad_answer, refusal
from voxplan.adapters.wire import Call, Got, HttpResponse
from voxplan.engine.terms.failure import AttemptFailure, FailureKind
from voxplan.engine.terms.request import Options, needs_speakers, needs_times
from voxplan.engine.terms.transcript import Segment, Transcript, Word

__all__ = ("address", "answered", "complete", "decoded", "misused", "unsent")

T = TypeVar("T")

_SUCCESSES: Final = range(200, 300)
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

# Strings are matched to be passed over, unended ones as well.
_NO_NUMBERS: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?|-?\b(?:NaN|Infinity)\b', re.DOTALL)


def unsent(kind: FailureKind, reason: str) -> AttemptFailure:
    """A failure before anything was sent."""
    return AttemptFailure(kind=kind, reason=reason, sent="no", charged="no")


def misused(got: Got, wanted: str = "HttpResponse") -> AttemptFailure:
    """The shell answered a want with something else."""
    return unsent("adapter_bug", f"expected `{wanted}` from the shell, got `{type(got).__name__}`")


def address(call: Call, default: str | None) -> str | AttemptFailure:
    """The deployment's `base_url`, or the provider's own, without a slash at its end.

    It comes from the environment as often as not, so it can be anything.
    """
    given = default if call.base_url is None else call.base_url
    if given is None:
        return unsent("adapter_bug", f"provider `{call.provider}` without a `base_url`")
    try:
        parts = urlsplit(given.strip())
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0  # a port past 65535 raises
    except ValueError:
        parts, usable = urlsplit(""), False
    if not usable:
        return unsent("not_found", "the deployment's `base_url` is no http or https address")
    return urlunsplit(parts._replace(path=parts.path.rstrip("/"), query="", fragment=""))


def answered(got: Got, rules: tuple[Rule, ...] = ()) -> HttpResponse | AttemptFailure:
    """The answer, if it is a success; `rules` read a refusal."""
    if not isinstance(got, HttpResponse):
        return misused(got)
    return got if got.status in _SUCCESSES else refusal(got, rules)


def decoded(response: HttpResponse, shape: type[T], rules: tuple[Rule, ...] = ()) -> T | AttemptFailure:
    """The body as `shape`. An error under a status of success speaks for itself; of anything else only the shape is told."""
    body = response.body.removeprefix(_BYTE_ORDER_MARK)
    if not body.strip():
        return bad_answer(response, "an empty body where a transcript should be")
    if body.lstrip().startswith(b"<"):
        return bad_answer(response, "a page of HTML where a transcript should be")
    if complains(body):
        return refusal(response, rules)
    try:
        return msgspec.json.decode(_mended(body), type=shape)
    except msgspec.ValidationError as problem:
        return bad_answer(response, f"JSON that is no transcript: {_lowered(str(problem))}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        return bad_answer(response, f"not the JSON of a transcript: {_lowered(str(problem))}")


def complete(transcript: Transcript, options: Options, status: int = 200) -> Success[Transcript] | Failure[AttemptFailure]:
    """The transcript, unless something that the caller needs is missing: a server may ignore what it was asked for."""
    missing = _missing(transcript, options)
    if missing is None:
        return Success(transcript)
    failure = AttemptFailure(
        kind="unsupported",
        reason=f"http {status}: the answer has no {missing}, which were asked for",
        sent="yes",
        charged="yes",
        status=status,
        request_id=transcript.request_id,
    )
    return Failure(failure)


def _missing(transcript: Transcript, options: Options) -> str | None:
    """What was needed and did not come; where nothing was said, nothing has a time and nobody speaks."""
    if not transcript.text:
        return None
    if "word" in options.timestamps and not transcript.words:
        return "word times"
    timed: tuple[Segment | Word, ...] = (*(transcript.segments or ()), *(transcript.words or ()))
    if needs_times(options) and not timed:
        return "times"
    return "speakers" if needs_speakers(options) and not any(each.speaker for each in timed) else None


def _mended(body: bytes) -> bytes:
    """The body with null where Python's servers write `NaN` and `Infinity`, which JSON does not have."""
    if b"NaN" not in body and b"Infinity" not in body:
        return body
    return _NO_NUMBERS.sub(lambda found: found[0] if found[0].startswith(b'"') else b"null", body)


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]
