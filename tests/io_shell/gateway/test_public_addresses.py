"""Which addresses of the network callers may let this machine ask."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxplan.io_shell.gateway.public_addresses import address_of, allowed, networks_of

PRIVATE = (
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254", "168.63.129.16"),
    *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1"),
    *("198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::2", "100::1", "2001:db8::1", "3fff::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1"),
    *("5f00::1", "2001:10::1", "4000::1", "2002:808:808::1", "2001:0:808:808::1"),
)
PUBLIC = ("1.1.1.1", "8.8.8.8", "172.32.0.1", "192.169.0.1", "223.255.255.254", "2606:4700::1111", "2a00:1450::200e")


@pytest.mark.parametrize("text", PRIVATE)
def test_what_is_not_public(text: str) -> None:
    """Nor is it within the other protocol's writing of it."""
    assert not allowed(address_of(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_public(text: str) -> None:
    """Ordinary addresses."""
    assert allowed(address_of(text))


_TEREDO = int(IPv6Address("2001::")) | (int(IPv4Address("8.8.8.8")) << 64)


def wrapped(inner: IPv4Address) -> list[IPv6Address]:
    """IPv4 inside IPv6: compatible, mapped, translated, NAT64, 6to4, Teredo, ISATAP."""
    number = int(inner)
    writings = (
        number,
        (0xFFFF << 32) | number,
        (0xFFFF << 48) | number,
        int(IPv6Address("64:ff9b::")) | number,
        (0x2002 << 112) | (number << 80) | 1,
        _TEREDO | (number ^ 0xFFFF_FFFF),
        int(IPv6Address("2a00:1450::")) | (0x5EFE << 32) | number,
    )
    return [IPv6Address(writing) for writing in writings]


private_v4 = st.sampled_from([text for text in PRIVATE if "." in text]).map(IPv4Address) | st.sampled_from(
    ["10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/4"]
).flatmap(lambda network: st.ip_addresses(v=4, network=network))


@given(private_v4)
def test_what_is_private_stays_so_in_every_wrapping(inner: IPv4Address) -> None:
    """Whoever would unpack it."""
    assert not any(allowed(address_of(str(wrapping))) for wrapping in wrapped(inner))


def test_what_is_public_is_so_behind_a_translator() -> None:
    """In networks without IPv4 every name has such an address; a mapped one is that of IPv4."""
    assert allowed(address_of("64:ff9b::8.8.8.8"))
    assert allowed(address_of("::ffff:8.8.8.8"))
    assert allowed(address_of("2a00:1450::5efe:808:808"))


@given(st.ip_addresses(v=4))
def test_v4_agrees_with_python(address: IPv4Address) -> None:
    """Nothing that Python calls private, reserved or multicast is allowed."""
    if allowed(address):
        assert address.is_global
        assert not address.is_private
        assert not address.is_multicast


@given(st.ip_addresses(v=6))
def test_v6_is_global_unicast(address: IPv6Address) -> None:
    """Or a translated address."""
    if allowed(address_of(str(address))):
        assert address in IPv6Network("2000::/3") or address in IPv6Network("64:ff9b::/96") or address.ipv4_mapped is not None


def test_networks_of_the_spec_are_allowed() -> None:
    """And no more than they."""
    networks = networks_of(["10.20.0.0/16", "fd00:1::/32"])
    assert networks == (IPv4Network("10.20.0.0/16"), IPv6Network("fd00:1::/32"))
    assert allowed(address_of("10.20.255.1"), networks)
    assert allowed(address_of("::ffff:10.20.255.1"), networks)
    assert allowed(address_of("fd00:1::5"), networks)
    assert not allowed(address_of("10.21.0.1"), networks)


@pytest.mark.parametrize("text", ["", "1.2.3", "0x7f.1", "localhost"])
def test_what_is_no_address(text: str) -> None:
    """A resolver never writes so."""
    with pytest.raises(ValueError, match="does not appear to be"):
        address_of(text)
