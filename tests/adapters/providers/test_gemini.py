from pathlib import Path
from typing import Any

import msgspec
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
from voxplan.adapters.providers.gemini import FACTS, INLINE_BYTES
from voxplan.adapters.wire import Base64Body, Call, Done, Got, HttpRequest, HttpResponse, Pause, RawBody, Secret
from voxplan.engine.language.spec import PassedOption
from voxplan.engine.plans.pricing import worst_cost
from voxplan.engine.terms.capability import lacks
from voxplan.engine.terms.failure import AttemptFailure, FailureKind
from voxplan.engine.terms.request import KnownSpeaker, Options, Request
from voxplan.engine.terms.transcript import Transcript, Usage, Word

BASE = "https://generativelanguage.googleapis.com"
DEDICATED = "gemini-3.5-transcribe"
WORDS = {"type": "verbatim", "timestamp_granularities": ["word"]}
SPEAKERS = {**WORDS, "diarization_mode": "speaker"}


def only(made: Call) -> HttpRequest:
    """The one request of a call whose audio goes along."""
    wants, _ = talk(made)
    (request,) = requests(wants)
    return request


def prompted(**config: object) -> Json:
    """The body for a model that is told to transcribe, plainly."""
    parts = [{"text": instruction(Options())}, {"inlineData": {"mimeType": "audio/wav", "data": AUDIO}}]
    return {"contents": [{"role": "user", "parts": parts}], **config}


def interaction(config: object = None, **top: object) -> Json:
    """The body for the dedicated model."""
    said = {} if config is None else {"generation_config": {"transcription_config": config}}
    audio = {"type": "audio", "data": AUDIO, "mime_type": "audio/wav"}
    return {"store": False, "model": DEDICATED, "input": [audio], **said, **top}


def test_a_model_that_has_to_be_told() -> None:
    """Everything that is sent when nothing but the text is wanted."""
    request = only(call())
    assert (request.method, request.url) == ("POST", f"{BASE}/v1beta/models/gemini-2.5-flash:generateContent")
    assert header(request, "x-goog-api-key") == Secret()
    assert (body(request), request.stream) == (prompted(), False)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (Options(language="de"), "German (de)"),
        (Options(languages=("de", "xx")), "German (de), xx"),
        (Options(prompt='Names: "Ångström"\x00'), 'Names: "Ångström"\x00'),
    ],
)
def test_what_is_known_goes_into_the_instruction(options: Options, said: str) -> None:
    """Language and prompt have no fields of their own; nothing that is said can break the body."""
    sent = body(only(call(options=options)))
    text = msgspec.convert(sent["contents"], list[dict[str, Any]])[0]["parts"][0]["text"]
    assert said in text
    assert text.startswith(instruction(Options()))


@pytest.mark.parametrize(
    ("options", "extra", "wanted"),
    [
        (Options(temperature=0.5), {}, prompted(generationConfig={"temperature": 0.5})),
        (Options(temperature=0.0), {}, prompted(generationConfig={"temperature": 0.0})),
        (
            Options(temperature=0.5),
            {"generationConfig": {"maxOutputTokens": 9, "temperature": 1, "thinkingConfig": {"thinkingBudget": 0}}},
            prompted(generationConfig={"maxOutputTokens": 9, "temperature": 0.5, "thinkingConfig": {"thinkingBudget": 0}}),
        ),
        (Options(response_format="verbose_json"), {"labels": {"team": "a"}}, prompted(labels={"team": "a"})),
        (Options(), {"safetySettings": ({"category": "X"},)}, prompted(safetySettings=[{"category": "X"}])),
    ],
)
def test_fields_of_generate_content(options: Options, extra: dict[str, PassedOption], wanted: Json) -> None:
    """The request's own come last: what the deployment adds cannot replace them."""
    assert body(only(call(options=options, extra=extra))) == wanted


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (Options(), interaction()),
        (Options(language="en"), interaction({"language_codes": ["en-US"]})),
        (Options(languages=("de", "xx")), interaction({"language_codes": ["de-DE", "xx"]})),
        (Options(keywords=("Kubernetes",)), interaction({"custom_vocabulary": ["Kubernetes"]})),
        (Options(timestamps=("word",)), interaction({"mode": WORDS})),
        (Options(timestamps=("segment",)), interaction({"mode": WORDS})),
        (Options(response_format="srt"), interaction({"mode": WORDS})),
        (Options(diarize=True), interaction({"mode": SPEAKERS})),
        (Options(response_format="diarized_json"), interaction({"mode": SPEAKERS})),
        (Options(response_format="verbose_json"), interaction()),
        (Options(response_format="verbose_json", keywords=("a",)), interaction({"custom_vocabulary": ["a"]})),
    ],
)
def test_fields_of_interactions(options: Options, wanted: Json) -> None:
    """No text beside the audio; speakers only show with word times, so that both are asked for."""
    request = only(call(model=DEDICATED, options=options))
    assert request.url == f"{BASE}/v1beta/interactions"
    assert header(request, "api-revision") is not None
    assert body(request) == wanted


