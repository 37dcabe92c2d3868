from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.adapters.driving import answer, call, ended, fields, wanted
from voxplan.adapters.providers.openai import FACTS
from voxplan.adapters.wire import Header, HttpRequest, Multipart, Secret
from voxplan.engine.language.spec import PassedOption
from voxplan.engine.terms.failure import AttemptFailure, FailureKind
from voxplan.engine.terms.request import AudioFacts, KnownSpeaker, Options
from voxplan.engine.terms.transcript import TokenLogprob, Transcript, Usage

ANN = KnownSpeaker(name="Ann", reference="data:audio/wav;base64,QQ==")
BOB = KnownSpeaker(name="Bob", reference="data:audio/wav;base64,Qg==")


@pytest.mark.parametrize(
    ("model", "options", "sent"),
    [
        ("gpt-transcribe", Options(languages=("German", "fr-CA")), {"languages[]": ["de", "fr"]}),
        ("gpt-transcribe", Options(keywords=("Ada", "Zoë")), {"keywords[]": ["Ada", "Zoë"]}),
        ("gpt-transcribe", Options(logprobs=True), {"include[]": ["logprobs"]}),
        ("gpt-4o-mini-transcribe", Options(logprobs=True, temperature=0.0), {"include[]": ["logprobs"], "temperature": ["0.0"]}),
        ("gpt-4o-transcribe", Options(stream=True), {"stream": ["true"]}),
        ("gpt-4o-transcribe", Options(chunking_strategy="auto"), {"chunking_strategy": ["auto"]}),
        ("gpt-4o-transcribe-diarize", Options(), {"chunking_strategy": ["auto"], "response_format": ["diarized_json"]}),
        (
            "gpt-4o-transcribe-diarize",
            Options(chunking_strategy='{"type":"server_vad","threshold":0.5,"silence_duration_ms":200}'),
            {
                "chunking_strategy": None,
                "chunking_strategy[type]": ["server_vad"],
                "chunking_strategy[threshold]": ["0.5"],
                "chunking_strategy[silence_duration_ms]": ["200"],
            },
        ),
        (
            "gpt-4o-transcribe-diarize",
            Options(known_speakers=(ANN, BOB), stream=True),
            {
                "known_speaker_names[]": ["Ann", "Bob"],
                "known_speaker_references[]": [ANN.reference, BOB.reference],
                "stream": ["true"],
            },
        ),
        ("whisper-1", Options(diarize=False), {"chunking_strategy": None, "stream": None, "include[]": None}),
    ],
)
def test_what_each_option_becomes(model: str, options: Options, sent: dict[str, list[str] | None]) -> None:
    """The fields that this model has for it, and no others."""
    found = fields(call(model, options))
    assert {name: found.get(name) for name in sent} == sent


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("whisper-1", Options(stream=True)),
        ("whisper-1", Options(diarize=True)),
        ("whisper-1", Options(logprobs=True)),
        ("gpt-4o-transcribe", Options(languages=("de",))),
        ("gpt-4o-transcribe", Options(keywords=("Ada",))),
        ("gpt-4o-transcribe", Options(known_speakers=(ANN,))),
        ("gpt-4o-transcribe-diarize", Options(logprobs=True)),
        ("gpt-4o-transcribe-diarize", Options(prompt="names")),
        ("gpt-4o-transcribe-diarize", Options(known_speakers=(ANN,) * 5)),
        ("gpt-transcribe", Options(response_format="vtt")),
    ],
)
def test_what_a_model_cannot_do_is_not_sent(model: str, options: Options) -> None:
    """It fails before anything is sent, and costs nothing."""
    found = ended(call(model, options))
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.sent, found.charged) == ("unsupported", "no", "no")


def test_a_stream_is_asked_for_and_expected() -> None:
    """In the form, in what is accepted, and of the shell; not otherwise."""
    live, whole = wanted(call("gpt-4o-transcribe", Options(stream=True))), wanted(call("gpt-4o-transcribe"))
    assert (live.stream, whole.stream) == (True, False)
    assert live.headers[0] == Header("accept", "text/event-stream, application/json")


