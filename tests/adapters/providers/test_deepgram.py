import json
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.adapters.driving import answer, call, ended, wanted
from tests.adapters.providers.replaying import replayed
from tests.adapters.recorded import recorded
from voxplan.adapters.providers.deepgram import FACTS
from voxplan.adapters.wire import Call, Done, Header, RawBody, Secret
from voxplan.engine.language.spec import PassedOption
from voxplan.engine.terms.capability import lacks
from voxplan.engine.terms.failure import AttemptFailure, FailureKind
from voxplan.engine.terms.request import KnownSpeaker, Options, Request
from voxplan.engine.terms.transcript import Segment, Transcript, Usage, Word

PLAIN: Final = Options(language="en")
ALWAYS: Final = [("model", "nova-3"), ("language", "en"), ("smart_format", "true")]


def asked(options: Options = PLAIN, model: str = "nova-3", extra: dict[str, PassedOption] | None = None) -> Call:
    """A call of Deepgram."""
    return call(model, options, provider="deepgram", extra=extra)


def query(made: Call) -> list[tuple[str, str]]:
    """The query of the request, in order."""
    return parse_qsl(urlsplit(wanted(made).url).query, keep_blank_values=True)


def heard(body: object, options: Options = PLAIN) -> Transcript:
    """The transcript in an answer."""
    found = ended(asked(options), answer(json.dumps(body).encode()))
    assert isinstance(found, Transcript), found
    return found


def results(*channels: dict[str, object], **beside: object) -> dict[str, object]:
    """A body with these channels' first alternatives."""
    return {"results": {"channels": [{"alternatives": [channel]} for channel in channels], **beside}}


def test_the_audio_goes_as_it_is() -> None:
    """With its own content type, the key as a token, and no body beside it."""
    want = wanted(asked())
    assert (want.method, want.url.partition("?")[0]) == ("POST", "https://api.deepgram.com/v1/listen")
    assert want.headers == (Header("accept", "application/json"), Header("authorization", Secret("Token ")))
    assert want.body == RawBody(content_type="audio/mpeg")
    assert wanted(call("nova-3", provider="deepgram", has_key=False)).headers == (Header("accept", "application/json"),)


@pytest.mark.parametrize(
    "base_url",
    ["https://api.eu.deepgram.com", "https://api.eu.deepgram.com/v1/", "https://api.eu.deepgram.com/v1/listen"],
)
def test_a_region_is_a_base_url(base_url: str) -> None:
    """With or without the version, or the whole address."""
    want = wanted(call("nova-3", base_url=base_url, provider="deepgram"))
    assert want.url.startswith("https://api.eu.deepgram.com/v1/listen?model=nova-3&")


def test_a_base_url_that_is_none_sends_nothing() -> None:
    """It is found before."""
    found = ended(call("nova-3", base_url="nonsense", provider="deepgram"))
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.sent) == ("not_found", "no")


@pytest.mark.parametrize(
    ("options", "added"),
    [
        (Options(), [("detect_language", "true")]),
        (Options(language="de"), [("language", "de")]),
        (Options(language="pt_br"), [("language", "pt-br")]),
        (Options(language="German"), [("language", "de")]),
        (Options(language="yue"), [("language", "zh-HK")]),
        (Options(languages=("en", "es", "en")), [("detect_language", "en"), ("detect_language", "es")]),
        (Options(language="en", languages=("en", "es")), [("language", "en")]),
        (Options(language="en", keywords=("Ångström", "red deer")), [("keyterm", "Ångström"), ("keyterm", "red deer")]),
        (Options(language="en", diarize=True), [("diarize_model", "latest")]),
        (Options(language="en", response_format="srt"), [("utterances", "true")]),
        (Options(language="en", response_format="verbose_json"), [("utterances", "true")]),
        (Options(language="en", timestamps=("word",)), [("utterances", "true")]),
        (Options(language="en", response_format="diarized_json"), [("diarize_model", "latest"), ("utterances", "true")]),
        (Options(language="en", response_format="text"), []),
    ],
)
def test_each_option_is_in_the_query(options: Options, added: list[tuple[str, str]]) -> None:
    """And nothing else is; with no language one is detected, since the default is English."""
    assert sorted(query(asked(options))) == sorted(
        {*added, ("model", "nova-3"), ("smart_format", "true")} | ({("language", "en")} if options.language == "en" else set())
    )


