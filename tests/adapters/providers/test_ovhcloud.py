from pathlib import Path

import pytest

from tests.adapters.driving import answer, call, ended, fields, wanted
from voxplan.adapters.providers.ovhcloud import FACTS
from voxplan.adapters.wire import Multipart
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import AudioFacts, Options
from voxplan.engine.terms.transcript import Segment, Transcript, Usage

MODEL = "whisper-large-v3"
TURNS = (
    b'{"text":"A quiet morning.","language":"en","duration":2.5,"words":[{"word":"A","start":0,"end":0.4},'
    b'{"word":"quiet","start":0.5,"end":0.9},{"word":"morning","start":1.5,"end":1.9}],'
    b'"segments":[{"id":1,"start":0,"end":2.5,"text":"A quiet morning."}],'
    b'"diarization":[{"speaker":0,"text":"A quiet","start":0.0,"end":1.0},{"speaker":1,"text":"morning.","start":1.2,"end":2.5}],'
    b'"usage":{"type":"duration","duration":3}}'
)


def test_a_key_is_optional() -> None:
    """Then no header stands for it."""
    assert len(wanted(call(MODEL, provider="ovhcloud", has_key=False)).headers) == 1
    assert not FACTS.needs_key
    assert wanted(call(MODEL, provider="ovhcloud")).url.endswith("kepler.ai.cloud.ovh.net/v1/audio/transcriptions")


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        (Options(), {"response_format": ["json"], "diarize": None}),
        (Options(response_format="vtt"), {"response_format": ["verbose_json"], "timestamp_granularities[]": None}),
        (Options(response_format="srt", timestamps=("word",)), {"timestamp_granularities[]": ["word", "segment"]}),
        (Options(diarize=True), {"response_format": ["verbose_json"], "diarize": ["true"]}),
        (Options(chunking_strategy="auto"), {"chunking_strategy": ["auto"]}),
        (Options(chunking_strategy='{"type":"server_vad"}'), {"chunking_strategy[type]": ["server_vad"]}),
    ],
)
def test_what_is_asked(options: Options, sent: dict[str, list[str] | None]) -> None:
    """The default is verbose_json, so the format is always named; subtitles it cannot write."""
    found = fields(call(MODEL, options, provider="ovhcloud"))
    assert {name: found.get(name) for name in sent} == sent


@pytest.mark.parametrize(("filename", "sent"), [("a.opus", "a.opus"), ("a.oga", "a.ogg"), ("a", "a.ogg"), ("a.aac", "a.aac")])
def test_a_name_always_has_an_ending(filename: str, sent: str) -> None:
    """Without one the audio is refused as three hours long."""
    body = wanted(call(MODEL, provider="ovhcloud", filename=filename, audio=AudioFacts(format="ogg"))).body
    assert isinstance(body, Multipart)
    assert body.filename == sent


def test_turns_are_the_segments() -> None:
    """Who spoke when stands in a list of its own; words are theirs in whose turn they are."""
    found = ended(call(MODEL, Options(diarize=True, timestamps=("word",)), provider="ovhcloud"), answer(TURNS))
    assert isinstance(found, Transcript)
    assert found.segments == (
        Segment(text="A quiet", start=0.0, end=1.0, speaker="0"),
        Segment(text="morning.", start=1.2, end=2.5, speaker="1"),
    )
    assert [word.speaker for word in found.words or ()] == ["0", "0", "1"]
    assert found.usage == Usage(kind="duration", seconds=3)


def test_no_turns_no_speakers() -> None:
    """An empty list says that nobody was told apart, which was asked for."""
    body = b'{"text":"A","segments":[{"text":"A","start":0,"end":1}],"diarization":[]}'
    found = ended(call(MODEL, Options(diarize=True), provider="ovhcloud"), answer(body))
    assert isinstance(found, AttemptFailure)
    assert found.kind == "unsupported"


def test_three_hours_are_too_long() -> None:
    """As it says it."""
    found = ended(call(MODEL, provider="ovhcloud"), answer(b'{"message":"10801 seconds, max 10800 allowed"}', 400))
    assert isinstance(found, AttemptFailure)
    assert found.kind == "too_large"


def test_documented_answers(shared_fixtures: Path) -> None:
    """All three decode; speakers are told apart in the one that has them."""
    for name, options in (
        ("docs_json", Options()),
        ("docs_verbose_json", Options(response_format="srt")),
        ("docs_diarize", Options(diarize=True)),
    ):
        body = (shared_fixtures / "ovhcloud" / f"{name}.json").read_bytes()
        found = ended(call(MODEL, options, provider="ovhcloud"), answer(body))
        assert isinstance(found, Transcript), name
        assert found.text
