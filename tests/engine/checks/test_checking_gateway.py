import pytest
from msgspec.structs import replace

from tests.making import CATALOG, spec, use
from voxplan.engine.checks.checking import check
from voxplan.engine.language.gateway import Gateway, HealthCheck, Urls
from voxplan.engine.terms.quantity import Span

BY_AUDIO = Span(1000, (50, 1))
ERRORS = {
    "`queue_wait` holds for every request and cannot depend on `audio.seconds`": Gateway(queue_wait=BY_AUDIO),
    "`idle` holds for every request and cannot depend on `audio.seconds`": Gateway(idle=BY_AUDIO),
    "`timeout` holds for every request and cannot depend on `audio.seconds`": Gateway(urls=Urls(timeout=BY_AUDIO)),
    "`every` holds for every request and cannot depend on `audio.seconds`": Gateway(health_check=HealthCheck(every=BY_AUDIO)),
    "with an `idle` of 0 every client would be cut off at once": Gateway(idle=Span(0)),
    "with a `timeout` of 0 no audio could ever be fetched": Gateway(urls=Urls(timeout=Span(0))),
    "`a..b` is no host: there is nothing between two of its dots": Gateway(urls=Urls(hosts=("a..b",))),
    "expected a network such as `10.20.0.0/16`, got `10.20.0.0/33`": Gateway(urls=Urls(networks=("10.20.0.0/33",))),
    "`10.20.1.0/16` is one address within a network, did you mean `10.20.0.0/16`?": Gateway(
        urls=Urls(networks=("10.20.1.0/16",))
    ),
    "`fd00::1/8` is one address within a network, did you mean `fd00::/8`?": Gateway(urls=Urls(networks=("fd00::1/8",))),
    "a health check is a paid call: expected at least `10s`, got `9999ms`": Gateway(health_check=HealthCheck(every=Span(9999))),
    "unknown deployment `ofice`, did you mean `office`?": Gateway(health_check=HealthCheck(deployments=("ofice",))),
}
WARNINGS = {
    "with a `queue_wait` of 0 nobody waits in the `queue`": Gateway(queue_wait=Span(0)),
    "`0.0.0.0/0` is every address, those of this machine and its neighbours among them": Gateway(
        urls=Urls(networks=("0.0.0.0/0",))
    ),
    "`office` is listed twice": Gateway(health_check=HealthCheck(deployments=("office", "office"))),
}
SOUND = (
    Gateway(),
    Gateway(queue=0, queue_wait=Span(0)),
    Gateway(urls=Urls(hosts=("*.example.com",), networks=("10.20.0.0/16", "127.0.0.1/32", "fd00::/8", "FD00:0:0::/48"))),
    Gateway(health_check=HealthCheck(every=Span(10_000), deployments=("office",))),
)


def found(gateway: Gateway) -> list[tuple[str, str]]:
    """What is said about a spec with that gateway, each with how bad it is."""
    whole = replace(spec({"r": use("office")}, "office"), gateway=gateway)
    return [(finding.severity, finding.message) for finding in check(whole, CATALOG)]


@pytest.mark.parametrize(("message", "gateway"), ERRORS.items())
def test_what_no_gateway_could_do_is_an_error(message: str, gateway: Gateway) -> None:
    """Each with its reason."""
    assert found(gateway) == [("error", message)]


@pytest.mark.parametrize(("message", "gateway"), WARNINGS.items())
def test_what_is_doubtful_is_a_warning(message: str, gateway: Gateway) -> None:
    """And nothing more."""
    assert found(gateway) == [("warning", message)]


@pytest.mark.parametrize("gateway", SOUND)
def test_there_is_nothing_to_say_about_a_sound_gateway(gateway: Gateway) -> None:
    """No finding."""
    assert found(gateway) == []


def test_a_finding_is_at_its_own_key() -> None:
    """Down to the place in a list."""
    gateway = Gateway(urls=Urls(networks=("10.0.0.0/8", "1:2/3")))
    whole = replace(spec({"r": use("office")}, "office"), gateway=gateway)
    assert [finding.path for finding in check(whole, CATALOG)] == [("gateway", "urls", "networks", 1)]
