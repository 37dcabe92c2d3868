import json
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxplan.adapters.rendering.events import (
    DONE,
    Delta,
    Done,
    Event,
    Roll,
    SegmentEvent,
    emulated,
    error_to_sse,
    to_sse,
)
from voxplan.engine.terms.request import Options
from voxplan.engine.terms.transcript import Segment, TokenLogprob, Transcript, Usage

JSON = Options()
DIARIZED = Options(response_format="diarized_json")

TALK = Transcript(
    text="Are you there? Yes, I am.",
    segments=(
        Segment(text="Are you there?", start=0.0, end=1.0, speaker="speaker_4"),
        Segment(text="Yes, I am.", start=1.5, end=2.5, speaker="speaker_2"),
    ),
    usage=Usage(kind="tokens", input_tokens=3, output_tokens=4, total_tokens=7),
)


def read(stream: str) -> list[dict[str, object]]:
    """A stream taken apart by the rules of server-sent events, its closing mark left out."""
    events, data = list[str](), list[str]()
    for line in stream.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if line.startswith("data:"):
            data.append(line.removeprefix("data:").removeprefix(" "))
        elif not line and data:
            events.append("\n".join(data))
            data = []
    return [json.loads(event) for event in events if event != "[DONE]"]


def deltas(events: list[Event]) -> list[str]:
    """The texts of the deltas."""
    return [event.text for event in events if isinstance(event, Delta)]


def test_a_finished_transcript_as_events() -> None:
    """A delta for each segment, then everything; usage in OpenAI's words."""
    stream = "".join(map(to_sse, emulated(TALK, JSON))) + DONE
    assert stream == (
        'data: {"type":"transcript.text.delta","delta":"Are you there?"}\n\n'
        'data: {"type":"transcript.text.delta","delta":" Yes, I am."}\n\n'
        'data: {"type":"transcript.text.done","text":"Are you there? Yes, I am.",'
        '"usage":{"type":"tokens","input_tokens":3,"output_tokens":4,"total_tokens":7}}\n\n'
        "data: [DONE]\n\n"
    )


@pytest.mark.parametrize("options", [DIARIZED, Options(diarize=True)])
def test_speakers_come_first(options: Options) -> None:
    """Where speakers are wanted, their segments open the stream, named as in `diarized_json`."""
    events = list(emulated(TALK, options))
    assert [type(event) for event in events] == [SegmentEvent, SegmentEvent, Delta, Delta, Done]
    assert read(to_sse(events[1])) == [
        {"type": "transcript.text.segment", "id": "seg_1", "start": 1.5, "end": 2.5, "text": "Yes, I am.", "speaker": "B"}
    ]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Well. “Really?” Yes! 3.5 is a number", ["Well.", " “Really?”", " Yes!", " 3.5 is a number"]),
        ("今天天气很好。是吗\uff1f是。", ["今天天气很好。", "是吗\uff1f", "是。"]),
        ("no end", ["no end"]),
        ("", []),
    ],
)
def test_without_segments_sentences_are_the_pieces(text: str, pieces: list[str]) -> None:
    """The blank before a sentence comes with it."""
    assert deltas(list(emulated(Transcript(text=text), JSON))) == pieces


def test_segments_that_are_not_the_text_do_not_cut_it() -> None:
    """A text formatted in another way than its segments is cut by its sentences."""
    spoken = Transcript(text="Two. Three.", segments=(Segment(text="2", start=0, end=1), Segment(text="3", start=1, end=2)))
    assert deltas(list(emulated(spoken, JSON))) == ["Two.", " Three."]


