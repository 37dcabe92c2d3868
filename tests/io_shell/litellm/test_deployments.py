"""One entry of `model_list`, and the deployment that it becomes."""

import pytest

from tests.io_shell.litellm.configs import entry, said, spec_of
from voxplan.engine.terms.quantity import Money, Span
from voxplan.io_shell.litellm.importing import imported


@pytest.mark.parametrize(
    ("params", "provider", "model", "base_url"),
    [
        ("model: azure/whisper, api_base: 'https://r.openai.azure.com'", "azure", "whisper", "https://r.openai.azure.com"),
        ("model: groq/whisper-large-v3", "groq", "whisper-large-v3", None),
        ("model: deepgram/nova-3", "deepgram", "nova-3", None),
        ("model: vertex_ai/chirp_3", "vertex_ai", "chirp_3", None),
        ("model: gemini/gemini-3.5-transcribe", "gemini", "gemini-3.5-transcribe", None),
        ("model: fireworks_ai/whisper-v3", "fireworks_ai", "whisper-v3", None),
        ("model: ovhcloud/whisper-large-v3", "ovhcloud", "whisper-large-v3", None),
        ("model: mistral/voxtral-mini-latest", "mistral", "voxtral-mini-latest", None),
        ("model: elevenlabs/scribe_v1", "elevenlabs", "scribe_v1", None),
        ("model: hosted_vllm/org/m, api_base: 'http://gpu:8000/v1/'", "openai_compatible", "org/m", "http://gpu:8000/v1"),
        ("model: openai/m, api_base: 'http://gpu:8000'", "openai_compatible", "m", "http://gpu:8000"),
        (
            "model: openai/whisper-1, api_base: 'https://eu.api.openai.com/v1'",
            "openai",
            "whisper-1",
            "https://eu.api.openai.com/v1",
        ),
        ("model: whisper-1, custom_llm_provider: groq", "groq", "whisper-1", None),
        ("model: hosted_vllm/m", "openai_compatible", "m", "${HOSTED_VLLM_API_BASE}"),
    ],
)
def test_prefixes_are_providers(params: str, provider: str, model: str, base_url: str | None) -> None:
    """What stands before the slash says who runs the model."""
    (deployment,) = spec_of(entry(params)).deployments.values()
    assert (deployment.provider, deployment.model, deployment.base_url) == (provider, model, base_url)


def test_prices_are_by_the_minute() -> None:
    """Of the digits that were written; 0 is free."""
    (deployment,) = spec_of(entry("model: groq/whisper-1", "input_cost_per_second: 3.083e-05")).deployments.values()
    assert deployment.price is not None
    assert deployment.price.per_minute == Money(1_849_800)
    (free,) = spec_of(entry("model: groq/whisper-1, input_cost_per_second: 0")).deployments.values()
    assert free.price is not None
    assert free.price.per_minute == Money(0)


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ("model: openai/gpt-4o-transcribe", "prices by the token are those that voxplan knows of the model"),
        ("model: openai/*", "prices by the token are those that voxplan knows of the model"),
        ("model: openai/m, api_base: 'http://gpu/v1', api_key: k", "its answers have no known cost"),
        ("model: openai/m, api_base: 'http://gpu/v1', api_key: k, input_cost_per_second: 0.1", "and this entry has one"),
    ],
)
def test_prices_by_the_token_are_told(params: str, why: str) -> None:
    """With what the answers cost then."""
    name = "openai/*" if "*" in params else "m"
    told = said(imported(entry(f"{params}, input_cost_per_audio_token: 0.000006", name=name)))
    assert "`input_cost_per_audio_token` is not carried over: " in told
    assert why in told


def test_an_address_that_may_be_of_openai_is_told_where_a_price_is_lost() -> None:
    """Nobody knows yet what the variable will hold."""
    address = "api_base: os.environ/BASE, api_key: os.environ/KEY"
    told = said(imported(entry(f"model: openai/whisper-1, {address}")))
    assert "config.yaml:3:47: `api_base` stands in the environment: taken for a server of your own" in told
    assert imported(entry(f"model: openai/whisper-1, {address}, input_cost_per_second: 0")).warnings == ()
    assert imported(entry(f"model: openai/large-v3, {address}")).warnings == ()
    assert imported(entry(f"model: hosted_vllm/whisper-1, {address}")).warnings == ()


def test_timeouts() -> None:
    """Of a deployment, and of all."""
    spec = spec_of(entry("model: groq/whisper-1, timeout: 12.5") + "litellm_settings: {request_timeout: 60}\n")
    assert (spec.routes["m"].timeout, spec.defaults.timeout) == (Span(12_500), Span(60_000))


