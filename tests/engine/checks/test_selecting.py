import pytest

from tests.making import CATALOG
from voxplan.engine.checks.selecting import selected, unmet
from voxplan.engine.language.spec import Account, Deployment, Selector, Spec
from voxplan.engine.plans.router import RouterDeployment
from voxplan.engine.terms.capability import Capabilities

SPEC = Spec(
    voxplan=1,
    accounts={"main": Account(provider="any", region="eu"), "lost": Account(provider="nobody")},
    deployments={
        "z": Deployment(account="main", model="m", tags=("fast", "cheap")),
        "a": Deployment(account="main", model="m", region="us", tags=("fast",)),
        "bare": Deployment(provider="bare", model="m"),
        "lost": Deployment(account="lost", model="m", region="eu"),
        "homeless": Deployment(account="none", model="m"),
    },
    routes={},
)


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        (Selector(), ("a", "bare", "homeless", "lost", "z")),
        (Selector(region=("eu",)), ("lost", "z")),
        (Selector(region=("us", "eu")), ("a", "lost", "z")),
        (Selector(provider=("any",)), ("a", "z")),
        (Selector(tags=("fast",)), ("a", "z")),
        (Selector(tags=("fast", "cheap")), ("z",)),
        (Selector(capability=("words", "prompt")), ("a", "z")),
        (Selector(capability=("streaming",)), ()),
        (Selector(region=("eu",), provider=("any",)), ("z",)),
    ],
)
def test_what_is_selected(selector: Selector, names: tuple[str, ...]) -> None:
    """One of the regions and providers, all of the tags and capabilities; by name, accounts looked into."""
    assert selected(SPEC, selector, CATALOG) == names


def test_each_unmet_requirement_is_a_line() -> None:
    """What it is, and what was required."""
    found = RouterDeployment(
        name="d", provider="any", vendor="any", credential="d", model="m", capabilities=Capabilities(segments=True), region="us"
    )
    wanted = Selector(region=("eu",), provider=("x", "y"), tags=("hipaa", "soc2"), capability=("segments", "words"))
    assert unmet(wanted, found) == (
        "region is `us`, required `eu`",
        "provider is `any`, required one of `x`, `y`",
        "lacks tag `hipaa`",
        "lacks tag `soc2`",
        "gives no word times",
    )


def test_no_region_is_in_no_region() -> None:
    """Unknown counts as absent."""
    found = RouterDeployment(
        name="d", provider="any", vendor="any", credential="d", model="m", capabilities=Capabilities(), tags=("x",)
    )
    assert unmet(Selector(region=("eu",)), found) == ("has no region, required `eu`",)
    assert unmet(Selector(tags=("x",)), found) == ()
