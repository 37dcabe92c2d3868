import json
import math
from pathlib import Path
from typing import Final

import pytest

from tests.adapters.driving import answer, call, ended, fields, wanted
from tests.adapters.providers.replaying import replayed
from tests.adapters.recorded import recorded
from voxplan.adapters.providers.elevenlabs import FACTS
from voxplan.adapters.wire import Call, Done, Header, Multipart, Secret
from voxplan.engine.language.spec import PassedOption
from voxplan.engine.terms.capability import lacks
from voxplan.engine.terms.failure import AttemptFailure, FailureKind
from voxplan.engine.terms.request import KnownSpeaker, Options, Request
from voxplan.engine.terms.transcript import Segment, Transcript, Usage, Word

PLAIN: Final = Options()
ALWAYS: Final = {"model_id": ["scribe_v2"], "timestamps_granularity": ["word"], "tag_audio_events": ["false"]}


def asked(options: Options = PLAIN, model: str = "scribe_v2", extra: dict[str, PassedOption] | None = None) -> Call:
    """A call of ElevenLabs."""
    return call(model, options, provider="elevenlabs", extra=extra)


def heard(body: object, options: Options = PLAIN) -> Transcript:
    """The transcript in an answer."""
    found = ended(asked(options), answer(json.dumps(body).encode()))
    assert isinstance(found, Transcript), found
    return found


def row(text: str, start: float | None, end: float | None, **beside: object) -> dict[str, object]:
    """One entry of `words`."""
    return {"text": text, "start": start, "end": end, "type": "word", "logprob": 0, **beside}


def test_the_audio_goes_in_a_form() -> None:
    """With the key in a header of its own."""
    want = wanted(asked())
    assert (want.method, want.url) == ("POST", "https://api.elevenlabs.io/v1/speech-to-text")
    assert want.headers == (Header("accept", "application/json"), Header("xi-api-key", Secret()))
    assert isinstance(want.body, Multipart)
    assert (want.body.file_field, want.body.filename, want.body.content_type) == ("file", "clip.mp3", "audio/mpeg")


@pytest.mark.parametrize("base_url", ["https://api.eu.residency.elevenlabs.io", "https://api.eu.residency.elevenlabs.io/v1"])
def test_a_region_is_a_base_url(base_url: str) -> None:
    """With or without the version."""
    want = wanted(call("scribe_v2", base_url=base_url, provider="elevenlabs"))
    assert want.url == "https://api.eu.residency.elevenlabs.io/v1/speech-to-text"


@pytest.mark.parametrize(
    ("options", "added"),
    [
        (Options(), {}),
        (Options(language="de"), {"language_code": ["de"]}),
        (Options(language="pt-BR"), {"language_code": ["pt"]}),
        (Options(language="yue", languages=("yue", "en")), {"language_code": ["yue"]}),
        (Options(keywords=("red deer", "fox")), {"keyterms": ["red deer", "fox"]}),
        (Options(temperature=0.0), {"temperature": ["0.0"]}),
        (Options(diarize=True), {"diarize": ["true"]}),
        (Options(response_format="diarized_json"), {"diarize": ["true"]}),
        (Options(response_format="vtt", timestamps=("word", "segment")), {}),
    ],
)
def test_each_option_is_a_field(options: Options, added: dict[str, list[str]]) -> None:
    """And nothing else is; sounds are never tagged unasked."""
    assert fields(asked(options)) == {**ALWAYS, **added}


@pytest.mark.parametrize(
    ("extra", "added"),
    [
        ({"tag_audio_events": True}, {"tag_audio_events": ["true"]}),
        ({"num_speakers": 2, "no_verbatim": True}, {"num_speakers": ["2"], "no_verbatim": ["true"]}),
        ({"secondary_language_codes": ("en", "es")}, {"secondary_language_codes": ["en", "es"]}),
        ({"keyterms": ("fox",)}, {"keyterms": ["fox"]}),
        ({"entity_detection": ("pii", "phi")}, {"entity_detection": ['["pii","phi"]']}),
        ({"entity_detection": "all"}, {"entity_detection": ["all"]}),
        ({"additional_formats": ({"format": "srt"},)}, {"additional_formats": ['[{"format":"srt"}]']}),
    ],
)
def test_fields_of_the_deployment_are_passed_on(extra: dict[str, PassedOption], added: dict[str, list[str]]) -> None:
    """Lists by repeating the name, save those that are JSON; one that is named like a default takes its place."""
    assert fields(asked(extra=extra)) == {**ALWAYS, **added}


