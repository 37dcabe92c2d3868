"""Which IP addresses belong to the public internet: the only ones that callers may let this machine ask.

Everything else (this machine, its neighbours, clouds' metadata, multicast, what is reserved) is refused, also when it is written
inside an IPv6 address that some translator or tunnel would unpack. Pure.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

__all__ = ("IPAddress", "IPNetwork", "address_of", "allowed", "networks_of")

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

# Special whatever the version of Python knows of them.
_SPECIAL: Final[tuple[IPNetwork, ...]] = (
    IPv4Network("192.0.0.0/24"),  # protocol assignments, RFC 6890 §2.1
    IPv4Network("192.88.99.0/24"),  # relays of 6to4, RFC 7526
    IPv4Network("168.63.129.16/32"),  # what a machine in Azure is told about itself
    IPv6Network("2001::/32"),  # Teredo, RFC 4380: behind it are others' private networks
    IPv6Network("2002::/16"),  # 6to4, RFC 3056: an address of IPv4 that a relay would unpack
    IPv6Network("3fff::/20"),  # documentation, RFC 9637
)
# An address of IPv4 in the last 32 bits, which a translator unpacks: NAT64, RFC 6052 §2.1. In networks without IPv4 every name
# that has no address of IPv6 gets one of these.
_NAT64: Final = IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
# ISATAP, RFC 5214 §6.1: the interface's identifier is 0000:5efe or 0200:5efe, and an IPv4 address.
_ISATAP: Final = frozenset({0x0000_5EFE, 0x0200_5EFE})


def address_of(text: str) -> IPAddress:
    """An address as a resolver writes it; one within IPv6 that only maps IPv4 is that of IPv4. Raises ValueError."""
    found = ip_address(text)
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def networks_of(texts: Iterable[str]) -> tuple[IPNetwork, ...]:
    """Networks as a spec writes them."""
    return tuple(ip_network(text, strict=False) for text in texts)


def allowed(address: IPAddress, networks: Iterable[IPNetwork] = ()) -> bool:
    """Whether `address` is public, or in one of `networks`."""
    return any(address in network for network in networks) or _public(address)


def _public(address: IPAddress) -> bool:
    if any(address in network for network in _SPECIAL):
        return False
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and not address.is_reserved
    if address in _NAT64:
        return _public(_last(address))
    return address in _GLOBAL_UNICAST and address.is_global and not (_is_isatap(address) and not _public(_last(address)))


def _is_isatap(address: IPv6Address) -> bool:
    """Whether a router of the site would unpack it."""
    return (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP


def _last(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFF_FFFF)
