from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.driving import answer, call, ended, events_of, streamed
from voxplan.adapters.wire import Done, Got, ServerEvent, StreamEnded
from voxplan.engine.terms.failure import AttemptFailure, FailureKind
from voxplan.engine.terms.request import Options
from voxplan.engine.terms.transcript import Segment, TokenLogprob, Transcript, Usage

LIVE = Options(stream=True)
OPENAI = call("gpt-4o-transcribe", LIVE)
SPEAKERS = call("gpt-4o-transcribe-diarize", Options(stream=True, response_format="diarized_json"))
VLLM = call("openai/whisper-large-v3", LIVE, "http://h:8000", "openai_compatible")

DELTAS = """
data: {"type":"transcript.text.delta","delta":"A quiet","logprobs":[{"token":"A quiet","logprob":0.00004,"bytes":[65]}]}
data: {"type":"transcript.text.delta","delta":" morning.","logprobs":[{"token":" morning.","logprob":-0.5}]}
"""
COUNTED = (
    '"usage":{"type":"tokens","input_tokens":37,"input_token_details":{"audio_tokens":37},"output_tokens":12,"total_tokens":49}'
)
DONE = f'data: {{"type":"transcript.text.done","text":"A quiet morning.",{COUNTED}}}\n'
ALL_SAID = "data: [DONE]\n"
CHUNKS = """
data: {"id":"trsc-1","object":"transcription.chunk","choices":[{"delta":{"content":" A quiet"},"finish_reason":null}]}
data: {"id":"trsc-1","object":"transcription.chunk","choices":[{"delta":{"content":" morning."},"finish_reason":"stop"}]}
data: {"object":"transcription.chunk","choices":[],"usage":{"prompt_tokens":37,"completion_tokens":12,"total_tokens":49}}
"""
TURNS = """
data: {"type":"transcript.text.segment","text":" A quiet","speaker":"A","start":0.0,"end":1.25,"id":"seg_0"}
data: {"type":"transcript.text.segment","text":" morning.","speaker":"B","start":1.25,"end":2.5,"id":"seg_1"}
"""


def test_openais_events() -> None:
    """Each delta is told with its log probabilities; the transcript is that of the last event, with what came before."""
    told, found = streamed(OPENAI, *events_of(DELTAS + DONE + ALL_SAID), x_request_id="req_1")
    assert [tell.delta for tell in told] == ["A quiet", " morning."]
    assert [tell.logprobs for tell in told] == [
        (TokenLogprob(token="A quiet", logprob=0.00004, bytes=(65,)),),
        (TokenLogprob(token=" morning.", logprob=-0.5),),
    ]
    assert found == Transcript(
        text="A quiet morning.",
        logprobs=told[0].logprobs + told[1].logprobs,
        usage=Usage(kind="tokens", input_tokens=37, audio_tokens=37, output_tokens=12, total_tokens=49),
        request_id="req_1",
    )


def test_segments_with_speakers() -> None:
    """They are told whole, and are the transcript's."""
    told, found = streamed(SPEAKERS, *events_of(TURNS + DONE))
    assert isinstance(found, Transcript)
    assert found.segments == (
        Segment(text="A quiet", start=0.0, end=1.25, speaker="A"),
        Segment(text="morning.", start=1.25, end=2.5, speaker="B"),
    )
    assert tuple(tell.segment for tell in told) == found.segments


def test_vllms_chunks() -> None:
    """Text under `choices`, `[DONE]` instead of a last event, tokens counted as a chat's."""
    told, found = streamed(VLLM, *events_of(CHUNKS + ALL_SAID))
    assert [tell.delta for tell in told] == [" A quiet", " morning."]
    assert found == Transcript(
        text="A quiet morning.", usage=Usage(kind="tokens", input_tokens=37, output_tokens=12, total_tokens=49)
    )


def test_localais_last_event_has_times() -> None:
    """Language, length and segments stand in it."""
    done = (
        'data: {"type":"transcript.text.done","text":"A quiet morning.","language":"en","duration":2.5,'
        '"segments":[{"id":0,"start":0,"end":2.5,"text":"A quiet morning."}]}'
    )
    _, found = streamed(VLLM, *events_of(done))
    assert found == Transcript(
        text="A quiet morning.", language="en", seconds=2.5, segments=(Segment(text="A quiet morning.", start=0, end=2.5),)
    )


def test_the_last_event_is_the_end() -> None:
    """Nothing is asked of the stream after it: what breaks then breaks nothing."""
    _, found = streamed(OPENAI, *events_of(DONE)[:1])
    assert isinstance(found, Transcript)


