from typing import cast

import msgspec
import pytest
from hypothesis import given
from msgspec.structs import replace

from tests.condition_strategies import texts
from tests.spec_strategies import passed_options
from voxplan.engine.documents.document import Format
from voxplan.engine.documents.printing import print_spec, spec_digest
from voxplan.engine.documents.reading import read
from voxplan.engine.language.condition import Condition, MoneyRange, NumberRange, Sample, TimeWindow
from voxplan.engine.language.policy import PolicyExpectation, PolicyRequest, PolicyTest, Scripted
from voxplan.engine.language.spec import (
    Accept,
    Account,
    Arm,
    Balance,
    Branch,
    Deployment,
    PassedOption,
    Race,
    RouteNode,
    Selector,
    Spec,
)
from voxplan.engine.terms.quantity import ClockTime, Money, Share, Span

LOCAL = Deployment(provider="local", model="default")
A, B = RouteNode(use="a"), RouteNode(use="b")
EU = Selector(tags=("eu",))


def spec_of(route: RouteNode) -> Spec:
    """A spec of two deployments and one route."""
    return Spec(voxplan=1, deployments={"a": LOCAL, "b": LOCAL}, routes={"r": route})


def printed(route: RouteNode) -> object:
    """How the route is written."""
    return msgspec.json.decode(print_spec(spec_of(route), "json"))["routes"]["r"]


@pytest.mark.parametrize(
    ("route", "written"),
    [
        (A, "a"),
        (RouteNode(first=(A, RouteNode(first=(B,)))), ["a", ["b"]]),
        (RouteNode(use="a", timeout=Span(5000)), {"use": "a", "timeout": "5s"}),
        (RouteNode(first=(A,), on=("*",), name="n"), {"name": "n", "first": ["a"], "on": ["*"]}),
        (RouteNode(use="a", accept=Accept()), {"use": "a", "accept": {}}),
        (RouteNode(balance=Balance(among=(Arm(route=A), Arm(route=B)))), {"balance": {"among": ["a", "b"]}}),
        (RouteNode(balance=Balance(among=(Arm(route=A, weight=3.0), Arm(route=B)))), {"balance": {"among": {"a": 3, "b": 1}}}),
        (
            RouteNode(balance=Balance(among=(Arm(route=A, weight=2), Arm(route=A)), spill=0)),
            {"balance": {"among": [{"weight": 2, "use": "a"}, "a"], "spill": 0}},
        ),
        (
            RouteNode(balance=Balance(among=(Arm(route=RouteNode(first=(A, B)), weight=0.5),))),
            {"balance": {"among": [{"weight": 0.5, "first": ["a", "b"]}]}},
        ),
        (RouteNode(balance=Balance(where=EU, by="cost")), {"balance": {"among": {"where": {"tags": "eu"}}, "by": "cost"}}),
        (RouteNode(race=Race(among=(A, B), stagger=Span(1200))), {"race": {"among": ["a", "b"], "stagger": "1200ms"}}),
        (RouteNode(race=Race(where=EU, stagger=Span(0))), {"race": {"among": {"where": {"tags": "eu"}}, "stagger": "0s"}}),
        (
            RouteNode(when=(Branch(if_=Condition(tags=("eu",)), then=A),), otherwise=RouteNode(first=(A, B))),
            {"when": [{"if": {"tags": "eu"}, "then": "a"}], "otherwise": ["a", "b"]},
        ),
        (RouteNode(use="a", guardrails=("g",), budget=Money(5 * 10**7)), {"use": "a", "guardrails": "g", "budget": "$0.05"}),
        (
            RouteNode(use="a", require=Selector(region=("eu", "us"), capability=("words",))),
            {"use": "a", "require": {"region": ["eu", "us"], "capability": "words"}},
        ),
    ],
)
def test_short_forms(route: RouteNode, written: object) -> None:
    """Routes are written as an author would write them."""
    assert printed(route) == written


