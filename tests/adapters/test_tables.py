import pytest

from voxplan.adapters.catalog import CATALOG
from voxplan.adapters.containers import EXTENSIONS
from voxplan.adapters.languages import code_of, name_of
from voxplan.adapters.media import MEDIA_TYPES, UNKNOWN_MEDIA_TYPE, media_type
from voxplan.adapters.registry import ADAPTERS
from voxplan.engine.capability import incapable
from voxplan.engine.request import AudioFacts, Options, Request


def test_every_provider_has_facts_and_an_adapter() -> None:
    """The catalogue and the registry name the same providers."""
    assert set(CATALOG) == set(ADAPTERS)
    assert all(name == facts.provider for name, facts in CATALOG.items())


@pytest.mark.parametrize(
    ("provider", "model", "options", "reasons"),
    [
        (
            "openai",
            "whisper-1",
            Options(response_format="srt", timestamps=("word",), prompt="a", temperature=0.5, language="fi"),
            0,
        ),
        ("openai", "gpt-4o-transcribe", Options(response_format="srt"), 1),
        ("openai", "gpt-4o-transcribe", Options(response_format="verbose_json", prompt="a", temperature=0.5), 0),
        ("openai", "gpt-transcribe", Options(timestamps=("word",)), 1),
        ("openai", "gpt-4o-transcribe-diarize", Options(response_format="vtt"), 0),
        ("openai", "gpt-4o-transcribe-diarize", Options(prompt="a"), 1),
        ("openai", "something-new", Options(prompt="a", temperature=1.0, response_format="srt"), 3),
        ("openai_compatible", "Systran/faster-whisper-small", Options(response_format="srt", prompt="a", temperature=0.5), 0),
        ("openai_compatible", "Systran/faster-whisper-small", Options(timestamps=("word",)), 1),
        ("openai_compatible", "mistralai/Voxtral-Mini-3B-2507", Options(response_format="srt"), 1),
    ],
)
def test_what_models_can_do(provider: str, model: str, options: Options, reasons: int) -> None:
    """Times, prompts and temperature, as documented; what is unknown counts as absent."""
    assert len(incapable(CATALOG[provider].capabilities(model), Request(route="r", options=options))) == reasons


@pytest.mark.parametrize(
    ("model", "audio", "reasons"),
    [
        ("whisper-1", AudioFacts(bytes=26_148_864, seconds=7200.0), 0),
        ("whisper-1", AudioFacts(bytes=26_148_865), 1),
        ("gpt-4o-transcribe", AudioFacts(seconds=1400.0), 0),
        ("gpt-4o-transcribe", AudioFacts(seconds=1400.5), 1),
        ("gpt-transcribe", AudioFacts(seconds=1800.0), 0),
    ],
)
def test_what_openai_takes_at_most(model: str, audio: AudioFacts, reasons: int) -> None:
    """Bytes of a file that fits into the largest body, and the seconds of the gpt-4o family."""
    assert len(incapable(CATALOG["openai"].capabilities(model), Request(route="r", audio=audio))) == reasons


def test_every_container_has_a_media_type() -> None:
    """No extension that a recognised file can be given is unknown to the form."""
    assert {each for group in EXTENSIONS.values() for each in group} <= set(MEDIA_TYPES)
    assert media_type("clip.xyz") == UNKNOWN_MEDIA_TYPE


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("english", "en"),
        ("English", "en"),
        (" en ", "en"),
        ("en-US", "en"),
        ("zh_Hans_CN", "zh"),
        ("Haitian Creole", "ht"),
        ("jw", "jv"),
        ("yue", "yue"),
        ("valencian", "ca"),
        ("martian", None),
        ("", None),
    ],
)
def test_languages_become_codes(language: str, code: str | None) -> None:
    """Names, codes and tags as servers write them."""
    assert code_of(language) == code


def test_names_and_codes_go_both_ways() -> None:
    """A code that has a name gets it back."""
    assert {code_of(name_of(code)) for code in ("en", "de", "jv", "ht", "yue")} == {"en", "de", "jv", "ht", "yue"}
