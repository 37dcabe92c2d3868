"""The gateway in a process of its own, which tells on request what it holds: tasks, descriptors, memory.

    python -m tests.soak.served SPEC KEY

Prints its port as one line; after each line on its standard input, what it holds as a line of JSON. The end of the input is
the end of the process.
"""

import asyncio
import gc
import json
import logging
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

import uvicorn

from voxplan.io_shell.gateway.app import Gateway, GatewayOptions, gateway

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Serve until the input ends."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    app = gateway(sys.argv[1], GatewayOptions(key=sys.argv[2]))
    asyncio.run(_serve(app))


async def _serve(app: Gateway) -> None:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="on", timeout_graceful_shutdown=10))
    loop = asyncio.get_running_loop()
    threading.Thread(target=_answer, args=(loop, server), daemon=True).start()
    await server.serve()


def _answer(loop: asyncio.AbstractEventLoop, server: uvicorn.Server) -> None:
    """Tell what is asked, from a thread: nothing of that waits in the loop."""
    while not server.started:
        threading.Event().wait(0.01)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)
    for _ in sys.stdin:
        future = asyncio.run_coroutine_threadsafe(_held(), loop)
        print(json.dumps(future.result(30)), flush=True)
    server.should_exit = True


async def _held() -> dict[str, object]:
    gc.collect()
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
    peak = next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    links = list(Path("/proc/self/fd").iterdir())
    return {
        "tasks": len(asyncio.all_tasks()),
        "descriptors": len(links),
        "temporary": sum("(deleted)" in target for target in map(_target, links)),
        "resident_kb": resident // 1024,
        "peak_kb": peak,
        "threads": threading.active_count(),
    }


def _target(link: Path) -> str:
    with suppress(OSError):
        return str(link.readlink())
    return ""


if __name__ == "__main__":
    main()
