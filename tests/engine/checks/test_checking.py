import math

import pytest
from msgspec.structs import replace

from tests.making import CATALOG, spec, use
from voxplan.engine.checks.checking import check, named_zones
from voxplan.engine.language.condition import Condition, MoneyRange, NumberRange, Sample, TimeWindow
from voxplan.engine.language.policy import PolicyExpectation, PolicyRequest, PolicyTest, Scripted
from voxplan.engine.language.spec import (
    Account,
    Arm,
    Backoff,
    Balance,
    Branch,
    CoolingRules,
    Deployment,
    Guardrail,
    Price,
    Race,
    Retry,
    RetryBudget,
    RouteNode,
    Rules,
    Selector,
    Spec,
)
from voxplan.engine.terms.quantity import ClockTime, Money, Share, Span

SERVED = PolicyExpectation(served_by="a")


def messages(found: Spec, severity: str = "error") -> list[str]:
    """What is said about a spec."""
    return [finding.message for finding in check(found, CATALOG) if finding.severity == severity]


def of(*deployments: Deployment, accounts: dict[str, Account] | None = None) -> Spec:
    """A spec of these deployments, all used."""
    named = {f"d{number}": deployment for number, deployment in enumerate(deployments)}
    routes = {"r": RouteNode(first=tuple(use(name) for name in named))}
    return Spec(voxplan=1, deployments=named, routes=routes, accounts=accounts or {})


def test_a_sound_spec_has_no_findings() -> None:
    """Nothing to say."""
    assert check(spec({"r": use("a")}, "a"), CATALOG) == ()


def test_unknown_names_come_with_a_suggestion() -> None:
    """Of deployments and routes alike."""
    assert messages(spec({"main": use("deepgrm")}, "deepgram")) == ["unknown deployment `deepgrm`, did you mean `deepgram`?"]


def test_unknown_providers_and_accounts_come_with_a_suggestion() -> None:
    """At the key that names them."""
    found = of(
        Deployment(model="m", provider="hostd"), Deployment(model="m", account="mian"), accounts={"main": Account(provider="any")}
    )
    assert messages(found) == ["unknown provider `hostd`, did you mean `hosted`?", "unknown account `mian`, did you mean `main`?"]


@pytest.mark.parametrize(
    ("deployment", "message"),
    [
        (Deployment(model="m"), "deployment `d0` needs a `provider` or an `account`"),
        (Deployment(model="m", provider="hosted"), "provider `hosted` needs a `base_url`"),
        (Deployment(model="m", provider="keyed"), "provider `keyed` needs an `api_key`"),
        (Deployment(model="m", provider="bare", api_key="${K}"), "provider `bare` takes no `api_key`"),
        (Deployment(model="m", provider="bare", base_url="http://x"), "provider `bare` takes no `base_url`"),
        (Deployment(model="m", provider="bare", account="main"), "provider `bare` is not that of account `main`, `any`"),
    ],
)
def test_a_deployment_has_what_its_provider_needs(deployment: Deployment, message: str) -> None:
    """No more and no less."""
    assert messages(of(deployment, accounts={"main": Account(provider="any")})) == [message]


def test_a_name_means_one_thing() -> None:
    """A deployment and a route may not share it."""
    assert messages(spec({"a": use("a")}, "a")) == ["`a` names both a deployment and a route: give one of them another name"]


def test_all_weights_zero_choose_nothing() -> None:
    """An error where the arms stand."""
    root = RouteNode(balance=Balance(among=(Arm(route=use("a"), weight=0),)))
    assert messages(spec({"r": root}, "a")) == ["all weights are 0: nothing could be chosen"]


def test_a_circle_of_routes_is_shown() -> None:
    """From where it closes, once."""
    found = spec({"p": use("q"), "q": use("s"), "s": use("q"), "t": use("a")}, "a")
    assert messages(found) == ["routes use each other in a circle: `q` → `s` → `q`"]


def test_a_route_of_too_many_attempts_shows_the_count() -> None:
    """Retries counted, doubling routes not written out."""
    routes = {f"r{number}": RouteNode(first=(use(f"r{number + 1}"), use(f"r{number + 1}"))) for number in range(40)}
    found = messages(spec({**routes, "r40": use("a")}, "a"))
    assert found[0] == f"route `r0` expands to {2**40} attempts, more than 256"


def test_a_wide_balance_counts_its_spill() -> None:
    """A thousand arms of which four are tried are four attempts."""
    names = tuple(f"d{number}" for number in range(1_000))
    root = RouteNode(balance=Balance(among=tuple(Arm(route=use(name)) for name in names), spill=3))
    assert messages(spec({"r": root}, *names)) == []


