"""Entries for any model: which names they serve, where those lead, and what is said where they serve none."""

import pytest

from tests.io_shell.litellm.configs import said, spec_of
from voxplan.engine.language.spec import Deployment, Spec
from voxplan.io_shell.litellm.importing import imported

ALL = "  - {model_name: '*', litellm_params: {model: '*'}}\n"
OWN = "  - {model_name: 'openai/*', litellm_params: {model: 'openai/*', api_base: 'http://own/v1', api_key: os.environ/K}}\n"
ALONE = "model_list:\n  - {model_name: w, litellm_params: {model: openai/whisper-1}}\n"


def behind(spec: Spec, name: str) -> Deployment:
    """The deployment of a route."""
    return spec.deployments[spec.routes[name].use or ""]


@pytest.mark.parametrize("entries", [OWN + ALL, ALL + OWN])
def test_a_server_of_ones_own_serves_what_its_pattern_says(entries: str) -> None:
    """And nobody else does, in whatever order they stand."""
    spec = spec_of("model_list:\n" + entries)
    ours = behind(spec, "openai:whisper-1")
    assert (ours.provider, ours.model, ours.base_url, ours.api_key) == ("openai_compatible", "whisper-1", "http://own/v1", "${K}")
    assert behind(spec, "whisper-1").provider == "openai"
    assert behind(spec, "groq:whisper-large-v3").provider == "groq"


def test_a_name_without_its_provider_is_asked_for_with_it() -> None:
    """As LiteLLM does where no pattern fits the name as it stands; it is the same deployment."""
    spec = spec_of("model_list:\n" + OWN)
    assert spec.routes["whisper-1"] == spec.routes["openai:whisper-1"]
    assert len(spec.deployments) * 2 == len(spec.routes)


@pytest.mark.parametrize(
    ("params", "info"),
    [
        ("model: 'openai/*', api_base: os.environ/NOT_SET", ""),
        ("model: 'openai/*'", ", model_info: {mode: chat}"),
        ("model: 'nobody/*'", ""),
        ("model: 'azure/*', api_base: 'https://r'", ", model_info: {blocked: true}"),
    ],
)
def test_what_is_left_out_is_served_by_nobody_else(params: str, info: str) -> None:
    """The audio would go to somebody whom nobody has named for it; that is told."""
    text = f"model_list:\n  - {{model_name: 'openai/*', litellm_params: {{{params}}}{info}}}\n{ALL}"
    made = imported(text, environment={})
    assert "openai/whisper-1" not in made.settings.model_names
    assert "whisper-1" in made.settings.model_names
    assert "config.yaml:2:5: `openai/whisper-1` and 6 more would be for `openai/*`" in said(made)


def test_a_group_that_is_left_out_is_served_by_no_pattern() -> None:
    """Its name is its own."""
    text = f"model_list:\n  - {{model_name: groq/whisper-large-v3, litellm_params: {{model: nobody/x}}}}\n{ALL}"
    assert "groq/whisper-large-v3" not in imported(text).settings.model_names


def test_an_alias_is_served_by_no_pattern() -> None:
    """It goes before everything; what it stands for is asked for as it is."""
    text = f"model_list:\n{ALL}router_settings: {{model_group_alias: {{whisper-1: groq/whisper-large-v3, fast: whisper-1}}}}\n"
    made, spec = imported(text), spec_of(text)
    assert spec.routes["whisper-1"].use == "groq:whisper-large-v3"
    fast = spec.routes[made.settings.model_names["fast"]].use or ""
    assert behind(spec, fast).provider == "openai"


def test_a_pattern_with_a_part_of_the_name() -> None:
    """The models that fit it."""
    spec = spec_of(
        "model_list:\n  - {model_name: '*', litellm_params: {model: 'openai/*', api_base: 'http://star/v1'}}\n"
        "  - {model_name: 'whisper*', litellm_params: {model: 'openai/whisper*', api_base: 'http://whisper/v1'}}\n"
    )
    assert behind(spec, "whisper-1").base_url == "http://whisper/v1"
    assert behind(spec, "gpt-4o-transcribe").base_url == "http://star/v1"
    assert "openai:whisper-1" not in spec.routes


