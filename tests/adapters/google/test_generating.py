import json

import pytest

from tests.adapters.google.conversing import call, ended, failed, heard, json_answer, talk
from voxplan.adapters.wire import Done, Got, HttpResponse, NextEvent, ServerEvent, StreamEnded, Streaming, Tell
from voxplan.engine.terms.failure import AttemptFailure, FailureKind
from voxplan.engine.terms.request import Options
from voxplan.engine.terms.transcript import Segment, Transcript, Usage, Word

DEDICATED = "gemini-3.5-transcribe"
OPENED = Streaming(status=200, headers=(), body=b"")


def candidate(*parts: object, reason: str | None = "STOP") -> dict[str, object]:
    """An answer with these parts."""
    ending = {} if reason is None else {"finishReason": reason}
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, **ending}]}


def turn(text: str, **more: object) -> dict[str, object]:
    """A part that was heard."""
    return {"audioTranscription": {"text": text, **more}}


def told(content: object, status: int = 200) -> Transcript | AttemptFailure:
    """How a call ends that is answered so."""
    return ended(call(), json_answer(content, status))


def said(content: object) -> Transcript:
    """The transcript in an answer that must hold one."""
    return heard(call(), json_answer(content))


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (candidate({"text": " A quiet morning.\n"}), "A quiet morning."),
        (candidate({"text": "A quiet mor"}, {"text": "ning."}), "A quiet morning."),
        (candidate({"text": "Who speaks? Nobody.", "thought": True}, {"text": "A quiet morning."}), "A quiet morning."),
        (candidate({"text": "A", "thoughtSignature": "x", "later": {"field": 1}}), "A"),
        (candidate(turn("A quiet morning.")), "A quiet morning."),
        (candidate({"text": "A quiet morning.", **turn("A quiet morning.")}), "A quiet morning."),
        (candidate({"text": "A quiet morning."}, turn("A quiet"), turn("morning.")), "A quiet morning."),
        (candidate({"text": "Hello.", **turn("Hello.")}, {"text": "Hi.", **turn("Hi.")}), "Hello. Hi."),
        (candidate(turn("Hello."), turn("Hi.")), "Hello. Hi."),
        (candidate(), ""),
        ({"candidates": [{"content": {"role": "model"}, "finishReason": "STOP"}]}, ""),
        ({"candidates": [{"content": None, "finishReason": "STOP"}]}, ""),
        ({"candidates": [{"content": {"parts": None}, "finishReason": "STOP"}], "promptFeedback": None}, ""),
        (candidate({"text": None}, {"text": "A"}), "A"),
        (candidate({"text": "A quiet morning."}, reason=None), "A quiet morning."),
        ([candidate({"text": "A quiet "}, reason=None), candidate({"text": "morning."})], "A quiet morning."),
    ],
)
def test_the_text_is_there_once(content: object, text: str) -> None:
    """In parts, in what was heard, or in both; thoughts are none of it, and silence is empty."""
    assert said(content).text == text


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"promptFeedback": {"blockReason": "SAFETY"}}, "content_filtered"),
        ({"promptFeedback": {"blockReason": "OTHER"}, "candidates": []}, "content_filtered"),
        (candidate({"text": "A"}, reason="SAFETY"), "content_filtered"),
        (candidate({"text": "A"}, reason="RECITATION"), "content_filtered"),
        (candidate(reason="PROHIBITED_CONTENT"), "content_filtered"),
        (candidate(reason="BLOCKLIST"), "content_filtered"),
        (candidate(reason="SPII"), "content_filtered"),
        (candidate(reason="LANGUAGE"), "unsupported"),
        (candidate({"text": "A quiet mor"}, reason="MAX_TOKENS"), "bad_answer"),
        (candidate({"text": "A"}, reason="OTHER"), "bad_answer"),
        (candidate({"text": "A"}, reason="SOMETHING_NEW"), "bad_answer"),
        (candidate(reason=None), "bad_answer"),
        ([candidate({"text": "A"}, reason=None)], "bad_answer"),
        ([candidate({"text": "A"}), {"error": {"code": 503, "status": "UNAVAILABLE"}}], "overloaded"),
        ({}, "bad_answer"),
        ({"candidates": []}, "bad_answer"),
        ({"candidates": None}, "bad_answer"),
        ([], "bad_answer"),
        ({"candidates": [{"content": {"parts": [{"text": 5}]}}]}, "bad_answer"),
    ],
)
def test_what_is_not_whole_is_no_transcript(content: object, kind: FailureKind) -> None:
    """Blocked, held back, cut off, or no answer at all: under 200, and yet a failure."""
    failure = failed(call(), json_answer(content))
    assert (failure.kind, failure.sent) == (kind, "yes")


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"{", b"null", b"\xff\xfe"])
def test_what_cannot_be_read_is_a_bad_answer(body: bytes) -> None:
    """Whatever a proxy puts there."""
    assert failed(call(), HttpResponse(status=200, headers=(), body=body)).kind == "bad_answer"