def test_rules_stand_where_they_mean_something() -> None:
    """`name` not in defaults, `when_all_poor` at the root, no time of nothing."""
    root = RouteNode(first=(RouteNode(use="a", when_all_poor="fail"),), timeout=Span(0))
    assert messages(spec({"r": root}, "a", defaults=Rules(name="x"))) == [
        "`name` names a node of a route and cannot stand in `defaults`",
        "with a `timeout` of 0 nothing could ever run",
        "`when_all_poor` belongs to the root of a route",
    ]


def test_waits_do_not_depend_on_the_audio() -> None:
    """A backoff is the same for every recording."""
    root = RouteNode(use="a", retry=Retry(times=1, backoff=Backoff(base=Span(0, (1, 1)))))
    assert messages(spec({"r": root}, "a")) == ["`base` is a wait between calls and cannot depend on `audio.seconds`"]


def test_what_nobody_uses_is_a_warning() -> None:
    """Deployments and accounts alike."""
    found = Spec(
        voxplan=1,
        accounts={"main": Account(provider="any")},
        deployments={"a": Deployment(provider="any", model="m"), "b": Deployment(provider="any", model="m")},
        routes={"r": use("a")},
    )
    assert messages(found, "warning") == ["no deployment uses account `main`", "no route uses deployment `b`"]


def test_routes_nest_no_deeper_than_a_person_follows() -> None:
    """Where the limit is passed, the error says so, however long the chain is."""
    routes = {f"r{number}": use(f"r{number + 1}") for number in range(3_000)}
    assert messages(spec({**routes, "r3000": use("a")}, "a")) == ["routes use each other more than 50 deep"]


def test_weights_are_no_smaller_and_no_larger_than_they_can_be_drawn() -> None:
    """A share of a billionth is the least there is."""
    arms = (Arm(route=use("a"), weight=1e-12), Arm(route=use("b"), weight=10**10))
    found = messages(spec({"r": RouteNode(balance=Balance(among=arms))}, "a", "b"))
    assert found == ["a weight is 0 or from 1e-09 to 1e+09"] * 2


ARMS = (Arm(route=use("a")), Arm(route=use("b")))
WHERE = Selector(tags=("nothing",))


def branch(condition: Condition) -> RouteNode:
    """A route with one branch."""
    return RouteNode(when=(Branch(if_=condition, then=use("a")),))


FORMS = {
    "a `balance` needs exactly one of `among` and `among: {where: …}`, found none": RouteNode(balance=Balance()),
    "a `balance` needs exactly one of `among` and `among: {where: …}`, found both": RouteNode(
        balance=Balance(among=ARMS, where=Selector())
    ),
    "a `race` needs exactly one of `among` and `among: {where: …}`, found none": RouteNode(race=Race(stagger=Span(1))),
    "no deployment is what this `where` selects": RouteNode(balance=Balance(where=WHERE)),
    "sticky needs a `key`: `user`, `key` or `metadata.x`": RouteNode(balance=Balance(among=ARMS, by="sticky")),
    "`key` belongs to `by: sticky`, not to `by: cost`": RouteNode(balance=Balance(among=ARMS, by="cost", key="user")),
    "`salt` belongs to `by: sticky`, not to `by: weight`": RouteNode(balance=Balance(among=ARMS, salt="")),
    "unknown guardrail `claen`, did you mean `clean`?": RouteNode(use="a", guardrails=("clean", "claen")),
    "unknown deployment `c`": RouteNode(race=Race(among=(use("a"), use("c")), stagger=Span(1))),
    "unknown deployment `d`": RouteNode(when=(Branch(if_=Condition(stream=True), then=use("d")),)),
    "unknown deployment `e`": RouteNode(when=(Branch(if_=Condition(stream=True), then=use("a")),), otherwise=use("e")),
    "a `budget` is at least `$0`": RouteNode(use="a", budget=Money(-1)),
    "this condition is empty: expected at least one test": branch(Condition(all=(Condition(),))),
    "`audio.seconds` needs `over`, `under` or `in`": branch(Condition(audio_seconds=NumberRange())),
    "no `audio.seconds` is over 5 and under 5: this never holds": branch(Condition(audio_seconds=NumberRange(over=5, under=5))),
    "no `audio.seconds` is under 0: this never holds": branch(Condition(audio_seconds=NumberRange(under=0))),
    "no `audio.bytes` is over 1 and under 2: this never holds": branch(Condition(audio_bytes=NumberRange(over=1, under=2))),
    "no `audio.channels` is over 2 and one of 1, 2: this never holds": branch(
        Condition(audio_channels=NumberRange(over=2, in_=(1, 2)))
    ),
    "expected finite numbers": branch(Condition(audio_seconds=NumberRange(over=math.inf))),
    "`key.budget_left` needs `over` or `under`": branch(Condition(key_budget_left=MoneyRange())),
    "nothing is over `$2` and under `$1`: this never holds": branch(
        Condition(key_budget_left=MoneyRange(over=Money(2 * 10**9), under=Money(10**9)))
    ),
    "a share is from `0%` to `100%`": branch(Condition(sample=Sample(share=Share(1_000_001)))),
    "nothing is from `08:00` to `08:00`; leave both out for the whole day": branch(
        Condition(time=TimeWindow(from_=ClockTime(480), to=ClockTime(480)))
    ),
    "a window begins before `24:00`: write `00:00`": branch(Condition(time=TimeWindow(from_=ClockTime(1440)))),
    "expected a time of day from `00:00` to `24:00`": branch(Condition(time=TimeWindow(to=ClockTime(2000)))),
    "unknown route `rr`, did you mean `r`?": branch(Condition(route=("r", "rr"))),
    "`metadata` is empty: expected at least one name": branch(Condition(metadata={})),
    "expected a name without spaces, got `a b`": branch(Condition(metadata={"a b": ("x",)})),
}


