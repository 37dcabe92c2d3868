"""The policy in force: opened once, replaced without disturbing what is under way.

A request borrows what is open when it comes, and keeps it to its end. What has been replaced is closed when the last request that
began with it has ended; what it saw of the deployments goes on.
"""

import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import anyio
import msgspec
from anyio.abc import TaskGroup, TaskStatus

from voxplan.io_shell import client
from voxplan.io_shell.client import Vox
from voxplan.io_shell.errors import RequestError
from voxplan.io_shell.gateway.door import CLOSED
from voxplan.io_shell.gateway.envelopes import Refused, stated
from voxplan.io_shell.gateway.health_checks import checking
from voxplan.io_shell.gateway.policies import Policy
from voxplan.io_shell.grouping import task_group
from voxplan.io_shell.judging import Guardrails

__all__ = ("Opened", "Tenure")

_NOT_STARTED: Final = stated(
    503,
    "this gateway was never started: the lifespan of the service that it is mounted in has to enter `running()` of it",
    code="not_started",
)


class Opened(msgspec.Struct, frozen=True):
    """A policy, and the spec that was opened for it."""

    policy: Policy
    vox: Vox


class Tenure:
    """Holds the policy in force between `running` and its end."""

    def __init__(
        self, policy: Policy, environment: Mapping[str, str] | None = None, guardrails: Guardrails | None = None
    ) -> None:
        """`policy` is the first one."""
        self.policy = policy
        self._environment = environment
        self._guardrails = guardrails
        self._now: _Lease | None = None
        self._has_run = self._is_open = False
        self._replacing = anyio.Lock()  # one takes over after the other, so that each is closed
        self._tasks: TaskGroup

    @property
    def is_running(self) -> bool:
        """Whether requests can be served."""
        return self._now is not None

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Open the first policy; at the end, close when the last request is over. Raises SpecError when it cannot be opened."""
        self._has_run = self._is_open = True
        async with task_group() as self._tasks:
            try:
                await self.replace(self.policy)
                yield
            finally:
                self._is_open = False
                last, self._now = self._now, None
                if last is not None:
                    last.retire()

    async def replace(self, policy: Policy) -> None:
        """Let `policy` take over.

        Raises SpecError when it cannot be opened, then the old one stays; RequestError when nothing runs.
        """
        async with self._replacing:
            self._require_open()
            fresh: _Lease = await self._tasks.start(self._hold, policy, self._now)
            if not self._is_open:  # it ended meanwhile, and waits for everything that is open
                fresh.retire()
            self._require_open()
            old, self._now, self.policy = self._now, fresh, policy
            if old is not None:
                old.retire()

    @asynccontextmanager
    async def borrowed(self) -> AsyncGenerator[Opened]:
        """What is in force now, until this context is left. Raises Refused when nothing is."""
        lease = self._now
        if lease is None:
            raise Refused(CLOSED if self._has_run else _NOT_STARTED)
        lease.users += 1
        try:
            yield lease.opened
        finally:
            lease.users -= 1
            lease.look()

    def _require_open(self) -> None:
        if not self._is_open:
            raise RequestError(
                "this gateway does not run: a policy can only take over between `running` and its end", code="closed"
            )

    async def _hold(self, policy: Policy, before: "_Lease | None", *, task_status: TaskStatus["_Lease"]) -> None:
        """Keep one policy open for as long as it is in force or used: what was entered in a task is left in it."""
        environment = {**policy.variables, **(os.environ if self._environment is None else self._environment)}
        async with client.open(
            policy.router,
            environment=environment,
            guardrails=self._guardrails,
            after=None if before is None else before.opened.vox,
        ) as vox:
            lease = _Lease(Opened(policy, vox))
            task_status.started(lease)
            async with checking(vox, policy.gateway.health_check, until=lease.retired):
                await lease.over.wait()


class _Lease:
    """How long something stays open: until it is retired and nobody uses it."""

    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        self.users = 0
        self.retired = anyio.Event()
        self.over = anyio.Event()

    def retire(self) -> None:
        """Nobody new comes."""
        self.retired.set()
        self.look()

    def look(self) -> None:
        """See whether it is over."""
        if self.retired.is_set() and not self.users:
            self.over.set()