@pytest.mark.parametrize(
    ("seconds", "keywords", "config"),
    [(60.0, (), {"mode": WORDS}), (1801.0, (), None), (60.0, ("a",), {"custom_vocabulary": ["a"]})],
)
def test_times_that_are_merely_welcome(seconds: float, keywords: tuple[str, ...], config: object) -> None:
    """verbose_json shows times where they cost nothing else."""
    made = call(model=DEDICATED, options=Options(response_format="verbose_json", keywords=keywords), seconds=seconds)
    assert body(only(made)) == interaction(config)


def test_extras_of_interactions() -> None:
    """They replace a default, and are merged with what the request asks for."""
    extra: dict[str, PassedOption] = {"store": True, "generation_config": {"transcription_config": {"mode": "smart"}}}
    made = call(model=DEDICATED, options=Options(language="de"), extra=extra)
    assert body(only(made)) == interaction({"mode": "smart", "language_codes": ["de-DE"]}, store=True)


SMART: dict[str, PassedOption] = {"generation_config": {"transcription_config": {"mode": "smart"}}}
MANY = tuple(f"word{number}" for number in range(1001))


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (call(model=DEDICATED, options=Options(timestamps=("word",), keywords=("a",))), "unsupported"),
        (call(model=DEDICATED, options=Options(diarize=True, keywords=("a",))), "unsupported"),
        (call(model=DEDICATED, options=Options(timestamps=("word",)), extra=SMART), "unsupported"),
        (call(model=DEDICATED, options=Options(keywords=MANY)), "unsupported"),
        (call(model=DEDICATED, options=Options(timestamps=("word",)), seconds=1801.0), "too_large"),
        (call(model=DEDICATED, options=Options(prompt="a")), "unsupported"),
        (call(model=DEDICATED, options=Options(temperature=0.1)), "unsupported"),
        (call(model=DEDICATED, options=Options(stream=True)), "unsupported"),
        (call(options=Options(timestamps=("word",))), "unsupported"),
        (call(options=Options(timestamps=("segment",))), "unsupported"),
        (call(options=Options(response_format="srt")), "unsupported"),
        (call(options=Options(diarize=True)), "unsupported"),
        (call(options=Options(response_format="diarized_json")), "unsupported"),
        (call(options=Options(keywords=("a",))), "unsupported"),
        (call(options=Options(logprobs=True)), "unsupported"),
        (call(options=Options(chunking_strategy="auto")), "unsupported"),
        (call(options=Options(known_speakers=(KnownSpeaker(name="A", reference="data:audio/wav;base64,AA=="),))), "unsupported"),
        (call(model="gemini-3.5-transcribe-live"), "not_found"),
        (call(base_url="ftp://elsewhere"), "not_found"),
    ],
)
def test_what_cannot_be_done_is_never_sent(made: Call, kind: FailureKind) -> None:
    """Nothing is dropped in silence, and nothing is sent that is known to be answered by 400."""
    wants, ending = talk(made)
    assert isinstance(ending, AttemptFailure)
    assert (wants, ending.kind, ending.sent) == ([], kind, "no")


