"""Laws W1-W8: what the weights of a `balance` mean.

Shares are tested over a fixed run of seeds, so that a test passes or fails the same way every time; the limits are those of the
chi-square test at one in a thousand million, so that a right program does not meet them by bad luck.
"""

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.laws.cases import Case, cases, compiled, nodes, plan_of, spec_of, use
from tests.strategies import CATALOG, DEPLOYMENTS, seeds
from voxplan.engine.checks.checking import check
from voxplan.engine.language.spec import Arm, Balance, RouteNode, Spec
from voxplan.engine.observed.view import EMPTY_VIEW, DeploymentView, Load, View
from voxplan.engine.plans.plan import Plan, attempts
from voxplan.engine.plans.planning import plan
from voxplan.engine.terms.request import AudioFacts, Request

RUNS = 4000
LIMITS = {1: 37.32, 2: 41.45, 3: 44.84, 4: 47.90}
"""Chi-square at 1e-9 by degrees of freedom."""

Weights = dict[str, float]


def spec(weights: Weights, spill: int | None = None) -> Spec:
    """A route that is one balance with these weights."""
    arms = tuple(Arm(route=use(name), weight=weight) for name, weight in weights.items())
    return spec_of(main=RouteNode(balance=Balance(among=arms, spill=spill)))


def order(weights: Weights, seed: int, view: View = EMPTY_VIEW, spill: int | None = None) -> list[str]:
    """The deployments in the order in which the plan has them."""
    return [attempt.deployment for attempt in attempts(plan_of(spec(weights, spill), seed=seed, view=view).root)]


def orders(weights: Weights) -> list[list[str]]:
    """The orders of many seeds."""
    return orders_of(spec(weights))


def orders_of(of: Spec) -> list[list[str]]:
    """The deployments of the plans of many seeds, in the order of each plan."""
    router = compiled(of)
    plans = (plan(router, Request(route="main"), EMPTY_VIEW, 0, seed).unwrap() for seed in range(RUNS))
    return [[attempt.deployment for attempt in attempts(made.root)] for made in plans]


def chi_square(seen: Counter[str], weights: Weights) -> float:
    """How far what was seen is from the shares that the weights say."""
    total, whole = sum(weights.values()), seen.total()
    expected = {name: whole * weight / total for name, weight in weights.items()}
    return sum((seen[name] - share) ** 2 / share for name, share in expected.items())


WEIGHTS = st.dictionaries(st.sampled_from(DEPLOYMENTS), st.integers(1, 100), min_size=2)
SOME: list[Weights] = [
    {"a": 1, "b": 1},
    {"a": 3, "b": 1},
    {"a": 95, "b": 5},
    {"a": 0.7, "b": 0.2, "c": 0.1},
    {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5},
]


@pytest.mark.parametrize("weights", SOME)
def test_w1_an_arm_is_chosen_by_its_share_of_the_weight(weights: Weights) -> None:
    """W1: P(first = i) = w_i / Σw."""
    first = Counter(names[0] for names in orders(weights))
    assert chi_square(first, weights) < LIMITS[len(weights) - 1]


@pytest.mark.parametrize("weights", [some for some in SOME if len(some) > 2])
def test_w7_failover_goes_by_the_shares_of_those_that_remain(weights: Weights) -> None:
    """W7: P(second = j | first = i) = w_j / Σ_{k≠i} w_k."""
    drawn = orders(weights)
    for chosen in weights:
        second = Counter(names[1] for names in drawn if names[0] == chosen)
        others = {name: weight for name, weight in weights.items() if name != chosen}
        assert chi_square(second, others) < LIMITS[len(others) - 1]


@pytest.mark.parametrize("weights", [{"a": 1, "b": 1, "c": 1}, {"a": 1, "b": 2, "c": 1}])
def test_w1_the_draws_of_two_nodes_are_independent(weights: Weights) -> None:
    """W1: what one balance chooses says nothing about what another chooses from the same seed."""
    arms = tuple(Arm(route=use(name), weight=weight) for name, weight in weights.items())
    nodes = tuple(RouteNode(name=name, balance=Balance(among=arms, spill=0)) for name in ("x", "y"))
    drawn = orders_of(spec_of(main=RouteNode(first=nodes)))
    for chosen in weights:
        second = Counter(pair[1] for pair in drawn if pair[0] == chosen)
        assert chi_square(second, weights) < LIMITS[len(weights) - 1]


