"""Where a gateway listens."""

import socket
from collections.abc import Iterator

from voxplan.io_shell.errors import RequestError

__all__ = ("address_of", "listening")

_BACKLOG = 2048


def listening(host: str, port: int) -> tuple[socket.socket, ...]:
    """Sockets that listen, one for each address of `host`; port 0 is any that is free, the same for all. Raises RequestError."""
    made: list[socket.socket] = []
    try:
        for family, address in _addresses(host, port):
            chosen = made[0].getsockname()[1] if made else port
            both = host == "::" and socket.has_dualstack_ipv6()
            made.append(socket.create_server((address, chosen), family=family, backlog=_BACKLOG, dualstack_ipv6=both))
    except (OSError, UnicodeError, OverflowError) as problem:
        for each in made:
            each.close()
        why = (getattr(problem, "strerror", None) or str(problem)).partition(" (while")[0].lower()
        raise RequestError(f"cannot listen on `{host}` port {port}: {why}") from None
    return tuple(made)


def address_of(host: str, sockets: tuple[socket.socket, ...]) -> str:
    """The beginning of the addresses that clients ask."""
    port: int = sockets[0].getsockname()[1]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _addresses(host: str, port: int) -> Iterator[tuple[socket.AddressFamily, str]]:
    seen: set[tuple[socket.AddressFamily, str]] = set()
    for family, _, _, _, address in socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE):
        found = family, str(address[0])
        if found not in seen:
            seen.add(found)
            yield found
