from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.making import ABLE_TO_ALL
from voxplan.engine.terms.capability import (
    CAPABILITY_NAMES,
    Capabilities,
    CapabilityName,
    Lack,
    ProviderFacts,
    asks,
    lacks,
    offers,
)
from voxplan.engine.terms.request import AudioFacts, KnownSpeaker, Option, Options, Request, ResponseFormat, Timestamps

NOTHING = Capabilities()
ANNA = KnownSpeaker(name="Anna", reference="data:audio/wav;base64,UklGRg==")
OPTIONS = st.builds(
    Options,
    language=st.none() | st.sampled_from(("en", "fi")),
    languages=st.sampled_from(((), ("en", "fi"))),
    prompt=st.none() | st.sampled_from(("", "Voxplan")),
    keywords=st.sampled_from(((), ("Voxplan",))),
    known_speakers=st.sampled_from(((), (ANNA,))),
    logprobs=st.booleans(),
    chunking_strategy=st.none() | st.just("auto"),
    temperature=st.none() | st.sampled_from((0.0, 0.5)),
    response_format=st.sampled_from(get_args(ResponseFormat)),
    timestamps=st.sampled_from(((), ("word",), ("segment",), ("segment", "word"))),
    translate=st.booleans(),
    diarize=st.booleans(),
    stream=st.booleans(),
)


def lacking(can: Capabilities, options: Options) -> tuple[Lack, ...]:
    """What a model lacks for these options."""
    return lacks(can, Request(route="r", options=options))


@pytest.mark.parametrize(
    ("options", "lack"),
    [
        (Options(language="fi"), Lack("is not known to transcribe language `fi`", "language")),
        (Options(prompt="Voxplan"), Lack("takes no prompt", "prompt")),
        (Options(temperature=0.5), Lack("takes no temperature", "temperature")),
        (Options(timestamps=("segment",)), Lack("gives no segment times", "timestamps")),
        (Options(timestamps=("word",)), Lack("gives no word times", "timestamps")),
        (Options(diarize=True), Lack("does not tell speakers apart", "diarize")),
        (Options(languages=("en", "fi")), Lack("takes no list of languages that may be spoken", "languages")),
        (Options(keywords=("Voxplan",)), Lack("takes no keywords", "keywords")),
        (Options(known_speakers=(ANNA,)), Lack("recognises no speakers by their voice", "known_speakers")),
        (Options(logprobs=True), Lack("gives no log probabilities", "logprobs")),
        (Options(chunking_strategy="auto"), Lack("takes no chunking strategy", "chunking_strategy")),
        (Options(stream=True), Lack("does not stream", "stream", emulable=True)),
    ],
)
def test_unknown_counts_as_absent(options: Options, lack: Lack) -> None:
    """Each option that is asked for is lacking where nothing is known (law C5)."""
    assert lacking(NOTHING, options) == (lack,)
    assert lacking(ABLE_TO_ALL, options) == ()


def test_a_translation_cannot_be_dropped() -> None:
    """A transcript in another language is not what was asked."""
    assert lacking(NOTHING, Options(translate=True)) == (Lack("does not translate into English", only="translate"),)
    assert lacking(ABLE_TO_ALL, Options(translate=True)) == ()


def test_what_a_model_cannot_do_while_it_translates() -> None:
    """The same model can do it where nothing is to be translated."""
    can = replace(ABLE_TO_ALL, translate_without=("language", "words", "streaming"))
    asked = Options(language="fi", timestamps=("word",), stream=True, prompt="a")
    assert lacking(can, asked) == ()
    assert lacking(can, replace(asked, translate=True)) == (
        Lack("takes no language when it translates", "language"),
        Lack("gives no word times", "timestamps", emulable=True),
        Lack("does not stream", "stream", emulable=True),
    )


@pytest.mark.parametrize("option", get_args(Option))
def test_every_option_can_be_lacking(option: Option) -> None:
    """And is named, so that the spec can say what becomes of it."""
    asked = Options(
        language="fi",
        languages=("fi", "en"),
        prompt="a",
        keywords=("Voxplan",),
        temperature=1.0,
        timestamps=("word",),
        diarize=True,
        known_speakers=(ANNA,),
        logprobs=True,
        chunking_strategy="auto",
        stream=True,
    )
    assert option in {lack.option for lack in lacking(NOTHING, asked)}


@pytest.mark.parametrize(("options"), [Options(prompt=""), Options(temperature=0.0)])
def test_empty_and_zero_are_asked_for_too(options: Options) -> None:
    """They are no absence (law T6)."""
    assert len(lacking(NOTHING, options)) == 1


