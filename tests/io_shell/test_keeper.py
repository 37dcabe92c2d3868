import pytest
from msgspec.structs import replace

from tests.making import CATALOG, observation, router, send, spec, use
from voxplan.engine.language.spec import CoolingRules, RetryBudget
from voxplan.engine.observed.view import DeploymentView, Latency, Load, View
from voxplan.engine.plans.compiling import compile_checked
from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.quantity import Span
from voxplan.io_shell.keeper import Keeper

ROUTER = router(use("a"), "a")


def test_keeps_what_admission_and_health_make_of_it() -> None:
    """A slot is taken, then released."""
    keeper = Keeper(ROUTER)
    assert keeper.admit(send("a"), 0) is None
    assert keeper.view.of("a").load == Load(in_flight=1)
    keeper.observe(observation("a", "server_error"))
    assert keeper.view.of("a") == DeploymentView(failures=1)


def test_starts_from_the_view_it_is_given() -> None:
    """What cooled off before does so still."""
    keeper = Keeper(ROUTER, View(deployments={"a": DeploymentView(circuit="open", until_ms=9)}))
    assert keeper.admit(send("a"), 8) == "it cools off"


def test_the_retry_budget_is_that_of_the_spec() -> None:
    """It holds over all runs."""
    keeper = Keeper(replace(ROUTER, spec=replace(ROUTER.spec, retry_budget=RetryBudget(least=1))))
    retry = replace(send("a"), cause="retry")
    assert keeper.run(None).admit(retry, 0) is None
    assert keeper.run(None).admit(retry, 0) == "the retry budget is spent: 1 of 1 retries and hedges in the last minute"


def test_each_deployment_cools_off_by_its_own_rules() -> None:
    """Those of the spec hold for the others; one that has its own takes them whole."""
    once, thrice = CoolingRules(failures=1, first=Span(1_000)), CoolingRules(first=Span(2_000))
    two = spec({"r": use("a")}, "a", "b")
    own = replace(two.deployments["b"], cooling=thrice)
    keeper = Keeper(compile_checked(replace(two, cooling=once, deployments={**two.deployments, "b": own}), CATALOG))
    for name in ("a", "b", "b", "b"):
        assert keeper.view.of(name).circuit == "closed"
        keeper.observe(observation(name, "server_error", ended_ms=0))
    assert (keeper.view.of("a").until_ms, keeper.view.of("b").until_ms) == (1_000, 2_000)


def test_an_heir_that_does_not_measure_learns_the_rest() -> None:
    """Health is seen by both, latency by neither."""
    keeper = Keeper(ROUTER)
    heir = keeper.heir(ROUTER, measures=False)
    heir.run(2_000).observe(observation("a", ended_ms=100))
    assert keeper.view.of("a").latency is None
    heir.run(2_000).observe(observation("a", "server_error"))
    assert keeper.view.of("a").failures == 1


@pytest.mark.parametrize(("kind", "counts"), [("server_error", False), ("timed_out", False), ("not_found", True)])
def test_a_slow_sender_is_not_the_deployments_fault(kind: FailureKind, counts: bool) -> None:
    """While the audio comes in, a failure that may be due to that says nothing; later it counts as ever."""
    keeper = Keeper(ROUTER)
    keeper.run(None, lambda: False).observe(observation("a", kind, ended_ms=100))
    assert (keeper.view.of("a") != DeploymentView()) == counts
    keeper = Keeper(ROUTER)
    keeper.run(None, lambda: True).observe(observation("a", kind, ended_ms=100))
    assert keeper.view.of("a") != DeploymentView()


def test_a_run_tells_the_length_of_its_audio() -> None:
    """So that latency is known for each second of it; other runs have their own."""
    keeper = Keeper(ROUTER)
    keeper.run(None).observe(observation("a", ended_ms=100))
    assert keeper.view.of("a").latency is None
    keeper.run(2_000).observe(observation("a", ended_ms=100))
    assert keeper.view.of("a").latency == Latency(us_per_second=50_000, at_ms=100)
