"""Upstreams with moods: mostly honest, and now and then anything that servers really do."""

import random
from collections.abc import Callable
from typing import Final

from tests.conformance.behaviours import Behaviour, BreakStream, Drip, Hang, HangUp, Honest, Reply, ResetUpload, Truncate
from tests.conformance.requests_seen import Seen
from tests.conformance.socket_server import Judge, SocketServer

__all__ = ("Forgetful", "Moody")

_WORDS: Final = ("quick", "brown", "fox", "jumps", "over", "lazy", "dog", "and", "reads", "news", "to", "nobody")

_MOODS: Final[tuple[Callable[[random.Random], Behaviour], ...]] = (
    lambda _: Hang(),
    lambda _: HangUp(),
    lambda chance: Drip(pause_s=chance.choice((0.001, 0.02))),
    lambda chance: Truncate(missing=chance.randint(1, 30), reset=chance.random() < 0.5),
    lambda chance: ResetUpload(after_bytes=chance.choice((1, 1000, 100_000))),
    lambda chance: BreakStream(after=chance.randint(0, 4)),
    lambda _: Reply(429, b'{"error": {"message": "slow down"}}', headers=(("retry-after", "1"),)),
    lambda _: Reply(500, b'{"error": {"message": "oops"}}'),
    lambda _: Reply(503, b"<html>bad gateway</html>", "text/html"),
    lambda _: Reply(401, b'{"error": {"message": "Incorrect API key provided: sk-1***"}}'),
    lambda _: Reply(200, b"<html>hello</html>", "text/html"),
    lambda _: Reply(200, b'{"text": null}'),
    lambda _: Reply(400, b'{"error": {"message": "could not decode the audio", "param": "file"}}'),
)


class Forgetful(list[Seen]):
    """What was seen is not kept."""

    def append(self, _: Seen) -> None:
        """Forget it."""


class Moody(SocketServer):
    """A server that is in a mood for `share` of its requests; on a port of its own choice, or on the one it is given."""

    def __init__(self, judge: Judge, share: float, seed: int, port: int = 0) -> None:
        super().__init__(judge, port=port)
        self.seen = Forgetful()
        self._share = share
        self._chance = random.Random(seed)

    def next_behaviour(self) -> Behaviour:
        """What to do with the request that has just begun."""
        chance = self._chance
        if chance.random() < self._share:
            return chance.choice(_MOODS)(chance)
        return Honest(text=" ".join(chance.choices(_WORDS, k=chance.choice((1, 10, 300)))))