@pytest.mark.parametrize(
    "base_url", ["https://proxy.example/google", "https://proxy.example/google/", "https://proxy.example/google/v1beta"]
)
def test_another_address(base_url: str) -> None:
    """With the version at its end or without."""
    assert only(call(base_url=base_url)).url == "https://proxy.example/google/v1beta/models/gemini-2.5-flash:generateContent"


@pytest.mark.parametrize(
    ("filename", "media_type"),
    [("a.wav", "audio/wav"), ("a.mp3", "audio/mp3"), ("a.MPGA", "audio/mp3"), ("a.flac", "audio/flac"), ("a.ogg", "audio/ogg")],
)
def test_media_types_are_those_of_the_documentation(filename: str, media_type: str) -> None:
    """Which calls MP3 otherwise than others do."""
    sent = only(call(filename=filename)).body
    assert isinstance(sent, Base64Body)
    assert f'"mimeType":"{media_type}"'.encode() in sent.before


def test_names_of_models_are_quoted() -> None:
    """And may be written as Google's resources are."""
    assert only(call(model="models/gemini-2.5-flash")).url.endswith("/v1beta/models/gemini-2.5-flash:generateContent")
    assert "/models/a%2F..%3Fb:generateContent" in only(call(model="a/..?b")).url


def around(options: Options) -> int:
    """The bytes of a body without its audio."""
    sent = only(call(options=options)).body
    assert isinstance(sent, Base64Body)
    return len(sent.before) + len(sent.after)


def test_the_limit_holds_for_the_whole_request() -> None:
    """Base64 takes four bytes for every three that are begun, and the prompt counts too."""
    options = Options(prompt="x" * 5000)
    room = INLINE_BYTES - around(options)
    fits, exceeds = room // 4 * 3, room // 4 * 3 + 1
    assert isinstance(only(call(options=options, size=fits)).body, Base64Body)
    assert only(call(options=options, size=exceeds)).url.endswith("/upload/v1beta/files")


UPLOAD_URL = "https://generativelanguage.googleapis.com/upload/v1beta/files?upload_id=1"
FILE = {"name": "files/abc", "uri": "https://generativelanguage.googleapis.com/v1beta/files/abc", "mimeType": "audio/wav"}
LARGE = 30_000_000
HEARD = {"candidates": [{"content": {"parts": [{"text": "A quiet morning."}]}, "finishReason": "STOP"}]}
BEGUN = json_answer({}, x_goog_upload_url=UPLOAD_URL)
ACTIVE = json_answer({"file": {**FILE, "state": "ACTIVE"}})


def test_large_audio_goes_by_way_of_a_file() -> None:
    """Start, upload, wait, transcribe, delete; the key never goes to the address that the answer names."""
    processing = json_answer({"file": {**FILE, "state": "PROCESSING"}})
    gots: tuple[Got, ...] = (
        BEGUN, processing, Done(), json_answer({**FILE, "state": "PROCESSING"}), Done(), json_answer({**FILE, "state": "ACTIVE"}),
        json_answer(HEARD), HttpResponse(status=200, headers=(), body=b"{}"),
    )  # fmt: skip
    wants, ending = talk(call(size=LARGE), gots)
    assert isinstance(ending, Transcript)
    assert ending.text == "A quiet morning."
    assert [want.ms for want in wants if isinstance(want, Pause)] == [500, 1000]
    start, sent, first, second, transcribe, delete = requests(wants)
    assert (start.url, body(start)) == (f"{BASE}/upload/v1beta/files", {"file": {"display_name": "audio"}})
    assert header(start, "x-goog-upload-header-content-length") == str(LARGE)
    assert (sent.url, sent.body) == (UPLOAD_URL, RawBody(content_type="audio/wav"))
    assert header(sent, "x-goog-upload-command") == "upload, finalize"
    assert header(sent, "x-goog-api-key") is None
    assert {(each.method, each.url) for each in (first, second)} == {("GET", f"{BASE}/v1beta/files/abc")}
    parts = [{"text": instruction(Options())}, {"fileData": {"mimeType": "audio/wav", "fileUri": FILE["uri"]}}]
    assert body(transcribe) == {"contents": [{"role": "user", "parts": parts}]}
    assert (delete.method, delete.url, header(delete, "x-goog-api-key")) == ("DELETE", f"{BASE}/v1beta/files/abc", Secret())