@pytest.mark.parametrize(
    ("condition", "written"),
    [
        (Condition(language=("en",), user=("u", "v")), {"language": "en", "user": ["u", "v"]}),
        (Condition(audio_seconds=NumberRange(in_=(5.0,))), {"audio.seconds": 5}),
        (Condition(audio_channels=NumberRange(in_=(1.0, 2.0))), {"audio.channels": [1, 2]}),
        (Condition(audio_bytes=NumberRange(over=0.0, in_=(5.0,))), {"audio.bytes": {"over": 0, "in": [5]}}),
        (Condition(key_budget_left=MoneyRange(under=Money(10**9))), {"key.budget_left": {"under": "$1"}}),
        (Condition(metadata={"plan": ("free",), "a.b": ("x", "y")}), {"metadata.plan": "free", "metadata.a.b": ["x", "y"]}),
        (Condition(metadata={"two words": ("x",)}), {"metadata": {"two words": ["x"]}}),
        (Condition(not_=Condition(any=(Condition(stream=False),))), {"not": {"any": [{"stream": False}]}}),
        (Condition(sample=Sample(share=Share(5000), by="user")), {"sample": {"share": "0.5%", "by": "user"}}),
        (Condition(time=TimeWindow(from_=ClockTime(480), days=("mon",))), {"time": {"from": "08:00", "days": "mon"}}),
    ],
)
def test_conditions(condition: Condition, written: object) -> None:
    """Conditions are written as an author would write them."""
    assert printed(RouteNode(when=(Branch(if_=condition, then=A),))) == {"when": [{"if": written, "then": "a"}]}


def test_policy_tests() -> None:
    """So are tests: bare results, facts by their full names."""
    test = PolicyTest(
        name="x",
        request=PolicyRequest(audio_seconds=30.0, metadata={"p": "q"}, time=ClockTime(60)),
        world={"a": (Scripted(result="timed_out"),), "b": (Scripted(result="ok"), Scripted(result="ok", after=Span(1)))},
        expect=PolicyExpectation(attempts=("a",)),
    )
    text = print_spec(msgspec.structs.replace(spec_of(A), tests=(test,)), "json")
    assert msgspec.json.decode(text)["tests"] == [
        {
            "name": "x",
            "request": {"audio.seconds": 30, "time": "01:00", "metadata.p": "q"},
            "world": {"a": "timed_out", "b": ["ok", {"result": "ok", "after": "1ms"}]},
            "expect": {"attempts": ["a"]},
        }
    ]


def test_order_of_keys() -> None:
    """The name and the form of a node stand before its rules."""
    node = RouteNode(first=(A,), deadline=Span(1), name="n", on=("*",))
    assert list(msgspec.convert(printed(node), dict[str, object])) == ["name", "first", "on", "deadline"]


@pytest.mark.parametrize("form", ["yaml", "toml", "json"])
@given(text=texts())
def test_any_text(form: Format, text: str) -> None:
    """Text with any character reads back as it was."""
    spec = Spec(voxplan=1, deployments={"a": Deployment(provider="local", model="m", region=text, tags=(text, text))}, routes={})
    assert read(print_spec(spec, form), form, "spec").unwrap().spec == spec


def test_yaml_quotes_what_is_not_text() -> None:
    """Names that our reader takes for something else are quoted, others are not; nothing is an alias."""
    spec = Spec(voxplan=1, deployments={"null": LOCAL, "no": LOCAL, "1e3": LOCAL}, routes={"r": RouteNode(use="null")})
    text = print_spec(spec, "yaml")
    assert "'null':" in text
    assert "'1e3':" in text
    assert "\n  no:" in text
    assert "&" not in text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (RouteNode(balance=Balance(among=(Arm(route=A), Arm(route=B)))), RouteNode(first=(A, B))),
        (RouteNode(first=(A, B)), RouteNode(first=(B, A))),
        (A, RouteNode(use="a", accept=Accept())),
        (RouteNode(first=(A,)), A),
    ],
)
def test_digests_of_different_specs(one: RouteNode, other: RouteNode) -> None:
    """Specs that mean different things have different digests."""
    assert spec_digest(spec_of(one)) != spec_digest(spec_of(other))


def test_digest_of_weights() -> None:
    """1 and 1.0 are the same weight, and the order of the arms says nothing."""
    one = RouteNode(balance=Balance(among=(Arm(route=A, weight=1), Arm(route=B, weight=2))))
    other = RouteNode(balance=Balance(among=(Arm(route=B, weight=2.0), Arm(route=A, weight=1.0))))
    assert spec_digest(spec_of(one)) == spec_digest(spec_of(other))


def branches(*conditions: Condition) -> RouteNode:
    """A route with a branch for each condition."""
    return RouteNode(when=tuple(Branch(if_=condition, then=A) for condition in conditions))


