from typing import Final

import msgspec
import pytest

from tests.making import router, use
from tests.plans import attempt, plan_of
from voxplan.engine.plans.plan import LeftOut, Reason, Refusal, digest
from voxplan.engine.runs.run import Skipped, TrailEntry
from voxplan.engine.terms.failure import KINDS, AttemptFailure, Certainty, FailureKind
from voxplan.io_shell.asking import asked_route
from voxplan.io_shell.audio.problem import AudioProblem, ProblemKind
from voxplan.io_shell.errors import HTTP_STATUS, AdapterBug, MissingExtra, ProviderError, RequestError, SpecError
from voxplan.io_shell.failing import refused
from voxplan.io_shell.gateway.envelopes import (
    TYPES,
    Problem,
    envelope_event,
    enveloped,
    problem_of,
    refused_key,
    stated,
    unknown_model,
)
from voxplan.io_shell.gateway.fields import FieldProblem
from voxplan.io_shell.gateway.form_problem import FormProblem

SECRET: Final = "Incorrect API key provided: sk-proj-abcdef123456 for Acme Corp Oy in https://10.0.0.1/internal?key=v"
PLAN: Final = plan_of(attempt("a"))


def call(
    kind: FailureKind, *, deployment: str = "a", reason: str = SECRET, sent: Certainty = "yes", status: int | None = 401
) -> TrailEntry:
    """A call that failed."""
    return TrailEntry(
        attempt=1,
        node=f"r/{deployment}",
        deployment=deployment,
        number=1,
        started_ms=3,
        ended_ms=9,
        ending="failed",
        failure=AttemptFailure(kind=kind, reason=reason, sent=sent, status=status),
    )


def failed(*trail: TrailEntry, kind: FailureKind, retry_after_ms: int | None = None) -> ProviderError:
    """A run of which nothing came; its message quotes providers, as the library's does."""
    told = "; ".join(f"`{entry.deployment}` {entry.failure.kind} ({entry.failure.reason})" for entry in trail if entry.failure)
    return (AdapterBug if kind == "adapter_bug" else ProviderError)(
        f"every attempt failed: {told}", kind=kind, attempts=trail, plan=PLAN, seed=7, retry_after_ms=retry_after_ms
    )


def body(problem: Problem) -> dict[str, object]:
    """What the caller reads."""
    return msgspec.json.decode(enveloped(problem).body, type=dict[str, dict[str, object]])["error"]


def headers(problem: Problem) -> dict[str, str]:
    """The headers beside it."""
    return dict(enveloped(problem).headers)


