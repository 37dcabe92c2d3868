"""The way in: open until the gateway is to end. Those inside are let out in time, then shown out."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import anyio
from msgspec.structs import replace

from voxplan.io_shell.gateway.envelopes import Problem, Refused, stated

__all__ = ("CLOSED", "Door")

_RETRY_AFTER_MS: Final = 1_000  # by then a client has found another gateway, or this one has ended

CLOSED: Final[Problem] = replace(
    stated(503, "this gateway is starting or shutting down", code="shutting_down", retry_after_ms=_RETRY_AFTER_MS),
    headers=(("connection", "close"),),
)
"""What callers are told who come too late, or stay too long."""


class Door:
    """Counts who is inside."""

    def __init__(self) -> None:
        """Open, with nobody inside."""
        self.is_closed = False
        self._inside: set[anyio.CancelScope] = set()

    @property
    def inside(self) -> int:
        """How many requests are under way."""
        return len(self._inside)

    def close(self) -> None:
        """Nobody comes in any more."""
        self.is_closed = True

    def clear(self) -> None:
        """Nobody stays inside."""
        self.is_closed = True
        for scope in self._inside:
            scope.cancel()

    @contextmanager
    def entered(self) -> Generator[None]:
        """One request is inside. Raises Refused when the door is closed, or when everybody is shown out."""
        if self.is_closed:
            raise Refused(CLOSED)
        with anyio.CancelScope() as scope:
            self._inside.add(scope)
            try:
                yield
            finally:
                self._inside.remove(scope)
        if scope.cancelled_caught:
            raise Refused(CLOSED)