def test_digest_of_what_has_no_order() -> None:
    """Texts of a condition, of a selector, kinds and tags are sets; parts of `all` too."""
    one, other = Condition(tags=("x",)), Condition(stream=True)
    first = RouteNode(first=(branches(Condition(all=(one, other), user=("u", "v"))),), on=("overloaded", "timed_out"))
    second = RouteNode(first=(branches(Condition(user=("v", "u", "v"), all=(other, one))),), on=("timed_out", "overloaded"))
    assert spec_digest(spec_of(first)) == spec_digest(spec_of(second))
    selectors = (Selector(region=("eu", "us")), Selector(region=("us", "eu")))
    assert len({spec_digest(spec_of(RouteNode(use="a", require=selector))) for selector in selectors}) == 1


def test_digest_of_what_has_an_order() -> None:
    """Branches, arms of a race and guardrails are tried in the order that is written."""
    one, other = Condition(tags=("x",)), Condition(stream=True)
    pairs = (
        (branches(one, other), branches(other, one)),
        (RouteNode(race=Race(among=(A, B), stagger=Span(1))), RouteNode(race=Race(among=(B, A), stagger=Span(1)))),
        (RouteNode(use="a", guardrails=("g", "h")), RouteNode(use="a", guardrails=("h", "g"))),
    )
    assert all(spec_digest(spec_of(left)) != spec_digest(spec_of(right)) for left, right in pairs)


def test_digest_is_pinned() -> None:
    """The digest of one spec, written down: it changes only when the normal form does."""
    assert spec_digest(spec_of(RouteNode(first=(A, B), timeout=Span(5000, (50, 1))))) == "0e39a5c7969ccce22e1b02cd"


def passing(**options: PassedOption) -> Spec:
    """A spec whose deployment passes these on."""
    return Spec(voxplan=1, deployments={"a": replace(LOCAL, options=options)}, routes={"r": A})


@pytest.mark.parametrize("form", ["yaml", "toml", "json"])
@given(options=passed_options())
def test_passed_options_stay_what_they_are(form: Format, options: dict[str, PassedOption]) -> None:
    """In values and in types: `true` is no 1, and text that looks like a date or a number stays text."""
    spec = passing(**options)
    found = read(print_spec(spec, form), form, "spec").unwrap().spec
    assert found == spec
    assert typed(found.deployments["a"].options) == typed(options)


def typed(value: object) -> object:
    """The value with its types, of which whole numbers have one."""
    match value:
        case dict():
            return {key: typed(part) for key, part in cast("dict[str, object]", value).items()}
        case tuple():
            return [typed(part) for part in cast("tuple[object, ...]", value)]
        case bool() | str():
            return (type(value), value)
        case _:
            return value


@pytest.mark.parametrize("form", ["yaml", "toml", "json"])
@pytest.mark.parametrize("text", ["2024-10-21", "2024-10-21T07:32:00Z", "12:30", "1.0", "0123", "true", "null", "~", "1_000"])
def test_settings_stay_text(form: Format, text: str) -> None:
    """Versions of interfaces look like dates and numbers, and are none."""
    spec = Spec(
        voxplan=1,
        accounts={"x": Account(provider="local", settings={"api-version": text})},
        deployments={"a": replace(LOCAL, settings={"api-version": text, "b": "${B}"})},
        routes={"r": A},
    )
    assert read(print_spec(spec, form), form, "spec").unwrap().spec == spec


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (passing(x=("a", "b")), passing(x=("b", "a"))),
        (passing(x=("a", "a")), passing(x=("a",))),
        (passing(x={"y": ("a", "b")}), passing(x={"y": ("b", "a")})),
        (passing(x=True), passing(x=1)),
        (passing(x="1"), passing(x=1)),
        (passing(x=()), passing(x={})),
        (passing(x={}), passing()),
    ],
)
def test_the_digest_has_what_is_passed_on(one: Spec, other: Spec) -> None:
    """As it stands, the order of its lists included."""
    assert spec_digest(one) != spec_digest(other)


def test_the_digest_does_not_care_for_the_order_of_passed_keys() -> None:
    """Nor for that of tags, as before."""
    assert spec_digest(passing(x=1, y={"a": 1, "b": 2})) == spec_digest(passing(y={"b": 2, "a": 1}, x=1.0))
