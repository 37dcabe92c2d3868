"""One call as a job at AssemblyAI: upload, submit, ask until it is done, and delete it where the deployment says so.

A job that has been submitted is under way, and paid for. So an answer that says nothing about it (the server is busy, or ill) is
asked for again, and the audio is not sent a second time. Nobody here looks at a clock: the call's own time ends the asking.
"""

from collections.abc import Generator
from typing import Final, Literal, TypeVar
from urllib.parse import quote

import msgspec
from msgspec.structs import replace
from returns.result import Failure, Success

from voxplan.adapters.endpoints import endpoint
from voxplan.adapters.exchanging import address, answered, complete, decoded, misused, unsent
from voxplan.adapters.providers.assemblyai.facts import FACTS
from voxplan.adapters.providers.assemblyai.job import Job, asked, transcript
from voxplan.adapters.refusals.failures import Rule, bad_answer, refusal
from voxplan.adapters.wire import Body, Call, Done, Got, Header, HttpRequest, HttpResponse, Pause, RawBody, Secret, Want
from voxplan.engine.terms.failure import AttemptFailure, FailureKind
from voxplan.engine.terms.transcript import Transcript

__all__ = ("BASE_URL", "FAILURES", "exchange")

# Also api.eu.assemblyai.com, as a deployment's `base_url`.
BASE_URL: Final = "https://api.assemblyai.com"
_UPLOAD: Final = "/v2/upload"
_TRANSCRIPT: Final = "/v2/transcript"

# Its clients ask every three seconds. A short recording is done before that: a job takes a small part of the audio's own time.
# From there on it is asked about less and less often.
_POLL_MS: Final = 3000
_FIRST_POLL_MS: Final = 500
_LONGEST_POLL_MS: Final = 10_000
_MS_OF_WORK_PER_S: Final = 50
_SLOWER: Final = 1.5
_SLOWER_YET: Final = 1.1

# Ten hours of audio take minutes; a job that takes this long has been forgotten.
_LONGEST_WAIT_MS: Final = 10_800_000

# Answers in a row that say nothing about the job.
_PATIENCE: Final = 5
_PASSING: Final[frozenset[FailureKind]] = frozenset({"rate_limited", "overloaded", "server_error", "timed_out"})
_OK: Final = 200

_UNDER_WAY: Final = frozenset({"queued", "processing"})

FAILURES: Final[tuple[Rule, ...]] = (
    Rule("out_of_quota", statuses=(400, 401, 402, 403), markers=("account balance", "insufficient funds")),
    Rule("server_error", statuses=(400, 422), markers=("upload failed, please try again",)),
    Rule("too_large", statuses=(200, 400, 422), markers=("too long", "too large", "exceeds the maximum", "maximum duration")),
    # 200, and a job that has failed: on the audio, else on their side.
    Rule(
        "unsupported",
        statuses=(200,),
        markers=(
            "audio duration",  # too short
            "contain audio",
            "corrupt",
            "decod",
            "file type",
            "language",
            "no speech",
            "spoken audio",
            "transcoding",
        ),
    ),
    Rule("server_error", statuses=(200,), markers=("",)),
)

_FORGOTTEN: Final = AttemptFailure(
    kind="timed_out", reason="the job is still under way after three hours", sent="yes", charged="maybe"
)

_Shape = TypeVar("_Shape")
_Met = Success[Transcript] | Failure[AttemptFailure]


class _Upload(msgspec.Struct, frozen=True):
    upload_url: str


def exchange(call: Call) -> Generator[Want, Got, _Met]:
    """Have the job done and read it."""
    base = address(call, BASE_URL)
    if isinstance(base, AttemptFailure):
        return Failure(base)
    impossible = _impossible(call)
    if impossible is not None:
        return Failure(unsent("unsupported", impossible))
    job = yield from _submitted(call, base)
    if isinstance(job, AttemptFailure):
        return Failure(job)
    ended = yield from _waited_for(call, base, job)
    if (call.setting("delete") or "").strip().lower() == "true" and _is_over(ended):
        yield _request(call, "DELETE", _place(base, job))  # whatever comes of it, the transcript is there
    return ended


def _is_over(ended: _Met) -> bool:
    """Whether the job itself has ended, well or not."""
    return isinstance(ended, Success) or (ended.failure().status == _OK and ended.failure().kind != "bad_answer")


