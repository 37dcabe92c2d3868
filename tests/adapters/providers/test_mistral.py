import json
from pathlib import Path

import msgspec
import pytest
from returns.result import Failure, Success

from tests.adapters.recorded import recorded
from voxplan.adapters.providers.mistral import FACTS, exchange
from voxplan.adapters.wire import (
    Call,
    Done,
    Got,
    Header,
    HttpRequest,
    HttpResponse,
    Multipart,
    NextEvent,
    Secret,
    ServerEvent,
    StreamEnded,
    Streaming,
    Tell,
)
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import AudioFacts, KnownSpeaker, Options
from voxplan.engine.terms.transcript import Segment, Transcript, Usage, Word

ROW = {"type": "transcription_segment", "text": " Good morning.", "start": 0.1, "end": 1.25, "speaker_id": "speaker_1"}
ROWS = [ROW, {"text": "Hi.", "start": 2, "end": 2.5, "speaker_id": None, "score": None}]


def call(options: Options | None = None, **given: object) -> Call:
    """One call; what a test does not name is ordinary."""
    made = Call(
        provider="mistral", model="voxtral-mini-latest", options=options or Options(), audio=AudioFacts(), filename="clip.mp3"
    )
    return msgspec.structs.replace(made, **given)


def asked(made: Call) -> HttpRequest:
    """The request of a call."""
    want = next(exchange(made))
    assert isinstance(want, HttpRequest)
    return want


def fields(made: Call) -> list[tuple[str, str]]:
    """The text fields but the model."""
    body = asked(made).body
    assert isinstance(body, Multipart)
    assert body.fields[0] == ("model", made.model)
    return list(body.fields[1:])


def ended(made: Call, *gots: Got, tells: list[Tell] | None = None) -> Transcript | AttemptFailure:
    """How the exchange ends, if the shell answers its wants with these in turn."""
    going, waiting = exchange(made), list(gots)
    want = None
    try:
        want = next(going)
        while True:
            if isinstance(want, Tell):
                (tells if tells is not None else []).append(want)
                want = going.send(Done())
            else:
                assert isinstance(want, HttpRequest | NextEvent)
                want = going.send(waiting.pop(0))
    except StopIteration as stopped:
        result: Success[Transcript] | Failure[AttemptFailure] = stopped.value
        return result.unwrap() if isinstance(result, Success) else result.failure()


def answer(body: object, status: int = 200, *headers: tuple[str, str]) -> HttpResponse:
    """A JSON answer."""
    return HttpResponse(status=status, headers=headers, body=json.dumps(body).encode())


def event(body: object, name: str | None = None) -> ServerEvent:
    """One event of a stream."""
    return ServerEvent(data=json.dumps(body), event=name)


OPENED = Streaming(status=200, headers=(("mistral-correlation-id", "01a0"),), body=b"")


def test_the_request() -> None:
    """The endpoint of the documentation, the key as a bearer, the audio as `file`."""
    want = asked(call())
    assert (want.method, want.url, want.stream) == ("POST", "https://api.mistral.ai/v1/audio/transcriptions", False)
    assert want.headers == (Header("accept", "application/json"), Header("authorization", Secret("Bearer ")))
    assert want.body == Multipart(
        fields=(("model", "voxtral-mini-latest"),), file_field="file", filename="clip.mp3", content_type="audio/mpeg"
    )


@pytest.mark.parametrize("base", ["http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/audio/transcriptions"])
def test_a_base_url_with_or_without_the_path(base: str) -> None:
    """What the deployment's address has of the path is not written twice."""
    assert asked(call(base_url=base)).url == "http://h:1/v1/audio/transcriptions"


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        (Options(), []),
        (Options(language="en"), [("language", "en")]),
        (Options(language="pt-BR"), [("language", "pt")]),
        (Options(temperature=0.25), [("temperature", "0.25")]),
        (Options(response_format="text"), []),
        (Options(response_format="srt"), [("timestamp_granularities[]", "segment")]),
        (Options(response_format="verbose_json"), [("timestamp_granularities[]", "segment")]),
        (Options(timestamps=("segment",)), [("timestamp_granularities[]", "segment")]),
        (Options(timestamps=("word", "segment")), [("timestamp_granularities[]", "word")]),
        (Options(timestamps=("word",), response_format="vtt"), [("timestamp_granularities[]", "word")]),
        (Options(diarize=True), [("diarize", "true"), ("timestamp_granularities[]", "segment")]),
        (Options(response_format="diarized_json"), [("diarize", "true"), ("timestamp_granularities[]", "segment")]),
        (
            Options(keywords=("Ada", "New York, NY", " , ")),
            [("context_bias", "Ada"), ("context_bias", "New_York_NY")],
        ),
        (Options(stream=True), [("stream", "true")]),
    ],
)
def test_each_option_as_a_field(options: Options, sent: list[tuple[str, str]]) -> None:
    """One kind of times, words without blanks and commas, the caller's format never."""
    assert fields(call(options)) == sent
    assert asked(call(options)).stream == options.stream


