"""What a config reads from the environment, where it is known and where it is not."""

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