@pytest.mark.parametrize("made", [OPENAI, VLLM])
@pytest.mark.parametrize(
    "events",
    [
        "",
        DELTAS,
        CHUNKS,
        ALL_SAID,
        "data: {cut",
        DELTAS + "data: null",
        'data: {"delta":5}',
        'data: {"type":"transcript.text.done"}',
    ],
)
def test_a_stream_that_is_no_transcript(made: object, events: str) -> None:
    """It ends too early, says nothing, or is not JSON: a bad answer, for which somebody may have paid."""
    chosen = OPENAI if made is OPENAI else VLLM
    _, found = streamed(chosen, *events_of(events))
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.sent, found.charged) == ("bad_answer", "yes", "maybe")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ('{"message":"the server had an error","type":"server_error","code":null}', "server_error"),
        ('{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}', "rate_limited"),
        ('{"message":"no money","type":"insufficient_quota","code":"insufficient_quota"}', "out_of_quota"),
        ('{"message":"the audio is broken","type":"BadRequestError","param":null,"code":400}', "unsupported"),
        ('{"message":"overloaded","type":"server_error","code":"server_is_overloaded"}', "overloaded"),
        ('"it broke"', "server_error"),
        ("[1]", "server_error"),
    ],
)
@pytest.mark.parametrize("before", ["", DELTAS])
def test_an_error_in_mid_stream(error: str, kind: FailureKind, before: str) -> None:
    """Whatever came before, and under whatever status: the call has failed, as the error says."""
    _, found = streamed(OPENAI, *events_of(f'{before}data: {{"type":"error","error":{error}}}\n{DONE}'))
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.status, found.charged) == (kind, 200, "maybe")
    assert found.reason.startswith("in mid-stream")


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (ServerEvent(data='{"object":"error","message":"oh","type":"BadRequestError","code":400}'), "unsupported"),
        (ServerEvent(data='{"type":"error","message":"oh"}'), "server_error"),
        (ServerEvent(data='{"message":"oh","code":"rate_limit_exceeded"}', event="error"), "rate_limited"),
        (ServerEvent(data="it broke", event="error"), "server_error"),
    ],
)
def test_errors_in_other_envelopes(event: ServerEvent, kind: FailureKind) -> None:
    """Older vLLM's, one without `error`, one that only the event's name tells, and bare text."""
    _, found = streamed(VLLM, *events_of(CHUNKS)[:-1], event)
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.status) == (kind, 200)


def test_an_event_that_names_no_error_is_none() -> None:
    """Null and nothing."""
    done = 'data: {"type":"transcript.text.done","text":"A","error":null}'
    odd = 'data: {"type":"transcript.text.delta","delta":"A","error":""}\n'
    _, found = streamed(OPENAI, *events_of(odd + done))
    assert found == Transcript(text="A")


def test_of_several_choices_the_first_is_the_transcript() -> None:
    """They are other tries at the same audio."""
    chunk = 'data: {"choices":[{"index":0,"delta":{"content":"A"}},{"index":1,"delta":{"content":"B"}},null]}\n'
    told, found = streamed(VLLM, *events_of(chunk + 'data: {"choices":[{"index":0,"delta":null}]}\n' + ALL_SAID))
    assert [tell.delta for tell in told] == ["A"]
    assert found == Transcript(text="A")


def test_a_last_event_without_text_ends_what_was_told() -> None:
    """Its usage counts."""
    done = f'data: {{"type":"transcript.text.done","text":null,{COUNTED}}}'
    _, found = streamed(OPENAI, *events_of(DELTAS + done))
    assert isinstance(found, Transcript)
    assert (found.text, found.usage is not None) == ("A quiet morning.", True)


def test_events_that_nobody_knows_are_passed_over() -> None:
    """New ones come; comments and empty deltas say nothing."""
    odd = 'data: \ndata: {"type":"transcript.text.annotated","x":1}\ndata: {"type":"transcript.text.delta","delta":""}\n'
    told, found = streamed(OPENAI, *events_of(odd + DELTAS + odd + DONE))
    assert isinstance(found, Transcript)
    assert len(told) == 2


def test_silence_in_a_stream() -> None:
    """No text at all is a transcript too."""
    for made, events in (
        (OPENAI, 'data: {"type":"transcript.text.done","text":""}'),
        (VLLM, f"{CHUNKS.splitlines()[3]}\n{ALL_SAID}"),
    ):
        told, found = streamed(made, *events_of(events))
        assert (told, isinstance(found, Transcript) and found.text) == ([], "")


def test_a_server_that_does_not_stream_answers_as_a_whole() -> None:
    """whisper.cpp does not know the field."""
    found = ended(VLLM, answer(b'{"text":"A quiet morning."}'))
    assert found == Transcript(text="A quiet morning.")


def test_the_wrong_kind_of_event_is_our_fault() -> None:
    """A shell that answers a want with something else is told so."""
    _, found = streamed(OPENAI, Done())
    assert isinstance(found, AttemptFailure)
    assert found.kind == "adapter_bug"


def test_speakers_that_do_not_come_are_missed() -> None:
    """A stream too has to hold what was asked for."""
    _, found = streamed(SPEAKERS, *events_of(DELTAS + DONE))
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.charged) == ("unsupported", "yes")


@given(
    st.lists(
        st.text(max_size=40) | st.from_regex(r'\{"(type|delta|error|choices|usage)":[\[\]\{\}a-z0-9",:.]{0,30}\}'), max_size=4
    )
)
def test_no_stream_is_too_strange(datas: list[str]) -> None:
    """Any events at all give a transcript or a failure with one printable line."""
    events: list[Got] = [*(ServerEvent(data=data) for data in datas), StreamEnded()]
    _, found = streamed(OPENAI, *events)
    assert isinstance(found, Transcript) or found.reason.isprintable()


def test_recorded_streams(shared_fixtures: Path) -> None:
    """Every recorded stream of this shape ends in its text, which is what was told of it."""
    files = [*shared_fixtures.glob("openai/*.sse"), *shared_fixtures.glob("self_hosted/*.sse")]
    assert files
    for file in files:
        made = SPEAKERS if "diarize" in file.name else OPENAI if "openai" in str(file.parent) else VLLM
        told, found = streamed(made, *events_of(file.read_text()))
        assert isinstance(found, Transcript), file
        said = " ".join(tell.segment.text if tell.segment else tell.delta for tell in told)
        assert found.text
        assert "".join(found.text.split()) == "".join(said.split()), file
