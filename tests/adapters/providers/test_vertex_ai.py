import math
from pathlib import Path

import pytest

from tests.adapters.google.conversing import (
    AUDIO,
    Json,
    body,
    call,
    ended,
    failed,
    header,
    heard,
    json_answer,
    recorded,
    replayed,
    requests,
    talk,
)
from voxplan.adapters.google.instructing import instruction
from voxplan.adapters.providers.vertex_ai import FACTS
from voxplan.adapters.wire import Base64Body, Call, Done, Got, Granted, HttpRequest, Secret, Token
from voxplan.engine.language.spec import PassedOption
from voxplan.engine.plans.pricing import worst_cost
from voxplan.engine.terms.capability import lacks
from voxplan.engine.terms.failure import AttemptFailure, FailureKind
from voxplan.engine.terms.request import AudioFacts, Options, Request
from voxplan.engine.terms.transcript import Segment, Transcript, Usage, Word

DEDICATED = "gemini-3.5-transcribe"
PLACE: dict[str, str] = {"project": "p-1", "location": "europe-west4"}
GRANTED = Granted(project="own-project")


def google(
    model: str = "gemini-2.5-flash",
    options: Options | None = None,
    *,
    seconds: float | None = None,
    settings: dict[str, str] | None = None,
    extra: dict[str, PassedOption] | None = None,
) -> Call:
    """A call by token."""
    return call("vertex_ai", model, options, settings=PLACE if settings is None else settings, extra=extra, seconds=seconds)


def only(made: Call, granted: Granted = GRANTED) -> HttpRequest:
    """The one request of a call, after its token."""
    wants, _ = talk(made, [] if made.has_key else [granted])
    (request,) = requests(wants)
    return request


def said(made: Call, content: object) -> Transcript:
    """The transcript in an answer that must hold one."""
    return heard(made, GRANTED, json_answer(content))


MODEL_PATH = "publishers/google/models"
EUROPE = "projects/p-1/locations/europe-west4"


@pytest.mark.parametrize(
    ("model", "location", "url"),
    [
        (
            "gemini-2.5-flash",
            "europe-west4",
            f"https://europe-west4-aiplatform.googleapis.com/v1/{EUROPE}/{MODEL_PATH}/gemini-2.5-flash:generateContent",
        ),
        (
            "gemini-2.5-flash",
            "global",
            f"https://aiplatform.googleapis.com/v1/projects/p-1/locations/global/{MODEL_PATH}/gemini-2.5-flash:generateContent",
        ),
        (
            "gemini-2.5-flash",
            "eu",
            f"https://aiplatform.eu.rep.googleapis.com/v1/projects/p-1/locations/eu/{MODEL_PATH}/gemini-2.5-flash:generateContent",
        ),
        (
            DEDICATED,
            None,
            f"https://aiplatform.googleapis.com/v1/projects/p-1/locations/global/{MODEL_PATH}/{DEDICATED}:generateContent",
        ),
        ("chirp_3", None, "https://us-speech.googleapis.com/v2/projects/p-1/locations/us/recognizers/_:recognize"),
        ("chirp_3", "eu", "https://eu-speech.googleapis.com/v2/projects/p-1/locations/eu/recognizers/_:recognize"),
        (
            "chirp_2",
            None,
            "https://us-central1-speech.googleapis.com/v2/projects/p-1/locations/us-central1/recognizers/_:recognize",
        ),
        ("long", None, "https://speech.googleapis.com/v2/projects/p-1/locations/global/recognizers/_:recognize"),
    ],
)
def test_where_a_call_goes(model: str, location: str | None, url: str) -> None:
    """By its location, or where its model is to be found."""
    settings = {"project": "p-1"} if location is None else {"project": "p-1", "location": location}
    assert only(google(model, Options(language="en"), settings=settings)).url == url


@pytest.mark.parametrize("model", [DEDICATED, "gemini-2.5-flash", "chirp_3"])
def test_calls_are_authorised_by_a_token(model: str) -> None:
    """Nothing is sent before there is one; the project and who is billed come from the credentials where nobody says."""
    made = google(model, settings={})
    assert talk(made)[0] == [Token(kind="google")]
    request = only(made, Granted(project="own-project", quota_project="billed"))
    assert header(request, "authorization") == Secret("Bearer ")
    assert header(request, "x-goog-user-project") == "billed"
    assert "/projects/own-project/" in request.url
    assert header(only(made), "x-goog-user-project") is None


def test_settings_come_before_credentials() -> None:
    """For the project and for who is billed."""
    request = only(google(settings={"project": "p-2", "quota_project": "q-2"}), Granted(project="p-1", quota_project="q-1"))
    assert ("/projects/p-2/" in request.url, header(request, "x-goog-user-project")) == (True, "q-2")


