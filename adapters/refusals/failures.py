"""How every refusal of a provider becomes one failure kind: first by what was said, then by status.

Two tables decide, and nothing else. The rules are the disguises: a status that means something else when certain words or
codes come with it. The statuses are the language page's own list; a status in neither table goes by its hundred.

A kind that blames the caller for good (`invalid_request`) never comes from here: whether every other provider would refuse
the same value too is not for one of them to say, so the next one is asked.
"""

from typing import Final, NamedTuple

from voxplan.adapters.refusals.complaints import Complaint, complaint_of, status_of
from voxplan.adapters.refusals.scrubbing import scrubbed
from voxplan.adapters.refusals.waiting import reset_ms, retry_after_ms, wait_in_words_ms
from voxplan.adapters.wire import HttpResponse
from voxplan.engine.terms.failure import KINDS, AttemptFailure, Certainty, FailureKind

__all__ = ("CHARGED", "HUNDREDS", "RULES", "STATUSES", "Rule", "bad_answer", "kind_of", "readable_id", "refusal", "request_id")


class Rule(NamedTuple):
    """`kind`, for an answer with one of `statuses` (any, when empty) and one of `codes`, or a message with one of `markers`.

    Codes and markers are lower-case; a code is whole, a marker any part of the message.
    """

    kind: FailureKind
    statuses: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()


# The first rule that fits decides.
RULES: Final[tuple[Rule, ...]] = (
    # One request over the whole limit: waiting would not help. OpenAI and groq word it alike, under 429 and 413.
    Rule("too_large", statuses=(413, 429), markers=("request too large",)),
    # Google calls its per-minute limits a quota, with the very sentence that OpenAI uses for an empty account.
    Rule("rate_limited", statuses=(429,), codes=("resource_exhausted",)),
    Rule(
        "out_of_quota",
        # openai; elevenlabs under 401; deepgram under 402
        codes=(
            "insufficient_quota",
            "quota_exceeded",
            "billing_hard_limit_reached",
            "billing_not_active",
            "asr_payment_required",
        ),
    ),
    Rule(
        "out_of_quota",
        statuses=(401, 402, 403, 429),
        markers=("insufficient_quota", "exceeded your current quota", "not have enough credits", "billing hard limit"),
    ),
    Rule("content_filtered", codes=("content_filter", "content_policy_violation", "responsibleaipolicyviolation")),
    Rule(
        "unauthorized",
        statuses=(400, 401, 403),
        codes=("invalid_api_key", "invalid_auth", "api_key_invalid", "authentication_error"),
        markers=("api key not valid", "incorrect api key", "invalid api key"),  # Google says it under 400
    ),
    Rule(
        "not_found",
        statuses=(400, 403, 404, 422),
        codes=("model_not_found", "model_decommissioned", "deploymentnotfound", "invalid_model"),
    ),
    Rule(
        "too_large",
        statuses=(400, 413, 422),
        markers=(
            "maximum content size",  # openai, whole body
            "maximum file size",  # vLLM
            "seconds is longer than",  # openai, gpt-4o family
            "too large for this model",  # openai, gpt-4o family: audio and prompt in tokens
            "maximum context length",  # OpenAI's models and vLLM's
            "cannot be longer than",  # Google Speech
            "exceeds duration limit",  # Google Speech
            "exceeds the maximum number of tokens",  # Gemini
        ),
    ),
    Rule(
        "overloaded",
        statuses=(429, 500, 502, 503),
        codes=("slow_down", "server_is_overloaded", "overloaded_error", "system_busy", "unavailable"),
    ),
    # Older whisper.cpp servers answer 200 to audio that they could not use; 200 comes here for their sake alone.
    Rule("unsupported", statuses=(200,), markers=("no 'file' field", "failed to read", "ffmpeg conversion failed")),
)

STATUSES: Final[dict[int, FailureKind]] = {
    401: "unauthorized",
    402: "out_of_quota",
    403: "not_found",  # the key was understood, and has no access
    404: "not_found",
    408: "timed_out",
    409: "server_error",
    413: "too_large",
    424: "server_error",
    429: "rate_limited",
    498: "overloaded",  # groq, flex tier
    499: "server_error",
    503: "overloaded",
    504: "timed_out",
    529: "overloaded",
}