def test_the_dedicated_model_takes_files_too() -> None:
    """By their address."""
    wants, _ = talk(call(model=DEDICATED, size=LARGE), (BEGUN, ACTIVE))
    audio = {"type": "audio", "uri": FILE["uri"], "mime_type": "audio/wav"}
    assert body(requests(wants)[-1]) == {"store": False, "model": DEDICATED, "input": [audio]}


@pytest.mark.parametrize("got", [json_answer({}, status=500), json_answer({}, status=599), Done()])
def test_a_file_that_cannot_be_deleted_costs_nothing(got: Got) -> None:
    """It is gone by itself after two days."""
    assert heard(call(size=LARGE), BEGUN, ACTIVE, json_answer(HEARD), got).text == "A quiet morning."


def test_a_file_is_deleted_when_it_was_refused() -> None:
    """The failure stays what it was."""
    refused = json_answer({"error": {"code": 503, "status": "UNAVAILABLE", "message": "later"}}, status=503)
    wants, ending = talk(call(size=LARGE), (BEGUN, ACTIVE, refused, Done()))
    assert isinstance(ending, AttemptFailure)
    assert (ending.kind, requests(wants)[-1].method) == ("overloaded", "DELETE")


PROCESSING = json_answer({"file": {**FILE, "state": "PROCESSING"}})
ILL = json_answer({}, status=503)


def test_a_file_that_fails_later_says_why_and_is_deleted() -> None:
    """Its own error stands in the answer of 200 that tells about it; the file is what failed, not the asking."""
    said = json_answer({**FILE, "state": "FAILED", "error": {"code": 3, "message": "The file could not be decoded."}})
    wants, ending = talk(call(size=LARGE), (BEGUN, PROCESSING, Done(), said, Done()))
    assert isinstance(ending, AttemptFailure)
    assert (ending.kind, requests(wants)[-1].method) == ("unsupported", "DELETE")


def test_a_look_at_a_file_may_fail_and_pass() -> None:
    """Twice in a row; the upload is not thrown away for it."""
    gots: tuple[Got, ...] = (BEGUN, PROCESSING, Done(), ILL, Done(), ILL, Done(), json_answer({"state": "ACTIVE"}))
    assert heard(call(size=LARGE), *gots, json_answer(HEARD), Done()).text == "A quiet morning."
    wants, ending = talk(call(size=LARGE), (BEGUN, PROCESSING, Done(), ILL, Done(), ILL, Done(), ILL, Done()))
    assert isinstance(ending, AttemptFailure)
    assert (ending.kind, requests(wants)[-1].method) == ("overloaded", "DELETE")


def test_a_file_is_not_waited_for_forever() -> None:
    """Twenty minutes, whatever time the attempt has; then it is deleted."""
    look: tuple[Got, ...] = (Done(), json_answer({"state": "PROCESSING"}))
    wants, ending = talk(call(size=LARGE), (BEGUN, PROCESSING, *look * 243, Done()))
    assert isinstance(ending, AttemptFailure)
    assert (ending.kind, requests(wants)[-1].method) == ("timed_out", "DELETE")
    assert sum(want.ms for want in wants if isinstance(want, Pause)) in range(1_200_000, 1_205_000)


def test_a_file_that_could_not_be_processed_is_deleted() -> None:
    """What Google cannot decode, another provider may."""
    wants, ending = talk(call(size=LARGE), (BEGUN, json_answer({"file": {**FILE, "state": "FAILED"}}), Done()))
    assert isinstance(ending, AttemptFailure)
    assert (ending.kind, requests(wants)[-1].method) == ("unsupported", "DELETE")


