"""Groups tied together: fallbacks, aliases, entries for any model."""

from tests.io_shell.litellm.configs import GROUPS, said, spec_of, uses
from voxplan.engine.language.spec import RouteNode
from voxplan.io_shell.litellm.importing import imported


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


def test_the_longest_pattern_serves_alone() -> None:
    """Of several that fit a name."""
    text = (
        "model_list:\n  - {model_name: '*', litellm_params: {model: 'openai/*'}}\n"
        "  - {model_name: 'my-*', litellm_params: {model: 'hosted_vllm/*', api_base: 'http://gpu:8000'}}\n"
        "router_settings: {model_group_alias: {w: my-whisper}}\n"
    )
    spec = spec_of(text)
    assert spec.routes["my-whisper"] == RouteNode(use="hosted_vllm-whisper")
    assert "whisper-1" in spec.routes


def test_a_star_alone_is_for_every_provider() -> None:
    """The name says which, with the key that this one has; what it is called here is told once."""
    text = "model_list:\n  - {model_name: '*', litellm_params: {model: '*', organization: o}}\n"
    made = imported(text)
    spec = spec_of(text)
    assert {"whisper-1", "openai:whisper-1", "groq:whisper-large-v3", "deepgram:nova-3"} <= set(spec.routes)
    assert spec.deployments["deepgram-nova-3"].provider == "deepgram"
    assert len(made.warnings) == 2


def test_fallbacks_that_are_no_list_are_told() -> None:
    """LiteLLM takes a mapping without a word, and falls back on nothing."""
    made = imported(GROUPS + "router_settings:\n  fallbacks: {a: [b]}\n")
    assert [(each.line, "a list with a mapping for each group" in each.message) for each in made.warnings] == [(7, True)]


def test_default_fallbacks_that_stand_twice_are_told() -> None:
    """Those of the router count."""
    text = GROUPS + "router_settings: {default_fallbacks: [d]}\nlitellm_settings: {default_fallbacks: [c]}\n"
    assert uses(spec_of(text).routes["a"]) == ["groq-whisper-a", "d"]
    assert "`default_fallbacks` are not carried over: `router_settings` has some" in said(imported(text))


def test_a_fallback_that_leads_nowhere_is_told_at_its_own_line() -> None:
    """Also one of a group that there is not."""
    made = imported(GROUPS + "router_settings:\n  fallbacks:\n    - a: [b, x]\n    - y: [a]\n  default_fallbacks: [z]\n")
    assert [each.line for each in made.warnings] == [8, 9, 10]
    assert "fallback `a` → `x`" in made.warnings[0].message
    assert "fallbacks of `y`" in made.warnings[1].message