def test_a_turn_without_words_is_not_lost_beside_one_with_words() -> None:
    """Its own times place it, and the words of the other place that one; who says nothing has no segment."""
    words = [{"word": "Hello.", "endOffset": "0.5s"}, {"word": "You.", "startOffset": "0.5s", "endOffset": "1s"}]
    found = said(
        candidate(
            turn("Hello. You.", speakerLabel="1", words=words),
            turn("Hi.", speakerLabel="2", startOffset="1s", endOffset="2s"),
            turn(""),
        )
    )
    assert found.segments == (
        Segment(text="Hello. You.", start=0.0, end=1.0, speaker="1"),
        Segment(text="Hi.", start=1.0, end=2.0, speaker="2"),
    )


def test_reasons_repeat_nothing_that_is_not_a_name() -> None:
    """What stands where Google's names stand could be anything."""
    reason = failed(call(), json_answer(candidate(reason="a secret: 123"))).reason
    assert "secret" not in reason


@pytest.mark.parametrize(
    ("metadata", "usage"),
    [
        (
            {"promptTokenCount": 113, "candidatesTokenCount": 10, "thoughtsTokenCount": 22, "totalTokenCount": 145},
            Usage(kind="tokens", input_tokens=113, output_tokens=32, total_tokens=145),
        ),
        (
            {"promptTokenCount": 5, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 2}, {"modality": "AUDIO"}]},
            Usage(kind="tokens", input_tokens=5, output_tokens=0, text_tokens=2),
        ),
        ({}, None),
        (None, None),
        ("many", None),
        ({"promptTokenCount": "many"}, None),
    ],
)
def test_usage(metadata: object, usage: Usage | None) -> None:
    """Thoughts are paid like the answer; what cannot be read costs no transcript."""
    assert said({**candidate({"text": "A"}), "usageMetadata": metadata}).usage == usage


def test_turns_words_and_speakers() -> None:
    """A part is a turn; its words carry its speaker, and a start of zero is left out."""
    first = turn(
        "A quiet", speakerLabel="spk_1", languageCode="en-US", startOffset="0s", endOffset="1.100s",
        words=[{"word": "A", "endOffset": "0.400s"}, {"word": "quiet", "startOffset": "0.400s", "endOffset": "1.100s"}],
    )  # fmt: skip
    second = turn(
        "morning", speakerLabel="spk_2", words=[{"word": "morning", "startOffset": "7s", "endOffset": "8s"}, {"word": None}]
    )
    got = json_answer({**candidate(first, second), "responseId": "r1"})
    found = heard(call("vertex_ai", DEDICATED, Options(timestamps=("word",), diarize=True), has_key=True), got)
    assert found == Transcript(
        text="A quiet morning",
        language="en",
        words=(
            Word(word="A", start=0.0, end=0.4, speaker="spk_1"),
            Word(word="quiet", start=0.4, end=1.1, speaker="spk_1"),
            Word(word="morning", start=7.0, end=8.0, speaker="spk_2"),
        ),
        request_id="r1",
    )


def test_turns_without_words_are_segments() -> None:
    """All of them, or none where one has no times."""
    timed = turn("Hello.", startOffset="0.5s", endOffset="1s", speakerLabel="spk_1")
    assert said(candidate(timed)).segments == (Segment(text="Hello.", start=0.5, end=1.0, speaker="spk_1"),)
    assert said(candidate(timed, turn("Hi."))).segments is None