@pytest.mark.parametrize(
    "gots",
    [
        (json_answer({}),),
        (json_answer({}, x_goog_upload_url="http://generativelanguage.googleapis.com/upload"),),
        (json_answer({}, x_goog_upload_url="not an address"),),
        (BEGUN, json_answer({"file": {**FILE, "name": "../models"}})),
        (BEGUN, json_answer({"file": {"name": "files/abc"}})),
        (BEGUN, json_answer({})),
    ],
)
def test_an_upload_that_makes_no_sense(gots: tuple[Got, ...]) -> None:
    """No address, one without TLS, a name that leads elsewhere."""
    assert failed(call(size=LARGE), *gots).kind == "bad_answer"


def test_an_upload_that_is_refused() -> None:
    """At either step."""
    refused = json_answer({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "files"}}, status=429)
    assert failed(call(size=LARGE), refused).kind == "rate_limited"
    assert failed(call(size=LARGE), BEGUN, refused).kind == "rate_limited"


def test_what_the_dedicated_model_heard() -> None:
    """Words with speakers, and tokens by modality."""
    rows: list[object] = [
        {"type": "word_info", "text": "A", "speaker": "spk:0", "end_offset": "0.450s"},
        {"type": "word_info", "text": "morning", "speaker": "spk:1", "start_offset": "7s", "end_offset": "7.5s"},
        {"type": "citation", "text": "b", "start_offset": "1s", "end_offset": "2s"},
        {"type": "word_info", "text": None},
    ]
    steps: list[object] = [
        {"type": "thought", "content": [{"type": "text", "text": "hm"}]},
        {"type": "model_output", "content": [{"type": "text", "text": "A morning", "annotations": rows, "new": 1}]},
    ]
    usage = {
        "total_tokens": 126,
        "total_input_tokens": 126,
        "total_output_tokens": 0,
        "input_tokens_by_modality": [{"modality": "audio", "tokens": 125}, {"modality": "text", "tokens": 1}],
    }
    made = call(model=DEDICATED, options=Options(diarize=True))
    assert heard(made, json_answer({"id": "v1_x", "status": "completed", "steps": steps, "usage": usage})) == Transcript(
        text="A morning",
        words=(Word(word="A", start=0.0, end=0.45, speaker="spk:0"), Word(word="morning", start=7.0, end=7.5, speaker="spk:1")),
        usage=Usage(kind="tokens", input_tokens=126, output_tokens=0, total_tokens=126, audio_tokens=125, text_tokens=1),
        request_id="v1_x",
    )


@pytest.mark.parametrize("more", [{}, {"steps": None}, {"steps": []}, {"steps": [{"type": "model_output", "content": None}]}])
def test_no_steps_are_silence(more: Json) -> None:
    """Whatever was asked for: where nobody speaks, nothing has a time."""
    made = call(model=DEDICATED, options=Options(timestamps=("word",), diarize=True))
    assert heard(made, json_answer({"status": "completed", "usage": None, **more})) == Transcript(text="")


@pytest.mark.parametrize(
    "content", [{}, {"status": "in_progress"}, {"status": "failed", "steps": []}, {"status": None}, {"foo": "bar"}, []]
)
def test_an_interaction_that_is_not_completed(content: object) -> None:
    """It is no transcript."""
    assert failed(call(model=DEDICATED), json_answer(content)).kind == "bad_answer"


def error(status: int, word: str, message: str = "no", *details: object) -> HttpResponse:
    """Google's envelope."""
    return json_answer({"error": {"code": status, "message": message, "status": word, "details": list(details)}}, status=status)