# 2xx: an answer that is no transcript. 3xx: a transcription endpoint does not redirect, so the address is wrong.
HUNDREDS: Final[dict[int, FailureKind]] = {1: "bad_answer", 2: "bad_answer", 3: "not_found", 4: "unsupported", 5: "server_error"}

# Whether a refusal of this kind costs money. What no provider promises is `maybe`.
CHARGED: Final[dict[FailureKind, Certainty]] = {
    "bad_answer": "maybe",
    "content_filtered": "maybe",
    "not_found": "no",
    "out_of_quota": "no",
    "overloaded": "maybe",
    "rate_limited": "no",
    "server_error": "maybe",
    "timed_out": "maybe",
    "too_large": "no",
    "unauthorized": "no",
    "unsupported": "no",
}

# openai; Azure's gateway; deepgram; mistral
_REQUEST_ID_HEADERS: Final = ("x-request-id", "apim-request-id", "dg-request-id", "mistral-correlation-id")

_LONGEST_REQUEST_ID: Final = 128
_REDIRECTS: Final = 3

# Limits that are only stated in words: 429 everywhere, 503 for capacity.
_LIMITED: Final = 429
_WAITS_IN_WORDS: Final = frozenset({_LIMITED, 503})


def kind_of(status: int, complaint: Complaint, rules: tuple[Rule, ...] = ()) -> FailureKind:
    """The one kind of an answer with `status` and `complaint`, by the provider's own `rules` and then by those of all."""
    message = complaint.message.lower()
    for rule in (*rules, *RULES):
        if rule.statuses and status not in rule.statuses:
            continue
        if not set(rule.codes).isdisjoint(complaint.codes) or any(marker in message for marker in rule.markers):
            return rule.kind
    return STATUSES.get(status) or HUNDREDS.get(status // 100, "server_error")


def refusal(response: HttpResponse, rules: tuple[Rule, ...] = ()) -> AttemptFailure:
    """The failure that an answer stands for which is no success, or a success that carries an error.

    `rules` are those of the provider; they come before what holds for all.
    """
    complaint = complaint_of(response.body) or Complaint()
    kind, status = kind_of(response.status, complaint, rules), response.status
    if kind == "bad_answer" and (told := status_of(response.body)) is not None:
        kind, status = kind_of(told, complaint, rules), told
    return AttemptFailure(
        kind=kind,
        reason=_reason(response.status, complaint, kind),
        sent="yes",
        charged=CHARGED[kind],
        retry_after_ms=_wait_ms(response, status, complaint),
        status=response.status,
        request_id=request_id(response),
    )


def _wait_ms(response: HttpResponse, status: int, complaint: Complaint) -> int | None:
    """What the headers ask for; else what the words do; else, at a limit, when the headers say that it is lifted."""
    asked = retry_after_ms(response)
    if asked is None and status in _WAITS_IN_WORDS:
        asked = wait_in_words_ms(complaint.message)
    return reset_ms(response) if asked is None and status == _LIMITED else asked


def bad_answer(response: HttpResponse, why: str) -> AttemptFailure:
    """The failure of a success whose body is no transcript; `why` is in our words and quotes nothing of the body."""
    return AttemptFailure(
        kind="bad_answer",
        reason=f"http {response.status}: {why}",
        sent="yes",
        charged=CHARGED["bad_answer"],
        status=response.status,
        request_id=request_id(response),
    )


def request_id(response: HttpResponse) -> str | None:
    """The provider's own name for the exchange, if it is one readable word."""
    return next((found for name in _REQUEST_ID_HEADERS if (found := readable_id(response.header(name))) is not None), None)


def readable_id(found: object) -> str | None:
    """An id as it came, if it is one readable word."""
    if not isinstance(found, str) or not 0 < len(found) <= _LONGEST_REQUEST_ID:
        return None
    return found if found.isascii() and found.isprintable() else None


def _reason(status: int, complaint: Complaint, kind: FailureKind) -> str:
    """`http 401 invalid_api_key: what the provider said`, or the kind's own meaning when it said nothing."""
    code = f" {complaint.codes[0]}" if complaint.codes and not complaint.codes[0].isdigit() else ""
    said = "redirects elsewhere" if status // 100 == _REDIRECTS else complaint.message or KINDS[kind].meaning
    return scrubbed(f"http {status}{code}: {said}")
