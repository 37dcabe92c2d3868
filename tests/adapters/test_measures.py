import math

import pytest

from voxplan.adapters.measures import likelihood, readable, seconds, sentences, share, span, speaker
from voxplan.engine.terms.transcript import Segment, Word


@pytest.mark.parametrize(
    ("start", "end", "unit_s", "expected"),
    [
        (1, 2.5, 1.0, (1.0, 2.5)),
        (250, 650, 0.001, (0.25, 0.65)),
        (-0.2, -0.1, 1.0, (0.0, 0.0)),
        (2.0, 1.0, 1.0, (2.0, 2.0)),
        (0.1 + 0.2, 1.4399999, 1.0, (0.3, 1.44)),
        (None, 1.0, 1.0, None),
        (1.0, None, 1.0, None),
        (1.0, math.inf, 1.0, None),
        (math.nan, 1.0, 1.0, None),
        (0.0, 1e300, 1.0, None),
        (0.0, 1e12, 0.001, (0.0, 1e9)),
    ],
)
def test_times_are_put_right(start: float | None, end: float | None, unit_s: float, expected: tuple[float, float] | None) -> None:
    """Neither negative nor the wrong way round; half a pair is none."""
    assert span(start, end, unit_s) == expected


@pytest.mark.parametrize(("given", "expected"), [(3.5, 3.5), (0, 0.0), (-1.0, 0.0), (None, None), (math.inf, None)])
def test_a_length_is_a_number(given: float | None, expected: float | None) -> None:
    """Or nothing."""
    assert seconds(given) == expected


@pytest.mark.parametrize(("given", "expected"), [(0, 0), (0.5, 0.5), (1, 1), (1.01, None), (-0.1, None), (None, None)])
def test_a_confidence_is_a_share(given: float | None, expected: float | None) -> None:
    """Anything else says nothing."""
    assert share(given) == expected


@pytest.mark.parametrize(("given", "expected"), [(0, 1.0), (-math.inf, 0.0), (0.1, None), (math.nan, None), (None, None)])
def test_a_likelihood_has_a_logarithm(given: float | None, expected: float | None) -> None:
    """Of at most 0."""
    assert likelihood(given) == expected


@pytest.mark.parametrize("name", ["r-1", "019ffae2-f950", "a" * 128])
def test_a_name_that_can_be_read_is_kept(name: str) -> None:
    """As it is."""
    assert readable(name) == name


@pytest.mark.parametrize("name", [None, "", "a" * 129, "a\nb", "ä"])
def test_a_name_that_cannot_be_read_is_none(name: str | None) -> None:
    """It goes into logs and headers."""
    assert readable(name) is None


def test_speakers_and_channels_have_one_name() -> None:
    """Number 0 is somebody."""
    assert [speaker(0), speaker("A"), speaker(""), speaker(None)] == ["0", "A", None, None]
    assert [speaker(0, 0), speaker("S1", "2"), speaker(None, 1)] == ["channel 0 speaker 0", "channel 2 S1", "channel 1"]


def words(*said: tuple[str, str | None]) -> tuple[Word, ...]:
    """One word a second."""
    return tuple(Word(word=word, start=i, end=i + 0.5, speaker=who) for i, (word, who) in enumerate(said))


def test_a_sentence_of_one_speaker_is_a_segment() -> None:
    """It ends with its last stop, or when another one speaks."""
    said = words(("Who?", "A"), ("Me", "A"), ("and", "B"), ("you!", "B"), ("Ah", None))
    assert sentences(said) == (
        Segment(text="Who?", start=0, end=0.5, speaker="A"),
        Segment(text="Me", start=1, end=1.5, speaker="A"),
        Segment(text="and you!", start=2, end=3.5, speaker="B"),
        Segment(text="Ah", start=4, end=4.5),
    )
    assert sentences(()) == ()


def test_scripts_without_spaces_stay_so() -> None:
    """And have stops of their own."""
    assert [each.text for each in sentences(words(("你好", None), ("。", None), ("再见", None)))] == ["你好。", "再见"]
