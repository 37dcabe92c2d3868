from collections.abc import Iterator
from fractions import Fraction

import pytest

from voxplan.adapters.audio.containers import EXTENSIONS
from voxplan.adapters.catalog import CATALOG
from voxplan.adapters.languages import code_of
from voxplan.adapters.registry import ADAPTERS
from voxplan.engine.plans.pricing import worst_cost
from voxplan.engine.terms.capability import Capabilities, lacks
from voxplan.engine.terms.request import AudioFacts, Options, Request

OPENAI = "openai"
COMPATIBLE = "openai_compatible"
WHISPER = "Systran/faster-whisper-small"
PLAIN, ANY = Options(), AudioFacts()
VOXTRAL = "mistralai/Voxtral-Mini-3B-2507"


def models() -> Iterator[tuple[str, Capabilities]]:
    """All there are, the unnamed ones of each provider included."""
    for facts in CATALOG.values():
        yield from ((f"{facts.provider}/{model}", can) for model, can in facts.models)
        yield from ((f"{facts.provider}/*{marker}*", can) for marker, can in facts.families)
        yield f"{facts.provider}/*", facts.otherwise


every_model = pytest.mark.parametrize("can", [can for _, can in models()], ids=[name for name, _ in models()])


def lacking(provider: str, model: str, options: Options = PLAIN, audio: AudioFacts = ANY) -> int:
    """How many things the model cannot do."""
    return len(lacks(CATALOG[provider].capabilities(model), Request(route="r", options=options, audio=audio)))


def test_every_provider_has_facts_and_an_adapter() -> None:
    """The catalogue and the registry name the same providers."""
    assert set(CATALOG) == set(ADAPTERS)
    assert all(name == facts.provider for name, facts in CATALOG.items())


@every_model
def test_every_entry_says_where_it_stands(can: Capabilities) -> None:
    """And so does its price."""
    assert can.source
    assert can.price is None or can.price.source


@every_model
def test_containers_and_languages_have_our_names(can: Capabilities) -> None:
    """Others would never match what the probe finds and callers ask for."""
    assert set(can.containers or ()) <= set(EXTENSIONS)
    assert all(code_of(language) == language for language in can.languages or () if can.languages != "any")


@pytest.mark.parametrize(
    ("provider", "model", "options", "count"),
    [
        (
            OPENAI,
            "whisper-1",
            Options(response_format="srt", timestamps=("word",), prompt="a", temperature=0.5, language="fi"),
            0,
        ),
        (OPENAI, "gpt-4o-transcribe", Options(response_format="srt"), 1),
        (OPENAI, "gpt-4o-transcribe", Options(response_format="verbose_json", prompt="a", temperature=0.5, language="fi"), 0),
        (OPENAI, "gpt-transcribe", Options(timestamps=("word",)), 1),
        (OPENAI, "gpt-4o-transcribe-diarize", Options(response_format="vtt", diarize=True, language="fi"), 0),
        (OPENAI, "gpt-4o-transcribe-diarize", Options(prompt="a", timestamps=("word",)), 2),
        (OPENAI, "whisper-1", Options(diarize=True), 1),
        (OPENAI, "something-new", Options(language="fi"), 0),
        (OPENAI, "something-new", Options(prompt="a", temperature=1.0, response_format="srt"), 3),
        (COMPATIBLE, WHISPER, Options(response_format="srt", prompt="a", temperature=0.5, language="fi"), 0),
        (COMPATIBLE, WHISPER, Options(timestamps=("word",), diarize=True), 1),
        (COMPATIBLE, "Systran/faster-whisper-small.en", Options(timestamps=("word",)), 0),
        (COMPATIBLE, "deepdml/faster-whisper-large-v3-turbo-ct2", Options(timestamps=("word",)), 0),
        (COMPATIBLE, "openai/whisper-large-v3", Options(timestamps=("word",)), 1),
        (COMPATIBLE, VOXTRAL, Options(response_format="srt"), 1),
        (COMPATIBLE, VOXTRAL, Options(language="de"), 0),
        (COMPATIBLE, VOXTRAL, Options(language="fi"), 1),
        ("local", "default", Options(response_format="srt", language="en"), 0),
        ("local", "default", Options(language="fi", prompt="a", temperature=0.5, timestamps=("word",)), 4),
        ("local", "/models/small", Options(language="fi", prompt="a", temperature=0.5, timestamps=("word",)), 0),
    ],
)
def test_what_models_can_do(provider: str, model: str, options: Options, count: int) -> None:
    """Languages, times, speakers, prompts and temperature, as documented; what is unknown counts as absent (law C5)."""
    assert lacking(provider, model, options) == count


@pytest.mark.parametrize(
    ("model", "audio", "count"),
    [
        ("whisper-1", AudioFacts(bytes=26_148_864, seconds=7200.0, format="mp3"), 0),
        ("whisper-1", AudioFacts(bytes=26_148_865), 1),
        ("gpt-4o-transcribe", AudioFacts(seconds=1400.0), 0),
        ("gpt-4o-transcribe", AudioFacts(seconds=1400.5), 1),
        ("gpt-transcribe", AudioFacts(seconds=1800.0), 0),
        ("gpt-transcribe", AudioFacts(format="aac"), 1),
        ("something-new", AudioFacts(format="amr", bytes=26_148_865), 2),
    ],
)
def test_what_openai_takes(model: str, audio: AudioFacts, count: int) -> None:
    """Containers by their extensions, a file that fits into the largest body, the seconds of the gpt-4o family."""
    assert lacking(OPENAI, model, audio=audio) == count


@pytest.mark.parametrize("model", [WHISPER, VOXTRAL])
def test_what_servers_take_is_their_owners_affair(model: str) -> None:
    """No limit is known, so none keeps anybody out."""
    assert lacking(COMPATIBLE, model, audio=AudioFacts(bytes=10**10, seconds=10.0**5, format="amr")) == 0


@pytest.mark.parametrize(
    ("provider", "model", "dollars"),
    [
        (OPENAI, "whisper-1", "0.36"),
        (OPENAI, "gpt-transcribe", "0.27"),
        ("local", "default", "0"),
        ("local", "/models/small", "0"),
    ],
)
def test_what_an_hour_costs(provider: str, model: str, dollars: str) -> None:
    """As the provider states it."""
    price = CATALOG[provider].capabilities(model).price
    assert price is not None
    assert worst_cost(price, 3600.0) == Fraction(dollars) * 10**9


@pytest.mark.parametrize(("provider", "model"), [(OPENAI, "something-new"), (COMPATIBLE, WHISPER), (OPENAI, "")])
def test_a_price_that_nobody_stated_is_unknown(provider: str, model: str) -> None:
    """Only their owners know what servers cost."""
    assert CATALOG[provider].capabilities(model).price is None


@every_model
def test_what_is_billed_by_the_token_is_bounded_by_nobody(can: Capabilities) -> None:
    """They are counted afterwards; beside them stands what a minute of speech is likely to come to."""
    if can.price is not None and can.price.tokens is not None:
        assert worst_cost(can.price, 3600.0) is None
        assert can.price.per_minute > 0
