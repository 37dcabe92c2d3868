"""LiteLLM's numbers about cooling, and what they are in a spec."""

import pytest

from voxplan.engine.documents.reading import read
from voxplan.engine.language.spec import CoolingRules, Spec
from voxplan.engine.terms.quantity import Span
from voxplan.io_shell.litellm.importing import imported

HALF_A_MINUTE = Span(30_000)


def made(params: str = "", info: str = "", router: str = "", litellm: str = "") -> tuple[Spec, list[str]]:
    """The spec of a config with one deployment, and what is told of it."""
    entry = f"{{model_name: m, litellm_params: {{{params}model: whisper-1}}, model_info: {{{info}id: one}}}}"
    found = imported(f"model_list: [{entry}]\nrouter_settings: {{{router}}}\nlitellm_settings: {{{litellm}}}\n")
    assert found.spec_text is not None, found.errors
    told = [each.message for each in found.warnings]
    return read(found.spec_text, "yaml", "x").unwrap().spec, [each for each in told if "prefix" not in each]


def test_nothing_said_is_nothing_written() -> None:
    """Cooling is ours then."""
    spec, told = made()
    assert (spec.cooling, spec.deployments["one"].cooling, told) == (CoolingRules(), None, [])


def test_a_time_holds_for_every_cooling() -> None:
    """LiteLLM doubles nothing."""
    spec, told = made(router="cooldown_time: 30")
    assert spec.cooling == CoolingRules(first=HALF_A_MINUTE, longest=HALF_A_MINUTE)
    assert told == []


def test_one_more_than_allowed_is_too_many() -> None:
    """They count in a row here, which is told."""
    spec, told = made(router="allowed_fails: 1")
    assert spec.cooling == CoolingRules(failures=2)
    assert told == ["`allowed_fails` are failures in a row here; LiteLLM counts those within its `cooldown_time`"]


def test_the_settings_of_the_router_go_first() -> None:
    """Each number by itself."""
    spec, _ = made(router="cooldown_time: 30", litellm="cooldown_time: 9, allowed_fails: 4")
    assert spec.cooling == CoolingRules(failures=5, first=HALF_A_MINUTE, longest=HALF_A_MINUTE)


@pytest.mark.parametrize(("params", "info"), [("cooldown_time: 30, ", ""), ("", "cooldown_time: 30, ")])
def test_a_deployment_may_have_its_own(params: str, info: str) -> None:
    """What it does not say is that of all."""
    spec, _ = made(params, info, router="cooldown_time: 5, allowed_fails: 1")
    assert spec.deployments["one"].cooling == CoolingRules(failures=2, first=HALF_A_MINUTE, longest=HALF_A_MINUTE)


def test_a_time_longer_than_a_day_is_a_day() -> None:
    """Which is told."""
    spec, told = made(router="cooldown_time: 100000")
    assert spec.cooling.longest == Span(86_400_000)
    assert told == ["`cooldown_time` is at most a day here: carried over as 86400"]


def test_no_cooling_is_as_little_as_there_can_be() -> None:
    """And told: some failures cool a deployment off all the same."""
    spec, (told,) = made(router="disable_cooldowns: true")
    assert spec.cooling == CoolingRules(failures=1000)
    assert "only 1000 failures in a row" in told


@pytest.mark.parametrize("router", ["", "allowed_fails: 5", "cooldown_time: 9"])
def test_only_the_zero_of_a_deployment_is_never(router: str) -> None:
    """Whatever is said of all; for all it is the usual time, in LiteLLM too."""
    spec, told = made("cooldown_time: 0, ", router=router)
    assert spec.deployments["one"].cooling == CoolingRules(failures=1000)
    assert "`cooldown_time` of 0: only 1000 failures" in str(told)
    spec, told = made("cooldown_time: 30, ", router="cooldown_time: 0")
    assert (spec.cooling, spec.deployments["one"].cooling) == (
        CoolingRules(),
        CoolingRules(first=HALF_A_MINUTE, longest=HALF_A_MINUTE),
    )
    assert told == ["`cooldown_time` of 0 is not carried over: here, as in LiteLLM, it is the usual time then"]


def test_what_stands_in_both_is_that_of_model_info() -> None:
    """Which is told; and the number is read there alone."""
    spec, told = made("cooldown_time: 5, allowed_fails: 7, ", "cooldown_time: 30, ")
    assert spec.deployments["one"].cooling == CoolingRules(first=HALF_A_MINUTE, longest=HALF_A_MINUTE)
    assert told == [
        "`cooldown_time` is not carried over: `model_info` has another, which LiteLLM takes",
        "`allowed_fails` is not carried over: LiteLLM reads it in `model_info` alone",
    ]


def test_numbers_may_stand_in_the_environment() -> None:
    """They are read there when the config is served as it is."""
    text = "model_list: [{model_name: m, litellm_params: {model: whisper-1}}]\nrouter_settings: {cooldown_time: os.environ/CT}\n"
    found = imported(text, environment={"CT": "30", "OPENAI_API_KEY": "k"})
    assert read(found.spec_text or "", "yaml", "x").unwrap().spec.cooling.first == HALF_A_MINUTE


def test_cooling_that_is_disabled_is_so_for_each() -> None:
    """Whatever a deployment says."""
    spec, _ = made("cooldown_time: 30, ", router="disable_cooldowns: true")
    assert spec.deployments["one"].cooling is None


def test_numbers_by_kind_are_told() -> None:
    """All kinds count alike."""
    _, told = made(router="allowed_fails_policy: {TimeoutErrorAllowedFails: 3}")
    assert told == ["`allowed_fails_policy` is not carried over: failures of all kinds count alike"]