@pytest.mark.parametrize(
    ("model", "name"),
    [("nova-3-general", "keyterm"), ("nova-3-medical", "keyterm"), ("nova-2", "keywords"), ("base", "keywords")],
)
def test_keywords_have_two_names(model: str, name: str) -> None:
    """By the generation of the model."""
    assert (name, "fox") in query(asked(Options(keywords=("fox",)), model))


@pytest.mark.parametrize(
    ("extra", "pairs"),
    [
        ({"smart_format": False}, [("smart_format", "false")]),
        ({"tag": ("a", "b"), "utt_split": 0.5}, [("smart_format", "true"), ("tag", "a"), ("tag", "b"), ("utt_split", "0.5")]),
        ({"keyterm": ("fox",)}, [("smart_format", "true"), ("keyterm", "fox")]),
    ],
)
def test_fields_of_the_deployment_are_passed_on(extra: dict[str, PassedOption], pairs: list[tuple[str, str]]) -> None:
    """Lists by repeating the name; one that is named like a default takes its place."""
    assert query(asked(extra=extra)) == [*ALWAYS[:2], *pairs]


@pytest.mark.parametrize(
    "options",
    [
        Options(prompt="a"),
        Options(temperature=0.0),
        Options(logprobs=True),
        Options(chunking_strategy="auto"),
        Options(stream=True),
        Options(known_speakers=(KnownSpeaker(name="a", reference="data:,"),)),
    ],
)
def test_what_cannot_be_sent_is_not_dropped(options: Options) -> None:
    """The planner knows it too."""
    found = ended(asked(options))
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.sent, found.charged) == ("unsupported", "no", "no")
    assert lacks(FACTS.capabilities("nova-3"), Request(route="r", options=options))


def test_whisper_takes_no_keywords() -> None:
    """Neither by the one name nor by the other."""
    found = ended(asked(Options(keywords=("fox",)), "whisper-large"))
    assert isinstance(found, AttemptFailure)
    assert found.reason == "the model takes no keywords"


WORDS: Final[list[object]] = [
    {"word": "one", "start": -0.1, "end": 0.4, "confidence": 0.9, "punctuated_word": "One,", "speaker": 0, "new": {"field": 1}},
    {"word": "two", "start": 0.5, "end": 0.3, "confidence": None, "speaker": None},
    {"word": "lost", "start": None, "end": None},
]
UTTERANCE: Final = {"start": 0, "end": 0.9, "confidence": 0.8, "channel": 0, "transcript": " One, two ", "speaker": 0, "id": "u"}


@pytest.mark.parametrize("model", ["nova-3-medical", "nova-2-meeting", "base-video"])
def test_a_model_of_one_language_detects_none(model: str) -> None:
    """It is told the one that it knows, and that is the language of the answer."""
    made = asked(Options(), model)
    assert ("language", "en") in query(made)
    assert "detect_language" not in dict(query(made))
    found = ended(made, answer(json.dumps(results({"transcript": "a"})).encode()))
    assert isinstance(found, Transcript)
    assert found.language == "en"


def test_what_stands_beside_the_text_may_be_missing() -> None:
    """A word without itself, a sentence without a text, a channel in which nothing was heard, a language of null."""
    said = {
        "transcript": "Good day.",
        "words": [{"start": 0, "end": 1}, {"word": None, "start": 0, "end": 1}, {"word": "day", "start": 1, "end": 2}],
        "languages": [None, "de"],
        "paragraphs": {"paragraphs": [{"sentences": [{"start": 0, "end": 1}, {"text": None}]}, {"sentences": None}]},
    }
    body = {
        "results": {"channels": [{"alternatives": [said]}, {"alternatives": None}, {}], "utterances": [{"start": 0, "end": 1}]}
    }
    found = heard(body)
    assert (found.text, found.language, [word.word for word in found.words or ()]) == ("Good day.", "de", ["day"])


