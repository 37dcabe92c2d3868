"""What a config reads from the environment, where it is known and where it is not."""

import pytest

from tests.io_shell.litellm.configs import entry, said
from voxplan.engine.documents.reading import read
from voxplan.engine.language.spec import Spec
from voxplan.engine.terms.quantity import Span
from voxplan.io_shell.litellm.importing import imported

NUMBERS = entry("model: os.environ/MODEL, timeout: os.environ/SECONDS, api_key: os.environ/KEY", "")


def served(text: str, **environment: str) -> Spec:
    """The spec for a server with this environment."""
    made = imported(text, environment=environment)
    assert made.spec_text is not None, made.errors
    return read(made.spec_text, "yaml", "x").unwrap().spec


def test_a_server_fills_in_models_and_numbers() -> None:
    """A key stays a reference, and is nowhere to be seen."""
    spec = served(NUMBERS, MODEL="groq/whisper-large-v3", SECONDS="90", KEY="sk-secret")
    assert spec.deployments["groq-whisper-large-v3"].api_key == "${KEY}"
    assert spec.routes["m"].timeout == Span(90_000)
    assert "sk-secret" not in repr(spec)


def test_without_a_server_they_are_told() -> None:
    """With their lines, and what would read them."""
    made = imported(NUMBERS)
    assert "config.yaml:2:5: `m` is left out: it has no `model`: that stands in the environment" in said(made)


def test_a_server_is_told_which_of_them_are_not_set() -> None:
    """It is the one that reads them, so it is not told of another."""
    told = said(imported(NUMBERS, environment={"SECONDS": "90"}))
    assert "config.yaml:2:5: `m` is left out: it has no `model`: the environment variable `MODEL` is not set" in told
    told = said(imported(NUMBERS, environment={"MODEL": "groq/whisper-1", "KEY": "x"}))
    assert "`timeout` is not carried over: the environment variable `SECONDS` is not set" in told


def test_what_the_config_sets_is_filled_in() -> None:
    """Also without a server."""
    made = imported("environment_variables: {MODEL: groq/whisper-1}\n" + NUMBERS)
    assert "model: whisper-1" in (made.spec_text or "")
    assert "config.yaml:1:25: `MODEL` is not carried over: set it in the environment" in said(made)


def test_a_variable_that_names_another_has_its_value() -> None:
    """LiteLLM sets it to that before it reads anything else."""
    text = "environment_variables: {GROQ_API_KEY: os.environ/EU}\n" + entry("model: groq/whisper-1")
    assert imported(text, environment={"EU": "gsk"}).settings.variables == {"GROQ_API_KEY": "gsk"}
    assert "set it in the environment, to what `EU` holds there" in said(imported(text))


def test_an_address_that_is_not_set_leaves_its_entry_out() -> None:
    """And the others run; LiteLLM would send the audio to OpenAI."""
    text = entry("model: openai/m, api_base: os.environ/GPU") + "  - {model_name: n, litellm_params: {model: groq/whisper-1}}\n"
    made = imported(text, environment={"GROQ_API_KEY": "x"})
    assert list(made.settings.model_names) == ["n"]
    assert "config.yaml:2:5: `m` is left out: its `api_base` needs the environment variable `GPU`, which is not set" in said(made)
    assert set(served(text, GPU="http://gpu:8000/v1").routes) == {"m", "n"}


@pytest.mark.parametrize(
    ("params", "told"),
    [
        (
            "model: openai/m, api_base: 'http://gpu/v1', api_key: os.environ/KEY",
            "3:66: its key needs the environment variable `KEY`",
        ),
        (
            "model: azure/whisper, api_base: 'https://r', api_key: os.environ/KEY",
            "3:67: its key needs the environment variable `KEY`",
        ),
        ("model: azure/whisper, api_base: 'https://r'", "3:5: its key needs the environment variable `AZURE_API_KEY`"),
        (
            "model: azure/whisper, api_base: 'https://r', azure_ad_token: os.environ/TOKEN",
            "3:67: `azure_ad_token` needs the environment variable `TOKEN`",
        ),
        (
            "model: vertex_ai/chirp_3, vertex_credentials: os.environ/GOOGLE",
            "3:48: `vertex_credentials` needs the environment variable `GOOGLE`",
        ),
    ],
)
def test_every_variable_that_is_not_set_is_told(params: str, told: str) -> None:
    """Whoever the provider is, where it stands, and once."""
    (only,) = imported(entry(params), environment={}).warnings
    assert f"config.yaml:{told}, which is not set" in str(only)
    assert imported(entry(params), environment=dict.fromkeys(("KEY", "AZURE_API_KEY", "TOKEN", "GOOGLE"), "x")).warnings == ()


