import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from returns.result import Failure, Success

from tests.adapters.driving import answer, call
from tests.adapters.providers.replaying import replayed
from tests.adapters.recorded import recorded
from voxplan.adapters.providers.assemblyai import FACTS, exchange
from voxplan.adapters.wire import Call, Done, Got, Header, HttpRequest, HttpResponse, Pause, RawBody, Secret, Want
from voxplan.engine.language.spec import PassedOption
from voxplan.engine.terms.capability import lacks
from voxplan.engine.terms.failure import AttemptFailure, FailureKind
from voxplan.engine.terms.request import AudioFacts, KnownSpeaker, Options, Request
from voxplan.engine.terms.transcript import Segment, Transcript, Usage, Word

PLAIN: Final = Options()
MODEL: Final = "universal-3-pro"
UPLOADED: Final = answer(b'{"upload_url":"https://cdn.example/upload/1?a=b"}')
QUEUED: Final = answer(b'{"id":"j 1","status":"queued"}')
PROCESSING: Final = answer(b'{"id":"j 1","status":"processing","text":null}')
DONE: Final = answer(b'{"id":"j 1","status":"completed","text":"a","error":null}')
BUSY: Final = answer(b'{"error":"Too Many Requests"}', 429, retry_after="7")
ILL: Final = answer(b"", 503)
PLACE: Final = "https://api.assemblyai.com/v2/transcript"


def asked(
    options: Options = PLAIN,
    model: str = MODEL,
    extra: dict[str, PassedOption] | None = None,
    *,
    delete: str | None = None,
    seconds: float | None = None,
) -> Call:
    """A call of AssemblyAI."""
    settings = {} if delete is None else {"delete": delete}
    return call(model, options, provider="assemblyai", extra=extra, settings=settings, audio=AudioFacts(seconds=seconds))


def talk(made: Call, *answers: HttpResponse | Done) -> tuple[list[Want], Transcript | AttemptFailure | None]:
    """What is wanted, and the ending if there is one: requests get the answers in turn, pauses are over at once."""
    left, wants, got = list[Got](answers), list[Want](), None
    doing = exchange(made)
    try:
        while True:
            want = next(doing) if got is None else doing.send(got)
            wants.append(want)
            if isinstance(want, HttpRequest) and not left:
                return wants, None
            got = Done() if isinstance(want, Pause) else left.pop(0)
    except StopIteration as stopped:
        result: Success[Transcript] | Failure[AttemptFailure] = stopped.value
        assert left == [], "not all answers were wanted"
        return wants, result.unwrap() if isinstance(result, Success) else result.failure()


def failed(made: Call, *answers: HttpResponse | Done) -> AttemptFailure:
    """The failure of a call that must not have a transcript."""
    _, found = talk(made, *answers)
    assert isinstance(found, AttemptFailure), found
    return found


def heard(job: object, options: Options = PLAIN) -> Transcript:
    """The transcript of a completed job."""
    _, found = talk(asked(options), UPLOADED, QUEUED, answer(json.dumps(job).encode()))
    assert isinstance(found, Transcript), found
    return found


def submitted(made: Call) -> dict[str, object]:
    """The job that is submitted."""
    want = talk(made, UPLOADED)[0][-1]
    assert isinstance(want, HttpRequest)
    assert isinstance(want.body, bytes)
    found: dict[str, object] = json.loads(want.body)
    return found


def pauses(wants: Sequence[Want]) -> list[int]:
    """How long was waited, time after time."""
    return [want.ms for want in wants if isinstance(want, Pause)]


def steps(wants: Sequence[Want]) -> list[str]:
    """The requests, in short."""
    return [f"{want.method} {want.url}" for want in wants if isinstance(want, HttpRequest)]


def test_a_job_is_uploaded_submitted_and_asked_for() -> None:
    """The address of the upload is used as it came; the name of the job is one step of a path."""
    wants, found = talk(asked(), UPLOADED, QUEUED, PROCESSING, DONE)
    assert steps(wants) == [
        "POST https://api.assemblyai.com/v2/upload",
        f"POST {PLACE}",
        f"GET {PLACE}/j%201",
        f"GET {PLACE}/j%201",
    ]
    upload, submit = wants[0], wants[1]
    assert isinstance(upload, HttpRequest)
    assert isinstance(submit, HttpRequest)
    assert upload.body == RawBody(content_type="application/octet-stream")
    assert upload.headers == (Header("accept", "application/json"), Header("authorization", Secret()))
    assert Header("content-type", "application/json") in submit.headers
    assert found == Transcript(text="a", request_id="j 1")


