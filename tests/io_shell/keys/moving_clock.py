"""A clock that moves only when it is told to."""

from datetime import UTC, datetime, timedelta

__all__ = ("BEGIN", "MovingClock")

BEGIN = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


class MovingClock:
    """What a store asks for the time."""

    def __init__(self) -> None:
        """It is noon."""
        self.now = BEGIN

    def __call__(self) -> datetime:
        """The moment."""
        return self.now

    def pass_by(self, **time: float) -> None:
        """Let time go by, as `timedelta` has it."""
        self.now += timedelta(**time)
