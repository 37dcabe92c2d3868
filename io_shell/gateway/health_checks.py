"""Health checks where the spec asks for them: deployments are called every so often, so that the view learns before callers do.

Deployments are checked independently of each other, each after a first wait that is drawn, so that neither they nor several
workers call all at once. What comes of a call goes into the view like that of any other, and whatever fails stops nothing.
"""

import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import anyio

from voxplan.engine.language.gateway import HealthCheck
from voxplan.io_shell.client import Vox
from voxplan.io_shell.errors import VoxplanError

__all__ = ("checking", "keep_checking")

_LOG: Final = logging.getLogger("voxplan")
_AT_ONCE: Final = 4
_JITTER: Final = 0.1  # of the time between two: workers that were started together drift apart

_Check = Callable[[str], Awaitable[object]]


@asynccontextmanager
async def checking(vox: Vox, rules: HealthCheck | None, until: anyio.Event) -> AsyncGenerator[None]:
    """Check the deployments of `vox` while this is open, until `until` happens; a check under way ends at once then."""
    if rules is None:
        yield
        return
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_until, until, vox, rules)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()


async def _until(ended: anyio.Event, vox: Vox, rules: HealthCheck) -> None:
    names = rules.deployments or tuple(vox.router.deployments)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keep_checking, vox.check_health, names, rules.every.base_ms / 1000)
        await ended.wait()
        tasks.cancel_scope.cancel()


async def keep_checking(check: _Check, names: Sequence[str], every_s: float, chance: random.Random | None = None) -> None:
    """Check each of `names` for ever: for the first time within `every_s`, then after about as long again.

    A check that takes longer than that is not overtaken by the next; at most a few run at once.
    """
    limit, drawn = anyio.CapacityLimiter(_AT_ONCE), chance or random.SystemRandom()
    async with anyio.create_task_group() as tasks:
        for name in dict.fromkeys(names):
            tasks.start_soon(_checked, check, name, every_s, limit, drawn)


async def _checked(check: _Check, name: str, every_s: float, limit: anyio.CapacityLimiter, chance: random.Random) -> None:
    await anyio.sleep(chance.uniform(0, every_s))
    while True:
        due = anyio.current_time() + every_s * chance.uniform(1 - _JITTER, 1 + _JITTER)
        async with limit:
            await _check_once(check, name)
        await anyio.sleep(max(0.0, due - anyio.current_time()))


async def _check_once(check: _Check, name: str) -> None:
    try:
        await check(name)
    except VoxplanError as problem:
        _LOG.info("health check of %s: %s", name, problem)
    except Exception:  # noqa: BLE001 - a fault of ours must not end the checks of the others, nor the gateway
        _LOG.exception("health check of %s failed by a fault of the gateway", name)
