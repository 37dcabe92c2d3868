"""Many large uploads at once: how much more memory the gateway needs than while it is idle.

    python -m tests.soak.memory --uploads 64 --megabytes 24

The upstream reads and forgets, and answers when all uploads have come, so that all of them are held at the same time. Prints
the process's peak before and after, and exits with 1 when that is 100 MB more, or when an upload was not answered.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final, NamedTuple

from tests.conformance.stands import KEY_NAME
from tests.soak.process import Held, Process, serving
from tests.soak.wire import asked, form, head
from tests.sounds import tone
from voxplan.engine.documents.printing import print_spec
from voxplan.engine.language.spec import Deployment, RouteNode, Spec

__all__ = ("Measured", "measured", "spec_text")

_KEY: Final = "sk-soak-0123456789abcdef"
_MOST_KB: Final = 100 * 1000
_PIECE: Final = 1 << 18
_ANSWER: Final = b'{"text": "hello"}'


class Measured(NamedTuple):
    """What the process held before and afterwards, and how many uploads had which status."""

    before: Held
    after: Held
    statuses: Counter[int]
    seconds: float

    @property
    def more_kb(self) -> int:
        """By how much the peak rose over what was held while idle."""
        return self.after.peak_kb - self.before.resident_kb


class _Upstream:
    """Reads and forgets; answers nobody before everybody is there."""

    def __init__(self, uploads: int) -> None:
        self._missing = uploads
        self._all_there = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        start = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in start.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        while length:
            length -= len(await reader.read(min(_PIECE, length)))
        self._missing -= 1
        if self._missing <= 0:
            self._all_there.set()
        await self._all_there.wait()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(_ANSWER) + _ANSWER)
        await writer.drain()
        writer.close()


def spec_text(port: int) -> str:
    """One route to one upstream."""
    address = f"http://127.0.0.1:{port}/v1"
    there = Deployment(provider="openai_compatible", model="whisper-1", base_url=address, api_key=f"${{{KEY_NAME}}}")
    return print_spec(Spec(voxplan=1, deployments={"a": there}, routes={"r": RouteNode(use="a")}), "yaml")


async def measured(process: Process, server_port: int, uploads: int, size: int) -> Measured:
    """Send so many uploads of so many bytes at once."""
    sound = tone(1.0)
    # A header that tells less than there is: the rest is not looked at, and no deployment here minds.
    audio = sound + bytes(size - len(sound))
    boundary, body = form([("model", "r")], audio)
    first = head(boundary, len(body), _KEY)

    async def pieces() -> AsyncGenerator[bytes]:
        yield first
        view = memoryview(body)
        for offset in range(0, len(body), _PIECE):
            yield bytes(view[offset : offset + _PIECE])

    upstream = _Upstream(uploads)
    async with await asyncio.start_server(upstream.serve, "127.0.0.1", server_port):
        before, began = await asyncio.to_thread(process.held), time.monotonic()
        answers = await asyncio.gather(*(asked(process.port, pieces()) for _ in range(uploads)))
        after = await asyncio.to_thread(process.held)
    return Measured(before, after, Counter(answer.status for answer in answers), time.monotonic() - began)


def main() -> int:
    """Measure once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uploads", type=int, default=64, help="how many at once (default 64)")
    parser.add_argument("--megabytes", type=int, default=24, help="of each (default 24)")
    parser.add_argument("--port", type=int, default=18_733, help="where the upstream listens (default 18733)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path, log = Path(folder) / "spec.yaml", Path(folder) / "log"
        path.write_text(spec_text(arguments.port))
        with serving(path, _KEY, {KEY_NAME: "k"}, log) as process:
            found = asyncio.run(measured(process, arguments.port, arguments.uploads, arguments.megabytes * 1_000_000))
        print(log.read_text(), end="")
    print(f"before {found.before}\nafter  {found.after}")
    print(f"{dict(found.statuses)} in {found.seconds:.1f} s; the peak is {found.more_kb / 1000:.1f} MB above idle")
    return 0 if found.more_kb < _MOST_KB and found.statuses == {200: arguments.uploads} else 1


if __name__ == "__main__":
    sys.exit(main())
