"""Server-sent events (WHATWG HTML, 9.2), read from bytes as they come, however they are cut.

Only what transcription services send: data and the name of an event. `id` and `retry` mean reconnecting, which nobody does here.
"""

from typing import Final

from voxplan.adapters.wire import ServerEvent

__all__ = ("EventReader",)

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class EventReader:
    """Takes the bytes of a stream in order, and gives the events that are whole."""

    def __init__(self) -> None:
        self._rest = b""
        self._begun = False
        self._data: list[str] = []
        self._name: str | None = None

    def read(self, piece: bytes) -> tuple[ServerEvent, ...]:
        """The events that `piece` completes. A line may end in CR, LF or both, and the two may come in two pieces."""
        lines = self._lines(piece)
        return tuple(event for line in lines if (event := self._line(line)) is not None)

    def end(self) -> tuple[ServerEvent, ...]:
        """The last event, where the stream ended without the blank line that is due: some servers do."""
        lines = (self._rest.rstrip(b"\r"), b"")
        self._rest = b""
        return tuple(event for line in lines if (event := self._line(line)) is not None)

    def _lines(self, piece: bytes) -> list[bytes]:
        text = self._rest + piece
        if not self._begun and len(text) >= len(_BYTE_ORDER_MARK):
            text, self._begun = text.removeprefix(_BYTE_ORDER_MARK), True
        held = b"\r" if text.endswith(b"\r") else b""  # its LF may be still to come
        whole = text.removesuffix(held) if held else text
        *lines, last = whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = last + held
        return lines

    def _line(self, line: bytes) -> ServerEvent | None:
        if not line:
            return self._whole()
        field, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._name = value
        return None

    def _whole(self) -> ServerEvent | None:
        data, name = self._data, self._name
        self._data, self._name = [], None
        return ServerEvent(data="\n".join(data), event=name) if data else None
