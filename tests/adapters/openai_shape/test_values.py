"""What stands beside the words, written in every wrong way: it never costs a transcript."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.driving import answer, call, ended
from voxplan.adapters.openai_shape.values import items, label, number, table
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import Options
from voxplan.engine.terms.transcript import Segment, TokenLogprob, Transcript, Usage, Word

# Nothing that JSON knows is any of these fields' value.
NONSENSE: tuple[object, ...] = (None, [], {}, True, "", "soon", -1, [None], {"a": 1})

BESIDE = (
    "language",
    "detected_language",
    "languages",
    "duration",
    "usage",
    "logprobs",
    "diarization",
    "x_groq",
    "error",
    "errors",
    "detail",
    "task",
)
BESIDE_A_SEGMENT = ("tokens", "temperature", "avg_logprob", "compression_ratio", "no_speech_prob", "speaker", "speaker_id", "id")


def heard(body: object, options: Options | None = None) -> Transcript:
    """The transcript in a body that must hold one."""
    found = ended(call(options=options), answer(body if isinstance(body, bytes) else json.dumps(body).encode()))
    assert isinstance(found, Transcript), found
    return found


@pytest.mark.parametrize("value", [value for value in NONSENSE if value not in ("soon", {"a": 1}, [None])], ids=repr)
@pytest.mark.parametrize("name", BESIDE)
def test_nonsense_beside_the_text_says_nothing(name: str, value: object) -> None:
    """Null, empty or of another type."""
    assert heard({"text": "hello", name: value}) == Transcript(text="hello")


@pytest.mark.parametrize("value", NONSENSE, ids=repr)
@pytest.mark.parametrize("name", BESIDE_A_SEGMENT)
def test_nonsense_beside_a_segment_says_nothing(name: str, value: object) -> None:
    """The segment stays, with its text and times."""
    segments = heard({"text": "hello", "segments": [{"text": " hello", "start": 0, "end": 1, name: value}]}).segments
    assert segments is not None
    assert [(segment.text, segment.start, segment.end) for segment in segments] == [("hello", 0.0, 1.0)]


def test_numbers_written_as_text() -> None:
    """Times, length, scores and counts."""
    body = {
        "text": "hello",
        "duration": "2.5",
        "segments": [{"text": "hello", "start": "0.0", "end": "1.5", "avg_logprob": "-0.25", "tokens": ["7"], "speaker": 1.0}],
        "words": [{"word": "hello", "start": "0", "end": "1.5", "probability": "0.5"}],
        "usage": {"type": "tokens", "input_tokens": "37", "output_tokens": 12.0, "total_tokens": 49},
    }
    assert heard(body) == Transcript(
        text="hello",
        seconds=2.5,
        segments=(Segment(text="hello", start=0.0, end=1.5, avg_logprob=-0.25, tokens=(7,), speaker="1"),),
        words=(Word(word="hello", start=0.0, end=1.5, confidence=0.5),),
        usage=Usage(kind="tokens", input_tokens=37, output_tokens=12, total_tokens=49),
    )


def test_numbers_that_json_does_not_have() -> None:
    """Python's servers write `NaN`; in a text it is a word like others."""
    body = b'{"text":"NaN, \\"Infinity\\"","duration":NaN,"segments":[{"text":"a","start":0,"end":1,"avg_logprob":-Infinity}]}'
    assert heard(body) == Transcript(text='NaN, "Infinity"', segments=(Segment(text="a", start=0.0, end=1.0),))
    for broken in (b'{"text":"NaN', b'{"text":"a"} NaN "\\', b"NaN"):
        found = ended(call(), answer(broken))
        assert isinstance(found, AttemptFailure)
        assert found.kind == "bad_answer"


def test_rows_of_null_and_rows_that_say_nothing() -> None:
    """They are passed over; the others count."""
    body = {
        "text": "hello",
        "segments": [None, {"text": None, "start": 0, "end": 9}, {"text": "hello", "start": 0, "end": 1, "words": [None]}],
        "words": [None, {"word": None, "start": 0, "end": 1}, {"word": "hello", "start": 0, "end": 1}],
        "languages": [None, {"code": None}, {"code": "de"}],
    }
    assert heard(body) == Transcript(
        text="hello",
        language="de",
        segments=(Segment(text="hello", start=0.0, end=1.0),),
        words=(Word(word="hello", start=0.0, end=1.0),),
    )