@pytest.mark.parametrize(
    ("made", "granted"),
    [
        (google(settings={}), Granted()),
        (google(settings={"project": "a/b"}), GRANTED),
        (google(settings={"project": "p", "location": "evil.example/"}), GRANTED),
        (google(settings={"project": "p", "location": "EU"}), GRANTED),
    ],
)
def test_a_place_that_cannot_be(made: Call, granted: Granted) -> None:
    """No project, or what would lead to other hosts; nothing is sent."""
    failure = failed(made, granted)
    assert (failure.kind, failure.sent) == ("not_found", "no")


def test_express_mode() -> None:
    """With a key: one address, no token."""
    request = only(call("vertex_ai", DEDICATED, settings={"project": "p-1"}, has_key=True))
    assert request.url == f"https://aiplatform.googleapis.com/v1/{MODEL_PATH}/{DEDICATED}:generateContent"
    assert (header(request, "x-goog-api-key"), header(request, "authorization")) == (Secret(), None)


def test_express_mode_passes_over_no_wish() -> None:
    """A location would not be kept, and Speech-to-Text takes no key."""
    elsewhere = call("vertex_ai", settings={"location": "eu"}, has_key=True)
    everywhere = call("vertex_ai", settings={"location": "global"}, has_key=True)
    assert (failed(elsewhere).kind, failed(call("vertex_ai", "chirp_3", has_key=True)).kind) == ("not_found", "unauthorized")
    assert only(everywhere).url.startswith("https://aiplatform.googleapis.com/v1/publishers/")


def test_another_address() -> None:
    """It replaces the host."""
    by_token = call("vertex_ai", settings=PLACE, base_url="https://proxy.example/g/")
    by_key = call("vertex_ai", base_url="https://proxy.example/g", has_key=True)
    speech = call("vertex_ai", "chirp_3", settings=PLACE, base_url="https://proxy.example/g")
    assert only(by_token).url.startswith("https://proxy.example/g/v1/projects/p-1/locations/europe-west4/publishers/")
    assert only(by_key).url.startswith("https://proxy.example/g/v1/publishers/")
    assert only(speech).url.startswith("https://proxy.example/g/v2/projects/p-1/")


def dictated(config: object = None, **generation: object) -> Json:
    """The body for the dedicated model."""
    said_of = generation if config is None else {**generation, "audioTranscriptionConfig": config}
    audio = {"inlineData": {"mimeType": "audio/wav", "data": AUDIO}}
    return {"contents": [{"role": "user", "parts": [audio]}], **({"generationConfig": said_of} if said_of else {})}


@pytest.mark.parametrize(
    ("options", "extra", "wanted"),
    [
        (Options(), {}, dictated()),
        (Options(language="de"), {}, dictated({"languageCodes": ["de-DE"]})),
        (Options(languages=("de", "en")), {}, dictated({"languageCodes": ["de-DE", "en-US"]})),
        (Options(keywords=("a", "b")), {}, dictated({"customVocabulary": ["a", "b"]})),
        (Options(timestamps=("word",)), {}, dictated({"wordTimestamp": True})),
        (Options(response_format="vtt"), {}, dictated({"wordTimestamp": True})),
        (Options(response_format="diarized_json"), {}, dictated({"wordTimestamp": True, "diarization": True})),
        (
            Options(language="de"),
            {"generationConfig": {"seed": 1, "audioTranscriptionConfig": {"mode": "SMART"}}},
            dictated({"mode": "SMART", "languageCodes": ["de-DE"]}, seed=1),
        ),
    ],
)
def test_fields_of_the_dedicated_model(options: Options, extra: dict[str, PassedOption], wanted: Json) -> None:
    """The audio alone, and how it is to be transcribed."""
    assert body(only(google(DEDICATED, options, extra=extra))) == wanted


def test_a_model_that_has_to_be_told() -> None:
    """As at AI Studio; the role is required here."""
    parts = [{"text": instruction(Options(language="de"))}, {"inlineData": {"mimeType": "audio/wav", "data": AUDIO}}]
    wanted = {"contents": [{"role": "user", "parts": parts}], "generationConfig": {"temperature": 0.5}}
    request = only(google(options=Options(language="de", temperature=0.5, stream=True)))
    assert (body(request), request.stream) == (wanted, True)
    assert request.url.endswith(":streamGenerateContent?alt=sse")


