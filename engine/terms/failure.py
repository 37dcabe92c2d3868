"""The closed set of failure kinds, and what each means for fallback, retry and health.

Every way in which an attempt can end badly is exactly one kind. The table below is the only place that says what a kind
does; planner, driver, health and adapters read it. Nothing here knows how a provider words its errors: adapters do.
"""

from typing import Final, Literal, NamedTuple

import msgspec

__all__ = (
    "KINDS",
    "LISTABLE",
    "RETRIED",
    "RETRIED_ON_HINT",
    "STAR",
    "AttemptFailure",
    "Certainty",
    "FailureKind",
    "Fallback",
    "HealthEffect",
    "KindRule",
    "Retrying",
    "worst",
)

FailureKind = Literal[
    "cancelled",
    "blocked",
    "content_filtered",
    "invalid_request",
    "rate_limited",
    "overloaded",
    "timed_out",
    "server_error",
    "not_connected",
    "bad_answer",
    "poor_quality",
    "too_large",
    "unsupported",
    "out_of_quota",
    "not_found",
    "unauthorized",
    "adapter_bug",
]

Certainty = Literal["no", "maybe", "yes"]

Fallback = Literal["star", "listed", "never"]
"""Whether `on: ["*"]` covers the kind, only an explicit entry does, or none may."""

Retrying = Literal["yes", "hint", "no"]
"""Whether a bare `retry: {times: n}` covers the kind; `hint` = only when the provider said how long to wait."""

HealthEffect = Literal["counts", "counts_if_whole", "cools_until", "cools_loudly", "cools_key", "cools_key_long", "none"]
"""What a kind does to the health of its deployment, or, with `key`, to that of every deployment that uses the same key."""


class KindRule(NamedTuple):
    """What one failure kind does; `meaning` is the sentence shown to people."""

    fallback: Fallback
    retrying: Retrying
    health: HealthEffect
    meaning: str


# The order of the rows is the order of blame: a failed run takes the first of its attempts' kinds in this table.
KINDS: Final[dict[FailureKind, KindRule]] = {
    "cancelled": KindRule("never", "no", "none", "the caller went away"),
    "blocked": KindRule("never", "no", "none", "a guardrail said no"),
    "content_filtered": KindRule("listed", "no", "none", "the provider refused the content"),
    "invalid_request": KindRule("listed", "no", "none", "a value that every provider would refuse"),
    "rate_limited": KindRule("star", "hint", "cools_until", "the provider's rate limit"),
    "overloaded": KindRule("star", "yes", "counts", "the provider is over capacity"),
    "timed_out": KindRule("star", "no", "counts_if_whole", "no whole answer within the attempt's time"),
    "server_error": KindRule("star", "yes", "counts", "the provider failed, or the connection broke mid-answer"),
    "not_connected": KindRule("star", "yes", "counts", "no connection: nothing was sent"),
    "bad_answer": KindRule("star", "no", "counts", "an answer that cannot be decoded"),
    "poor_quality": KindRule("star", "no", "none", "the transcript failed an `accept` gate"),
    "too_large": KindRule("star", "no", "none", "more audio than this provider takes in one request"),
    "unsupported": KindRule("star", "no", "none", "this provider cannot take this audio, language or option"),
    "out_of_quota": KindRule("star", "no", "cools_key_long", "the account is out of money or quota"),
    "not_found": KindRule("star", "no", "cools_loudly", "unknown model, or no access to it"),
    "unauthorized": KindRule("star", "no", "cools_key", "the key itself was refused"),
    "adapter_bug": KindRule("star", "no", "none", "a fault in voxplan's own adapter"),
}

_ORDER: Final[dict[FailureKind, int]] = {kind: rank for rank, kind in enumerate(KINDS)}

STAR: Final[tuple[FailureKind, ...]] = tuple(k for k, rule in KINDS.items() if rule.fallback == "star")
LISTABLE: Final[tuple[FailureKind, ...]] = tuple(k for k, rule in KINDS.items() if rule.fallback != "never")
RETRIED: Final[tuple[FailureKind, ...]] = tuple(k for k, rule in KINDS.items() if rule.retrying == "yes")
RETRIED_ON_HINT: Final[tuple[FailureKind, ...]] = tuple(k for k, rule in KINDS.items() if rule.retrying == "hint")


class AttemptFailure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one attempt failed. `reason` is one line for people and never holds a secret.

    `sent` and `charged` say whether the audio left and whether the provider will bill it; `retry_after_ms` is what the
    provider asked for; `status` the HTTP status if there was an answer; `request_id` the provider's own.
    """

    kind: FailureKind
    reason: str
    sent: Certainty = "maybe"
    charged: Certainty = "maybe"
    retry_after_ms: int | None = None
    status: int | None = None
    request_id: str | None = None


def worst(kinds: tuple[FailureKind, ...]) -> FailureKind:
    """The kind of a run whose attempts failed with these: the first of them in the order of blame.

    >>> worst(("server_error", "rate_limited", "unauthorized"))
    'rate_limited'
    """
    return min(kinds, key=_ORDER.__getitem__)
