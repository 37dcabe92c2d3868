"""Virtual time for both event loops: waiting takes no time, and the clock shows exactly the moments that were waited for.

trio brings its own: `MockClock(autojump_threshold=0)` jumps to the next deadline whenever every task waits. asyncio has none, so
`VirtualLoop` does the same in its one place where time is spent: an event loop sleeps only inside `select`, for as long as it is
until its next timer. `_JumpingSelector` asks the real selector with a timeout of 0 instead, and when nothing is ready moves the
loop's clock on by the whole timeout. Without a timer nothing could ever happen again; that is an error, not a hang. Threads and
sockets report at times of their own, so neither belongs in a test under virtual time.
"""

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar

import anyio
from trio.testing import MockClock

__all__ = ("BACKENDS", "Backend", "VirtualLoop", "run_virtually")

Backend = Literal["asyncio", "trio"]
BACKENDS: tuple[Backend, ...] = ("asyncio", "trio")

T = TypeVar("T")


class _JumpingSelector(selectors.DefaultSelector):
    """A selector that never sleeps: it moves `now_s` on instead."""

    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; if nothing is, the timeout has passed."""
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("every task waits, and for nothing that could ever happen")
        if not ready and timeout is not None:
            self.now_s += max(0.0, timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio loop whose time is virtual and starts at 0."""

    def __init__(self) -> None:
        """Start at 0."""
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """The virtual seconds since the loop was made."""
        return self._jumping.now_s


def run_virtually(backend: Backend, main: Callable[[], Awaitable[T]]) -> T:
    """Run `main` in a new event loop under virtual time."""
    if backend == "trio":
        return anyio.run(main, backend="trio", backend_options={"clock": MockClock(autojump_threshold=0)})
    return anyio.run(main, backend="asyncio", backend_options={"loop_factory": VirtualLoop})
