"""How Google refuses: one envelope for all its services, with a status in words and details that have reasons of their own."""

from typing import Final, cast

import msgspec
from msgspec.structs import replace

from voxplan.adapters.exchanging import answered
from voxplan.adapters.google.durations import seconds_of
from voxplan.adapters.refusals.failures import Rule, refusal
from voxplan.adapters.wire import Got, HttpResponse
from voxplan.engine.terms.failure import AttemptFailure

__all__ = ("FAILURES", "refused", "succeeded")

# The reasons are those of google/api/error_reason.proto; they come in the `details` of type ErrorInfo.
FAILURES: Final[tuple[Rule, ...]] = (
    Rule("out_of_quota", statuses=(400, 403), codes=("billing_disabled",)),
    # AI Studio, paid in advance; under the status of a rate.
    Rule("out_of_quota", statuses=(429,), markers=("credits are depleted",)),
    Rule(
        "unauthorized",
        statuses=(400, 401, 403),
        codes=(
            "api_key_invalid",
            "api_key_expired",
            "api_key_service_blocked",
            "api_key_http_referrer_blocked",
            "api_key_ip_address_blocked",
            "api_key_android_app_blocked",
            "api_key_ios_app_blocked",
            "access_token_expired",
            "access_token_scope_insufficient",
            "consumer_invalid",
            "consumer_suspended",
        ),
        markers=("api key expired", "api key was reported as leaked", "unregistered callers"),
    ),
    Rule(
        "not_found",
        statuses=(400,),
        markers=(
            "user location is not supported",  # AI Studio: where the account is, its API is not
            "free tier is not available",
            "unexpected model name",
            "does not exist in the location",  # Speech: the model
            "expected resource location",
        ),
    ),
    Rule("too_large", statuses=(400, 413), markers=("payload size exceeds", "inline audio exceeds", "input too long")),
)

_RETRY_INFO: Final = "google.rpc.RetryInfo"
_WAITING: Final = frozenset({429, 503})


def succeeded(got: Got) -> HttpResponse | AttemptFailure:
    """The answer, if it is a success."""
    read = answered(got, FAILURES)
    return _patient(got, read) if isinstance(got, HttpResponse) and isinstance(read, AttemptFailure) else read


def refused(response: HttpResponse) -> AttemptFailure:
    """The failure that an answer with an error stands for, with the wait that its details ask for."""
    return _patient(response, refusal(response, FAILURES))


def _patient(response: HttpResponse, failure: AttemptFailure) -> AttemptFailure:
    """There is no Retry-After: `RetryInfo` says how long to wait. Where words say it too, the longer counts."""
    asked = _retry_delay_ms(response.body) if response.status in _WAITING else None
    if asked is None:
        return failure
    return replace(failure, retry_after_ms=max(asked, failure.retry_after_ms or 0))


def _retry_delay_ms(body: bytes) -> int | None:
    try:
        top: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    error = _table(next(iter(_items(top)), top)).get("error")
    infos = (_table(each) for each in _items(_table(error).get("details")))
    delays = (seconds_of(info.get("retryDelay")) for info in infos if str(info.get("@type", "")).endswith(_RETRY_INFO))
    return max((round(delay * 1000) for delay in delays if delay is not None), default=None)


def _table(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _items(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
