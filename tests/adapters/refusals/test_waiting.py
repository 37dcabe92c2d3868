import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.driving import answer
from voxplan.adapters.refusals.waiting import reset_ms, retry_after_ms, wait_in_words_ms

NOW = "Sun, 22 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "wait_ms"),
    [
        ({}, None),
        ({"retry_after": "7"}, 7000),
        ({"retry_after": "0"}, 0),
        ({"retry_after": " 1.5 "}, 1500),
        ({"retry_after_ms": "250"}, 250),
        ({"retry_after_ms": "0", "retry_after": "1"}, 1000),  # azure sends both, and they disagree
        ({"retry_after": "-1"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "<seconds>"}, None),
        ({"retry_after": "1e9"}, None),
        ({"retry_after": "inf"}, None),
        ({"retry_after": "9" * 40}, None),
        ({"retry_after": "Sun, 22 Nov 2026 10:01:30 GMT", "date": NOW}, 90_000),
        ({"retry_after": NOW, "date": NOW}, 0),
        ({"retry_after": "Sun, 22 Nov 2026 10:01:30 GMT"}, None),  # no date, no now
        ({"retry_after": "Sun, 22 Nov 2026 09:59:59 GMT", "date": NOW}, None),
        ({"retry_after": "Sun, 31 Feb 2026 10:00:00 GMT", "date": NOW}, None),
        ({"retry_after": "Sun, 22 Nev 2026 10:00:00 GMT", "date": NOW}, None),
        ({"retry_after": "Sun, 22 Nov 2026 10:01:30 GMT", "date": "yesterday"}, None),
    ],
)
def test_the_wait_in_headers(headers: dict[str, str], wait_ms: int | None) -> None:
    """Seconds, milliseconds or a date against the answer's own; garbage and the past are no hint."""
    assert retry_after_ms(answer(b"", 429, **headers)) == wait_ms


@pytest.mark.parametrize(
    ("message", "wait_ms"),
    [
        ("Please try again in 1m39.738s. Need more?", 99_738),
        ("Please retry in 48.939935699s.", 48_940),
        ("try again in 20ms", 20),
        ("Try again in 2h3m4s", 7_384_000),
        ("try again in 6m0s", 360_000),
        ("try again later", None),
        ("try again in a moment", None),
        ("retry in 5 minutes", 300_000),
        ("Please retry after 6 seconds.", 6000),
        ("Please try again in 20 seconds. Visit", 20_000),
        ("please wait 2.5 seconds and", 2500),
        ("retry after 250 milliseconds", 250),
        ("try again in 1d2h", 93_600_000),
        ("try again in 3 attempts", None),
    ],
)
def test_the_wait_in_words(message: str, wait_ms: int | None) -> None:
    """The sentences of groq, Google and OpenAI."""
    assert wait_in_words_ms(message) == wait_ms


@pytest.mark.parametrize(
    ("headers", "wait_ms"),
    [
        ({}, None),
        ({"reset_requests": "6m0s"}, 360_000),
        ({"reset_requests": "1.2s"}, 1200),
        ({"reset_tokens": "20ms"}, 20),
        ({"reset_requests": "2m59.56s", "reset_tokens": "7.66s"}, 7660),
        ({"reset_requests": "2m59.56s", "remaining_requests": "0", "reset_tokens": "7.66s", "remaining_tokens": "5"}, 179_560),
        ({"reset_requests": "60"}, 60_000),
        ({"reset_requests": "1795348800"}, None),  # a point in time
        ({"reset_requests": "0s"}, 0),
        ({"reset_requests": ""}, None),
        ({"reset_requests": "soon", "reset_tokens": "1h"}, 3_600_000),
    ],
)
def test_when_a_limit_is_lifted(headers: dict[str, str], wait_ms: int | None) -> None:
    """That of the limit which is used up; where none says so, the first that is full again."""
    response = answer(b"", 429, **{f"x_ratelimit_{name}": value for name, value in headers.items()})
    assert reset_ms(response) == wait_ms


@given(st.text(max_size=40))
def test_no_header_is_too_strange(text: str) -> None:
    """Any text is a wait that is not negative, or none."""
    for headers in ({"retry_after": text, "date": NOW}, {"retry_after_ms": text}):
        wait_ms = retry_after_ms(answer(b"", 429, **headers))
        assert wait_ms is None or wait_ms >= 0
    for wait_ms in (reset_ms(answer(b"", 429, x_ratelimit_reset_tokens=text)), wait_in_words_ms(f"try again in {text}")):
        assert wait_ms is None or wait_ms >= 0