def test_every_kind_has_its_envelope() -> None:
    """In the order of blame, as everywhere."""
    assert tuple(TYPES) == tuple(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_envelope_of_a_failed_run_is_openais(kind: FailureKind) -> None:
    """Status by kind; the words are ours, whatever the provider worded."""
    problem = problem_of(failed(call(kind), kind=kind))
    reply = enveloped(problem)
    assert (reply.status, reply.content_type) == (HTTP_STATUS[kind], "application/json")
    assert set(body(problem)) == {"message", "type", "param", "code"}
    assert body(problem)["type"] == TYPES[kind].type
    for leak in ("sk-", "Acme", "10.0.0.1", "Traceback"):
        assert leak not in reply.body.decode()


def test_upstreams_key_and_model_are_not_the_callers() -> None:
    """Neither 401 nor 404, nor the codes on which clients ask for another key or model."""
    for kind in ("unauthorized", "not_found"):
        problem = problem_of(failed(call(kind), kind=kind))
        assert (problem.status, problem.type) == (502, "server_error")
        assert problem.code not in {"invalid_api_key", "model_not_found"}


def test_the_message_names_each_failure_once() -> None:
    """In the order of the calls."""
    trail = (call("server_error"), call("server_error"), call("timed_out", deployment="b"))
    assert problem_of(failed(*trail, kind="server_error")).message == (
        f"every attempt failed: `a` server_error ({KINDS['server_error'].meaning}); `b` timed_out ({KINDS['timed_out'].meaning})"
    )


def test_what_our_adapters_refuse_is_told() -> None:
    """Nothing was sent, so no provider worded it, and the caller can act on it."""
    trail = (call("unsupported", reason="the model takes no prompt", sent="no", status=None),)
    problem = problem_of(failed(*trail, kind="unsupported"))
    assert (problem.status, problem.code) == (400, "unsupported_value")
    assert problem.message == "every attempt failed: `a` unsupported (the model takes no prompt)"


@pytest.mark.parametrize(("wait_ms", "seconds"), [(2000, "2"), (2001, "3"), (1, "1"), (0, "1"), (3_600_000, "3600")])
def test_a_wait_is_told_in_whole_seconds(wait_ms: int, seconds: str) -> None:
    """Never too few, wherever one is known."""
    assert (
        headers(problem_of(failed(call("rate_limited"), kind="rate_limited", retry_after_ms=wait_ms)))["retry-after"] == seconds
    )
    assert headers(problem_of(ProviderError("nothing can start", retry_after_ms=wait_ms)))["retry-after"] == seconds
    assert headers(stated(503, "busy", retry_after_ms=wait_ms))["retry-after"] == seconds


def test_an_unknown_wait_is_not_told() -> None:
    """A number made up would be worse than none."""
    assert "retry-after" not in headers(problem_of(failed(call("rate_limited"), kind="rate_limited")))


def test_clients_are_told_when_another_call_is_in_vain() -> None:
    """They call again after any 5xx otherwise, each of which costs."""
    hopeless = {kind for kind in KINDS if headers(problem_of(failed(call(kind), kind=kind))).get("x-should-retry") == "false"}
    assert hopeless == {"out_of_quota", "not_found", "unauthorized", "adapter_bug"}
    assert "x-should-retry" not in headers(problem_of(failed(call("out_of_quota"), kind="out_of_quota", retry_after_ms=9)))


def test_headers_tell_what_was_tried() -> None:
    """As those of an answer do."""
    found = headers(problem_of(failed(call("server_error"), kind="server_error")))
    assert found == {
        "x-voxplan-attempts": "1",
        "x-voxplan-retries": "0",
        "x-voxplan-fallbacks": "0",
        "x-voxplan-plan": digest(PLAN),
        "x-voxplan-seed": "7",
        "x-litellm-attempted-retries": "0",
        "x-litellm-attempted-fallbacks": "0",
    }


def test_further_headers_go_along() -> None:
    """As that of the call's id."""
    assert enveloped(stated(404, "no such address"), (("x-litellm-call-id", "c"),)).headers == (("x-litellm-call-id", "c"),)


def test_callers_who_may_see_the_trail_see_it_scrubbed() -> None:
    """Each call, and each attempt that did not start."""
    error = ProviderError(
        "every attempt failed",
        kind="unauthorized",
        attempts=(call("unauthorized", reason="http 401: Incorrect API key provided: sk-proj-abcdef123456."),),
        skipped=(Skipped(node="r/b", deployment="b", at_ms=9, reason="too_little_time"),),
    )
    assert "trail" not in body(problem_of(error))
    assert body(problem_of(error, trail=True))["trail"] == [
        {
            "deployment": "a",
            "cause": "first",
            "ending": "failed",
            "started_ms": 3,
            "ended_ms": 9,
            "kind": "unauthorized",
            "reason": "http 401: Incorrect API key provided: [removed]",
            "status": 401,
        },
        {"deployment": "b", "ending": "not_started", "reason": "too_little_time", "detail": ""},
    ]


def test_nobody_sees_the_trace_of_our_own_fault() -> None:
    """Not even in the trail: it is in the log."""
    bug = failed(call("adapter_bug", reason="KeyError: 'x' in adapters/secret.py"), kind="adapter_bug")
    shown = enveloped(problem_of(bug, trail=True)).body.decode()
    assert "KeyError" not in shown
    assert "log" in shown


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SpecError(("routing.yaml:1:2: secret",)), "spec_error"),
        (MissingExtra("secret", "local"), "not_installed"),
        (RuntimeError("secret"), "internal_error"),
        (KeyError("secret"), "internal_error"),
    ],
)
def test_our_own_faults_say_no_more_than_that(error: Exception, code: str) -> None:
    """500, without any detail."""
    problem = problem_of(error)
    assert (problem.status, problem.type, problem.code) == (500, "server_error", code)
    assert "secret" not in problem.message


