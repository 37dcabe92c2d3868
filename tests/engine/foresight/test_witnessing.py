import pytest

from tests.making import router, use
from voxplan.engine.foresight.witnessing import conditions_of, moments_ms, nodes, witness
from voxplan.engine.language.condition import Condition, NumberRange, Sample, TimeWindow
from voxplan.engine.language.spec import Arm, Balance, Branch, RouteNode, Selector
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.quantity import ClockTime, Share

LONG = Condition(audio_seconds=NumberRange(over=600), tags=("batch",))


def choice(condition: Condition) -> Router:
    """`a` if it holds, `b` else."""
    return router(RouteNode(when=(Branch(if_=condition, then=use("a")),), otherwise=use("b")), "a", "b")


def test_a_branch_is_reached_by_what_its_condition_asks() -> None:
    """The facts that matter have values that fit; the others are as plain as can be."""
    found = witness(choice(LONG), "r/when/a") or witness(choice(LONG), "r/a")
    assert found is not None
    assert (found.request.audio.seconds or 0) > 600
    assert found.request.tags == ("batch",)
    assert found.request.user is None


def test_nodes_are_those_of_the_route() -> None:
    """Outer ones first; the conditions on the way as well."""
    assert len(nodes(choice(LONG), "r")) == 2
    assert conditions_of(choice(LONG), "r") == (LONG,)


def test_an_arm_that_is_seldom_drawn_has_a_seed() -> None:
    """One in fifty, without fallbacks."""
    arms = (Arm(route=use("a"), weight=49), Arm(route=use("b"), weight=1))
    found = witness(router(RouteNode(balance=Balance(among=arms, spill=0)), "a", "b"), "r/b")
    assert found is not None


def test_a_sample_is_met_by_a_name() -> None:
    """Somebody is among three in a hundred."""
    made = choice(Condition(sample=Sample(share=Share(30_000), by="metadata.team")))
    found = witness(made, nodes(made, "r")[0])
    assert found is not None
    assert dict(found.request.metadata).keys() <= {"team"}


@pytest.mark.parametrize(
    "condition", [Condition(audio_seconds=NumberRange(under=0)), Condition(stream=True, not_=Condition(stream=True))]
)
def test_what_cannot_be_reached_has_none(condition: Condition) -> None:
    """Nor does a name that no node has."""
    made = choice(condition)
    assert witness(made, nodes(made, "r")[0]) is None
    assert witness(made, "r/nobody") is None


def test_a_node_that_is_left_out_for_another_reason_has_none() -> None:
    """A requirement that is never met: no plan holds it."""
    made = router(RouteNode(first=(use("a"), RouteNode(use="b", require=Selector(region=("eu",))))), "a", "b")
    assert [witness(made, node) is not None for node in nodes(made, "r")] == [True, True, False]


def test_moments_show_every_stretch_of_the_week() -> None:
    """Both sides of each edge, on each day, in winter and in summer."""
    window = TimeWindow(from_=ClockTime(60), to=ClockTime(120))
    assert len(moments_ms((), {})) == 1
    assert len(moments_ms((window,), {})) == 1 + 2 * 7 * 2
