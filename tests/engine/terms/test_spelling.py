import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxplan.engine.terms.spelling import listed, nearest, quoted, suggestion


@pytest.mark.parametrize(
    ("name", "close"),
    [("opnai", "openai"), ("OPENAI", "openai"), ("openai", "openai"), ("xyz", None), ("", None), ("o" * 10_000, None)],
)
def test_nearest(name: str, close: str | None) -> None:
    """A name with a slip or in capitals finds the one that was meant; others find none."""
    assert nearest(name, ("openai", "groq", "local")) == close


def test_nearest_of_nothing() -> None:
    """Without known names there is none to suggest."""
    assert nearest("openai", ()) is None


def test_suggestion() -> None:
    """The end of a message: one suggestion, or nothing."""
    assert suggestion("opnai", ("openai",)) == ", did you mean `openai`?"
    assert suggestion("xyz", ("openai",)) == ""


@pytest.mark.parametrize(
    ("value", "text"), [("a`b", "`a'b`"), ("\x1b[31m", "`\\x1b[31m`"), (None, "`null`"), (True, "`true`"), (1.5, "`1.5`")]
)
def test_quoted(value: str | float | None, text: str) -> None:
    """What was written is shown in backticks, harmless on a terminal."""
    assert quoted(value) == text


@given(st.text())
def test_quoted_text_is_one_short_line(text: str) -> None:
    """Any text, however long or odd, is shown on one line with no backtick inside."""
    shown = quoted(text)
    assert shown.isprintable()
    assert shown.count("`") == 2
    assert len(shown) <= 700


def test_listed() -> None:
    """Names stand in backticks with commas between them."""
    assert listed(("a", 1)) == "`a`, `1`"