def test_a_region_is_a_base_url() -> None:
    """All steps go there, with or without the version."""
    for base_url in ("https://api.eu.assemblyai.com/", "https://api.eu.assemblyai.com/v2"):
        made = call(MODEL, base_url=base_url, provider="assemblyai")
        assert [step.split("/")[2] for step in steps(talk(made, UPLOADED, QUEUED, DONE)[0])] == ["api.eu.assemblyai.com"] * 3


@pytest.mark.parametrize(
    ("options", "added"),
    [
        (Options(), {"language_detection": True}),
        (Options(language="de"), {"language_code": "de"}),
        (Options(language="jv"), {"language_code": "jw"}),
        (Options(language="en", languages=("en",)), {"language_code": "en"}),
        (
            Options(languages=("de", "English", "de")),
            {"language_detection": True, "language_detection_options": {"expected_languages": ["de", "en"]}},
        ),
        (
            Options(language="de", keywords=("fox", "red deer", "fox")),
            {"language_code": "de", "keyterms_prompt": ["fox", "red deer"]},
        ),
        (Options(language="de", prompt="A ship."), {"language_code": "de", "prompt": "A ship."}),
        (
            Options(language="de", prompt="A ship.", keywords=("fox", "deer")),
            {"language_code": "de", "prompt": "A ship. fox, deer"},
        ),
        (Options(language="de", temperature=0.0), {"language_code": "de", "temperature": 0.0}),
        (Options(language="de", diarize=True), {"language_code": "de", "speaker_labels": True}),
        (Options(language="de", response_format="diarized_json"), {"language_code": "de", "speaker_labels": True}),
        (Options(language="de", response_format="srt", timestamps=("word",)), {"language_code": "de"}),
    ],
)
def test_each_option_is_in_the_job(options: Options, added: dict[str, object]) -> None:
    """And nothing else is: prompt and keyterms are never there together."""
    assert submitted(asked(options)) == {"audio_url": "https://cdn.example/upload/1?a=b", "speech_models": [MODEL], **added}


def test_several_models_are_a_list() -> None:
    """In order, as the service tries them."""
    assert submitted(asked(model="universal-3-5-pro, universal-2"))["speech_models"] == ["universal-3-5-pro", "universal-2"]


@pytest.mark.parametrize(
    ("options", "extra", "expected"),
    [
        (Options(), {"punctuate": False, "speakers_expected": 2}, {"punctuate": False, "speakers_expected": 2}),
        (
            Options(languages=("de", "en")),
            {"language_detection_options": {"fallback_language": "de"}},
            {"language_detection_options": {"fallback_language": "de", "expected_languages": ["de", "en"]}},
        ),
        (Options(keywords=("fox",)), {"keyterms_prompt": ("deer",)}, {"keyterms_prompt": ["deer", "fox"]}),
        (Options(), {"keyterms_prompt": ("deer",)}, {"keyterms_prompt": ["deer"]}),
        (Options(), {"custom_spelling": ({"from": ("a",), "to": "b"},)}, {"custom_spelling": [{"from": ["a"], "to": "b"}]}),
    ],
)
def test_fields_of_the_deployment_are_merged(
    options: Options, extra: dict[str, PassedOption], expected: dict[str, object]
) -> None:
    """Objects within objects, and the words to expect with those of the request."""
    found = submitted(asked(options, extra=extra))
    assert {name: found[name] for name in expected} == expected


def test_terms_of_the_deployment_go_with_a_prompt() -> None:
    """The two exclude each other there."""
    found = submitted(asked(Options(prompt="A ship."), extra={"keyterms_prompt": ("deer",)}))
    assert (found["prompt"], "keyterms_prompt" in found) == ("A ship. deer", False)


