"""The length of a WAV file from its first bytes, also when its header was never finished.

Recorders that stream write 0 or the largest number as the size of the data, and cut files claim more than they hold: what the
file has behind its header is believed, not what the header says. Source: RFC 2361 and the RIFF chunk layout.
"""

import struct
from typing import Final, NamedTuple

__all__ = ("MOST_CHANNELS", "WaveFacts", "read_wave")

_CHUNK: Final = struct.Struct("<4sI")
_FORMAT: Final = struct.Struct("<HHIIHH")
MOST_CHANNELS: Final = 64
_UNFINISHED: Final = frozenset({0, 0x7FFF_FFFF, 0xFFFF_FFFF})


class WaveFacts(NamedTuple):
    """What a WAV header says, bounded by what the file holds."""

    seconds: float
    channels: int


def read_wave(head: bytes, size: int) -> WaveFacts | None:
    """The facts of a WAV file of `size` bytes that begins with `head`; None when the head does not reach its data."""
    offset, layout = 12, None
    while offset + _CHUNK.size <= len(head):
        name, length = _CHUNK.unpack_from(head, offset)
        offset += _CHUNK.size
        if name == b"fmt " and offset + _FORMAT.size <= len(head):
            layout = _FORMAT.unpack_from(head, offset)
        if name == b"data":
            return None if layout is None else _facts(layout, length, size - offset)
        offset += length + length % 2
    return None


def _facts(layout: tuple[int, ...], claimed: int, behind: int) -> WaveFacts | None:
    _, channels, _, bytes_per_second, *_ = layout
    if bytes_per_second == 0 or not 0 < channels <= MOST_CHANNELS:
        return None
    held = behind if claimed in _UNFINISHED else min(claimed, behind)
    return WaveFacts(max(0, held) / bytes_per_second, channels)
