"""The answer of the gateway: a transcript in the format that was asked for, and headers that tell where it came from.

`x-voxplan-…` headers tell everything; LiteLLM's names stand beside them where its clients look for them. What is not known has no
header, and no header holds an address, a key, or anything that a provider worded.
"""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

import msgspec
from returns.result import Failure

from voxplan.adapters.rendering.formats import render
from voxplan.engine.plans.plan import Plan, digest
from voxplan.engine.runs.run import Cause, TrailEntry
from voxplan.io_shell.answer import Answer
from voxplan.io_shell.errors import ProviderError

__all__ = ("Headers", "Reply", "answer_headers", "answered", "asked_headers", "call_headers", "header_value", "trail_headers")

Headers = tuple[tuple[str, str], ...]
"""Names in lower case, each once, with values that any server may send as they are."""

_LONGEST: Final = 1000
_UNSAFE: Final = re.compile(r"[^\x21-\x7e ]|%")
_NANO_DIGITS: Final = 9


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer to a request over HTTP."""

    status: int
    content_type: str
    body: bytes
    headers: Headers = ()


def answered(answer: Answer, *, model: str, call_id: str, ignored: Sequence[str] = ()) -> Reply:
    """What the caller who asked `model` gets, with what the route answered.

    `call_id` names the request in the gateway's log; `ignored` are fields that meant nothing. Raises ProviderError when the
    transcript lacks what the format is made of.
    """
    rendered = render(answer.transcript, answer.response_format)
    if isinstance(rendered, Failure):
        failure = rendered.failure()
        raise ProviderError(failure.reason, kind=failure.kind, attempts=answer.attempts, plan=answer.plan, seed=answer.seed)
    found = rendered.unwrap()
    return Reply(
        status=200,
        content_type=found.content_type,
        body=found.text.encode(),
        headers=(*asked_headers(model=model, call_id=call_id, ignored=ignored), *answer_headers(answer)),
    )


def call_headers(call_id: str) -> Headers:
    """The name of the request, which every answer has: as OpenAI's clients look for it, and as LiteLLM's do."""
    name = header_value(call_id)
    return (("x-request-id", name), ("x-litellm-call-id", name))


def asked_headers(*, model: str, call_id: str, ignored: Sequence[str] = ()) -> Headers:
    """What is known before anything was attempted: all that a stream can tell, which begins before its end is known."""
    return (
        *call_headers(call_id),
        ("x-litellm-model-group", header_value(model)),
        *((("x-voxplan-ignored", _listed(ignored)),) if ignored else ()),
    )


def answer_headers(answer: Answer) -> Headers:
    """Who served, at what price, and what is not as it was asked for."""
    cost = None if answer.cost is None else _dollars(answer.cost)
    told = (
        ("x-voxplan-served-by", header_value(answer.served_by)),
        *trail_headers(answer.attempts, answer.plan, answer.seed),
        ("x-voxplan-cost", cost),
        ("x-voxplan-cost-certainty", answer.cost_certainty),
        ("x-voxplan-dropped", _listed(answer.dropped)),
        ("x-voxplan-emulated", _listed(answer.emulated)),
        ("x-voxplan-unchecked", _listed(answer.unchecked)),
        ("x-voxplan-poor", "true" if answer.poor else None),
        ("x-litellm-model-id", header_value(answer.served_by)),
        ("x-litellm-response-cost", cost),
    )
    return tuple((name, value) for name, value in told if value)


def trail_headers(attempts: Sequence[TrailEntry], plan: Plan | None, seed: int | None) -> Headers:
    """How many calls there were and why, and which plan they followed: known of what failed as well."""
    retries, fallbacks = _count(attempts, "retry"), _count(attempts, "fallback")
    return (
        ("x-voxplan-attempts", str(len(attempts))),
        ("x-voxplan-retries", retries),
        ("x-voxplan-fallbacks", fallbacks),
        *((("x-voxplan-plan", digest(plan)),) if plan is not None else ()),
        *((("x-voxplan-seed", str(seed)),) if seed is not None else ()),
        ("x-litellm-attempted-retries", retries),
        ("x-litellm-attempted-fallbacks", fallbacks),
    )


def header_value(text: str) -> str:
    r"""Text as a header may hold it: what is not printable ASCII is written as in addresses, and what is long is cut.

    >>> header_value("näin\r\nx: y")
    'n%C3%A4in%0D%0Ax: y'
    """
    return _UNSAFE.sub(lambda found: quote(found[0], safe="", errors="replace"), text[:_LONGEST].strip())[:_LONGEST]


def _count(attempts: Sequence[TrailEntry], cause: Cause) -> str:
    return str(sum(entry.cause == cause for entry in attempts))


def _listed(names: Sequence[str]) -> str:
    return header_value(", ".join(names))


def _dollars(cost: float) -> str:
    """Dollars without an exponent, exact to the billionth.

    >>> _dollars(0.0006), _dollars(0.0), _dollars(12.0)
    ('0.0006', '0', '12')
    """
    return f"{cost:.{_NANO_DIGITS}f}".rstrip("0").rstrip(".")