@pytest.mark.parametrize(("message", "root"), FORMS.items())
def test_what_could_not_work_is_an_error(message: str, root: RouteNode) -> None:
    """One error, about what is wrong and nothing else."""
    found = replace(spec({"r": root}, "a", "b"), guardrails={"clean": Guardrail(kind="custom")})
    assert messages(found) == [message]


@pytest.mark.parametrize(
    ("message", "root"),
    [
        ("a race of one arm is no race", RouteNode(race=Race(among=(use("a"),), stagger=Span(1)))),
        ("this `require` requires nothing", RouteNode(use="a", require=Selector())),
        ("no deployment has region `eu`", RouteNode(use="a", require=Selector(region=("eu",)))),
        ("no deployment has provider `nay`, did you mean `any`?", RouteNode(use="a", require=Selector(provider=("any", "nay")))),
        ("no deployment has tag `x`", RouteNode(use="a", require=Selector(tags=("x",)))),
    ],
)
def test_what_is_doubtful_is_a_warning(message: str, root: RouteNode) -> None:
    """One warning, no error."""
    found = spec({"r": root}, "a")
    assert (messages(found), messages(found, "warning")) == ([], [message])


def test_what_where_selects_is_used() -> None:
    """No deployment that a selector takes is called unused."""
    found = spec({"r": RouteNode(balance=Balance(where=Selector(provider=("any",))))}, "a", "b")
    assert check(found, CATALOG) == ()


@pytest.mark.parametrize(
    ("guardrail", "message"),
    [
        (Guardrail(kind="magic"), "unknown kind of guardrail `magic`, expected `custom`"),
        (Guardrail(kind="custom", timeout=Span(0)), "with a `timeout` of 0 nothing could ever pass"),
        (
            Guardrail(kind="custom", timeout=Span(0, (1, 1))),
            "the `timeout` of a guardrail is for a text and cannot depend on `audio.seconds`",
        ),
    ],
)
def test_guardrails_that_could_not_work(guardrail: Guardrail, message: str) -> None:
    """A kind that there is, and time for it."""
    root = RouteNode(use="a", guardrails=("g",))
    assert messages(replace(spec({"r": root}, "a"), guardrails={"g": guardrail})) == [message]


def test_a_guardrail_that_nobody_uses_is_a_warning() -> None:
    """One that `defaults` names is used."""
    made = {"g": Guardrail(kind="custom"), "h": Guardrail(kind="custom")}
    found = replace(spec({"r": use("a")}, "a", defaults=Rules(guardrails=("h",))), guardrails=made)
    assert messages(found, "warning") == ["no route uses guardrail `g`"]


