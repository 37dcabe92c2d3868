import string
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from voxplan.engine.documents.reading import read
from voxplan.engine.language.spec import Limits, RouteNode, Spec
from voxplan.engine.terms.quantity import Money, Span
from voxplan.io_shell.litellm.importing import Imported, imported
from voxplan.io_shell.loading import examine

ONE = """\
model_list:
  - model_name: speech
    litellm_params:
      model: whisper-1
      api_key: os.environ/OPENAI_API_KEY
    model_info:
      mode: audio_transcription
general_settings:
  master_key: sk-1234
"""
TWO = """\
model_list:
  - model_name: speech
    litellm_params:
      model: whisper-1
      api_key: os.environ/OPENAI_API_KEY
  - model_name: speech
    litellm_params:
      model: azure/our-whisper
      api_version: 2024-02-15-preview
      api_base: os.environ/AZURE_BASE
      api_key: os.environ/AZURE_KEY
    model_info: {mode: audio_transcription, base_model: azure/whisper-1}
"""


def spec_of(text: str) -> Spec:
    """The spec of the config."""
    made = imported(text)
    assert made.spec_text is not None, made.errors
    return read(made.spec_text, "yaml", "x").unwrap().spec


def entry(params: str, info: str = "mode: audio_transcription", name: str = "m") -> str:
    """A config of one entry."""
    return f"model_list:\n  - model_name: {name}\n    litellm_params: {{{params}}}\n    model_info: {{{info}}}\n"


def said(made: Imported) -> str:
    """Everything that was told."""
    return "\n".join(map(str, made.findings))


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


def test_one_name_is_one_balance() -> None:
    """Settings of Azure go where they are called so here."""
    spec = spec_of(TWO)
    azure = spec.deployments["azure-our-whisper"]
    assert (azure.base_url, azure.api_key) == ("${AZURE_BASE}", "${AZURE_KEY}")
    assert azure.settings == {"api_version": "2024-02-15-preview", "base_model": "whisper-1"}
    balance = spec.routes["speech"].balance
    assert balance is not None
    assert [(arm.route.use, arm.weight) for arm in balance.among] == [("openai-whisper-1", 1), ("azure-our-whisper", 1)]


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


def test_weights_are_weights() -> None:
    """`weight` before `rpm`; `rpm` is a limit too, which is told."""
    text = "model_list:\n" + "".join(
        f"  - {{model_name: m, litellm_params: {{model: groq/whisper-{n}, {more}}}}}\n"
        for n, more in enumerate(("weight: 9, rpm: 100", "weight: 1, rpm: 900"))
    )
    made = imported(text)
    spec = spec_of(text)
    balance = spec.routes["m"].balance
    assert balance is not None
    assert [arm.weight for arm in balance.among] == [9, 1]
    assert [each.limits for each in spec.deployments.values()] == [
        Limits(requests_per_minute=100),
        Limits(requests_per_minute=900),
    ]
    assert [each.line for each in made.warnings] == [2, 3]
    assert all("`rpm` is a limit here" in each.message for each in made.warnings)


def test_rpm_is_a_weight_where_nothing_else_is() -> None:
    """And where LiteLLM counts calls, a limit alone."""
    text = "model_list:\n" + "".join(
        f"  - {{model_name: m, litellm_params: {{model: groq/whisper-{rpm}, rpm: {rpm}}}}}\n" for rpm in (100, 900)
    )
    balance = spec_of(text).routes["m"].balance
    assert balance is not None
    assert [arm.weight for arm in balance.among] == [100, 900]
    counted = imported(text + "router_settings: {routing_strategy: usage-based-routing-v2}\n")
    assert counted.warnings == ()
    assert "by: headroom" in (counted.spec_text or "")


def test_order_is_a_list_of_levels() -> None:
    """The least first, whatever stands first in the file; those without any last."""
    text = "model_list:\n" + "".join(
        f"  - {{model_name: m, litellm_params: {{model: groq/whisper-{n}{order}}}}}\n"
        for n, order in ((1, ", order: 2"), (2, ", order: 1"), (3, ""))
    )
    first = spec_of(text).routes["m"].first
    assert first is not None
    assert [node.use for node in first] == ["groq-whisper-2", "groq-whisper-1", "groq-whisper-3"]


GROUPS = "model_list:\n" + "".join(
    f"  - {{model_name: {name}, litellm_params: {{model: groq/whisper-{name}}}}}\n" for name in ("a", "b", "c", "d")
)


def uses(node: RouteNode) -> list[str | None]:
    """What a route tries, in order."""
    return [each.use for each in node.first or (node,)]


def test_fallbacks_follow_and_their_own_after_them() -> None:
    """Each once, so that circles end; the default for those without their own."""
    more = "router_settings: {fallbacks: [{a: [b]}, {b: [a, c]}], default_fallbacks: [d]}\n"
    routes = spec_of(GROUPS + more).routes
    assert uses(routes["a"]) == ["groq-whisper-a", "groq-whisper-b", "groq-whisper-c", "d"]
    assert uses(routes["b"]) == ["groq-whisper-b", "groq-whisper-a", "groq-whisper-c", "d"]
    assert uses(routes["c"]) == ["groq-whisper-c", "d"]
    assert uses(routes["d"]) == ["groq-whisper-d"]


