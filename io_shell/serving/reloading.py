"""A new spec takes over while the gateway serves; a bad one is told, and leaves the old one in force."""

import os
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final, NamedTuple

import anyio
import anyio.to_thread

from voxplan.engine.language.spec import Spec
from voxplan.io_shell.client import require_addresses
from voxplan.io_shell.errors import SpecError, VoxplanError
from voxplan.io_shell.gateway.policies import Policy
from voxplan.io_shell.judging import require_guardrails
from voxplan.io_shell.loading import Located
from voxplan.io_shell.serving.files import Readable
from voxplan.io_shell.serving.sources import Read, Source

__all__ = (
    "MOST_STEPS",
    "POLL_S",
    "STEP_S",
    "Reloading",
    "Say",
    "Told",
    "changed_line",
    "finding_line",
    "first_read",
    "next_read",
)

Say = Callable[[str], None]

POLL_S: Final = 1.0
STEP_S: Final = 0.1
MOST_STEPS: Final = 20
"""Editors write a file in several steps: it is read when nothing has changed for one of ours, or after so many."""


_OTHER_SECTIONS: Final = tuple(name for name in Spec.__struct_fields__ if name not in {"routes", "deployments"})


def first_read(source: Source, content: bytes) -> Read:
    """What is served first. Raises SpecError with every mistake, those included that only this environment has."""
    found = source.understood(content)
    if found.policy is None:
        raise SpecError(tuple(map(finding_line, found.findings)))
    _require_usable(found.policy)
    return found


def next_read(source: Source, content: Callable[[], bytes], say: Say) -> Read | None:
    """What is to take over, or None; everything that is found is said, and what stands against it."""
    try:
        found = source.understood(content())
        for finding in found.findings:
            say(finding_line(finding))
        if found.policy is not None:
            _require_usable(found.policy)
            return found
    except SpecError as problem:
        for line in problem.problems:
            say(line)
    except Exception as fault:  # noqa: BLE001 - whatever is in the file, what is in force goes on
        say(f"a fault of voxplan itself, {type(fault).__name__}: {fault}; please report it")
    say(f"{source.path}: not reloaded: what was read before stays in force")
    return None


def finding_line(finding: Located) -> str:
    """As `voxplan check` has it."""
    return f"{finding.place}: {'warning: ' if finding.severity == 'warning' else ''}{finding.message}"


def changed_line(source: Source, old: Read, new: Read) -> str:
    """That it was reloaded, and what is different, by name."""
    key = "" if old.master_key == new.master_key else "; the new master key takes effect when the gateway is started again"
    return f"reloaded {source.path}: {_changes(old, new)}{key}"


def _changes(old: Read, new: Read) -> str:
    if old.policy is None or new.policy is None:
        return "everything is new"
    before, after = old.policy.router.spec, new.policy.router.spec
    parts = [
        *_named("route", before.routes, after.routes),
        *_named("deployment", before.deployments, after.deployments),
        *(f"{name} changed" for name in _OTHER_SECTIONS if getattr(before, name) != getattr(after, name)),
    ]
    return "; ".join(parts) or "nothing changed"


def _named(noun: str, old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    """What is new, gone, or different.

    >>> _named("route", {"a": 1, "b": 1}, {"b": 2, "c": 1, "d": 1})
    ['routes c, d added', 'route a removed', 'route b changed']
    """
    found = (
        ("added", [name for name in new if name not in old]),
        ("removed", [name for name in old if name not in new]),
        ("changed", [name for name in new if name in old and new[name] != old[name]]),
    )
    return [f"{noun}{'s' if len(names) > 1 else ''} {', '.join(names)} {what}" for what, names in found if names]


def _require_usable(policy: Policy) -> None:
    require_guardrails(policy.router, {})
    require_addresses(policy.router, {**policy.variables, **os.environ})


class Told(NamedTuple):
    """Who is told what: what was found and what is in force, and what went wrong in this process alone."""

    news: Say
    problems: Say


class Reloading:
    """Follows one file for one gateway."""

    def __init__(
        self, source: Source, first: Read, file: Readable, take: Callable[[Policy], Awaitable[None]], told: Told
    ) -> None:
        """`first` is in force, and `take` lets another take over."""
        self._source = source
        self._now = first
        self._file = file
        self._take = take
        self._told = told
        self._asked = anyio.Event()

    def ask(self) -> None:
        """Read the file again, whether it has changed or not."""
        self._asked.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            with anyio.move_on_after(POLL_S):
                await self._asked.wait()
            asked, self._asked = self._asked.is_set(), anyio.Event()
            if await self._has_changed() or asked:
                await self._reload()

    async def _has_changed(self) -> bool:
        """Whether the file has changed, and is not being written."""
        steps = 0
        while steps < MOST_STEPS and await anyio.to_thread.run_sync(self._file.has_changed, abandon_on_cancel=True):
            steps += 1
            await anyio.sleep(STEP_S)
        return steps > 0

    async def _reload(self) -> None:
        read = partial(next_read, self._source, self._file.read, self._told.news)
        found = await anyio.to_thread.run_sync(read, abandon_on_cancel=True)
        if found is None or found.policy is None:
            return
        try:
            await self._take(found.policy)
        except VoxplanError as problem:
            self._told.problems(f"{self._source.path}: not reloaded: {problem}")
            return
        self._told.news(changed_line(self._source, self._now, found))
        self._now = found