def test_where_nothing_could_start_the_moment_is_to_blame() -> None:
    """503, in the library's own words."""
    problem = problem_of(ProviderError("no attempt could start: `a` not started: denied (2 calls are under way)"))
    assert (problem.status, problem.type, problem.code) == (503, "server_error", "unavailable")
    assert problem.message.endswith("(2 calls are under way)")


def test_where_limits_let_nothing_start_the_caller_asked_too_much() -> None:
    """429, and when it makes sense to ask again."""
    problem = problem_of(ProviderError("no attempt could start", limited=True, retry_after_ms=7_000))
    assert (problem.status, problem.type, problem.code) == (429, "rate_limit_error", "rate_limit_exceeded")
    assert problem.retry_after_ms == 7_000


def test_a_guardrail_that_breaks_is_not_the_callers_fault() -> None:
    """Nothing passes it, and whoever watches for faults of the gateway's sees it."""
    error = ProviderError("guardrail `pii` could not judge: no service", kind="blocked", guardrail="pii", guardrail_broke=True)
    problem = problem_of(error)
    assert (problem.status, problem.type, problem.code) == (503, "server_error", "guardrail_failed")


def test_a_guardrails_no_is_told() -> None:
    """In its own words."""
    error = ProviderError("guardrail `pii` did not approve: names a customer", kind="blocked", guardrail="pii")
    problem = problem_of(error)
    assert (problem.status, problem.type, problem.message) == (400, "invalid_request_error", str(error))


def test_a_transcript_without_what_its_format_is_made_of_is_told() -> None:
    """The call itself succeeded."""
    entry = TrailEntry(
        attempt=2, node="r/a", deployment="a", number=1, started_ms=0, ended_ms=1, ending="accepted", cause="fallback"
    )
    error = ProviderError(
        "the transcript has no times, which `srt` is made of", kind="unsupported", attempts=(call("server_error"), entry)
    )
    assert (problem_of(error).status, problem_of(error).message) == (400, str(error))
    accepted = problem_of(error, trail=True).trail[1]
    assert accepted == {"deployment": "a", "cause": "fallback", "ending": "accepted", "started_ms": 0, "ended_ms": 1}


REFUSALS: Final = (
    (Refusal(code="unknown_route", route="mian", names=("mian",), routes=("main",)), 404, "model_not_found", "model"),
    (Refusal(code="unknown_fallback", route="r", names=("x",), routes=("r",)), 400, "model_not_found", "fallbacks"),
    (Refusal(code="unknown_simulation", route="r", names=("x",), routes=("r",)), 400, "invalid_value", "simulate"),
    (Refusal(code="too_many_attempts", route="r", names=("x",)), 400, "invalid_value", "fallbacks"),
    (Refusal(code="not_allowed", route="r", names=("x",)), 403, "not_allowed", None),
    (
        Refusal(
            code="nothing_eligible",
            route="r",
            left_out=(LeftOut(node="r/a", deployments=("a",), reasons=(Reason(code="incapable", detail="takes no prompt"),)),),
        ),
        *(400, "unsupported_value", None),
    ),
    (
        Refusal(
            code="nothing_eligible",
            route="r",
            left_out=(
                LeftOut(node="r/a", deployments=("a",), reasons=(Reason(code="incapable", detail="takes at most 10 bytes"),)),
                LeftOut(node="r/b", deployments=("b",), reasons=(Reason(code="not_chosen", detail="in another branch"),)),
            ),
        ),
        *(413, "too_large", "file"),
    ),
)


@pytest.mark.parametrize(
    ("options", "param"),
    [
        (("prompt", "prompt"), "prompt"),
        (("timestamps",), "timestamp_granularities"),
        (("logprobs",), "include"),
        (("known_speakers",), "known_speaker_names"),
        (("translate",), "model"),
        (("response_format",), "response_format"),
        (("prompt", "language"), None),
        ((None,), None),
    ],
)
def test_the_one_option_that_nobody_can_do_is_named(options: tuple[str | None, ...], param: str | None) -> None:
    """As the field of the form; where one cannot do this and another cannot do that, none is."""
    left_out = tuple(
        LeftOut(node=f"r/{at}", deployments=(f"d{at}",), reasons=(Reason(code="incapable", detail="cannot", about=option),))
        for at, option in enumerate(options)
    )
    assert problem_of(refused(Refusal(code="nothing_eligible", route="r", left_out=left_out))).param == param


