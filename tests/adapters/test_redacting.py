import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxplan.adapters.redacting import redact
from voxplan.adapters.rendering.formats import render
from voxplan.engine.terms.request import ResponseFormat
from voxplan.engine.terms.transcript import Segment, TokenLogprob, Transcript, Word

_CARD = re.compile(r"\b[0-9]{4}(?: [0-9]{4}){2,3}\b")


def no_cards(text: str) -> str:
    """Three or four groups of four digits are a card."""
    return _CARD.sub("[card]", text)


def spoken(*lines: str) -> Transcript:
    """These lines, a second each, with their words."""
    segments = tuple(Segment(text=line, start=float(n), end=n + 1.0, speaker="A", tokens=(n,)) for n, line in enumerate(lines))
    words = [(n, word) for n, line in enumerate(lines) for word in line.split()]
    return Transcript(
        text=" ".join(lines),
        segments=segments,
        words=tuple(Word(word=word, start=float(n), end=n + 1.0, speaker="A") for n, word in words),
    )


def test_a_change_within_a_line_leaves_the_others_alone() -> None:
    """Scores and tokens are those of what was said: they go."""
    changed = redact(spoken("hello", "it is 4111 1111 1111 1111 .", "bye"), no_cards)
    assert changed.text == "hello it is [card] . bye"
    assert changed.segments == (
        Segment(text="hello", start=0.0, end=1.0, speaker="A", tokens=(0,)),
        Segment(text="it is [card] .", start=1.0, end=2.0, speaker="A"),
        Segment(text="bye", start=2.0, end=3.0, speaker="A", tokens=(2,)),
    )
    assert [word.word for word in changed.words or ()] == ["hello", "it", "is", "[card]", ".", "bye"]


def test_a_change_across_lines_makes_them_one() -> None:
    """The number stands in no line alone; the words that were it are one."""
    changed = redact(spoken("it is 4111", "1111", "1111 1111 thanks", "bye"), no_cards)
    assert [(each.text, each.start, each.end) for each in changed.segments or ()] == [
        ("it is [card] thanks", 0.0, 3.0),
        ("bye", 3.0, 4.0),
    ]
    assert changed.words is not None
    assert changed.words[2] == Word(word="[card]", start=0.0, end=3.0, speaker="A")


def test_what_is_wholly_taken_away_is_gone() -> None:
    """No empty line and no empty word stays."""
    changed = redact(spoken("hello", "secret", "bye"), lambda text: text.replace("secret", ""))
    assert [segment.text for segment in changed.segments or ()] == ["hello", "bye"]
    assert [word.word for word in changed.words or ()] == ["hello", "bye"]


def nothing(_: str) -> str:
    """Takes all away."""
    return "[nothing]"


def noted(text: str) -> str:
    """Puts something before."""
    return f"note: {text}"


def cut(text: str) -> str:
    """Takes the end away."""
    return text[:9]


@pytest.mark.parametrize("function", [nothing, noted, cut, str.upper])
def test_a_function_that_looks_at_the_whole_is_taken_at_its_word(function: Callable[[str], str]) -> None:
    """Then all pieces are one: what a reader of subtitles sees is what the function made."""
    before = spoken("one two", "three four", "five")
    changed = redact(before, function)
    wanted = function(before.text).split()
    assert changed.text == function(before.text)
    assert " ".join(segment.text for segment in changed.segments or ()).split() == wanted
    assert " ".join(word.word for word in changed.words or ()).split() == wanted


def test_times_that_are_not_there_do_not_appear() -> None:
    """A transcript of text alone stays one; silence stays silence."""
    assert redact(Transcript(text="4111 1111 1111"), no_cards) == Transcript(text="[card]")
    silence = Transcript(text="", segments=(), words=())
    assert redact(silence, no_cards) == silence


_LINES = st.lists(
    st.lists(st.sampled_from(["4111", "1111", "2222", "and", "a"]), min_size=1, max_size=5).map(" ".join), min_size=1, max_size=5
)
_FORMATS: tuple[ResponseFormat, ...] = ("json", "text", "srt", "vtt", "verbose_json")


@given(lines=_LINES)
def test_nothing_is_left_behind_in_any_format(lines: list[str]) -> None:
    """What all lines say together is what the function makes of the whole, and no format says more (law G2)."""
    changed = redact(spoken(*lines), no_cards)
    wanted = no_cards(" ".join(lines)).split()
    assert " ".join(segment.text for segment in changed.segments or ()).split() == wanted
    assert " ".join(word.word for word in changed.words or ()).split() == wanted
    for response_format in _FORMATS:
        assert render(changed, response_format).unwrap().text.count("[card]") >= min(1, wanted.count("[card]"))


@given(lines=_LINES)
def test_a_function_that_changes_nothing_changes_nothing(lines: list[str]) -> None:
    """Not even the tokens."""
    assert redact(spoken(*lines), lambda text: text) == spoken(*lines)


def test_tokens_do_not_tell_what_was_redacted() -> None:
    """Log probabilities come with the tokens of the text: they stay only where nothing is changed."""
    token = TokenLogprob(token="4111", logprob=-0.1)
    said = Transcript(text="4111 1111 1111", logprobs=(token,))
    assert redact(said, lambda text: text.replace("4111", "****")).logprobs is None
    assert redact(said, lambda text: text).logprobs == (token,)
