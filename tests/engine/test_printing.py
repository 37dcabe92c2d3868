import msgspec
import pytest
from hypothesis import given

from tests.condition_strategies import texts
from voxplan.engine.document import Format
from voxplan.engine.printing import print_spec, spec_digest
from voxplan.engine.quantity import Span
from voxplan.engine.reading import read
from voxplan.engine.spec import Accept, Arm, Balance, Deployment, RouteNode, Spec

LOCAL = Deployment(provider="local", model="default")
A, B = RouteNode(use="a"), RouteNode(use="b")


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
    ],
)
def test_short_forms(route: RouteNode, written: object) -> None:
    """Routes are written as an author would write them."""
    assert printed(route) == written


def test_order_of_keys() -> None:
    """The name and the form of a node stand before its rules."""
    node = RouteNode(first=(A,), deadline=Span(1), name="n", on=("*",))
    assert list(msgspec.convert(printed(node), dict[str, object])) == ["name", "first", "on", "deadline"]


@pytest.mark.parametrize("form", ["yaml", "toml", "json"])
@given(text=texts())
def test_any_text(form: Format, text: str) -> None:
    """Text with any character reads back as it was."""
    spec = Spec(voxplan=1, deployments={"a": Deployment(provider="local", model=text, tags=(text, text))}, routes={})
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


def test_digest_is_pinned() -> None:
    """The digest of one spec, written down: it changes only when the normal form does."""
    assert spec_digest(spec_of(RouteNode(first=(A, B), timeout=Span(5000, (50, 1))))) == "0e39a5c7969ccce22e1b02cd"