def test_fields_of_the_deployment_are_passed_on() -> None:
    """Lists repeated, objects as JSON; words to expect add up."""
    extra = (("context_bias", ("Bob",)), ("speaker_references", {"Bob": "abc"}), ("beta", True))
    assert fields(call(Options(keywords=("Ada",)), extra=extra)) == [
        ("context_bias", "Ada"),
        ("context_bias", "Bob"),
        ("speaker_references", '{"Bob":"abc"}'),
        ("beta", "true"),
    ]
    assert set(FACTS.owned) >= {"model", "file", "language", "stream", "diarize", "timestamp_granularities"}


@pytest.mark.parametrize(
    "options",
    [
        Options(prompt="a"),
        Options(languages=("en", "de")),
        Options(logprobs=True),
        Options(chunking_strategy="auto"),
        Options(known_speakers=(KnownSpeaker(name="Ada", reference="data:audio/wav;base64,AA=="),)),
    ],
)
def test_what_cannot_be_sent_is_refused(options: Options) -> None:
    """Nothing is dropped in silence, and nothing is sent."""
    found = ended(call(options))
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.sent, found.charged) == ("unsupported", "no", "no")


def test_segments_and_usage() -> None:
    """Trimmed texts, the speakers' own labels, seconds with the tokens beside them, the language unknown when null."""
    usage = {
        "prompt_audio_seconds": 3,
        "prompt_tokens": 5,
        "total_tokens": 400,
        "completion_tokens": 20,
        "prompt_tokens_details": {"audio_tokens": 375},
    }
    body = {"model": "m", "text": " Good morning. Hi. ", "language": None, "segments": ROWS, "usage": usage, "new": {}}
    found = ended(call(Options(diarize=True)), answer(body, 200, ("mistral-correlation-id", "01a0")))
    assert found == Transcript(
        text="Good morning. Hi.",
        segments=(
            Segment(text="Good morning.", start=0.1, end=1.25, speaker="speaker_1"),
            Segment(text="Hi.", start=2.0, end=2.5),
        ),
        usage=Usage(kind="duration", seconds=3.0, input_tokens=5, output_tokens=20, total_tokens=400, audio_tokens=375),
        request_id="01a0",
    )


def test_words_come_as_segments() -> None:
    """Where words were asked for each row is one; segments are the sentences made of them."""
    rows = [
        {"text": " Good", "start": 0.0, "end": 0.4},
        {"text": " morning.", "start": 0.5, "end": 0.9},
        {"text": " Hi", "start": 1.0, "end": 1.4},
        {"text": " there", "start": None, "end": None},
    ]
    found = ended(call(Options(timestamps=("word",))), answer({"text": "Good morning. Hi there", "segments": rows}))
    assert isinstance(found, Transcript)
    assert found.words is not None
    assert found.words[0] == Word(word="Good", start=0.0, end=0.4)
    assert [word.word for word in found.words] == ["Good", "morning.", "Hi"]
    assert found.segments == (
        Segment(text="Good morning.", start=0.0, end=0.9),
        Segment(text="Hi", start=1.0, end=1.4),
    )


@pytest.mark.parametrize(
    "body",
    [
        {"text": "a"},
        {"text": "a", "segments": [], "usage": None, "language": None},
        {"text": "a", "segments": None, "usage": {}},
        {"text": "a", "usage": "free"},
    ],
)
def test_what_is_missing_costs_no_transcript(body: dict[str, object]) -> None:
    """Null, absent or unreadable beside the text: unknown, and no times where none were asked for."""
    found = ended(call(), answer(body))
    assert isinstance(found, Transcript)
    assert (found.text, found.language, found.segments, found.words) == ("a", None, None, None)


def test_silence_has_no_times() -> None:
    """Nothing said, with times asked for: an empty list, and a success."""
    found = ended(call(Options(response_format="srt")), answer({"text": "", "segments": []}))
    assert isinstance(found, Transcript)
    assert found.segments == ()


def test_times_that_do_not_come_are_a_failure() -> None:
    """Subtitles of a text without segments: somebody else is asked."""
    found = ended(call(Options(response_format="srt")), answer({"text": "a", "segments": []}))
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.charged) == ("unsupported", "yes")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"detail": "Invalid API Key"}, "unauthorized"),
        (422, {"detail": [{"type": "missing", "loc": ["body", "model"], "msg": "Field required", "input": None}]}, "unsupported"),
        (400, {"object": "error", "message": "Invalid model: x", "type": "invalid_model", "code": "1500"}, "not_found"),
        (404, {"detail": "Not Found"}, "not_found"),
        (429, {"object": "error", "message": "Rate limit exceeded", "type": "rate_limited", "code": "1300"}, "rate_limited"),
        (
            429,
            {"object": "error", "message": "Service tier capacity exceeded", "type": "service_tier_capacity_exceeded"},
            "overloaded",
        ),
        (500, {"object": "error", "message": "oh", "type": "internal_server_error"}, "server_error"),
        (200, {"text": None}, "bad_answer"),
        (200, {"segments": []}, "bad_answer"),
    ],
)
def test_refusals_by_kind(status: int, body: object, kind: str) -> None:
    """Each of Mistral's shapes."""
    found = ended(call(), answer(body, status))
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.status) == (kind, status)


