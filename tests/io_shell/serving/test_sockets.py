import socket
from contextlib import ExitStack

import pytest

from voxplan.io_shell.errors import RequestError
from voxplan.io_shell.serving.sockets import address_of, listening


def test_a_free_port_is_the_same_for_every_address() -> None:
    """`localhost` may have two; the address has the port that was found."""
    with ExitStack() as stack:
        sockets = tuple(stack.enter_context(each) for each in listening("localhost", 0))
        ports = {each.getsockname()[1] for each in sockets}
        assert len(ports) == 1
        assert address_of("localhost", sockets) == f"http://localhost:{ports.pop()}"


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="needs IPv6")
def test_an_address_of_the_newer_kind_stands_in_brackets() -> None:
    """As in every URL."""
    (found,) = listening("::1", 0)
    with found:
        assert address_of("::1", (found,)) == f"http://[::1]:{found.getsockname()[1]}"


def test_all_addresses_are_both_kinds() -> None:
    """Where there are both."""
    if not socket.has_dualstack_ipv6():
        pytest.skip("needs IPv6")
    (found,) = listening("::", 0)
    with found, socket.create_connection(("127.0.0.1", found.getsockname()[1]), timeout=5):
        pass


@pytest.mark.parametrize("host", ["no such host", "256.0.0.1", "x" * 300, "192.0.2.1"])
def test_what_cannot_be_listened_on_is_one_line(host: str) -> None:
    """With the host and the port."""
    with pytest.raises(RequestError, match=r"cannot listen on `.*` port 0: ") as raised:
        listening(host, 0)
    assert "\n" not in str(raised.value)
