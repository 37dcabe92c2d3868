"""One worker: an event loop, a gateway, and how it ends.

The first signal to end lets requests under way finish, for as long as `grace_s`, while new ones are refused; the next one ends
at once. In a team the parent says which it is.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Final, Literal

import anyio
import msgspec
import uvicorn

from voxplan.io_shell.gateway.app import Gateway
from voxplan.io_shell.serving.connections import PatientConfig, fastest
from voxplan.io_shell.serving.reloading import Reloading, Say

__all__ = ("ALONE", "IN_A_TEAM", "Ending", "Life", "Signals", "Worker", "serve")

Ending = Literal["next", "drain", "now", "ignore"]
Signals = Mapping[int, Ending]
"""What each signal asks for; `next`: draining first, and the end when it comes again."""

ALONE: Final[Signals] = {signal.SIGINT: "next", signal.SIGTERM: "next"}
# A terminal sends SIGINT, and a service manager SIGTERM, to all processes of the team at once: only the parent counts them.
IN_A_TEAM: Final[Signals] = {
    signal.SIGINT: "ignore",
    signal.SIGTERM: "drain",
    **({signal.SIGQUIT: "now"} if os.name != "nt" else {}),
}

_KEEP_ALIVE_S: Final = 75  # longer than clients keep a connection for the next request, so that they close it and not we
_CLOSING_S: Final = 5
_LAST_WORDS_S: Final = 0.25  # for requests that were on their way when the last one under way ended
_NEWCOMERS_S: Final = 1.0
_A_WHILE_S: Final = 0.02
_A_MOMENT_S: Final = 0.001
_HANG_UP: Final = "SIGHUP"


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """How long a worker drains, to whom it speaks, what signals mean, and the process that it must not outlive, its parent."""

    grace_s: float
    say: Say
    signals: Signals
    asked_early: Callable[[], bool]  # to reload, before there was anybody to ask
    parent: int | None = None


def serve(gateway: Gateway, sockets: Sequence[socket.socket], life: Life, reloading: Callable[[], Reloading]) -> None:
    """Serve until a signal comes. Raises SpecError when the gateway cannot start."""
    config = PatientConfig(
        gateway,
        http=fastest(),
        ws="none",
        interface="asgi3",
        lifespan="off",  # `_live` does it, so that what goes wrong there is an exception
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_CLOSING_S,
    )
    config.head_s = lambda: gateway.tenure.policy.gateway.idle.base_ms / 1000
    factory = config.get_loop_factory()
    live = partial(_live, Worker(config, gateway, life), list(sockets), reloading)
    anyio.run(live, backend_options={"loop_factory": factory} if factory is not None else {})


async def _live(worker: "Worker", sockets: list[socket.socket], made: Callable[[], Reloading]) -> None:
    async with worker.gateway.running(), anyio.create_task_group() as tasks:
        reloading = made()
        with _asked_to_reload(reloading):
            if worker.life.asked_early():
                reloading.ask()
            tasks.start_soon(reloading.run)
            await worker.serve(sockets)
            tasks.cancel_scope.cancel()


@contextmanager
def _asked_to_reload(reloading: Reloading) -> Generator[None]:
    """While SIGHUP asks for it, where there is such a signal."""
    number: int | None = getattr(signal, _HANG_UP, None)
    if number is None:
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(number, reloading.ask)
    try:
        yield
    finally:
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)  # one that comes while we end must not end us sooner


class Worker(uvicorn.Server):
    """uvicorn's server, which drains before it shuts down."""

    def __init__(self, config: PatientConfig, gateway: Gateway, life: Life) -> None:
        """Serves nothing yet."""
        super().__init__(config)
        self.gateway: Final = gateway
        self.life = life
        self._asked: Ending | None = None
        self._until_s: float | None = None

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Signals end this server and not the process: uvicorn would raise them again at the end."""
        before = {number: signal.signal(number, self.handle_exit) for number in self.life.signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal has come; `on_tick` looks at it, because a handler interrupts whatever runs."""
        del frame
        meant = self.life.signals[sig]
        if meant == "now" or (meant == "next" and self._asked is not None):
            self._asked, self.force_exit = "now", True
        elif meant != "ignore" and self._asked is None:
            self._asked = "drain"

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: whether to shut down."""
        await super().on_tick(counter)
        if self._asked is None and self.life.parent not in {None, os.getppid()}:
            self.life.say("the parent is gone: this worker ends too")
            self._asked = "drain"
        return self._asked is not None and self._is_drained()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen no more; whoever was let in before that is still told so, and then the connections are closed."""
        # The loop looks at its timers right after it has let in everybody who is at the door: nobody is left standing there.
        await anyio.sleep(_A_MOMENT_S)
        for server in self.servers:
            server.close()
        for each in sockets or ():
            each.close()
        if not self.force_exit:
            await self._last_words()
        await super().shutdown(sockets)

    async def _last_words(self) -> None:
        """Give those a little time who are connected, and more to those who have just come and not said yet what they want."""
        connections, began_s = self.server_state.connections, anyio.current_time()
        while connections and (waited_s := anyio.current_time() - began_s) < _NEWCOMERS_S:
            if waited_s >= _LAST_WORDS_S and all(getattr(each, "cycle", None) for each in connections):
                return
            await anyio.sleep(_A_WHILE_S)

    def _is_drained(self) -> bool:
        under_way, now_s = self.gateway.under_way, anyio.current_time()
        requests = f"{under_way} request{'' if under_way == 1 else 's'} under way"
        if self._until_s is None:
            self.gateway.drain()
            self._until_s = now_s + self.life.grace_s
            if under_way and self._asked == "drain":
                self.life.say(f"ending: {requests} may take {self.life.grace_s:g} s more")
        if under_way and (self._asked == "now" or now_s >= self._until_s):
            self.life.say(f"ending with {requests}: cut off")
            self.gateway.cut()
            return True
        return not under_way
