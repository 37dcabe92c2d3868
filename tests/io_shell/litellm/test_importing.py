"""From the text of a config to that of a spec, and everything that is told on the way."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.io_shell.litellm.configs import GROUPS, ONE, entry, said, spec_of
from voxplan.adapters.catalog import CATALOG
from voxplan.engine.documents.reading import read
from voxplan.engine.language.spec import Deployment, RouteNode
from voxplan.io_shell.litellm.importing import imported
from voxplan.io_shell.litellm.providers import PREFIXES
from voxplan.io_shell.references import resolve


def test_one_model_is_one_route() -> None:
    """A bare name is OpenAI's; two retries are LiteLLM's default."""
    spec = spec_of(ONE)
    deployment = spec.deployments["openai-whisper-1"]
    assert (deployment.provider, deployment.model, deployment.api_key) == ("openai", "whisper-1", "${OPENAI_API_KEY}")
    assert spec.routes == {"speech": RouteNode(use="openai-whisper-1")}
    assert spec.defaults.retry is not None
    assert spec.defaults.retry.times == 2


def test_a_key_is_never_shown() -> None:
    """Not in the spec, nor in what is told; its value is kept beside it."""
    made = imported(ONE)
    assert "sk-1234" not in f"{made.spec_text}{said(made)}{made.settings!r}{made!r}"
    assert made.settings.master_key == "${LITELLM_MASTER_KEY}"
    assert made.settings.variables == {"LITELLM_MASTER_KEY": "sk-1234"}
    assert "config.yaml:9:3: `master_key` stands in the file" in said(made)


def test_models_that_do_not_transcribe_are_left_out() -> None:
    """By their mode, or by their name where there is none."""
    text = GROUPS + (
        "  - {model_name: chat, litellm_params: {model: gpt-4o}, model_info: {mode: chat}}\n"
        "  - {model_name: e, litellm_params: {model: text-embedding-3-small}}\n"
    )
    made = imported(text)
    assert set(spec_of(text).routes) == {"a", "b", "c", "d"}
    assert [(each.line, "is left out" in each.message) for each in made.warnings] == [(6, True), (7, True)]


def test_unknown_keys_are_told_with_their_line() -> None:
    """In every section, with a guess where a name is close."""
    text = (
        "model_list:\n  - model_name: m\n    extra: 1\n    litellm_params:\n      model: groq/whisper-1\n      api_bsae: x\n"
        "router_settings:\n  num_retrys: 1\nlitellm_settings:\n  zzz: 1\ngeneral_settings:\n  qqq: 1\nwww: 1\n"
    )
    found = {each.line: each.message for each in imported(text).warnings}
    assert list(found) == [3, 6, 8, 10, 12, 13]
    assert "did you mean `api_base`?" in found[6]
    assert "did you mean `num_retries`?" in found[8]


@pytest.mark.parametrize("text", ["", "- a", "model_list: []", "a: &x {b: *x}", "a: {<<: {b: 1}}", "\x00", "model_list: 3", "{]"])
def test_what_is_no_config_is_one_line(text: str) -> None:
    """With its place."""
    made = imported(text)
    assert made.spec_text is None
    assert [each.line for each in made.errors] == [1]


def test_comments_stand_above_what_they_are_about() -> None:
    """With the line of the config."""
    lines = (imported(entry("model: groq/whisper-1, language: en")).spec_text or "").splitlines()
    where = next(number for number, line in enumerate(lines) if "`language` is not carried over" in line)
    assert lines[where].startswith("  # line 3: ")
    assert lines[where + 1] == "  groq-whisper-1:"


PROXY = "api_base: 'http://my.example/v1', api_key: sk-proxy"
PROXIED = f"  - {{model_name: mine, litellm_params: {{model: groq/whisper-large-v3, {PROXY}}}}}\n"
CREDENTIAL = (
    "credential_list:\n  - {credential_name: c, credential_values: {custom_llm_provider: groq, model: whisper-large-v3}}\n"
)
OTHERS = (
    "  - {model_name: '*', litellm_params: {model: '*'}}\n",
    "  - {model_name: 'groq/*', litellm_params: {model: 'groq/*'}}\n",
    "  - {model_name: g, litellm_params: {litellm_credential_name: c, model: whisper-1}}\n" + CREDENTIAL,
    "  - {model_name: g, litellm_params: {litellm_credential_name: c}}\n" + CREDENTIAL,
    "  - {model_name: '*', litellm_params: {model: '*'}}\nlitellm_settings: {fallbacks: [{mine: [groq/whisper-9]}]}\n",
    "  - {model_name: g, litellm_params: {model: openai/whisper-1, api_base: 'http://other.example/${GROQ_API_KEY}'}}\n",
    "  - {model_name: g, litellm_params: {model: azure/whisper, api_base: 'http://o.example?api-version=${GROQ_API_KEY}'}}\n",
)


@pytest.mark.parametrize("environment", [None, {}])
@pytest.mark.parametrize("other", OTHERS)
def test_a_key_for_one_server_is_no_other_deployments_key(other: str, environment: dict[str, str] | None) -> None:
    """Whatever the other reads by itself: the variable of its provider, or one that the config names in our own way."""
    made = imported(f"model_list:\n{PROXIED}{other}", environment=environment)
    assert made.settings.variables == {"GROQ_API_KEY_2": "sk-proxy"}
    assert (made.spec_text or "").count("${GROQ_API_KEY_2}") == 1


def test_a_key_that_stands_alone_has_its_usual_name() -> None:
    """Also where it stands under a credential, and beside entries of which nothing can be made."""
    credential = "credential_list:\n  - {credential_name: c, credential_values: {api_key: sk-proxy}}\n"
    rest = "  - 7\n  - {model_name: x}\n  - {model_name: y, litellm_params: 7}\n"
    named = entry("model: whisper-1, api_key: sk-1") + rest
    assert imported(named).settings.variables == {"OPENAI_API_KEY": "sk-1"}
    assert imported(f"model_list:\n{PROXIED}").settings.variables == {"GROQ_API_KEY": "sk-proxy"}
    assert spec_of(entry("model: groq/whisper-1, litellm_credential_name: c") + credential).deployments


def test_the_key_of_an_entry_that_is_left_out_keeps_its_variable() -> None:
    """It is set where the config was in use, to another value."""
    made = imported(f"model_list:\n{PROXIED}  - {{model_name: chat, litellm_params: {{model: groq/llama-3}}}}\n")
    assert made.settings.variables == {"GROQ_API_KEY_2": "sk-proxy"}


_PREFIXES = st.sampled_from(sorted(PREFIXES))
_MODELS = st.one_of(
    st.tuples(_PREFIXES, st.sampled_from(["whisper-1", "whisper-large-v3", "*", "llama"])).map("/".join),
    st.sampled_from(["whisper-1", "*"]),
)
_SAYS = st.sets(st.sampled_from(["api_key", "api_base", "azure_ad_token", "client_secret", "vertex_credentials", "credential"]))
_ENTRIES = st.lists(st.tuples(_MODELS, _SAYS, st.none() | _PREFIXES, st.none() | _PREFIXES), min_size=1, max_size=6)


@given(_ENTRIES, st.sampled_from([None, {}, dict.fromkeys(("AZURE_API_BASE", "HOSTED_VLLM_API_BASE"), "https://set.example")]))
def test_a_key_of_the_config_goes_only_where_its_entry_says(
    entries: list[tuple[str, set[str], str | None, str | None]], environment: dict[str, str] | None
) -> None:
    """Each entry has secrets of its own, and a tag by which its deployments are known, those of wildcards too."""
    config = {
        "model_list": [_entry(number, *each) for number, each in enumerate(entries)],
        "credential_list": [_credential(number, provider) for number, (*_, provider) in enumerate(entries)],
        "litellm_settings": {"default_fallbacks": ["groq/whisper-9", "openai/whisper-9"]},
    }
    made = imported(yaml.safe_dump(config), environment=environment)
    spec = None if made.spec_text is None else read(made.spec_text, "yaml", "x").unwrap().spec
    for deployment in spec.deployments.values() if spec else ():
        sent = _sent(deployment, {**made.settings.variables, **(environment or {})})
        assert {secret.partition("-")[0] for secret in sent if "-secret-" in secret} <= {*deployment.tags}


def _entry(number: int, model: str, says: set[str], provider: str | None, _: str | None) -> dict[str, Any]:
    values = {key: f"e{number}-secret-{key}" for key in says} | {"api_base": f"https://h{number}.example/v1"}
    said = {key: values[key] for key in sorted(says - {"credential"})}
    named = {"litellm_credential_name": f"c{number}"} if "credential" in says else {}
    params = {"model": model, "tags": [f"e{number}"], "custom_llm_provider": provider, **said, **named}
    return {"model_name": model if "*" in model else f"m{number}", "litellm_params": params}


def _credential(number: int, provider: str | None) -> dict[str, Any]:
    values = {"api_key": f"e{number}-secret-credential"} if number % 2 else {"custom_llm_provider": provider}
    return {"credential_name": f"c{number}", "credential_values": values}


def _sent(deployment: Deployment, variables: dict[str, str]) -> list[str]:
    """What the deployment has in place of each reference, its provider's own ones among them."""
    facts = CATALOG[deployment.provider or ""]
    settings = {**{setting.name: setting.default for setting in facts.settings}, **deployment.settings}
    said = (deployment.api_key or facts.default_key, deployment.base_url, *settings.values())
    return [resolve(text, variables).value_or("") for text in said if text]
