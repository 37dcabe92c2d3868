"""Access tokens, kept until shortly before they expire.

One token for each set of credentials, whichever deployments use it: what is kept goes by the references that a spec writes, which
are no secrets. Calls that come while a token is being fetched wait for that one, and share its refusal too. Nothing is remembered
of a refusal: the next call tries again.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Final, Literal

import anyio
import anyio.to_thread
import msgspec
from returns.result import Failure, Success
from typing_extensions import override

from voxplan.adapters.catalog import CATALOG
from voxplan.adapters.wire import Granted
from voxplan.engine.plans.router import RouterDeployment
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.io_shell.credentials.issuing import Issue, Issued, NotIssued
from voxplan.io_shell.errors import MissingExtra
from voxplan.io_shell.references import Environment, resolve

__all__ = ("REFRESH_AHEAD_S", "CredentialStore", "Held", "TokenKind")

TokenKind = Literal["google", "entra"]

REFRESH_AHEAD_S: Final = 225.0
"""Tokens are fetched anew so long before they expire, as google-auth does: 3 min 45 s."""

# The settings that tokens are made of, the extra that brings the library, and what it is for.
_SETTINGS: Final[Mapping[TokenKind, frozenset[str]]] = {
    "google": frozenset({"credentials"}),
    "entra": frozenset({"ad_token", "authority", "client_id", "client_secret", "tenant_id"}),
}
_EXTRAS: Final[Mapping[TokenKind, tuple[str, str]]] = {
    "google": ("a Google access token", "google"),
    "entra": ("a Microsoft Entra access token", "azure"),
}

# No more than so many threads wait for token services; one that is waited for in vain keeps its place for a while.
_MOST_THREADS: Final = 8

_Name = tuple[TokenKind, tuple[tuple[str, str], ...]]


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A token that can be used now, and what the adapter may know of it."""

    token: str
    granted: Granted

    @override
    def __repr__(self) -> str:
        """Without the token, which must not get into logs."""
        return f"Held(granted={self.granted})"


_Outcome = Success[Issued] | Failure[AttemptFailure]


class _Entry:
    """One set of credentials: its token, and how the latest fetch ended."""

    def __init__(self) -> None:
        self.lock = anyio.Lock()
        self.issued: Issued | None = None
        self.fetches = 0
        self.latest: _Outcome | None = None


class CredentialStore:
    """All tokens of one opened spec. Works on asyncio and on trio."""

    def __init__(self, environment: Environment, now_s: Callable[[], float] = time.time) -> None:
        """Nothing is read yet. `now_s` is the time since 1970, which tokens expire by."""
        self._environment = environment
        self._now_s = now_s
        self._entries: dict[_Name, _Entry] = {}
        self._limiter: anyio.CapacityLimiter | None = None

    async def token(self, kind: TokenKind, deployment: RouterDeployment) -> Success[Held] | Failure[AttemptFailure]:
        """A token for the deployment; one that is kept, or a new one."""
        settings = self._settings(kind, deployment)
        if isinstance(settings, Failure):
            return settings
        static = settings.unwrap().get("ad_token")
        if static is not None:
            return Success(Held(token=static, granted=Granted()))
        entry = self._entries.setdefault(_name(kind, deployment), _Entry())
        outcome = await self._current(entry, partial(_issue, kind, settings.unwrap()))
        if isinstance(outcome, Failure):
            return outcome
        issued = outcome.unwrap()
        return Success(Held(token=issued.token, granted=issued.granted))

    def forget(self, kind: TokenKind, deployment: RouterDeployment, token: str | None = None) -> None:
        """Keep it no longer, because it was refused; with `token`, only if it is that one that is kept."""
        entry = self._entries.get(_name(kind, deployment))
        if entry is not None and entry.issued is not None and token in {None, entry.issued.token}:
            entry.issued = None

    async def _current(self, entry: _Entry, issue: Callable[[], Issued]) -> _Outcome:
        kept = self._kept(entry, REFRESH_AHEAD_S)
        if kept is not None:
            return kept
        fetches = entry.fetches
        async with entry.lock:
            if entry.fetches != fetches and entry.latest is not None:
                return entry.latest  # that of the call that was waited for
            outcome = await self._fetched(issue)
            if isinstance(outcome, Success):
                entry.issued = outcome.unwrap()
            else:
                outcome = self._kept(entry, 0.0) or outcome  # it was fetched ahead of time: the old one still holds
            entry.fetches, entry.latest = entry.fetches + 1, outcome
            return outcome

    def _kept(self, entry: _Entry, ahead_s: float) -> _Outcome | None:
        issued = entry.issued
        return Success(issued) if issued is not None and self._now_s() + ahead_s < issued.expires_s else None

    async def _fetched(self, issue: Callable[[], Issued]) -> _Outcome:
        """In a thread, which is left alone when the call's time is over."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(_MOST_THREADS)
        try:
            return Success(await anyio.to_thread.run_sync(issue, abandon_on_cancel=True, limiter=self._limiter))
        except NotIssued as problem:
            return Failure(AttemptFailure(kind=problem.kind, reason=str(problem), sent="no", charged="no"))

    def _settings(self, kind: TokenKind, deployment: RouterDeployment) -> Success[dict[str, str]] | Failure[AttemptFailure]:
        """What the deployment says, resolved. A default of the provider's that names what is not set does not count."""
        facts = CATALOG.get(deployment.provider)
        defaults = {setting.name: setting.default for setting in facts.settings} if facts is not None else {}
        said: dict[str, str] = {}
        for name, text in _relevant(kind, deployment):
            found = resolve(text, self._environment)
            if isinstance(found, Success):
                said[name] = found.unwrap()
            elif defaults.get(name) != text:
                reason = f"environment variable `{found.failure()}` is not set"
                return Failure(AttemptFailure(kind="unauthorized", reason=reason, sent="no", charged="no"))
        return Success(said)


def _issue(kind: TokenKind, settings: Mapping[str, str]) -> Issued:
    """Runs in a thread: libraries for tokens block, and are slow to import."""
    try:
        issue: Issue = import_module(f"voxplan.io_shell.credentials.{kind}").issue
    except ImportError:
        raise NotIssued("unauthorized", str(MissingExtra(*_EXTRAS[kind]))) from None
    return issue(settings)


def _name(kind: TokenKind, deployment: RouterDeployment) -> _Name:
    return kind, tuple(_relevant(kind, deployment))


def _relevant(kind: TokenKind, deployment: RouterDeployment) -> list[tuple[str, str]]:
    return sorted((name, text) for name, text in deployment.settings if name in _SETTINGS[kind])