def test_times_that_were_asked_for_and_did_not_come() -> None:
    """Text alone would not do."""
    got = json_answer(candidate({"text": "A quiet morning."}))
    failure = failed(call("vertex_ai", DEDICATED, Options(timestamps=("word",)), has_key=True), got)
    assert (failure.kind, failure.charged) == ("unsupported", "yes")


def event(content: object) -> ServerEvent:
    """One event."""
    return ServerEvent(data=json.dumps(content))


STREAM = call(options=Options(stream=True))


def streamed(*events: Got) -> tuple[list[str], Transcript | AttemptFailure | None]:
    """What is told on the way, and how it ends."""
    gots: list[Got] = [OPENED]
    for each in events:
        wants, _ = talk(STREAM, gots)
        if isinstance(wants[-1], Tell):
            gots.append(Done())
        gots.append(each)
    wants, ending = talk(STREAM, gots)
    if ending is None and isinstance(wants[-1], Tell):
        wants, ending = talk(STREAM, [*gots, Done()])
    return [want.delta for want in wants if isinstance(want, Tell)], ending


def test_a_stream_is_told_as_it_comes() -> None:
    """The deltas together are the text; usage and id come from whichever event has them."""
    events = (
        event({**candidate({"text": " A quiet"}, reason=None), "responseId": "r1"}),
        event(candidate({"text": "(hm)", "thought": True}, reason=None)),
        event(candidate({"text": " mor"}, reason=None)),
        event({**candidate({"text": "ning.\n"}), "usageMetadata": {"promptTokenCount": 5, "totalTokenCount": 9}}),
        StreamEnded(),
    )
    deltas, ending = streamed(*events)
    assert deltas == ["A quiet", " mor", "ning."]
    assert ending == Transcript(
        text="A quiet morning.",
        usage=Usage(kind="tokens", input_tokens=5, output_tokens=0, total_tokens=9),
        request_id="r1",
    )


@pytest.mark.parametrize(
    ("last", "kind", "wait_ms"),
    [
        (event(candidate({"text": "mor"}, reason="MAX_TOKENS")), "bad_answer", None),
        (event(candidate(reason="SAFETY")), "content_filtered", None),
        (event(candidate({"text": "mor"}, reason=None)), "bad_answer", None),
        (event({"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}), "overloaded", None),
        (
            event(
                {
                    "error": {
                        "code": 429,
                        "status": "RESOURCE_EXHAUSTED",
                        "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}],
                    }
                }
            ),
            "rate_limited",
            7000,
        ),
        (ServerEvent(data="{"), "bad_answer", None),
        (ServerEvent(data=""), "bad_answer", None),
    ],
)
def test_a_stream_that_does_not_end_well(last: ServerEvent, kind: FailureKind, wait_ms: int | None) -> None:
    """What has been told before does not make it whole."""
    _, ending = streamed(event(candidate({"text": "A quiet "}, reason=None)), last, StreamEnded())
    assert isinstance(ending, AttemptFailure)
    assert (ending.kind, ending.retry_after_ms) == (kind, wait_ms)


def test_a_stream_of_nothing_is_no_transcript() -> None:
    """It ended without saying why."""
    deltas, ending = streamed(StreamEnded())
    assert isinstance(ending, AttemptFailure)
    assert (deltas, ending.kind) == ([], "bad_answer")


def test_a_stream_is_asked_for_and_may_not_come() -> None:
    """The address says so and the request too; an answer in one piece will do."""
    wants, ending = talk(STREAM, [json_answer(candidate({"text": "A"}))])
    first = wants[0]
    assert getattr(first, "stream", None) is True
    assert str(getattr(first, "url", "")).endswith("/gemini-2.5-flash:streamGenerateContent?alt=sse")
    assert isinstance(ending, Transcript)
    assert ending.text == "A"


@pytest.mark.parametrize(("gots", "wanted"), [((OPENED, Done()), "ServerEvent"), ((Done(),), "HttpResponse")])
def test_a_shell_that_answers_something_else_is_told(gots: tuple[Got, ...], wanted: str) -> None:
    """It is our own fault."""
    failure = failed(STREAM, *gots)
    assert failure.kind == "adapter_bug"
    assert wanted in failure.reason
    assert isinstance(talk(STREAM, [OPENED])[0][-1], NextEvent)