def config(features: Json | None = None, codes: tuple[str, ...] = ("auto",), model: str = "chirp_3", **more: object) -> Json:
    """The body for a recogniser."""
    known: Json = {"enableAutomaticPunctuation": True, **(features or {})}
    said_of = {"model": model, "languageCodes": list(codes), "autoDecodingConfig": {}, "features": known, **more}
    return {"config": said_of, "content": AUDIO}


OFFSETS: Json = {"enableWordTimeOffsets": True}
SPEAKERS: Json = {**OFFSETS, "diarizationConfig": {"minSpeakerCount": 1, "maxSpeakerCount": 6}}
PHRASES = {"phraseSets": [{"inlinePhraseSet": {"phrases": [{"value": "Kubernetes", "boost": 10}]}}]}


@pytest.mark.parametrize(
    ("model", "options", "extra", "wanted"),
    [
        ("chirp_3", Options(), {}, config()),
        ("chirp_3", Options(language="en"), {}, config(codes=("en-US",))),
        ("chirp_3", Options(language="zh"), {}, config(codes=("cmn-Hans-CN",))),
        ("chirp_3", Options(response_format="verbose_json"), {}, config()),
        ("chirp_3", Options(response_format="srt"), {}, config(OFFSETS)),
        ("chirp_3", Options(timestamps=("word",)), {}, config(OFFSETS)),
        ("chirp_3", Options(diarize=True), {}, config(SPEAKERS)),
        ("chirp_3", Options(keywords=("Kubernetes",)), {}, config(adaptation=PHRASES)),
        ("chirp_3", Options(prompt="a"), {}, config({"customPromptConfig": {"customPrompt": "a"}})),
        ("chirp_2", Options(timestamps=("word",)), {}, config(OFFSETS, model="chirp_2")),
        ("long", Options(language="en"), {}, config(codes=("en-US",), model="long")),
        (
            "long",
            Options(),
            {"config": {"languageCodes": ("en-GB",), "features": {"profanityFilter": True, "enableAutomaticPunctuation": False}}},
            config({"profanityFilter": True, "enableAutomaticPunctuation": False}, codes=("en-GB",), model="long"),
        ),
        (
            "long",
            Options(language="de"),
            {"config": {"languageCodes": ("en-GB",), "model": "short"}},
            config(codes=("de-DE",), model="long"),
        ),
    ],
)
def test_fields_of_speech_to_text(model: str, options: Options, extra: dict[str, PassedOption], wanted: Json) -> None:
    """Only what is asked for: a feature that a model does not know is answered by 400."""
    assert body(only(google(model, options, extra=extra))) == wanted


def test_raw_audio_is_described_by_the_deployment() -> None:
    """One decoding excludes the other."""
    raw: dict[str, PassedOption] = {"config": {"explicitDecodingConfig": {"encoding": "MULAW", "sampleRateHertz": 8000}}}
    sent = body(only(google("chirp_3", extra=raw)))["config"]
    assert isinstance(sent, dict)
    assert "autoDecodingConfig" not in sent


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (google("long"), "unsupported"),
        (google("chirp_3", Options(temperature=0.5)), "unsupported"),
        (google("chirp_3", Options(stream=True)), "unsupported"),
        (google("chirp_3", Options(languages=("de", "en"))), "unsupported"),
        (google("chirp_2", Options(prompt="a")), "unsupported"),
        (google("chirp_2", Options(diarize=True)), "unsupported"),
        (google("chirp", Options(timestamps=("word",))), "unsupported"),
        (google("something-new", Options(keywords=("a",))), "unsupported"),
        (google(DEDICATED, Options(prompt="a")), "unsupported"),
        (google(DEDICATED, Options(temperature=0.5)), "unsupported"),
        (google(DEDICATED, Options(diarize=True, keywords=("a",))), "unsupported"),
        (google(DEDICATED, Options(diarize=True), seconds=1801.0), "too_large"),
        (google(options=Options(timestamps=("segment",))), "unsupported"),
        (google("gemini-3.5-transcribe-live"), "not_found"),
    ],
)
def test_what_cannot_be_done_wants_not_even_a_token(made: Call, kind: FailureKind) -> None:
    """It ends before anything is wanted."""
    wants, ending = talk(made)
    assert isinstance(ending, AttemptFailure)
    assert (wants, ending.kind, ending.sent) == ([], kind, "no")


@pytest.mark.parametrize(("filename", "media_type"), [("a.mp3", "audio/mp3"), ("a.aac", "audio/x-aac"), ("a.m4a", "audio/mp4")])
def test_media_types_are_those_of_the_documentation(filename: str, media_type: str) -> None:
    """Which are not those of everybody else."""
    sent = only(call("vertex_ai", settings=PLACE, filename=filename)).body
    assert isinstance(sent, Base64Body)
    assert f'"mimeType":"{media_type}"'.encode() in sent.before


