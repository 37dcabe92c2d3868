"""Whatever stands in a config: a sound spec, or the reason why there is none, and never a secret."""

import string
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.io_shell.litellm.configs import said
from voxplan.io_shell.litellm.importing import Imported, imported
from voxplan.io_shell.loading import examine

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
        "cooldown_time",
        "allowed_fails",
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
    """Never a traceback; each error is one line. For a server or for nobody yet."""
    text = yaml.safe_dump(config, allow_unicode=True)
    _hold(imported(text))
    served = imported(text, environment={"KEY": "3"})
    _hold(served)
    assert "set the environment variable" not in said(served), "nothing has to be set for what stands in the file"


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
    for environment in (None, {"KEY": SECRET}):
        made = imported(yaml.safe_dump(config), environment=environment)
        assert SECRET not in f"{made!r}{made.spec_text}{said(made)}"


@given(st.text(string.printable, max_size=200))
def test_any_text_is_answered(text: str) -> None:
    """Whatever it is."""
    _hold(imported(text))


def _hold(made: Imported) -> None:
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
