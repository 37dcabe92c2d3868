"""Groups tied together: fallbacks, aliases, entries for any model."""

import json

from hypothesis import example, given
from hypothesis import strategies as st

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
    assert "config.yaml:9:5: alias `z` → `none` is not carried over: no such group" in said(made)


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


def test_no_guess_for_a_name_that_is_left_out() -> None:
    """Its author has spelled it right, whether it stands in the list, is an alias, or fits a pattern."""
    text = GROUPS + (
        "  - {model_name: aa, litellm_params: {model: nobody/x}}\n  - {model_name: 'b*', litellm_params: {model: 'nobody/*'}}\n"
        "router_settings:\n  model_group_alias: {cc: aa}\n  model_group_retry_policy: {aa: {TimeoutErrorRetries: 1}}\n"
        "  fallbacks: [{a: [aa, bb, cc, ax]}, {aa: [b]}]\n"
    )
    told = said(imported(text))
    for what in ("alias `cc` → `aa` is", "retries of `aa` are", "fallback `a` → `aa` is", "fallbacks of `aa` are"):
        assert f"{what} not carried over: nothing is made of `aa`" in told
    assert "fallback `a` → `bb` is not carried over: nothing is made of `bb`" in told
    assert "fallback `a` → `cc` is not carried over: nothing is made of `cc`" in told
    assert "fallback `a` → `ax` is not carried over: no such group, did you mean `a`?" in told


GROUP = st.sampled_from("abcd")
ALIAS = st.sampled_from("vwxyza")  # one of them hides a group
ANY = st.sampled_from("abcdvwxyz")
NONE_OR_ONE = st.just(["nope"]) | st.lists(ANY, max_size=2)


@given(
    st.sets(GROUP, min_size=2),
    st.dictionaries(ALIAS, GROUP, min_size=2),
    st.fixed_dictionaries({}, optional=dict.fromkeys("abcdvwxyz*", NONE_OR_ONE)),
)
@example({"a", "b"}, {"x": "a", "y": "b"}, {"x": ["nope"], "a": ["y"], "y": ["nope"], "b": ["x"]})
def test_routes_never_go_round_in_a_circle(groups: set[str], aliases: dict[str, str], fallbacks: dict[str, list[str]]) -> None:
    """Whatever leads to whatever, and whatever of it there is."""
    router = {"model_group_alias": aliases, "fallbacks": [{name: names} for name, names in fallbacks.items()]}
    entries = [{"model_name": name, "litellm_params": {"model": "groq/whisper-large-v3"}} for name in sorted(groups)]
    made = imported(json.dumps({"model_list": entries, "router_settings": router}))
    assert "circle" not in said(made)
    assert all("nothing to carry over" in each.message for each in made.errors)


def test_fallbacks_of_aliases_may_lead_to_each_other() -> None:
    """An alias whose own fallbacks lead nowhere stands for its group alone, and the group goes on by itself."""
    aliases, fallbacks = "{x: a, y: b}", "[{x: [nope]}, {a: [y]}, {y: [nope]}, {b: [x]}]"
    routes = spec_of(GROUPS + f"router_settings: {{model_group_alias: {aliases}, fallbacks: {fallbacks}}}\n").routes
    assert uses(routes["a"]) == ["groq-whisper-a", "groq-whisper-b"]
    assert uses(routes["b"]) == ["groq-whisper-b", "groq-whisper-a"]
    assert uses(routes["x"]) == ["groq-whisper-a"]


def test_an_alias_with_a_star_is_no_route() -> None:
    """It is no pattern for LiteLLM."""
    made = imported(GROUPS + "router_settings:\n  model_group_alias:\n    '*': a\n")
    assert set(made.settings.model_names) == {"a", "b", "c", "d"}
    assert "config.yaml:8:5: alias `*` → `a` is not carried over: LiteLLM takes it for a name" in said(made)


def test_an_alias_of_an_alias_leads_nowhere() -> None:
    """LiteLLM looks up one."""
    made = imported(GROUPS + "router_settings: {model_group_alias: {y: a, x: y}}\n")
    assert "x" not in made.settings.model_names
    assert "alias `x` → `y` is not carried over: that is an alias itself" in said(made)
