"""From the text of a config to that of a spec, and everything that is told on the way."""

import pytest

from tests.io_shell.litellm.configs import GROUPS, ONE, entry, said, spec_of
from voxplan.engine.language.spec import RouteNode
from voxplan.io_shell.litellm.importing import imported


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
