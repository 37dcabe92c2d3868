"""The connection to one caller: work is done for as long as the caller is there."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from voxplan.io_shell.grouping import task_group

__all__ = ("short_body", "while_connected")

T = TypeVar("T")


async def short_body(request: Request, most_bytes: int) -> bytes | None:
    """The whole body; None as soon as it is longer than that."""
    read = bytearray()
    async with aclosing(request.stream()) as pieces:
        async for piece in pieces:
            read += piece
            if len(read) > most_bytes:
                return None
    return bytes(read)


async def while_connected(receive: Receive, work: Callable[[], Awaitable[T]]) -> T:
    """What `work` returns or raises; it is cancelled when the caller leaves, which raises ClientDisconnect.

    The request has been read to its end: the next message can only say that the caller is gone.
    """
    done: list[T] = []

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        tasks.cancel_scope.cancel()

    async with task_group() as tasks:
        tasks.start_soon(watch)
        try:
            done.append(await work())
        finally:
            tasks.cancel_scope.cancel()
    if not done:
        raise ClientDisconnect
    return done[0]
