from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxplan.adapters.server_events import EventReader
from voxplan.adapters.wire import ServerEvent

LINES = st.sampled_from(
    ("data: one", "data:two", "data:  spaced", "data", "event: named", ": comment", "id: 7", "retry: 9", "data: é…", "")
)
ENDS = st.sampled_from(("\n", "\r\n", "\r"))
TEXTS = st.lists(st.tuples(LINES, ENDS), max_size=12).map(lambda lines: "".join(line + end for line, end in lines).encode())


def read(*pieces: bytes) -> list[ServerEvent]:
    """The events of a stream that comes in these pieces."""
    reader = EventReader()
    return [*(event for piece in pieces for event in reader.read(piece)), *reader.end()]


@given(TEXTS, st.lists(st.integers(0, 200), max_size=6))
def test_it_does_not_matter_how_a_stream_is_cut(text: bytes, cuts: list[int]) -> None:
    """Not in the middle of a line, of a letter or of a line's end either."""
    borders = sorted({0, *(min(cut, len(text)) for cut in cuts), len(text)})
    pieces = [text[start:end] for start, end in pairwise(borders)]
    assert read(*pieces) == read(text)
    assert read(*(bytes([byte]) for byte in text)) == read(text)


@pytest.mark.parametrize(
    ("text", "events"),
    [
        (b"data: a\n\n", [ServerEvent(data="a")]),
        (b"data: a\ndata: b\n\n", [ServerEvent(data="a\nb")]),
        (b"event: done\ndata: {}\n\n", [ServerEvent(data="{}", event="done")]),
        (b": keep alive\n\ndata: a\n\n", [ServerEvent(data="a")]),
        (b"\xef\xbb\xbfdata: a\r\n\r\n", [ServerEvent(data="a")]),
        (b"data: cut off", [ServerEvent(data="cut off")]),
        (b"event: nothing\n\ndata: a\n\n", [ServerEvent(data="a")]),
        (b"data:\n\n", [ServerEvent(data="")]),
        (b"", []),
    ],
)
def test_events_are_read_as_browsers_read_them(text: bytes, events: list[ServerEvent]) -> None:
    """Save that the last one counts without the blank line after it."""
    assert read(text) == events
