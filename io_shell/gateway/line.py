"""The line to one client: what has gone over it, and how it is hung up."""

from typing import Final

import anyio
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Send

from voxplan.io_shell.gateway.envelopes import Refused

__all__ = ("Line",)

_EVENTS: Final = b"text/event-stream"
_LINGER_S: Final = 2.0
_LINGER_BYTES: Final = 32 << 20


class Line:
    """One request on its way in and its answer on its way out."""

    def __init__(self, receive: Receive, send: Send) -> None:
        """Nothing has gone over it."""
        self._receive = receive
        self._send = send
        self._is_read = False
        self.has_begun = False
        self.has_ended = False
        self.is_event_stream = False

    async def receive(self) -> Message:
        """What the client sends."""
        message = await self._receive()
        self._is_read = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """What the client gets."""
        await self._send(message)
        if message["type"] == "http.response.start":
            self.has_begun = True
            self.is_event_stream = any(value.startswith(_EVENTS) for name, value in message["headers"] if name == b"content-type")
        else:
            self.has_ended = not message.get("more_body", False)

    async def linger(self) -> None:
        """Read on for a little while, and forget it.

        A connection that is closed while its client still sends is reset, and the answer may be lost with it.
        """
        read = 0
        with anyio.move_on_after(_LINGER_S):
            while not self._is_read and read < _LINGER_BYTES:
                try:
                    read += len((await self.receive()).get("body", b""))
                except (ClientDisconnect, Refused):  # it left, or sends no more
                    return
