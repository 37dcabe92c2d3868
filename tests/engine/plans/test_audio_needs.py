"""Which facts of the audio a plan may depend on: whatever is not among them changes nothing in the tree."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from returns.result import Failure

from tests.making import router, use
from tests.random_specs import CATALOG
from tests.strategies import moments, requests, routing_specs, seeds, views
from voxplan.engine.language.condition import Condition, NumberRange
from voxplan.engine.language.spec import Arm, Balance, Branch, Deployment, Race, RouteNode, Spec
from voxplan.engine.observed.view import View
from voxplan.engine.plans.audio_needs import AudioFact, audio_needs, watches_the_clock
from voxplan.engine.plans.compiling import compile_checked
from voxplan.engine.plans.plan import Attempt, First, Node, Refusal
from voxplan.engine.plans.plan import Race as Racing
from voxplan.engine.plans.planning import plan
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.capability import Capabilities, PriceFacts, ProviderFacts
from voxplan.engine.terms.quantity import Money, Span
from voxplan.engine.terms.request import AudioFacts, Request

NONE: Final = frozenset[AudioFact]()
BY_AUDIO: Final = Span(1000, (100, 1))

FACTS: Final = st.builds(
    AudioFacts,
    seconds=st.sampled_from((None, 0.0, 0.001, 1.0, 2.5, 30.0, 5000.0)),
    bytes=st.sampled_from((None, 0, 1000, 10**9)),
    format=st.sampled_from((None, "wav", "mp3", "xyz")),
    channels=st.sampled_from((None, 1, 2, 8)),
)


def with_needed(needs: frozenset[AudioFact], own: AudioFacts, others: AudioFacts) -> AudioFacts:
    """The needed facts as they are, and other values for those that are not."""
    return AudioFacts(
        bytes=own.bytes if "audio.bytes" in needs else others.bytes,
        seconds=own.seconds if "audio.seconds" in needs else others.seconds,
        format=own.format if "audio.format" in needs else others.format,
        channels=own.channels if "audio.channels" in needs else others.channels,
    )


def tree(found: Node) -> Node:
    """A plan without what a number of seconds merely stretches or prices."""
    match found:
        case Attempt():
            return replace(found, timeout_ms=0, worst_cost=None)
        case First():
            return replace(found, children=tuple(map(tree, found.children)))
        case Racing():
            return replace(found, arms=tuple(map(tree, found.arms)))


def planned(found: Router, request: Request, view: View, moment_ms: int, seed: int) -> Node | str:
    """The tree of attempts, or why there is none."""
    made = plan(found, request, view, moment_ms, seed)
    if isinstance(made, Failure):
        refusal: Refusal = made.failure()
        return refusal.code
    return tree(made.unwrap().root)


@given(routing_specs(), requests(), FACTS, views(), moments(), seeds())
def test_what_is_not_needed_changes_nothing(
    spec: Spec, request: Request, others: AudioFacts, view: View, moment_ms: int, seed: int
) -> None:
    """The same deployments in the same order under the same rules, whatever its value, and when it is unknown."""
    found = compile_checked(spec, CATALOG)
    needs = audio_needs(found, request)
    other = replace(request, audio=with_needed(needs, request.audio, others))
    unknown = replace(request, audio=with_needed(needs, request.audio, AudioFacts()))
    own = planned(found, request, view, moment_ms, seed)
    assert planned(found, other, view, moment_ms, seed) == own
    assert planned(found, unknown, view, moment_ms, seed) == own


def needs_of(root: RouteNode, request: Request | None = None) -> frozenset[AudioFact]:
    """What the route `r` needs."""
    return audio_needs(router(root, "a", "b"), request or Request(route="r"))


LONG: Final = Condition(audio_seconds=NumberRange(over=60))
WHEN: Final = RouteNode(when=(Branch(if_=LONG, then=use("a")),), otherwise=use("b"))
"""A choice by the length of the audio."""


def choosing(condition: Condition) -> RouteNode:
    """A choice by this condition, which stands somewhere inside."""
    return RouteNode(first=(use("a"), RouteNode(when=(Branch(if_=condition, then=use("b")),), otherwise=use("a"))))


CATALOG_OF_ONE: Final = {"any": ProviderFacts(provider="any", needs_key=False)}

SOME: Final[tuple[tuple[RouteNode, set[AudioFact]], ...]] = (
    (use("a"), set()),
    (RouteNode(first=(use("a"), use("b"))), set()),
    (RouteNode(balance=Balance(among=(Arm(route=use("a")), Arm(route=use("b"))))), set()),
    (RouteNode(race=Race(among=(use("a"), use("b")), stagger=Span(500))), set()),
    (choosing(LONG), {"audio.seconds"}),
    (choosing(Condition(not_=Condition(any=(Condition(audio_channels=NumberRange(over=1)),)))), {"audio.channels"}),
    (
        choosing(Condition(all=(Condition(known="audio.format"), Condition(audio_bytes=NumberRange(over=9))))),
        {"audio.format", "audio.bytes"},
    ),
    (choosing(Condition(user=("ann",))), set()),
    (RouteNode(use="a", timeout=BY_AUDIO), {"audio.seconds"}),
    (RouteNode(first=(use("a"), use("b")), deadline=BY_AUDIO), {"audio.seconds"}),
    (RouteNode(race=Race(among=(use("a"), use("b")), stagger=BY_AUDIO)), {"audio.seconds"}),
)


@pytest.mark.parametrize(("root", "needs"), SOME)
def test_what_makes_a_fact_needed(root: RouteNode, needs: set[AudioFact]) -> None:
    """Conditions wherever they stand, durations that grow with the audio; nothing else of the plain forms."""
    assert needs_of(root) == needs


def test_fallbacks_of_the_request_count() -> None:
    """They are walked like the route; under a choice nobody can say which rules they get."""
    request = Request(route="r", fallbacks=("b",))
    assert needs_of(use("a"), request) == NONE
    assert needs_of(RouteNode(use="a", timeout=BY_AUDIO), request) == {"audio.seconds"}
    assert len(needs_of(WHEN, request)) == 4


def test_what_does_not_exist_needs_everything() -> None:
    """There will be no plan."""
    assert len(needs_of(use("a"), Request(route="nowhere"))) == 4
    assert len(needs_of(use("a"), Request(route="r", fallbacks=("nowhere",)))) == 4


def test_money_counts_by_the_length() -> None:
    """A budget and an order by price look at what a call costs, which for most is by the minute."""
    priced = ProviderFacts(
        provider="any",
        needs_key=False,
        otherwise=Capabilities(
            max_seconds=60, max_bytes=100, containers=("wav",), price=PriceFacts(per_minute=6, by_channel=True)
        ),
    )
    flat = ProviderFacts(provider="any", needs_key=False, otherwise=Capabilities(price=PriceFacts(per_request=6)))
    plain, ordered = use("a"), RouteNode(balance=Balance(among=(Arm(route=use("a")), Arm(route=use("b"))), by="cost"))
    bounded = RouteNode(use="a", budget=Money(10**9))
    limits: set[AudioFact] = {"audio.seconds", "audio.bytes", "audio.format"}
    nothing: set[AudioFact] = set()
    for root, facts, needs in (
        (plain, priced, limits),
        (ordered, priced, {*limits, "audio.channels"}),
        (bounded, priced, {*limits, "audio.channels"}),
        (plain, flat, nothing),
        (ordered, flat, nothing),
        (bounded, flat, nothing),
    ):
        deployments = {name: Deployment(provider="any", model="m") for name in "ab"}
        found = compile_checked(Spec(voxplan=1, deployments=deployments, routes={"r": root}), {"any": facts})
        assert audio_needs(found, Request(route="r")) == needs


def test_prices_count_wherever_they_stand_below_an_order_by_price() -> None:
    """What an arm attempts first may be any of its deployments."""
    facts = ProviderFacts(provider="any", needs_key=False, otherwise=Capabilities(price=PriceFacts(per_minute=6)))
    both = (use("a"), use("b"))
    among = (Arm(route=use("a")), Arm(route=use("b")))
    for inner in (
        RouteNode(first=both),
        RouteNode(balance=Balance(among=among)),
        RouteNode(race=Race(among=both, stagger=Span(5))),
        RouteNode(when=(Branch(if_=Condition(user=("ann",)), then=use("a")),), otherwise=use("b")),
    ):
        root = RouteNode(balance=Balance(among=(Arm(route=inner), Arm(route=use("b"))), by="cost"))
        deployments = {name: Deployment(provider="any", model="m") for name in "ab"}
        found = compile_checked(Spec(voxplan=1, deployments=deployments, routes={"r": root}), {"any": facts})
        assert audio_needs(found, Request(route="r")) == {"audio.seconds"}


def test_the_default_timeout_counts_where_it_could_be_too_short() -> None:
    """For a deployment that is not asked with less than eleven minutes, the length decides whether there are as many."""
    deployments = {"a": Deployment(provider="any", model="m", shortest=Span(660_000))}
    found = compile_checked(Spec(voxplan=1, deployments=deployments, routes={"r": use("a")}), CATALOG_OF_ONE)
    assert audio_needs(found, Request(route="r")) == {"audio.seconds"}


@pytest.mark.parametrize(
    ("root", "watches"),
    [
        (use("a"), False),
        (RouteNode(first=(use("a"), WHEN)), False),
        (RouteNode(balance=Balance(among=(Arm(route=use("a")), Arm(route=use("b"))), by="least_busy")), False),
        (RouteNode(balance=Balance(among=(Arm(route=use("a")), Arm(route=use("b"))), by="latency")), True),
        (RouteNode(race=Race(among=(use("a"), use("b")), stagger=Span(500))), True),
        (RouteNode(race=Race(among=(use("a"), use("b")), stagger=Span(500)), replay="never"), False),
        (RouteNode(first=(use("a"), RouteNode(race=Race(among=(use("a"), use("b")), stagger=Span(5))))), True),
        (RouteNode(when=(Branch(if_=LONG, then=RouteNode(race=Race(among=(use("a"), use("b")), stagger=Span(5)))),)), True),
    ],
)
def test_what_goes_by_the_clock(root: RouteNode, watches: bool) -> None:
    """Races that overlap and orders by latency, wherever they stand."""
    assert watches_the_clock(router(root, "a", "b"), Request(route="r")) == watches


def test_what_does_not_exist_goes_by_the_clock() -> None:
    """For all that is known."""
    assert watches_the_clock(router(use("a"), "a"), Request(route="nowhere"))
