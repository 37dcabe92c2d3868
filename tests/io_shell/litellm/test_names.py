"""Each name of LiteLLM's leads to its own deployments, whatever it is called here."""

import json
import re
import string
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.io_shell.litellm.configs import said, spec_of
from voxplan.io_shell.gateway.policies import Policy
from voxplan.io_shell.litellm.importing import imported
from voxplan.io_shell.serving.sources import ConfigSource

ALIKE = st.sampled_from(
    [
        *("a b", "a-b", "a/b", "a:b", "A/B", "a-b-2", "a:b-2", "a", "A", "-a", "a-", "true", "1", "null", "model", "ä"),
        *("openai-whisper-1", "openai-whisper-1-2", "openai/whisper-1", "openai:whisper-1", "whisper-1", "a" * 100, "a" * 101),
    ]
)
NAMES = (
    st.one_of(ALIKE, st.text(string.printable, min_size=1, max_size=6))
    .map(str.strip)
    .filter(lambda name: name != "" and "*" not in name)
)
PATTERNS = st.sampled_from(
    [
        "*",
        "openai/*",
        "openai/gpt*",
        "openai/whisper-1",
        "o*",
        "groq/*",
        "*whisper*",
        "*/*",
        "whisper-1",
        "gpt-*",
        "*p*",
        "whisp*",
    ]
)


@given(st.lists(NAMES, min_size=1, max_size=8, unique=True))
def test_each_group_is_asked_for_by_its_own_name(names: list[str]) -> None:
    """However alike they are; what is a name here keeps it, also in a spec."""
    text = config(names)
    policy = served(text)
    assert [address(policy, name) for name in names] == [own(number) for number in range(len(names))]
    kept = [name for name in names if re.fullmatch("[A-Za-z0-9][A-Za-z0-9_.:@-]{0,99}", name)]
    assert set(kept) <= spec_of(text).routes.keys()
    assert not any(f"the route of `{name}` is called" in said(imported(text)) for name in kept)


@given(
    st.lists(st.tuples(NAMES, st.booleans()), min_size=1, max_size=5, unique_by=lambda both: both[0]),
    st.dictionaries(NAMES, NAMES, max_size=3),
)
def test_an_alias_goes_before_a_group_of_its_name(groups: list[tuple[str, bool]], aliases: dict[str, str]) -> None:
    """As in LiteLLM; also where it leads to nothing, or to what is left out: then nobody serves its name."""
    names = [name for name, _ in groups]
    text = config(
        names, modes=["audio_transcription" if is_there else "chat" for _, is_there in groups], model_group_alias=aliases
    )
    if imported(text).spec_text is None:
        return
    policy, there = served(text), {name for name, is_there in groups if is_there}
    for name in (*names, *aliases):
        real = aliases.get(name, name)
        assert address(policy, name) == (own(names.index(real)) if real in there else None)


@given(st.lists(st.tuples(PATTERNS, st.booleans()), min_size=1, max_size=5, unique_by=lambda both: both[0]))
def test_only_the_longest_pattern_serves(entries: list[tuple[str, bool]]) -> None:
    """Also where nothing is made of it, and the name goes to nobody then."""
    modes = ["audio_transcription" if is_there else "chat" for _, is_there in entries]
    text = config([pattern for pattern, _ in entries], modes=modes)
    if imported(text).spec_text is None:
        return
    policy = served(text)
    for name in policy.model_names:
        best = longest([pattern for pattern, _ in entries], name)
        assert best is not None
        number = [pattern for pattern, _ in entries].index(best)
        assert (address(policy, name), entries[number][1]) == (own(number), True)


def longest(patterns: list[str], name: str) -> str | None:
    """As LiteLLM chooses: the name itself, else the longest expression that it starts with, else the same for its provider."""
    if name in patterns:
        return name
    by_length = sorted((each for each in patterns if "*" in each), key=lambda each: specificity(expression(each)), reverse=True)
    found = (each for asked in (name, f"openai/{name}") for each in by_length if re.match(expression(each), asked))
    return next(found, None)


def expression(pattern: str) -> str:
    """What LiteLLM makes of a pattern."""
    return re.escape(pattern).replace(r"\*", "(.*)")


def specificity(text: str) -> tuple[int, int]:
    """Of two of one length, LiteLLM takes the one with more special characters."""
    return len(text), sum(map(text.count, "*+?\\^$|()"))