@given(cases())
def test_w2_weight_0_is_in_no_plan(case: Case) -> None:
    """W2: nothing below an arm of weight 0 is attempted, whatever the view."""
    result = case.result()
    made = [node.node for node in nodes(result.root)] if isinstance(result, Plan) else []
    for prefix in _weightless(case.spec, case.spec.routes[case.request.route], case.request.route):
        assert not any(f"{node}/".startswith(f"{prefix}/") for node in made)


def _weightless(spec: Spec, node: RouteNode, name: str) -> list[str]:
    """The names of all arms of weight 0 whose label is theirs alone, in routes whose requests name no fallbacks."""
    if node.use in spec.routes:
        return _weightless(spec, spec.routes[node.use], name)
    arms = [Arm(route=child) for child in (*(node.first or ()), *(node.race.among if node.race else ()))]
    arms += node.balance.among if node.balance else ()
    arms += [Arm(route=branch.then) for branch in node.when or ()] + ([Arm(route=node.otherwise)] if node.otherwise else [])
    labels = Counter(_label(arm.route) for arm in arms)
    alone = [arm for arm in arms if labels[_label(arm.route)] == 1]
    inner = [prefix for arm in alone for prefix in _weightless(spec, arm.route, f"{name}/{_label(arm.route)}")]
    return inner + [f"{name}/{_label(arm.route)}" for arm in alone if arm.weight == 0]


def _label(node: RouteNode) -> str:
    forms = {"first": node.first, "balance": node.balance, "race": node.race, "when": node.when}
    return node.name or node.use or next(form for form, there in forms.items() if there)


@given(st.lists(st.sampled_from((0, 0.0, 1, 2.5)), min_size=1, max_size=4))
def test_w3_weights_that_are_all_0_are_an_error(given_weights: list[float]) -> None:
    """W3: a balance that could choose nothing is a mistake in the spec; any other is none."""
    weights: Weights = dict(zip(DEPLOYMENTS, given_weights, strict=False))
    errors = [finding for finding in check(spec(weights), CATALOG) if finding.severity == "error"]
    assert [finding.path for finding in errors] == ([] if any(given_weights) else [("routes", "main", "balance", "among")])


@given(WEIGHTS, st.sampled_from((2, 3, 10, 1000, 0.5, 0.25, 0.1)), seeds())
def test_w4_scaling_all_weights_changes_nothing(weights: Weights, factor: float, seed: int) -> None:
    """W4: 3 to 1 is 0.3 to 0.1: whole plans are equal, not only likely to be."""
    exact = {name: float(Fraction(str(weight)) * Fraction(str(factor))) for name, weight in weights.items()}
    one, other = (plan_of(spec(each), seed=seed).root for each in (weights, exact))
    assert one == other


@given(WEIGHTS, st.integers(1, 1000), seeds(), st.data())
def test_w5_raising_a_weight_never_takes_its_arm_away(weights: Weights, more: int, seed: int, data: st.DataObject) -> None:
    """W5: with only w_i raised, i stays where it was chosen, and nothing moves between two others."""
    raised = data.draw(st.sampled_from(sorted(weights)))
    before, after = order(weights, seed), order(weights | {raised: weights[raised] + more}, seed)
    assert after[0] in (before[0], raised)
    assert [name for name in after if name != raised] == [name for name in before if name != raised]
    assert after.index(raised) <= before.index(raised)


@given(WEIGHTS, seeds(), st.data())
def test_w6_removing_an_arm_moves_only_its_own(weights: Weights, seed: int, data: st.DataObject) -> None:
    """W6: removing an unchosen arm changes nothing else; removing the chosen one promotes exactly the runner-up."""
    removed = data.draw(st.sampled_from(sorted(weights)))
    fewer = {name: weight for name, weight in weights.items() if name != removed}
    assert order(fewer, seed) == [name for name in order(weights, seed) if name != removed]


@given(WEIGHTS, seeds(), st.sets(st.sampled_from(DEPLOYMENTS)), st.none() | st.integers(0, 3))
def test_w6_an_arm_that_cannot_be_used_leaves_its_turn_to_the_runner_up(
    weights: Weights, seed: int, cooling: set[str], spill: int | None
) -> None:
    """W6: an arm that cools off is out as if it had been removed; `spill` counts those that are left."""
    assume(set(weights) - cooling)
    view = View(deployments={name: DeploymentView(circuit="open", openings=1, until_ms=1) for name in cooling})
    left = [name for name in order(weights, seed) if name not in cooling]
    assert order(weights, seed, view, spill) == (left if spill is None else left[: 1 + spill])


