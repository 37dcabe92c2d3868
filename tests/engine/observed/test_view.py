from voxplan.engine.observed.view import EMPTY_VIEW, UNSEEN, UNUSED, AccountView, Cooling, DeploymentView, View


def test_what_was_never_called_is_well() -> None:
    """An empty view knows of no cooling."""
    assert (EMPTY_VIEW.of("a"), EMPTY_VIEW.account("k")) == (UNSEEN, UNUSED)
    assert EMPTY_VIEW.cooling_until("a", "k", 0) is None


def test_cooling_is_that_of_the_deployment_or_of_its_credential() -> None:
    """The later one, while it lasts."""
    own = DeploymentView(circuit="open", until_ms=50, cause="overloaded")
    view = View(deployments={"a": own}, accounts={"k": AccountView(until_ms=80, cause="unauthorized")})
    assert view.cooling_until("a", "k", 0) == Cooling(80, "unauthorized")
    assert view.cooling_until("a", "another", 0) == Cooling(50, "overloaded")
    assert view.cooling_until("b", "k", 79) == Cooling(80, "unauthorized")
    assert view.cooling_until("a", "k", 80) is None


def test_a_circuit_that_is_not_open_does_not_cool() -> None:
    """A probe is under way, or all is well: `until_ms` is of the past then."""
    for circuit in ("closed", "half_open"):
        assert not DeploymentView(circuit=circuit, until_ms=50).cooling(0)
