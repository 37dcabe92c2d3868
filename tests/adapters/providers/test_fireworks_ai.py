from pathlib import Path

import pytest

from tests.adapters.driving import answer, call, ended, fields, wanted
from voxplan.adapters.providers.fireworks_ai import FACTS
from voxplan.engine.terms.failure import AttemptFailure, FailureKind
from voxplan.engine.terms.request import Options
from voxplan.engine.terms.transcript import Transcript, Word

MODEL = "whisper-v3"


@pytest.mark.parametrize(
    ("model", "host"),
    [("whisper-v3", "audio-prod.api.fireworks.ai"), ("whisper-v3-turbo", "audio-turbo.api.fireworks.ai")],
)
def test_the_model_picks_the_host(model: str, host: str) -> None:
    """Unless the deployment says where to go."""
    assert wanted(call(model, provider="fireworks_ai")).url == f"https://{host}/v1/audio/transcriptions"
    assert wanted(call(model, provider="fireworks_ai", base_url="https://h")).url == "https://h/v1/audio/transcriptions"


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        (Options(), {"response_format": ["json"], "diarize": None, "timestamp_granularities[]": None}),
        (Options(timestamps=("word",)), {"timestamp_granularities[]": ["word"]}),
        (Options(timestamps=("word", "segment")), {"timestamp_granularities[]": ["word,segment"]}),
        (
            Options(diarize=True),
            {"response_format": ["verbose_json"], "diarize": ["true"], "timestamp_granularities[]": ["word,segment"]},
        ),
        (Options(response_format="diarized_json"), {"diarize": ["true"], "timestamp_granularities[]": ["word,segment"]}),
    ],
)
def test_what_is_asked(options: Options, sent: dict[str, list[str] | None]) -> None:
    """Granularities in one field; speakers take word times."""
    found = fields(call(MODEL, options, provider="fireworks_ai"))
    assert {name: found.get(name) for name in sent} == sent


def test_its_own_options() -> None:
    """As they stand."""
    found = fields(call(MODEL, provider="fireworks_ai", extra={"vad_model": "silero", "min_speakers": 2, "x": {"a": 1}}))
    assert (found["vad_model"], found["min_speakers"], found["x"]) == (["silero"], ["2"], ['{"a":1}'])


def test_speakers_by_their_ids() -> None:
    """At words and at segments."""
    body = (
        b'{"text":"A b.","language":"en","words":[{"word":"A","start":0,"end":0.4,"speaker_id":0,"probability":0.9},'
        b'{"word":"b.","start":0.5,"end":0.9,"speaker_id":"1","hallucination_score":null}],'
        b'"segments":[{"text":"A b.","start":0,"end":0.9,"speaker_id":"0"}]}'
    )
    found = ended(call(MODEL, Options(diarize=True), provider="fireworks_ai"), answer(body))
    assert isinstance(found, Transcript)
    assert found.words == (
        Word(word="A", start=0, end=0.4, speaker="0", confidence=0.9),
        Word(word="b.", start=0.5, end=0.9, speaker="1"),
    )
    assert found.segments is not None
    assert found.segments[0].speaker == "0"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b'{"error":{"message":"unauthorized"}}', "unauthorized"),
        (402, b'{"detail":"payment"}', "out_of_quota"),
        (412, b'{"error":{"message":"Account is suspended"}}', "out_of_quota"),
        (422, b'{"detail":[{"loc":["body"],"msg":"bad","type":"x"}]}', "unsupported"),
    ],
)
def test_refusals(status: int, body: bytes, kind: FailureKind) -> None:
    """In either envelope."""
    found = ended(call(MODEL, provider="fireworks_ai"), answer(body, status))
    assert isinstance(found, AttemptFailure)
    assert found.kind == kind


@pytest.mark.parametrize("model", ["whisper-v3", "whisper-v3-turbo", "anything"])
def test_it_has_ended(model: str) -> None:
    """Every model of the service, on one day."""
    retirement = FACTS.capabilities(model).retirement
    assert retirement is not None
    assert retirement.on == "2026-06-10"


def test_documented_answer(shared_fixtures: Path) -> None:
    """The shape of the documentation decodes whole."""
    body = (shared_fixtures / "fireworks_ai" / "verbose_json_words_shape.json").read_bytes()
    found = ended(call(MODEL, Options(diarize=True, timestamps=("word",)), provider="fireworks_ai"), answer(body))
    assert isinstance(found, Transcript)
    assert found.words is not None
    assert {word.speaker for word in found.words} == {"0"}