@pytest.mark.parametrize(
    ("options", "model"),
    [
        (Options(prompt="a"), "universal-2"),
        (Options(temperature=0.0), "universal-2"),
        (Options(temperature=0.0), "universal-3-5-pro"),
        (Options(keywords=("a",)), "nano"),
        (Options(logprobs=True), MODEL),
        (Options(chunking_strategy="auto"), MODEL),
        (Options(stream=True), MODEL),
        (Options(known_speakers=(KnownSpeaker(name="a", reference="data:,"),)), MODEL),
    ],
)
def test_what_cannot_be_sent_is_not_dropped(options: Options, model: str) -> None:
    """The planner knows it too, and no audio is sent."""
    found = failed(asked(options, model))
    assert (found.kind, found.sent, found.charged) == ("unsupported", "no", "no")
    assert lacks(FACTS.capabilities(model), Request(route="r", options=options))


@pytest.mark.parametrize(("seconds", "first"), [(None, 3000), (2.0, 500), (20.0, 1000), (36_000.0, 3000)])
def test_a_short_recording_is_asked_for_early(seconds: float | None, first: int) -> None:
    """It is done early."""
    assert pauses(talk(asked(seconds=seconds), UPLOADED, QUEUED, DONE)[0]) == [first]


def test_the_pace_slows_down_gently() -> None:
    """From half a second to ten."""
    waited = pauses(talk(asked(seconds=1.0), UPLOADED, QUEUED, *[PROCESSING] * 30, DONE)[0])
    assert waited[:7] == [500, 750, 1125, 1688, 2532, 3798, 4178]
    assert waited[-1] == 10_000
    assert waited == sorted(waited)


def test_an_answer_that_says_nothing_of_the_job_is_asked_for_again() -> None:
    """The job is paid: no second upload. The server's wait counts, and once it is over the usual pace does."""
    wants, found = talk(asked(), UPLOADED, QUEUED, BUSY, ILL, answer(b"<html>"), PROCESSING, DONE)
    assert isinstance(found, Transcript)
    assert pauses(wants) == [3000, 7000, 3630, 3993, 4392]
    assert [step.split()[0] for step in steps(wants)] == ["POST", "POST", "GET", "GET", "GET", "GET", "GET"]


def test_a_job_is_not_waited_for_forever() -> None:
    """Three hours, whatever time the attempt has; it may be done and charged after all, and is not deleted."""
    wants, found = talk(asked(delete="true"), UPLOADED, QUEUED, *[PROCESSING] * 1086)
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.charged) == ("timed_out", "maybe")
    assert sum(want.ms for want in wants if isinstance(want, Pause)) in range(10_800_000, 10_811_000)
    assert {want.method for want in wants if isinstance(want, HttpRequest)} == {"POST", "GET"}


def test_an_upload_that_went_wrong_there_is_their_failure() -> None:
    """Under 422, which is not a refusal of the audio."""
    found = failed(asked(), answer(b'{"error":"Upload failed, please try again."}', 422))
    assert found.kind == "server_error"


def test_patience_has_an_end() -> None:
    """Five in a row; what says that the job goes on gives it back."""
    found = failed(asked(), UPLOADED, QUEUED, BUSY, ILL, ILL, ILL, PROCESSING, ILL, ILL, ILL, ILL, BUSY)
    assert (found.kind, found.charged, found.retry_after_ms) == ("rate_limited", "maybe", 7000)


@pytest.mark.parametrize(("status", "kind"), [(401, "unauthorized"), (404, "not_found"), (400, "unsupported")])
def test_a_look_that_is_refused_for_good_ends_the_call(status: int, kind: FailureKind) -> None:
    """The job may be charged all the same."""
    found = failed(asked(), UPLOADED, QUEUED, answer(b'{"error":"no"}', status))
    assert (found.kind, found.charged) == (kind, "maybe")


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        ("Audio duration is too short.", "unsupported"),
        ("Audio duration exceeds the maximum of ten hours.", "too_large"),
        ("The audio is too long.", "too_large"),
        ("The file seems to be corrupted.", "unsupported"),
        ("The file does not appear to contain audio.", "unsupported"),
        ("Transcoding failed. The file type is text/plain.", "unsupported"),
        ("Download error, unable to download what was uploaded.", "server_error"),
        ("", "server_error"),
    ],
)
def test_a_job_that_failed_ends_the_call(why: str, kind: FailureKind) -> None:
    """Under 200, with the reason; it is not asked for again."""
    found = failed(asked(), UPLOADED, QUEUED, answer(json.dumps({"id": "j", "status": "error", "error": why}).encode()))
    assert (found.kind, found.status, found.charged) == (kind, 200, "maybe")
    assert why in found.reason