def test_aliases_are_routes() -> None:
    """An alias of nothing is told with its line."""
    made = imported(GROUPS + "router_settings:\n  model_group_alias:\n    x/y: a\n    z: {model: none}\n")
    assert "x:y: a" in (made.spec_text or "")
    assert made.settings.model_names["x/y"] == "x:y"
    assert "config.yaml:9:5: alias `z` is not carried over: there is no group `none`" in said(made)


def test_retries_by_kind() -> None:
    """Kinds with 0 are not tried again; the others have one number."""
    spec = spec_of(
        GROUPS + "router_settings: {num_retries: 1, retry_policy: {TimeoutErrorRetries: 3, RateLimitErrorRetries: 0}}\n"
    )
    assert spec.defaults.retry is not None
    assert (spec.defaults.retry.times, spec.defaults.retry.on) == (
        3,
        ("not_connected", "overloaded", "server_error", "timed_out"),
    )


def test_a_group_makes_no_more_calls_than_litellm() -> None:
    """One retry among three deployments is one other deployment."""
    text = GROUPS.replace("model_name: b", "model_name: a").replace("model_name: c", "model_name: a")
    balance = spec_of(text + "litellm_settings: {num_retries: 1}\n").routes["a"].balance
    assert balance is not None
    assert balance.spill == 1


def test_prices_are_by_the_minute() -> None:
    """Of the digits that were written; 0 is free."""
    (deployment,) = spec_of(entry("model: groq/whisper-1", "input_cost_per_second: 3.083e-05")).deployments.values()
    assert deployment.price is not None
    assert deployment.price.per_minute == Money(1_849_800)
    (free,) = spec_of(entry("model: groq/whisper-1, input_cost_per_second: 0")).deployments.values()
    assert free.price is not None
    assert free.price.per_minute == Money(0)


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


def test_models_that_do_not_transcribe_are_left_out() -> None:
    """By their mode, or by their name where there is none."""
    text = GROUPS + (
        "  - {model_name: chat, litellm_params: {model: gpt-4o}, model_info: {mode: chat}}\n"
        "  - {model_name: e, litellm_params: {model: text-embedding-3-small}}\n"
    )
    made = imported(text)
    assert set(spec_of(text).routes) == {"a", "b", "c", "d"}
    assert [(each.line, "is left out" in each.message) for each in made.warnings] == [(6, True), (7, True)]


def test_wildcards_are_written_out() -> None:
    """For the models that are known, and those that the config names."""
    text = GROUPS + (
        "  - {model_name: 'hosted_vllm/*', litellm_params: {model: 'hosted_vllm/*', api_base: 'http://gpu:8000'}}\n"
        "  - {model_name: 'groq/*', litellm_params: {model: 'groq/*'}}\n"
        "litellm_settings: {fallbacks: [{a: [hosted_vllm/my-whisper]}]}\n"
    )
    made = imported(text)
    routes = spec_of(text).routes
    assert {"groq:whisper-large-v3", "groq:whisper-large-v3-turbo", "hosted_vllm:my-whisper"} < set(routes)
    assert uses(routes["a"]) == ["groq-whisper-a", "hosted_vllm:my-whisper"]
    assert made.settings.model_names["groq/whisper-large-v3"] == "groq:whisper-large-v3"


def test_tags_choose_where_they_are_filtered_by() -> None:
    """A branch for each tag; for all others those of the tag `default`."""
    text = "model_list:\n" + "".join(
        f"  - {{model_name: m, litellm_params: {{model: groq/whisper-{tag}, tags: [{tag}]}}}}\n" for tag in ("paid", "default")
    )
    node = spec_of(text + "router_settings: {enable_tag_filtering: true}\n").routes["m"]
    assert node.when is not None
    assert node.otherwise is not None
    assert (node.when[0].if_.tags, node.when[0].then.use, node.otherwise.use) == (
        ("paid",),
        "groq-whisper-paid",
        "groq-whisper-default",
    )
    assert spec_of(text).routes["m"].balance is not None


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