def config(names: Iterable[str], modes: Iterable[str] | None = None, **router: object) -> str:
    """A group for each name, each at an address of its own."""
    every = list(names)
    entries = [
        {
            "model_name": name,
            "litellm_params": {
                "model": f"openai/{name.removeprefix('openai/')}" if "*" in name else "openai/whisper-1",
                "api_base": own(number),
                "api_key": "os.environ/K",
            },
            "model_info": {"mode": mode},
        }
        for number, (name, mode) in enumerate(zip(every, modes or ["audio_transcription"] * len(every), strict=True))
    ]
    return json.dumps({"model_list": entries, "router_settings": router})


def own(number: int) -> str:
    """The address of one entry."""
    return f"http://{number}.example/v1"


def served(text: str) -> Policy:
    """What a gateway of the config has."""
    policy = ConfigSource(Path("config.yaml"), {"K": "k"}).understood(text.encode()).policy
    assert policy is not None, said(imported(text))
    return policy


def address(policy: Policy, name: str) -> str | None:
    """Where a gateway sends what is asked for by a name; None where it knows no such name."""
    spec, found = policy.router.spec, policy.named(name)
    if found not in spec.routes:
        return None
    while found in spec.routes:
        found = spec.routes[found].use or ""
    return spec.deployments[found].base_url


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("a b", "names here hold no such characters"),
        ("-a", "names here start with a letter or a digit"),
        ("a" * 101, "names here have at most 100 characters"),
    ],
)
def test_a_name_that_cannot_stay_is_told_with_the_reason(name: str, why: str) -> None:
    """It is the route of this name, and of no other."""
    (told,) = imported(config([name])).warnings
    assert told.message.endswith(why)


def test_names_that_nobody_has_are_not_served_by_one_that_looks_alike() -> None:
    """In a spec, a slash may stand for a colon; a config says which of both it has."""
    policy = served(config(["a:b"]))
    assert address(policy, "a/b") is None
    assert address(policy, "a:b") == own(0)


def test_an_alias_has_its_own_fallbacks() -> None:
    """The group behind it keeps those that it has."""
    routes = spec_of(config(["a", "b", "c"], model_group_alias={"w": "a"}, fallbacks=[{"a": ["b"]}, {"w": ["c"]}])).routes
    assert [node.use for node in routes["w"].first or ()][1:] == ["c"]
    assert [node.use for node in routes["a"].first or ()][1:] == ["b"]


def test_a_group_that_an_alias_hides_can_be_behind_another() -> None:
    """Aliases are looked up once; what nobody can ask for is told."""
    routes = spec_of(config(["a", "b"], model_group_alias={"a": "b", "b": "a"})).routes
    assert {name: node.use for name, node in routes.items()} == {
        "a": "b-2",
        "b": "a-2",
        "a-2": "openai-whisper-1",
        "b-2": "openai-whisper-1-2",
    }
    made = imported(config(["a", "b"], model_group_alias={"a": "b"}))
    (told,) = (each.message for each in made.warnings)
    assert told == "`a` is left out: an alias has the same name, and goes before it"


@pytest.mark.parametrize("target", ["local", "nowhere"])
def test_a_group_is_left_out_also_for_an_alias_that_leads_nowhere(target: str) -> None:
    """What is meant for one's own server stays in the house: nobody else has its name, not even as that of a route."""
    text = config(["whisper-1", "local"], modes=["audio_transcription", "chat"], model_group_alias={"whisper-1": target})
    made = imported(text)
    (error,) = made.errors
    assert error.message.endswith("is left out for an alias of the same name")
    assert "`whisper-1` is left out: an alias has the same name, and goes before it, also where it leads nowhere" in said(made)


def test_what_an_alias_that_leads_nowhere_hides_can_be_behind_another() -> None:
    """By another name."""
    routes = spec_of(config(["w", "b"], model_group_alias={"w": "nowhere", "x": "w"})).routes
    assert {name: node.use for name, node in routes.items()} == {
        "b": "openai-whisper-1-2",
        "x": "w-2",
        "w-2": "openai-whisper-1",
    }


@pytest.mark.parametrize(
    ("there", "left_out"), [("a/b", "a:b"), ("a:b", "a/b"), ("a b", "a-b"), ("w", "openai-whisper-1"), ("a b:c", "a-b/c")]
)
def test_nothing_is_called_like_a_group_that_is_left_out(there: str, left_out: str) -> None:
    """Whoever asks for that one must not get another, whether by the name of a route or of a deployment."""
    text = config([there, left_out], modes=["audio_transcription", "chat"])
    policy, spec = served(text), spec_of(text)
    assert [address(policy, name) for name in (there, left_out)] == [own(0), None]
    assert policy.named(left_out) not in {*spec.routes, *spec.deployments}
