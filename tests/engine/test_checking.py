import pytest

from tests.making import CATALOG, spec, use
from voxplan.engine.checking import check
from voxplan.engine.quantity import Span
from voxplan.engine.spec import Account, Arm, Backoff, Balance, Deployment, Retry, RouteNode, Rules, Spec


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
