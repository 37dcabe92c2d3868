"""A provider that answers when the test lets it: what happens to a request that is under way is not a matter of luck then."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

__all__ = ("HeldServer", "held_server")

_LONGEST_S: Final = 30.0


class HeldServer:
    """Speaks as OpenAI does. What it hears is the first part of the path that it was asked at."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.came = threading.Semaphore(0)
        self.released = threading.Event()
        self.abandoned = threading.Semaphore(0)

    def url(self, name: str) -> str:
        """The `base_url` of a deployment that hears `name`."""
        return f"http://127.0.0.1:{self.port}/{name}"

    def wait(self) -> None:
        """Until one more request is here."""
        assert self.came.acquire(timeout=_LONGEST_S), "no request came"

    def wait_until_abandoned(self) -> None:
        """Until the client of a request that is held has closed its connection."""
        assert self.abandoned.acquire(timeout=_LONGEST_S), "nobody left"


@contextmanager
def held_server() -> Generator[HeldServer]:
    """One that listens; at the end all that is held is let go."""

    class Handler(BaseHTTPRequestHandler):
        """One connection."""

        def do_POST(self) -> None:
            """One request, which is held."""
            self._read()
            held.came.release()
            self.connection.settimeout(0.02)
            while not held.released.is_set():
                try:
                    if not self.connection.recv(1):
                        held.abandoned.release()
                        self.close_connection = True
                        return
                except TimeoutError:
                    continue
                except OSError:
                    held.abandoned.release()
                    self.close_connection = True
                    return
            self.connection.settimeout(_LONGEST_S)
            body = json.dumps({"text": self.path.split("/")[1]}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _read(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    held = HeldServer(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield held
    finally:
        held.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