def test_w5_is_false_when_one_deployment_has_two_arms_of_one_label() -> None:
    """W5, a near miss: arms with the same label are told apart by their content, in which the weight stands."""
    twice = tuple(Arm(route=use("a"), weight=weight) for weight in (1, 3))
    made = plan_of(spec_of(main=RouteNode(balance=Balance(among=(*twice, Arm(route=use("b"), weight=2))))))
    assert {attempt.node for attempt in attempts(made.root)} == {"main/a", "main/a~2", "main/b"}


USERS = tuple(f"user {number}" for number in range(RUNS))


def sticky(weights: Weights, salt: str | None = None) -> Spec:
    """A route that is one sticky balance by user."""
    arms = tuple(Arm(route=use(name), weight=weight) for name, weight in weights.items())
    return spec_of(RouteNode(balance=Balance(by="sticky", key="user", salt=salt, among=arms)))


def chosen(of: Spec, user: str | None, seed: int = 0, view: View = EMPTY_VIEW, seconds: float | None = None) -> list[str]:
    """The deployments in the order in which the plan for this user has them."""
    made = plan_of(of, seed=seed, view=view, request=Request(route="main", user=user, audio=AudioFacts(seconds=seconds)))
    return [attempt.deployment for attempt in attempts(made.root)]


@given(WEIGHTS, st.text(max_size=8), seeds(), seeds(), st.none() | st.floats(0, 100), st.integers(0, 5))
def test_w8_the_same_user_always_has_the_same_order(
    weights: Weights, user: str, seed: int, other_seed: int, seconds: float | None, busy: int
) -> None:
    """W8: with the same key and arms, neither the seed nor the audio nor the load changes the choice."""
    view = View(deployments={name: DeploymentView(load=Load(in_flight=busy)) for name in DEPLOYMENTS})
    assert chosen(sticky(weights), user, seed) == chosen(sticky(weights), user, other_seed, view, seconds)


@given(WEIGHTS, st.text(max_size=8), st.data(), seeds())
def test_w8_losing_an_arm_moves_only_its_own_users(weights: Weights, user: str, data: st.DataObject, seed: int) -> None:
    """W8: whether an arm cools off or is taken out of the spec, everybody else stays, and its own go to their next choice."""
    lost = data.draw(st.sampled_from(sorted(weights)))
    before = chosen(sticky(weights), user, seed)
    left = [name for name in before if name != lost]
    assert chosen(sticky({name: weight for name, weight in weights.items() if name != lost}), user, seed) == left
    cooling = View(deployments={lost: DeploymentView(circuit="open", openings=1, until_ms=1)})
    assert chosen(sticky(weights), user, seed, cooling) == left


@pytest.mark.parametrize("weights", SOME)
def test_w8_users_are_shared_out_by_weight(weights: Weights) -> None:
    """W8: over many users each arm has its share, and so has each runner-up, although no seed has any part in it."""
    router = compiled(sticky(weights))
    made = (plan(router, Request(route="main", user=user), EMPTY_VIEW, 0, 7).unwrap() for user in USERS)
    assert chi_square(Counter(next(attempts(each.root)).deployment for each in made), weights) < LIMITS[len(weights) - 1]


def test_w8_another_salt_shares_the_users_out_anew() -> None:
    """W8: what a user has under one salt says nothing about what it has under another; equal salts agree across nodes."""
    weights: Weights = {"a": 1, "b": 1}
    routers = [compiled(sticky(weights, salt)) for salt in ("x", "y")]
    pairs = Counter(
        tuple(
            next(attempts(plan(router, Request(route="main", user=user), EMPTY_VIEW, 0, 0).unwrap().root)).deployment
            for router in routers
        )
        for user in USERS
    )
    assert sum((pairs[one, two] - RUNS / 4) ** 2 / (RUNS / 4) for one in "ab" for two in "ab") < LIMITS[3]
    arms = tuple(Arm(route=use(name)) for name in DEPLOYMENTS)
    twice = (RouteNode(name=name, balance=Balance(by="sticky", key="user", salt="x", among=arms)) for name in ("one", "two"))
    first_half, second_half = (chosen(spec_of(node), "u") for node in twice)
    assert first_half == second_half


@given(seeds(), WEIGHTS)
def test_w8_without_the_key_chance_decides(seed: int, weights: Weights) -> None:
    """W8: a request that lacks the key is balanced by weight."""
    assert chosen(sticky(weights), None, seed) == order(weights, seed)
