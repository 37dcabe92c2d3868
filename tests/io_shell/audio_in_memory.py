"""Audio for the transport's tests: bytes in memory, read like a file."""

import hashlib
from collections.abc import AsyncIterator

from voxplan.io_shell.bodies import PIECE_BYTES

__all__ = ("AudioInMemory",)


class AudioInMemory:
    """`content` under a file's name; `size` may lie. `readings` and `closed` count how often it was begun and let go."""

    def __init__(self, content: bytes, filename: str = "clip.wav", size: int | None = None) -> None:
        self.content = content
        self.filename = filename
        self.size = len(content) if size is None else size
        self.sha256 = hashlib.sha256(content).hexdigest()
        self.readings = 0
        self.closed = 0

    async def chunks(self, chunk_bytes: int = PIECE_BYTES) -> AsyncIterator[bytes]:
        """The content from its beginning."""
        self.readings += 1
        try:
            for start in range(0, len(self.content), chunk_bytes):
                yield self.content[start : start + chunk_bytes]
        finally:
            self.closed += 1