@pytest.mark.parametrize(
    ("got", "kind"),
    [
        (error(400, "INVALID_ARGUMENT", "API key not valid."), "unauthorized"),
        (error(400, "INVALID_ARGUMENT", "no", {"reason": "API_KEY_INVALID"}), "unauthorized"),
        (json_answer([{"error": {"code": 400, "message": "API key not valid."}}], status=400), "unauthorized"),
        (error(403, "PERMISSION_DENIED", "Your API key was reported as leaked."), "unauthorized"),
        (error(403, "PERMISSION_DENIED", "no", {"reason": "API_KEY_IP_ADDRESS_BLOCKED"}), "unauthorized"),
        (error(403, "PERMISSION_DENIED", "no", {"reason": "SERVICE_DISABLED"}), "not_found"),
        (error(403, "PERMISSION_DENIED", "no", {"reason": "BILLING_DISABLED"}), "out_of_quota"),
        (error(400, "FAILED_PRECONDITION", "User location is not supported for the API use."), "not_found"),
        (error(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers."), "unauthorized"),
        (error(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."), "out_of_quota"),
        (error(400, "INVALID_ARGUMENT", "Sync input too long."), "too_large"),
        (error(400, "INVALID_ARGUMENT", "The model does not exist in the location."), "not_found"),
        (error(400, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520 bytes."), "too_large"),
        (
            error(400, "INVALID_ARGUMENT", "The input token count (2) exceeds the maximum number of tokens allowed (1)."),
            "too_large",
        ),
        (error(400, "INVALID_ARGUMENT", "Developer instruction is not enabled"), "unsupported"),
        (error(404, "NOT_FOUND", "models/x is not found for API version v1beta"), "not_found"),
        (error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota"), "rate_limited"),
        (error(500, "INTERNAL"), "server_error"),
        (error(503, "UNAVAILABLE", "The model is overloaded."), "overloaded"),
        (error(504, "DEADLINE_EXCEEDED"), "timed_out"),
    ],
)
def test_refusals(got: HttpResponse, kind: FailureKind) -> None:
    """The reason in the details decides before the status does; both endpoints refuse alike."""
    assert {failed(call(model=model), got).kind for model in (DEDICATED, "gemini-2.5-flash")} == {kind}


INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "48s"}


@pytest.mark.parametrize(
    ("got", "wait_ms"),
    [
        (error(429, "RESOURCE_EXHAUSTED", "no", INFO), 48_000),
        (error(429, "RESOURCE_EXHAUSTED", "Please retry in 48.9s.", INFO), 48_900),
        (error(503, "UNAVAILABLE", "no", INFO), 48_000),
        (error(429, "RESOURCE_EXHAUSTED", "no", {**INFO, "retryDelay": "soon"}), None),
        (error(429, "RESOURCE_EXHAUSTED", "no", "words", {"retryDelay": "9s"}), None),
        (error(400, "INVALID_ARGUMENT", "no", INFO), None),
    ],
)
def test_how_long_to_wait_stands_in_the_body(got: HttpResponse, wait_ms: int | None) -> None:
    """There is no header for it."""
    assert failed(call(), got).retry_after_ms == wait_ms


def test_what_the_planner_knows() -> None:
    """Invented times are never offered, and no budget relies on a price by the token."""
    told, made_for_it = FACTS.capabilities("gemini-2.5-flash"), FACTS.capabilities(DEDICATED)
    times = Request(route="r", options=Options(response_format="srt", timestamps=("word",), diarize=True))
    assert (len(lacks(told, times)), lacks(made_for_it, times)) == (3, ())
    assert (told.streaming, made_for_it.streaming, FACTS.capabilities("gemini-3.5-transcribe-live").languages) == (
        True,
        False,
        None,
    )
    assert made_for_it.price is not None
    assert worst_cost(made_for_it.price, 60.0) is None


KINDS: dict[str, FailureKind] = {
    "error_400_invalid_api_key": "unauthorized",
    "error_400_logprobs": "unsupported",
    "error_400_unknown_field": "unsupported",
    "error_429_quota": "rate_limited",
    "interactions_error_400_auth_array": "unauthorized",
}


@recorded("gemini")
def test_recorded_answers(path: Path) -> None:
    """Each that was recorded is read: text for a success, the right kind for a refusal."""
    found = ended(call(model=DEDICATED if path.name.startswith("interactions") else "gemini-2.5-flash"), replayed(path))
    if isinstance(found, AttemptFailure):
        assert found.kind == KINDS[path.stem]
    else:
        assert found.text
        assert path.stem not in KINDS
