"""What a spec says to the gateway that serves it, and to nobody else: routing does not depend on it."""

from typing import Annotated, Literal

from msgspec import Meta

from voxplan.engine.language.table import Table
from voxplan.engine.terms.quantity import Size, Span

__all__ = ("Gateway", "HealthCheck", "Host", "Network", "UnknownFields", "Urls")

UnknownFields = Literal["refuse", "ignore"]

Host = Annotated[
    str,
    Meta(
        pattern=r"^(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$",
        max_length=253,
        description="a host such as `media.example.com`, or `*.example.com` for all below it",
    ),
]
Network = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f.:]+/[0-9]{1,3}$", description="a network such as `10.20.0.0/16`")]


class Urls(Table, frozen=True, kw_only=True):
    """Callers may name audio by its address: on one of these `hosts` (default: any), within `timeout`.

    Only public addresses are asked, and those in `networks`, wherever names and redirects lead.
    """

    hosts: Annotated[tuple[Host, ...], Meta(min_length=1)] | None = None
    networks: tuple[Network, ...] = ()
    timeout: Span = Span(60_000)


class HealthCheck(Table, frozen=True, kw_only=True):
    """Every so often each of the `deployments` (default: all) is called with a second of sound, paid for like any call."""

    every: Span = Span(300_000)
    deployments: tuple[str, ...] = ()


class Gateway(Table, frozen=True, kw_only=True):
    """How the gateway of this spec behaves.

    `in_flight` is how many requests each worker process serves at once; `queue` more wait for at most `queue_wait`. A client that
    neither sends nor reads anything for `idle` is cut off. `urls` and `health_check` are off unless they are there.
    """

    unknown_fields: UnknownFields = "refuse"
    largest_upload: Size = Size(1 << 30)
    in_flight: Annotated[int, Meta(gt=0, le=100_000)] = 256
    queue: Annotated[int, Meta(ge=0, le=100_000)] = 64
    queue_wait: Span = Span(5_000)
    idle: Span = Span(30_000)
    urls: Urls | None = None
    health_check: HealthCheck | None = None