def test_a_stream_passes_its_text_on() -> None:
    """Deltas and segments as they come; the last event is the transcript, with the language that came first."""
    tells: list[Tell] = []
    found = ended(
        call(Options(stream=True, diarize=True)),
        OPENED,
        event({"type": "transcription.language", "audio_language": "en"}),
        event({"type": "transcription.text.delta", "text": "Good"}),
        event({"text": " morning."}, "transcription.text.delta"),
        event({"type": "transcription.segment", **{k: v for k, v in ROW.items() if k != "type"}}),
        event({"type": "transcription.new", "text": "?"}),
        event(
            {
                "type": "transcription.done",
                "model": "m",
                "text": "Good morning.",
                "language": None,
                "usage": {"prompt_audio_seconds": 3},
            }
        ),
        tells=tells,
    )
    segment = Segment(text="Good morning.", start=0.1, end=1.25, speaker="speaker_1")
    assert tells == [Tell(delta="Good"), Tell(delta=" morning."), Tell(segment=segment)]
    assert found == Transcript(
        text="Good morning.",
        language="en",
        segments=(segment,),
        usage=Usage(kind="duration", seconds=3.0),
        request_id="01a0",
    )


def test_words_of_a_stream_are_no_segments() -> None:
    """Where words were asked for, the rows are words: they are kept, and told to nobody as segments."""
    tells: list[Tell] = []
    found = ended(
        call(Options(stream=True, timestamps=("word",))),
        OPENED,
        event({"type": "transcription.segment", "text": " Hi.", "start": 0, "end": 0.5}),
        event({"type": "transcription.done", "text": "Hi."}),
        tells=tells,
    )
    assert isinstance(found, Transcript)
    assert (tells, found.words) == ([], (Word(word="Hi.", start=0.0, end=0.5),))


def test_a_server_that_does_not_stream() -> None:
    """The whole answer does as well."""
    found = ended(call(Options(stream=True)), answer({"text": "Hi."}))
    assert isinstance(found, Transcript)
    assert found.text == "Hi."


@pytest.mark.parametrize(
    ("got", "kind"),
    [
        (StreamEnded(), "bad_answer"),
        (ServerEvent(data="{"), "bad_answer"),
        (event({"type": "transcription.done", "text": None}), "bad_answer"),
        (event({"error": {"message": "oh", "type": "server_error"}}), "server_error"),
        (event({"object": "error", "message": "oh", "type": "service_unavailable"}), "server_error"),
        (event({"message": "oh"}, "error"), "server_error"),
        (Done(), "adapter_bug"),
    ],
)
def test_a_stream_that_breaks_is_a_failure(got: Got, kind: str) -> None:
    """What had come is no transcript."""
    found = ended(call(Options(stream=True)), OPENED, event({"type": "transcription.text.delta", "text": "Good"}), got)
    assert isinstance(found, AttemptFailure)
    assert found.kind == kind


@pytest.mark.parametrize("path", recorded("mistral"), ids=lambda path: path.name)
def test_recorded_bodies(path: Path) -> None:
    """Every recorded answer is a transcript with its text and its usage, every recorded refusal of its kind."""
    body = path.read_bytes()
    if path.name.startswith("error_401"):
        refused = ended(call(), HttpResponse(status=401, headers=(), body=body))
        assert isinstance(refused, AttemptFailure)
        assert refused.kind == "unauthorized"
        return
    found = ended(call(), HttpResponse(status=200, headers=(), body=body))
    table = json.loads(body)
    assert isinstance(found, Transcript)
    assert found.text == table["text"].strip()
    assert len(found.segments or ()) == len(table["segments"])
    assert found.usage is not None
    assert found.usage.seconds == table["usage"]["prompt_audio_seconds"]


def test_a_segment_without_a_text_says_nothing() -> None:
    """And costs nothing."""
    rows = [{"start": 0, "end": 1}, {"text": None, "start": 1, "end": 2}, {"text": "Good day.", "start": 2, "end": 3}]
    found = ended(call(), answer({"text": "Good day.", "segments": rows}))
    assert isinstance(found, Transcript)
    assert [segment.text for segment in found.segments or ()] == ["Good day."]
