import pytest

from voxplan.adapters.degrading import completed, reduced, words_of
from voxplan.engine.plans.plan import Degrade
from voxplan.engine.terms.capability import Capabilities
from voxplan.engine.terms.request import Option, Options
from voxplan.engine.terms.transcript import Segment, Transcript, Word

PLAIN = Options()
ALL = Options(language="fi", prompt="hi", temperature=0.5, timestamps=("word", "segment"), diarize=True, stream=True)
NOTHING = Capabilities()
SEGMENTS = Capabilities(segments=True)


@pytest.mark.parametrize(
    ("option", "field", "value"),
    [
        ("language", "language", None),
        ("prompt", "prompt", None),
        ("temperature", "temperature", None),
        ("timestamps", "timestamps", ()),
        ("diarize", "diarize", False),
        ("stream", "stream", False),
    ],
)
def test_what_is_dropped_is_not_asked_for(option: Option, field: str, value: object) -> None:
    """And everything else is (law F7)."""
    asked = reduced(ALL, (Degrade(option=option, how="dropped"),), NOTHING)
    changed = {name for name in Options.__struct_fields__ if getattr(asked, name) != getattr(ALL, name)}
    assert (changed, getattr(asked, field)) == ({field}, value)


def test_dropping_times_keeps_those_that_there_are() -> None:
    """Only words are lacking."""
    assert reduced(ALL, (Degrade(option="timestamps", how="dropped"),), SEGMENTS).timestamps == ("segment",)


def test_word_times_are_made_of_segments() -> None:
    """So segments are asked for, and the words come afterwards."""
    degrades = (Degrade(option="timestamps", how="emulated"),)
    assert reduced(Options(timestamps=("word",)), degrades, SEGMENTS).timestamps == ("segment",)
    heard = Transcript(text="to be", segments=(Segment(text="to be", start=0.0, end=4.0),))
    assert completed(heard, PLAIN, degrades).words == (Word(word="to", start=0.0, end=2.0), Word(word="be", start=2.0, end=4.0))
    assert completed(heard, PLAIN, ()) == heard


def test_a_word_takes_its_share_of_the_time() -> None:
    """By its letters, without gaps, from the segment's start to its end, by the same speaker."""
    words = list(words_of(Segment(text=" a  bcd ", start=10.0, end=18.0, speaker="A")))
    assert [(word.word, word.start, word.end, word.speaker) for word in words] == [
        ("a", 10.0, 12.0, "A"),
        ("bcd", 12.0, 18.0, "A"),
    ]


@pytest.mark.parametrize("text", ["", " "])
def test_where_nothing_is_said_there_are_no_words(text: str) -> None:
    """Nor is anything divided by zero."""
    silent = Transcript(text="", segments=(Segment(text=text, start=0.0, end=1.0),))
    assert completed(silent, PLAIN, (Degrade(option="timestamps", how="emulated"),)).words == ()


def test_a_translation_says_that_it_is_one() -> None:
    """Its text is in English, whatever the provider says was spoken."""
    heard = Transcript(text="to be", language="de")
    made = completed(heard, Options(translate=True), ())
    assert (made.translated, made.language, made.text) == (True, "en", "to be")
    assert completed(heard, PLAIN, ()) == heard


def test_words_are_made_of_segments_where_a_translation_has_no_words() -> None:
    """What counts is what the model gives for this task."""
    can = Capabilities(segments=True, words=True, translate=True, translate_without=("words",))
    asked = Options(timestamps=("word", "segment"), translate=True)
    assert reduced(asked, (Degrade(option="timestamps", how="dropped"),), can).timestamps == ("segment",)
