"""A gateway that can serve: waits that end, networks that are some, health checks of deployments that exist."""

from collections.abc import Iterator
from ipaddress import ip_interface
from typing import Final

from voxplan.engine.checks.finding import Finding, error, warning
from voxplan.engine.documents.tree import Path
from voxplan.engine.language.gateway import Gateway, HealthCheck, Urls
from voxplan.engine.language.spec import Spec
from voxplan.engine.terms.quantity import Span, print_span
from voxplan.engine.terms.spelling import quoted, suggestion

_LEAST_EVERY: Final = Span(10_000)  # every check is paid for, and counts against the provider's limits


def check_gateway(spec: Spec) -> Iterator[Finding]:
    """The section `gateway`."""
    path: Path = ("gateway",)
    for at, span in _spans(spec.gateway):
        if span.depends_on_audio:
            yield error((*path, *at), f"`{at[-1]}` holds for every request and cannot depend on `audio.seconds`")
    yield from _check_waits(path, spec.gateway)
    if spec.gateway.urls is not None:
        yield from _check_urls((*path, "urls"), spec.gateway.urls)
    if spec.gateway.health_check is not None:
        yield from _check_health_check((*path, "health_check"), spec.gateway.health_check, spec)


def _spans(gateway: Gateway) -> Iterator[tuple[Path, Span]]:
    yield ("queue_wait",), gateway.queue_wait
    yield ("idle",), gateway.idle
    if gateway.urls is not None:
        yield ("urls", "timeout"), gateway.urls.timeout
    if gateway.health_check is not None:
        yield ("health_check", "every"), gateway.health_check.every


def _check_waits(path: Path, gateway: Gateway) -> Iterator[Finding]:
    if gateway.idle == Span(0):
        yield error((*path, "idle"), "with an `idle` of 0 every client would be cut off at once")
    if gateway.queue and gateway.queue_wait == Span(0):
        yield warning((*path, "queue_wait"), "with a `queue_wait` of 0 nobody waits in the `queue`")


def _check_urls(path: Path, urls: Urls) -> Iterator[Finding]:
    if urls.timeout == Span(0):
        yield error((*path, "timeout"), "with a `timeout` of 0 no audio could ever be fetched")
    for index, host in enumerate(urls.hosts or ()):
        if ".." in host:
            yield error((*path, "hosts", index), f"{quoted(host)} is no host: there is nothing between two of its dots")
    for index, network in enumerate(urls.networks):
        yield from _check_network((*path, "networks", index), network)


def _check_network(path: Path, network: str) -> Iterator[Finding]:
    try:
        found = ip_interface(network)
    except ValueError:
        yield error(path, f"expected a network such as `10.20.0.0/16`, got {quoted(network)}")
        return
    if found.ip != found.network.network_address:
        yield error(path, f"{quoted(network)} is one address within a network, did you mean {quoted(str(found.network))}?")
    elif found.network.prefixlen == 0:
        yield warning(path, f"{quoted(network)} is every address, those of this machine and its neighbours among them")


def _check_health_check(path: Path, check: HealthCheck, spec: Spec) -> Iterator[Finding]:
    if not check.every.depends_on_audio and check.every.base_ms < _LEAST_EVERY.base_ms:
        least = quoted(print_span(_LEAST_EVERY))
        yield error(
            (*path, "every"), f"a health check is a paid call: expected at least {least}, got {quoted(print_span(check.every))}"
        )
    for index, name in enumerate(check.deployments):
        at = (*path, "deployments", index)
        if name not in spec.deployments:
            yield error(at, f"unknown deployment {quoted(name)}{suggestion(name, spec.deployments)}")
        elif name in check.deployments[:index]:
            yield warning(at, f"{quoted(name)} is listed twice")
