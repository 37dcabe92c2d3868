"""What has been observed of deployments and keys so far. A value: `health.observe` and `admission.admit` return a new one."""

from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from voxplan.engine.terms.failure import FailureKind

__all__ = (
    "EMPTY_VIEW",
    "IDLE",
    "UNSEEN",
    "UNUSED",
    "AccountView",
    "Circuit",
    "Cooling",
    "DeploymentView",
    "Latency",
    "Load",
    "Tally",
    "View",
)

Circuit = Literal["closed", "open", "half_open"]
_Count = Annotated[int, Meta(ge=0)]


class Load(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Calls under way, and the starts of calls in the last 60 seconds (kept only under a rate limit)."""

    in_flight: _Count = 0
    starts_ms: tuple[int, ...] = ()


IDLE = Load()


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Peak EWMA of how long calls take: microseconds for each second of audio, and when it was last brought up to date."""

    us_per_second: _Count
    at_ms: int


class Tally(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """First attempts, and retries and hedges (`extra`), that started within ten seconds from `from_ms` on."""

    from_ms: int
    first: _Count = 0
    extra: _Count = 0


class DeploymentView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The health and load of one deployment.

    `failures` counts failures in a row while closed; `openings` how often in a row it opened without a success between.
    While `open` it cools until `until_ms`; from then on one probe may run, and while that runs, from `probe_ms` until
    `probe_until_ms` at the latest, it is `half_open`. `cause` is the failure kind that opened it. `latency` is None until a call
    on audio of known length has succeeded.
    """

    circuit: Circuit = "closed"
    failures: _Count = 0
    openings: _Count = 0
    until_ms: int = 0
    probe_ms: int = 0
    probe_until_ms: int = 0
    cause: FailureKind | None = None
    load: Load = IDLE
    latency: "Latency | None" = None

    def cooling(self, moment_ms: int) -> bool:
        """Whether the deployment cools off at `moment_ms`, so that no ordinary call may start."""
        return self.circuit == "open" and moment_ms < self.until_ms


UNSEEN = DeploymentView()


class AccountView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The load of one account, and the cooling of its credential, which holds for every deployment that uses it.

    A key that is refused or out of quota at one deployment is so at all of them. From the refusal at `since_ms` on it cools until
    `until_ms`, for `cause`; then calls may go again. `openings` counts coolings in a row without a success between.
    """

    load: Load = IDLE
    openings: _Count = 0
    since_ms: int = 0
    until_ms: int = 0
    cause: FailureKind | None = None

    def cooling(self, moment_ms: int) -> bool:
        """Whether the credential cools off at `moment_ms`."""
        return moment_ms < self.until_ms


UNUSED = AccountView()


class Cooling(NamedTuple):
    """Until when something cools off, and which failure kind brought that about."""

    until_ms: int
    cause: FailureKind | None


class View(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The view of all deployments by name, of accounts by credential, and what counts for the retry budget, oldest first.

    An account is here once its limits were used or its credential cooled off.
    """

    deployments: dict[str, DeploymentView] = {}
    accounts: dict[str, AccountView] = {}
    tallies: tuple[Tally, ...] = ()

    def of(self, deployment: str) -> DeploymentView:
        """The view of one deployment; `UNSEEN` if it never had a call."""
        return self.deployments.get(deployment, UNSEEN)

    def account(self, credential: str) -> AccountView:
        """The view of one account; `UNUSED` if nothing is known of it."""
        return self.accounts.get(credential, UNUSED)

    def cooling_until(self, deployment: str, credential: str, moment_ms: int) -> Cooling | None:
        """The cooling at `moment_ms` of a deployment with this credential: the later if both cool off, None if neither does."""
        both = (self.of(deployment), self.account(credential))
        found = [Cooling(seen.until_ms, seen.cause) for seen in both if seen.cooling(moment_ms)]
        return max(found, key=_until_ms, default=None)


def _until_ms(cooling: Cooling) -> int:
    return cooling.until_ms


EMPTY_VIEW = View()
