"""A client of the gateway that decides itself when which byte goes: forms over plain sockets."""

import json
import re
import socket
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

__all__ = ("BOUNDARY", "RawAnswer", "RawClient", "connected", "cut", "file_part", "form", "text_part", "wait_until")

BOUNDARY: Final = "b0undary"
_LONGEST_S: Final = 20.0
_PAUSE_S: Final = 0.005
_LAST_CHUNK: Final = b"\r\n0\r\n\r\n"


def text_part(name: str, value: str) -> bytes:
    """A text field."""
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


def file_part(data: bytes, filename: str = "talk.wav") -> bytes:
    """The file."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\nContent-Type: audio/wav\r\n\r\n'
    )
    return head.encode() + data + b"\r\n"


def form(*parts: bytes, end: bytes = b"--\r\n") -> bytes:
    """The body of these parts."""
    return b"".join(parts) + f"--{BOUNDARY}".encode() + end


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait, but not for ever, until something holds that another thread brings about."""
    end = time.monotonic() + _LONGEST_S
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(_PAUSE_S)


@dataclass(frozen=True)
class RawAnswer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> dict[str, object]:
        """The inside of OpenAI's envelope."""
        told: dict[str, object] = json.loads(self.body)["error"]
        return told


class RawClient:
    """One connection to the gateway, for one form."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    def begin(self, length: int | None, key: str, path: str = "/v1/audio/transcriptions") -> None:
        """The head of a request whose body has so many bytes, or comes in chunks."""
        framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
        lines = [
            f"POST {path} HTTP/1.1",
            "Host: gateway",
            f"Authorization: Bearer {key}",
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
            framing,
        ]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())

    def send(self, data: bytes) -> None:
        """Some bytes of the body."""
        self._socket.sendall(data)

    def send_chunks(self, pieces: Iterable[bytes]) -> None:
        """A body in chunks, and its end."""
        for piece in pieces:
            self._socket.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        self._socket.sendall(b"0\r\n\r\n")

    def answer(self) -> RawAnswer:
        """Everything until the body has as many bytes as the answer says, or its last chunk; or the gateway closes."""
        held = b""
        while b"\r\n\r\n" not in held:
            held += self._more()
        head, _, body = held.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 1 << 40))
        while len(body) < length and not body.endswith(_LAST_CHUNK) and (more := self._socket.recv(65536)):
            body += more
        found = re.fullmatch(r"HTTP/1\.1 (\d+) .*", status)
        assert found is not None
        return RawAnswer(int(found[1]), headers, body)

    def has_answer(self) -> bool:
        """Whether anything has come back by now."""
        self._socket.setblocking(False)
        try:
            return bool(self._socket.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return False
        finally:
            self._socket.settimeout(_LONGEST_S)

    def _more(self) -> bytes:
        data = self._socket.recv(65536)
        assert data, "closed without an answer"
        return data


@contextmanager
def connected(address: str) -> Generator[RawClient]:
    """A connection to the gateway at this address, closed at the end, whatever state the request is in."""
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=_LONGEST_S) as connection:
        yield RawClient(connection)


def cut(data: bytes, size: int) -> Sequence[bytes]:
    """The same bytes in pieces of this size."""
    return [data[offset : offset + size] for offset in range(0, len(data), size)]
