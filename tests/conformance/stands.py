"""One stand for each provider: the server that speaks its wire format, and what a deployment has to say to be served there.

with STANDS["deepgram"].server() as server:
    …  # STANDS["deepgram"].deployment(server) is a deployment that goes there
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.conformance.behaviours import Behaviour
from tests.conformance.socket_server import Judge, SocketServer
from voxplan.engine.language.spec import Deployment

__all__ = ("KEY_NAME", "Stand")

KEY_NAME = "STAND_KEY"


@dataclass(frozen=True)
class Stand:
    """`judge` makes a fresh one for each server, since some remember uploads and jobs. `path` ends the `base_url`.

    `model` can do the most of all models there; `others` are models that do other things. `key` None: no key is sent.
    """

    provider: str
    judge: Callable[[], Judge]
    model: str
    path: str = ""
    key: str | None = "sk-test-0123456789abcdef"
    others: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict[str, str])

    def environment(self) -> dict[str, str]:
        """The variables to which a deployment here refers."""
        return {} if self.key is None else {KEY_NAME: self.key}

    def server(self, script: Sequence[Behaviour] = ()) -> SocketServer:
        """A server, to be entered with `with`."""
        return SocketServer(self.judge(), script)

    def base_url(self, server: SocketServer) -> str:
        """The `base_url` of a deployment that goes to `server`."""
        return f"http://127.0.0.1:{server.port}{self.path}"

    def deployment(self, server: SocketServer, model: str | None = None) -> Deployment:
        """A deployment there; its key is in the environment variable `KEY_NAME`."""
        return Deployment(
            provider=self.provider,
            model=model or self.model,
            base_url=self.base_url(server),
            api_key=None if self.key is None else f"${{{KEY_NAME}}}",
            settings=dict(self.settings),
        )
