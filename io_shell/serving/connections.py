"""Connections of clients that do not say what they want: closed, unless the whole head of a request comes in time.

uvicorn waits for a head as long as it takes. Once it is there, the gateway minds the client's pace itself.
"""

import asyncio
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ("PatientConfig", "fastest")


class PatientConfig(uvicorn.Config):
    """uvicorn's configuration, and how long a client may take for the head of a request."""

    head_s: Callable[[], float]


class _HeadTime:
    """How long a client has been waited for."""

    def __init__(self, transport: asyncio.BaseTransport, config: PatientConfig) -> None:
        self._transport = transport
        self._config = config
        self._end: asyncio.TimerHandle | None = None

    def look(self, *, is_waiting: bool) -> None:
        """Whether a head is waited for now; how long it has been waited for is not forgotten."""
        if not is_waiting:
            self.stop()
        elif self._end is None:
            self._end = asyncio.get_running_loop().call_later(self._config.head_s(), self._transport.close)

    def stop(self) -> None:
        """Nothing is waited for."""
        if self._end is not None:
            self._end.cancel()
            self._end = None


class _Patient(asyncio.Protocol):
    """What is added to uvicorn's protocols."""

    config: Any  # a PatientConfig
    cycle: Any  # the request under way, or the last one

    _head: _HeadTime

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        super().connection_made(transport)
        self._head = _HeadTime(transport, self.config)
        self._head.look(is_waiting=True)

    def data_received(self, data: bytes) -> None:
        """It says something."""
        super().data_received(data)
        self._head.look(is_waiting=self.cycle is None or self.cycle.response_complete)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has left."""
        self._head.stop()
        super().connection_lost(exc)


class _PatientH11(_Patient, H11Protocol):
    """In Python."""


def fastest() -> type[asyncio.Protocol]:
    """The protocol to serve with: httptools, which costs about half of the CPU time, where it is installed."""
    if find_spec("httptools") is None:
        return _PatientH11
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol  # noqa: PLC0415 - not everywhere there is one

    class PatientHttpTools(_Patient, HttpToolsProtocol):
        """In C."""

    return PatientHttpTools
