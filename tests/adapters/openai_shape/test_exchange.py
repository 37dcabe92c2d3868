import itertools
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.bodies import NO_TRANSCRIPT, TRANSCRIPTS, WHISPER_CPP_TOKENS, error
from tests.adapters.driving import answer, call, ended, fields, wanted
from voxplan.adapters.providers import openai
from voxplan.adapters.wire import Header, HttpRequest, Multipart, Recognised, Secret
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import Options, ResponseFormat
from voxplan.engine.terms.transcript import Segment, Transcript, Usage, Word

WORDS = (Word(word="A", start=0, end=0.4), Word(word="quiet", start=0.4, end=1.1), Word(word="morning", start=1.1, end=2.5))


def heard(body: bytes, options: Options | None = None) -> Transcript:
    """The transcript in a body that must hold one."""
    found = ended(call(options=options), answer(body))
    assert isinstance(found, Transcript), found
    return found


def failed(body: bytes, status: int = 200, options: Options | None = None) -> AttemptFailure:
    """The failure of a body that must not hold a transcript."""
    found = ended(call(options=options), answer(body, status))
    assert isinstance(found, AttemptFailure), found
    return found


# --- what is sent


def test_the_request_is_one_form_with_a_hole_for_the_key() -> None:
    """POST, the key's place after `Bearer`, JSON wanted, fields as data and the audio last."""
    want = wanted(call(options=Options(language="en", prompt="names", temperature=0.2)))
    assert want == HttpRequest(
        method="POST",
        url="https://api.openai.com/v1/audio/transcriptions",
        headers=(Header("accept", "application/json"), Header("authorization", Secret("Bearer "))),
        body=Multipart(
            fields=(
                ("model", "whisper-1"),
                ("response_format", "json"),
                ("language", "en"),
                ("prompt", "names"),
                ("temperature", "0.2"),
            ),
            file_field="file",
            filename="clip.mp3",
            content_type="audio/mpeg",
        ),
    )


def test_no_key_no_header() -> None:
    """A server at home without a key gets no authorization at all."""
    want = wanted(call(provider="openai_compatible", base_url="http://localhost:8000", has_key=False))
    assert [header.name for header in want.headers] == ["accept"]


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("http://h:8000", "http://h:8000/v1/audio/transcriptions"),
        ("http://h:8000/", "http://h:8000/v1/audio/transcriptions"),
        (" http://h:8000/v1 ", "http://h:8000/v1/audio/transcriptions"),
        ("http://h:8000/v1//", "http://h:8000/v1/audio/transcriptions"),
        ("https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1/audio/transcriptions"),
        ("https://h/v1/audio/transcriptions/", "https://h/v1/audio/transcriptions"),
        ("http://h:8080/inference", "http://h:8080/inference"),
        ("http://[::1]:8000/v1/", "http://[::1]:8000/v1/audio/transcriptions"),
        ("https://h/team/openai", "https://h/team/openai/audio/transcriptions"),
        ("https://h/v1/audio", "https://h/v1/audio/transcriptions"),
        ("https://h/v1/audio/translations", "https://h/v1/audio/transcriptions"),
        ("https://h/v1/chat/completions?key=1", "https://h/v1/audio/transcriptions?key=1"),
        ("https://h/v1?api-version=1#top", "https://h/v1/audio/transcriptions?api-version=1"),
    ],
)
def test_base_urls_as_people_write_them(base_url: str, url: str) -> None:
    """With or without /v1, slashes, the whole path, a query."""
    assert wanted(call(provider="openai_compatible", base_url=base_url)).url == url


@pytest.mark.parametrize("base_url", ["", "localhost:8000", "ftp://h/v1", "http://", "http://[::1", "http://h:99999"])
def test_a_base_url_that_is_none_fails_before_anything_is_sent(base_url: str) -> None:
    """The operator is told; the address, which may hold a password, is not repeated."""
    found = ended(call(provider="openai_compatible", base_url=base_url))
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.sent, found.charged) == ("not_found", "no", "no")


def test_a_compatible_server_without_an_address_is_our_fault() -> None:
    """The spec's check has let it through."""
    found = ended(call(provider="openai_compatible"))
    assert isinstance(found, AttemptFailure)
    assert found.kind == "adapter_bug"