def test_logging_is_a_matter_of_the_query() -> None:
    """And no field."""
    made = asked(extra={"enable_logging": False})
    assert wanted(made).url.endswith("/v1/speech-to-text?enable_logging=false")
    assert fields(made) == ALWAYS


@pytest.mark.parametrize(
    "options",
    [
        Options(prompt="a"),
        Options(logprobs=True),
        Options(chunking_strategy="auto"),
        Options(stream=True),
        Options(languages=("de", "en")),
        Options(known_speakers=(KnownSpeaker(name="a", reference="data:,"),)),
    ],
)
def test_what_cannot_be_sent_is_not_dropped(options: Options) -> None:
    """The planner knows it too."""
    found = ended(asked(options))
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.sent, found.charged) == ("unsupported", "no", "no")
    assert lacks(FACTS.capabilities("scribe_v2"), Request(route="r", options=options))


def test_the_first_model_takes_no_keyterms() -> None:
    """They came with the second."""
    found = ended(asked(Options(keywords=("fox",)), "scribe_v1"))
    assert isinstance(found, AttemptFailure)
    assert found.kind == "unsupported"


def test_a_whole_answer_is_a_whole_transcript() -> None:
    """Words only are words; sentences of one speaker are segments; unknown fields are passed over."""
    body = {
        "language_code": "deu",
        "language_probability": 0.9,
        "text": " Ja. Nein, (laughter) doch. ",
        "words": [
            row("Ja.", 0.1, 0.4, speaker_id="speaker_0"),
            row(" ", 0.4, 0.5, type="spacing", speaker_id="speaker_0"),
            row("Nein,", 0.5, 0.9, speaker_id="speaker_1", logprob=-0.5, characters=None),
            row("(laughter)", 0.9, 1.1, type="audio_event"),
            row("doch.", 1.2, 1.1, speaker_id="speaker_1", logprob=None),
            row("lost", None, None),
        ],
        "transcription_id": "t-1",
        "audio_duration_secs": 2.5,
        "entities": None,
    }
    assert heard(body) == Transcript(
        text="Ja. Nein, (laughter) doch.",
        language="de",
        seconds=2.5,
        segments=(
            Segment(text="Ja.", start=0.1, end=0.4, speaker="speaker_0"),
            Segment(text="Nein, doch.", start=0.5, end=1.2, speaker="speaker_1"),
        ),
        words=(
            Word(word="Ja.", start=0.1, end=0.4, speaker="speaker_0", confidence=1.0),
            Word(word="Nein,", start=0.5, end=0.9, speaker="speaker_1", confidence=math.exp(-0.5)),
            Word(word="doch.", start=1.2, end=1.2, speaker="speaker_1"),
        ),
        usage=Usage(kind="duration", seconds=2.5),
        request_id="t-1",
    )


@pytest.mark.parametrize("body", [{"text": "a"}, {"text": "a", "words": None, "language_code": None}, {"text": "a", "words": []}])
def test_what_is_missing_costs_no_transcript(body: object) -> None:
    """Where nobody said when, there are no times; the language is the one that was asked for."""
    assert heard(body, Options(language="de")) == Transcript(text="a", language="de")


def test_nothing_said_is_an_empty_transcript() -> None:
    """With times, of which there are none."""
    found = heard({"text": " ", "words": [], "language_code": "eng"}, Options(response_format="srt"))
    assert found == Transcript(text="", language="en", segments=(), words=())


def test_channels_are_brought_together() -> None:
    """In the order of time; who speaks on one is nobody of the other."""
    chunks: list[object] = [
        {"text": "", "words": [], "language_code": "eng", "channel_index": 0},
        {"text": "Ja.", "words": [row("Ja.", 2, 3, speaker_id="speaker_0")], "language_code": "deu", "channel_index": 1},
        {"text": "So?", "words": [row("So?", 0, 1)], "language_code": "deu", "channel_index": 2},
    ]
    found = heard({"transcripts": chunks, "transcription_id": "t", "audio_duration_secs": 3})
    assert (found.text, found.language, found.seconds, found.request_id) == ("Ja.\nSo?", "de", 3, "t")
    assert [(word.word, word.speaker) for word in found.words or ()] == [("So?", "channel 2"), ("Ja.", "channel 1 speaker_0")]