def test_a_job_that_failed_without_a_word_ends_the_call() -> None:
    """It is not asked for again."""
    found = failed(asked(), UPLOADED, QUEUED, answer(b'{"id":"j","status":"error","error":null}'))
    assert (found.kind, found.status) == ("server_error", 200)


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ([answer(b'{"error":"Authentication error"}', 401)], "unauthorized"),
        ([BUSY], "rate_limited"),
        ([answer(b'{"foo":"bar"}')], "bad_answer"),
        ([answer(b"", 413)], "too_large"),
        ([UPLOADED, answer(b'{"error":"format_text must be a Boolean"}', 400)], "unsupported"),
        ([UPLOADED, answer(b'{"error":"Your account balance is negative"}', 400)], "out_of_quota"),
        ([UPLOADED, ILL], "overloaded"),
        ([UPLOADED, answer(b'{"status":"queued"}')], "bad_answer"),
        ([Done()], "adapter_bug"),
    ],
)
def test_a_refusal_on_the_way_ends_the_call(answers: list[HttpResponse | Done], kind: FailureKind) -> None:
    """Nothing is under way yet."""
    assert failed(asked(), *answers).kind == kind


def test_a_job_without_a_text_is_no_answer() -> None:
    """Nor is one in a state that nobody knows: asked for again, and in the end a bad answer."""
    odd = [answer(b'{"id":"j","status":"completed"}'), answer(b'{"id":"j","status":"lost"}'), answer(b""), answer(b'{"id"')]
    assert failed(asked(), UPLOADED, QUEUED, *odd, odd[0]).kind == "bad_answer"


@pytest.mark.parametrize("after", [answer(b"{}"), answer(b"", 500), answer(b'{"error":"no"}', 404)])
def test_a_transcript_is_deleted_where_the_deployment_says_so(after: HttpResponse) -> None:
    """Whatever comes of it, the transcript is there."""
    wants, found = talk(asked(delete="true"), UPLOADED, QUEUED, DONE, after)
    assert steps(wants)[-1] == f"DELETE {PLACE}/j%201"
    assert found == Transcript(text="a", request_id="j 1")


@pytest.mark.parametrize("delete", ["false", ""])
def test_a_transcript_stays_unless_the_deployment_says_so(delete: str) -> None:
    """That is the service's default."""
    assert all("DELETE" not in step for step in steps(talk(asked(delete=delete), UPLOADED, QUEUED, DONE)[0]))


def test_a_failed_job_is_deleted_too() -> None:
    """One that is still under way is not."""
    lost = answer(b'{"id":"j","status":"error","error":"no"}')
    assert steps(talk(asked(delete="true"), UPLOADED, QUEUED, lost, answer(b"{}"))[0])[-1].startswith("DELETE")
    for vain in (ILL, answer(b"{}")):
        assert not steps(talk(asked(delete="true"), UPLOADED, QUEUED, *[vain] * 5)[0])[-1].startswith("DELETE")


def test_a_whole_job_is_a_whole_transcript() -> None:
    """Milliseconds become seconds, utterances segments; unknown fields are passed over."""
    job: dict[str, object] = {
        "id": "j",
        "status": "completed",
        "text": " Hello, you. ",
        "language_code": "en_us",
        "confidence": 0.94,
        "audio_duration": 2,
        "words": [
            {"text": "Hello,", "start": 250, "end": 650, "confidence": 0.97, "speaker": "A", "new": 1},
            {"text": "you.", "start": 730, "end": 700, "confidence": 2, "speaker": None},
            {"text": "lost", "start": None, "end": None},
        ],
        "utterances": [{"text": "Hello, you.", "start": 250, "end": 730, "confidence": 0.93, "speaker": "A", "words": []}],
    }
    assert heard(job) == Transcript(
        text="Hello, you.",
        language="en",
        seconds=2.0,
        segments=(Segment(text="Hello, you.", start=0.25, end=0.73, speaker="A", confidence=0.93),),
        words=(Word(word="Hello,", start=0.25, end=0.65, speaker="A", confidence=0.97), Word(word="you.", start=0.73, end=0.73)),
        confidence=0.94,
        usage=Usage(kind="duration", seconds=2.0),
        request_id="j",
    )