def test_a_whole_answer_is_a_whole_transcript() -> None:
    """Times are put right, a word without times is left out, unknown fields are passed over."""
    body = results({"transcript": " One, two lost ", "confidence": 0.95, "words": WORDS}, utterances=[UTTERANCE])
    body["metadata"] = {"request_id": "r-1", "duration": 3.6999376, "models": ["m"]}
    assert heard(body) == Transcript(
        text="One, two lost",
        language="en",
        seconds=3.699938,
        segments=(Segment(text="One, two", start=0.0, end=0.9, speaker="0", confidence=0.8),),
        words=(
            Word(word="One,", start=0.0, end=0.4, speaker="0", confidence=0.9),
            Word(word="two", start=0.5, end=0.5),
        ),
        confidence=0.95,
        usage=Usage(kind="duration", seconds=3.699938),
        request_id="r-1",
    )


@pytest.mark.parametrize(
    "body",
    [
        results({"transcript": "a"}),
        results({"transcript": "a", "words": None, "paragraphs": None, "confidence": None}, utterances=None) | {"metadata": None},
        results({"transcript": "a", "paragraphs": {"paragraphs": None}, "words": []}, utterances=[]) | {"metadata": {"new": 1}},
    ],
)
def test_what_is_missing_costs_no_transcript(body: object) -> None:
    """Where nobody said when, there are no times."""
    assert heard(body) == Transcript(text="a", language="en")


def test_nothing_said_is_an_empty_transcript() -> None:
    """With times, of which there are none."""
    assert heard(results({"transcript": "", "confidence": 0.0, "words": []}), Options(language="en", response_format="srt")) == (
        Transcript(text="", language="en", segments=(), words=())
    )


def test_sentences_stand_in_for_utterances() -> None:
    """With the speaker of their paragraph."""
    paragraphs = [{"sentences": [{"text": "A b.", "start": 0, "end": 1}, {"text": "C.", "start": 1, "end": 2}], "speaker": 1}]
    found = heard(results({"transcript": "A b. C.", "paragraphs": {"transcript": "x", "paragraphs": paragraphs}}))
    assert found.segments == (
        Segment(text="A b.", start=0, end=1, speaker="1"),
        Segment(text="C.", start=1, end=2, speaker="1"),
    )


def test_channels_are_brought_together() -> None:
    """In the order of time; a speaker of one is nobody of the other."""
    first: dict[str, object] = {
        "transcript": "Yes.",
        "confidence": 0.8,
        "words": [{"word": "yes", "start": 2, "end": 3, "speaker": 0}],
    }
    second: dict[str, object] = {"transcript": "Well?", "confidence": 0.6, "words": [{"word": "well", "start": 0, "end": 1}]}
    utterances = [{**UTTERANCE, "start": 2, "end": 3}, {**UTTERANCE, "channel": 1, "speaker": None, "transcript": "Well?"}]
    found = heard(results(first, second, utterances=utterances))
    assert (found.text, found.confidence) == ("Yes.\nWell?", 0.7)
    assert [(word.word, word.speaker) for word in found.words or ()] == [("well", "channel 1"), ("yes", "channel 0 speaker 0")]
    assert [segment.speaker for segment in found.segments or ()] == ["channel 1", "channel 0 speaker 0"]


@pytest.mark.parametrize(
    ("channel", "options", "language"),
    [
        ({"detected_language": "pt-BR"}, Options(), "pt"),
        ({"detected_language": None}, Options(), None),
        ({}, Options(language="de"), "de"),
        ({"alternatives": [{"transcript": "a", "languages": ["es", "en"]}]}, Options(), "es"),
    ],
)
def test_the_language_is_what_was_detected_else_what_was_asked_for(
    channel: dict[str, object], options: Options, language: str | None
) -> None:
    """Never English by default."""
    body = {"results": {"channels": [{"alternatives": [{"transcript": "a"}], **channel}]}}
    assert heard(body, options).language == language


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html></html>",
        b'{"request_id":"taken by a callback"}',
        b'{"results":{"channels":[]}}',
        b'{"results":{"channels":[{"alternatives":[]}]}}',
        b'{"results":{"channels":[{"alternatives":[{"transcript":null}]}]}}',
        b'{"results":{"channels":[{"alternatives":[{"transcript":"cut o',
    ],
)
def test_no_transcript_is_a_bad_answer(body: bytes) -> None:
    """Never an empty text."""
    found = ended(asked(), answer(body))
    assert isinstance(found, AttemptFailure)
    assert found.kind == "bad_answer"


