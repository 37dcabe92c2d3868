from msgspec.structs import replace

from tests.making import CATALOG, spec, use
from voxplan.engine.foresight.differing import Comparison, compare, plans_of
from voxplan.engine.foresight.inputs import inputs
from voxplan.engine.language.condition import Condition, NumberRange
from voxplan.engine.language.spec import Branch, Deployment, RouteNode, Spec
from voxplan.engine.plans.compiling import compile_checked
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.capability import Setting
from voxplan.engine.terms.quantity import Span

LIST = RouteNode(first=(use("a"), use("b")))


def routed(root: RouteNode, **others: RouteNode) -> Spec:
    """A spec with the route `r`."""
    return spec({"r": root, **others}, "a", "b", "c")


def compiled(written: Spec) -> Router:
    """Its router."""
    return compile_checked(written, CATALOG)


def compared(old: Spec, new: Spec) -> Comparison:
    """What differs, on few inputs."""
    return compare(compiled(old), compiled(new), most=10)


def said(old: RouteNode, new: RouteNode) -> list[str]:
    """What differs between two routes, in words."""
    return [each.what for each in compared(routed(old), routed(new)).differences]


def test_a_spec_is_the_same_as_itself() -> None:
    """And it is said on how many inputs."""
    found = compared(routed(LIST), routed(LIST))
    assert found.same
    assert found.compared > 30


def test_names_of_nodes_make_no_difference() -> None:
    """Nor does a part that was given a route of its own."""
    nested = RouteNode(first=(use("a"), RouteNode(first=(use("b"), use("c")), name="rest")))
    other = routed(RouteNode(first=(use("a"), use("s"))), s=RouteNode(first=(use("b"), use("c"))))
    found = compared(routed(nested), other)
    assert found.differences == ()
    assert found.routes == ("route `s` is new",)
    assert not found.same


def test_another_order_is_told_as_such() -> None:
    """Old and new attempts, with an input that shows it."""
    old, new = routed(LIST), routed(RouteNode(first=(use("b"), use("a"))))
    (difference,) = compared(old, new).differences
    assert difference.what == "a, b → b, a"
    assert difference.count > 30
    before, after = plans_of(compiled(old), compiled(new), difference.witness)
    assert before != after


def test_a_difference_for_few_requests_is_found() -> None:
    """Behind two conditions at once, where values drawn by chance would seldom be."""
    rare = Condition(audio_seconds=NumberRange(over=3999, under=4001), tags=("x",), user=("u",), metadata={"p": ("q",)})
    chosen = RouteNode(when=(Branch(if_=rare, then=use("c")),), otherwise=LIST)
    (what,) = said(LIST, chosen)
    assert what == "a, b → c"


def test_rules_that_differ_are_told_with_both_values() -> None:
    """One line for each rule, whatever the numbers of each request."""
    assert said(LIST, replace(LIST, timeout=Span(2000, (10, 1))))[0].startswith("`timeout_ms` of `a`: ")
    assert said(LIST, replace(LIST, on=("timed_out",)))[0].startswith("`on` of the first of `a`, `b`: ")
    assert said(LIST, replace(LIST, when_all_poor="fail")) == ['`when_all_poor` of the plan: "return" → "fail"']


def test_what_cools_off_is_compared_too() -> None:
    """`when_all_cooling` shows only then."""
    assert any(each.endswith("→ refused") for each in said(LIST, replace(LIST, when_all_cooling="refuse")))


def test_what_is_behind_a_name_is_compared_without_showing_secrets() -> None:
    """Another model is told; of another key or address, that it is another one."""
    old, new = routed(LIST), routed(LIST)
    changed = Deployment(provider="any", model="m2", base_url="https://user:password@example.org")
    found = compared(old, replace(new, deployments={**new.deployments, "a": changed}))
    assert found.deployments == ('`model` of deployment `a`: "m" → "m2"', "`base_url` of deployment `a` is another one")
    assert not found.same


def test_inputs_are_the_same_each_time() -> None:
    """Nothing in them is left to chance."""
    routers = (compiled(routed(LIST)),)
    assert [*inputs(routers, "r", most=5)] == [*inputs(routers, "r", most=5)]


def test_settings_and_options_are_told_without_what_they_say() -> None:
    """They may name what is nobody's business."""
    old, new = (
        Spec(
            voxplan=1,
            deployments={"a": Deployment(provider="any", model="m", settings={"s": f"{mark}-s3cret"}, options={"o": mark})},
            routes={"r": use("a")},
        )
        for mark in ("old", "new")
    )
    catalog = CATALOG | {"any": replace(CATALOG["any"], settings=(Setting(name="s", meaning="any"),))}
    found = compare(compile_checked(old, catalog), compile_checked(new, catalog), most=10)
    assert found.deployments == ("`settings` of deployment `a` is another one", "`options` of deployment `a` is another one")