def test_channels_that_come_together_are_told_apart() -> None:
    """The service can merge them itself."""
    words = [row("So?", 0, 1, channel_index=1), row("Ja.", 1, 2, channel_index=0)]
    assert [word.speaker for word in heard({"text": "So? Ja.", "words": words}).words or ()] == ["channel 1", "channel 0"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html></html>",
        b"{}",
        b'{"transcripts":[]}',
        b'{"message":"taken","request_id":"r","transcription_id":"t"}',
        b'{"text":null}',
        b'{"text":5}',
        b'{"text":"cut o',
    ],
)
def test_no_transcript_is_a_bad_answer(body: bytes) -> None:
    """Never an empty text; one that a webhook will get is none."""
    found = ended(asked(), answer(body))
    assert isinstance(found, AttemptFailure)
    assert found.kind == "bad_answer"


@pytest.mark.parametrize("options", [Options(timestamps=("word",)), Options(response_format="srt"), Options(diarize=True)])
def test_an_answer_without_what_was_asked_for_is_no_answer(options: Options) -> None:
    """Routing goes on."""
    found = ended(asked(options), answer(b'{"text":"a","words":[]}'))
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.charged) == ("unsupported", "yes")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, b'{"detail":{"status":"invalid_model_id","message":"no such model"}}', "not_found"),
        (400, b'{"detail":{"status":"invalid_content","message":"the file is broken"}}', "unsupported"),
        (401, b'{"detail":{"status":"invalid_api_key","message":"no"}}', "unauthorized"),
        (401, b'{"detail":{"status":"missing_permissions","message":"no"}}', "unauthorized"),
        (401, b'{"detail":{"status":"quota_exceeded","message":"no credits"}}', "out_of_quota"),
        (401, b'{"detail":"not this key"}', "unauthorized"),
        (413, b'{"detail":{"status":"file_too_large","message":"no"}}', "too_large"),
        (422, b'{"detail":[{"loc":["body","model_id"],"msg":"field is missing","type":"missing"}]}', "unsupported"),
        (429, b'{"detail":{"status":"too_many_concurrent_requests","message":"wait"}}', "rate_limited"),
        (429, b'{"detail":{"status":"system_busy","message":"wait"}}', "overloaded"),
        (500, b"", "server_error"),
    ],
)
def test_each_refusal_has_its_kind(status: int, body: bytes, kind: FailureKind) -> None:
    """The detail may be an object, a list or a text."""
    found = ended(asked(), answer(body, status, retry_after="2"))
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.status, found.retry_after_ms) == (kind, status, 2000)


def test_a_shell_that_answers_something_else_is_our_own_fault() -> None:
    """And nobody else's."""
    found = ended(asked(), Done())
    assert isinstance(found, AttemptFailure)
    assert found.kind == "adapter_bug"


def test_a_base_url_that_is_none_sends_nothing() -> None:
    """It is found before."""
    found = ended(call("scribe_v2", base_url="nonsense", provider="elevenlabs"))
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.sent) == ("not_found", "no")


@pytest.mark.parametrize("path", recorded("elevenlabs"), ids=lambda path: path.stem)
def test_every_recorded_answer_is_read(path: Path) -> None:
    """A success has text, words that make it up and a language; a refusal has its kind."""
    found = ended(asked(), replayed(path))
    if isinstance(found, AttemptFailure):
        assert (path.stem, found.kind) == ("error_401_invalid_api_key", "unauthorized")
        return
    assert found.text
    assert found.language == "en"
    assert " ".join(word.word for word in found.words or ()) == found.text
    assert " ".join(segment.text for segment in found.segments or ()) == found.text


def test_what_stands_beside_the_text_may_be_missing() -> None:
    """A word without itself is none; speakers may be numbers."""
    words = [{"start": 0}, {"text": None, "start": 0, "end": 1}, {"text": "day", "start": 1, "end": 2, "speaker_id": 1}]
    found = ended(asked(), answer(json.dumps({"text": "Good day.", "words": words}).encode()))
    assert isinstance(found, Transcript)
    assert [(word.word, word.speaker) for word in found.words or ()] == [("day", "1")]


@pytest.mark.parametrize("status", ["file_too_large", "x"])
def test_audio_that_is_too_large(status: str) -> None:
    """Under 400, in words."""
    found = ended(asked(), answer(json.dumps({"detail": {"status": status, "message": "The file is too large."}}).encode(), 400))
    assert isinstance(found, AttemptFailure)
    assert found.kind == "too_large"
