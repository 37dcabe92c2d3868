from collections.abc import Mapping

import pytest

from tests.making import CATALOG, router, spec, use
from voxplan.engine.foresight.expecting import SEEDS, moment_of, request_of, run_policy_test
from voxplan.engine.language.condition import Condition, TimeWindow
from voxplan.engine.language.policy import PolicyExpectation, PolicyRequest, PolicyTest, Scripted
from voxplan.engine.language.spec import Arm, Balance, Branch, Deployment, Price, Retry, RouteNode, Selector, Spec
from voxplan.engine.plans.compiling import compile_checked
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.capability import Capabilities, ProviderFacts, lacks
from voxplan.engine.terms.quantity import ClockTime, Money, Span

EVERYTHING = Capabilities(
    diarization=True,
    streaming=True,
    languages_hint=True,
    keywords=True,
    known_speakers=True,
    logprobs=True,
    chunking_strategy=True,
)
LIST = RouteNode(first=(RouteNode(use="a", retry=Retry(times=1)), use("b")), timeout=Span(1000, (100, 1)))
DOWN = {"a": (Scripted(result="not_connected"),)}


def held(expect: PolicyExpectation, world: Mapping[str, tuple[Scripted, ...]]) -> list[str]:
    """What is unmet of a test of the list."""
    return unmet(router(LIST, "a", "b"), expect, world, PolicyRequest())


def unmet(
    made: Router, expect: PolicyExpectation, world: Mapping[str, tuple[Scripted, ...]], request: PolicyRequest
) -> list[str]:
    """What is unmet, in lines."""
    tested = run_policy_test(made, PolicyTest(name="t", request=request, world=dict(world), expect=expect))
    assert tested.passed == (not tested.unmet)
    return [str(each) for each in tested.unmet]


@pytest.mark.parametrize(
    ("expect", "lines"),
    [
        (PolicyExpectation(attempts=("a", "a", "b"), served_by="b", never=("c",)), []),
        (PolicyExpectation(attempts=("a", "b")), ["expected attempts [a, b], got [a, a, b]"]),
        (PolicyExpectation(served_by="a"), ["expected to be served by `a`, got served by `b`"]),
        (PolicyExpectation(failure="timed_out"), ["expected the failure `timed_out`, got served by `b`"]),
        (PolicyExpectation(failure="refused"), ["expected no plan (`refused`), got served by `b`"]),
        (PolicyExpectation(never=("b",)), ["expected never to call `b`, got attempts [a, a, b]"]),
    ],
)
def test_each_expectation_is_held_against_what_comes(expect: PolicyExpectation, lines: list[str]) -> None:
    """One line for each that does not hold: what was expected, and what came."""
    assert held(expect, DOWN) == lines


def test_a_run_that_fails_is_named_by_its_kind() -> None:
    """The kind of the run, not of its last call."""
    world = {"a": (Scripted(result="unauthorized"),), "b": (Scripted(result="hangs"),)}
    assert held(PolicyExpectation(failure="timed_out"), world) == []
    assert held(PolicyExpectation(served_by="b"), world) == ["expected to be served by `b`, got the failure `timed_out`"]


def test_a_request_that_is_refused_makes_no_attempt() -> None:
    """No plan is an ending like others."""
    made = router(RouteNode(use="a", require=Selector(region=("eu",))), "a")
    assert unmet(made, PolicyExpectation(failure="refused", attempts=(), never=("a",)), {}, PolicyRequest()) == []


def test_time_is_measured() -> None:
    """`within` may depend on the audio; without its length that is said."""
    made = router(LIST, "a", "b")
    within = PolicyExpectation(within=Span(1000, (100, 1)))
    hanging = {"a": (Scripted(result="hangs"),)}
    assert unmet(made, within, {}, PolicyRequest(audio_seconds=10.0)) == []
    assert unmet(made, within, hanging, PolicyRequest(audio_seconds=10.0)) == [
        "expected an end within 2000 ms, got one after 3000 ms"
    ]
    assert unmet(made, within, {}, PolicyRequest()) == [
        "expected an end within `1s + 0.1 * audio.seconds`, and the test gives no `audio.seconds`"
    ]


