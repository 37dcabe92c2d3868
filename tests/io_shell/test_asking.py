from collections.abc import Mapping, Sequence

import pytest

from voxplan.engine.terms.failure import KINDS, LISTABLE
from voxplan.engine.terms.request import KnownSpeaker, Options, Simulation
from voxplan.io_shell import client
from voxplan.io_shell.asking import asked_deadline, asked_flag, asked_metadata, asked_options, asked_seed, asked_simulation
from voxplan.io_shell.errors import RequestError


@pytest.mark.parametrize(
    ("wanted", "ms"), [(None, None), (30, 30_000), (0.25, 250), ("30s", 30_000), ("2m", 120_000), ("1", 1000)]
)
def test_a_deadline_is_seconds_or_a_duration(wanted: float | str | None, ms: int | None) -> None:
    """In whole milliseconds."""
    assert asked_deadline(wanted) == ms


@pytest.mark.parametrize("wanted", [0, -1, "0s", "soon", float("nan"), float("inf"), "1s + 1 * audio.seconds", True])
def test_a_deadline_is_some_time(wanted: float | str) -> None:
    """And says so."""
    with pytest.raises(RequestError, match="`deadline`"):
        asked_deadline(wanted)


def test_failures_to_pretend_are_in_order_and_may_be_none() -> None:
    """Asking for nothing is not asking."""
    assert asked_simulation(None, first_child=False) is None
    assert asked_simulation({}, first_child=True) == Simulation(first_child=True)
    assert asked_simulation({"b": "timed_out", "a": "overloaded"}, first_child=False) == Simulation(
        failures=(("a", "overloaded"), ("b", "timed_out"))
    )


@pytest.mark.parametrize(
    ("kind", "close"), [("rate_limit", ", did you mean `rate_limited`?"), *((kind, "") for kind in KINDS if kind not in LISTABLE)]
)
def test_only_failures_that_a_call_can_have_are_pretended(kind: str, close: str) -> None:
    """Neither a guardrail's no nor a caller who left."""
    with pytest.raises(RequestError) as raised:
        asked_simulation({"openai": kind}, first_child=False)  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    assert str(raised.value) == f"cannot simulate `{kind}` at `openai`: no such failure of a call{close}"


def test_metadata_is_pairs_of_text_in_order() -> None:
    """So that equal metadata gives equal requests."""
    assert asked_metadata({"b": "2", "a": ""}) == (("a", ""), ("b", "2"))
    assert asked_metadata(None) == ()


@pytest.mark.parametrize("wanted", [{"plan": None}, {"plan": 3}, {"plan": "\udcff"}])
def test_metadata_is_nothing_but_text(wanted: Mapping[str, str]) -> None:
    """The message names the entry."""
    with pytest.raises(RequestError, match=r"`metadata\.plan`"):
        asked_metadata(wanted)


def test_a_flag_is_true_or_false() -> None:
    """A text that says `false` is neither."""
    assert asked_flag("diarize", True)
    with pytest.raises(RequestError, match="`diarize` is `false`: expected true or false"):
        asked_flag("diarize", "false")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def asked(
    *,
    languages: str | Sequence[str] = (),
    keywords: str | Sequence[str] = (),
    known_speakers: Mapping[str, str] | None = None,
    chunking_strategy: str | Mapping[str, object] | None = None,
) -> Options:
    """The options, of which only these are asked for."""
    return asked_options(
        *(None, None, None, "json", (), False),
        languages=languages,
        keywords=keywords,
        known_speakers=known_speakers,
        chunking_strategy=chunking_strategy,
    )


def test_what_is_not_asked_for_is_not_there() -> None:
    """The keywords of a request may all be left out."""
    assert asked_options(None, None, None, "json", (), False) == Options()


def test_languages_that_may_be_spoken_are_codes_each_once() -> None:
    """In the order given; one alone needs no list."""
    assert asked(languages=("english", "pt-BR", "en", "Finnish")).languages == ("en", "pt", "fi")
    assert asked(languages="german").languages == ("de",)
    with pytest.raises(RequestError, match="unknown language `klingon`"):
        asked(languages=["en", "klingon"])


def test_what_is_spoken_and_what_may_be_exclude_each_other() -> None:
    """Providers would go by the one and forget the other."""
    with pytest.raises(RequestError, match="give one of the two"):
        asked_options("en", None, None, "json", (), False, languages=("en", "fi"))