NAMES = st.sampled_from(["a", "b", "groq/*", "*", "", "x y", "ä", "openai/whisper-1", "default"])
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**12),
    st.floats(allow_nan=False),
    st.text(string.printable, max_size=8),
    st.sampled_from(["os.environ/KEY", "os.environ/", "${X}", "sk-1", "http://h/v1?api-version=1", "https://u:p@h", "whisper-1"]),
    NAMES,
)
MODELS = st.sampled_from(
    [
        *(f"{p}/{m}" for p in ("openai", "azure", "groq", "deepgram", "vertex_ai", "nope") for m in ("whisper-1", "*", "")),
        "whisper-1",
    ]
)
PARAMS = st.sampled_from(
    [
        "api_key",
        "api_base",
        "api_version",
        "weight",
        "rpm",
        "tpm",
        "order",
        "timeout",
        "tags",
        "num_retries",
        "max_parallel_requests",
        "vertex_project",
        "drop_params",
        "input_cost_per_second",
        "vertex_credentials",
        "organization",
        "extra_body",
        "whatever",
        "language",
        "custom_llm_provider",
        "region_name",
    ]
)
VALUES: st.SearchStrategy[Any] = st.one_of(ODD, st.lists(ODD, max_size=2), st.dictionaries(NAMES, ODD, max_size=2))
INFOS = st.dictionaries(st.sampled_from(["id", "base_model", "order", "blocked", "mode", "tags", "x"]), VALUES, max_size=2)
ENTRIES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "model_name": NAMES,
        "litellm_params": st.tuples(MODELS, st.dictionaries(PARAMS, VALUES, max_size=4)).map(
            lambda both: {**both[1], "model": both[0]}
        ),
        "model_info": INFOS.map(lambda info: {"mode": "audio_transcription", **info}),
    }
)
PLAIN: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "model_name": NAMES.filter(bool),
        "litellm_params": st.fixed_dictionaries(
            {
                "model": st.sampled_from(
                    ["whisper-1", "groq/whisper-large-v3", "deepgram/nova-3", "openai/*", "vertex_ai/chirp_3"]
                )
            },
            optional={
                "weight": st.integers(0, 9),
                "rpm": st.integers(0, 900),
                "order": st.integers(1, 3),
                "tags": st.lists(NAMES, max_size=2),
                "timeout": st.integers(0, 60),
                "max_retries": st.integers(0, 100),
                "api_key": st.sampled_from(["os.environ/K", "sk-1", "sk-2"]),
            },
        ),
    }
)
SECTION_KEYS = st.sampled_from(
    [
        "fallbacks",
        "default_fallbacks",
        "num_retries",
        "retry_policy",
        "timeout",
        "request_timeout",
        "model_group_alias",
        "routing_strategy",
        "drop_params",
        "enable_tag_filtering",
        "default_max_parallel_requests",
        "master_key",
        "whatever",
        "model_group_retry_policy",
    ]
)
LINKS = st.lists(st.dictionaries(NAMES, st.lists(NAMES, max_size=3), max_size=2), max_size=3)
SECTIONS: st.SearchStrategy[Any] = st.one_of(
    ODD,
    st.dictionaries(SECTION_KEYS, VALUES, max_size=4),
    st.fixed_dictionaries(
        {"fallbacks": LINKS},
        optional={
            "num_retries": st.integers(0, 100),
            "default_fallbacks": st.lists(NAMES, max_size=2),
            "enable_tag_filtering": st.booleans(),
            "model_group_alias": st.dictionaries(NAMES, NAMES, max_size=2),
        },
    ),
)
CONFIGS: st.SearchStrategy[dict[str, Any]] = st.tuples(
    st.one_of(st.lists(ENTRIES, min_size=1, max_size=5), st.lists(PLAIN, min_size=1, max_size=6), ODD),
    st.dictionaries(
        st.sampled_from(
            ["router_settings", "litellm_settings", "general_settings", "environment_variables", "credential_list", "x"]
        ),
        SECTIONS,
        max_size=3,
    ),
).map(lambda both: {"model_list": both[0], **both[1]})


@given(CONFIGS)
def test_any_config_gives_a_sound_spec_or_says_why_not(config: dict[str, Any]) -> None:
    """Never a traceback; each error is one line."""
    _hold(yaml.safe_dump(config, allow_unicode=True))


SECRET = "sk-NeverShown"


@given(
    ENTRIES,
    st.sampled_from(["api_key", "vertex_credentials", "azure_ad_token", "client_secret", "x_auth", "aws_secret_access_key"]),
)
def test_no_secret_is_ever_shown(entry: dict[str, Any], key: str) -> None:
    """Wherever LiteLLM has one, and wherever a provider of somebody's may have one."""
    entry["litellm_params"][key] = SECRET
    config = {
        "model_list": [entry],
        "general_settings": {"master_key": SECRET, "database_url": SECRET},
        "router_settings": {"redis_password": SECRET},
        "environment_variables": {"SECRET": SECRET},
    }
    made = imported(yaml.safe_dump(config))
    assert SECRET not in f"{made!r}{made.spec_text}{said(made)}"


@given(st.text(string.printable, max_size=200))
def test_any_text_is_answered(text: str) -> None:
    """Whatever it is."""
    _hold(text)


def _hold(text: str) -> None:
    made = imported(text)
    assert (made.spec_text is None) == bool(made.errors)
    assert all("\n" not in each.message and each.line for each in made.findings)
    if made.spec_text is not None:
        assert not _errors(made.spec_text)


def _errors(text: str) -> list[str]:
    path = Path(_FOLDER) / "made.yaml"
    path.write_text(text, encoding="utf-8")
    return list(map(str, examine(path, date(2026, 11, 23)).errors))


_FOLDER = ""


@pytest.fixture(autouse=True, scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    globals()["_FOLDER"] = str(tmp_path_factory.mktemp("made"))