def test_organization_and_project_are_headers() -> None:
    """Beside the key; none where nothing is said."""
    want = wanted(call(settings={"organization": " org-1\n", "project": "proj_1"}))
    assert want.headers[1:] == (
        Header("authorization", Secret("Bearer ")),
        Header("openai-organization", "org-1"),
        Header("openai-project", "proj_1"),
    )
    assert len(wanted(call(settings={"organization": ""})).headers) == 2


@pytest.mark.parametrize(
    ("extra", "sent"),
    [
        ({"user": "ann"}, {"user": ["ann"]}),
        ({"fast": True, "n": 3, "x": 0.5}, {"fast": ["true"], "n": ["3"], "x": ["0.5"]}),
        ({"tags": ("a", "b")}, {"tags[]": ["a", "b"]}),
        ({"tags[]": ("a",)}, {"tags[]": ["a"]}),
        ({"a": {"b": {"c": True}, "d": (1, 2)}}, {"a[b][c]": ["true"], "a[d][]": ["1", "2"], "a": None}),
        ({"rows": ({"x": 1}, {"x": 2})}, {"rows[][x]": ["1", "2"]}),
        (
            {"chunking_strategy": {"type": "server_vad", "threshold": 0.4}},
            {"chunking_strategy[type]": ["server_vad"], "chunking_strategy[threshold]": ["0.4"], "chunking_strategy": None},
        ),
    ],
)
def test_the_deployments_own_fields(extra: dict[str, PassedOption], sent: dict[str, list[str] | None]) -> None:
    """Under their own names, in place of what would be sent by itself."""
    found = fields(call("gpt-4o-transcribe-diarize", extra=extra))
    assert {name: found.get(name) for name in sent} == sent


def test_the_request_speaks_before_the_deployment() -> None:
    """A chunking strategy of the caller counts; it is sent once."""
    made = call(
        "gpt-4o-transcribe-diarize", Options(chunking_strategy="auto"), extra={"chunking_strategy": {"type": "server_vad"}}
    )
    assert {name: value for name, value in fields(made).items() if "chunking" in name} == {"chunking_strategy": ["auto"]}


@pytest.mark.parametrize(
    ("filename", "container", "sent"),
    [
        ("talk.mp3", "mp3", "talk.mp3"),
        ("talk.WAV", "wav", "talk.wav"),
        ("talk.MP3", None, "talk.mp3"),
        ("Gespräch 1.opus", "ogg", "Gespräch 1.ogg"),
        ("talk.opus", "ogg", "talk.ogg"),
        ("talk.oga", None, "talk.ogg"),
        ("talk.wave", "wav", "talk.wav"),
        ("talk.m4b", "m4a", "talk.m4a"),
        ("talk.mov", "mp4", "talk.mp4"),
        ("talk.mp2", "mp3", "talk.mp3"),
        ("talk", "flac", "talk.flac"),
        ("talk.amr", "amr", "talk.amr"),
        ("talk.xyz", None, "talk.xyz"),
    ],
)
def test_a_name_ends_as_the_provider_wants_it(filename: str, container: str | None, sent: str) -> None:
    """Where the container has an ending that is taken; an unknown one is left as it is."""
    want = wanted(call(filename=filename, audio=AudioFacts(format=container)))
    assert isinstance(want, HttpRequest)
    assert isinstance(want.body, Multipart)
    assert want.body.filename == sent