@pytest.mark.parametrize(
    ("model", "plain", "timed"),
    [
        ("whisper-1", "json", "verbose_json"),
        ("Systran/faster-whisper-small", "json", "verbose_json"),
        ("gpt-4o-transcribe-diarize", "diarized_json", "diarized_json"),
        ("openai/gpt-4o-transcribe-diarize", "diarized_json", "diarized_json"),
        ("gpt-4o-mini-transcribe-2025-12-15", "json", None),
        ("gpt-transcribe", "json", None),
        ("mistralai/Voxtral-Mini-3B-2507", "json", None),
    ],
)
def test_the_upstream_format_follows_from_need_and_model(model: str, plain: str, timed: str | None) -> None:
    """Times are asked for where they are needed and can be had; where they cannot, nothing is sent."""
    untimed: tuple[ResponseFormat, ...] = ("json", "text")
    subtitles: tuple[ResponseFormat, ...] = ("srt", "vtt")
    for response_format in untimed:
        assert fields(call(model, Options(response_format=response_format)))["response_format"] == [plain]
    assert fields(call(model, Options(response_format="verbose_json")))["response_format"] == [timed or plain]
    for response_format in subtitles:
        made = call(model, Options(response_format=response_format))
        if timed is not None:
            assert fields(made)["response_format"] == [timed]
            continue
        found = ended(made)
        assert isinstance(found, AttemptFailure)
        assert (found.kind, found.sent) == ("unsupported", "no")


@pytest.mark.parametrize("response_format", ["srt", "vtt", "text"])
@pytest.mark.parametrize("model", ["whisper-1", "gpt-4o-transcribe-diarize", "any/whisper"])
def test_the_callers_format_never_goes_upstream(model: str, response_format: ResponseFormat) -> None:
    """Subtitles and text are rendered here, whatever the provider could do."""
    assert response_format not in fields(call(model, Options(response_format=response_format)))["response_format"]


@pytest.mark.parametrize(
    ("options", "granularities"),
    [
        (Options(response_format="verbose_json"), None),
        (Options(response_format="srt"), None),
        (Options(timestamps=("segment",)), None),
        (Options(timestamps=("word",)), ["word"]),
        (Options(response_format="srt", timestamps=("word",)), ["word", "segment"]),
        (Options(response_format="verbose_json", timestamps=("segment", "word")), ["word", "segment"]),
    ],
)
def test_granularities_are_named_only_where_they_are_not_the_default(options: Options, granularities: list[str] | None) -> None:
    """Servers that do not know the field never see it without need."""
    assert fields(call(options=options)).get("timestamp_granularities[]") == granularities


def test_diarize_gets_its_chunking_strategy_and_no_prompt() -> None:
    """Without the one the service refuses every length; the other it refuses itself, so the call fails here."""
    assert fields(call("gpt-4o-transcribe-diarize"))["chunking_strategy"] == ["auto"]
    for options in (Options(prompt="names"), Options(timestamps=("word",))):
        found = ended(call("gpt-4o-transcribe-diarize", options))
        assert isinstance(found, AttemptFailure)
        assert (found.kind, found.sent) == ("unsupported", "no")


@pytest.mark.parametrize(
    ("language", "sent"),
    [("en", "en"), ("English", "en"), ("pt-BR", "pt"), ("nb-NO", "no"), ("nn", "nn"), ("klingonese", "klingonese")],
)
def test_a_language_goes_upstream_as_a_code(language: str, sent: str) -> None:
    """ISO 639-1 where it is known; what is not known the provider may judge."""
    assert fields(call(options=Options(language=language)))["language"] == [sent]


# --- what comes back


@pytest.mark.parametrize("shape", TRANSCRIPTS)
def test_every_known_shape_is_a_transcript(shape: str) -> None:
    """The same words from each, trimmed, whatever stands beside them."""
    assert heard(TRANSCRIPTS[shape]).text == "A quiet morning."


@pytest.mark.parametrize("shape", [shape for shape, body in TRANSCRIPTS.items() if b'"words":[' in body])
def test_words_wherever_they_stand(shape: str) -> None:
    """At the top, in segments, under `word` or `text`, with or without confidence."""
    words = heard(TRANSCRIPTS[shape]).words
    assert words is not None
    assert [(word.word.strip("."), word.start, word.end) for word in words] == [(w.word, w.start, w.end) for w in WORDS]