def test_a_credential_of_several_entries_is_told_once() -> None:
    """Where it stands."""
    one, two = (
        f"  - {{model_name: {name}, litellm_params: {{model: groq/whisper-1, litellm_credential_name: c}}}}\n"
        for name in ("a", "b")
    )
    credential = "credential_list:\n  - {credential_name: c, credential_values: {api_key: os.environ/KEY}}\n"
    (only,) = imported(f"model_list:\n{one}{two}{credential}", environment={}).warnings
    assert only.line == 5


def test_an_entry_for_all_providers_tells_those_without_a_key() -> None:
    """In one line: few people have all of them."""
    made = imported(entry("model: '*'", name="'*'"), environment={"OPENAI_API_KEY": "x", "GROQ_API_KEY": "x"})
    (told,) = [each.message for each in made.warnings if "has no key for" in each.message]
    assert "`deepgram`" in told
    assert "`groq`" not in told
    assert "`openai`" not in told


def test_what_stands_in_the_file_is_nothing_that_a_server_has_to_be_told() -> None:
    """It is used as it stands."""
    text = "environment_variables: {DEEPGRAM_API_KEY: a}\n" + entry("model: groq/whisper-1, api_key: gsk-1")
    assert imported(text, environment={}).warnings == ()
    assert len(imported(text).warnings) == 2


def test_a_variable_that_names_one_that_is_not_set_is_told() -> None:
    """Unless it has a value of its own in the environment."""
    text = "environment_variables: {MINE: os.environ/YOURS}\n" + entry("model: groq/whisper-1, api_key: k")
    assert "1:25: `MINE` needs the environment variable `YOURS`, which is not set" in said(imported(text, environment={}))
    assert imported(text, environment={"MINE": "x"}).warnings == ()


@pytest.mark.parametrize(
    ("address", "provider"), [("https://eu.api.openai.com/v1", "openai"), ("http://gpu:8000/v1", "openai_compatible")]
)
def test_whose_an_address_is_its_variable_says(address: str, provider: str) -> None:
    """So a server knows the price of OpenAI's; the address stays a reference."""
    (deployment,) = served(
        entry("model: openai/whisper-1, api_base: os.environ/BASE, api_key: k"), BASE=address
    ).deployments.values()
    assert (deployment.provider, deployment.base_url) == (provider, "${BASE}")


def test_a_region_that_is_not_set_is_told() -> None:
    """And is none."""
    text = entry("model: groq/whisper-1, region_name: os.environ/WHERE")
    assert "`region_name` is not carried over: the environment variable `WHERE` is not set" in said(
        imported(text, environment={})
    )
    assert [each.region for each in served(text, WHERE="eu", GROQ_API_KEY="x").deployments.values()] == ["eu"]
    assert [each.region for each in served(text).deployments.values()] == [None]


def test_a_key_that_is_not_set_is_told() -> None:
    """The deployment stays: the key may come."""
    made = imported(entry("model: groq/whisper-1"), environment={})
    assert "needs the environment variable `GROQ_API_KEY`, which is not set" in said(made)
    assert imported(entry("model: groq/whisper-1"), environment={"GROQ_API_KEY": "x"}).warnings == ()


def test_no_key_of_the_environment_is_sent_in_place_of_one_in_the_config() -> None:
    """`none` for a server of one's own must never become the key for OpenAI."""
    text = entry("model: openai/m, api_base: 'http://gpu:8000/v1', api_key: none")
    made = imported(text, environment={"OPENAI_API_KEY": "sk-real", "OPENAI_COMPATIBLE_API_KEY": "sk-other"})
    assert made.settings.variables == {"OPENAI_COMPATIBLE_API_KEY_2": "none"}
    assert "api_key: ${OPENAI_COMPATIBLE_API_KEY_2}" in (made.spec_text or "")


def test_a_variable_that_is_something_else_in_the_environment_is_told() -> None:
    """That of the environment counts."""
    made = imported(
        "environment_variables: {GROQ_API_KEY: a}\n" + entry("model: groq/whisper-1"), environment={"GROQ_API_KEY": "b"}
    )
    assert "`GROQ_API_KEY` is set in the environment too, to something else, and that goes before" in said(made)