def test_one_model_for_whatever_is_asked() -> None:
    """OpenAI's names lead to it, all to one deployment."""
    spec = spec_of("model_list:\n  - {model_name: '*', litellm_params: {model: groq/whisper-large-v3}}\n")
    assert list(spec.deployments) == ["groq-whisper-large-v3"]
    assert {"whisper-1", "openai:gpt-4o-transcribe"} <= spec.routes.keys()


@pytest.mark.parametrize(
    ("group", "model", "write"),
    [
        ("azure/*", "azure/*", "`model_name: azure/NAME` with `model: azure/NAME`"),
        ("mine/*", "hosted_vllm/*", "`model_name: mine/NAME` with `model: hosted_vllm/NAME`"),
    ],
)
def test_what_to_write_where_no_name_is_known(group: str, model: str, write: str) -> None:
    """Deployments of Azure and models of one's own servers are called as their owners like."""
    (error,) = imported(
        f"model_list:\n  - {{model_name: '{group}', litellm_params: {{model: '{model}', api_base: 'https://r'}}}}\n"
    ).errors
    assert error.message.startswith("there is nothing to carry over: ")
    assert error.message.endswith(write)


def test_an_entry_whose_names_are_those_of_others_is_told() -> None:
    """There is nothing to write then."""
    names = ("whisper-large-v3", "whisper-large-v3-turbo")
    plain = "".join(f"  - {{model_name: groq/{name}, litellm_params: {{model: groq/{name}}}}}\n" for name in names)
    made = imported(f"model_list:\n  - {{model_name: 'groq/*', litellm_params: {{model: 'groq/*'}}}}\n{plain}")
    assert made.warnings[0].message.endswith("it is carried over for none: those that are known are for other entries")


def test_names_that_the_config_has_elsewhere_are_served() -> None:
    """Those of other entries, of fallbacks and of retries."""
    text = (
        "model_list:\n  - {model_name: 'azure/*', litellm_params: {model: 'azure/*', api_base: 'https://r'}}\n"
        "  - {model_name: m, litellm_params: {model: azure/whisper-eu, api_base: 'https://eu'}}\n"
        "router_settings:\n  fallbacks: [{m: [azure/my-whisper]}]\n"
        "  model_group_retry_policy: {azure/whisper-us: {TimeoutErrorRetries: 1}}\n"
    )
    spec = spec_of(text)
    served = {name for name in spec.routes if name.startswith("azure:")}
    assert served == {"azure:my-whisper", "azure:whisper-us", "azure:whisper-eu"}
    assert {behind(spec, name).base_url for name in served} == {"https://r"}


def test_an_entry_that_is_no_mapping_is_told_as_that() -> None:
    """The list itself is sound."""
    made = imported("model_list:\n  - whisper-1\n" + OWN)
    assert str(made.warnings[0]) == "config.yaml:2:5: an entry of `model_list` is no mapping: it is left out"


def test_a_pattern_with_more_stars_than_its_model_serves_nobody() -> None:
    """LiteLLM would ask for the name as it stands, at whoever has such a model."""
    text = (
        "model_list:\n  - {model_name: 'my-*-*', litellm_params: {model: 'openai/*', api_base: 'http://own/v1'}}\n"
        f"{ALL}litellm_settings: {{default_fallbacks: [my-whisper-1]}}\n"
    )
    assert "my-whisper-1" not in imported(text).settings.model_names


def test_of_two_patterns_of_one_length_the_more_special_serves() -> None:
    """In whatever order they stand."""
    entries = [
        f"  - {{model_name: '{pattern}', litellm_params: {{model: 'openai/{pattern}', api_base: 'http://{host}/v1'}}}}\n"
        for pattern, host in (("whisp*", "plain"), ("*p*", "special"))
    ]
    for order in (entries, entries[::-1]):
        assert behind(spec_of("model_list:\n" + "".join(order)), "whisper-1").base_url == "http://special/v1"


@pytest.mark.parametrize("model", ["openai/whisper-1", "openai/*"])
def test_names_that_a_pattern_does_not_fit_are_not_for_it(model: str) -> None:
    """Nor are they for other entries: its author knows what it is for."""
    made = imported(f"{ALONE}  - {{model_name: 'mine/x*-*', litellm_params: {{model: '{model}'}}}}\n")
    (told,) = (each.message for each in made.warnings)
    assert told.endswith(
        f"write an entry for each, such as `model_name: mine/xNAME-NAME` with `model: {model.replace('*', 'NAME')}`"
    )