def test_log_probabilities_are_kept() -> None:
    """Each token with its bytes, also a hair above 0; what cannot be read is none."""
    body = b'{"text":"A","logprobs":[{"token":"A","logprob":3.8e-05,"bytes":[65]},{"token":"b","logprob":-1,"bytes":null}]}'
    found = ended(call("gpt-transcribe", Options(logprobs=True)), answer(body))
    assert isinstance(found, Transcript)
    assert found.logprobs == (TokenLogprob(token="A", logprob=3.8e-05, bytes=(65,)), TokenLogprob(token="b", logprob=-1))
    for odd in (b"null", b"[]", b'[{"token":1}]', b'"none"'):
        strange = ended(call("gpt-transcribe"), answer(b'{"text":"A","logprobs":' + odd + b"}"))
        assert strange == Transcript(text="A")


def test_what_is_counted_in_both_ways() -> None:
    """Seconds and tokens, where both stand there."""
    found = ended(call(), answer(b'{"text":"A","usage":{"seconds":2,"input_tokens":5,"output_tokens":1,"total_tokens":6}}'))
    assert isinstance(found, Transcript)
    assert found.usage == Usage(kind="duration", seconds=2, input_tokens=5, output_tokens=1, total_tokens=6)


def test_when_models_go() -> None:
    """The notice of August 2026: its date, and a successor that has no times."""
    dates = {model: can.retirement.on for model, can in FACTS.models if can.retirement}
    assert dates == {
        "whisper-1": "2027-02-26",
        "gpt-4o-transcribe": "2027-02-26",
        "gpt-4o-mini-transcribe": "2027-02-26",
        "gpt-4o-transcribe-diarize": "2027-02-26",
        "gpt-4o-mini-transcribe-2025-03-20": "2027-01-20",
        "gpt-4o-mini-transcribe-2025-12-15": "2027-02-26",
    }
    assert {can.retirement.successor for _, can in FACTS.models if can.retirement} == {"gpt-transcribe"}


@pytest.mark.parametrize(
    ("snapshot", "model"),
    [
        ("gpt-4o-transcribe-2026-03-20", "gpt-4o-transcribe"),
        ("gpt-4o-mini-transcribe-2026-06-01", "gpt-4o-mini-transcribe"),
        ("gpt-4o-transcribe-diarize-2026-01-01", "gpt-4o-transcribe-diarize"),
        ("gpt-transcribe-2026-08-26", "gpt-transcribe"),
    ],
)
def test_a_dated_snapshot_can_do_what_its_model_can(snapshot: str, model: str) -> None:
    """And goes with it; what it costs is not known."""
    assert FACTS.capabilities(snapshot) == replace(FACTS.capabilities(model), price=None)


def test_voices_count_into_the_body() -> None:
    """26,214,400 bytes for the whole form: a voice that does not fit beside the audio is told before anything is sent."""
    voice = KnownSpeaker(name="Ann", reference="data:audio/wav;base64," + "A" * 400_000)
    made = replace(call("gpt-4o-transcribe-diarize", Options(known_speakers=(voice,))), size=26_000_000)
    found = ended(made)
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.sent) == ("too_large", "no")
    assert wanted(replace(made, size=25_000_000)).url
    assert wanted(replace(made, size=26_148_864, options=Options())).url


RECORDED: dict[str, FailureKind] = {
    "error_400_bad_extension": "unsupported",
    "error_400_chunking_strategy_required": "unsupported",
    "error_400_corrupt_file": "unsupported",
    "error_400_duration": "too_large",
    "error_400_response_format": "unsupported",
    "error_401_audio_endpoint": "unauthorized",
    "error_401_invalid_api_key": "unauthorized",
    "error_413_body_too_large": "too_large",
    "error_413_whisper_issue": "too_large",
}


def test_recorded_refusals(shared_fixtures: Path) -> None:
    """Every recorded error of the service is what it is."""
    files = [file for file in shared_fixtures.glob("openai/error_*.json") if ".meta" not in file.suffixes]
    found = {file.stem: ended(call(), answer(file.read_bytes(), int(file.name.split("_")[1]))) for file in files}
    assert found
    assert {name: isinstance(each, AttemptFailure) and each.kind for name, each in found.items()} == RECORDED
