"""OpenAI's transcription endpoint as a real server on this machine, which can be told to misbehave.

with OpenAIServer(script=[MISBEHAVIOURS["503"], Honest("hello")]) as server:
    …  # server.url is the base_url; server.key the key it wants; server.seen what it was sent
"""

from collections.abc import Sequence
from typing import Final

from tests.conformance.behaviours import Behaviour
from tests.conformance.openai_wire import MAX_BODY_BYTES, OpenAIWire
from tests.conformance.socket_server import SocketServer, closed_port

__all__ = ("KEY", "OpenAIServer", "refused_url")

KEY: Final = "sk-test-0123456789abcdef"


class OpenAIServer(SocketServer):
    """The server; without a `key` it takes every caller, as servers at home do."""

    def __init__(self, script: Sequence[Behaviour] = (), key: str | None = KEY, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        super().__init__(OpenAIWire(key, max_body_bytes), script)
        self.key = key

    @property
    def url(self) -> str:
        """The `base_url` of a deployment here."""
        return f"http://127.0.0.1:{self.port}/v1"


def refused_url() -> str:
    """A `base_url` at which nobody listens."""
    return f"http://127.0.0.1:{closed_port()}/v1"