def test_money_is_counted() -> None:
    """All calls at their worst; an unknown price meets no bound."""
    priced = Deployment(provider="any", model="m", price=Price(per_request=Money(5)))
    written = spec({"r": RouteNode(first=(use("a"), use("b")))}, "b")
    written = type(written)(voxplan=1, deployments={**written.deployments, "a": priced}, routes=written.routes)
    made, cheap = compile_checked(written, CATALOG), PolicyExpectation(costs_at_most=Money(4))
    assert unmet(made, PolicyExpectation(costs_at_most=Money(5)), {}, PolicyRequest()) == []
    assert unmet(made, cheap, {}, PolicyRequest()) == ["expected a cost of at most $0.000000004, got $0.000000005"]
    assert unmet(made, cheap, {"a": (Scripted(result="overloaded"),)}, PolicyRequest()) == [
        "expected a cost, and nobody knows the price of `b`"
    ]


def test_what_chance_decides_must_hold_for_every_seed() -> None:
    """One line for all seeds that it concerns, with how many they are."""
    made = router(RouteNode(balance=Balance(among=(Arm(route=use("a"), weight=1), Arm(route=use("b"), weight=1)))), "a", "b")
    (line,) = unmet(made, PolicyExpectation(served_by="a"), {}, PolicyRequest())
    assert line.startswith("expected to be served by `a`, got served by `b` (seed ")
    assert line.endswith(f" more of {len(SEEDS)})")


@pytest.mark.parametrize(("time", "served"), [(None, "a"), (ClockTime(12 * 60), "a"), (ClockTime(20 * 60), "b")])
def test_a_request_comes_on_a_thursday_by_default_at_noon(time: ClockTime | None, served: str) -> None:
    """The time of day in UTC."""
    window = TimeWindow(from_=ClockTime(8 * 60), to=ClockTime(18 * 60), days=("thu",))
    made = router(RouteNode(when=(Branch(if_=Condition(time=window), then=use("a")),), otherwise=use("b")), "a", "b")
    assert unmet(made, PolicyExpectation(served_by=served), {}, PolicyRequest(time=time)) == []
    assert moment_of(PolicyRequest(time=time)) % 1000 == 0


def test_all_facts_of_the_request_are_used() -> None:
    """A condition on each of them sees what the test gives."""
    facts = Condition(tags=("x",), user=("u",), key=("k",), key_tags=("gold",), metadata={"plan": ("pro",)})
    made = router(RouteNode(when=(Branch(if_=facts, then=use("a")),), otherwise=use("b")), "a", "b", "c")
    given = PolicyRequest(tags=("x",), user="u", key="k", key_tags=("gold",), metadata={"plan": "pro"}, fallbacks=("c",))
    world = {"a": (Scripted(result="overloaded"),)}
    assert unmet(made, PolicyExpectation(attempts=("a", "c")), world, given) == []


LACKS = {
    "languages": "takes no list of languages that may be spoken",
    "keywords": "takes no keywords",
    "known_speakers": "recognises no speakers by their voice",
    "logprobs": "gives no log probabilities",
    "chunking_strategy": "takes no chunking strategy",
    "stream": "does not stream",
    "diarize": "does not tell speakers apart",
}


@pytest.mark.parametrize(
    ("option", "asked"),
    [
        ("languages", PolicyRequest(languages=("fi", "sv"))),
        ("keywords", PolicyRequest(keywords=("Oulu",))),
        ("known_speakers", PolicyRequest(known_speakers=("Ada",))),
        ("logprobs", PolicyRequest(logprobs=True)),
        ("chunking_strategy", PolicyRequest(chunking_strategy="auto")),
        ("stream", PolicyRequest(stream=True)),
        ("diarize", PolicyRequest(diarize=True)),
    ],
)
def test_whatever_is_asked_for_leaves_out_who_cannot_do_it(option: str, asked: PolicyRequest) -> None:
    """Each option of a request can be one of a test."""
    facts = {"any": CATALOG["any"], "all": ProviderFacts(provider="all", needs_key=False, otherwise=EVERYTHING)}
    written = Spec(
        voxplan=1,
        deployments={"a": Deployment(provider="any", model="m"), "b": Deployment(provider="all", model="m")},
        routes={"r": RouteNode(first=(use("a"), use("b")))},
    )
    made = compile_checked(written, facts)
    assert unmet(made, PolicyExpectation(attempts=("b",)), {}, asked) == []
    assert [lack.detail for lack in lacks(CATALOG["any"].otherwise, request_of(made, asked))] == [LACKS[option]]
    assert unmet(made, PolicyExpectation(attempts=("a",)), {}, PolicyRequest()) == []