def test_literal_keys_get_variables_that_mean_nothing_else() -> None:
    """The same key the same name; none that the config or a provider's default uses."""
    keys = ("api_key: sk-one", "api_key: sk-two", "api_key: sk-one", "api_key: os.environ/GROQ_API_KEY")
    text = "model_list:\n" + "".join(
        f"  - {{model_name: m{n}, litellm_params: {{model: groq/whisper, {key}}}}}\n" for n, key in enumerate(keys)
    )
    made = imported(text)
    references = [each.api_key for each in spec_of(text).deployments.values()]
    assert references == ["${GROQ_API_KEY_2}", "${GROQ_API_KEY_3}", "${GROQ_API_KEY_2}", "${GROQ_API_KEY}"]
    assert made.settings.variables == {"GROQ_API_KEY_2": "sk-one", "GROQ_API_KEY_3": "sk-two"}
    assert "sk-one" not in f"{made.spec_text}{said(made)}"


def test_credentials_are_filled_in() -> None:
    """What the entry says itself counts before them."""
    text = entry("model: openai/whisper-x, litellm_credential_name: eu") + (
        "credential_list:\n  - {credential_name: eu, credential_values: {api_key: os.environ/EU, api_base: 'https://eu.example/v1'}}\n"
    )
    (deployment,) = spec_of(text).deployments.values()
    assert (deployment.base_url, deployment.api_key) == ("https://eu.example/v1", "${EU}")


def test_fields_of_the_provider_are_passed_on_and_secrets_are_not() -> None:
    """A word that could name a secret keeps a field out of the spec."""
    text = entry(
        "model: deepgram/nova-3, smart_format: true, keyterm: [voxplan], xi_secret_value: sk-9, extra_body: {numerals: true}"
    )
    made = imported(text)
    (deployment,) = spec_of(text).deployments.values()
    assert deployment.options == {"smart_format": True, "keyterm": ("voxplan",), "numerals": True}
    assert "sk-9" not in f"{made.spec_text}{said(made)}"
    assert "`xi_secret_value` is not carried over" in said(made)


def test_the_first_credential_of_a_name_counts() -> None:
    """As in LiteLLM; the second is told."""
    one, two = (f"  - {{credential_name: c, credential_values: {{api_key: os.environ/{name}}}}}\n" for name in ("ONE", "TWO"))
    text = f"{entry('model: groq/whisper-1, litellm_credential_name: c')}credential_list:\n{one}{two}"
    (deployment,) = spec_of(text).deployments.values()
    assert deployment.api_key == "${ONE}"
    assert "config.yaml:7:5: credential `c` stands there already" in said(imported(text))


def test_a_path_of_azure_is_its_resource() -> None:
    """The address as Azure's pages show it has the deployment, the version and the endpoint in it."""
    url = "https://r.openai.azure.com/openai/deployments/d/audio/transcriptions?api-version=2024-06-01"
    text = entry(f"model: azure/d, api_base: '{url}', base_model: azure/whisper-1")
    (deployment,) = spec_of(text).deployments.values()
    assert deployment.base_url == "https://r.openai.azure.com"
    assert deployment.settings == {"api_version": "2024-06-01", "base_model": "whisper-1"}
    assert "`/openai/deployments` and what follows is not carried over" in said(imported(text))


def test_a_model_without_a_prefix_is_told_unless_it_is_known() -> None:
    """LiteLLM guesses as well."""
    assert "whose it is: taken for a model of `openai`" in said(imported(entry("model: large-v3")))
    assert imported(entry("model: whisper-1")).warnings == ()


def test_a_price_that_stands_twice_is_that_of_the_parameters() -> None:
    """The other one is told."""
    text = entry("model: groq/whisper-1, input_cost_per_second: 0.001", "input_cost_per_second: 0.002")
    (deployment,) = spec_of(text).deployments.values()
    assert deployment.price is not None
    assert deployment.price.per_minute == Money(60_000_000)
    assert "`input_cost_per_second` is not carried over: `litellm_params` has another" in said(imported(text))


@pytest.mark.parametrize(
    "text", [entry("model: ollama/llama3", "mode: chat"), entry("model: openai/tts-1", "mode: audio_speech")]
)
def test_what_is_for_something_else_is_left_out_for_that(text: str) -> None:
    """Whoever its provider is."""
    assert "and voxplan only transcribes" in said(imported(text))


def test_two_numbers_of_retries_are_told() -> None:
    """LiteLLM's own count before that of its client."""
    made = imported(entry("model: groq/whisper-1, num_retries: 0, max_retries: 3"))
    assert "config.yaml:3:61: `max_retries` is not carried over" in said(made)
    assert "times" not in (made.spec_text or "")