@pytest.mark.parametrize("options", [Options(timestamps=("word",)), Options(response_format="srt"), Options(diarize=True)])
def test_an_answer_without_what_was_asked_for_is_no_answer(options: Options) -> None:
    """Routing goes on."""
    found = ended(asked(options), answer(json.dumps(results({"transcript": "a"})).encode()))
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.charged) == ("unsupported", "yes")


NO_SUCH: Final = b'{"err_code":"Bad Request","err_msg":"Bad Request: No such model/language/tier combination found."}'


@pytest.mark.parametrize(
    ("status", "body", "options", "kind"),
    [
        (400, NO_SUCH, Options(), "not_found"),
        (400, NO_SUCH, Options(language="vi"), "unsupported"),
        (400, b'{"err_code":"Bad Request","err_msg":"Bad Request: the audio cannot be read"}', Options(), "unsupported"),
        (401, b'{"err_code":"INVALID_AUTH","err_msg":"no"}', Options(), "unauthorized"),
        (402, b'{"err_code":"ASR_PAYMENT_REQUIRED","err_msg":"no"}', Options(), "out_of_quota"),
        (403, b'{"err_code":"INSUFFICIENT_PERMISSIONS","err_msg":"no"}', Options(), "not_found"),
        (404, b"UUID parsing failed", Options(), "not_found"),
        (413, b"", Options(), "too_large"),
        (415, b'{"category":"UNSUPPORTED_MEDIA","message":"no","details":"x","request_id":"u"}', Options(), "unsupported"),
        (429, b'{"err_code":"TOO_MANY_REQUESTS","err_msg":"no"}', Options(), "rate_limited"),
        (503, b"", Options(), "overloaded"),
        (504, b"", Options(), "timed_out"),
    ],
)
def test_each_refusal_has_its_kind(status: int, body: bytes, options: Options, kind: FailureKind) -> None:
    """A model that does not know the language is no missing model."""
    found = ended(asked(options), answer(body, status, dg_request_id="u-1"))
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.status, found.request_id) == (kind, status, "u-1")


def test_a_shell_that_answers_something_else_is_our_own_fault() -> None:
    """And nobody else's."""
    found = ended(asked(), Done())
    assert isinstance(found, AttemptFailure)
    assert found.kind == "adapter_bug"


RECORDED: Final[dict[str, FailureKind]] = {
    "error_400_bad_model": "not_found",
    "error_400_corrupt_audio": "unsupported",
    "error_400_invalid_json_new_shape": "unsupported",
    "error_401_insufficient_permissions": "unauthorized",
    "error_401_invalid_auth": "unauthorized",
    "error_402_insufficient_funds": "out_of_quota",
    "error_403_model_access": "not_found",
    "error_404_plain_text": "not_found",
    "error_429_too_many_requests": "rate_limited",
}


@pytest.mark.parametrize("path", recorded("deepgram"), ids=lambda path: path.stem)
def test_every_recorded_answer_is_read(path: Path) -> None:
    """A success has text, words that make it up, times in order and a name; a refusal has its kind."""
    found = ended(asked(Options()), replayed(path))
    if isinstance(found, AttemptFailure):
        assert found.kind == RECORDED[path.stem]
        return
    assert path.stem not in RECORDED
    assert found.text
    assert found.request_id
    assert " ".join(word.word for word in found.words or ()) == found.text
    assert all(0 <= word.start <= word.end <= (found.seconds or 0) for word in found.words or ())
    if "unformatted" not in path.stem:
        assert " ".join(segment.text for segment in found.segments or ()) == found.text


@pytest.mark.parametrize(
    ("model", "language", "knows"),
    [
        ("nova-3", "he", True),
        ("nova-3", "eu", False),
        ("nova-3-medical", "de", False),
        ("nova-2-meeting", "de", False),
        ("nova-2-acme", "de", True),
        ("whisper-large", "eu", True),
        ("2187e11a-3532-4498-b076-81fa530bdd49", "eu", True),
    ],
)
def test_the_facts_know_which_languages_a_model_knows(model: str, language: str, *, knows: bool) -> None:
    """A trade's variant knows English alone."""
    request = Request(route="r", options=Options(language=language))
    assert (not lacks(FACTS.capabilities(model), request)) is knows
