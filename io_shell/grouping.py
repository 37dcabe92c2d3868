"""A task group that raises what its body raises as it is: anyio would wrap even a single exception in a group."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
from anyio.abc import TaskGroup

__all__ = ("task_group",)


@asynccontextmanager
async def task_group() -> AsyncGenerator[TaskGroup]:
    """A task group. Once its body has raised, its tasks are still waited for: whoever wants them to stop cancels them."""
    problem: Exception | None = None
    async with anyio.create_task_group() as tasks:
        try:
            yield tasks
        except Exception as raised:  # noqa: BLE001 - it goes on below, outside of the group
            problem = raised
    if problem is not None:
        raise problem