@pytest.mark.parametrize(
    ("price", "message"),
    [
        (Price(), "a `price` needs `per_minute` or `per_request`; `0` is for free"),
        (Price(minimum=Span(1)), "a `price` needs `per_minute` or `per_request`; `0` is for free"),
        (Price(per_minute=Money(0), step=Span(0)), "audio cannot be billed in steps of 0"),
        (
            Price(per_minute=Money(0), minimum=Span(0, (1, 1))),
            "`minimum` is an amount of audio and cannot depend on `audio.seconds`",
        ),
    ],
)
def test_prices_that_mean_nothing(price: Price, message: str) -> None:
    """A free deployment says so."""
    assert messages(of(Deployment(model="m", provider="any", price=price))) == [message]
    assert messages(of(Deployment(model="m", provider="any", price=Price(per_minute=Money(0))))) == []


POLICY_TESTS = {
    "unknown route `rr`, did you mean `r`?": PolicyTest(name="x", request=PolicyRequest(route="rr"), expect=SERVED),
    "unknown deployment `c`": PolicyTest(name="x", request=PolicyRequest(fallbacks=("a", "r", "c")), expect=SERVED),
    "unknown deployment `d`": PolicyTest(name="x", world={"d": (Scripted(result="ok"),)}, expect=SERVED),
    "`a` is empty: expected at least one result": PolicyTest(name="x", world={"a": ()}, expect=SERVED),
    "no call comes to `blocked`": PolicyTest(name="x", world={"a": (Scripted(result="blocked"),)}, expect=SERVED),
    "unknown deployment `e`": PolicyTest(name="x", expect=PolicyExpectation(attempts=("a", "e"))),
    "unknown deployment `f`": PolicyTest(name="x", expect=PolicyExpectation(never=("f",))),
    "unknown deployment `h`": PolicyTest(name="x", expect=PolicyExpectation(served_by="h")),
    "a run is either served or fails: `served_by` and `failure` cannot both hold": PolicyTest(
        name="x", expect=PolicyExpectation(served_by="a", failure="timed_out")
    ),
}


@pytest.mark.parametrize(("message", "test"), POLICY_TESTS.items())
def test_policy_tests_that_could_not_pass(message: str, test: PolicyTest) -> None:
    """What they name exists, and what they script can happen."""
    assert messages(replace(spec({"r": use("a")}, "a"), tests=(test,))) == [message]


def test_a_policy_test_says_which_route() -> None:
    """Unless there is only one."""
    test = PolicyTest(name="x", expect=SERVED)
    assert messages(replace(spec({"r": use("a")}, "a"), tests=(test,))) == []
    found = replace(spec({"r": use("a"), "s": use("a")}, "a"), tests=(test,))
    assert messages(found) == ["a test needs a `route`: the spec has 2"]


def test_doubtful_policy_tests() -> None:
    """Two of one name, and one that expects nothing."""
    tests = (PolicyTest(name="x", expect=SERVED), PolicyTest(name="x", expect=PolicyExpectation()))
    found = replace(spec({"r": use("a")}, "a"), tests=tests)
    assert messages(found, "warning") == ["another test has the name `x`", "this test expects nothing"]


def test_the_retry_budget_is_a_share() -> None:
    """Of all first calls at most."""
    found = replace(spec({"r": use("a")}, "a"), retry_budget=RetryBudget(share=Share(2_000_000)))
    assert messages(found) == ["a share is from `0%` to `100%`"]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (CoolingRules(first=Span(0)), "expected more than 0 and at most `86400s`, got `0s`"),
        (CoolingRules(first=Span(1, (1, 1))), "`first` holds between requests and cannot depend on `audio.seconds`"),
        (CoolingRules(longest=Span(90_000_000)), "expected more than 0 and at most `86400s`, got `90000s`"),
        (CoolingRules(longest=Span(1_000)), "`longest` is shorter than `first`"),
    ],
)
def test_cooling_has_an_end(rules: CoolingRules, said: str) -> None:
    """Where it is said for all deployments, and where it is said for one."""
    usual = spec({"r": use("a")}, "a")
    one = {"a": replace(usual.deployments["a"], cooling=rules)}
    assert messages(replace(usual, cooling=rules)) == messages(replace(usual, deployments=one)) == [said]


def test_zones_are_named_with_their_paths() -> None:
    """Those inside of other conditions too; whoever loads the spec knows which there are."""
    inner = Condition(any=(Condition(not_=Condition(time=TimeWindow(zone="Mars/Olympus"))), Condition(time=TimeWindow())))
    path = ("routes", "r", "when", 0, "if", "any")
    assert named_zones(spec({"r": branch(inner)}, "a")) == (
        ((*path, 0, "not", "time", "zone"), "Mars/Olympus"),
        ((*path, 1, "time", "zone"), "UTC"),
    )