OUTSIDE = frozenset({"resultEndOffset", "languageCode", "channelTag"})


def result(transcript: str, **more: object) -> Json:
    """One stretch of speech."""
    outside: Json = {name: more.pop(name) for name in OUTSIDE & set(more)}
    return {"alternatives": [{"transcript": transcript, **more}], **outside}


SPEECH = google("chirp_3")


def test_what_speech_to_text_heard() -> None:
    """A segment for each result; the length is where the last one ends, and what is billed is rounded up."""
    first = result(
        " hello world", confidence=0.9, resultEndOffset="2s", languageCode="en-us", channelTag=1,
        words=[
            {"word": "hello", "endOffset": "0.500s", "confidence": 0.8},
            {"word": "world", "startOffset": "0.500s", "endOffset": "1s"},
        ],
    )  # fmt: skip
    second = result("bye", confidence=0.5, resultEndOffset="3.5s")
    content = {"results": [first, second], "metadata": {"requestId": "r1", "totalBilledDuration": "15s"}}
    assert said(SPEECH, content) == Transcript(
        text="hello world bye",
        language="en",
        seconds=3.5,
        segments=(
            Segment(text="hello world", start=0.0, end=1.0, confidence=0.9),
            Segment(text="bye", start=1.0, end=3.5, confidence=0.5),
        ),
        words=(Word(word="hello", start=0.0, end=0.5, confidence=0.8), Word(word="world", start=0.5, end=1.0)),
        confidence=math.fsum((0.9 * 11, 0.5 * 3)) / 14,
        usage=Usage(kind="duration", seconds=15.0),
        request_id="r1",
    )


def test_channels_that_were_recognised_apart() -> None:
    """Each has its own lines, its own times and its own speakers; a result begins where the one before on its channel ends."""
    content = {
        "results": [
            result("good morning", resultEndOffset="2s", channelTag=1),
            result(
                "hello",
                resultEndOffset="1.5s",
                channelTag=2,
                words=[{"word": "hello", "startOffset": "1s", "endOffset": "1.5s", "speakerLabel": "1"}],
            ),
            result("bye", resultEndOffset="3s", channelTag=1),
        ]
    }
    found = said(SPEECH, content)
    assert found.text == "good morning bye\nhello"
    assert found.segments == (
        Segment(text="good morning", start=0.0, end=2.0, speaker="channel 1"),
        Segment(text="hello", start=1.0, end=1.5, speaker="channel 2 1"),
        Segment(text="bye", start=2.0, end=3.0, speaker="channel 1"),
    )


@pytest.mark.parametrize(("model", "version"), [("gemini-2.5-flash", "v1"), ("chirp_3", "v2")])
def test_a_base_url_may_have_the_version(model: str, version: str) -> None:
    """It is not written twice."""
    bare, versioned = (
        only(call("vertex_ai", model, settings=PLACE, base_url=f"https://proxy.example/google{end}")).url
        for end in ("", f"/{version}")
    )
    assert bare == versioned
    assert bare.startswith(f"https://proxy.example/google/{version}/projects/")


def test_turns_within_a_result() -> None:
    """Where speakers take turns there is a segment for each turn."""
    rows = [
        {"word": "Hello.", "endOffset": "0.5s", "speakerLabel": "1"},
        {"word": "Hi", "startOffset": "1s", "endOffset": "1.2s", "speakerLabel": "2"},
        {"word": "you.", "startOffset": "1.2s", "endOffset": "1.5s", "speakerLabel": "2"},
    ]
    found = said(google("chirp_3", Options(diarize=True)), {"results": [result("Hello. Hi you.", words=rows)]})
    assert found.segments == (
        Segment(text="Hello.", start=0.0, end=0.5, speaker="1"),
        Segment(text="Hi you.", start=1.0, end=1.5, speaker="2"),
    )
    assert [word.speaker for word in found.words or ()] == ["1", "2", "2"]


SILENT: tuple[Json, ...] = (
    {},
    {"results": []},
    {"results": None, "metadata": {"totalBilledDuration": "1s"}},
    {"results": [{"resultEndOffset": "1s"}]},
    {"results": [{"alternatives": []}, {"alternatives": None}]},
    {"results": [{"alternatives": [{}]}]},
    {"results": [{"alternatives": [{"transcript": "  ", "confidence": None, "words": None}]}]},
)


@pytest.mark.parametrize("content", SILENT)
def test_silence(content: object) -> None:
    """An empty body, results without alternatives, alternatives without words: nobody spoke."""
    found = said(google("chirp_3", Options(response_format="srt")), content)
    assert (found.text, found.words, found.confidence) == ("", None, None)