def test_log_probabilities_come_with_their_piece() -> None:
    """Each token with the delta in which it begins, all of them at the end; a token may be half a letter."""
    tokens = (
        TokenLogprob(token=" Go", logprob=-0.25, bytes=(32, 71, 111)),
        TokenLogprob(token=".", logprob=-0.5),
        TokenLogprob(token=" \\xc3", logprob=-1.0, bytes=(32, 0xC3)),
        TokenLogprob(token="\\xa9", logprob=-2.0, bytes=(0xA9,)),
    )
    events = list(emulated(Transcript(text="Go. é", logprobs=tokens), JSON))
    assert [event.logprobs for event in events if isinstance(event, Delta)] == [tokens[:2], tokens[2:]]
    assert read(to_sse(events[-1]))[0]["logprobs"] == [
        {"token": " Go", "logprob": -0.25, "bytes": [32, 71, 111]},
        {"token": ".", "logprob": -0.5},
        {"token": " \\xc3", "logprob": -1.0, "bytes": [32, 195]},
        {"token": "\\xa9", "logprob": -2.0, "bytes": [169]},
    ]
    foreign = list(emulated(Transcript(text="Come. é", logprobs=tokens), JSON))
    assert [event.logprobs for event in foreign if isinstance(event, Delta)] == [(), ()]


def test_segments_as_they_come_are_called_by_name() -> None:
    """A roll gives the same ids and letters, one segment at a time."""
    roll, events = Roll(), list[SegmentEvent]()
    for speaker in ("speaker_4", "speaker_2", None, "speaker_4"):
        event, roll = roll.called(Segment(text="a", start=0, end=1, speaker=speaker))
        events.append(event)
    assert [(event.id, event.segment.speaker) for event in events] == [
        ("seg_0", "A"),
        ("seg_1", "B"),
        ("seg_2", None),
        ("seg_3", "A"),
    ]
    assert read(to_sse(events[2]))[0]["speaker"] == "unknown"


def test_an_error_in_mid_stream() -> None:
    """OpenAI's envelope in a data line."""
    assert read(error_to_sse("it broke", "rate_limit_error", "rate_limit_exceeded")) == [
        {"error": {"message": "it broke", "type": "rate_limit_error", "param": None, "code": "rate_limit_exceeded"}}
    ]


texts = st.text(max_size=60) | st.text(alphabet="ab .!?。”\n\r\u2028\x85é", max_size=60)


@given(texts, st.lists(st.integers(0, 60), max_size=5))
def test_the_deltas_are_the_text(text: str, cuts: list[int]) -> None:
    """Whatever the text and the segments: nothing is lost, doubled or changed on the way, line ends included."""
    bounds = [0, *sorted(cuts), len(text)]
    said = [text[a:b].strip() for a, b in pairwise(bounds) if a < b]
    spoken = Transcript(text=text, segments=tuple(Segment(text=each, start=i, end=i + 1) for i, each in enumerate(said)))
    events = list(emulated(spoken, JSON))
    stream = "".join(map(to_sse, events))
    assert all(piece for piece in deltas(events))
    assert "".join(str(each["delta"]) for each in read(stream)[:-1]) == text
    assert read(stream)[-1] == {"type": "transcript.text.done", "text": text}
    assert len(stream.splitlines()) == 2 * len(events)


@given(texts, st.lists(st.integers(0, 200), max_size=8))
def test_no_token_is_lost(text: str, cuts: list[int]) -> None:
    """Tokens that make up the text all come, in order, however they are cut."""
    spelt = text.encode()
    bounds = [0, *sorted(cut for cut in cuts if cut < len(spelt)), len(spelt)]
    tokens = tuple(TokenLogprob(token="?", logprob=-0.5, bytes=tuple(spelt[a:b])) for a, b in pairwise(bounds) if a < b)
    events = list(emulated(Transcript(text=text, logprobs=tokens), JSON))
    came = [event for event in events if isinstance(event, Delta)]
    assert tuple(token for event in came for token in event.logprobs) == tokens
    ends = list(accumulate(len(event.text.encode()) for event in came))
    places = list(accumulate((len(token.bytes) for token in tokens), initial=0))
    counted = list(accumulate(len(event.logprobs) for event in came))
    assert all(places[count - 1] < end for count, end in zip(counted, ends, strict=True) if count)
