import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from tests.condition_strategies import spans
from voxplan.engine.terms.quantity import MAX_BASE_MS, MAX_PER_SECOND_MS, Span, milliseconds, parse_span, print_span

TEXTS = {
    "500ms": Span(500),
    "8s": Span(8000),
    "8": Span(8000),
    "0": Span(0),
    "1.5s": Span(1500),
    "0.001": Span(1),
    "2m": Span(120_000),
    "2 min": Span(120_000),
    "1h": Span(3_600_000),
    "1000h": Span(MAX_BASE_MS),
    " 8s ": Span(8000),
    "1s+500ms": Span(1500),
    "5s + 0.05 * audio.seconds": Span(5000, (50, 1)),
    "0.05*audio.seconds": Span(0, (50, 1)),
    "50ms * audio.seconds": Span(0, (50, 1)),
    "0.0005 * audio.seconds + 1s": Span(1000, (1, 2)),
    "0.000000001 * audio.seconds": Span(0, (1, 1_000_000)),
    "1000 * audio.seconds": Span(0, (MAX_PER_SECOND_MS, 1)),
    "0 * audio.seconds": Span(0),
}

REFUSED = (
    *(
        "",
        " ",
        "s",
        "5x",
        "5 s s",
        "-5s",
        "+5s",
        "5s +",
        "5s - 1s",
        "1e3",
        "1e3s",
        "1_000",
        "0x10",
        "1,5s",
        ".5s",
        "5.s",
        "nan",
        "inf",
    ),
    *(
        "\u0665s",
        "\uff15s",
        "5s\n",
        "5s * audio.seconds * 2",
        "2m * audio.seconds",
        "audio.seconds",
        "5 * audio.bytes",
        "9" * 13,
        "1" + "+1" * 1000,
    ),
    *("0.0001s", "0.5ms", "0.0000000001 * audio.seconds", "0.0000001ms * audio.seconds", "1001h", "1001 * audio.seconds"),
    *(True, False, -1, -0.5, math.nan, math.inf, -math.inf, 1e300, 10**30, 0.0001),
)


@pytest.mark.parametrize(("text", "span"), TEXTS.items())
def test_durations_that_are_read(text: str, span: Span) -> None:
    """Units, decimals, sums and the length of the audio make the span that an author means."""
    assert parse_span(text) == Success(span)


@pytest.mark.parametrize("text", REFUSED)
def test_durations_that_are_refused(text: str | float) -> None:
    """What is no duration, negative, not whole or beyond the limits is refused on one short line."""
    found = parse_span(text)
    assert isinstance(found, Failure)
    assert found.failure().startswith("expected ")
    assert found.failure().isprintable()
    assert len(found.failure()) < 200


@pytest.mark.parametrize(
    ("number", "span"), [(8, Span(8000)), (0.1, Span(100)), (1.5, Span(1500)), (1e-3, Span(1)), (0, Span(0)), (1e3, Span(10**6))]
)
def test_numbers_are_seconds(number: float, span: Span) -> None:
    """A bare number is seconds, by the decimal digits that were written and not by the nearest float."""
    assert parse_span(number) == Success(span)


@given(spans(max_ms=MAX_BASE_MS))
def test_printing_and_reading(span: Span) -> None:
    """What is printed reads back as the same span."""
    assert parse_span(print_span(span)) == Success(span)


@given(
    st.from_regex(
        r"[0-9]{1,4}(\.[0-9]{1,9})?(ms|s|m|h)?( ?\+ ?[0-9]{1,3}(\.[0-9]{1,9})?(ms|s)? ?\* ?audio\.seconds)?", fullmatch=True
    )
)
def test_whatever_is_read_can_be_printed(text: str) -> None:
    """Each text that is read at all gives a span that printing does not round."""
    found = parse_span(text)
    if isinstance(found, Success):
        assert parse_span(print_span(found.unwrap())) == found


@given(st.text(max_size=50) | st.floats() | st.integers() | st.booleans())
def test_reading_never_raises(text: str | float) -> None:
    """Any text and number gives a span within the limits, or a failure."""
    found = parse_span(text)
    if isinstance(found, Success):
        assert 0 <= found.unwrap().base_ms <= MAX_BASE_MS


def test_milliseconds_are_rounded_up() -> None:
    """A part of a millisecond counts as a whole one."""
    assert milliseconds(Span(10, (1, 3)), 1.0) == 11


@pytest.mark.parametrize("seconds", [None, math.nan, math.inf])
def test_unknown_length(seconds: float | None) -> None:
    """A span that needs the length of the audio has none when it is unknown; another span does not care."""
    assert milliseconds(Span(10, (1, 1)), seconds) is None
    assert milliseconds(Span(10), seconds) == 10
