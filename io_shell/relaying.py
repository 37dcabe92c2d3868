"""Text on its way from a call that is still under way to the caller: kept until the driver releases the call, then passed on."""

from collections.abc import Callable

from voxplan.adapters.wire import Tell
from voxplan.engine.runs.run import Release
from voxplan.io_shell.running import Happened

__all__ = ("Relay",)


class Relay:
    """What the released call tells is handed to `deliver`, in order, from its beginning."""

    def __init__(self, deliver: Callable[[Tell], None]) -> None:
        """`deliver` takes a text and returns at once."""
        self.released: int | None = None
        self._deliver = deliver
        self._kept: dict[int, list[Tell]] = {}

    def tell(self, attempt: int, text: Tell) -> None:
        """Pass it on, or keep it for as long as nobody may have it."""
        if attempt == self.released:
            self._deliver(text)
        elif self.released is None:
            self._kept.setdefault(attempt, []).append(text)

    def observe(self, happened: Happened) -> None:
        """Once the driver releases a call, the caller has its text; that of all others is forgotten."""
        if isinstance(happened.what, Release):
            self.released = happened.what.attempt
            for text in self._kept.pop(self.released, []):
                self._deliver(text)
            self._kept.clear()
