from tests.making import CATALOG
from voxplan.engine.language.spec import Arm, Balance, Deployment, Limits, Price, RouteNode, Spec, Strategy
from voxplan.engine.observed.view import EMPTY_VIEW, DeploymentView, Latency, Load, View
from voxplan.engine.plans.compiling import compile_checked
from voxplan.engine.plans.plan import attempts
from voxplan.engine.plans.planning import plan
from voxplan.engine.terms.capability import Capabilities, PriceFacts, ProviderFacts, TokenPrices
from voxplan.engine.terms.quantity import Money
from voxplan.engine.terms.request import AudioFacts, Request

PLAIN = Deployment(provider="any", model="m")


def order(
    by: Strategy,
    deployments: dict[str, Deployment],
    view: View = EMPTY_VIEW,
    *,
    seed: int = 1,
    user: str | None = None,
    arms: tuple[Arm, ...] = (),
) -> list[str]:
    """The deployments in the order in which `balance` by this strategy puts them."""
    among = arms or tuple(Arm(route=RouteNode(use=name)) for name in deployments)
    balance = Balance(among=among, by=by, key="user" if by == "sticky" else None)
    router = compile_checked(Spec(voxplan=1, deployments=deployments, routes={"r": RouteNode(balance=balance)}), CATALOG)
    request = Request(route="r", audio=AudioFacts(seconds=60), user=user)
    return [attempt.deployment for attempt in attempts(plan(router, request, view, 0, seed).unwrap().root)]


def measured(us_per_second: int, in_flight: int = 0) -> DeploymentView:
    """A deployment that takes so long for each second of audio."""
    return DeploymentView(latency=Latency(us_per_second=us_per_second, at_ms=0), load=Load(in_flight=in_flight))


def test_latency_takes_the_fastest_under_its_load() -> None:
    """Twice as fast but with two calls under way is slower."""
    view = View(deployments={"a": measured(100, 2), "b": measured(200)})
    assert order("latency", {"a": PLAIN, "b": PLAIN}, view) == ["b", "a"]


def test_latency_explores_what_was_never_measured() -> None:
    """Once: while that call is under way it comes last."""
    view = View(deployments={"a": measured(100)})
    assert order("latency", {"a": PLAIN, "b": PLAIN}, view) == ["b", "a"]
    exploring = View(deployments={"a": measured(100), "b": DeploymentView(load=Load(in_flight=1))})
    assert order("latency", {"a": PLAIN, "b": PLAIN}, exploring) == ["a", "b"]


def test_least_busy_counts_calls_under_way() -> None:
    """The fewest first."""
    view = View(deployments={"a": DeploymentView(load=Load(in_flight=2)), "b": DeploymentView(load=Load(in_flight=1))})
    assert order("least_busy", {"a": PLAIN, "b": PLAIN, "c": PLAIN}, view) == ["c", "b", "a"]


def test_cost_takes_the_cheapest() -> None:
    """An unknown price comes last."""
    priced = {
        "a": PLAIN,
        "b": Deployment(provider="any", model="m", price=Price(per_minute=Money(7))),
        "c": Deployment(provider="any", model="m", price=Price(per_request=Money(3))),
    }
    assert order("cost", priced) == ["c", "b", "a"]


def test_cost_counts_estimates_and_channels() -> None:
    """An estimate is as good as a price here; tokens that nobody has estimated come last, as an unknown price does."""
    prices = {
        "about": PriceFacts(per_minute=5, estimated=True),
        "tokens": PriceFacts(per_minute=4, tokens=TokenPrices(audio_in=1, text_in=1, out=1)),
        "stereo": PriceFacts(per_minute=3, by_channel=True),
        "unguessed": PriceFacts(tokens=TokenPrices(audio_in=0, text_in=0, out=0)),
        "known": PriceFacts(per_minute=7),
    }
    facts = ProviderFacts(
        provider="priced", needs_key=False, models=tuple((name, Capabilities(price=price)) for name, price in prices.items())
    )
    deployments = {name: Deployment(provider="priced", model=name) for name in prices}
    balance = RouteNode(balance=Balance(among=tuple(Arm(route=RouteNode(use=name)) for name in prices), by="cost"))
    router = compile_checked(Spec(voxplan=1, deployments=deployments, routes={"r": balance}), {"priced": facts})
    for channels, expected in (
        (None, ["stereo", "tokens", "about", "known", "unguessed"]),
        (2, ["tokens", "about", "stereo", "known", "unguessed"]),
    ):
        request = Request(route="r", audio=AudioFacts(seconds=60, channels=channels))
        planned = plan(router, request, EMPTY_VIEW, 0, 1).unwrap()
        assert [attempt.deployment for attempt in attempts(planned.root)] == expected


def test_headroom_takes_who_has_most_left() -> None:
    """What has no limit has all."""
    limited = Deployment(provider="any", model="m", limits=Limits(concurrent=4))
    view = View(deployments={"a": DeploymentView(load=Load(in_flight=3)), "b": DeploymentView(load=Load(in_flight=1))})
    assert order("headroom", {"a": limited, "b": limited, "c": PLAIN}, view) == ["c", "b", "a"]


def test_equal_scores_are_drawn() -> None:
    """Two deployments of which nothing is known share the first place."""
    firsts = {order("latency", {"a": PLAIN, "b": PLAIN}, seed=seed)[0] for seed in range(50)}
    assert firsts == {"a", "b"}


def test_an_arm_of_several_counts_as_what_it_begins_with() -> None:
    """Here a list that begins with the slow one."""
    view = View(deployments={"a": measured(900), "b": measured(100), "c": measured(500)})
    arms = (Arm(route=RouteNode(first=(RouteNode(use="a"), RouteNode(use="b")))), Arm(route=RouteNode(use="c")))
    assert order("latency", {"a": PLAIN, "b": PLAIN, "c": PLAIN}, view, arms=arms) == ["c", "a", "b"]


def test_sticky_follows_the_user_and_not_the_seed() -> None:
    """Other users go elsewhere; without a user it is chance."""
    many = dict.fromkeys("abcdef", PLAIN)
    assert len({order("sticky", many, seed=seed, user="ann")[0] for seed in range(30)}) == 1
    assert len({order("sticky", many, user=f"user {number}")[0] for number in range(60)}) == 6
    assert len({order("sticky", many, seed=seed)[0] for seed in range(60)}) == 6
