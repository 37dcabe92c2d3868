"""The connection to one caller: work is done for as long as the caller is there."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
from starlette.requests import ClientDisconnect
from starlette.types import Receive

__all__ = ("while_connected",)

T = TypeVar("T")


async def while_connected(receive: Receive, work: Callable[[], Awaitable[T]]) -> T:
    """What `work` returns or raises; it is cancelled when the caller leaves, which raises ClientDisconnect.

    The request has been read to its end: the next message can only say that the caller is gone.
    """
    done: list[T] = []
    problem: Exception | None = None

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch)
        try:
            done.append(await work())
        except Exception as raised:  # noqa: BLE001 - it goes on below: the task group would wrap it in a group of one
            problem = raised
        tasks.cancel_scope.cancel()
    if problem is not None:
        raise problem
    if not done:
        raise ClientDisconnect
    return done[0]
