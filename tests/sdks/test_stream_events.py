"""OpenAI's own client reads the answers that voxplan writes."""

from collections.abc import Generator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pytest
from returns.result import Success

from tests.conformance.behaviours import Reply
from tests.conformance.socket_server import SocketServer
from voxplan.adapters.rendering.events import DONE, emulated, error_to_sse, to_sse
from voxplan.adapters.rendering.formats import render
from voxplan.engine.terms.request import Options, ResponseFormat
from voxplan.engine.terms.transcript import Segment, TokenLogprob, Transcript, Usage, Word

openai = pytest.importorskip("openai")
pytestmark = pytest.mark.filterwarnings("ignore")

EVENT_STREAM = "text/event-stream; charset=utf-8"
TALK = Transcript(
    text="Are you there?\u2028Yes, I am — “still”.",
    language="en",
    seconds=3.0,
    segments=(
        Segment(text="Are you there?", start=0.0, end=1.0, speaker="0"),
        Segment(text="Yes, I am — “still”.", start=1.5, end=2.5, speaker="1"),
    ),
    words=(Word(word="Are", start=0.0, end=0.4),),
    logprobs=(TokenLogprob(token="Are", logprob=-0.5, bytes=(65, 114, 101)),),
    usage=Usage(kind="tokens", input_tokens=3, output_tokens=4, total_tokens=7, audio_tokens=3),
)


@contextmanager
def heard(reply: Reply, **asked: object) -> Generator[Any]:
    """What the client makes of `reply`."""
    with (
        SocketServer(lambda _seen, _text: reply) as server,
        openai.OpenAI(base_url=f"http://127.0.0.1:{server.port}/v1", api_key="sk-test", max_retries=0) as client,
    ):
        wav = ("talk.wav", BytesIO(b"RIFF"))
        yield client.audio.transcriptions.create(model="gpt-4o-transcribe-diarize", file=wav, **asked)


def valid(model: Any) -> Any:  # noqa: ANN401 - the client is optional
    """The same again, if it has every field that its type declares: the client itself checks nothing."""
    return model.__class__.model_validate(model.model_dump())


def test_a_stream_is_read_event_by_event() -> None:
    """Segments, deltas and the end come as the client's own types, with every field it declares."""
    pieces = (*(to_sse(event).encode() for event in emulated(TALK, Options(diarize=True))), DONE.encode())
    with heard(Reply(200, content_type=EVENT_STREAM, pieces=pieces), stream=True) as stream:
        events = list(stream)
    types = ["transcript.text.segment"] * 2 + ["transcript.text.delta"] * 2 + ["transcript.text.done"]
    assert [event.type for event in events] == types
    assert [(event.id, event.speaker, event.start) for event in events[:2]] == [("seg_0", "A", 0.0), ("seg_1", "B", 1.5)]
    assert "".join(event.delta for event in events[2:4]) == TALK.text == events[-1].text
    assert (events[-1].usage.total_tokens, events[-1].usage.input_token_details.audio_tokens) == (7, 3)
    assert (events[-1].logprobs[0].token, events[-1].logprobs[0].bytes) == ("Are", [65, 114, 101])
    assert [valid(event) for event in events] == events


def test_an_error_in_mid_stream_is_raised() -> None:
    """What had come is kept, then the client raises with our words."""
    first = to_sse(next(iter(emulated(TALK, Options())))).encode()
    reply = Reply(200, content_type=EVENT_STREAM, pieces=(first, error_to_sse("the provider broke off").encode()))
    with heard(reply, stream=True) as stream:
        assert next(stream).delta == "Are you there?"
        with pytest.raises(openai.APIError, match="the provider broke off"):
            next(stream)


@pytest.mark.parametrize("response_format", ["json", "verbose_json", "diarized_json"])
def test_json_answers_are_what_the_client_declares(response_format: ResponseFormat) -> None:
    """Each of the three shapes validates against the client's type; nothing in it is left over."""
    spoken = Transcript(
        text=TALK.text,
        language="en",
        seconds=3.0,
        segments=TALK.segments,
        words=TALK.words,
        usage=Usage(kind="duration", seconds=3.0),
    )
    made = render(spoken, response_format)
    assert isinstance(made, Success)
    reply = Reply(200, made.unwrap().text.encode(), content_type=made.unwrap().content_type)
    with heard(reply, response_format=response_format) as answer:
        assert valid(answer).text == TALK.text
        assert not answer.model_extra or set(answer.model_extra) == {"task"}
        assert answer.usage.seconds == 3
        if response_format == "diarized_json":
            assert [(each.id, each.speaker) for each in answer.segments] == [("seg_0", "A"), ("seg_1", "B")]
