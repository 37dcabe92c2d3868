"""Where an address that a caller gave may lead: the guard before every connection to it, the first one and each redirect.

A name is resolved once, every address that it has is looked at, and exactly those that were looked at are connected to: a name
that means something else a moment later changes nothing. No message repeats the address (one that is signed is a secret) or tells
what a name means inside our networks.
"""

import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

import anyio
import httpx

from voxplan.engine.language.gateway import Urls
from voxplan.io_shell.gateway.envelopes import Refused, stated
from voxplan.io_shell.gateway.public_addresses import IPAddress, IPNetwork, address_of, allowed, networks_of

__all__ = ("URL_FIELD", "Destination", "Resolve", "destination", "parsed", "refused_url", "resolved")

URL_FIELD: Final = "url"

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a name and a port. Raises OSError or UnicodeError where there are none."""

_LONGEST: Final = 8192
_LAST_PORT: Final = 65_535
_HOST: Final = re.compile(rb"[A-Za-z0-9_.-]{1,253}|\[?[0-9A-Fa-f:.]{2,45}\]?")
# Asking other ports makes this machine talk to services that are no web servers. Where the operator vouches for the host or for
# the network, any port may be meant.
_PORTS: Final = {"http": 80, "https": 443}


class Destination(NamedTuple):
    """An address of the web, and the addresses of the network at which it is asked, and no others."""

    url: httpx.URL
    addresses: tuple[IPAddress, ...]


async def resolved(host: str, port: int) -> Sequence[str]:
    """What this machine's resolver says."""
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(place[0] for *_, place in found))


def parsed(text: str, base: httpx.URL | None = None) -> httpx.URL:
    """An address as it is written, by a redirect from `base`. Raises Refused for what no caller may ask."""
    try:
        if len(text) > _LONGEST:
            raise refused_url(f"has more than {_LONGEST} characters")
        url = httpx.URL(text) if base is None else base.join(text)
    except (httpx.InvalidURL, ValueError):
        raise refused_url("is no address", redirected=base is not None) from None
    if not _sound(url):
        raise refused_url("is no address", redirected=base is not None)
    if url.scheme not in _PORTS or not url.raw_host:
        raise refused_url("is no `https://` or `http://` address", redirected=base is not None)
    if url.userinfo:
        raise refused_url("has a user or a password in it, which is not taken", redirected=base is not None)
    return url


async def destination(url: httpx.URL, rules: Urls, resolve: Resolve, *, redirected: bool = False) -> Destination:
    """Where to ask for `url`. Raises Refused when the rules or the guard forbid it."""
    host, port, networks = url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme], networks_of(rules.networks)
    if rules.hosts is not None and not any(_named(host, pattern) for pattern in rules.hosts):
        raise refused_url("leads to a host that this gateway does not ask", redirected=redirected)
    addresses = await _addresses(host, port, resolve)
    if not addresses or not all(allowed(address, networks) for address in addresses):
        # The same words for a name that means nothing: which names exist inside our networks is not for callers to find out.
        raise refused_url("leads to no public address", redirected=redirected)
    if port not in _PORTS.values() and rules.hosts is None and not _within(addresses, networks):
        raise refused_url(f"has the port {port}: expected 80 or 443", redirected=redirected)
    return Destination(url, addresses)


def _sound(url: httpx.URL) -> bool:
    """What httpx takes for an address and nobody else does. It would raise for the `host` of some, which it decodes."""
    port = url.port
    return (not url.raw_host or _HOST.fullmatch(url.raw_host) is not None) and (port is None or 0 < port <= _LAST_PORT)


async def _addresses(host: str, port: int, resolve: Resolve) -> tuple[IPAddress, ...]:
    try:
        return tuple(map(address_of, await resolve(host.strip("[]"), port)))
    except (OSError, UnicodeError, ValueError):
        return ()


def refused_url(why: str, *, redirected: bool = False, status: int = 400, code: str = "invalid_url") -> Refused:
    """The refusal of an address, which begins with the name of the field."""
    subject = f"a redirect of `{URL_FIELD}`" if redirected else f"`{URL_FIELD}`"
    return Refused(stated(status, f"{subject} {why}", param=URL_FIELD, code=code))


def _named(host: str, pattern: str) -> bool:
    r"""Whether the spec's pattern means this host.

    >>> _named("cdn.Example.com.", "*.example.com"), _named("example.com", "*.example.com"), _named("a.example", "a.example")
    (True, False, True)
    """
    name, wanted = host.lower().rstrip("."), pattern.lower().rstrip(".")
    return name.endswith(wanted[1:]) and name != wanted[1:] if wanted.startswith("*.") else name == wanted


def _within(addresses: Sequence[IPAddress], networks: Sequence[IPNetwork]) -> bool:
    return all(any(address in network for network in networks) for address in addresses)
