"""The one clock of the shell: whole milliseconds that never jump.

The moment is the wall clock's when the clock was made, plus what the event loop's own clock has counted since. Setting the
machine's time changes no deadline; a virtual event loop gives virtual moments.
"""

import time
from typing import Protocol

import anyio

__all__ = ("Clock", "LoopClock")


class Clock(Protocol):
    """Moments for the engine, and their counterpart on the event loop's clock for cancel scopes."""

    def now_ms(self) -> int:
        """The moment now."""
        ...

    def loop_time(self, moment_ms: int) -> float:
        """When that moment is on the event loop's clock, in seconds."""
        ...


class LoopClock:
    """The clock of the running event loop. Make it inside the loop."""

    def __init__(self, epoch_ms: int | None = None) -> None:
        """Start at `epoch_ms`, by default the wall clock's milliseconds since 1970."""
        self._epoch_ms = round(time.time() * 1000) if epoch_ms is None else epoch_ms
        self._started = anyio.current_time()

    def now_ms(self) -> int:
        """The moment now, to the nearest millisecond."""
        return self._epoch_ms + round((anyio.current_time() - self._started) * 1000)

    def loop_time(self, moment_ms: int) -> float:
        """When that moment is on the event loop's clock, in seconds."""
        return self._started + (moment_ms - self._epoch_ms) / 1000