@pytest.mark.parametrize("shape", [shape for shape, body in TRANSCRIPTS.items() if b'"segments":[{' in body])
def test_segments_in_seconds(shape: str) -> None:
    """Trimmed texts and seconds, even from a server that counts nanoseconds."""
    segments = heard(TRANSCRIPTS[shape]).segments
    assert segments is not None
    assert [(segment.text, segment.start, segment.end) for segment in segments] == [("A quiet morning.", 0.0, 2.5)]


def test_everything_that_openai_measures_is_kept() -> None:
    """Language as a code, length, the segment's numbers, usage, and the provider's own id."""
    found = ended(call(), answer(TRANSCRIPTS["openai verbose_json"], x_request_id="req_1"))
    assert found == Transcript(
        text="A quiet morning.",
        language="en",
        seconds=3.2000000476837158,
        segments=(
            Segment(
                text="A quiet morning.",
                start=0.0,
                end=2.5,
                avg_logprob=-0.28,
                compression_ratio=1.2,
                no_speech_prob=0.01,
                temperature=0.0,
                tokens=(50364, 316),
            ),
        ),
        words=WORDS,
        usage=Usage(kind="duration", seconds=4),
        request_id="req_1",
    )


def test_usage_in_tokens_and_speakers() -> None:
    """Tokens by modality; the speaker of a diarized segment."""
    counted = Usage(kind="tokens", input_tokens=37, output_tokens=12, total_tokens=49, audio_tokens=37, text_tokens=0)
    assert heard(TRANSCRIPTS["openai json, usage in tokens"]).usage == counted
    segments = heard(TRANSCRIPTS["openai diarized_json"]).segments
    assert segments is not None
    assert segments[0].speaker == "A"


def test_what_is_absent_stays_absent() -> None:
    """No times, no language, no length, no usage: None, never zero or empty."""
    assert heard(b'{"text":"A quiet morning."}') == Transcript(text="A quiet morning.")
    assert heard(TRANSCRIPTS["usage that makes no sense"]).usage is None
    assert heard(TRANSCRIPTS["ovhcloud, words asked for"]).segments is None
    assert heard(TRANSCRIPTS["ovhcloud, words asked for"]).usage == Usage(kind="duration", seconds=4)


def test_whisper_cpp_tokens_are_joined_into_words() -> None:
    """A token that begins with a space begins a word; punctuation belongs to the word before."""
    words = heard(WHISPER_CPP_TOKENS).words
    assert words is not None
    assert [(word.word, word.start, word.end) for word in words] == [("Antarctica,", 0.0, 1.0), ("friend.", 1.0, 2.5)]


def test_times_that_were_not_measured_are_no_times() -> None:
    """whisper.cpp without timestamps gives segments without them, and words without them."""
    body = b'{"text":"a b","segments":[{"text":"a b","words":[{"word":"a","probability":0.5}]}]}'
    assert heard(body) == Transcript(text="a b")


def test_times_the_wrong_way_round_are_straightened() -> None:
    """Neither a negative time nor an end before its start leaves the adapter."""
    segments = heard(b'{"text":"a","segments":[{"text":"a","start":-0.5,"end":-1}]}').segments
    assert segments == (Segment(text="a", start=0.0, end=0.0),)


@pytest.mark.parametrize("response_format", ["json", "srt", "verbose_json"])
@pytest.mark.parametrize(
    "body", [b'{"text":""}', b'{"text":" ","segments":[]}', b'{"text":"","languages":[],"usage":{"seconds":2}}']
)
def test_silence_is_a_transcript(body: bytes, response_format: ResponseFormat) -> None:
    """Empty text is an answer, and lacks no times."""
    assert heard(body, Options(response_format=response_format, timestamps=("word",))).text == ""


@pytest.mark.parametrize("body", NO_TRANSCRIPT)
def test_what_is_no_transcript_is_a_bad_answer(body: bytes) -> None:
    """HTML, other JSON, cut-off JSON, wrong types: told by shape, never by content."""
    failure = failed(body)
    assert failure.kind == "bad_answer"
    assert NO_TRANSCRIPT[body] in failure.reason
    assert (failure.sent, failure.charged, failure.status) == ("yes", "maybe", 200)


@pytest.mark.parametrize("body", TRANSCRIPTS.values(), ids=TRANSCRIPTS)
def test_no_beginning_of_an_answer_is_an_answer(body: bytes) -> None:
    """However a body is cut off, it is a bad answer and nothing else happens."""
    cuts = itertools.takewhile(lambda cut: cut < len(body), itertools.count(0, 7))
    assert {failed(body[:cut]).kind for cut in cuts} == {"bad_answer"}