@pytest.mark.parametrize(("refusal", "status", "code", "param"), REFUSALS)
def test_what_the_planner_refuses_names_the_field(refusal: Refusal, status: int, code: str, param: str | None) -> None:
    """Whatever words the library finds for it."""
    problem = problem_of(refused(refusal))
    assert (problem.status, problem.code, problem.param) == (status, code, param)
    assert problem.type == ("permission_error" if status == 403 else "invalid_request_error")


def test_an_unknown_model_is_not_found() -> None:
    """Whether the gateway or the library notices, with what was probably meant."""
    with pytest.raises(RequestError) as raised:
        asked_route(router(use("a"), "a"), "ra")
    for problem in (problem_of(raised.value), unknown_model("ra", ("r",))):
        assert (problem.status, problem.code, problem.param) == (404, "model_not_found", "model")
        assert problem.message == "unknown model `ra`, did you mean `r`?"


def test_a_run_that_blames_the_caller_quotes_no_key() -> None:
    """Its message tells of other attempts as well."""
    problem = problem_of(RequestError(f"every attempt failed: `a` rate_limited ({SECRET}); `b` invalid_request (no audio)"))
    assert problem.status == 400
    assert "sk-proj" not in problem.message


@pytest.mark.parametrize(("kind", "status"), [("too_large", 413), ("not_audio", 400), ("empty", 400)])
def test_audio_that_cannot_be_used_is_the_files_fault(kind: ProblemKind, status: int) -> None:
    """Also in the exception that the library makes of it."""
    first = AudioProblem(kind, "`talk.txt` is no audio")
    try:
        try:
            raise first
        except AudioProblem as seen:
            raise RequestError(str(seen)) from None
    except RequestError as made:
        second = made
    for error in (first, second):
        problem = problem_of(error)
        assert (problem.status, problem.param, problem.message) == (status, "file", "`talk.txt` is no audio")
        assert problem.type == "invalid_request_error"


def test_a_field_is_named() -> None:
    """With its code."""
    problem = problem_of(FieldProblem("`temperature` is `abc`: expected a number", "temperature", "invalid_type"))
    assert enveloped(problem).status == 400
    assert body(problem) == {
        "message": "`temperature` is `abc`: expected a number",
        "type": "invalid_request_error",
        "param": "temperature",
        "code": "invalid_type",
    }


def test_a_form_that_cannot_be_read_has_its_own_status() -> None:
    """With the field it is about, if it is one."""
    problem = problem_of(FormProblem(413, "the file has more than 9 bytes", "file", "file_too_large"))
    assert (problem.status, problem.param, problem.code) == (413, "file", "file_too_large")
    assert problem.message == "the file has more than 9 bytes"


@pytest.mark.parametrize("given", [True, False])
def test_a_key_that_is_missing_or_wrong_is_401(given: bool) -> None:
    """As OpenAI's clients expect it; nothing of the key is repeated."""
    problem = refused_key(given=given)
    assert (problem.status, problem.type, problem.code) == (401, "authentication_error", "invalid_api_key")
    assert headers(problem)["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *(
            (400, "invalid_request_error"),
            (401, "authentication_error"),
            (403, "permission_error"),
            (404, "invalid_request_error"),
        ),
        *((405, "invalid_request_error"), (413, "invalid_request_error"), (415, "invalid_request_error")),
        *((429, "rate_limit_error"), (500, "server_error"), (503, "server_error")),
    ],
)
def test_the_status_says_who_is_to_blame(status: int, kind: str) -> None:
    """For what the gateway itself has to say."""
    assert stated(status, "x").type == kind


def test_a_message_is_one_short_line() -> None:
    """Whatever a caller wrote."""
    problem = stated(400, "a\r\n\x00b" + "x" * 100_000)
    assert problem.message.startswith("a bx")
    assert len(problem.message) <= 601


def test_a_stream_ends_in_the_same_envelope() -> None:
    """As one event."""
    problem = problem_of(failed(call("server_error"), kind="server_error"))
    event = envelope_event(problem)
    assert event.startswith("data: ")
    assert msgspec.json.decode(event.removeprefix("data: ")) == {"error": body(problem)}
