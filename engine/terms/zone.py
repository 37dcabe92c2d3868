"""Time zones as data: when the clocks of a zone were or will be set, resolved once when a spec is loaded."""

from bisect import bisect_right

import msgspec

__all__ = ("UTC", "Zone")


class Zone(msgspec.Struct, frozen=True):
    """The offsets of one zone: from `starts_s[i]` (seconds since 1970, UTC) on, local time is `offsets_s[i]` ahead of UTC.

    Before the first start the first offset holds; there is always at least one.
    """

    starts_s: tuple[int, ...]
    offsets_s: tuple[int, ...]

    def local_s(self, moment_s: int) -> int:
        """The local time at `moment_s`, as seconds since local midnight of 1970-01-01.

        >>> Zone((0, 100), (0, 3600)).local_s(100)
        3700
        """
        place = max(0, bisect_right(self.starts_s, moment_s) - 1)
        return moment_s + self.offsets_s[place]


UTC = Zone((0,), (0,))
