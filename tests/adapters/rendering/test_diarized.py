import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from voxplan.adapters.rendering.formats import render, to_diarized_json
from voxplan.adapters.rendering.speakers import letter, lettered
from voxplan.engine.terms.transcript import Segment, Transcript, Usage, Word


def said(text: str, speaker: str | None, start: float = 0.0) -> tuple[Word, ...]:
    """The words of a text, one each second, each as long as half of one."""
    return tuple(
        Word(word=word.strip(".,?"), start=start + i, end=start + i + 0.5, speaker=speaker) for i, word in enumerate(text.split())
    )


def told(transcript: Transcript) -> list[tuple[object, ...]]:
    """Speaker, text, start and end of each segment of the rendering."""
    table = to_diarized_json(transcript)
    assert table is not None
    segments = json.loads(json.dumps(table["segments"]))
    return [(each["speaker"], each["text"], each["start"], each["end"]) for each in segments]


def test_the_shape_is_openais() -> None:
    """Every field that OpenAI's clients declare, with its type."""
    spoken = Transcript(
        text="Hello. Hi.",
        seconds=3.5,
        segments=(
            Segment(text="Hello.", start=0.0, end=1.0, speaker="speaker_1"),
            Segment(text="Hi.", start=2.0, end=3.0, speaker="speaker_0"),
        ),
        usage=Usage(kind="duration", seconds=4),
    )
    made = render(spoken, "diarized_json")
    assert isinstance(made, Success)
    assert made.unwrap().content_type == "application/json"
    kind = "transcript.text.segment"
    assert json.loads(made.unwrap().text) == {
        "task": "transcribe",
        "duration": 3.5,
        "text": "Hello. Hi.",
        "segments": [
            {"type": kind, "id": "seg_0", "start": 0.0, "end": 1.0, "text": "Hello.", "speaker": "A"},
            {"type": kind, "id": "seg_1", "start": 2.0, "end": 3.0, "text": "Hi.", "speaker": "B"},
        ],
        "usage": {"type": "duration", "seconds": 4},
    }


@pytest.mark.parametrize(
    ("given_names", "names"),
    [
        (["0", "1", "0"], ["A", "B", "A"]),
        (["speaker_3", "speaker_0"], ["A", "B"]),
        (["SPEAKER_00", "SPEAKER_01"], ["A", "B"]),
        (["Speaker 1", "spk:0", "spk_1", "S2"], ["A", "B", "C", "D"]),
        (["B", "A"], ["B", "A"]),
        (["agent", "A", "1"], ["agent", "A", "B"]),  # a letter that is taken is not given again
        (["Spyros 2", "speaker"], ["Spyros 2", "speaker"]),
    ],
)
def test_speakers_are_letters_or_names(given_names: list[str], names: list[str]) -> None:
    """Numbers become letters in the order in which they appear; what somebody chose stays."""
    called = lettered(given_names)
    assert [called[name] for name in given_names] == names


@given(st.lists(st.integers(0, 800).map(str) | st.sampled_from(["A", "C", "Agnes", "speaker_3"]), max_size=40))
def test_no_two_speakers_share_a_name(speakers: list[str]) -> None:
    """Whoever was told apart stays so."""
    called = lettered(speakers)
    assert len(set(called.values())) == len(set(speakers))


def test_letters_go_on_after_z() -> None:
    """Each number has a name of its own, in order of length and alphabet."""
    names = [letter(number) for number in range(2000)]
    assert (names[25], names[26], names[27]) == ("Z", "AA", "AB")
    assert names == sorted(set(names), key=lambda name: (len(name), name))


def test_a_segment_of_several_speakers_is_cut_by_its_words() -> None:
    """The text keeps its punctuation; times are those of the words."""
    words = (*said("Are you there?", "0"), *said("Yes, I am.", "1", 3), *said("Good.", "0", 6))
    spoken = Transcript(
        text="Are you there? Yes, I am. Good.",
        segments=(Segment(text="Are you there? Yes, I am. Good.", start=0, end=7),),
        words=words,
    )
    assert told(spoken) == [("A", "Are you there?", 0, 2.5), ("B", "Yes, I am.", 3, 5.5), ("A", "Good.", 6, 6.5)]


def test_a_cut_takes_the_opening_quote_along() -> None:
    """What opens before a word belongs to it."""
    words = (*said("He said", "0"), *said("yes", "1", 2))
    spoken = Transcript(text="He said “yes”", segments=(Segment(text="He said “yes”", start=0, end=3),), words=words)
    assert [text for _, text, *_ in told(spoken)] == ["He said", "“yes”"]


