from tests.making import CATALOG, router, spec, use
from voxplan.engine.language.spec import Account, Arm, Balance, Deployment, Limits, RouteNode, Spec
from voxplan.engine.plans.compiling import compile_checked, compile_spec
from voxplan.engine.plans.router import RouterDeployment, Spread

SHARED = Limits(concurrent=3)
ACCOUNT = Account(provider="keyed", api_key="${A}", base_url="http://a", region="eu", limits=SHARED)


def compiled(deployment: Deployment) -> RouterDeployment:
    """The deployment, of account `main`, as the router has it."""
    written = Spec(voxplan=1, accounts={"main": ACCOUNT}, deployments={"d": deployment}, routes={"r": use("d")})
    return compile_checked(written, CATALOG).deployments["d"]


def test_a_deployment_takes_from_its_account_what_it_does_not_say() -> None:
    """Provider, key, address, region, and the limits that it shares."""
    found = compiled(Deployment(account="main", model="m", base_url="http://d"))
    assert (found.provider, found.api_key, found.base_url, found.region) == ("keyed", "${A}", "http://d", "eu")
    assert (found.credential, found.shared_limits) == ("account main", SHARED)


def test_a_key_of_its_own_is_no_longer_the_accounts() -> None:
    """Neither is the limit."""
    found = compiled(Deployment(account="main", model="m", api_key="${D}"))
    assert (found.credential, found.shared_limits) == ("keyed ${D} http://a", Limits())


def test_empty_is_not_absent() -> None:
    """A region that is said to be empty is not the account's."""
    assert compiled(Deployment(account="main", model="m", region="")).region == ""


def test_the_same_key_is_the_same_credential() -> None:
    """Without a key, each deployment stands for itself; no account can be taken for one."""
    keyed = Deployment(provider="keyed", model="m", api_key="${K}")
    bare = Deployment(provider="any", model="m")
    named = {"a": keyed, "b": keyed, "main": bare}
    routes = {"r": RouteNode(first=tuple(use(name) for name in named))}
    found = compile_checked(Spec(voxplan=1, deployments=named, routes=routes), CATALOG).deployments
    assert found["a"].credential == found["b"].credential
    assert found["main"].credential == "main"


def test_weights_become_coprime_integers() -> None:
    """A decimal means the decimal that was written."""
    arms = (Arm(route=use("a"), weight=0.1), Arm(route=use("b"), weight=0.25), Arm(route=use("c"), weight=0))
    root = router(RouteNode(balance=Balance(among=arms)), "a", "b", "c").routes["r"].root
    assert isinstance(root, Spread)
    assert ([arm.names for arm in root.arms], root.lanes.weights) == ([("a",), ("b",)], (2, 5))
    assert [arm.names for arm in root.idle] == [("c",)]


def test_the_rule_for_poor_answers_follows_a_root_that_only_uses_another_route() -> None:
    """Both roots are one node, and the inner rule replaces."""
    routes = {"r": use("s"), "s": RouteNode(use="t", when_all_poor="fail"), "t": use("a")}
    found = compile_checked(spec(routes, "a"), CATALOG).routes
    assert [found[name].when_all_poor for name in "rst"] == ["fail", "fail", "return"]


def test_a_spec_with_errors_does_not_compile() -> None:
    """Its findings come instead."""
    assert [finding.message for finding in compile_spec(spec({"r": use("b")}, "a"), CATALOG).failure()] == [
        "unknown deployment `b`"
    ]