@pytest.mark.parametrize("times", [{"start": 1e300, "end": 1e301}, {"start": 0, "end": 1e300}, {"start": 0}, {"end": 1}])
def test_times_of_no_recording_are_none(times: dict[str, float]) -> None:
    """Impossible ones and missing ones: the text is there, without times."""
    assert heard({"text": "a", "segments": [{"text": "a", **times}], "words": [{"word": "a", **times}]}) == Transcript(text="a")


def test_words_count_in_the_unit_of_the_segments() -> None:
    """A server that counts nanoseconds does so everywhere."""
    body = {
        "text": "a b",
        "segments": [{"text": "a b", "start": 0, "end": 2_500_000_000}],
        "words": [{"text": "a", "start": 0, "end": 400_000_000}, {"text": "b", "start": 900_000, "end": 2_500_000_000}],
    }
    words = heard(body).words
    assert words is not None
    assert [time for word in words for time in (word.start, word.end)] == pytest.approx([0.0, 0.4, 0.0009, 2.5])


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        ({"seconds": -4}, None),
        ({"seconds": "4"}, Usage(kind="duration", seconds=4)),
        ({"duration": 4}, Usage(kind="duration", seconds=4)),
        ({"seconds": None, "duration": 4}, Usage(kind="duration", seconds=4)),
        ({"total_tokens": 49}, Usage(kind="tokens", total_tokens=49)),
        ({"input_tokens": 3, "input_token_details": []}, Usage(kind="tokens", input_tokens=3)),
        ({"input_tokens": 3, "input_token_details": {"audio_tokens": None}}, Usage(kind="tokens", input_tokens=3)),
        ({"input_tokens": -3, "total_tokens": 1e300}, None),
        ({"prompt_tokens": 3, "completion_tokens": 1}, Usage(kind="tokens", input_tokens=3, output_tokens=1)),
    ],
)
def test_what_was_counted(usage: dict[str, object], counted: Usage | None) -> None:
    """What makes sense of it; never less than nothing."""
    assert heard({"text": "a", "usage": usage}).usage == counted


def test_log_probabilities_with_holes() -> None:
    """All of a row is optional to OpenAI's own clients; a row without token or number is none."""
    rows = [{"token": "a", "logprob": -1, "bytes": [97.0]}, {"token": None, "logprob": 0}, {"token": "b"}, None]
    assert heard({"text": "a", "logprobs": rows}).logprobs == (TokenLogprob(token="a", logprob=-1, bytes=(97,)),)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("english", "en"),
        ("English", "en"),
        ("EN", "en"),
        ("eng", "en"),
        ("en-US", "en"),
        ("zh-Hans", "zh"),
        ("pt_BR", "pt"),
        ("cmn", "zh"),
        ("iw", "he"),
        ("nb", "nb"),
        ("yue", "yue"),
        ("unknown", None),
        ("und", None),
        ("mul", None),
        ("", None),
    ],
)
def test_the_language_that_was_heard(given: str, code: str | None) -> None:
    """One code, however the server names it; a code for no language names none."""
    assert heard({"text": "a", "language": given}).language == code


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from((*BESIDE, "text", "words", "start")), inner),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from((*BESIDE, "segments", "words")), JSON),
    st.lists(st.dictionaries(st.sampled_from((*BESIDE_A_SEGMENT, "start", "end", "text", "words")), JSON), max_size=2),
)
def test_no_json_is_too_strange(beside: dict[str, object], segments: list[dict[str, object]]) -> None:
    """Whatever stands where: a transcript with times in order, or a failure with one printable line."""
    for body in ({"text": "a", **beside}, {"text": "a", "segments": segments}, {**beside, "text": beside.get("detail")}):
        found = ended(call(), answer(json.dumps(body).encode()))
        if isinstance(found, AttemptFailure):
            assert found.reason.isprintable()
        else:
            timed: tuple[Segment | Word, ...] = (*(found.segments or ()), *(found.words or ()))
            assert all(0 <= each.start <= each.end for each in timed)


def test_values_of_other_types() -> None:
    """They are none."""
    assert (number(True), number("1e999"), number([]), label(True), label(0.5), table([]), items({})) == (
        None,
        None,
        None,
        None,
        None,
        {},
        [],
    )