def _submitted(call: Call, base: str) -> Generator[Want, Got, Job | AttemptFailure]:
    """The job as it was taken on; the address of the upload is passed on as it came."""
    got = yield _request(call, "POST", endpoint(base, _UPLOAD), RawBody(content_type="application/octet-stream"))
    upload = _read(got, _Upload)
    if isinstance(upload, AttemptFailure):
        return upload
    got = yield _request(call, "POST", endpoint(base, _TRANSCRIPT), asked(call, upload.upload_url))
    return _read(got, Job)


def _waited_for(call: Call, base: str, job: Job) -> Generator[Want, Got, _Met]:
    """Ask for the job until it is done, at a slowing pace or as late as the server wants.

    What is asked in vain costs patience; what says that the job goes on gives it back.
    """
    pace_ms, asked_ms, waited_ms, patience = _first_pace_ms(call), 0, 0, _PATIENCE
    while True:
        done = yield Pause(ms=max(pace_ms, asked_ms))
        if not isinstance(done, Done):
            return Failure(misused(done, "Done"))
        waited_ms += max(pace_ms, asked_ms)
        got = yield _request(call, "GET", _place(base, job))
        state = _state(got)
        if isinstance(state, Job) and state.status not in _UNDER_WAY:
            return complete(transcript(state, call.options.language), call.options)
        patience = patience - 1 if isinstance(state, AttemptFailure) else _PATIENCE
        if isinstance(state, AttemptFailure) and (patience == 0 or not _passes(state)):
            return Failure(replace(state, charged="maybe"))
        if waited_ms >= _LONGEST_WAIT_MS:
            return Failure(_FORGOTTEN)
        pace_ms = min(round(pace_ms * (_SLOWER if pace_ms < _POLL_MS else _SLOWER_YET)), _LONGEST_POLL_MS)
        asked_ms = (state.retry_after_ms or 0) if isinstance(state, AttemptFailure) else 0


def _state(got: Got) -> Job | AttemptFailure:
    """The job as it is now; a state that is no state, and a job without a text, are no answer."""
    job = _read(got, Job)
    if isinstance(job, AttemptFailure) or not isinstance(got, HttpResponse):
        return job
    if job.status == "error":
        return refusal(got, FAILURES)
    if job.status in _UNDER_WAY or (job.status == "completed" and job.text is not msgspec.UNSET):
        return job
    return bad_answer(got, "a job without a text, or in a state that nobody knows")


def _passes(failure: AttemptFailure) -> bool:
    """Whether the failure is one of the asking, and not of the job: that one comes under 200, in words of its own."""
    return failure.kind == "bad_answer" or (failure.kind in _PASSING and failure.status != _OK)


def _read(got: Got, shape: type[_Shape]) -> _Shape | AttemptFailure:
    response = answered(got, FAILURES)
    return response if isinstance(response, AttemptFailure) else decoded(response, shape, FAILURES)


def _first_pace_ms(call: Call) -> int:
    known_s = call.audio.seconds
    return _POLL_MS if known_s is None else round(min(max(known_s * _MS_OF_WORK_PER_S, _FIRST_POLL_MS), _POLL_MS))


def _place(base: str, job: Job) -> str:
    return f"{endpoint(base, _TRANSCRIPT)}/{quote(job.id, safe='')}"


def _request(call: Call, method: Literal["GET", "POST", "DELETE"], url: str, body: Body = b"") -> HttpRequest:
    authorization = (Header("authorization", Secret()),) if call.has_key else ()
    content = (Header("content-type", "application/json"),) if isinstance(body, bytes) and body else ()
    return HttpRequest(
        method=method,
        url=url,
        headers=(Header("accept", "application/json"), *authorization, *content),
        body=body,
    )


def _impossible(call: Call) -> str | None:
    """What is asked and cannot be sent, or None: nothing is dropped silently (law C2)."""
    options, can = call.options, FACTS.capabilities(call.model)
    asked_for = (
        (options.prompt is not None and not can.prompt, "takes no prompt"),
        (options.temperature is not None and not can.temperature, "takes no temperature"),
        (bool(options.keywords) and not can.keywords, "takes no keywords"),
        (bool(options.known_speakers), "recognises no speakers by their voice"),
        (options.translate, "does not translate into English"),
        (options.logprobs, "gives no log probabilities"),
        (options.chunking_strategy is not None, "takes no chunking strategy"),
        (options.stream, "does not stream"),
    )
    return next((f"the model {cannot}" for is_asked, cannot in asked_for if is_asked), None)