@pytest.mark.parametrize(
    ("confidences", "mean"), [((0,), None), ((0.5,), 0.5), ((0.5, 0), None), ((0.25, 0.75), 0.5), ((None,), None), ((7,), None)]
)
def test_confidence(confidences: tuple[float | None, ...], mean: float | None) -> None:
    """0 means that none was computed; the whole has one where all its parts have."""
    assert said(SPEECH, {"results": [result("a", confidence=each) for each in confidences]}).confidence == mean


def test_a_result_without_an_end_has_no_place() -> None:
    """Then there are no segments at all."""
    found = said(SPEECH, {"results": [result("a", resultEndOffset="1s"), result("b")]})
    assert (found.text, found.segments, found.seconds) == ("a b", None, 1.0)


@pytest.mark.parametrize(
    "content", [{"foo": "bar"}, {"results": "none"}, {"results": [{"alternatives": [{"transcript": 5}]}]}, []]
)
def test_what_is_no_transcript(content: object) -> None:
    """Other JSON than that of the service."""
    assert failed(SPEECH, GRANTED, json_answer(content)).kind == "bad_answer"


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (401, {"status": "UNAUTHENTICATED", "details": [{"reason": "ACCESS_TOKEN_TYPE_UNSUPPORTED"}]}, "unauthorized"),
        (403, {"status": "PERMISSION_DENIED", "details": [{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}, "unauthorized"),
        (403, {"status": "PERMISSION_DENIED", "message": "Permission denied on the API"}, "not_found"),
        (403, {"status": "PERMISSION_DENIED", "details": [{"reason": "BILLING_DISABLED"}]}, "out_of_quota"),
        (400, {"message": "Audio 'content' cannot be longer than 1 min."}, "too_large"),
        (400, {"message": "Inline audio exceeds duration limit. Please use a GCS URI."}, "too_large"),
        (400, {"message": "Recognizer does not support feature: word_level_confidence"}, "unsupported"),
        (404, {"status": "NOT_FOUND"}, "not_found"),
        (429, {"status": "RESOURCE_EXHAUSTED"}, "rate_limited"),
        (499, {"status": "CANCELLED"}, "server_error"),
    ],
)
@pytest.mark.parametrize("model", ["chirp_3", DEDICATED])
def test_refusals(model: str, status: int, error: Json, kind: FailureKind) -> None:
    """Both services refuse alike."""
    assert failed(google(model), GRANTED, json_answer({"error": {"code": status, **error}}, status=status)).kind == kind


@pytest.mark.parametrize("gots", [(Done(),), (GRANTED, Done())])
def test_a_shell_that_answers_something_else_is_told(gots: tuple[Got, ...]) -> None:
    """It is our own fault."""
    assert failed(google(), *gots).kind == "adapter_bug"


def lacking(model: str, options: Options | None = None, audio: AudioFacts | None = None) -> int:
    """How many things the planner finds missing."""
    asked = Request(route="r", options=options or Options(), audio=audio or AudioFacts())
    return len(lacks(FACTS.capabilities(model), asked))


def test_what_the_planner_knows() -> None:
    """Synchronous recognition is short; invented times are never offered."""
    times = Options(response_format="diarized_json", timestamps=("word",))
    assert [lacking(model, times) for model in ("gemini-2.5-flash", DEDICATED, "chirp_3", "chirp_2")] == [3, 0, 0, 1]
    assert lacking("chirp_3", audio=AudioFacts(seconds=60.5, bytes=10_000_001)) == 2
    assert lacking("gemini-2.5-flash", Options(stream=True, prompt="a"), AudioFacts(seconds=3600)) == 0
    price = FACTS.capabilities("chirp_3").price
    assert price is not None
    assert worst_cost(price, 60.0) == 16_000_000


KINDS: dict[str, FailureKind] = {
    "error_400_too_many_tokens": "too_large",
    "error_401_unauthenticated": "unauthorized",
    "speech_v2_error_400_too_long": "too_large",
}


@recorded("vertex_ai")
def test_recorded_answers(path: Path) -> None:
    """Each that was recorded is read: text for a success, the right kind for a refusal."""
    if path.stem.startswith("oauth2"):
        pytest.skip("an answer to somebody else")
    found = ended(google("chirp_3" if path.name.startswith("speech") else DEDICATED), GRANTED, replayed(path))
    if isinstance(found, AttemptFailure):
        assert found.kind == KINDS[path.stem]
    else:
        assert found.text
        assert path.stem not in KINDS