def test_sentences_stand_in_for_utterances() -> None:
    """Which come with speakers only."""
    words = [{"text": text, "start": 100 * i, "end": 100 * i + 50} for i, text in enumerate(("One.", "Two", "three."))]
    found = heard({"id": "j", "status": "completed", "text": "One. Two three.", "words": words, "utterances": None})
    assert [(segment.text, segment.start, segment.end) for segment in found.segments or ()] == [
        ("One.", 0.0, 0.05),
        ("Two three.", 0.1, 0.25),
    ]


@pytest.mark.parametrize(
    ("speaker", "channel", "named"), [("1A", "1", "1A"), (None, "1", "channel 1"), (None, None, None), (2, None, "2")]
)
def test_speakers_are_named_as_they_are_there(speaker: object, channel: object, named: str | None) -> None:
    """Of channels kept apart the speaker's name has the channel in it."""
    word = {"text": "a", "start": 0, "end": 1, "speaker": speaker, "channel": channel}
    assert [word.speaker for word in heard({"id": "j", "status": "completed", "text": "a", "words": [word]}).words or ()] == [
        named
    ]


@pytest.mark.parametrize("text", ["", None, " "])
def test_nothing_said_is_an_empty_transcript(text: str | None) -> None:
    """With times, of which there are none."""
    job: dict[str, object] = {"id": "j", "status": "completed", "text": text, "words": [], "confidence": None}
    assert heard(job, Options(language="de", response_format="srt")) == Transcript(
        text="", language="de", segments=(), words=(), request_id="j"
    )


@pytest.mark.parametrize("options", [Options(timestamps=("word",)), Options(response_format="srt"), Options(diarize=True)])
def test_a_job_without_what_was_asked_for_is_no_answer(options: Options) -> None:
    """Routing goes on."""
    assert failed(asked(options), UPLOADED, QUEUED, DONE).kind == "unsupported"


@pytest.mark.parametrize("path", recorded("assemblyai"), ids=lambda path: path.stem)
def test_every_recorded_answer_is_read(path: Path) -> None:
    """At the step that it belongs to."""
    body = replayed(path)
    match path.stem.split("_"):
        case ["upload"]:
            assert submitted(asked())["audio_url"]
            assert len(talk(asked(), body)[0]) == len(["upload", "submit"])
        case ["transcript", "queued"]:
            assert steps(talk(asked(), UPLOADED, body)[0])[-1].startswith("GET")
        case ["transcript", "error"]:
            assert failed(asked(), UPLOADED, QUEUED, body).kind == "server_error"
        case ["transcript", *_]:
            found = talk(asked(Options(diarize=True)), UPLOADED, QUEUED, body)[1]
            assert isinstance(found, Transcript)
            assert (bool(found.text), bool(found.words), bool(found.segments), found.language) == (True, True, True, "en")
        case _:
            kinds: dict[str, FailureKind] = {"400": "unsupported", "401": "unauthorized", "429": "rate_limited"}
            assert failed(asked(), body).kind == kinds[path.stem.split("_")[1]]


@pytest.mark.parametrize(
    ("model", "language", "knows"),
    [
        ("universal-2", "fi", True),
        ("universal-2", "yue", False),
        ("universal-3-pro", "fi", False),
        ("universal-3-pro", "it", True),
        ("universal-3-5-pro", "hi", True),
        ("universal-3-5-pro,universal-2", "fi", True),
    ],
)
def test_the_facts_know_which_languages_a_model_knows(model: str, language: str, *, knows: bool) -> None:
    """A second model takes the languages that the first does not know."""
    assert (not lacks(FACTS.capabilities(model), Request(route="r", options=Options(language=language)))) is knows


def test_a_base_url_that_is_none_sends_nothing() -> None:
    """It is found before."""
    found = failed(call(MODEL, base_url="nonsense", provider="assemblyai"))
    assert (found.kind, found.sent) == ("not_found", "no")


def test_a_shell_that_does_not_wait_is_our_own_fault() -> None:
    """And nobody else's."""
    doing = exchange(asked())
    next(doing)
    doing.send(UPLOADED)
    assert isinstance(doing.send(QUEUED), Pause)
    with pytest.raises(StopIteration) as stopped:
        doing.send(DONE)
    assert stopped.value.value.failure().kind == "adapter_bug"