def test_words_that_are_not_in_the_text_are_joined() -> None:
    """Where words and text differ, the words themselves are what is known to have been said."""
    words = (*said("one two", "0"), *said("three", "1", 2))
    spoken = Transcript(text="1 2 3", segments=(Segment(text="1 2 3", start=0, end=3),), words=words)
    assert [(speaker, text) for speaker, text, *_ in told(spoken)] == [("A", "one two"), ("B", "three")]


def test_segments_that_overlap_keep_their_words() -> None:
    """Two who speak at once are two segments, and neither is cut by the other's words."""
    spoken = Transcript(
        text="a b c d x",
        segments=(Segment(text="a b c d", start=0, end=4, speaker="0"), Segment(text="x", start=2, end=3, speaker="1")),
        words=(*said("a b", "0"), Word(word="c", start=2.1, end=2.5, speaker="0"), *said("x", "1", 2), *said("d", "0", 3)),
    )
    assert told(spoken) == [("A", "a b c d", 0, 4), ("B", "x", 2, 3)]


def test_words_alone_make_the_segments() -> None:
    """Grouped by speaker, with the text between them; a word of nobody goes on with the speaker."""
    words = (*said("Are you", "speaker_0"), *said("there", None, 2), *said("Yes", "speaker_1", 3))
    assert told(Transcript(text="Are you there? Yes!", words=words)) == [
        ("A", "Are you there?", 0, 2.5),
        ("B", "Yes!", 3, 3.5),
    ]


def test_a_segment_learns_its_speaker_from_its_words() -> None:
    """Segments without speakers beside words with them; one that nobody is known for says so."""
    spoken = Transcript(
        text="one two",
        segments=(Segment(text="one", start=0, end=1), Segment(text="two", start=5, end=6)),
        words=said("one", "1"),
    )
    assert [(speaker, text) for speaker, text, *_ in told(spoken)] == [("A", "one"), ("unknown", "two")]


@pytest.mark.parametrize(
    ("spoken", "what"),
    [
        (Transcript(text="a"), "times"),
        (Transcript(text="a", segments=()), "times"),
        (Transcript(text="a", segments=(Segment(text="a", start=0, end=1),)), "speakers"),
        (Transcript(text="a", words=(Word(word="a", start=0, end=1),)), "speakers"),
    ],
)
def test_without_times_or_speakers_there_is_none(spoken: Transcript, what: str) -> None:
    """The format is `unsupported` for this transcript, and routing goes on to somebody who can."""
    made = render(spoken, "diarized_json")
    assert isinstance(made, Failure)
    assert made.failure().kind == "unsupported"
    assert f"no {what}" in made.failure().reason


def test_silence_has_no_segments() -> None:
    """Nothing said is an answer, with a length as OpenAI promises one."""
    assert to_diarized_json(Transcript(text="", seconds=2.0)) == {
        "task": "transcribe",
        "duration": 2.0,
        "text": "",
        "segments": [],
    }
    assert (to_diarized_json(Transcript(text="", segments=())) or {})["duration"] == 0.0


names = st.none() | st.sampled_from(["0", "1", "speaker_2", "Agnes"])
moments = st.floats(0, 100, allow_nan=False)


@given(
    st.lists(st.tuples(st.text("abc .,", max_size=12), moments, moments, names), max_size=5),
    st.lists(st.tuples(st.text("abc.,", min_size=1, max_size=4), moments, moments, names), max_size=9),
)
def test_whatever_comes_has_a_speaker_for_each_segment(
    segments: list[tuple[str, float, float, str | None]], words: list[tuple[str, float, float, str | None]]
) -> None:
    """Every rendering has numbered segments in order of time, none empty, none the wrong way round, all with a speaker."""
    spoken = Transcript(
        text="some text",
        segments=tuple(Segment(text=text, start=min(a, b), end=max(a, b), speaker=who) for text, a, b, who in segments),
        words=tuple(Word(word=text, start=min(a, b), end=max(a, b), speaker=who) for text, a, b, who in words),
    )
    table = to_diarized_json(spoken)
    if table is None:
        return
    listed = json.loads(json.dumps(table["segments"]))
    assert [each["id"] for each in listed] == [f"seg_{number}" for number in range(len(listed))]
    assert [each["start"] for each in listed] == sorted(each["start"] for each in listed)
    assert all(each["speaker"] and each["text"].strip() and each["start"] <= each["end"] for each in listed)
