"""What LiteLLM's `general_settings` say to a server, and where it stands in a spec."""

import pytest

from voxplan.engine.documents.reading import read
from voxplan.engine.documents.tree import Place
from voxplan.engine.language.gateway import Gateway
from voxplan.engine.terms.quantity import Size
from voxplan.io_shell.litellm.importing import imported

MODELS = "model_list:\n  - {model_name: m, litellm_params: {model: whisper-1}}\n"


def section(settings: str) -> Gateway:
    """The section of the spec for these settings."""
    made = imported(f"{MODELS}general_settings: {{{settings}}}\n")
    assert made.spec_text is not None, made.errors
    return read(made.spec_text, "yaml", "x").unwrap().spec.gateway


def test_limits_of_the_server_are_those_of_the_gateway() -> None:
    """What LiteLLM takes and queues stands in the section of the spec, whose other values stay ours."""
    limits = "max_request_size_mb: 25, max_in_flight_requests_per_worker: 8, max_queued_requests_per_worker: 0"
    assert section(limits) == Gateway(largest_upload=Size(25 << 20), in_flight=8, queue=0)


def test_its_own_limit_goes_before_that_of_all() -> None:
    """Where there are two for the same."""
    assert section("global_max_parallel_requests: 5, max_in_flight_requests_per_worker: 8") == Gateway(in_flight=8)
    assert section("global_max_parallel_requests: 5") == Gateway(in_flight=5)


def test_a_limit_of_each_key_is_none_of_the_gateway() -> None:
    """Which is how LiteLLM means it."""
    made = imported(f"{MODELS}general_settings: {{max_parallel_requests: 5}}\n")
    assert "in_flight" not in (made.spec_text or "")
    assert "limit of each key" in str(made.warnings)


def told(settings: str, environment: dict[str, str] | None) -> list[str]:
    """What is told of these settings."""
    made = imported(f"{MODELS}general_settings: {{{settings}}}\n", environment=environment)
    return [each.message for each in made.warnings if each.line == 3]


@pytest.mark.parametrize(
    ("key", "imports", "serves"),
    [
        ("sk-long-enough-0123", "stands in the file", None),
        ("sk-1234", "known to everybody: take another", "known to everybody: take another"),
        ("os.environ/MINE", "is not in the spec", None),
    ],
)
def test_a_server_has_the_master_key_of_the_config(key: str, imports: str, serves: str | None) -> None:
    """So only who takes the spec elsewhere is told what becomes of it, and of a bad one everybody."""
    (said,) = told(f"master_key: {key}", None)
    assert imports in said
    served = told(f"master_key: {key}", {"OPENAI_API_KEY": "x", "MINE": "y"})
    assert [serves in each for each in served] if serves else not served


def test_the_key_of_the_config_is_known_where_it_is_not_set() -> None:
    """Whoever has another one does not need it."""
    made = imported(f"{MODELS}general_settings: {{master_key: os.environ/MINE}}\n", environment={"OPENAI_API_KEY": "x"})
    assert (made.errors, made.settings.master_key, made.settings.master_key_at) == ((), "${MINE}", Place(3, 20))


@pytest.mark.parametrize("environment", [None, {"OPENAI_API_KEY": "x"}])
@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("background_health_checks", "`gateway: {health_check: …}`"),
        ("alerting", "the access log of `voxplan serve`"),
        ("proxy_config_reload_interval", "reads its file again when it changes"),
    ],
)
def test_reasons_are_true_of_a_server_too(key: str, why: str, environment: dict[str, str] | None) -> None:
    """Whether it runs the spec or the config."""
    (said,) = told(f"{key}: 1", environment)
    assert why in said


def test_secrets_of_a_manager_are_told() -> None:
    """They have to come into the environment."""
    made = imported(f"{MODELS}general_settings: {{key_management_system: aws_secret_manager}}\n")
    assert "set there what the manager holds" in str(made.warnings)


def test_without_limits_there_is_no_section() -> None:
    """The text says nothing of what is so anyway."""
    assert "gateway" not in (imported(MODELS).spec_text or "")


def test_the_switch_for_mock_testing_is_told() -> None:
    """Here a key may simulate, or not."""
    made = imported(f"{MODELS}general_settings: {{dangerously_allow_mock_testing_request_params: true}}\n")
    (told,) = [each for each in made.warnings if "dangerously" in each.message]
    assert "the master key may simulate" in told.message
