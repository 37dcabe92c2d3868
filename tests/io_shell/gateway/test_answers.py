from typing import Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plans import attempt, failure, plan_of
from voxplan.engine.plans.plan import digest
from voxplan.engine.plans.pricing import Cost
from voxplan.engine.runs.run import Cause, TrailEntry
from voxplan.engine.terms.request import ResponseFormat
from voxplan.engine.terms.transcript import Segment, Transcript
from voxplan.io_shell.answer import Answer
from voxplan.io_shell.errors import ProviderError
from voxplan.io_shell.gateway.answers import Reply, answer_headers, answered, asked_headers, header_value

PLAN: Final = plan_of(attempt("b"))
SPOKEN: Final = Transcript(text="Good morning.", segments=(Segment(start=0.0, end=1.0, text="Good morning.", speaker="0"),))


def call(number: int, deployment: str, cause: Cause = "first", *, failed: bool = False, cost: int | None = 1000) -> TrailEntry:
    """One call of a trail."""
    return TrailEntry(
        attempt=number,
        node=f"r/{deployment}",
        deployment=deployment,
        number=1,
        started_ms=0,
        ended_ms=5,
        ending="failed" if failed else "accepted",
        cause=cause,
        failure=failure("server_error", charged="no") if failed else None,
        cost=cost,
    )


def answer(
    *trail: TrailEntry, transcript: Transcript = SPOKEN, response_format: ResponseFormat = "json", cost: Cost | None = None
) -> Answer:
    """What `b` answered after this trail."""
    return Answer(
        transcript=transcript,
        served_by="b",
        attempts=trail or (call(1, "b"),),
        skipped=(),
        plan=PLAN,
        seed=7,
        moment_ms=0,
        served_cost=cost,
        response_format=response_format,
    )


def reply(found: Answer) -> Reply:
    """What the caller of model `r` gets."""
    return answered(found, model="r", call_id="c-1")


def headers(found: Answer) -> dict[str, str]:
    """The headers of the answer."""
    return dict(reply(found).headers)


@pytest.mark.parametrize(
    ("response_format", "content_type", "begins"),
    [
        ("json", "application/json", '{"text":"Good morning."'),
        ("verbose_json", "application/json", '{"task":"transcribe"'),
        ("diarized_json", "application/json", '{"task":"transcribe"'),
        ("text", "text/plain; charset=utf-8", "Good morning.\n"),
        ("srt", "text/plain; charset=utf-8", "1\n00:00:00,000 --> "),
        ("vtt", "text/vtt; charset=utf-8", "WEBVTT\n"),
    ],
)
def test_each_format_has_its_body_and_content_type(response_format: ResponseFormat, content_type: str, begins: str) -> None:
    """The body is what the library renders."""
    found = answer(response_format=response_format)
    sent = reply(found)
    assert (sent.status, sent.content_type) == (200, content_type)
    assert sent.body == found.render().encode()
    assert sent.body.decode().startswith(begins)


def test_every_format_is_tested() -> None:
    """The table above is complete."""
    marks = test_each_format_has_its_body_and_content_type.pytestmark  # type: ignore[attr-defined]
    assert {row[0] for row in marks[0].args[1]} == set(get_args(ResponseFormat))


def test_a_format_without_what_it_is_made_of_is_no_answer() -> None:
    """The error knows the run that it was."""
    with pytest.raises(ProviderError, match="no times") as raised:
        reply(answer(transcript=Transcript(text="hi"), response_format="srt"))
    assert (raised.value.kind, raised.value.plan, raised.value.seed) == ("unsupported", PLAN, 7)
    assert len(raised.value.attempts) == 1


def test_headers_tell_who_served_and_what_came_before() -> None:
    """Retries and fallbacks are counted apart, in LiteLLM's names too."""
    trail = (call(1, "a", failed=True), call(2, "a", "retry", failed=True), call(3, "b", "fallback"))
    assert headers(answer(*trail, cost=Cost(600_000, estimated=False))) == {
        "x-request-id": "c-1",
        "x-litellm-call-id": "c-1",
        "x-litellm-model-group": "r",
        "x-voxplan-served-by": "b",
        "x-voxplan-attempts": "3",
        "x-voxplan-retries": "1",
        "x-voxplan-fallbacks": "1",
        "x-voxplan-plan": digest(PLAN),
        "x-voxplan-seed": "7",
        "x-voxplan-cost": "0.000602",
        "x-voxplan-cost-certainty": "estimated",
        "x-litellm-response-cost": "0.000602",
        "x-litellm-model-id": "b",
        "x-litellm-attempted-retries": "1",
        "x-litellm-attempted-fallbacks": "1",
    }


def test_two_fallbacks_are_two() -> None:
    """However many hops there were."""
    trail = (call(1, "a", failed=True), call(2, "c", "fallback", failed=True), call(3, "b", "fallback"))
    assert headers(answer(*trail))["x-litellm-attempted-fallbacks"] == "2"


def test_an_unknown_cost_is_no_number() -> None:
    """It is never 0."""
    found = headers(answer(call(1, "b", cost=None)))
    assert "x-voxplan-cost" not in found
    assert "x-litellm-response-cost" not in found
    assert found["x-voxplan-cost-certainty"] == "unknown"


@pytest.mark.parametrize(
    ("nano", "shown"),
    [(0, "0"), (1, "0.000000001"), (10, "0.00000001"), (600_000, "0.0006"), (10**9, "1"), (12_500_000_000, "12.5")],
)
def test_a_cost_is_written_without_an_exponent(nano: int, shown: str) -> None:
    """In dollars, to the billionth."""
    found = headers(answer(cost=Cost(nano, estimated=False)))
    assert found["x-voxplan-cost"] == found["x-litellm-response-cost"] == shown


def test_headers_tell_what_is_not_as_it_was_asked_for() -> None:
    """And nothing where all is."""
    less = Answer(
        transcript=SPOKEN,
        served_by="b",
        attempts=(call(1, "b"),),
        skipped=(),
        plan=PLAN,
        seed=7,
        moment_ms=0,
        poor=True,
        dropped=("prompt", "keywords"),
        emulated=("stream",),
        unchecked=("no-names",),
    )
    told = {
        "x-voxplan-dropped": "prompt, keywords",
        "x-voxplan-emulated": "stream",
        "x-voxplan-unchecked": "no-names",
        "x-voxplan-poor": "true",
    }
    assert told.items() <= dict(answer_headers(less)).items()
    assert not told.keys() & dict(answer_headers(answer())).keys()


def test_fields_that_meant_nothing_are_named() -> None:
    """As a header may hold them."""
    found = dict(asked_headers(model="r", call_id="c", ignored=("langauge", "x\r\ny: z")))
    assert found["x-voxplan-ignored"] == "langauge, x%0D%0Ay: z"
    assert "x-voxplan-ignored" not in dict(asked_headers(model="r", call_id="c"))


@given(st.text())
def test_whatever_a_caller_wrote_a_header_is_one_short_printable_line(text: str) -> None:
    """No header is ever split in two."""
    value = header_value(text * 50)
    assert value.isascii()
    assert value.isprintable() or not value
    assert len(value) <= 1000
    assert value == value.lstrip()


def test_each_header_is_there_once() -> None:
    """In lower case, as servers want them."""
    names = [name for name, _ in answered(answer(), model="r", call_id="c", ignored=("x",)).headers]
    assert len(names) == len(set(names))
    assert names == [name.lower() for name in names]
