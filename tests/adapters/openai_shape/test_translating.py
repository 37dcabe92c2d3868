"""Translations into English: another endpoint, with fewer fields, of fewer models."""

import pytest

from tests.adapters.driving import answer, call, ended, fields, wanted
from tests.conformance.azure_wire import DEPLOYMENTS
from voxplan.adapters.catalog import CATALOG
from voxplan.adapters.openai_shape.addressing import API_VERSION
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import Options
from voxplan.engine.terms.transcript import Segment, Transcript

TRANSLATE = Options(translate=True)
AZURE = "https://r.openai.azure.com"
BODY = b'{"task":"translate","language":"english","duration":2.5,"text":"A.","segments":[{"start":0,"end":1,"text":" A."}]}'


@pytest.mark.parametrize(
    ("provider", "model", "base_url", "url"),
    [
        ("openai", "whisper-1", None, "https://api.openai.com/v1/audio/translations"),
        ("openai", "whisper-1", "https://h/v1/audio/transcriptions", "https://h/v1/audio/translations"),
        ("openai", "whisper-1", "https://h/v1/audio/translations?key=1", "https://h/v1/audio/translations?key=1"),
        ("azure", "whisper", AZURE, f"{AZURE}/openai/deployments/whisper/audio/translations?api-version={API_VERSION}"),
        ("azure", "whisper", f"{AZURE}/openai/v1", f"{AZURE}/openai/v1/audio/translations"),
        ("groq", "whisper-large-v3", None, "https://api.groq.com/openai/v1/audio/translations"),
        ("fireworks_ai", "whisper-v3", None, "https://audio-prod.api.fireworks.ai/v1/audio/translations"),
        ("openai_compatible", "large-v3", "http://h:8000", "http://h:8000/v1/audio/translations"),
        ("openai_compatible", "large-v3", "http://h:8080/inference", "http://h:8080/inference"),
    ],
)
def test_where_it_goes(provider: str, model: str, base_url: str | None, url: str) -> None:
    """Beside the endpoint of transcriptions; whisper.cpp has one for both."""
    assert wanted(call(model, TRANSLATE, base_url, provider)).url == url


def test_what_is_asked() -> None:
    """Model, format, prompt and temperature, and nothing else."""
    made = call(options=Options(translate=True, prompt="names", temperature=0.2, response_format="srt"))
    asked = {"model": ["whisper-1"], "response_format": ["verbose_json"], "prompt": ["names"], "temperature": ["0.2"]}
    assert fields(made) == asked


def test_whisper_cpp_is_told_in_the_form() -> None:
    """And told once, whatever the deployment says for its transcriptions."""
    made = call("large-v3", TRANSLATE, "http://h/inference", "openai_compatible", extra={"translate": False})
    assert fields(made)["translate"] == ["true"]
    plain = call("large-v3", None, "http://h/inference", "openai_compatible", extra={"translate": False})
    assert fields(plain)["translate"] == ["false"]


def test_the_address_of_a_deployment_names_the_model() -> None:
    """Azure's form says it no second time."""
    assert "model" not in fields(call("whisper", TRANSLATE, AZURE, "azure"))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (Options(translate=True, language="fi"), "the model takes no language when it translates"),
        (Options(translate=True, timestamps=("word",)), "the model gives no word times when it translates"),
        (Options(translate=True, stream=True), "the model does not stream when it translates"),
        (Options(translate=True, diarize=True), "the model does not tell speakers apart when it translates"),
        (Options(translate=True, languages=("fi", "sv")), "the model takes no list of languages when it translates"),
    ],
)
@pytest.mark.parametrize(("provider", "model"), [("openai", "whisper-1"), ("openai_compatible", "large-v3")])
def test_what_the_endpoint_does_not_take_is_never_dropped(provider: str, model: str, options: Options, reason: str) -> None:
    """It is said before anything is sent."""
    found = ended(call(model, options, "https://h", provider))
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.sent, found.reason) == ("unsupported", "no", reason)


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-transcribe"),
        ("openai", "gpt-4o-transcribe"),
        ("openai", "something-new"),
        ("azure", "my-gpt-4o-transcribe"),
        ("groq", "whisper-large-v3-turbo"),
        ("fireworks_ai", "whisper-v3-turbo"),
        ("ovhcloud", "whisper-large-v3"),
        ("deepgram", "nova-3"),
        ("assemblyai", "universal"),
        ("mistral", "voxtral-mini-latest"),
        ("elevenlabs", "scribe_v2"),
        ("local", "default"),
        ("local", "/models/faster-whisper-large-v3-turbo"),
    ],
)
def test_other_models_do_not_translate(provider: str, model: str) -> None:
    """The facts say so, and the adapter before anything is sent."""
    assert not CATALOG[provider].capabilities(model).translate
    found = ended(call(model, TRANSLATE, AZURE if provider == "azure" else None, provider))
    assert isinstance(found, AttemptFailure)
    assert (found.kind, found.sent) == ("unsupported", "no")
    assert "does not translate into English" in found.reason


@pytest.mark.parametrize(
    ("model", "translates"),
    [
        ("openai/whisper-large-v3", True),
        ("large-v2", True),
        ("Systran/faster-whisper-small", True),
        ("Systran/faster-whisper-small.en", False),
        ("deepdml/faster-whisper-large-v3-turbo-ct2", False),
        ("distil-whisper/distil-large-v3", False),
        ("mistralai/Voxtral-Mini-3B-2507", False),
        ("nvidia/parakeet-tdt", False),
    ],
)
def test_what_a_server_is_taken_to_translate_with(model: str, translates: bool) -> None:
    """Weights of Whisper that were trained to, by their names."""
    assert CATALOG["openai_compatible"].capabilities(model).translate is translates


def test_every_deployment_of_the_kit_is_judged_as_its_model() -> None:
    """Only Whisper translates, whatever Azure's customers call it."""
    facts = CATALOG["azure"]
    able = {
        name
        for name, model in DEPLOYMENTS.items()
        if facts.capabilities(facts.known_model(name, {"base_model": model})).translate
    }
    assert able == {"whisper", "speech one"}


def test_the_answer_of_a_translation() -> None:
    """As that of a transcription; its language is a name."""
    found = ended(call(options=Options(translate=True, response_format="verbose_json")), answer(BODY))
    assert found == Transcript(text="A.", language="en", seconds=2.5, segments=(Segment(text="A.", start=0, end=1),))


@pytest.mark.parametrize("status", [404, 405])
def test_a_server_without_the_endpoint_is_not_blamed_for_its_transcriptions(status: int) -> None:
    """What is not found may be the endpoint alone: `not_found` would keep all other requests away."""
    found = ended(call("large-v3", TRANSLATE, "http://h", "openai_compatible"), answer(b'{"detail":"Not Found"}', status))
    assert isinstance(found, AttemptFailure)
    assert found.kind == "unsupported"
    plain = ended(call("large-v3", None, "http://h", "openai_compatible"), answer(b'{"detail":"Not Found"}', 404))
    assert isinstance(plain, AttemptFailure)
    assert plain.kind == "not_found"