@given(
    st.binary(max_size=200)
    | st.from_regex(r'\{"text":"a","(segments|words|usage|duration)":[\[\]\{\}0-9a-z",:]{0,40}\}').map(str.encode)
)
def test_no_body_is_too_strange(body: bytes) -> None:
    """Any bytes at all give a transcript or a failure with one printable line."""
    found = ended(call(), answer(body))
    if isinstance(found, AttemptFailure):
        assert found.reason.isprintable()


def test_an_error_under_200_is_what_it_says() -> None:
    """whisper.cpp answers 200 to audio it cannot read: the caller's audio must not cool the server down."""
    assert failed(b'{"error":"failed to read WAV file"}').kind == "unsupported"
    assert failed(b'{"error":"something else"}').kind == "bad_answer"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"error":{"code":429,"message":"slow down"}}', "rate_limited"),
        (b'{"error":{"code":"429","message":"slow down"}}', "rate_limited"),
        (b'{"error":{"code":"rate_limit_exceeded","message":"slow down"}}', "rate_limited"),
        (b'[{"error":{"code":503,"message":"busy"}}]', "overloaded"),
        (b'{"object":"error","message":"no such model","type":"NotFoundError","code":404}', "not_found"),
        (b'{"error":"Unauthorized","statusCode":401}', "unauthorized"),
        (b'{"error":{"code":"invalid_api_key","message":"wrong"}}', "unauthorized"),
        (b'{"errors":[{"code":500,"message":"oh"}]}', "server_error"),
        (b'{"detail":"Not authenticated"}', "bad_answer"),
        (error("something else"), "unsupported"),
    ],
)
def test_an_error_under_200_that_says_its_status(body: bytes, kind: str) -> None:
    """In a number or in its code: it is what it would be under that status, and the status is the one that came."""
    failure = failed(body)
    assert (failure.kind, failure.status) == (kind, 200)


@pytest.mark.parametrize(
    "beside", [b'"error":null', b'"error":""', b'"error":{}', b'"detail":"a fine recording"', b'"errors":[]']
)
def test_a_success_that_names_errors_is_a_success(beside: bytes) -> None:
    """Null and nothing are no error."""
    assert heard(b'{"text":"A quiet morning.",' + beside + b"}") == Transcript(text="A quiet morning.")


@pytest.mark.parametrize(
    ("body", "options", "missing"),
    [
        (b'{"text":"a"}', Options(response_format="srt"), "times"),
        (b'{"text":"a"}', Options(timestamps=("segment",)), "times"),
        (TRANSCRIPTS["vllm verbose_json"], Options(timestamps=("word",)), "word times"),
    ],
)
def test_times_that_were_asked_for_and_did_not_come(body: bytes, options: Options, missing: str) -> None:
    """A server that ignores the format has served nobody: the next one is asked, and the money is gone."""
    failure = failed(body, options=options)
    assert (failure.kind, failure.sent, failure.charged) == ("unsupported", "yes", "yes")
    assert missing in failure.reason


def test_the_wrong_kind_of_answer_is_our_fault() -> None:
    """A shell that recognises where it should send is told so."""
    failure = ended(call(), Recognised(segments=(), words=None, language=None, seconds=0.0))
    assert isinstance(failure, AttemptFailure)
    assert failure.kind == "adapter_bug"


def test_one_exchange_is_one_request() -> None:
    """Retries are the plan's; the adapter never asks twice."""
    exchange = openai.exchange(call())
    next(exchange)
    with pytest.raises(StopIteration):
        exchange.send(answer(b"", 500))


def test_recorded_successes(shared_fixtures: Path) -> None:
    """Every recorded success of this shape decodes, and its words are the body's own."""
    names = ("openai/*.json", "groq/*json*.json", "self_hosted/*json.json", "ovhcloud/*.json", "fireworks_ai/verbose*.json")
    files = {
        file for name in names for file in shared_fixtures.glob(name) if ".meta" not in file.suffixes and "error" not in file.name
    }
    said = {file.name: msgspec.json.decode(file.read_bytes(), type=dict[str, object])["text"] for file in files}
    assert said
    assert {file.name: heard(file.read_bytes()).text for file in files} == {
        name: str(text).strip() for name, text in said.items()
    }