def test_a_language_that_others_have_is_lacking() -> None:
    """It is known then that the model cannot."""
    english = Capabilities(languages=("en",))
    assert lacking(english, Options(language="fi")) == (Lack("cannot transcribe language `fi`", "language"),)
    assert lacking(english, Options(language="en")) == ()
    assert lacking(english, Options()) == ()
    assert lacking(Capabilities(languages="any"), Options(language="fi")) == ()


@pytest.mark.parametrize("subtitles", ["srt", "vtt"])
def test_subtitles_need_times(subtitles: ResponseFormat) -> None:
    """Of any kind; without, no rule about options helps."""
    lack = Lack(f"gives no times, which `{subtitles}` needs", only="response_format")
    assert lacking(NOTHING, Options(response_format=subtitles)) == (lack,)
    assert lacking(Capabilities(segments=True), Options(response_format=subtitles)) == ()
    assert lacking(Capabilities(words=True), Options(response_format=subtitles)) == ()


@pytest.mark.parametrize("plain", ["json", "text", "verbose_json"])
def test_other_formats_need_nothing(plain: ResponseFormat) -> None:
    """They are made of what there is."""
    assert lacking(NOTHING, Options(response_format=plain)) == ()


def test_words_can_be_made_of_segments() -> None:
    """Of nothing, they cannot."""
    asked = Options(timestamps=("word",))
    assert lacking(Capabilities(segments=True), asked) == (Lack("gives no word times", "timestamps", emulable=True),)
    assert not lacking(NOTHING, asked)[0].emulable


def test_segments_can_be_made_of_words() -> None:
    """So whoever gives words gives times."""
    assert lacking(Capabilities(words=True), Options(timestamps=("segment",))) == ()


@pytest.mark.parametrize(
    ("can", "audio", "detail"),
    [
        (Capabilities(containers=("wav", "mp3")), AudioFacts(format="ogg"), "takes no `ogg`"),
        (Capabilities(max_bytes=10), AudioFacts(bytes=11), "takes at most 10 bytes"),
        (Capabilities(max_seconds=1400.0), AudioFacts(seconds=1400.5), "takes at most 1400 s"),
    ],
)
def test_limits_of_the_audio_always_exclude(can: Capabilities, audio: AudioFacts, detail: str) -> None:
    """No option could be dropped instead; what is unknown, of the audio or the limit, excludes nothing."""
    assert lacks(can, Request(route="r", audio=audio)) == (Lack(detail),)
    assert lacks(can, Request(route="r")) == ()
    assert lacks(NOTHING, Request(route="r", audio=audio)) == ()


def test_what_is_just_within_a_limit_is_taken() -> None:
    """Limits include themselves."""
    can = Capabilities(containers=("wav",), max_bytes=10, max_seconds=1.5)
    assert lacks(can, Request(route="r", audio=AudioFacts(format="wav", bytes=10, seconds=1.5))) == ()


@given(OPTIONS)
def test_whoever_can_do_everything_lacks_nothing(options: Options) -> None:
    """And whoever knows no limit has none."""
    audio = AudioFacts(bytes=10**12, seconds=10.0**6, format="au", channels=64)
    assert lacks(ABLE_TO_ALL, Request(route="r", audio=audio, options=options)) == ()


@given(OPTIONS)
def test_options_that_ask_for_nothing_are_never_lacking(options: Options) -> None:
    """And whatever a model without abilities lacks was asked for."""
    assert asks(options) is bool(lacking(NOTHING, options))


@given(OPTIONS)
def test_every_lack_has_its_own_words(options: Options) -> None:
    """So a list of reasons repeats nothing."""
    details = [lack.detail for lack in lacking(NOTHING, options)]
    assert len(set(details)) == len(details)


@pytest.mark.parametrize("name", CAPABILITY_NAMES)
def test_each_capability_is_offered_by_whoever_is_known_to_have_it(name: CapabilityName) -> None:
    """By nobody else (law C5)."""
    assert offers(ABLE_TO_ALL, name)
    assert not offers(NOTHING, name)


def test_the_names_are_those_of_the_type() -> None:
    """In one order."""
    assert get_args(CapabilityName) == CAPABILITY_NAMES


def test_words_are_segments_too() -> None:
    """Words can be gathered."""
    assert offers(Capabilities(words=True), "segments")
    assert not offers(Capabilities(segments=True), "words")


def test_a_model_that_is_not_named_is_as_the_others() -> None:
    """Of its provider."""
    facts = ProviderFacts(provider="p", otherwise=ABLE_TO_ALL, models=(("small", NOTHING),))
    assert (facts.capabilities("small"), facts.capabilities("large")) == (NOTHING, ABLE_TO_ALL)


def test_each_kind_of_times_is_covered() -> None:
    """A new kind needs a lack of its own."""
    assert get_args(Timestamps) == ("segment", "word")