def test_keywords_are_text() -> None:
    """As it stands; one alone needs no list, and an empty one is a mistake."""
    assert asked(keywords=["Kela", "HUS  Oy"]).keywords == ("Kela", "HUS  Oy")
    assert asked(keywords="Kela").keywords == ("Kela",)
    with pytest.raises(RequestError, match="`keywords` holds an empty name"):
        asked(keywords=["Kela", ""])


VOICE = "data:audio/wav;base64,UklGRg=="


def test_known_speakers_are_names_with_voices() -> None:
    """In the order given."""
    voices = {"Bo": "data:audio/ogg;codecs=opus;base64,T2dnUw==", "Ann": VOICE}
    assert asked(known_speakers=voices).known_speakers == tuple(
        KnownSpeaker(name=name, reference=voice) for name, voice in voices.items()
    )


@pytest.mark.parametrize(
    "voice",
    [
        *("", "s3cret.wav", "https://example.com/s3cret.wav", "data:audio/wav,s3cret", "data:text/plain;base64,c2VjcmV0"),
        *("data:audio/wav;base64,", "data:audio/wav;base64,s3cret!", "data:audio/wav;base64,czNjcmV", "data:;base64,czNj"),
    ],
)
def test_a_voice_is_a_data_url_of_audio(voice: str) -> None:
    """Anything else is refused, without being shown."""
    with pytest.raises(RequestError) as raised:
        asked(known_speakers={"Ann": voice})
    assert str(raised.value) == "`known_speakers`: the voice of `Ann` is no data URL of audio (`data:audio/wav;base64,…`)"


def test_a_known_speaker_has_a_name() -> None:
    """Which is not empty."""
    with pytest.raises(RequestError, match="`known_speakers` holds an empty name"):
        asked(known_speakers={"": VOICE})


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (None, None),
        ("auto", "auto"),
        ({"type": "server_vad", "threshold": 0.5}, '{"threshold":0.5,"type":"server_vad"}'),
        (' {"type": "server_vad",  "threshold": 0.5} ', '{"threshold":0.5,"type":"server_vad"}'),
    ],
)
def test_a_chunking_strategy_is_auto_or_an_object(wanted: str | Mapping[str, object] | None, said: str | None) -> None:
    """Which is written in one way."""
    assert asked(chunking_strategy=wanted).chunking_strategy == said


@pytest.mark.parametrize("wanted", ["", "vad", "[1]", '"auto"', "3", "{", '{"type": }'])
def test_a_chunking_strategy_is_nothing_else(wanted: str) -> None:
    """And the message says what it can be."""
    with pytest.raises(RequestError, match=r"`chunking_strategy` is .*expected `auto` or an object such as"):
        asked(chunking_strategy=wanted)


def test_a_chunking_strategy_is_what_json_can_say() -> None:
    """An object of Python's own is refused before anything is sent."""
    with pytest.raises(RequestError, match="`chunking_strategy` is of type dict"):
        asked(chunking_strategy={"type": object()})


WRONG: tuple[tuple[str, object], ...] = (
    *(("language", 5), ("prompt", b"x"), ("temperature", 10**400), ("timestamps", None), ("route", 5), ("filename", 5)),
    *(("languages", [None]), ("keywords", {"Kela": 2}), ("tags", 5), ("fallbacks", b"x"), ("allowed", 5), ("user", 5)),
    *(("known_speakers", ["Ann"]), ("metadata", {1: "a", "b": "c"}), ("simulate", "openai"), ("deadline", []), ("diarize", 1)),
    *(("chunking_strategy", {}), ("logprobs", None), ("response_format", ["srt"]), ("mock_testing_fallbacks", "yes")),
    *(("key", 5), ("seed", "x")),
)


@pytest.mark.anyio
@pytest.mark.parametrize(("name", "value"), WRONG)
async def test_whatever_a_keyword_is_given_the_message_names_it(name: str, value: object) -> None:
    """Callers without a type checker get no trace of what goes on inside."""
    async with client.open() as vox:
        with pytest.raises(RequestError, match=name):
            await vox.transcribe(b"RIFF", **{name: value})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_a_chunking_strategy_says_nothing_that_json_cannot() -> None:
    """An empty object would vanish on its way, and `nan` become nothing."""
    for wanted in ({}, {"type": "server_vad", "threshold": float("nan")}):
        with pytest.raises(RequestError, match="`chunking_strategy` is of type dict"):
            asked(chunking_strategy=wanted)


def test_a_seed_is_a_whole_number() -> None:
    """Of any size; true is none."""
    assert (asked_seed(None), asked_seed(-1), asked_seed(2**70)) == (None, -1, 2**70)
    for wanted in (True, 1.5, "1"):
        with pytest.raises(RequestError, match="`seed` is"):
            asked_seed(wanted)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
